/* serving.c - the replicas of a gateway, looked at side by side until they serve a change, and what
 * is said of those that do not.
 *
 * Waiting ends early for a replica that is sure not to come: one that is not ready, one that cannot
 * be read again and again, one that refused what it was sent. */
#include "inspect/serving.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "inspect/drift.h"
#include "inspect/serving_private.h"
#include "mask/mask.h"
#include "net/beside.h"
#include "net/loop.h"
#include "rule/control.h"
#include "signal/pilot.h"
#include "signal/replica.h"
#include <math.h>
#include <string.h>

enum {
    UNREAD_MOST = 4 /* times on end */,
    ROUNDS_MOST = 3,
    NOT_SHOWN = 20,
    HIDDEN_SHOWN = 10,
    WORDS = 500
};
/* In seconds. */
static const double FIRST_PAUSE = 0.1, LONGEST_PAUSE = 1, SHORTEST_LOOK = 1, PAGE_SECONDS = 10,
                    CONTROL_SECONDS = 3;

/* One replica, over all looks at it. */
struct served_replica {
    const struct replica *at;
    bool served, given_up;
    int unread;      /* looks on end that failed */
    double refusals; /* Envoy's counter when it was looked at first; -1: not read yet */
    const char *why; /* it does not serve it, as last seen */
    const char *refused;
    double seconds; /* after which it was seen to serve it */
    double updated; /* Unix seconds: what was read of it is of that time; 0: not known */
};

struct serving {
    struct arena *a;
    const struct serving_means *m;
    struct serving_change *change;
    struct served_replica *list;
    int count;
    double began, until, since; /* by the loop's clock, and Unix seconds */
    struct config *quick;       /* as m's, with the time that one page has now */
    bool gone;
};

bool serving_is_asked(const struct config *c)
{
    return c->envoy_admin && c->control.served > 0;
}

/* -- one look at one replica ------------------------------------------------------------------- */

static const struct {
    unsigned bit;
    const char *path;
    size_t at; /* in struct serving_pages */
} pages_read[SERVING_PAGES] = {
    { SERVING_ROUTES, "/config_dump?resource=dynamic_route_configs",
      offsetof(struct serving_pages, routes) },
    { SERVING_CLUSTERS, "/config_dump?resource=dynamic_active_clusters",
      offsetof(struct serving_pages, clusters) },
    { SERVING_ENDPOINTS, "/config_dump?include_eds&resource=dynamic_endpoint_configs",
      offsetof(struct serving_pages, endpoints) },
    { SERVING_PLUGINS, "/config_dump?resource=ecds_filters",
      offsetof(struct serving_pages, plugins) },
    { SERVING_SERVER, "/server_info", offsetof(struct serving_pages, server) },
};

/* A part of the dump by itself, as the whole dump would hold it. */
static const cJSON *as_routes_dump(struct arena *a, cJSON *page)
{
    cJSON *list = json_get(page, "configs");
    if (list)
        json_detach(page, list);
    return drift_dump_of(a, list ? list : json_array(a));
}

static const cJSON *shown_part(struct arena *a, unsigned bit, cJSON *page)
{
    if (bit == SERVING_SERVER)
        return page;
    return bit == SERVING_ROUTES ? as_routes_dump(a, page) : json_get(page, "configs");
}

/* One that never answers takes half of the time that is left, so that the others are looked at
 * again within it. */
static cJSON *page_in_time(struct serving *s, struct arena *a, const struct replica *at,
                           const char *path, struct cancel *cancel, struct err *e)
{
    double usual = s->m->config->timeout > 0 ? s->m->config->timeout : PAGE_SECONDS;
    double half = (s->until - loop_now(s->m->loop)) / 2;
    half = half > SHORTEST_LOOK ? half : SHORTEST_LOOK;
    s->quick->timeout = half < usual ? half : usual;
    return replica_page(s->m->loop, s->quick, a, at, path, cancel, e);
}

static bool read_pages(struct serving *s, struct arena *a, const struct replica *at,
                       struct serving_pages *out, struct cancel *cancel, struct err *e)
{
    for (size_t i = 0; i < SERVING_PAGES; i++) {
        if (!(s->change->pages & pages_read[i].bit))
            continue;
        cJSON *page = page_in_time(s, a, at, pages_read[i].path, cancel, e);
        if (!page)
            return false;
        if (!cJSON_IsObject(page))
            return err_set(e, ERR_GATEWAY, "%s of %s is no object: is that an Envoy?",
                           pages_read[i].path, at->envoy.name);
        *(const cJSON **)((char *)out + pages_read[i].at) = shown_part(a, pages_read[i].bit, page);
    }
    return true;
}

/* Is it a counter of refusals of what the change needs? */
static bool is_refusal_of(const struct serving *s, const char *stat)
{
    unsigned pages = s->change->pages;
    return ((pages & SERVING_ROUTES) && strstr(stat, ".rds.")) ||
           ((pages & SERVING_CLUSTERS) && text_starts(stat, "cluster_manager.cds.")) ||
           ((pages & SERVING_PLUGINS) && text_starts(stat, "extension_config_discovery."));
}

/* How often it refused such updates since its start; -1: it could not be read. */
static double read_refusals(struct serving *s, struct arena *a, const struct replica *at,
                            struct cancel *cancel)
{
    static const char path[] =
        "/stats?format=json&usedonly&filter=%28update_rejected%7Cconfig_fail%29%24";
    struct err unread = { 0 };
    const cJSON *page = page_in_time(s, a, at, path, cancel, &unread), *stat;
    double n = 0;
    cJSON_ArrayForEach(stat, json_get(page, "stats"))
    {
        if (is_refusal_of(s, json_text(stat, "name")))
            n += json_num(stat, "value", 0);
    }
    return page ? n : -1;
}

/* The reason that Envoy keeps where it does, of such updates: another one's is none. */
static const char *kept_reason(struct serving *s, struct arena *a, const struct replica *at,
                               struct cancel *cancel)
{
    static const struct {
        unsigned bit;
        const char *list;
    } kept[] = { { SERVING_CLUSTERS, "dynamic_warming_clusters" },
                 { SERVING_CLUSTERS, "dynamic_active_clusters" },
                 { SERVING_ROUTES, "dynamic_route_configs" },
                 { SERVING_PLUGINS, "ecds_filters" } };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (!(s->change->pages & kept[i].bit))
            continue;
        struct err unread = { 0 };
        const char *path =
            arena_printf(a, "/config_dump?resource=%s&mask=error_state.details", kept[i].list);
        const cJSON *one, *page = page_in_time(s, a, at, path, cancel, &unread);
        cJSON_ArrayForEach(one, json_get(page, "configs"))
        {
            const char *details = json_text(json_get(one, "error_state"), "details");
            if (*details)
                return mask_shapes(a, details);
        }
    }
    return NULL;
}

/* It refused an update since it was looked at first: what it has now, it keeps. */
static void look_for_refusal(struct serving *s, struct arena *a, struct served_replica *x,
                             struct cancel *cancel)
{
    double now = read_refusals(s, a, x->at, cancel);
    if (x->refusals < 0)
        x->refusals = now;
    if (now <= x->refusals)
        return;
    const char *why = kept_reason(s, a, x->at, cancel);
    x->refused =
        arena_strdup(s->a, text_clean(a,
                                      arena_printf(a, "it refused the update%s%s", why ? ": " : "",
                                                   why ? why : ", its log says why"),
                                      WORDS));
    x->given_up = true;
}

/* An Envoy that Higress' pilot does not drive gets no plugins by discovery, whatever it is told. */
static bool is_driven_by_pilot(const cJSON *server)
{
    return text_starts(json_text(json_get(server, "node"), "id"), "router~");
}

/* The newest update among them; Unix seconds, 0: none is known. */
static double newest_of(const cJSON *entries)
{
    const cJSON *entry;
    double newest = 0;
    cJSON_ArrayForEach(entry, entries)
    {
        double at = when_parse(json_str(entry, "last_updated"));
        newest = at > newest ? at : newest;
    }
    return newest;
}

static void look_at_pages(struct serving *s, struct arena *a, struct served_replica *x,
                          const struct serving_pages *pages, struct cancel *cancel)
{
    const char *missing = pages->server && !is_driven_by_pilot(pages->server)
                              ? "it is driven by no pilot, and shows no plugins"
                              : serving_missing(a, s->change, pages);
    x->unread = 0;
    x->served = !missing;
    x->seconds = loop_now(s->m->loop) - s->began;
    x->why = missing ? arena_strdup(s->a, missing) : NULL;
    x->updated =
        newest_of(pages->routes     ? json_path(pages->routes, "configs[0].dynamic_route_configs")
                  : pages->clusters ? pages->clusters
                                    : pages->plugins);
    if (missing)
        look_for_refusal(s, a, x, cancel);
}

static void look_at_replica(void *arg, int i, struct cancel *cancel)
{
    struct serving *s = arg;
    struct served_replica *x = &s->list[i];
    struct serving_pages pages = { 0 };
    struct err e = { 0 };
    if (x->served || x->given_up || s->gone)
        return;
    struct arena *a = arena_new();
    if (read_pages(s, a, x->at, &pages, cancel, &e)) {
        look_at_pages(s, a, x, &pages, cancel);
    } else {
        x->why = arena_printf(s->a, "it could not be read: %s",
                              text_clean(s->a, mask_shapes(a, e.text), WORDS));
        x->given_up = ++x->unread >= UNREAD_MOST;
        s->gone = s->gone || e.kind == ERR_GONE;
    }
    arena_free(a);
}

/* -- all of them ------------------------------------------------------------------------------- */

static bool all_are_done(const struct serving *s)
{
    for (int i = 0; i < s->count; i++)
        if (!s->list[i].served && !s->list[i].given_up)
            return false;
    return true;
}

static void wait_for_all(struct serving *s)
{
    double pause = FIRST_PAUSE;
    struct err e = { 0 };
    for (;;) {
        double before = loop_now(s->m->loop);
        beside_each(s->m->loop, s->count, REPLICAS_AT_ONCE, look_at_replica, s, s->m->cancel);
        double left = s->until - loop_now(s->m->loop);
        if (s->gone || all_are_done(s) || left <= 0)
            return;
        if (!nap_for(s->m->loop, pause < left ? pause : left, "every replica", "to serve a change",
                     s->m->cancel, &e)) {
            s->gone = true;
            return;
        }
        double took = loop_now(s->m->loop) - before - pause; /* what is large is read less often */
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
        pause = took > pause ? took : pause;
    }
}

static struct served_replica not_looked_at(const struct replica *at)
{
    return (struct served_replica){ .at = at, .given_up = at->pod && !at->ready, .refusals = -1 };
}

/* What was seen of that replica; NULL: nothing, or of a time when it was not ready. */
static const struct served_replica *replica_seen_before(const struct serving *s,
                                                        const struct replica *at)
{
    for (int i = 0; i < s->count; i++)
        if (!strcmp(s->list[i].at->envoy.name, at->envoy.name))
            return s->list[i].at->ready || !at->ready ? &s->list[i] : NULL;
    return NULL;
}

/* Pods come and go meanwhile: those that there are now count. True: some were not looked at. */
static bool take_pods_of_now(struct serving *s)
{
    struct err unread = { 0 };
    const struct replicas *now = NULL;
    bool more = false;
    if (s->count && s->list[0].at->pod && !s->gone)
        now = replicas_find(s->m->loop, s->m->config, s->a, s->m->cancel, &unread);
    struct served_replica *list = now ? arena_array(s->a, struct served_replica, now->count) : NULL;
    for (int i = 0; list && i < now->count; i++) {
        const struct served_replica *before = replica_seen_before(s, &now->list[i]);
        list[i] = before ? *before : not_looked_at(&now->list[i]);
        list[i].at = &now->list[i];
        more = more || (!before && !list[i].given_up);
    }
    s->list = list ? list : s->list;
    s->count = list ? now->count : s->count;
    return more;
}

/* -- what is said ------------------------------------------------------------------------------ */

static void add_word_of_controller(struct serving *s, struct served_replica *x,
                                   const cJSON *control)
{
    const char *words = control_replica_words(s->a, control, x->at->envoy.name);
    const char *before = x->refused;
    if (words && *words)
        x->refused = arena_printf(s->a, "%s%sby the controller it %s", before ? before : "",
                                  before ? "; " : "", words);
    else if (!words && x->at->pod && !before)
        x->refused = "no controller that was read has it connected";
}

/* What the controller says of the replicas that do not serve it. */
static void ask_control_plane(struct serving *s)
{
    const struct pilot_means means = { s->m->loop, s->quick, s->m->cancel };
    const cJSON *control = NULL;
    struct err e = { 0 };
    s->quick->timeout = CONTROL_SECONDS;
    for (int i = 0; i < s->count && pilot_configured(s->m->config); i++) {
        struct served_replica *x = &s->list[i];
        if (x->served || (x->at->pod && !x->at->ready))
            continue;
        control = control ? control : pilot_read_proxies(s->a, &means, &e);
        if (!control)
            return;
        add_word_of_controller(s, x, control);
    }
}

/* What is known of the reason; NULL: nothing. */
static const char *known_reason(struct serving *s, const struct served_replica *x)
{
    if (x->refused || x->unread)
        return x->refused;
    if (x->refusals > 0)
        return arena_printf(s->a, "it refused %.0f such updates since its start", x->refusals);
    return x->updated > 0 && x->updated < s->since
               ? arena_printf(s->a, "what it has is older: of %s",
                              when_text(s->a, x->updated, false))
               : NULL;
}

static const char *why_not(struct serving *s, const struct served_replica *x)
{
    const struct replica *at = x->at;
    const char *why = x->why ? x->why : SERVING_NOT_LOOKED, *reason = known_reason(s, x);
    if (at->pod && !at->ready)
        why = arena_printf(s->a, "it is not ready%s%s; %s", at->why ? ": " : "",
                           at->why ? at->why : "", why);
    if (reason)
        why = arena_printf(s->a, "%s; %s", why, reason);
    return text_clean(s->a, why, WORDS);
}

static void tell_hidden(struct serving *s, cJSON *out)
{
    cJSON *list = json_array(s->a);
    int more = 0;
    for (int i = 0; i < s->change->count; i++) {
        const struct serving_op *o = &s->change->ops[i];
        const char *why = o->hidden ? o->hidden : o->unclear;
        if (why && json_count(list) < HIDDEN_SHOWN)
            json_add_str(s->a, list, arena_printf(s->a, "%s: %s", o->name, why));
        else
            more += why != NULL;
    }
    if (more)
        json_add_str(s->a, list, arena_printf(s->a, "and %d more", more));
    if (json_count(list) > 0)
        json_set(s->a, out, "not_visible", list);
}

static cJSON *only_says(struct serving *s, const char *words)
{
    cJSON *out = json_object(s->a);
    json_set_str(s->a, out, "says", words);
    tell_hidden(s, out);
    return out;
}

static void tell_not(struct serving *s, cJSON *out)
{
    cJSON *list = json_array(s->a);
    int more = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->list[i].served)
            continue;
        if (json_count(list) == NOT_SHOWN) {
            more++;
            continue;
        }
        cJSON *o = json_add(s->a, list, json_object(s->a));
        json_set_str(s->a, o, "replica", s->list[i].at->envoy.name);
        json_set_str(s->a, o, "why", why_not(s, &s->list[i]));
    }
    if (json_count(list) > 0)
        json_set(s->a, out, "not", list);
    if (more)
        json_set_num(s->a, out, "more", more);
}

static cJSON *tell_served(struct serving *s)
{
    int served = 0;
    double last = 0;
    for (int i = 0; i < s->count; i++) {
        served += s->list[i].served;
        last = s->list[i].served && s->list[i].seconds > last ? s->list[i].seconds : last;
    }
    bool all = served == s->count;
    double took = all ? last : loop_now(s->m->loop) - s->began;
    took = took < 0.1 ? 0.1 : round(took * 10) / 10;
    cJSON *out = only_says(s, "");
    json_set_num(s->a, out, "replicas", s->count);
    json_set_num(s->a, out, "served", served);
    json_set_num(s->a, out, "seconds", took);
    tell_not(s, out);
    const cJSON *first = cJSON_GetArrayItem(json_get(out, "not"), 0);
    const char *text =
        arena_printf(s->a, "served by %d of %d replica%s %s %.1f s", served, s->count,
                     s->count == 1 ? "" : "s", all ? "after" : "within", took);
    if (first)
        text = arena_printf(s->a, "%s; not by %s: %s", text, json_text(first, "replica"),
                            json_text(first, "why"));
    if (json_count(json_get(out, "not")) > 1)
        text = arena_printf(s->a, "%s; and %d more", text, s->count - served - 1);
    if (json_get(out, "not_visible"))
        text = arena_printf(s->a, "%s; not all of it is visible in Envoy", text);
    json_set_str(s->a, out, "says", text);
    return out;
}

cJSON *serving_wait(struct arena *a, const struct serving_means *m, const struct plan *p,
                    const cJSON *const *wrote)
{
    static const char unseen[] = "whether it is served cannot be seen: Envoy does not show it";
    struct serving s = { .a = a, .m = m, .began = loop_now(m->loop), .since = when_now() };
    struct err e = { 0 };
    s.until = s.began + m->config->control.served;
    s.quick = arena_make(a, struct config);
    *s.quick = *m->config;
    s.change = serving_expect(a, m, p, wrote);
    s.change->since = s.since;
    if (!s.change->visible)
        return only_says(&s, unseen);
    const struct replicas *all = replicas_find(m->loop, m->config, a, m->cancel, &e);
    if (!all)
        return only_says(&s, arena_printf(a, SERVING_NOT_LOOKED ": %s", e.text));
    s.count = all->count;
    s.list = arena_array(a, struct served_replica, all->count);
    for (int i = 0; i < all->count; i++)
        s.list[i] = not_looked_at(&all->list[i]);
    wait_for_all(&s);
    for (int i = 0; i < ROUNDS_MOST && take_pods_of_now(&s); i++)
        wait_for_all(&s);
    if (s.gone || (m->cancel && m->cancel->fired))
        return only_says(&s, SERVING_NOT_LOOKED ": the call was cancelled");
    if (!serving_is_clear(s.change))
        return only_says(&s, unseen);
    ask_control_plane(&s);
    return tell_served(&s);
}
