/* check_regex.c - expressions of predicates and limits, judged by RE2 itself (regex.h).
 *
 * Envoy refuses all routes of the gateway for one expression that it cannot read or whose program
 * is too large, so that every later change of any route is dead. Which size is too large is said by
 * the gateway's bootstrap (verify_regex.c asks it); what no gateway is known to allow is refused
 * here.
 */
#include "rule/check.h"
#include "rule/check_private.h"
#include "rule/check_shared_private.h"
#include "rule/regex.h"

enum { WHY_MAX = 120 };

/* The expression as Envoy gets it: a path goes on with anything. */
static int program_size(const struct check *c, const char *expression, const char *behind,
                        char *why)
{
    return regex_size(arena_printf(c->a, "%s%s", expression, behind), why, WHY_MAX);
}

static const char *expression_of(const cJSON *predicate)
{
    const char *type = json_str(predicate, "matchType");
    return type && !strcmp(type, "REGULAR") ? json_str(predicate, "matchValue") : NULL;
}

bool check_expression(const struct check *c, const char *where, const char *expression,
                      const char *behind)
{
    char why[WHY_MAX] = "";
    int size = program_size(c, expression, behind, why);
    if (size < 0)
        return check_no(c, "%s: '%s' is no regular expression of RE2: %s", where,
                        check_shown(c, expression), check_shown(c, why));
    return size <= REGEX_SIZE_ISTIO ||
           check_no(c,
                    "%s: '%s' compiles to %d instructions, of which a gateway allows %d; write a "
                    "shorter one",
                    where, check_shown(c, expression), size, REGEX_SIZE_ISTIO);
}

bool check_predicate(const struct check *c, const cJSON *predicate, const char *where,
                     const char *behind)
{
    const char *expression = expression_of(predicate);
    return !expression ||
           check_expression(c, arena_printf(c->a, "%s.matchValue", where), expression, behind);
}

/* The larger of what was found and this one. */
static void measure(const struct check *c, const cJSON *predicate, const char *where,
                    const char *behind, struct check_largest *out)
{
    const char *expression = expression_of(predicate);
    char why[WHY_MAX];
    int size = expression ? program_size(c, expression, behind, why) : 0;
    if (size > out->size)
        *out = (struct check_largest){ size, where, expression };
}

struct check_largest check_largest_expression(struct arena *a, const cJSON *object)
{
    static const char *const lists[] = { "headers", "urlParams", "headerPredicates",
                                         "urlParamPredicates", "modelPredicates" };
    static const char *const paths[] = { "path", "pathPredicate" };
    struct check_largest largest = { 0 };
    const struct check c = { .a = a };
    const cJSON *p;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        measure(&c, json_get(object, paths[i]), paths[i], REGEX_REST_OF_PATH, &largest);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int n = 0;
        cJSON_ArrayForEach(p, json_get(object, lists[i]))
        {
            measure(&c, p, arena_printf(a, "%s[%d]", lists[i], n++), "", &largest);
        }
    }
    return largest;
}
