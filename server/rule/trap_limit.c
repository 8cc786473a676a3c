/* trap_limit.c - traps of rate limits and of the services that plugins ask: a Redis that does not
 * exist, items that mean something else by version, addresses that clients write. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/check.h"
#include "rule/trap_private.h"
#include <string.h>

/* -- plugin-config 7 -------------------------------------------------------------------------- */

/* The rules of the write path. */
static void limit_refused(struct trap_walk *t, const struct trap_object *o)
{
    struct err e = { 0 };
    if (json_count(trap_settings(o)) > 0 && !check_limiter(trap_arena(t), o->json, &e))
        trap_add(t, o, "configurations",
                 "%s; the plugin refuses its whole configuration, for "
                 "every route: there is no such limit",
                 e.text);
}

static void limit_items(struct trap_walk *t, const struct trap_object *o)
{
    int n = json_count(json_get(trap_settings(o), "rule_items"));
    if (n > 10)
        trap_refused(t, o, "configurations.rule_items", "has %d items, of which 10 are taken", n);
}

static void limit_both(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    if (json_get(s, "global_threshold") && json_get(s, "rule_items"))
        trap_refused(t, o, "configurations.global_threshold", "stands beside rule_items");
}

static void limit_first_only(struct trap_walk *t, const struct trap_object *o)
{
    int n = json_count(json_get(trap_settings(o), "rule_items"));
    if (n > 1)
        trap_add(t, o, "configurations.rule_items",
                 "has %d items, of which only the first that fits a request counts", n);
}

static void limit_by_header(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *m;
    int i = 0;
    cJSON_ArrayForEach(m, json_get(trap_settings(o), "rule_items"))
    {
        const char *path = arena_printf(trap_arena(t), "configurations.rule_items[%d]", i++);
        const char *by = trap_text(m, "limit_by_per_ip");
        if (text_starts(by, "from-header-"))
            trap_add(t, o, path,
                     "takes the address from a header: a client that sends another value each time "
                     "is never limited, unless a proxy before the gateway sets it");
    }
}

/* -- plugin-config 1.7, 2: the services that plugins ask -------------------------------------- */

/* What comes of it when the service is not there. */
enum dependency { PASSES, DENIES, HANGS };

static const struct asked {
    const char *plugin, *name, *port; /* paths of its name and port in the settings */
    int port_otherwise;
    bool redis, dns; /* dns: the plugin adds ".dns" itself */
    enum dependency then;
} asks[] = {
    { "cluster-key-rate-limit", "redis.service_name", "redis.service_port", 6379, true, false,
      PASSES },
    { "ai-token-ratelimit", "redis.service_name", "redis.service_port", 6379, true, false, PASSES },
    { "replay-protection", "redis.service_name", "redis.service_port", 6379, true, false, PASSES },
    { "ai-quota", "redis.service_name", "redis.service_port", 6379, true, false, DENIES },
    { "ai-history", "redis.serviceName", "redis.servicePort", 6379, true, false, DENIES },
    { "ai-cache", "cache.serviceName", "cache.servicePort", 6379, true, false, DENIES },
    { "ai-cache", "vector.serviceName", "vector.servicePort", 443, false, false, DENIES },
    { "ai-cache", "embedding.serviceName", "embedding.servicePort", 443, false, false, DENIES },
    { "response-cache", "cache.serviceName", "cache.servicePort", 6379, true, false, DENIES },
    { "ai-load-balancer", "lb_config.serviceFQDN", "lb_config.servicePort", 6379, true, false,
      DENIES },
    { "ai-security-guard", "serviceName", "servicePort", 0, false, false, PASSES },
    { "qwen3guard", "service_name", "service_port", 0, false, false, PASSES },
    { "ext-auth", "http_service.endpoint.service_name", "http_service.endpoint.service_port", 80,
      false, false, DENIES },
    { "oidc", "service_name", "service_port", 0, false, false, DENIES },
    { "ai-rag", "dashscope.serviceFQDN", "dashscope.servicePort", 0, false, false, DENIES },
    { "ai-rag", "dashvector.serviceFQDN", "dashvector.servicePort", 0, false, false, DENIES },
    { "ai-json-resp", "serviceName", "servicePort", 443, false, true, DENIES },
    { "ai-transformer", "provider.serviceName", NULL, 443, false, true, DENIES },
};

/* Its effect on requests: what the verdict says. */
static const char *effect(const struct asked *k)
{
    return k->then == PASSES  ? k->redis ? "requests pass unlimited" : "requests pass unchecked"
           : k->then == HANGS ? "requests wait until the client gives up"
                              : "what the plugin does fails";
}

static bool has_port(const struct trap_world *w, const char *name, int port, bool *named)
{
    *named = false;
    for (struct trap_object o = { 0 }; trap_next_of(w, "service", name, NULL, &o);) {
        *named = true;
        if (!port || (int)json_num(o.json, "port", 0) == port)
            return true;
    }
    return false;
}

static int asked_port(const struct asked *k, const cJSON *s, const char *name)
{
    const cJSON *m = k->port ? json_path(s, k->port) : NULL;
    if (m && cJSON_IsNumber(m) && m->valueint > 0)
        return m->valueint;
    return k->redis && text_ends(name, ".static") ? 80 : k->port_otherwise;
}

static void look_at_asked_service(struct trap_walk *t, const struct trap_object *o,
                                  const struct asked *k)
{
    const cJSON *s = trap_settings(o);
    const char *given = trap_text(s, k->name);
    const char *path = arena_printf(trap_arena(t), "configurations.%s", k->name);
    bool named;
    if (!*given)
        return;
    const char *name =
        k->dns && !text_ends(given, ".dns") ? arena_printf(trap_arena(t), "%s.dns", given) : given;
    int port = asked_port(k, s, given);
    if (k->dns && text_ends(given, ".dns"))
        trap_add(t, o, path,
                 "ends with .dns, which the plugin adds itself: the service %s.dns does "
                 "not exist, so that %s",
                 trap_name(t, given), effect(k));
    else if (strspn(given, "0123456789.") == strlen(given))
        trap_add(t, o, path,
                 "is an address; the plugin asks services of the gateway only, there is "
                 "none of that name, and %s: make a service source for it",
                 effect(k));
    else if (!has_port(trap_of(t), name, port, &named))
        trap_add(t, o, path,
                 named ? "is %s, which has no port %d: %s"
                       : "is %s:%d, a service that "
                         "does not exist: %s",
                 trap_name(t, name), port, effect(k));
}

static void ask_all(struct trap_walk *t, const struct trap_object *o, bool redis, bool passes)
{
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (!strcmp(asks[i].plugin, o->name) && asks[i].redis == redis &&
            (asks[i].then == PASSES) == passes)
            look_at_asked_service(t, o, &asks[i]);
}

static void limit_redis(struct trap_walk *t, const struct trap_object *o)
{
    ask_all(t, o, true, true);
}

static void guard_service(struct trap_walk *t, const struct trap_object *o)
{
    ask_all(t, o, false, true);
}

static void other_service(struct trap_walk *t, const struct trap_object *o)
{
    ask_all(t, o, true, false);
    ask_all(t, o, false, false);
}

static void opa_service(struct trap_walk *t, const struct trap_object *o)
{
    static const struct {
        const char *source, *suffix;
    } suffixes[] = { { "dns", ".dns" }, { "ip", ".static" } };
    const cJSON *s = trap_settings(o), *port = json_get(s, "servicePort");
    const char *name = trap_text(s, "serviceName");
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        bool named, own = !strcmp(trap_text(s, "serviceSource"), suffixes[i].source);
        if (!own || !*name)
            continue;
        name = arena_printf(trap_arena(t), "%s%s", name, suffixes[i].suffix);
        if (!has_port(trap_of(t), name, cJSON_IsNumber(port) ? port->valueint : 0, &named))
            trap_add(t, o, "configurations.serviceName",
                     "leads to %s, a service that does not exist: requests wait until the client "
                     "gives up",
                     trap_name(t, name));
    }
}

/* -- plugin-config 4.1: tokens that nobody counts --------------------------------------------- */

static void uncounted(struct trap_walk *t, const struct trap_object *o)
{
    static const char counters[] = "ai-token-ratelimit|ai-quota";
    if (!trap_true(o->json, "rawConfigs.disableStreamUsageStats"))
        return;
    for (struct trap_object i = { 0 }; trap_next(trap_of(t), "plugin-instance", &i);)
        if (text_has_word(counters, i.name) && trap_enabled(&i)) {
            trap_add(t, o, "rawConfigs.disableStreamUsageStats",
                     "is true: tokens of streams are not counted, and %s (%s) does not limit them",
                     i.name, i.scope ? i.scope : "");
            return;
        }
}

#define COUNTERS .about = "plugin-instance", .plugins = "cluster-key-rate-limit|ai-token-ratelimit"
#define OF(names) .about = "plugin-instance", .plugins = names

const struct trap trap_limit_rows[] = {
    { "plugin-config 7", "LIMIT_REFUSED", "A limit that the plugin refuses",
      "A limiting plugin refuses its whole configuration for one item that it cannot take.",
      TRAP_OPEN, OF("key-rate-limit|cluster-key-rate-limit|ai-token-ratelimit"),
      .judge = limit_refused },
    { "plugin-config 13.5", "LIMIT_REDIS_MISSING", "Limits whose Redis does not exist",
      "A limit that cannot ask its Redis lets the request pass.", TRAP_OPEN,
      OF("cluster-key-rate-limit|ai-token-ratelimit|replay-protection"), .beside = "service",
      .judge = limit_redis },
    { "plugin-config 13.5", "LIMIT_TOO_MANY", "More items than the plugin takes",
      "Since 2.2.4 more than 10 rule_items are refused.", TRAP_OPEN, .from = "2.2.4", COUNTERS,
      .beside = "plugin-instance", .judge = limit_items },
    { "plugin-config 7", "LIMIT_BOTH", "A threshold beside items",
      "Before 2.2.4 exactly one of global_threshold and rule_items is taken.", TRAP_OPEN,
      .until = "2.2.4", COUNTERS, .beside = "plugin-instance", .judge = limit_both },
    { "plugin-config 7", "LIMIT_FIRST_ONLY", "Items of which one counts",
      "Before 2.2.4 only the first matching item counts; since then every one does.", TRAP_NOTE,
      .until = "2.2.4", COUNTERS, .judge = limit_first_only },
    { "plugin-config 7", "LIMIT_BY_CLIENT_HEADER", "A limit by an address that clients write",
      "from-header-NAME takes the address from a header of the request.", TRAP_NOTE, COUNTERS,
      .judge = limit_by_header },
    { "plugin-config 2", "GUARD_SERVICE_MISSING", "A check whose service does not exist",
      "The plugin lets a request pass when its service cannot be asked.", TRAP_OPEN,
      OF("ai-security-guard|qwen3guard"), .beside = "service", .judge = guard_service },
    { "plugin-config 1.7", "PLUGIN_SERVICE_MISSING", "A plugin whose service does not exist",
      "A plugin asks the cluster outbound|PORT||NAME, which must exist in the gateway.",
      TRAP_BROKEN,
      OF("ai-quota|ai-history|ai-cache|response-cache|ai-load-balancer|ext-auth|oidc|ai-rag|"
         "ai-json-resp|ai-transformer"),
      .beside = "service", .judge = other_service },
    { "plugin-config 2", "OPA_HANGS", "opa asks a service that does not exist",
      "A call that cannot be sent leaves the request paused.", TRAP_BROKEN, OF("opa"),
      .beside = "service", .judge = opa_service },
    { "plugin-config 4.1", "TOKENS_UNCOUNTED", "Tokens of streams that nobody counts",
      "disableStreamUsageStats leaves the usage out of streams, which limits and quotas read.",
      TRAP_OPEN, .from = "2.2.4", .about = "ai-provider", .beside = "plugin-instance",
      .judge = uncounted },
    { 0 },
};
