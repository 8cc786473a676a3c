/* resource.c - any kind of resource: list, read whole, change.
 *
 * A change patches what is there. What the console would take and drop, or take and break on, is
 * refused here with the way to say it; see routes_rules for routes.
 */
#include "tool.h"
#include <math.h>
#include <string.h>

extern const struct toolset toolset_resource;

static const struct field list_in[] = {
    { "kind", STR, REQ, NULL, .one_of = GW_KINDS },
    { "scope", STR, OPT, "plugin-instance: global or domain|route|service:NAME." },
    { "text", STR, OPT, NULL },
    { "limit", INT, OPT, NULL, .min = 1, .max = 1000, .otherwise = "50" },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field list_out[] = {
    { "items", LIST, REQ, NULL, .of = &a_string },
    { "count", INT, REQ, NULL },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field get_in[] = {
    { "kind", STR, REQ, "As in list_resources.", .one_of = GW_KINDS, .flags = FIELD_BRIEF },
    { "name", STR, OPT, "Not for higress-config and system." },
    { "scope", STR, OPT, "plugin-instance: global or domain|route|service:NAME." },
    { 0 },
};

static const struct field get_out[] = {
    { "object", OBJ, REQ, NULL, .flags = FIELD_OPEN },
    { 0 },
};

static const struct field change_in[] = {
    { "kind", STR, REQ, "As in list_resources.", .one_of = GW_KINDS, .flags = FIELD_BRIEF },
    { "action", STR, REQ, NULL, .one_of = "create|patch|replace|delete" },
    { "name", STR, OPT, NULL },
    { "scope", STR, OPT, "plugin-instance: global or domain|route|service:NAME." },
    { "object", OBJ, OPT, "Whole object; patch: merge patch.", .flags = FIELD_OPEN },
    { "if_used", STR, OPT, "On delete.", .one_of = "cascade|force" },
    { 0 },
};

static const struct field change_out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, REQ, NULL },
    { 0 },
};

/* -- listing ---------------------------------------------------------------------------------- */

static void add_member(struct buf *b, const cJSON *m)
{
    if (cJSON_IsString(m) && m->valuestring[0])
        buf_printf(b, " %s=%.60s", m->string, m->valuestring);
    else if (cJSON_IsNumber(m))
        buf_printf(b, " %s=%g", m->string, m->valuedouble);
    else if (cJSON_IsTrue(m))
        buf_printf(b, " %s", m->string);
    else if (cJSON_IsArray(m) && json_count(m) > 0)
        buf_printf(b, " %s[%d]", m->string, json_count(m));
}

static void write_line(struct call *c, struct buf *b, const char *kind, const cJSON *o)
{
    const cJSON *masked = gw_masked(c, kind, o);
    const char *key = gw_kind_key(kind);
    const char *name = gw_name_of(kind, o);
    const cJSON *m;

    buf_str(b, name ? name : "?");
    cJSON_ArrayForEach(m, masked)
    {
        if (strcmp(m->string, key) && strcmp(m->string, "version"))
            add_member(b, m);
    }
}

static bool take(struct call *c, void *arg, const cJSON *o)
{
    struct page *p = arg;

    if (page_wants(p))
        write_line(c, page_line(p), arg_str(c, "kind"), o);
    page_match(p);
    return true;
}

static const cJSON *list(struct call *c)
{
    struct page *p = page_new(c, arg_num(c, "limit", 0), arg_str(c, "cursor"), arg_str(c, "text"));

    if (!gw_each(c, arg_str(c, "kind"), arg_str(c, "scope"), take, p))
        return NULL;
    return page_answer(p, "items");
}

static char *say_list(struct call *c, const cJSON *answer)
{
    return page_say(c, answer, "items", arg_str(c, "kind"));
}

/* The name given, or that of the only object of its kind. NULL after fail(). */
static const char *name_given(struct call *c)
{
    const char *name = arg_str(c, "name");
    const char *only = gw_kind_only(arg_str(c, "kind"));

    name = name ? name : only;
    return name ? name : fail_null(c, "name: is required, which %s?", arg_str(c, "kind"));
}

static const cJSON *get(struct call *c)
{
    const char *kind = arg_str(c, "kind");
    const char *name = name_given(c);
    const cJSON *o = name ? gw_get(c, kind, name, arg_str(c, "scope"), MISSING_FAILS) : NULL;
    cJSON *answer = json_object(arena(c));

    if (!o)
        return NULL;
    /* A merge patch onto nothing: the members that are null, which say nothing, are left out. */
    json_set(arena(c), answer, "object",
             json_merge_patch(arena(c), json_object(arena(c)), gw_masked(c, kind, o)));
    return answer;
}

/* -- what a route must not say ---------------------------------------------------------------- */

/* Members that the console reads and forgets, and what to write instead. */
static const struct {
    const char *member, *instead;
} dropped[] = {
    { "redirect", "set customConfigs {\"higress.io/permanent-redirect\": URL}" },
    { "timeout", "set customConfigs {\"higress.io/timeout\": SECONDS}" },
    { "rateLimit", "use tune_rate_limit" },
    { "mock", "use the plugin custom-response at the route" },
};

static bool nothing_dropped(struct call *c, const cJSON *wanted)
{
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        const cJSON *m = json_get(wanted, dropped[i].member);
        if (m && !cJSON_IsNull(m))
            return fail(c, "object.%s: the console takes this field and drops it; %s",
                        dropped[i].member, dropped[i].instead);
    }
    return true;
}

static bool path_is_good(struct call *c, const cJSON *route)
{
    const cJSON *path = json_get(route, "path");
    const char *type = json_str(path, "matchType");
    const char *value = json_str(path, "matchValue");

    if (!type || !value)
        return fail(c, "object.path: needs matchType (PRE, EQUAL or REGULAR) and matchValue");
    if (strcmp(type, "PRE") && strcmp(type, "EQUAL") && strcmp(type, "REGULAR"))
        return fail(c, "object.path.matchType: '%s' is not PRE, EQUAL or REGULAR",
                    text_clean(arena(c), type, 40));
    if (strcmp(type, "REGULAR") && value[0] != '/')
        return fail(c, "object.path.matchValue: '%s' does not begin with '/'",
                    text_clean(arena(c), value, 80));
    return true;
}

struct known {
    const char *name;
    bool found;
};

static bool is_it(struct call *c, void *arg, const cJSON *o)
{
    struct known *k = arg;
    const char *name = gw_name_of("service", o);

    (void)c;
    k->found = name && !strcmp(name, k->name);
    return !k->found;
}

static bool service_exists(struct call *c, const char *name)
{
    struct known k = { .name = name };

    return gw_each(c, "service", NULL, is_it, &k) &&
           (k.found || fail(c,
                            "object.services: the gateway knows no service '%s'; list_resources "
                            "kind service shows what there is",
                            text_clean(arena(c), name, 120)));
}

/* What stands there already is no mistake of this change: a route that points nowhere must stay
 * changeable. */
static bool stays(const cJSON *before, const cJSON *after, const char *member)
{
    return before && json_equal(json_get(before, member), json_get(after, member));
}

static bool services_are_good(struct call *c, const cJSON *before, const cJSON *route)
{
    const cJSON *services = json_get(route, "services");
    const cJSON *s;
    double total = 0;

    if (stays(before, route, "services"))
        return true;
    if (json_count(services) == 0)
        return fail(c, "object.services: at least one service is needed");
    cJSON_ArrayForEach(s, services)
    {
        const char *name = json_str(s, "name");
        if (!name)
            return fail(c, "object.services: every service needs a name");
        if (!service_exists(c, name))
            return false;
        total += json_num(s, "weight", 100);
    }
    if (json_count(services) > 1 && fabs(total - 100) > 0.001)
        return fail(c, "object.services: the weights add up to %g, must be 100", total);
    return true;
}

static bool domains_exist(struct call *c, const cJSON *before, const cJSON *route)
{
    const cJSON *d;

    if (stays(before, route, "domains"))
        return true;
    cJSON_ArrayForEach(d, json_get(route, "domains"))
    {
        if (!cJSON_IsString(d))
            return fail(c, "object.domains: must be strings");
        if (!gw_get(c, "domain", d->valuestring, NULL, MISSING_IS_NULL) && !failed(c))
            return fail(c, "object.domains: there is no domain '%s'; create it first",
                        text_clean(arena(c), d->valuestring, 120));
        if (failed(c))
            return false;
    }
    return true;
}

static bool provider_exists(struct call *c, const cJSON *upstream)
{
    const char *name = json_str(upstream, "provider");

    if (!name)
        return fail(c, "object.upstreams: every upstream needs a provider");
    if (gw_get(c, "ai-provider", name, NULL, MISSING_IS_NULL))
        return true;
    return !failed(c) &&
           fail(c, "object.upstreams: there is no AI provider '%s'; add_provider adds one",
                text_clean(arena(c), name, 120));
}

static bool ai_route_is_good(struct call *c, const cJSON *route)
{
    const cJSON *u;
    double total = 0;

    if (json_count(json_get(route, "upstreams")) == 0)
        return fail(c, "object.upstreams: at least one is needed");
    cJSON_ArrayForEach(u, json_get(route, "upstreams"))
    {
        if (!provider_exists(c, u))
            return false;
        if (!cJSON_IsNumber(json_get(u, "weight")))
            return fail(c, "object.upstreams: every upstream needs a weight");
        total += json_num(u, "weight", 0);
    }
    if (fabs(total - 100) > 0.001)
        return fail(c, "object.upstreams: the weights add up to %g, must be 100", total);
    return true;
}

/* wanted: what the caller gave; before: NULL for a create; after: the whole. */
static bool is_good(struct call *c, const char *kind, const cJSON *wanted, const cJSON *before,
                    const cJSON *after)
{
    if (!strcmp(kind, "route"))
        return nothing_dropped(c, wanted) && path_is_good(c, after) &&
               services_are_good(c, before, after) && domains_exist(c, before, after);
    if (!strcmp(kind, "ai-route"))
        return ai_route_is_good(c, after);
    return true;
}

/* -- changing --------------------------------------------------------------------------------- */

static bool create(struct call *c, struct plan *p, const char *kind, const cJSON *object)
{
    const char *scope = arg_str(c, "scope");
    const char *name = gw_name_of(kind, object);
    cJSON *after = json_clone(arena(c), object);

    if (!name && arg_str(c, "name"))
        json_set_str(arena(c), after, gw_kind_key(kind), name = arg_str(c, "name"));
    if (!name)
        return fail(c, "object.%s: is needed, it names the new %s", gw_kind_key(kind), kind);
    if (gw_get(c, kind, name, scope, MISSING_IS_NULL))
        return fail(c, "%s '%s' exists already; use patch or replace", kind,
                    text_clean(arena(c), name, 120));
    if (failed(c) || !is_good(c, kind, object, NULL, after))
        return false;
    plan_title(p, "Create %s %s", kind, name);
    return plan_create(p, kind, scope, after);
}

static bool change_existing(struct call *c, struct plan *p, const char *kind, const cJSON *object)
{
    const char *action = arg_str(c, "action");
    const char *name = name_given(c);
    const char *scope = arg_str(c, "scope");
    const cJSON *before = name ? gw_get(c, kind, name, scope, MISSING_FAILS) : NULL;

    if (!before)
        return false;
    if (!strcmp(action, "delete")) {
        plan_title(p, "Delete %s %s", kind, name);
        plan_risk(p, DESTROY);
        return plan_remove(p, kind, name, scope, before);
    }
    bool patch = !strcmp(action, "patch");
    cJSON *after =
        patch ? json_merge_patch(arena(c), before, object) : json_clone(arena(c), object);
    if (!json_get(after, gw_kind_key(kind)))
        json_set_str(arena(c), after, gw_kind_key(kind), name);
    if (json_equal(before, after))
        return fail(c, "%s '%s' already looks like that", kind, name);
    if (!is_good(c, kind, object, before, after))
        return false;
    plan_title(p, "%s %s %s", patch ? "Change" : "Replace", kind, name);
    return plan_put(p, kind, name, scope, before, after);
}

static bool change(struct call *c, struct plan *p)
{
    const char *kind = arg_str(c, "kind");
    const char *action = arg_str(c, "action");
    const cJSON *object = arg_json(c, "object");

    if (!object && strcmp(action, "delete"))
        return fail(c, "object: is required for %s", action);
    if (!strcmp(action, "create"))
        return create(c, p, kind, object);
    return change_existing(c, p, kind, object);
}

static const struct tool tools[] = {
    {
        .name = "list_resources",
        .title = "List resources",
        .about = "Lists one kind of resource, one line each.",
        .risk = READ,
        .in = list_in,
        .out = list_out,
        .read = list,
        .say = say_list,
    },
    {
        .name = "get_resource",
        .title = "Get a resource",
        .about = "Returns one resource whole.",
        .risk = READ,
        .in = get_in,
        .out = get_out,
        .read = get,
    },
    {
        .name = "change_resource",
        .title = "Change a resource",
        .about = "Plans to create, patch, replace or delete one resource of any kind.",
        .risk = CHANGE,
        .in = change_in,
        .out = change_out,
        .plan = change,
    },
    { 0 },
};

const struct toolset toolset_resource = {
    .name = "resource",
    .about = "Every kind of resource.",
    .tools = tools,
};
