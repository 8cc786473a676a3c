/* route.c - routes, one short line each: which request goes where.
 *
 *     orders api.example.com /orders* > orders.shop:8080 auth limit=10/s
 *
 * Paths: "/a*" prefix, "/a" exact, "~re" regular expression. The line is made for reading by a
 * model: about twenty tokens. get_resource has the whole object.
 */
#include "call/page.h"
#include "call/read.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_route;

static const struct field in[] = {
    { "domain", STR, OPT, NULL, .complete = "domain" },
    { "service", STR, OPT, "Or its beginning.", .complete = "service" },
    { "path", STR, OPT, "Routes for or under this path." },
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

static void add_host(struct buf *b, const cJSON *route)
{
    const cJSON *domains = json_get(route, "domains");
    const cJSON *d;
    const char *comma = " ";

    cJSON_ArrayForEach(d, domains)
    {
        buf_printf(b, "%s%s", comma, d->valuestring ? d->valuestring : "?");
        comma = ",";
    }
    if (json_count(domains) == 0)
        buf_str(b, " *");
}

static void add_path(struct buf *b, const cJSON *path)
{
    const char *type = json_str(path, "matchType");
    const char *value = json_str(path, "matchValue");
    bool prefix = type && !strcmp(type, "PRE");
    bool regular = type && !strcmp(type, "REGULAR");

    buf_printf(b, " %s%s%s", regular ? "~" : "", value ? value : "?", prefix ? "*" : "");
}

/* ".svc.cluster.local" says nothing to anybody. */
static void add_services(struct buf *b, const cJSON *services)
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
        buf_printf(b, "%s%.*s", comma, (int)n, name ? name : "");
        if (json_num(s, "port", 0) > 0)
            buf_printf(b, ":%.0f", json_num(s, "port", 0));
        if (json_count(services) > 1)
            buf_printf(b, "=%.0f%%", json_num(s, "weight", 100));
        comma = ",";
    }
}

static bool enabled(const cJSON *route, const char *part)
{
    const cJSON *o = json_get(route, part);
    const cJSON *e = json_get(o, "enabled");

    return cJSON_IsObject(o) && json_count(o) > 0 && (cJSON_IsTrue(e) || cJSON_IsNull(e) || !e);
}

static void add_flags(struct buf *b, const cJSON *route)
{
    static const struct {
        const char *annotation, *unit;
    } limits[] = { { "higress.io/route-limit-rps", "s" }, { "higress.io/route-limit-rpm", "m" } };
    const cJSON *custom = json_get(route, "customConfigs");
    const cJSON *m;

    cJSON_ArrayForEach(m, json_get(route, "methods"))
        buf_printf(b, " %s", m->valuestring ? m->valuestring : "?");
    if (json_count(json_get(route, "headers")) > 0)
        buf_str(b, " header");
    if (json_count(json_get(route, "urlParams")) > 0)
        buf_str(b, " query");
    if (json_true(json_get(route, "authConfig"), "enabled"))
        buf_str(b, " auth");
    if (enabled(route, "rewrite"))
        buf_str(b, " rewrite");
    for (int i = 0; i < 2; i++)
        if (json_str(custom, limits[i].annotation))
            buf_printf(b, " limit=%s/%s", json_str(custom, limits[i].annotation), limits[i].unit);
}

static void write_line(struct buf *b, const cJSON *route)
{
    const char *name = json_str(route, "name");

    buf_str(b, name ? name : "?");
    add_host(b, route);
    add_path(b, json_get(route, "path"));
    add_services(b, json_get(route, "services"));
    add_flags(b, route);
}

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

static bool fits(struct call *c, const cJSON *route)
{
    const char *domain = arg_str(c, "domain");
    const char *service = arg_str(c, "service");
    const char *path = arg_str(c, "path");

    return (!domain || domain_fits(domain, json_get(route, "domains"))) &&
           (!service || service_fits(service, json_get(route, "services"))) &&
           (!path || path_fits(path, json_get(route, "path")));
}

static bool take(struct call *c, void *arg, const cJSON *route)
{
    struct page *p = arg;

    if (!fits(c, route))
        return true;
    if (page_wants(p))
        write_line(page_line(p), route);
    page_match(p);
    return true;
}

static const cJSON *read_routes(struct call *c)
{
    struct page *p = page_new(c, arg_num(c, "limit", 0), arg_str(c, "cursor"), arg_str(c, "text"));

    return gw_each(c, "route", NULL, take, p) ? page_answer(p, "routes") : NULL;
}

static char *say_routes(struct call *c, const cJSON *answer)
{
    return page_say(c, answer, "routes", "routes");
}

static const struct tool tools[] = {
    {
        .name = "list_routes",
        .title = "List routes",
        .about =
            "Lists routes, one line each: name, host, path (* prefix, ~ regex), service, flags.",
        .risk = READ,
        .in = in,
        .out = out,
        .read = read_routes,
        .say = say_routes,
    },
    { 0 },
};

const struct toolset toolset_route = {
    .name = "route",
    .about = "Routes: which request goes to which service.",
    .tools = tools,
};
