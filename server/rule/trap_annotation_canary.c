/* trap_annotation_canary.c - traps of canaries and of routes made of spec.defaultBackend: routes of
 * another name that take the requests of a base route and not its rules. annotations.md 3, 9.
 *
 * A canary belongs to the base route with its host, path and predicates. By weight it joins the
 * base; by header or cookie it is a route of its own, put before the base.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/route_look_private.h"
#include "rule/trap_private.h"
#include <stdlib.h>
#include <string.h>

/* -- which canary, which base ----------------------------------------------------------------- */

/* The first that is there ends the controller's reading; the value is read before the header. */
enum way { BY_WEIGHT, BY_HEADER };

static enum way way_of(const cJSON *route)
{
    bool cookie = !route_annotation(route, "canary-by-header-value", NULL) &&
                  !route_annotation(route, "canary-by-header-pattern", NULL) &&
                  route_annotation(route, "canary-by-cookie", NULL);
    return cookie || route_annotation(route, "canary-by-header", NULL) ? BY_HEADER : BY_WEIGHT;
}

static bool is_canary(const cJSON *route)
{
    return route_says(route, "canary");
}

static bool equal_text(const char *x, const char *y)
{
    return !strcmp(x, y);
}

/* Predicates in any order. */
static bool same_predicates(const cJSON *x, const cJSON *y)
{
    const cJSON *p, *q;
    if (json_count(x) != json_count(y))
        return false;
    cJSON_ArrayForEach(p, x)
    {
        bool found = false;
        cJSON_ArrayForEach(q, y) found =
            found || (equal_text(json_text(p, "key"), json_text(q, "key")) &&
                      equal_text(json_text(p, "matchType"), json_text(q, "matchType")) &&
                      equal_text(json_text(p, "matchValue"), json_text(q, "matchValue")));
        if (!found)
            return false;
    }
    return true;
}

static bool shares_host(const cJSON *x, const cJSON *y)
{
    const cJSON *d, *e;
    const cJSON *hosts = json_get(x, "domains"), *others = json_get(y, "domains");
    if (json_count(hosts) == 0 || json_count(others) == 0)
        return json_count(hosts) == json_count(others);
    cJSON_ArrayForEach(d, hosts) cJSON_ArrayForEach(e, others) if (json_equal(d, e)) return true;
    return false;
}

static bool has_base(const cJSON *canary, const cJSON *base)
{
    const cJSON *p = json_get(canary, "path"), *q = json_get(base, "path");
    const cJSON *m = json_get(canary, "methods"), *n = json_get(base, "methods");
    return !is_canary(base) && shares_host(canary, base) &&
           equal_text(json_text(p, "matchType"), json_text(q, "matchType")) &&
           equal_text(json_text(p, "matchValue"), json_text(q, "matchValue")) &&
           json_count(m) == json_count(n) && (json_count(m) == 0 || json_equal(m, n)) &&
           same_predicates(json_get(canary, "headers"), json_get(base, "headers")) &&
           same_predicates(json_get(canary, "urlParams"), json_get(base, "urlParams"));
}

static bool find_base_at(const struct trap_walk *t, const struct trap_object *canary,
                         const char *host, struct trap_object *base)
{
    const char *path = json_text(json_get(canary->json, "path"), "matchValue");
    int n;
    const struct trap_place *places = trap_places(trap_of(t), host, path, &n);
    for (int i = 0; i < n; i++) {
        *base = places[i].route;
        if (base->json != canary->json && has_base(canary->json, base->json))
            return true;
    }
    return false;
}

static bool find_base(const struct trap_walk *t, const struct trap_object *canary,
                      struct trap_object *base)
{
    const cJSON *host, *hosts = json_get(canary->json, "domains");
    if (json_count(hosts) == 0)
        return find_base_at(t, canary, "", base);
    cJSON_ArrayForEach(host, hosts)
    {
        if (cJSON_IsString(host) && find_base_at(t, canary, host->valuestring, base))
            return true;
    }
    return false;
}

/* -- by itself -------------------------------------------------------------------------------- */

static void look_off(struct look *l)
{
    const cJSON *m;
    if (is_canary(l->tree))
        return;
    cJSON_ArrayForEach(m, json_members(route_custom(l->tree)))
    {
        if (strstr(m->string, "/canary-")) {
            look_say(l, route_place(l, m->string),
                     "does nothing without canary: true; the route is an ordinary one, and where "
                     "another has its host and path the younger of the two is dropped");
            return;
        }
    }
}

static void look_value_alone(struct look *l)
{
    static const char *const names[] = { "canary-by-header-value", "canary-by-header-pattern" };
    const char *full = NULL;
    if (!is_canary(l->tree) || way_of(l->tree) == BY_HEADER)
        return;
    for (int i = 0; i < 2; i++)
        if (route_annotation(l->tree, names[i], &full))
            look_say(l, route_place(l, full),
                     "has no canary-by-header beside it: the canary is one by weight 0 and gets no "
                     "request");
}

static void look_weight_dead(struct look *l)
{
    const char *full = NULL;
    if (is_canary(l->tree) && way_of(l->tree) == BY_HEADER &&
        route_annotation(l->tree, "canary-weight", &full))
        look_say(l, route_place(l, full),
                 "is not read beside a header or cookie: only their requests go to the canary");
}

static void look_second_way(struct look *l)
{
    static const char *const ways[] = { "canary-by-header-value", "canary-by-header-pattern",
                                        "canary-by-cookie" };
    const char *first = NULL, *full = NULL;
    for (size_t i = 0; is_canary(l->tree) && i < sizeof ways / sizeof *ways; i++) {
        if (!route_annotation(l->tree, ways[i], &full))
            continue;
        if (first)
            look_say(l, route_place(l, full), "is not read beside %s", first);
        first = first ? first : ways[i];
    }
}

/* What the weight is a part of: the console always writes the base's services, whose sum counts. */
static double total_of(const struct trap_walk *t, const struct trap_object *canary, bool *by_base)
{
    struct trap_object base;
    const cJSON *s;
    double sum = 0;
    long own = 0;
    if (find_base(t, canary, &base))
        cJSON_ArrayForEach(s, json_get(base.json, "services")) sum += json_num(s, "weight", 100);
    *by_base = sum > 0;
    if (sum > 0)
        return sum;
    return route_number(canary->json, "canary-weight-total", &own, NULL) && own > 0 ? (double)own
                                                                                    : 100;
}

static const char *canary_place(const struct trap_walk *t, const char *full)
{
    return arena_printf(trap_arena(t), "customConfigs.%s", full);
}

static void weight_zero(struct trap_walk *t, const struct trap_object *o)
{
    const char *full = NULL;
    bool by_base;
    long n;
    if (!is_canary(o->json) || way_of(o->json) == BY_HEADER)
        return;
    bool given = route_number(o->json, "canary-weight", &n, &full);
    double total = total_of(t, o, &by_base);
    if (!given)
        trap_add(t, o, "customConfigs.higress.io/canary-weight",
                 "is no whole number or missing: the canary gets no request");
    else if (n >= 0 && (double)n * 100 < total)
        trap_add(t, o, canary_place(t, full),
                 "is %ld of %g, which is cut down to 0 percent: the canary gets no request", n,
                 total);
}

static void weight_all(struct trap_walk *t, const struct trap_object *o)
{
    const char *full = NULL;
    bool by_base;
    long n;
    if (!is_canary(o->json) || way_of(o->json) == BY_HEADER ||
        !route_number(o->json, "canary-weight", &n, &full))
        return;
    double total = total_of(t, o, &by_base);
    if ((double)n >= total)
        trap_add(t, o, canary_place(t, full),
                 "is %ld of %g: the canary gets every request and the base route none; an Envoy "
                 "that is not Higress' own refuses every route of the gateway for it",
                 n, total);
}

static void total_dead(struct trap_walk *t, const struct trap_object *o)
{
    const char *full = NULL;
    bool by_base;
    long n;
    if (!is_canary(o->json) || !route_number(o->json, "canary-weight-total", &n, &full))
        return;
    double total = total_of(t, o, &by_base);
    if (by_base && total != (double)n)
        trap_add(t, o, canary_place(t, full),
                 "is not read: the base route names its services with a weight of %g together, and "
                 "canary-weight is a part of that",
                 total);
}

/* -- beside the base -------------------------------------------------------------------------- */

static void no_base(struct trap_walk *t, const struct trap_object *o)
{
    struct trap_object base;
    if (is_canary(o->json) && !find_base(t, o, &base))
        trap_add(t, o, "customConfigs",
                 "is a canary of no route: none that was read has its host, path, methods and "
                 "predicates, and the controller ignores it without a word");
}

/* Enabled plugins at that route, as a list for a sentence; "" where there is none. */
static const char *rules_at(const struct trap_walk *t, const char *route, const char *but_not)
{
    const struct trap_world *w = trap_of(t);
    const char *scope = arena_printf(trap_arena(t), "route:%s", route), *list = "";
    const char *other = arena_printf(trap_arena(t), "route:%s", but_not);
    for (struct trap_object o = { 0 }; trap_next_of(w, "plugin-instance", NULL, scope, &o);)
        if (trap_enabled(&o) && !trap_runs_at(w, o.name, other) &&
            !trap_runs_at(w, o.name, "global"))
            list = arena_printf(trap_arena(t), "%s%s%s", list, *list ? ", " : "",
                                trap_name(t, o.name));
    return list;
}

static bool route_asks_login(const cJSON *route)
{
    return json_true(json_get(route, "authConfig"), "enabled");
}

/* What holds for requests of `from` and not for those of `to`. */
static const char *lost_rules(const struct trap_walk *t, const struct trap_object *from,
                              const struct trap_object *to)
{
    const char *list = rules_at(t, from->name, to->name);
    if (!route_asks_login(from->json) || route_asks_login(to->json))
        return list;
    return arena_printf(trap_arena(t), "%s%skey-auth of its consumers", list, *list ? ", " : "");
}

static void escapes(struct trap_walk *t, const struct trap_object *o)
{
    struct trap_object base;
    if (!is_canary(o->json) || way_of(o->json) != BY_HEADER || !find_base(t, o, &base))
        return;
    const char *rules = lost_rules(t, &base, o);
    if (*rules)
        trap_add(
            t, o, "customConfigs",
            "takes requests of route %s by one header or cookie, and that route's rules do not "
            "hold for it: %s. Give the canary the same",
            trap_name(t, base.name), rules);
}

static void own_route(struct trap_walk *t, const struct trap_object *o)
{
    struct trap_object base;
    if (is_canary(o->json) && way_of(o->json) == BY_HEADER && find_base(t, o, &base) &&
        !*lost_rules(t, &base, o))
        trap_add(t, o, "customConfigs",
                 "is a route of its own before route %s: rules that are bound to that route's name "
                 "later will not hold for it; an Envoy that is not Higress' own refuses every "
                 "route of the gateway for it",
                 trap_name(t, base.name));
}

static void drops_predicates(struct trap_walk *t, const struct trap_object *o)
{
    struct trap_object base;
    if (is_canary(o->json) && way_of(o->json) == BY_HEADER && find_base(t, o, &base) &&
        json_count(json_get(base.json, "headers")) > 0)
        trap_add(t, o, "customConfigs",
                 "replaces the header predicates of route %s by the canary's: requests without "
                 "those headers are taken, too",
                 trap_name(t, base.name));
}

/* Routes "NAME-default" and "NAME-default-hosts" are what becomes of spec.defaultBackend of NAME.
 */
static void default_route(struct trap_walk *t, const struct trap_object *o)
{
    const char *end = text_ends(o->name, "-default")         ? "-default"
                      : text_ends(o->name, "-default-hosts") ? "-default-hosts"
                                                             : NULL;
    struct trap_object base;
    if (!end || !trap_lookup(trap_of(t), "route",
                             arena_strndup(trap_arena(t), o->name, strlen(o->name) - strlen(end)),
                             NULL, &base))
        return;
    const char *rules = lost_rules(t, &base, o);
    if (*rules)
        trap_add(t, o, "",
                 "takes what route %s leaves, and that route's rules do not hold for it: %s. Give "
                 "it the same",
                 trap_name(t, base.name), rules);
}

/* -- the table -------------------------------------------------------------------------------- */

#define ALONE .about = "route", .judge = look_judge
#define BESIDE(fn) .about = "route", .beside = "route", .judge = fn
#define BESIDE_RULES(fn) .about = "route", .beside = "route|plugin-instance", .judge = fn
#define WAYS                                                                                       \
    "The controller reads value, pattern, cookie, then weight, and ends at the first that is "     \
    "there."

const struct trap trap_annotation_canary_rows[] = {
    { .number = "annotations 3 header canary",
      .verdict = "CANARY_ESCAPES",
      .title = "A canary that passes the rules of its base by",
      .rule = "A canary by header or cookie is a route of the canary's name, put before the base: "
              "plugin rules that name the base do not act on it.",
      .risk = TRAP_OPEN,
      BESIDE_RULES(escapes) },
    { .number = "annotations 3 header canary later",
      .verdict = "CANARY_OWN_ROUTE",
      .title = "A canary that is a route of its own",
      .rule = "A canary by header or cookie is a route of the canary's name, put before the base.",
      .risk = TRAP_NOTE,
      BESIDE_RULES(own_route) },
    { .number = "annotations 3 predicates",
      .verdict = "CANARY_DROPS_PREDICATES",
      .title = "A canary that drops the base's headers",
      .rule = "By header or cookie the base's own header predicates are replaced by the canary's.",
      .risk = TRAP_OPEN,
      BESIDE(drops_predicates) },
    { .number = "annotations 9 defaultBackend",
      .verdict = "DEFAULT_ESCAPES",
      .title = "A default route that passes the rules of its Ingress by",
      .rule = "The route of spec.defaultBackend has a name of its own: plugin rules that name the "
              "Ingress do not act on it.",
      .risk = TRAP_OPEN,
      BESIDE_RULES(default_route) },
    { .number = "annotations 3 canary",
      .verdict = "CANARY_OFF",
      .title = "Canary annotations without canary",
      .rule = "Without canary: true the other annotations of canaries are not read.",
      .risk = TRAP_DEAD,
      ALONE,
      .with = LOOK_TAKEN(look_off) },
    { .number = "annotations 11 canary-by-header-value",
      .verdict = "CANARY_VALUE_ALONE",
      .title = "The value of a header that is not named",
      .rule = WAYS,
      .risk = TRAP_DEAD,
      ALONE,
      .with = LOOK_TAKEN(look_value_alone) },
    { .number = "annotations 3 canary-weight",
      .verdict = "CANARY_WEIGHT_DEAD",
      .title = "A weight beside a header or cookie",
      .rule = WAYS,
      .risk = TRAP_DEAD,
      ALONE,
      .with = LOOK_TAKEN(look_weight_dead) },
    { .number = "annotations 3 order",
      .verdict = "CANARY_SECOND_WAY",
      .title = "A second way of a canary",
      .rule = WAYS,
      .risk = TRAP_DEAD,
      ALONE,
      .with = LOOK_TAKEN(look_second_way) },
    { .number = "annotations 3 canary-weight percent",
      .verdict = "CANARY_WEIGHT_ZERO",
      .title = "A canary that gets nothing",
      .rule = "The share is a whole percent, cut down.",
      .risk = TRAP_DEAD,
      BESIDE(weight_zero) },
    { .number = "annotations 3 canary-weight total",
      .verdict = "CANARY_WEIGHT_ALL",
      .title = "A canary that gets everything",
      .rule = "A weight of the total or more leaves nothing to the base.",
      .risk = TRAP_BROKEN,
      BESIDE(weight_all) },
    { .number = "annotations 3 canary-weight-total",
      .verdict = "CANARY_TOTAL_DEAD",
      .title = "A total that is not read",
      .rule = "Where the base has the annotation destination, as all routes of the console have, "
              "the sum of its weights is the total.",
      .risk = TRAP_DEAD,
      BESIDE(total_dead) },
    { .number = "annotations 3 base",
      .verdict = "CANARY_NO_BASE",
      .title = "A canary of no route",
      .rule = "A canary belongs to the route with its host, path and predicates; without one it is "
              "ignored.",
      .risk = TRAP_DEAD,
      BESIDE(no_base) },
    { 0 },
};
