/* route.c - routes, one short line each: which request goes where.
 *
 *     orders api.example.com /orders* > orders.shop:8080 header x-internal=1 auth=alice limit=10/s
 *
 * Paths: "/a*" prefix, "/a" exact, "~re" regular expression; values of headers and parameters the
 * same way. The line is made for reading by a model: about twenty tokens. get_resource has the
 * whole object.
 */
#include "call/page.h"
#include "call/read.h"
#include "rule/access.h"
#include "tool.h"
#include <fnmatch.h>
#include <string.h>

extern const struct toolset toolset_route;

enum { SCOPES_MAX = 20000 };

static const struct field in[] = {
    { "name", STR, OPT, "Or a pattern: camp-*.", .complete = "route" },
    { "domain", STR, OPT, NULL, .complete = "domain" },
    { "service", STR, OPT, "Or its beginning.", .complete = "service" },
    { "path", STR, OPT, "Routes for or under this path." },
    { "auth", STR, OPT, NULL, .one_of = "none|some" },
    { "text", STR, OPT, NULL },
    { "limit", INT, OPT, NULL, .min = 1, .max = 1000, .otherwise = "50", .flags = FIELD_BRIEF },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static const struct field out[] = {
    { "routes", LIST, REQ, NULL },
    { "count", INT, REQ, NULL },
    { "cursor", STR, OPT, NULL },
    { 0 },
};

static void write_route_hosts(struct buf *b, const cJSON *route)
{
    const cJSON *domains = json_get(route, "domains");
    const cJSON *d;
    const char *comma = " ";

    cJSON_ArrayForEach(d, domains)
    {
        buf_str(b, comma);
        buf_str(b, d->valuestring ? d->valuestring : "?");
        comma = ",";
    }
    if (json_count(domains) == 0)
        buf_str(b, " *");
}

static void write_route_match(struct buf *b, const cJSON *path)
{
    const char *type = json_str(path, "matchType");
    const char *value = json_str(path, "matchValue");
    bool prefix = type && !strcmp(type, "PRE");
    bool regular = type && !strcmp(type, "REGULAR");

    buf_str(b, regular ? " ~" : " ");
    buf_str(b, value ? value : "?");
    buf_str(b, prefix ? "*" : "");
}

/* ".svc.cluster.local" says nothing to anybody. */
static void write_route_services(struct buf *b, const cJSON *services)
{
    static const char tail[] = ".svc.cluster.local";
    const char *comma = " > ";
    const cJSON *s;

    cJSON_ArrayForEach(s, services)
    {
        const char *name = json_str(s, "name");
        size_t n = name ? strlen(name) : 0;
        if (name && text_ends(name, tail))
            n -= sizeof tail - 1;
        buf_str(b, comma);
        buf_add(b, name, n);
        if (json_num(s, "port", 0) > 0)
            buf_printf(b, ":%d", json_get(s, "port")->valueint);
        if (json_count(services) > 1)
            buf_printf(b, "=%.0f%%", json_num(s, "weight", 100));
        comma = ",";
    }
}

/* -- flags ------------------------------------------------------------------------------------ */

static bool enabled(const cJSON *route, const char *part)
{
    const cJSON *o = json_get(route, part);
    const cJSON *e = json_get(o, "enabled");

    return cJSON_IsObject(o) && json_count(o) > 0 && (cJSON_IsTrue(e) || cJSON_IsNull(e) || !e);
}

/* " header x-internal=1": what a request must have. */
static void add_conditions(struct buf *b, const char *word, const cJSON *list)
{
    const cJSON *m;

    cJSON_ArrayForEach(m, list)
    {
        const char *type = json_str(m, "matchType");
        const char *key = json_str(m, "key"), *value = json_str(m, "matchValue");
        bool prefix = type && !strcmp(type, "PRE"), regular = type && !strcmp(type, "REGULAR");
        buf_printf(b, " %s %s%s%s%s", word, key ? key : "?", regular ? "~" : "=",
                   value ? value : "", prefix ? "*" : "");
    }
}

/* The first of header, cookie, weight that is there is the one that counts. */
static void add_canary(struct buf *b, const cJSON *route)
{
    const char *header = gw_annotation(route, "canary-by-header");
    const char *value = gw_annotation(route, "canary-by-header-value");
    const char *pattern = gw_annotation(route, "canary-by-header-pattern");
    const char *cookie = gw_annotation(route, "canary-by-cookie");
    const char *weight = gw_annotation(route, "canary-weight");
    const char *total = gw_annotation(route, "canary-weight-total");

    if (!gw_annotation_true(route, "canary"))
        return;
    if (header)
        buf_printf(b, " canary=header %s%s%s", header, value || !pattern ? "=" : "~",
                   value     ? value
                   : pattern ? pattern
                             : "always");
    else if (cookie)
        buf_printf(b, " canary=cookie %s=always", cookie);
    else
        buf_printf(b, " canary=%s%s%s", weight ? weight : "0", total ? "/" : "%",
                   total ? total : "");
}

static void add_limits(struct buf *b, const cJSON *route)
{
    static const struct {
        const char *annotation, *unit;
    } limits[] = { { "route-limit-rps", "s" }, { "route-limit-rpm", "m" } };

    for (int i = 0; i < 2; i++)
        if (gw_annotation(route, limits[i].annotation))
            buf_printf(b, " limit=%s/%s", gw_annotation(route, limits[i].annotation),
                       limits[i].unit);
}

/* Who the route itself lets in: " auth=alice,bob". */
static void add_consumers(struct buf *b, const cJSON *route)
{
    const cJSON *auth = json_get(route, "authConfig");
    const cJSON *names = json_get(auth, "allowedConsumers");
    const cJSON *n;
    const char *comma = "";

    if (!json_true(auth, "enabled"))
        return;
    buf_str(b, json_count(names) ? " auth=" : " auth=nobody");
    cJSON_ArrayForEach(n, names)
    {
        buf_printf(b, "%s%s", comma, n->valuestring ? n->valuestring : "?");
        comma = ",";
    }
}

static void add_flags(struct buf *b, const cJSON *route)
{
    const cJSON *m;

    cJSON_ArrayForEach(m, json_get(route, "methods"))
        buf_printf(b, " %s", m->valuestring ? m->valuestring : "?");
    add_conditions(b, "header", json_get(route, "headers"));
    add_conditions(b, "query", json_get(route, "urlParams"));
    add_canary(b, route);
    if (enabled(route, "rewrite"))
        buf_str(b, " rewrite");
    add_limits(b, route);
}

/* May a flag hold a secret? Few routes have any of these: the others need no masked copy. */
static bool has_values(const cJSON *route)
{
    return json_count(json_get(route, "headers")) || json_count(json_get(route, "urlParams")) ||
           json_count(json_get(route, "customConfigs"));
}

/* by: what guards it, where that was asked. */
static void write_route_line(struct call *c, struct buf *b, const cJSON *route, const char *by)
{
    const char *name = json_str(route, "name");

    if (has_values(route))
        route = gw_masked(c, "route", route);
    buf_str(b, name ? name : "?");
    write_route_hosts(b, route);
    write_route_match(b, json_get(route, "path"));
    write_route_services(b, json_get(route, "services"));
    add_flags(b, route);
    if (by)
        buf_printf(b, " auth=%s", by);
    else
        add_consumers(b, route);
}

/* -- filters ---------------------------------------------------------------------------------- */

static bool domain_fits(const char *wanted, const cJSON *domains)
{
    const cJSON *d;

    cJSON_ArrayForEach(d, domains)
    {
        const char *have = d->valuestring ? d->valuestring : "";
        if (text_equal_nocase(have, wanted))
            return true;
        if (have[0] == '*' && have[1] == '.' && strlen(wanted) > strlen(have) - 1 &&
            text_equal_nocase(wanted + strlen(wanted) - strlen(have) + 1, have + 1))
            return true;
    }
    return json_count(domains) == 0 && !strcmp(wanted, "*");
}

/* The route takes the path, or its own path lies under it. */
static bool path_fits(const char *wanted, const cJSON *path)
{
    const char *type = json_str(path, "matchType");
    const char *value = json_str(path, "matchValue");
    size_t n = value ? strlen(value) : 0;

    if (!value)
        return false;
    if (text_starts(value, wanted))
        return true;
    while (n > 1 && value[n - 1] == '/')
        n--;
    return type && !strcmp(type, "PRE") && !strncmp(wanted, value, n) &&
           (n == 1 || wanted[n] == '/' || wanted[n] == '\0');
}

static bool service_fits(const char *wanted, const cJSON *services)
{
    const cJSON *s;

    cJSON_ArrayForEach(s, services)
    {
        const char *name = json_str(s, "name");
        if (name && !strncmp(name, wanted, strcspn(wanted, ":")))
            return true;
    }
    return false;
}

static bool route_is_wanted(struct call *c, const cJSON *route)
{
    const char *pattern = arg_str(c, "name");
    const char *name = json_str(route, "name");
    const char *domain = arg_str(c, "domain");
    const char *service = arg_str(c, "service");
    const char *path = arg_str(c, "path");

    return (!pattern || !fnmatch(pattern, name ? name : "", 0)) &&
           (!domain || domain_fits(domain, json_get(route, "domains"))) &&
           (!service || service_fits(service, json_get(route, "services"))) &&
           (!path || path_fits(path, json_get(route, "path")));
}

/* -- authentication --------------------------------------------------------------------------- */

struct listing {
    struct page *page;
    struct access *access; /* NULL: not asked */
    const char *gaps;
    bool none;
};

static bool take_access_instance(struct call *c, void *arg, const char *scope, const cJSON *o)
{
    (void)c;
    access_add(arg, scope, o);
    return true;
}

static void take_gap(void *arg, const char *scope)
{
    access_gap(arg, scope);
}

/* Is the route wanted by what guards it? *by is what its line says of that. */
static bool auth_fits(struct call *c, const struct listing *l, const cJSON *route, const char **by)
{
    enum access_kind k = access_of(l->access, arena(c), route, by);

    if (k == ACCESS_UNKNOWN)
        *by = "unread";
    if (k == ACCESS_PARTLY)
        *by = arena_printf(arena(c), "in part: %s", *by);
    return l->none ? k != ACCESS_GUARDED : k == ACCESS_GUARDED || k == ACCESS_PARTLY;
}

static bool take_route(struct call *c, void *arg, const cJSON *route)
{
    struct listing *l = arg;
    const char *by = NULL;

    if (!route_is_wanted(c, route) || (l->access && !auth_fits(c, l, route, &by)))
        return true;
    if (page_wants(l->page))
        write_route_line(c, page_line(l->page), route, by);
    page_match(l->page);
    return true;
}

static const cJSON *list_routes(struct call *c)
{
    const char *auth = arg_str(c, "auth");
    struct listing l = { .none = auth && !strcmp(auth, "none") };

    l.page = page_new(c, arg_num(c, "limit", 0), arg_str(c, "cursor"), arg_str(c, "text"));
    l.access = auth ? access_new(arena(c)) : NULL;
    if (auth && !gw_each_instance(c, SCOPES_MAX, take_access_instance, take_gap, l.access, &l.gaps))
        return NULL;
    cJSON *answer =
        gw_each(c, "route", NULL, take_route, &l) ? page_answer(l.page, "routes") : NULL;
    if (answer && l.gaps)
        json_set_str(arena(c), answer, "unread", l.gaps);
    return answer;
}

/* What the flags mean, of those that stand there. */
static const char *legend(struct call *c, const cJSON *lines)
{
    static const struct {
        const char *flag, *says;
    } flags[] = {
        { " auth=", "auth: who may call" },
        { " canary=", "canary: share or condition of the trial beside its base route" },
        { " limit=", "limit: of each gateway pod" },
    };
    struct buf *b = buf_in(arena(c), 400);
    const cJSON *line;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        cJSON_ArrayForEach(line, lines)
        {
            if (!strstr(line->valuestring, flags[i].flag))
                continue;
            buf_printf(b, "%s%s", b->len ? "; " : "(", flags[i].says);
            break;
        }
    return b->len ? arena_printf(arena(c), "%s)\n", b->data) : "";
}

static char *say_routes(struct call *c, const cJSON *answer)
{
    const char *unread = json_str(answer, "unread");

    return arena_printf(arena(c), "%s%s%s%s", page_say(c, answer, "routes", "routes"),
                        legend(c, json_get(answer, "routes")),
                        unread ? "NOT ALL WAS READ, so that more may be guarded: " : "",
                        unread ? unread : "");
}

static const struct tool tools[] = {
    {
        .name = "list_routes",
        .title = "List routes",
        .about =
            "Lists routes, one line each: name, host, path (* prefix, ~ regex), service, flags. "
            "auth: none finds those that anybody may call.",
        .risk = READ,
        .in = in,
        .out = out,
        .read = list_routes,
        .say = say_routes,
    },
    { 0 },
};

const struct toolset toolset_route = {
    .name = "route",
    .about = "Routes: which request goes to which service.",
    .tools = tools,
};
