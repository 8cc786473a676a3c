/* route_refusal.c - looks at values with which Envoy refuses every route of the gateway: durations,
 * statuses, weights, keys of a hash, line breaks. Each was tried on Envoy 1.40; the way of a value
 * there is that of the controller and its pilot (annotations.md 2 to 6). */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include "rule/route_look_private.h"
#include <string.h>

/* Envoy keeps durations as nanoseconds in 64 bits. */
static const double duration_max = 9223372035.0;

static void look_at_duration(struct look *l, double seconds, const char *path)
{
    if (seconds < 0)
        look_say(l, path, "is below 0, for which Envoy refuses every route of the gateway");
    else if (seconds > duration_max)
        look_say(l, path,
                 "is more than the %.0f seconds that Envoy takes; it refuses every route "
                 "of the gateway for it",
                 duration_max);
}

void route_look_timeout(struct look *l)
{
    const char *full = NULL;
    long n;
    if (route_number(l->tree, "timeout", &n, &full))
        look_at_duration(l, (double)n, route_place(l, full));
}

void route_look_try_timeout(struct look *l)
{
    const cJSON *retry = route_part(l->tree, "proxyNextUpstream");
    if (json_num(retry, "attempts", 3) > 0)
        look_at_duration(l, json_num(retry, "timeout", 0), "proxyNextUpstream.timeout");
}

void route_look_cookie_age(struct look *l)
{
    static const char *const ages[] = { "session-cookie-max-age", "session-cookie-expires" };
    const char *full = NULL;
    long n;
    bool on = route_annotation(l->tree, "affinity", NULL) ||
              route_annotation(l->tree, "session-cookie-name", NULL) ||
              route_annotation(l->tree, "session-cookie-path", NULL);
    for (int i = 0; on && i < 2; i++)
        if (route_number(l->tree, ages[i], &n, &full)) {
            look_at_duration(l, (double)n, route_place(l, full));
            return;
        }
}

void route_look_redirect_code(struct look *l)
{
    const char *full = NULL, *why;
    const char *code = route_annotation(l->tree, "permanent-redirect-code", &full);
    if (code && route_annotation(l->tree, "permanent-redirect", NULL) &&
        !route_annotation(l->tree, "temporal-redirect", NULL) &&
        annotation_judge(annotation_find("permanent-redirect-code"), code, &why) == VALUE_FATAL)
        look_say(l, route_place(l, full),
                 "is no redirect that Envoy makes: the route is left without an action, for which "
                 "Envoy refuses every route of the gateway");
}

/* -- weights ---------------------------------------------------------------------------------- */

void route_look_canary_weight(struct look *l)
{
    const char *full = NULL;
    long n;
    if (route_says(l->tree, "canary") && route_number(l->tree, "canary-weight", &n, &full) && n < 0)
        look_say(l, route_place(l, full),
                 "is below 0: the weights exceed 32 bits, for which Envoy refuses every route of "
                 "the gateway");
}

void route_look_weights(struct look *l)
{
    const cJSON *services = json_get(l->tree, "services"), *s;
    double most = 0;
    int i = 0;
    cJSON_ArrayForEach(s, services)
    {
        double weight = json_num(s, "weight", 100);
        most = weight > most ? weight : most;
        if (weight < 0)
            look_say(l, look_place(l, "services[%d].weight", i),
                     "is below 0: the weights exceed 32 bits, for which Envoy refuses every route "
                     "of the gateway");
        i++;
    }
    if (i > 1 && most == 0)
        look_say(l, "services",
                 "have no weight above 0, for which Envoy refuses every route of "
                 "the gateway");
}

/* -- hashing ---------------------------------------------------------------------------------- */

void route_look_hash(struct look *l)
{
    const char *full = NULL, *by = route_annotation(l->tree, "upstream-hash-by", &full);
    if (by && (!strcmp(by, "$http_") || !strcmp(by, "$arg_")))
        look_say(
            l, route_place(l, full),
            "names no header or parameter, for which Envoy refuses every route of the gateway");
}

/* -- texts ------------------------------------------------------------------------------------ */

static bool is_broken(const char *s)
{
    return s && strpbrk(s, "\r\n");
}

void route_look_line_breaks(struct look *l)
{
    static const char *const members[] = { "path", "host" };
    static const char *const names[] = { "app-root", "canary-by-header", "upstream-hash-by" };
    const cJSON *rewrite = route_part(l->tree, "rewrite");
    const char *full = NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (is_broken(json_str(rewrite, members[i])))
            look_say(l, look_place(l, "rewrite.%s", members[i]),
                     "holds a line break, for which Envoy refuses every route of the gateway");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_broken(route_annotation(l->tree, names[i], &full)))
            look_say(l, route_place(l, full),
                     "holds a line break, for which Envoy refuses every route of the gateway");
}

static void look_at_predicates(struct look *l, const cJSON *list)
{
    const cJSON *p;
    int i = 0;
    cJSON_ArrayForEach(p, list)
    {
        const char *type = json_text(p, "matchType"), *value = json_str(p, "matchValue");
        if (text_has_word("PRE|REGULAR", type) && value && !*value)
            look_say(l, look_place(l, "%s[%d].matchValue", list->string, i),
                     "is empty, for which Envoy refuses every route of the gateway");
        i++;
    }
}

void route_look_empty_predicates(struct look *l)
{
    look_at_predicates(l, route_headers(l->tree));
    look_at_predicates(l, route_params(l->tree));
}

/* Before 2.2.4 the number goes to Envoy cut to 32 bits; a minute's wins over a second's. */
void route_look_limit_zero(struct look *l)
{
    const char *full = NULL;
    long n;
    bool has = route_number(l->tree, "route-limit-rpm", &n, &full) ||
               route_number(l->tree, "route-limit-rps", &n, &full);
    if (has && (n & 0xffffffffL) == 0)
        look_say(l, route_place(l, full),
                 "is 0 in 32 bits, for which Envoy refuses every route of the gateway");
}
