/* diagnose_config.c - configuration that the gateway refused: which object, why, and whether it is
 * refused still.
 *
 * Envoy keeps the reason of a refused listener or cluster until the next update of that kind. Of
 * routes and plugins it only counts. A counter since start proves nothing by itself: it must grow
 * between two readings, explain what the newest requests meet, or belong to a subscription that
 * other kinds of configuration have left behind. What is over is told as history.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_private.h"
#include "rule/control.h"
#include "signal/proxy.h"
#include <string.h>

enum { BEHIND_MS = 300 };

struct refusal {
    struct facts *f;
    const char *object; /* the first one */
    struct finding told;
    bool current;
};

static void name_object(struct refusal *r, const char *kind, const char *name)
{
    if (!r->object)
        r->object = arena_printf(r->f->arena, "%s %s", kind, text_clean(r->f->arena, name, 160));
}

/* -- reasons that the dump holds -----------------------------------------------------------------
 */
static const struct {
    const char *list, *kind;
} kinds[] = {
    { "dynamic_listeners", "listener" },
    { "dynamic_active_clusters", "cluster" },
    { "dynamic_warming_clusters", "cluster" },
    { "dynamic_route_configs", "route configuration" },
    { "ecds_filters", "plugin" },
    { NULL, NULL },
};

static const char *kind_of_list(const char *list)
{
    for (int i = 0; kinds[i].list; i++)
        if (list && !strcmp(kinds[i].list, list))
            return kinds[i].kind;
    return "configuration";
}

static const char *refused_resource_name(const cJSON *entry, const cJSON *error)
{
    const cJSON *failed = json_get(error, "failed_configuration");
    const char *own = json_str(entry, "name"), *name = json_str(failed, "name");

    return own ? own : name ? name : "without a name";
}

/* Accepted again after it had been refused? */
static bool mended(const cJSON *entry, const cJSON *error)
{
    double refused = when_parse(json_str(error, "last_update_attempt"));
    const char *since = json_str(json_get(entry, "active_state"), "last_updated");
    double accepted = when_parse(since ? since : json_str(entry, "last_updated"));

    return refused > 0 && accepted > refused;
}

static void take_error(struct refusal *r, const char *list, const cJSON *entry)
{
    const cJSON *error = json_get(entry, "error_state");
    const char *why = json_str(error, "details"), *at = json_str(error, "last_update_attempt");
    const char *name = refused_resource_name(entry, error);

    if (!error)
        return;
    if (mended(entry, error)) {
        facts_add_history(r->f,
                          arena_printf(r->f->arena, "%s %s was refused at %s and accepted since",
                                       kind_of_list(list), name, at));
        return;
    }
    name_object(r, kind_of_list(list), name);
    r->current = true;
    finding_add(r->f->arena, &r->told, "config_dump", "%s %s refused%s%s: %s", kind_of_list(list),
                name, at ? " at " : "", at ? at : "",
                why ? proxy_clean(r->f->arena, why) : "no reason given");
}

static void read_errors(struct refusal *r)
{
    const cJSON *part, *list, *entry;

    cJSON_ArrayForEach(part, json_get(r->f->in->config, "configs")) cJSON_ArrayForEach(list, part)
    {
        if (cJSON_IsArray(list))
            cJSON_ArrayForEach(entry, list) take_error(r, list->string, entry);
    }
}

/* -- counters ------------------------------------------------------------------------------------
 */
static double stat_of(const cJSON *stats, const char *name)
{
    return json_num(json_find(json_get(stats, "stats"), "name", name), "value", 0);
}

/* The newest time at which Envoy accepted listeners, clusters or routes; ms, 0: unknown. */
static double newest_update(const struct facts *f)
{
    const cJSON *s;
    double newest = 0;

    cJSON_ArrayForEach(s, json_get(f->in->stats, "stats"))
    {
        const char *name = json_str(s, "name");
        double at = json_num(s, "value", 0);
        bool whole = name && text_ends(name, ".update_time") && !text_starts(name, "cluster.");
        newest = whole && at > newest ? at : newest;
    }
    return newest;
}

/* "http.outbound_0.0.0.0_80.rds.http.80" is the route configuration http.80. */
static void name_subscription(struct refusal *r, const char *base)
{
    static const char plugins[] = "extension_config_discovery.http_filter.";
    const char *rds = strstr(base, ".rds.");

    if (rds)
        name_object(r, "route configuration", rds + 5);
    else if (text_starts(base, plugins))
        name_object(r, "plugin", base + sizeof plugins - 1);
    else if (text_starts(base, "listener_manager."))
        name_object(r, "configuration", "of listeners");
    else
        name_object(r, "configuration", base);
}

static void take_counter(struct refusal *r, const char *name, const char *tail, double n)
{
    struct facts *f = r->f;
    const char *base = arena_strndup(f->arena, name, strlen(name) - strlen(tail));
    double at = stat_of(f->in->stats, arena_printf(f->arena, "%s.update_time", base));
    double accepted = stat_of(f->in->stats, arena_printf(f->arena, "%s.update_success", base));
    double before = f->in->stats_before ? stat_of(f->in->stats_before, name) : n;
    bool behind = newest_update(f) - at > BEHIND_MS && at > 0;
    bool never = at == 0 && accepted == 0;
    const char *when = at > 0 ? when_text(f->arena, at / 1000, false) : "never";

    if (r->current || n > before || behind || never || facts_lost_by_config(f)) {
        name_subscription(r, base);
        r->current = true;
        finding_add(f->arena, &r->told, "stats",
                    "%s: %.0f updates refused since start%s; the newest accepted: %s%s", base, n,
                    n > before ? ", one just now" : "", when,
                    behind ? ", older than the gateway's other configuration" : "");
        return;
    }
    facts_add_history(f,
                      arena_printf(f->arena,
                                   "%s: %.0f updates refused since start, the newest accepted at "
                                   "%s: nothing says that one is refused now",
                                   base, n, when));
}

static const char *rejected_tail(const char *name)
{
    static const char *const tails[] = { ".update_rejected", ".config_fail" };

    for (size_t i = 0; name && i < sizeof tails / sizeof *tails; i++)
        if (text_ends(name, tails[i]) && !text_starts(name, "cluster."))
            return tails[i];
    return NULL;
}

static void read_counters(struct refusal *r)
{
    const cJSON *s;

    cJSON_ArrayForEach(s, json_get(r->f->in->stats, "stats"))
    {
        const char *name = json_str(s, "name"), *tail = rejected_tail(name);
        double n = json_num(s, "value", 0);
        if (tail && n > 0)
            take_counter(r, name, tail, n);
    }
}

void findings_from_config(struct facts *f, struct findings *all)
{
    struct refusal r = { .f = f };
    struct finding *x;
    const cJSON *o;

    read_errors(&r);
    read_counters(&r);
    /* The gateway's own words, where its log is the access log's file. */
    cJSON_ArrayForEach(o, f->in->words)
    {
        if (cJSON_IsString(o) && r.current)
            finding_add(f->arena, &r.told, "gateway_log", "%s", o->valuestring);
    }
    if (!r.current || (f->target && f->target->kind && f->target_found && !f->config_lost))
        return; /* the target has what it needs */
    x = findings_new(all, "CONFIG_REJECTED", r.object ? r.object : "gateway",
                     "The gateway refused an update and runs on older configuration, so a fix may "
                     "never have arrived. Undo or correct the object named in the details; the "
                     "gateway's own log says why it was refused.");
    if (!x)
        return;
    for (int i = 0; i < r.told.evidence; i++)
        finding_add(f->arena, x, r.told.source[i], "%s", r.told.fact[i]);
    x->rank = 8;
    cJSON_ArrayForEach(o, f->in->issues)
    {
        if (!strcmp(json_text(o, "code"), CONTROL_REFUSED))
            finding_add(f->arena, x, "control_plane", "%s: %s", json_text(o, "object"),
                        json_text(o, "fact"));
    }
    x->covers = "NO_CLUSTER|NO_ROUTE|CONFIG_MISSING|" CONTROL_REFUSED;
}
