/* verify_regex.c - the size of expressions, held against what the gateway's bootstrap allows.
 *
 * Envoy says in its runtime how many instructions it takes; where it cannot be asked, an expression
 * that is too large for a stock Envoy is a warning.
 */
#include "config/config.h"
#include "plan/verify_private.h"
#include "rule/check.h"
#include "rule/regex.h"
#include "signal/envoy.h"
#include <math.h>

static const char key[] = "re2.max_program_size.error_level";

static double allowed_regex_size(struct verify *v)
{
    const struct config *config = gateway_config(v->g);
    struct err why = { 0 }; /* not to be known is no reason to refuse */
    return config->envoy_admin ? envoy_runtime(gateway_loop(v->g), config, v->p->arena, key,
                                               REGEX_SIZE_STOCK, v->cancel, &why)
                               : NAN;
}

bool verify_regex(struct verify *v)
{
    struct arena *a = v->p->arena;
    struct check_largest x = check_largest_expression(a, v->op->after);
    if (x.size <= REGEX_SIZE_STOCK)
        return true;
    struct check_largest before = check_largest_expression(a, v->op->before);
    if (before.expression && !strcmp(before.expression, x.expression))
        return true; /* it stood there before */
    double most = allowed_regex_size(v);
    if (isnan(most))
        plan_warn(v->p,
                  "%s.matchValue: '%s' compiles to %d instructions; an Envoy whose bootstrap does "
                  "not set %s takes %d and refuses all routes for a larger one",
                  x.where, text_clean(a, x.expression, 80), x.size, key, REGEX_SIZE_STOCK);
    return !(x.size > most) ||
           err_set(v->p->err, ERR_ARGS,
                   "%s '%s': %s.matchValue: '%s' compiles to %d instructions, of which this "
                   "gateway's Envoy takes %.0f (%s); it would refuse all routes",
                   v->op->kind->name, v->op->name, x.where, text_clean(a, x.expression, 80), x.size,
                   most, key);
}
