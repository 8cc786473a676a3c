/* xds_route.c - a rule to Envoy routes: the match, the target, rewriting, redirects, timeout.
 * Retries, headers, cors and rate limits are in xds_policy.c. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include "kind/ingress.h"

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

static void add_matcher(struct xds *x, cJSON *list, const struct route_predicate *p)
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
            add_matcher(x, headers, &method);
        }
        for (size_t i = 0; i < r->takes.header_count; i++)
            add_matcher(x, headers, &r->takes.headers[i]);
    }
    if (r->takes.query_count) {
        cJSON *queries = json_set_array(x->a, match, "query_parameters");
        for (size_t i = 0; i < r->takes.query_count; i++)
            add_matcher(x, queries, &r->takes.queries[i]);
    }
}

static cJSON *new_match(struct xds *x, const struct xds_rule *r, const char *how, const char *path)
{
    cJSON *m = json_object(x->a);
    json_set_str(x->a, m, how, path);
    json_set_bool(x->a, m, "case_sensitive",
                  !xds_annotation_true(x, r->policies, "ignore-path-case"));
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
static bool read_destination_line(struct xds *x, const char *line, struct target *t)
{
    char **word = annotation_items(x->a, line, " \t");
    t->weight = 100;
    if (word[0] && text_ends(word[0], "%")) {
        word[0][strlen(word[0]) - 1] = '\0';
        if (!annotation_int(word[0], &t->weight) || t->weight < 0 || t->weight > INGRESS_WEIGHT_MAX)
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

static size_t normalize_target_weights(struct xds *x, struct target *t, size_t n)
{
    long *weights = arena_array(x->a, long, n + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        weights[i] = t[i].weight;
    ingress_shares(weights, n);
    for (size_t i = 0; i < n; i++) {
        t[i].weight = weights[i];
        if (weights[i] > 0)
            t[kept++] = t[i];
    }
    return kept;
}

/* Of the canaries each takes its share of what the route gets. */
static size_t add_canaries(struct xds *x, const struct xds_rule *r, struct target *t, size_t n)
{
    long rest = 100;
    size_t all = n;
    for (const struct xds_rule *c = r->canaries; c; c = c->next_canary) {
        char **line = annotation_items(x->a, c->destination ? c->destination : "", "\r\n");
        struct target *mine = &t[all];
        if (!line[0] || c->weight <= 0 || c->weight > rest ||
            !read_destination_line(x, line[0], mine))
            continue;
        mine->weight = c->weight;
        rest -= c->weight;
        all++;
    }
    for (size_t i = 0; i < n; i++)
        t[i].weight = t[i].weight * rest / 100;
    return all;
}

/* False when Higress itself ignores the destination: a line cannot be read. */
static bool add_targets(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    char **line = annotation_items(x->a, r->destination ? r->destination : "", "\r\n");
    size_t n = 0, canaries = 0;
    while (line[n])
        n++;
    for (const struct xds_rule *c = r->canaries; c; c = c->next_canary)
        canaries++;
    struct target *t = arena_array(x->a, struct target, n + canaries + 1);
    for (size_t i = 0; i < n; i++)
        if (!read_destination_line(x, line[i], &t[i]))
            return false;
    n = add_canaries(x, r, t, normalize_target_weights(x, t, n));
    for (size_t i = 0; i < n; i++)
        note_target(x, r, t[i].cluster);
    if (n == 1)
        json_set_str(x->a, action, "cluster", t->cluster);
    else if (n > 1)
        add_weighted(x, action, t, n);
    return n > 0;
}

/* -- forwarding -----------------------------------------------------------------------------------
 */
static void add_route_timeout(struct xds *x, const struct xds_rule *r, cJSON *action)
{
    const char *text = xds_annotation(x, r->policies, "timeout");
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
    xds_rewrite(x, r, action);
    add_route_timeout(x, r, action);
    xds_retry(x, r, action);
    xds_hash(x, r, action);
    xds_mirror(x, r, action);
    return action;
}

/* -- the route -----------------------------------------------------------------------------------
 */
static cJSON *no_destination(struct xds *x, const struct xds_rule *r)
{
    xds_note(x, "ingress", xds_object_name(r->ingress),
             r->destination
                 ? "its destination is not usable (lines are [N%%] HOST[:PORT] [SUBSET]): its "
                   "requests get 503"
                 : "it has no destination: its requests get 503");
    cJSON *answer = json_object(x->a);
    json_set_num(x->a, answer, "status", 503);
    return answer;
}

static void set_action(struct xds *x, const struct xds_rule *r, cJSON *route)
{
    cJSON *to = xds_redirect(x, r);
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
    xds_addresses(x, r, shape);
    json_add(x->a, routes, shape);
    if (n < 2)
        return;
    cJSON *below = json_clone(x->a, shape);
    json_set(x->a, below, "match", match[1]);
    json_add(x->a, routes, below);
}
