/* explain_policy.c - how a route treats a request on its way: time limit, retries, rate limit, who
 * may pass, and the annotations that nothing else here reads, by name. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include "kind/annotation.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include <string.h>

enum { SHOWN = 120, DEFAULT_TRIES = 3, DEFAULT_BURST = 5, ANNOTATIONS = 12 };

static void answer_timeout(struct arena *a, cJSON *answer, const cJSON *route)
{
    const char *text = explain_own_annotation(route, "timeout");
    long seconds = 0;
    bool known = annotation_int(text, &seconds) && seconds > 0;
    json_set_str(a, answer, "timeout", known ? arena_printf(a, "%ld s", seconds) : "none");
    if (text && !known)
        explain_add_note(a, answer,
                         arena_printf(a, "timeout '%s' is no number of seconds and is ignored",
                                      text_clean(a, text, 40)));
}

/* -- retries -------------------------------------------------------------------------------------
 */
static bool repeats_method(const char *method, const cJSON *conditions)
{
    bool unsafe = !strcmp(method, "POST") || !strcmp(method, "PATCH") || !strcmp(method, "LOCK");
    return !unsafe || json_find_text(conditions, "non_idempotent");
}

static const char *join_policy_words(struct arena *a, const cJSON *words)
{
    const char *all = "";
    const cJSON *w;
    cJSON_ArrayForEach(w, words)
    {
        if (cJSON_IsString(w))
            all = arena_printf(a, "%s%s%s", all, *all ? ", " : "", w->valuestring);
    }
    return text_clean(a, all, 2 * SHOWN);
}

static void add_retries(struct arena *a, cJSON *answer, const struct route_request *request,
                        const cJSON *route)
{
    const cJSON *next = explain_part(route, "proxyNextUpstream");
    const cJSON *conditions = json_get(next, "conditions");
    double each = json_num(next, "timeout", 0), tries = json_num(next, "attempts", DEFAULT_TRIES);
    bool given = json_count(conditions) || cJSON_IsNumber(json_get(next, "attempts")) || each > 0;
    const char *on = json_count(conditions) ? join_policy_words(a, conditions) : "5xx";

    if (!given) { /* what certainly did not reach the service, and 503 */
        tries = 2;
        on = "connect failures, refused streams, 503";
    }
    if (tries <= 0 || json_find_text(conditions, "off"))
        json_set_str(a, answer, "retries", "none");
    else if (!repeats_method(request->method, conditions))
        json_set_str(a, answer, "retries",
                     arena_printf(a, "none for %s: non_idempotent is not among the conditions",
                                  request->method));
    else
        json_set_str(a, answer, "retries",
                     arena_printf(a, "%.0f on %s%s", tries, on,
                                  each > 0 ? arena_printf(a, ", %.0f s a try", each) : ""));
}

/* -- limits --------------------------------------------------------------------------------------
 */
static void add_limit(struct arena *a, cJSON *answer, const cJSON *route)
{
    const char *minute = explain_own_annotation(route, "route-limit-rpm");
    const char *second = explain_own_annotation(route, "route-limit-rps");
    const char *text = explain_own_annotation(route, "route-limit-burst-multiplier");
    long limit = 0, burst = DEFAULT_BURST;

    if (!minute && !second)
        return;
    bool ok = annotation_int(minute ? minute : second, &limit) && limit > 0 &&
              (!text || (annotation_int(text, &burst) && burst > 0));
    if (!ok) {
        explain_add_note(
            a, answer, "its route-limit annotations hold no valid limit: since 2.2.4 that is none");
        return;
    }
    json_add_str(a, json_set_array(a, answer, "limits"),
                 arena_printf(a, "%ld a %s on the whole route of each gateway, %ld at once", limit,
                              minute ? "minute" : "second", limit * burst));
}

/* -- annotations ---------------------------------------------------------------------------------
 */
/* Said above by what they do. */
static bool is_said_by_effect(const char *key)
{
    static const char *const said[] = {
        "timeout",
        "route-limit-rpm",
        "route-limit-rps",
        "route-limit-burst-multiplier",
        "app-root",
        "full-path-regex",
        "canary",
        "canary-weight",
        "canary-weight-total",
    };
    const char *slash = strchr(key, '/');
    for (size_t i = 0; slash && i < sizeof said / sizeof *said; i++)
        if (strcmp(slash + 1, said[i]) == 0)
            return true;
    return false;
}

static bool is_gateways(const char *key)
{
    return text_starts(key, "higress.io/") || text_starts(key, "nginx.ingress.kubernetes.io/");
}

static void add_annotations(struct arena *a, cJSON *answer, const cJSON *route)
{
    const cJSON *shown = mask_object(a, kind_find("route"), route), *m;
    cJSON *list = json_array(a);
    cJSON_ArrayForEach(m, json_members(json_get(shown, "customConfigs")))
    {
        if (!cJSON_IsString(m) || !is_gateways(m->string) || is_said_by_effect(m->string))
            continue;
        if (json_count(list) < ANNOTATIONS)
            json_add_str(a, list,
                         arena_printf(a, "%s: %s", text_clean(a, m->string, SHOWN),
                                      text_clean(a, m->valuestring, SHOWN)));
    }
    if (json_count(list))
        json_set(a, answer, "annotations", list);
}

void explain_policy(struct arena *a, cJSON *answer, const struct route_request *request,
                    const cJSON *route)
{
    answer_timeout(a, answer, route);
    add_retries(a, answer, request, route);
    add_limit(a, answer, route);
    if (json_true(explain_part(route, "cors"), "enabled"))
        explain_add_note(a, answer,
                         "preflight requests (OPTIONS with Origin) are answered here: CORS");
    add_annotations(a, answer, route);
}
