/* call_proxy.c - what a gateway's Envoys run by, as pages of lines: of one replica, or what is not
 * the same in all.
 */
#include "call/call_private.h"
#include "call/page.h"
#include "call/signal.h"
#include "config/config.h"
#include "net/beside.h"
#include "signal/proxy.h"
#include <math.h>

enum {
    REPLICAS_READ = 64,
    REPLICAS_SAID = 12,
    ERROR_MAX = 200,
    WHY_MAX = 200,
    DIFFERENCES_SAID = 3
};

/* One reading of all replicas that were asked for. */
struct proxies {
    struct call *call;
    const struct proxy_ask *ask;
    const struct replicas *all; /* that are read */
    int not_read;               /* more of them than that */
    struct proxy_list *lists;
    const struct proxy_list **read; /* NULL: could not be */
    struct err *errors;
    int readable;
    struct page *page;
};

static void read_proxy(void *arg, int i, struct cancel *own)
{
    struct proxies *p = arg;
    struct call *c = p->call;
    if (proxy_read(c->service->loop, c->config, c->arena, &p->all->list[i], p->ask->what,
                   p->ask->text, &p->lists[i], own, &p->errors[i]))
        p->read[i] = &p->lists[i];
}

/* The one that is named, or all of them, at most REPLICAS_READ; NULL after fail(). */
static const struct replicas *replicas_asked(struct call *c, const char *name, int *not_read)
{
    const struct replicas *all =
        replicas_find(c->service->loop, c->config, c->arena, c->cancel, &c->err);
    struct replicas *one = arena_make(c->arena, struct replicas);
    const char *names = "";
    if (all && !name) {
        *one = *all;
        one->count = all->count < REPLICAS_READ ? all->count : REPLICAS_READ;
        *not_read = all->count - one->count;
        return one;
    }
    for (int i = 0; all && i < all->count; i++) {
        if (text_same(name, all->list[i].envoy.name)) {
            *one = (struct replicas){ &all->list[i], 1 };
            return one;
        }
        if (i < REPLICAS_SAID)
            names = arena_printf(c->arena, "%s%s%s", names, i ? ", " : "", all->list[i].envoy.name);
    }
    if (all)
        return fail_null(c, "replica: there is no '%s'; there are %s",
                         text_clean(c->arena, name, 100), names);
    return NULL;
}

static bool read_proxies(struct proxies *p)
{
    struct call *c = p->call;
    int n = p->all->count;
    p->lists = arena_array(c->arena, struct proxy_list, n);
    p->read = arena_array(c->arena, const struct proxy_list *, n);
    p->errors = arena_array(c->arena, struct err, n);
    beside_each(c->service->loop, n, REPLICAS_AT_ONCE, read_proxy, p, c->cancel);
    int first = -1;
    for (int i = 0; i < n; i++) {
        p->readable += p->read[i] != NULL;
        first = first < 0 && !p->read[i] ? i : first;
    }
    if (p->readable == 0 || cancelled(c))
        c->err = p->errors[first < 0 ? 0 : first];
    return p->readable > 0 && !cancelled(c);
}

/* -- lines ---------------------------------------------------------------------------------- */

static void tell_item(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct proxies *p = arg;
    struct arena *a = p->call->arena;
    int i = 0;
    while (!of[i])
        i++;
    if (page_wants(p->page)) {
        struct buf *b = page_line(p->page);
        buf_printf(b, "%s: %s", proxy_clean(a, key), proxy_clean(a, of[i]->says));
    }
    page_match(p->page);
}

static void tell_difference(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct proxies *p = arg;
    if (page_wants(p->page))
        proxy_tell(p->call->arena, page_line(p->page), p->all, p->read, of, key);
    page_match(p->page);
}

/* Is it a counter or a gauge, so that it can be added up? Else it is a histogram. */
static bool is_counter(const struct proxy_item *const *of, int count)
{
    for (int i = 0; i < count; i++)
        if (of[i])
            return !isnan(of[i]->value);
    return false;
}

/* "NAME: 12 (5, 7)": the sum, and what each replica has, in their order. */
static void write_count(struct proxies *p, struct buf *b, const struct proxy_item *const *of)
{
    int n = p->all->count;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += of[i] ? of[i]->value : 0;
    buf_printf(b, " %.15g", sum);
    for (int i = 0; n > 1 && i < n; i++) {
        buf_str(b, i ? ", " : " (");
        if (p->read[i])
            buf_printf(b, "%.15g", of[i] ? of[i]->value : 0);
        else
            buf_str(b, "unknown");
    }
    buf_str(b, n > 1 ? ")" : "");
}

static void write_histogram(struct proxies *p, struct buf *b, const struct proxy_item *const *of)
{
    for (int i = 0; i < p->all->count; i++)
        buf_printf(b, "%s%s", i ? "; " : " ",
                   !p->read[i] ? "unknown"
                   : of[i]     ? proxy_clean(p->call->arena, of[i]->says)
                               : "-");
}

static void tell_figure(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct proxies *p = arg;
    if (page_wants(p->page)) {
        struct buf *b = page_line(p->page);
        buf_printf(b, "%s:", proxy_clean(p->call->arena, key));
        (is_counter(of, p->all->count) ? write_count : write_histogram)(p, b, of);
    }
    page_match(p->page);
}

/* -- the answer ----------------------------------------------------------------------------- */

static void say_versions(struct arena *a, cJSON *o, const struct proxy_list *l)
{
    if (l->version)
        json_set_str(a, o, "version", proxy_clean(a, l->version));
    if (l->updated)
        json_set_str(a, o, "updated", proxy_clean(a, l->updated));
    if (l->refused)
        json_set_num(a, o, "refused", l->refused);
}

static cJSON *replica_said(struct proxies *p, int i)
{
    struct arena *a = p->call->arena;
    const struct replica *r = &p->all->list[i];
    const struct proxy_list *l = p->read[i];
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", r->envoy.name);
    if (l)
        json_set_num(a, o, "items", l->count);
    else
        json_set_str(a, o, "error", text_clean(a, p->errors[i].text, ERROR_MAX));
    if (r->way && *r->way)
        json_set_str(a, o, "by", *r->way);
    if (l)
        say_versions(a, o, l);
    if (r->restarts)
        json_set_num(a, o, "restarts", r->restarts);
    if (!r->ready)
        json_set_str(a, o, "not_ready", text_clean(a, r->why ? r->why : r->phase, WHY_MAX));
    return o;
}

/* Those that could not be read before the others, all in their order. */
static void tell_replicas(struct proxies *p, cJSON *answer)
{
    struct arena *a = p->call->arena;
    cJSON *list = json_set_array(a, answer, "replicas");
    int n = p->all->count, unread = n - p->readable, left_out = 0;
    int room = unread < REPLICAS_SAID ? REPLICAS_SAID - unread : 0;
    for (int i = 0; i < n; i++) {
        left_out += p->read[i] ? p->read[i]->left_out : 0;
        if ((p->read[i] ? room-- > 0 : json_count(list) < REPLICAS_SAID))
            json_add(a, list, replica_said(p, i));
    }
    if (unread)
        json_set_num(a, answer, "unread", unread);
    if (n > json_count(list))
        json_set_num(a, answer, "more_replicas", n - json_count(list));
    if (p->not_read)
        json_set_num(a, answer, "not_looked_at", p->not_read);
    if (left_out)
        json_set_num(a, answer, "left_out", left_out);
}

static cJSON *proxy_answer(struct proxies *p)
{
    bool figures = !strcmp(p->ask->what, "stats"), compares = p->readable > 1 && !figures;
    int same = 0, n = p->all->count;
    p->page = page_new(p->call, p->ask->limit, p->ask->cursor, p->ask->text);
    if (compares)
        same = proxy_compare(p->read, n, tell_difference, p);
    else
        proxy_walk(p->read, n, figures ? tell_figure : tell_item, p);
    cJSON *answer = page_answer(p->page, "lines");
    if (!answer)
        return NULL;
    if (compares)
        json_set_num(p->call->arena, answer, "same", same);
    tell_replicas(p, answer);
    return answer;
}

const cJSON *inspect_proxies(struct call *c, const struct proxy_ask *ask)
{
    struct proxies p = { .call = c, .ask = ask };
    p.all = replicas_asked(c, ask->replica, &p.not_read);
    return p.all && read_proxies(&p) ? proxy_answer(&p) : NULL;
}

static bool has_several(const struct config *c)
{
    return c->envoy_via || (c->envoy_admins && c->envoy_admins[0] && c->envoy_admins[1]);
}

const cJSON *replica_differences(struct call *c, const char *what, const char *text)
{
    const struct proxy_ask ask = { .what = what, .text = text, .limit = DIFFERENCES_SAID };
    const struct err before = c->err;
    cJSON *lines = json_array(c->arena);
    const cJSON *one, *answer = has_several(c->config) ? inspect_proxies(c, &ask) : NULL;
    if (c->err.kind && c->err.kind != before.kind)
        json_add_str(c->arena, lines, text_clean(c->arena, c->err.text, ERROR_MAX));
    c->err = before;
    cJSON_ArrayForEach(one, json_get(answer, "replicas"))
    {
        if (json_get(one, "error") && json_count(lines) < DIFFERENCES_SAID)
            json_add_str(c->arena, lines, json_text(one, "error"));
    }
    cJSON_ArrayForEach(one, json_get(answer, "lines"))
    {
        if (json_get(answer, "same")) /* else they are of the only one that could be read */
            json_add_str(c->arena, lines, one->valuestring);
    }
    return lines;
}
