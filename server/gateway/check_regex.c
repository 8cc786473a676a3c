/* check_regex.c - expressions of predicates and limits, judged by RE2 itself (regex.h).
 *
 * Envoy refuses all routes of the gateway for one expression that it cannot read or whose program
 * is too large, so that every later change of any route is dead. Which size is too large is said by
 * the gateway's bootstrap: above the most that any is known to allow, an expression is refused; up
 * to there it is doubted.
 */
#include "gateway/check_inside.h"
#include "gateway/check_shared.h"
#include "gateway/regex.h"

enum { WHY_MAX = 120 };

/* The expression as Envoy gets it: a path goes on with anything. */
static int size_of(const struct check *c, const char *expression, const char *behind, char *why)
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
    int size = size_of(c, expression, behind, why);
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

static bool is_small(const struct check *c, const cJSON *predicate, const char *where,
                     const char *behind)
{
    const char *expression = expression_of(predicate);
    char why[WHY_MAX];
    int size = expression ? size_of(c, expression, behind, why) : 0;
    return size <= REGEX_SIZE_STOCK ||
           check_no(c,
                    "%s.matchValue: '%s' compiles to %d instructions; an Envoy whose bootstrap "
                    "does not set re2.max_program_size.error_level takes %d and refuses all routes "
                    "for a larger one",
                    where, check_shown(c, expression), size, REGEX_SIZE_STOCK);
}

bool check_regex_sizes(const struct check *c)
{
    static const char *const lists[] = { "headers", "urlParams", "headerPredicates",
                                         "urlParamPredicates", "modelPredicates" };
    static const char *const paths[] = { "path", "pathPredicate" };
    const cJSON *p;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (!is_small(c, json_get(c->after, paths[i]), paths[i], REGEX_REST_OF_PATH))
            return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int n = 0;
        cJSON_ArrayForEach(p, json_get(c->after, lists[i]))
        {
            if (!is_small(c, p, arena_printf(c->a, "%s[%d]", lists[i], n++), ""))
                return false;
        }
    }
    return true;
}
