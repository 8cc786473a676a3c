/* route_balance.c - looks at how a route's endpoints are chosen, at its mirror and at what holds
 * for its whole host (annotations.md 4, 5, 7). */
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include "rule/route_look_private.h"
#include <string.h>

static bool has_cookie(const struct look *l, const char **full)
{
    return route_annotation(l->tree, "affinity", full) ||
           route_annotation(l->tree, "session-cookie-name", full) ||
           route_annotation(l->tree, "session-cookie-path", full);
}

void route_look_affinity(struct look *l)
{
    const char *full = NULL, *value = route_annotation(l->tree, "affinity", &full);
    if (value && strcmp(value, "cookie") != 0)
        look_say(
            l, route_place(l, full),
            "keeps clients at one endpoint by a cookie, whatever its value is; leave it out to "
            "have none");
    else if (!value && has_cookie(l, &full))
        look_say(l, route_place(l, full),
                 "keeps clients at one endpoint by a cookie, without the annotation affinity");
}

void route_look_balance_shadowed(struct look *l)
{
    const char *full = NULL;
    bool cookie = has_cookie(l, NULL), hash = route_annotation(l->tree, "upstream-hash-by", NULL);
    if (cookie && route_annotation(l->tree, "upstream-hash-by", &full))
        look_say(l, route_place(l, full), "is not read beside affinity");
    if ((cookie || hash) && route_annotation(l->tree, "load-balance", &full))
        look_say(l, route_place(l, full), "is not read beside %s",
                 cookie ? "affinity" : "upstream-hash-by");
}

void route_look_hash_unread(struct look *l)
{
    const char *full = NULL, *by = route_annotation(l->tree, "upstream-hash-by", &full);
    if (!by || text_has_word("$request_uri|$host|$remote_addr", by))
        return;
    bool one = text_starts(by, "$http_") || text_starts(by, "$arg_");
    if (!one || strpbrk(by + 1, "$ {}"))
        look_say(l, route_place(l, full),
                 "is not one of $request_uri, $host, $remote_addr, $http_NAME and $arg_NAME: "
                 "nothing is hashed, endpoints take turns");
}

void route_look_passthrough(struct look *l)
{
    const char *full = NULL, *how = route_annotation(l->tree, "load-balance", &full);
    if (how && text_equal_nocase(how, "passthrough"))
        look_say(l, route_place(l, full),
                 "sends requests to the address they came to, which is the gateway itself");
}

void route_look_long_streams(struct look *l)
{
    const char *full = NULL;
    long n;
    if (route_number(l->tree, "timeout", &n, &full) && n > 0)
        look_say(l, route_place(l, full),
                 "holds for a whole answer: a stream that takes longer than %ld seconds is cut", n);
}

void route_look_mirror(struct look *l)
{
    const char *full = NULL;
    if (route_annotation(l->tree, "mirror-target-fqdn", NULL) &&
        route_annotation(l->tree, "mirror-target-service", &full))
        look_say(l, route_place(l, full), "is not read beside mirror-target-fqdn");
}

void route_look_ssl_passthrough(struct look *l)
{
    const char *full = NULL;
    if (annotation_true(route_annotation(l->tree, "ssl-passthrough", &full)))
        look_say(l, route_place(l, full),
                 "sends TLS of the whole host to one service unopened: logins, address lists, "
                 "limits and every other plugin of its routes do not act any more");
}

void route_look_ssl_passthrough_unread(struct look *l)
{
    const char *full = NULL;
    if (annotation_true(route_annotation(l->tree, "ssl-passthrough", &full)))
        look_say(l, route_place(l, full), "is not read: TLS ends at the gateway, or fails there");
}

void route_look_class(struct look *l)
{
    static const char name[] = "kubernetes.io/ingress.class";
    const char *class = json_str(route_custom(l->tree), name);
    if (class && *class && strcmp(class, "higress") != 0)
        look_say(l, route_place(l, name),
                 "is '%s': a controller that serves the class higress skips the Ingress, and the "
                 "route is not in the gateway",
                 look_name(l, class));
}

/* -- MCP servers by annotation (7a) ----------------------------------------------------------- */

void route_look_mcp_domains(struct look *l)
{
    const char *full = NULL;
    const char *list = route_annotation(l->tree, "mcp-server-match-rule-domains", &full);
    if (list && route_says(l->tree, "mcp-server") && strpbrk(list, " \t"))
        look_say(l, route_place(l, full),
                 "holds a blank, which stays part of a host's name: that host never matches");
}

void route_look_mcp_type(struct look *l)
{
    static const char *const names[] = { "mcp-server-match-rule-type", "mcp-server-upstream-type" };
    static const char *const words[] = { "exact|prefix|suffix|contains|regex",
                                         "rest|sse|streamable" };
    const char *full = NULL;
    if (!route_says(l->tree, "mcp-server"))
        return;
    if (!route_annotation(l->tree, names[0], NULL))
        look_say(l, look_place(l, "customConfigs.higress.io/%s", names[0]),
                 "is missing: the MCP server is not registered");
    for (int i = 0; i < 2; i++) {
        const char *value = route_annotation(l->tree, names[i], &full);
        if (value && !text_has_word(words[i], value))
            look_say(l, route_place(l, full),
                     "is none of %s, in small letters: the MCP server is not registered", words[i]);
    }
}

void route_look_mcp_quote(struct look *l)
{
    static const char *const names[] = { "mcp-server-match-rule-value",
                                         "mcp-server-match-rule-domains",
                                         "mcp-server-path-rewrite-prefix" };
    const char *full = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = route_annotation(l->tree, names[i], &full);
        if (value && route_says(l->tree, "mcp-server") && strpbrk(value, "\\\"\n"))
            look_say(l, route_place(l, full),
                     "holds a backslash, a quote or a line break, which the controller pastes into "
                     "JSON as it is: the sessions of every MCP server stop; write [.] for \\. and "
                     "[0-9] for \\d");
    }
}

void route_look_mcp_everywhere(struct look *l)
{
    const char *full = NULL,
               *path = route_annotation(l->tree, "mcp-server-match-rule-value", &full);
    const char *how = route_annotation(l->tree, "mcp-server-match-rule-type", NULL);
    const char *hosts = route_annotation(l->tree, "mcp-server-match-rule-domains", NULL);
    bool any = !path || (how && !strcmp(how, "prefix") && !strcmp(path, "/"));
    if (route_says(l->tree, "mcp-server") && any && (!hosts || !strcmp(hosts, "*")))
        look_say(l, full ? route_place(l, full) : "customConfigs.higress.io/mcp-server",
                 "takes every path of every host for this MCP server: requests of other routes are "
                 "read as its own, and rules behind it never match");
}
