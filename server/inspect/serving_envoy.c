/* serving_envoy.c - service sources as clusters, settings of plugins as extension configuration:
 * what Envoy has of them against what was written. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/serving_private.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_ENDPOINTS = 200 };

/* -- sources ----------------------------------------------------------------------------------- */

/* "shop.static"; NULL: what the source makes is for a registry to say. */
static const char *source_host(struct arena *a, const cJSON *source, const char *name)
{
    return derived_service_of(a, json_text(source, "type"), name);
}

static int compare_endpoints(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static const char *join_endpoints(struct arena *a, const char **list, int n)
{
    const char *text = "";
    if (n > 1)
        qsort(list, (size_t)n, sizeof *list, compare_endpoints);
    for (int i = 0; i < n; i++)
        text = arena_printf(a, "%s%s%s", text, i ? ", " : "", list[i]);
    return text;
}

/* "10.0.0.1:80, 10.0.0.2:80", sorted: where the source says that its service is. */
static const char *source_endpoints(struct arena *a, const cJSON *source)
{
    const char **list = NULL;
    int n = 0, room = 0;
    for (const char *at = json_text(source, "domain"); *at;) {
        size_t size = strcspn(at, ",");
        const char *one = arena_strndup(a, at + strspn(at, " "), size - strspn(at, " "));
        list = arena_grow(a, list, n, &room, sizeof *list);
        list[n++] =
            strchr(one, ':') ? one : arena_printf(a, "%s:%.0f", one, json_num(source, "port", 80));
        at += size + (at[size] == ',');
    }
    return join_endpoints(a, list, n);
}

static bool source_is_tls(const cJSON *source)
{
    const char *protocol = json_text(source, "protocol");
    return text_equal_nocase(protocol, "https") || text_equal_nocase(protocol, "grpcs");
}

/* The same of a ClusterLoadAssignment. */
static const char *assigned_endpoints(struct arena *a, const cJSON *load)
{
    const char **list = NULL;
    int n = 0, room = 0;
    const cJSON *group, *one;
    cJSON_ArrayForEach(group, json_get(load, "endpoints"))
    {
        cJSON_ArrayForEach(one, json_get(group, "lb_endpoints"))
        {
            const cJSON *at = json_path(one, "endpoint.address.socket_address");
            list = arena_grow(a, list, n, &room, sizeof *list);
            list[n++] =
                arena_printf(a, "%s:%.0f", json_text(at, "address"), json_num(at, "port_value", 0));
        }
    }
    return join_endpoints(a, list, n);
}

const char *serving_source_hidden(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    const cJSON *source = now ? now : op->before;
    if (!source_host(a, source, op->name))
        return "which services it has is for its registry to say";
    if (op->verb == PLAN_PUT && op->before && now &&
        text_same(source_host(a, op->before, op->name), source_host(a, now, op->name)) &&
        !strcmp(source_endpoints(a, op->before), source_endpoints(a, now)) &&
        source_is_tls(op->before) == source_is_tls(now))
        return "of a source only addresses, ports and TLS are compared with Envoy";
    return NULL;
}

static const cJSON *find_cluster(struct arena *a, const cJSON *clusters, const char *host)
{
    const cJSON *entry;
    const char *end = arena_printf(a, "||%s", host);
    cJSON_ArrayForEach(entry, clusters)
    {
        const cJSON *cluster = json_get(entry, "cluster");
        if (text_ends(json_text(cluster, "name"), end))
            return cluster;
    }
    return NULL;
}

static const cJSON *find_load(const cJSON *endpoints, const char *cluster)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, endpoints)
    {
        const cJSON *load = json_get(entry, "endpoint_config");
        if (!strcmp(json_text(load, "cluster_name"), cluster))
            return load;
    }
    return NULL;
}

const char *serving_source_missing(struct arena *a, const struct serving_op *x,
                                   const struct serving_pages *pages)
{
    const char *host = source_host(a, x->now ? x->now : x->op->before, x->op->name);
    const cJSON *cluster = find_cluster(a, pages->clusters, host);
    if (!x->now)
        return cluster ? "its cluster is still there" : NULL;
    if (!cluster)
        return "it has no cluster of it (a gateway may have clusters of routes only)";
    const cJSON *load = json_get(cluster, "load_assignment");
    load = load ? load : find_load(pages->endpoints, json_text(cluster, "name"));
    const char *has = assigned_endpoints(a, load), *wanted = source_endpoints(a, x->now);
    if (strcmp(has, wanted) != 0)
        return arena_printf(a, "Envoy has it at %s, the console says %s",
                            *has ? text_clean(a, has, SHOWN_ENDPOINTS) : "no address",
                            text_clean(a, wanted, SHOWN_ENDPOINTS));
    return source_is_tls(x->now) == (json_get(cluster, "transport_socket") != NULL)
               ? NULL
               : "it does not speak TLS as the console says";
}

/* -- plugins ----------------------------------------------------------------------------------- */

static bool instance_runs(const cJSON *instance)
{
    return instance && !cJSON_IsFalse(json_get(instance, "enabled"));
}

const char *serving_plugin_hidden(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    (void)a;
    bool before = instance_runs(op->before), after = instance_runs(now);
    const cJSON *was = json_get(op->before, "configurations");
    if (!before && !after)
        return "it is switched off, before and after";
    if (before && after && json_equal(was, json_get(now, "configurations")))
        return "its settings are the same as before";
    if (!after && json_count(was) == 0)
        return "it had no settings that Envoy would show";
    return NULL;
}

/* "key-auth" of "higress-system.key-auth.internal", "higress-system.key-auth-1.0.0". */
static bool filter_is_of(const char *filter, const char *plugin)
{
    const char *dot = strchr(filter, '.');
    const char *own = dot ? dot + 1 : filter;
    size_t n = strlen(plugin);
    if (strncmp(own, plugin, n) != 0)
        return false;
    return own[n] == '\0' || !strcmp(own + n, ".internal") ||
           (own[n] == '-' && isdigit((unsigned char)own[n + 1]));
}

static const char FILTER_SETTINGS[] = "typed_config.config.configuration";

/* The settings that the filter carries; NULL: none that can be read. */
static const cJSON *filter_settings(struct arena *a, const cJSON *filter)
{
    struct err unread = { 0 };
    const cJSON *config = json_path(filter, FILTER_SETTINGS);
    const char *text = json_str(config, "value");
    return text ? json_parse(a, text, strlen(text), &unread) : json_members(config);
}

/* Are all members of `wanted` in `there` as they are? */
static bool holds_all(const cJSON *there, const cJSON *wanted)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, wanted)
    {
        if (!json_equal(json_get(there, m->string), m))
            return false;
    }
    return true;
}

/* Is there something of `was` that `wanted` took away? */
static bool holds_removed(const cJSON *there, const cJSON *was, const cJSON *wanted)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, was)
    {
        if (!json_get(wanted, m->string) && json_get(there, m->string))
            return true;
    }
    return false;
}

/* What the filter has for that scope: its own members for "global", else the rule that names it. */
static const cJSON *settings_at(struct arena *a, const cJSON *settings, const char *scope)
{
    const char *colon = scope ? strchr(scope, ':') : NULL;
    const cJSON *rule;
    if (!colon)
        return settings;
    const char *key = arena_printf(a, "_match_%.*s_", (int)(colon - scope), scope);
    cJSON_ArrayForEach(rule, json_get(settings, "_rules_"))
    {
        if (json_find_text(json_get(rule, key), colon + 1))
            return rule;
    }
    return NULL;
}

/* there: NULL: it has none for that scope. */
static const char *settings_missing(const cJSON *there, const cJSON *was, const cJSON *wanted)
{
    if (there && holds_removed(there, was, wanted))
        return "it still has settings that were taken away";
    return there && holds_all(there, wanted) ? NULL : "its settings there are others";
}

/* One filter of the plugin, against what was written. */
static const char *filter_missing(struct arena *a, const struct serving_op *x, const cJSON *filter)
{
    const char *type = json_text(json_get(filter, "typed_config"), "@type");
    const cJSON *was = json_get(x->op->before, "configurations");
    const cJSON *settings = filter_settings(a, filter);
    const cJSON *there = settings_at(a, settings, x->op->scope);
    bool runs = instance_runs(x->now), scoped = x->op->scope && strchr(x->op->scope, ':');
    if (runs && text_ends(type, "rbac.v3.RBAC"))
        return "the plugin's module is not loaded there: requests pass without it";
    if (!settings && *json_text(json_path(filter, FILTER_SETTINGS), "value"))
        return "its settings there could not be read";
    if (runs)
        return settings_missing(there, was, json_get(x->now, "configurations"));
    return there && (scoped || holds_all(there, was)) ? "its settings are still there" : NULL;
}

const char *serving_plugin_missing(struct arena *a, const struct serving_op *x,
                                   const struct serving_pages *pages)
{
    bool runs = instance_runs(x->now), found = false;
    const char *why = NULL;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, pages->plugins)
    {
        const cJSON *filter = json_get(entry, "ecds_filter");
        if (!filter_is_of(json_text(filter, "name"), x->op->name))
            continue;
        const char *one = filter_missing(a, x, filter);
        if (runs && !one)
            return NULL;
        found = true;
        why = why ? why : one;
    }
    return found || !runs ? why : "the plugin is not among those that it runs";
}
