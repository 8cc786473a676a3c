/* log_loki.c - lines out of Loki: query_range, page by page, backwards by time.
 *
 * The selector is the operator's; filters are judged here, on what a line shows, so that no answer
 * of Loki's tells of what is hidden. Its errors are text, and are told in its words. Source:
 * docs/logs.md; Loki's HTTP API.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "net/fetch.h"
#include "signal/log_loki_private.h"
#include <stdlib.h>
#include <string.h>

enum { PAGES = 5000, ANSWER = 48 << 20, WORDS = 400 };
static const double BACK_SECONDS = 7 * 86400, ASK_SECONDS = 60;

/* -- asking --------------------------------------------------------------------------------------
 */

static const char *selector_of(const struct config_loki *l, enum log_what what, struct err *e)
{
    const char *const selectors[] = { l->selector, l->gateway ? l->gateway : l->selector,
                                      l->controller, l->pilot, l->console };
    static const char *const names[] = { "selector", "gateway", "controller", "pilot", "console" };

    if (!selectors[what])
        err_set(e, ERR_ARGS,
                "which streams of Loki are that log is not configured: logs.loki.%s says it",
                names[what]);
    return selectors[what];
}

static const char *loki_step(int status, const char *words)
{
    if (status == 401)
        return strstr(words, "org id") ? "; logs.loki.tenant names the tenant"
                                       : "; logs.loki.token or username and password log in";
    if (status == 403)
        return "; who logs in there may not read this tenant";
    if (status == 404)
        return "; logs.loki.url is the base of Loki, without /loki/api";
    if (status == 429 || status >= 500)
        return "; ask for fewer minutes, or later";
    return "";
}

static bool fetch_loki(struct log_source *s, struct arena *a, const char *path,
                       struct fetch_answer *out, struct err *e)
{
    const struct config_loki *l = &s->config->logs.loki;
    struct fetch_header headers[4] = { { "Accept", "application/json" } };
    int n = 1;

    if (l->tenant)
        headers[n++] = (struct fetch_header){ "X-Scope-OrgID", l->tenant };
    if (l->token)
        headers[n++] =
            (struct fetch_header){ "Authorization", arena_printf(a, "Bearer %s", l->token) };
    const struct fetch_request r = { .to = TO_LOKI,
                                     .method = "GET",
                                     .url = arena_printf(a, "%s%s", l->url, path),
                                     .shown = l->url,
                                     .headers = headers,
                                     .timeout = ASK_SECONDS,
                                     .max_body = ANSWER,
                                     .ca_file = l->ca_file,
                                     .user_pwd_user = l->token ? NULL : l->username,
                                     .user_pwd_password = l->token ? NULL : l->password,
                                     .cancel = s->cancel };
    if (!fetch(s->loop, a, &r, out, e))
        return err_at(e, "Loki");
    if (out->status == 200)
        return true;
    const char *words = text_clean(a, out->body, WORDS);
    return err_status(e, ERR_GATEWAY, out->status, "Loki answered with %d: %s%s", out->status,
                      *words ? words : "no reason given", loki_step(out->status, words));
}

/* -- what it answers -----------------------------------------------------------------------------
 */

static const char *replica_of(struct arena *a, const cJSON *labels)
{
    static const char *const names[] = { "pod",      "kubernetes_pod_name",
                                         "pod_name", "instance",
                                         "host",     "hostname" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_str(labels, names[i]))
            return text_clean(a, json_str(labels, names[i]), 253);
    return NULL;
}

static int compare_entries(const void *x, const void *y)
{
    const struct loki_entry *a = x, *b = y;

    if (a->ns != b->ns)
        return a->ns < b->ns ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* A line with breaks in it would be several records. */
static char *as_one_line(struct arena *a, const char *text)
{
    char *line = arena_strdup(a, text);

    for (char *p = line; *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    return line;
}

/* A stream's own order is kept among entries of one time: backwards, it comes newest first. */
static void take_values(struct arena *a, struct loki_answer *x, const cJSON *stream, bool backwards)
{
    const char *replica = replica_of(a, json_get(stream, "stream"));
    const cJSON *value;

    cJSON_ArrayForEach(value, json_get(stream, "values"))
    {
        const cJSON *time = value->child, *line = time ? time->next : NULL;
        if (!time || !line || !cJSON_IsString(time) || !cJSON_IsString(line))
            continue;
        x->entries = arena_grow(a, x->entries, x->count, &x->room, sizeof *x->entries);
        x->entries[x->count] = (struct loki_entry){ .ns = strtoll(time->valuestring, NULL, 10),
                                                    .order = backwards ? -x->count : x->count,
                                                    .line = as_one_line(a, line->valuestring),
                                                    .replica = replica };
        x->count++;
    }
}

/* Files that are rotated by copying have NULs, which no text of ours may hold: blanks in their
 * place.
 */
static void blank_nuls(char *json)
{
    for (char *p = json; (p = strchr(p, '\\')); p += p[1] ? 2 : 1)
        if (text_starts(p, "\\u0000"))
            p[4] = '2';
}

/* What answers with more lines than were asked for has told those nearest to where it began. */
static void keep_asked(struct loki_answer *x, const struct loki_query *q)
{
    int over = x->count - q->limit;

    if (over <= 0)
        return;
    x->count = q->limit;
    if (q->backwards)
        x->entries += over;
}

bool log_loki_ask(struct log_source *s, struct arena *a, const struct loki_query *q,
                  struct loki_answer *out, struct err *e)
{
    const char *selector = selector_of(&s->config->logs.loki, q->what, e);
    struct fetch_answer answer;
    struct err why = { 0 };
    const cJSON *stream;

    *out = (struct loki_answer){ 0 };
    if (!selector ||
        !fetch_loki(s, a,
                    arena_printf(a,
                                 "/loki/api/v1/query_range?query=%s&start=%lld&end=%lld&limit=%d"
                                 "&direction=%s",
                                 text_percent(a, selector), q->start, q->end, q->limit,
                                 q->backwards ? "backward" : "forward"),
                    &answer, e))
        return false;
    blank_nuls(answer.body);
    const cJSON *o = json_parse(a, answer.body, answer.len, &why), *data = json_get(o, "data");
    if (!text_same(json_str(data, "resultType"), "streams"))
        return err_set(e, ERR_GATEWAY,
                       "Loki answered with no streams%s%s: logs.loki's selectors must select lines,"
                       " and logs.loki.url must be a Loki",
                       o ? "" : " but ", o ? "" : why.text);
    cJSON_ArrayForEach(stream, json_get(data, "result")) take_values(a, out, stream, q->backwards);
    if (out->count)
        qsort(out->entries, (size_t)out->count, sizeof *out->entries, compare_entries);
    keep_asked(out, q);
    return true;
}

/* -- as a part -----------------------------------------------------------------------------------
 */

static unsigned replica_number(const char **replicas, unsigned *count, const char *replica)
{
    unsigned i = 0;

    while (i < *count && !text_same(replicas[i], replica))
        i++;
    if (i == *count)
        replicas[(*count)++] = replica;
    return i;
}

void log_loki_part(struct arena *a, const struct loki_answer *x, int from, int to,
                   struct log_part *out)
{
    struct buf *b = buf_in(a, ANSWER);
    int n = x->entries && to > from ? to - from : 0;
    struct log_mark *marks = arena_array(a, struct log_mark, n + 1);
    const char **replicas = arena_array(a, const char *, n + 1);
    unsigned count = 0;

    *out = (struct log_part){ .fd = -1, .marks = marks };
    for (int i = 0; i < n; i++) {
        const struct loki_entry *e = &x->entries[from + i];
        unsigned replica = replica_number(replicas, &count, e->replica);
        out->replicas = e->replica ? replicas : out->replicas;
        marks[out->lines++] = (struct log_mark){ e->ns, (unsigned)b->len, replica };
        buf_str(b, e->line);
        buf_char(b, '\n');
    }
    for (unsigned i = 0; i < count; i++)
        replicas[i] = arena_strdup(a, replicas[i]);
    out->text = b->data;
    out->size = out->end = b->len;
}

/* The newest entries that are no later than `before`. */
static int entries_before(const struct loki_answer *x, struct log_moment before)
{
    int n = x->count, equal = before.equal;

    while (n > 0 &&
           (x->entries[n - 1].ns > before.ns || (x->entries[n - 1].ns == before.ns && equal-- > 0)))
        n--;
    return n;
}

static bool get_page(struct log_source *s, struct log_chain *c, struct arena *working,
                     struct log_part *out, struct err *e)
{
    bool begins = c->before.ns == LOG_MOMENT_NOW.ns;
    long long now = (long long)(when_now() * 1e9);
    long long end = begins ? now : c->before.ns + 1;
    const struct loki_query q = {
        .what = c->what,
        .start = (long long)((c->since > 0 ? c->since : (double)now / 1e9 - BACK_SECONDS) * 1e9),
        .end = end,
        .limit = c->all || c->count ? PAGES : LOKI_PAGE,
        .backwards = true,
    };
    struct loki_answer x = { 0 };

    if (q.start >= q.end) {
        c->ended = true;
        return true;
    }
    if (!log_loki_ask(s, working, &q, &x, e))
        return false;
    int n = entries_before(&x, c->before);
    log_loki_part(s->arena, &x, 0, n, out);
    c->ended = x.count < q.limit;
    if (n || c->ended)
        return true;
    if (x.entries[0].ns > c->before.ns)
        return err_set(e, ERR_GATEWAY,
                       "Loki answered with lines that are newer than was asked for");
    /* A whole page of one time, all seen: what more there is of it cannot be asked for. */
    c->note = arena_printf(s->arena, "of the lines of %s only %d were read",
                           when_text(s->arena, (double)c->before.ns / 1e9, true), x.count);
    c->before = (struct log_moment){ c->before.ns - 1, 0 };
    return true;
}

bool log_loki_get(struct log_source *s, struct log_chain *c, struct log_part *out, struct err *e)
{
    struct arena *working = arena_new();
    bool ok = !c->previous && get_page(s, c, working, out, e);

    arena_free(working);
    return ok || (c->previous && err_set(e, ERR_ARGS, "`previous` is of pods; Loki keeps all"));
}
