/* xds_route.c - a rule to Envoy routes: the match, the target, rewriting, redirects, timeout.
 * Retries, headers, cors and rate limits are in xds_policy.c. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include <ctype.h>

/* -- match ---------------------------------------------------------------------------------------
 */
static cJSON *string_match(struct xds *x, const struct route_predicate *p)
{
    cJSON *m = json_object(x->a);
    if (strcmp(p->how, ROUTE_REGEX_VALUE) == 0)
        json_set_str(x->a, json_set_object(x->a, m, "safe_regex"), "regex", p->value);
    else
        json_set_str(x->a, m, p->how, p->value);
    return m;
}

static void add_predicate(struct xds *x, cJSON *list, const struct route_predicate *p)
{
    cJSON *item = json_add(x->a, list, json_object(x->a));
    char *name = arena_strdup(x->a, p->name);
    json_set_str(x->a, item, "name", name);
    json_set(x->a, item, "string_match", string_match(x, p));
}

static void add_predicates(struct xds *x, const struct xds_rule *r, cJSON *match)
{
    if (r->takes.methods || r->takes.header_count) {
        cJSON *headers = json_set_array(x->a, match, "headers");
        if (r->takes.methods) {
            struct route_predicate method = { ":method", ROUTE_REGEX_VALUE, r->takes.methods,
                                              NULL };
            add_predicate(x, headers, &method);
        }
        for (size_t i = 0; i < r->takes.header_count; i++)
            add_predicate(x, headers, &r->takes.headers[i]);
    }
    if (r->takes.query_count) {
        cJSON *queries = json_set_array(x->a, match, "query_parameters");
        for (size_t i = 0; i < r->takes.query_count; i++)
            add_predicate(x, queries, &r->takes.queries[i]);
    }
}

static cJSON *new_match(struct xds *x, const struct xds_rule *r, const char *how, const char *path)
{
    cJSON *m = json_object(x->a);
    json_set_str(x->a, m, how, path);
    json_set_bool(x->a, m, "case_sensitive",
                  !xds_annotation_true(x, r->ingress, "ignore-path-case"));
    add_predicates(x, r, m);
    return m;
}

/* Prefixes end at a segment: "/shop" is the path itself and whatever lies below "/shop/". */
int xds_matches(struct xds *x, const struct xds_rule *r, cJSON *match[2])
{
    if (r->takes.type == ROUTE_REGEX) {
        cJSON *m = json_object(x->a);
        json_set_str(x->a, json_set_object(x->a, m, "safe_regex"), "regex", r->takes.path);
        add_predicates(x, r, m);
        match[0] = m;
        return 1;
    }
    if (r->takes.type == ROUTE_EQUAL) {
        match[0] = new_match(x, r, "path", r->takes.path);
        return 1;
    }
    if (strcmp(r->takes.written, "/") == 0) {
        match[0] = new_match(x, r, "prefix", "/");
        return 1;
    }
    match[0] = new_match(x, r, "path", r->takes.path);
    match[1] = new_match(x, r, "prefix", arena_printf(x->a, "%s/", r->takes.path));
    return 2;
}

/* -- target --------------------------------------------------------------------------------------
 */
struct target {
    const char *cluster;
    long weight;
};

/* "[N%] host[:port] [subset]"; without a port, that of the service. */
static bool read_target(struct xds *x, const char *line, struct target *t)
{
    char **word = annotation_items(x->a, line, " \t");
    t->weight = 100;
    if (word[0] && text_ends(word[0], "%")) {
        word[0][strlen(word[0]) - 1] = '\0';
        if (!annotation_int(word[0], &t->weight) || t->weight < 0)
            return false;
        word++;
    }
    if (!word[0])
        return false;

    char *colon = strrchr(word[0], ':');
    long port = 80;
    if (colon) {
        *colon = '\0';
        if (!annotation_int(colon + 1, &port) || port < 1 || port > 65535)
            return false;
    } else {
        port = (long)json_num(x->hosts, word[0], 80);
    }
    t->cluster = arena_printf(x->a, "outbound|%ld|%s|%s", port, word[1] ? word[1] : "", word[0]);
    return true;
}

static void note_target(struct xds *x, const struct xds_rule *r, const char *cluster)
{
    const char *host = strrchr(cluster, '|') + 1;
    const char *subset = strchr(strchr(cluster, '|') + 1, '|') + 1;
    if (*subset != '|')
        xds_note(x, "ingress", xds_object_name(r->ingress),
                 "service versions are not rendered: requests for %s get 503 NC", cluster);
    else if (!json_get(x->hosts, host))
        xds_note(x, "ingress", xds_object_name(r->ingress),
                 "no rendered source provides the service %s: its requests get 503 NC", host);
}

static void add_weighted(struct xds *x, cJSON *action, const struct target *t, size_t n)
{
    cJSON *weighted = json_set_object(x->a, action, "weighted_clusters");
    cJSON *list = json_set_array(x->a, weighted, "clusters");
    for (size_t i = 0; i < n; i++) {
        cJSON *leg = json_add(x->a, list, json_object(x->a));
        json_set_str(x->a, leg, "name", t[i].cluster);
        json_set_num(x->a, leg, "weight", (double)t[i].weight);
    }
}

/* False when Higress itself ignores the destination: unreadable, or weights that are not 100. */
static bool add_targets(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    char **line = annotation_items(x->a, r->destination ? r->destination : "", "\r\n");
    size_t n = 0;
    long sum = 0;
    while (line[n])
        n++;
    struct target *t = arena_array(x->a, struct target, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!read_target(x, line[i], &t[i]))
            return false;
        sum += t[i].weight;
    }
    if (sum != 100)
        return false;
    for (size_t i = 0; i < n; i++)
        note_target(x, r, t[i].cluster);
    if (n == 1)
        json_set_str(x->a, action, "cluster", t->cluster);
    else
        add_weighted(x, action, t, n);
    return true;
}

/* -- rewriting -----------------------------------------------------------------------------------
 */
static void add_path_rewrite(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    const char *path = xds_annotation(x, r->ingress, "rewrite-path");
    if (!path)
        return;
    /* Higress writes one rewrite for both routes of a prefix, and makes it end with a slash. */
    bool slash = r->takes.type == ROUTE_PREFIX && !text_ends(path, "/");
    json_set_str(x->a, action, "prefix_rewrite",
                 arena_printf(x->a, "%s%s", path, slash ? "/" : ""));
}

static char *re2_groups(struct arena *a, const char *target)
{
    char *s = arena_strdup(a, target);
    for (char *c = s; *c; c++)
        if (*c == '$' && isdigit((unsigned char)c[1]))
            *c = '\\';
    return s;
}

static void add_target_rewrite(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    const char *target = xds_annotation(x, r->ingress, "rewrite-target");
    if (!target || json_get(action, "prefix_rewrite"))
        return;
    cJSON *rewrite = json_set_object(x->a, action, "regex_rewrite");
    json_set_str(x->a, json_set_object(x->a, rewrite, "pattern"), "regex", r->takes.path);
    json_set_str(x->a, rewrite, "substitution", re2_groups(x->a, target));
}

static void add_timeout(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    const char *text = xds_annotation(x, r->ingress, "timeout");
    long seconds = 0;
    if (text && (!annotation_int(text, &seconds) || seconds < 0)) {
        xds_note(x, "ingress", xds_object_name(r->ingress), "timeout is no number of seconds: '%s'",
                 text);
        seconds = 0;
    }
    json_set_str(x->a, action, "timeout", arena_printf(x->a, "%lds", seconds));
}

static cJSON *forward(struct xds *x, const struct xds_rule *r)
{
    cJSON *action = json_object(x->a);
    if (!add_targets(x, r, action))
        return NULL;
    add_path_rewrite(x, r, action);
    add_target_rewrite(x, r, action);
    const char *host = xds_annotation(x, r->ingress, "upstream-vhost");
    if (host)
        json_set_str(x->a, action, "host_rewrite_literal", host);
    add_timeout(x, r, action);
    xds_retry(x, r, action);
    return action;
}

/* -- redirects -----------------------------------------------------------------------------------
 */
static const char *status_name(long code)
{
    switch (code) {
    case 302:
        return "FOUND";
    case 303:
        return "SEE_OTHER";
    case 307:
        return "TEMPORARY_REDIRECT";
    case 308:
        return "PERMANENT_REDIRECT";
    default:
        return "MOVED_PERMANENTLY";
    }
}

/* "https://host:port/path": what is missing is taken from the request. */
static void set_location(struct xds *x, cJSON *redirect, const char *url)
{
    const char *rest = strstr(url, "://");
    if (rest) {
        const char *scheme = arena_strndup(x->a, url, (size_t)(rest - url));
        json_set_str(x->a, redirect, "scheme_redirect", scheme);
        rest += 3;
        size_t n = strcspn(rest, "/");
        char *host = arena_strndup(x->a, rest, n);
        char *colon = strrchr(host, ':');
        long port = 0;
        if (colon && annotation_int(colon + 1, &port) && port > 0 && port < 65536) {
            *colon = '\0';
            json_set_num(x->a, redirect, "port_redirect", (double)port);
        }
        json_set_str(x->a, redirect, "host_redirect", host);
        rest += n;
    } else {
        rest = url;
    }
    if (*rest == '/')
        json_set_str(x->a, redirect, "path_redirect", rest);
}

static cJSON *redirect(struct xds *x, const struct xds_rule *r)
{
    const char *temporary = xds_annotation(x, r->ingress, "temporal-redirect");
    const char *permanent = xds_annotation(x, r->ingress, "permanent-redirect");
    const char *text = xds_annotation(x, r->ingress, "permanent-redirect-code");
    bool https = xds_annotation_true(x, r->ingress, "ssl-redirect") ||
                 xds_annotation_true(x, r->ingress, "force-ssl-redirect");
    if (!https && !temporary && !permanent)
        return NULL;

    cJSON *to = json_object(x->a);
    long code = 301;
    if (text && (!annotation_int(text, &code) || code < 300 || code > 308))
        code = 301;
    if (https) {
        json_set_bool(x->a, to, "https_redirect", true);
        code = 308;
    } else {
        set_location(x, to, temporary ? temporary : permanent);
        code = temporary ? 302 : code;
    }
    json_set_str(x->a, to, "response_code", status_name(code));
    return to;
}

/* -- the route -----------------------------------------------------------------------------------
 */
static cJSON *no_destination(struct xds *x, const struct xds_rule *r)
{
    xds_note(x, "ingress", xds_object_name(r->ingress),
             r->destination ? "its destination is not usable (weights must add up to 100, ports be "
                              "numbers): its requests get 503"
                            : "it has no destination: its requests get 503");
    cJSON *answer = json_object(x->a);
    json_set_num(x->a, answer, "status", 503);
    return answer;
}

static void set_action(struct xds *x, const struct xds_rule *r, cJSON *route)
{
    cJSON *to = redirect(x, r);
    if (to) {
        json_set(x->a, route, "redirect", to);
        return;
    }
    cJSON *action = forward(x, r);
    if (action)
        json_set(x->a, route, "route", action);
    else
        json_set(x->a, route, "direct_response", no_destination(x, r));
}

void xds_routes(struct xds *x, const struct xds_rule *r, cJSON *routes)
{
    cJSON *match[2] = { NULL, NULL };
    int n = xds_matches(x, r, match);
    cJSON *shape = json_object(x->a);
    json_set_str(x->a, shape, "name", r->takes.name);
    json_set(x->a, shape, "match", match[0]);
    set_action(x, r, shape);
    xds_headers(x, r, shape);
    xds_cors(x, r, shape);
    xds_rate_limit(x, r, shape);
    json_add(x->a, routes, shape);
    if (n < 2)
        return;
    cJSON *below = json_clone(x->a, shape);
    json_set(x->a, below, "match", match[1]);
    json_add(x->a, routes, below);
}
