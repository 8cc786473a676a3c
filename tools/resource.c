/* resource.c - any kind of resource: list, read whole, change.
 *
 * A change patches what is there. What the console would take and drop, or take and break on, is
 * refused with the way to say it by the kind's table (rule/check.h) and by what the gateway
 * holds (plan/verify.h), for every tool alike.
 */
#include "call/page.h"
#include "call/read.h"
#include "plan/draft.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_resource;

enum { SCOPES_MAX = 20000 };

static const struct field list_in[] = {
    { "kind", STR, REQ, NULL, .one_of = KIND_NAMES },
    { "scope", STR, OPT, "plugin-instance: global or domain|route|service:NAME; none: all." },
    { "text", STR, OPT, NULL },
    { "limit", INT, OPT, NULL, .min = 1, .max = 1000, .otherwise = "50", .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field list_out[] = {
    { "items", LIST, REQ, NULL },
    { "count", INT, REQ, NULL },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field get_in[] = {
    { "kind", STR, REQ, "As in list_resources.", .one_of = KIND_NAMES, .flags = FIELD_BRIEF },
    { "name", STR, OPT, NULL },
    { "scope", STR, OPT, "As in list_resources." },
    { "used_by", BOOL, OPT, "Also who uses it: what breaks without it." },
    { 0 },
};

static const struct field get_out[] = {
    { "object", OBJ, REQ, NULL, .flags = FIELD_OPEN },
    { 0 },
};

static const struct field change_in[] = {
    { "kind", STR, REQ, "As in list_resources.", .one_of = KIND_NAMES, .flags = FIELD_BRIEF },
    { "action", STR, REQ, NULL, .one_of = "create|patch|replace|delete" },
    { "name", STR, OPT, NULL },
    { "scope", STR, OPT, NULL },
    { "object", OBJ, OPT, "Whole object; patch: merge patch.", .flags = FIELD_OPEN },
    { "if_used", STR, OPT, NULL, .one_of = "cascade|force" },
    { 0 },
};

static const struct field change_out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, OPT, NULL },
    { 0 },
};

static const struct field describe_in[] = {
    { "kind", STR, REQ, "As in list_resources.", .one_of = KIND_NAMES, .flags = FIELD_BRIEF },
    { "plugin", STR, OPT, "Describes its configurations." },
    { "text", STR, OPT, NULL },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field describe_out[] = {
    { "fields", LIST, REQ, NULL }, { "rules", LIST, REQ, NULL }, { "example", ANY, REQ, NULL },
    { "count", INT, REQ, NULL },   { "cursor", STR, OPT, NULL }, { 0 },
};

/* -- listing ---------------------------------------------------------------------------------- */

static void write_resource_member(struct buf *b, const cJSON *m)
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

static void write_resource_line(struct call *c, struct buf *b, const char *kind, const cJSON *o)
{
    const cJSON *masked = gw_masked(c, kind, o);
    const char *key = gw_kind_key(kind);
    const char *name = gw_name_of(kind, o);
    const cJSON *m;

    buf_str(b, name ? name : "?");
    cJSON_ArrayForEach(m, masked)
    {
        if (strcmp(m->string, key) && strcmp(m->string, "version"))
            write_resource_member(b, m);
    }
}

static bool take_resource(struct call *c, void *arg, const cJSON *o)
{
    struct page *p = arg;

    if (page_wants(p))
        write_resource_line(c, page_line(p), arg_str(c, "kind"), o);
    page_match(p);
    return true;
}

/* " key-auth at route:orders enabled": its settings are long, and get_resource has them. */
static bool take_instance_line(struct call *c, void *arg, const char *scope, const cJSON *o)
{
    struct page *p = arg;
    const char *name = gw_name_of("plugin-instance", o);
    int members = json_count(json_get(o, "configurations"));

    (void)c;
    if (page_wants(p))
        buf_printf(page_line(p), "%s at %s%s configurations{%d}", name ? name : "?", scope,
                   json_true(o, "enabled") ? "" : " DISABLED", members);
    page_match(p);
    return true;
}

static const cJSON *list_resource(struct call *c)
{
    const char *kind = arg_str(c, "kind"), *scope = arg_str(c, "scope"), *gaps = NULL;
    struct page *p = page_new(c, arg_num(c, "limit", 0), arg_str(c, "cursor"), arg_str(c, "text"));
    bool all = !strcmp(kind, "plugin-instance") && !scope;
    bool ok = all ? gw_each_instance(c, SCOPES_MAX, take_instance_line, NULL, p, &gaps)
                  : gw_each(c, kind, scope, take_resource, p);
    cJSON *answer = ok ? page_answer(p, "items") : NULL;

    if (answer && gaps)
        json_set_str(arena(c), answer, "unread", gaps);
    return answer;
}

static char *say_resources(struct call *c, const cJSON *answer)
{
    const char *unread = json_str(answer, "unread");

    return arena_printf(arena(c), "%s%s%s", page_say(c, answer, "items", arg_str(c, "kind")),
                        unread ? "NOT ALL: " : "", unread ? unread : "");
}

/* The name given, or that of the only object of its kind. NULL after fail(). */
static const char *name_given(struct call *c)
{
    const char *name = arg_str(c, "name");
    const char *only = gw_kind_only(arg_str(c, "kind"));

    name = name ? name : only;
    return name ? name : fail_null(c, "name: is required, which %s?", arg_str(c, "kind"));
}

static const cJSON *get_resource(struct call *c)
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
    cJSON *users = arg_bool(c, "used_by") ? gw_users(c, kind, o) : NULL;
    if (users)
        json_set(arena(c), answer, "used_by", users);
    return failed(c) ? NULL : answer;
}

static char *say_object(struct call *c, const cJSON *answer)
{
    const cJSON *users = json_get(answer, "used_by");
    const cJSON *u;
    struct buf *b = buf_in(arena(c), 8 << 20);

    json_write(b, json_get(answer, "object"));
    if (users)
        buf_str(b, json_count(users) ? "\nused by:" : "\nused by: nobody");
    cJSON_ArrayForEach(u, users) buf_printf(b, "\n  %s", u->valuestring);
    return b->data;
}

/* -- describing ------------------------------------------------------------------------------- */

static const cJSON *describe_asked_kind(struct call *c)
{
    const char *kind = arg_str(c, "kind");
    const char *plugin = arg_str(c, "plugin");
    const cJSON *m, *d;

    if (plugin && strcmp(kind, "plugin-instance"))
        return fail_null(c, "plugin: only the kind plugin-instance has one");
    struct page *p = page_new(c, 100, arg_str(c, "cursor"), arg_str(c, "text"));
    d = gw_describe(c, kind, plugin);
    if (!d)
        return NULL;
    cJSON_ArrayForEach(m, json_get(d, "fields"))
    {
        buf_str(page_line(p), m->valuestring);
        page_match(p);
    }
    cJSON *answer = page_answer(p, "fields");
    const cJSON *rest = d->child;
    for (; answer && rest; rest = rest->next)
        if (strcmp(rest->string, "fields"))
            json_set(arena(c), answer, rest->string, json_clone(arena(c), rest));
    return answer;
}

static char *say_describe(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), 64 << 10);
    const cJSON *rule;

    buf_printf(b, "%s\n%s", json_str(answer, "about"), page_say(c, answer, "fields", "field"));
    cJSON_ArrayForEach(rule, json_get(answer, "rules")) buf_printf(b, "- %s\n", rule->valuestring);
    buf_printf(b, "example: %s", json_print(arena(c), json_get(answer, "example")));
    return b->data;
}

/* -- changing --------------------------------------------------------------------------------- */

static bool create_resource(struct call *c, struct plan *p, const char *kind, const cJSON *object)
{
    const char *scope = arg_str(c, "scope");
    const char *name = gw_name_of(kind, object);
    cJSON *after = json_clone(arena(c), object);

    const char *given = arg_str(c, "name");
    if (name && given && strcmp(name, given) != 0)
        return fail(c, "name: '%s' is not object.%s; a create takes one of them", given,
                    gw_kind_key(kind));
    if (!name && given)
        json_set_str(arena(c), after, gw_kind_key(kind), name = given);
    if (!name)
        return fail(c, "object.%s: is needed, it names the new %s", gw_kind_key(kind), kind);
    if (gw_get(c, kind, name, scope, MISSING_IS_NULL))
        return fail(c, "%s '%s' exists already; use patch or replace", kind,
                    text_clean(arena(c), name, 120));
    if (failed(c))
        return false;
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
    return plan_put(p, kind, name, scope, before, after);
}

static bool change_resource(struct call *c, struct plan *p)
{
    const char *kind = arg_str(c, "kind");
    const char *action = arg_str(c, "action");
    const cJSON *object = arg_json(c, "object");

    if (!object && strcmp(action, "delete"))
        return fail(c, "object: is required for %s", action);
    if (!strcmp(action, "create"))
        return create_resource(c, p, kind, object);
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
        .read = list_resource,
        .say = say_resources,
    },
    {
        .name = "get_resource",
        .title = "Get a resource",
        .about = "Returns one resource whole.",
        .risk = READ,
        .in = get_in,
        .out = get_out,
        .read = get_resource,
        .say = say_object,
    },
    {
        .name = "describe_kind",
        .title = "Describe a kind",
        .about = "Fields, rules and an example.",
        .risk = READ,
        .in = describe_in,
        .out = describe_out,
        .read = describe_asked_kind,
        .local = true,
        .say = say_describe,
    },
    {
        .name = "change_resource",
        .title = "Change a resource",
        .about = "Plans to create, patch, replace or delete one resource of any kind.",
        .risk = CHANGE,
        .in = change_in,
        .out = change_out,
        .plan = change_resource,
        .takes_terms = TERMS_DESCRIBED,
    },
    { 0 },
};

const struct toolset toolset_resource = {
    .name = "resource",
    .about = "Every kind of resource.",
    .tools = tools,
};
