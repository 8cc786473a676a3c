/* explain.c - one request, followed through the gateway as it is configured. The rules are in
 * explain/; here is what is read for them, in turn. */
#include "explain/explain.h"
#include "call/read.h"
#include "call/signal.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_explain;

enum { HEADERS = 100, HTTPS_PORT = 443, DOMAINS = 16 };

static const struct field in[] = {
    { "path", STR, REQ, NULL, .min = 1, .max = 4096, .flags = FIELD_BRIEF },
    { "host", STR, OPT, NULL, .max = 300, .flags = FIELD_BRIEF },
    { "method", STR, OPT, NULL, .max = 20, .otherwise = "\"GET\"", .flags = FIELD_BRIEF },
    { "headers", OBJ, OPT, NULL, .flags = FIELD_OPEN | FIELD_SECRET },
    { "query", ANY, OPT, "a=b&c=d, or in path.", .flags = FIELD_SECRET },
    { "port", INT, OPT, "443: by HTTPS.", .min = 1, .max = 65535, .flags = FIELD_BRIEF },
    { 0 },
};

static const struct field out[] = {
    { "route", ANY, OPT, NULL }, /* null: none takes it */
    { "order", OBJ, OPT, NULL, .flags = FIELD_OPEN },
    { "services", LIST, OPT, NULL },
    { "plugins", LIST, OPT, NULL },
    { 0 },
};

/* -- the request ---------------------------------------------------------------------------------
 */
static const char *query_member_text(struct call *c, const cJSON *m)
{
    return cJSON_IsString(m) ? m->valuestring : json_print(arena(c), m);
}

static const char *request_target(struct call *c)
{
    const char *path = arg_str(c, "path"), *sign = strchr(path, '?') ? "&" : "?";
    const cJSON *query = arg_json(c, "query"), *m;
    if (cJSON_IsString(query) && *query->valuestring)
        return arena_printf(arena(c), "%s%s%s", path, sign,
                            query->valuestring + (query->valuestring[0] == '?'));
    cJSON_ArrayForEach(m, query)
    {
        path = arena_printf(arena(c), "%s%s%s=%s", path, sign, m->string, query_member_text(c, m));
        sign = "&";
    }
    return path;
}

static struct route_request *read_request(struct call *c)
{
    const cJSON *headers = arg_json(c, "headers"), *m;
    struct route_pair *list = arena_array(arena(c), struct route_pair, HEADERS);
    const char *method = arg_str(c, "method"), *target = request_target(c),
               *host = arg_str(c, "host");
    size_t n = 0;

    if (target[0] != '/')
        return fail_null(c, "path: it begins with a slash, and the host is an argument of its own");
    if (host && strchr(host, '/'))
        return fail_null(c, "host: a name alone, without scheme and path");
    if (json_count(headers) > HEADERS)
        return fail_null(c, "headers: more than %d", HEADERS);
    cJSON_ArrayForEach(m, headers) list[n++] =
        (struct route_pair){ m->string, query_member_text(c, m) };
    struct route_request *r =
        route_request_new(arena(c), method ? method : "GET", host, target, list, n);
    r->scheme = arg_num(c, "port", 0) == HTTPS_PORT ? "https" : "http";
    return r;
}

/* -- what is read --------------------------------------------------------------------------------
 */
struct look {
    struct explain *explain;
    const struct route_request *request;
    struct explain_plugins *plugins;
    const char *scope; /* of the instances that come */
    cJSON *answer;
    const char *domains[DOMAINS]; /* whose instances act on the request */
    int domain_count;
};

static bool see_domain(struct call *c, void *arg, const cJSON *o)
{
    struct look *l = arg;
    const char *name = json_str(o, "name");
    explain_add_domain(l->explain, o);
    if (name && l->domain_count < DOMAINS && explain_domain_acts(name, l->request->host))
        l->domains[l->domain_count++] = arena_strdup(arena(c), name);
    return true;
}

static bool explain_see_route(struct call *c, void *arg, const cJSON *o)
{
    (void)c;
    explain_add_route(((struct look *)arg)->explain, o);
    return true;
}

static bool explain_see_service(struct call *c, void *arg, const cJSON *o)
{
    explain_add_service(arena(c), ((struct look *)arg)->answer, o);
    return true;
}

static bool see_source(struct call *c, void *arg, const cJSON *o)
{
    explain_add_source(arena(c), ((struct look *)arg)->answer, o);
    return true;
}

static bool explain_see_instance(struct call *c, void *arg, const cJSON *o)
{
    struct look *l = arg;
    (void)c;
    explain_add_instance(l->plugins, l->scope, o);
    return true;
}

static bool see_plugin(struct call *c, void *arg, const cJSON *o)
{
    (void)c;
    explain_add_plugin(((struct look *)arg)->plugins, o);
    return true;
}

/* What cannot be read is said, and the rest goes on. False: cancelled. */
static bool read_for_explain(struct call *c, struct look *l, const char *kind, const char *scope,
                             gw_each_fn *fn)
{
    l->scope = scope;
    if (gw_each(c, kind, scope, fn, l))
        return true;
    if (cancelled(c))
        return false;
    explain_add_note(arena(c), l->answer,
                     arena_printf(arena(c), "%s%s%s could not be read: %s", kind,
                                  scope ? " of " : "", scope ? scope : "", fail_text(c)));
    fail_forget(c);
    return true;
}

static bool read_services(struct call *c, struct look *l)
{
    if (json_count(json_get(l->answer, "services")) == 0)
        return true;
    if (!read_for_explain(c, l, "service", NULL, explain_see_service) ||
        !read_for_explain(c, l, "service-source", NULL, see_source))
        return false;
    explain_end_services(arena(c), l->answer);
    return true;
}

static void add_internals(struct look *l, const char *scope, const cJSON *route)
{
    const cJSON *auth = json_get(route, "authConfig");
    if (json_true(auth, "enabled"))
        explain_add_consumers(l->plugins, scope, json_get(auth, "allowedConsumers"));
    if (json_get(l->answer, "ai_route")) {
        explain_add_internal(l->plugins, "model-router", "global", "names the model in a header");
        explain_add_internal(l->plugins, "ai-proxy", scope,
                             "puts the provider's host, path and key into the request");
    }
    const char *speaks =
        json_str(json_get(route, "customConfigs"), "higress.io/mcp-server-upstream-type");
    if (json_get(l->answer, "mcp_server") && (!speaks || strcmp(speaks, "rest") == 0))
        explain_add_internal(l->plugins, "mcp-server", scope, NULL);
}

static bool read_plugins(struct call *c, struct look *l, const cJSON *route)
{
    const char *name = json_str(route, "name");
    const char *scope = arena_printf(arena(c), "route:%s", name);
    const cJSON *row;

    l->plugins = explain_plugins_new(arena(c));
    add_internals(l, scope, route);
    if (!read_for_explain(c, l, "plugin-instance", "global", explain_see_instance) ||
        !read_for_explain(c, l, "plugin-instance", scope, explain_see_instance))
        return false;
    for (int i = 0; i < l->domain_count; i++)
        if (!read_for_explain(c, l, "plugin-instance",
                              arena_printf(arena(c), "domain:%s", l->domains[i]),
                              explain_see_instance))
            return false;
    cJSON_ArrayForEach(row, json_get(l->answer, "services"))
    {
        scope = arena_printf(arena(c), "service:%s", json_str(row, "service"));
        if (!json_true(row, "missing") &&
            !read_for_explain(c, l, "plugin-instance", scope, explain_see_instance))
            return false;
    }
    if (explain_plugins_count(l->plugins) &&
        !read_for_explain(c, l, "wasm-plugin", NULL, see_plugin))
        return false;
    json_set(arena(c), l->answer, "plugins", explain_plugins_answer(l->plugins));
    return true;
}

/* Several Envoys may not all have the route as the console has it. */
static void read_replicas(struct call *c, struct look *l, const cJSON *route)
{
    const char *name = arena_printf(arena(c), " route %s, ", json_text(route, "name"));
    const cJSON *line;
    cJSON_ArrayForEach(line, replica_differences(c, "routes", name)) explain_add_note(
        arena(c), l->answer, arena_printf(arena(c), "replicas: %s", line->valuestring));
}

/* -- the walk ------------------------------------------------------------------------------------
 */
static const cJSON *follow_choice(struct call *c, struct look *l,
                                  const struct explain_choice *choice)
{
    const cJSON *route = gw_get(c, "route", choice->route, NULL, MISSING_FAILS);
    const cJSON *base =
        route && choice->base ? gw_get(c, "route", choice->base, NULL, MISSING_FAILS) : NULL;

    if (!route || (choice->base && !base))
        return NULL;
    explain_effect(arena(c), l->answer, choice, l->request, route, base);
    if (!read_services(c, l) || !read_plugins(c, l, route))
        return NULL;
    read_replicas(c, l, route);
    return l->answer;
}

static const cJSON *run_explain(struct call *c)
{
    struct look l = { .explain = explain_new(arena(c)), .request = read_request(c) };
    struct explain_choice choice;

    if (!l.request || !gw_each(c, "domain", NULL, see_domain, &l) ||
        !gw_each(c, "route", NULL, explain_see_route, &l))
        return NULL;
    explain_sort(l.explain);
    explain_choose(l.explain, arena(c), l.request, &choice);
    l.answer = explain_order(arena(c), &choice);
    return choice.route && !choice.app_root ? follow_choice(c, &l, &choice) : l.answer;
}

static char *say_explanation(struct call *c, const cJSON *answer)
{
    return explain_text(arena(c), answer);
}

static const struct tool tools[] = {
    {
        .name = "explain_request",
        .title = "Explain a request",
        .about = "Says which route takes a request and why others do not, what the upstream gets, "
                 "timeout, retries, plugins, endpoints. From the configuration; nothing is sent.",
        .risk = READ,
        .in = in,
        .out = out,
        .read = run_explain,
        .say = say_explanation,
    },
    { 0 },
};

const struct toolset toolset_explain = {
    .name = "explain",
    .about = "What the gateway does with a request.",
    .tools = tools,
};
