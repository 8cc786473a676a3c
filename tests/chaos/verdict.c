/* verdict.c - is what the engine claims true? Held against the control plane itself. */
#include "chaos.h"

#include "plan/compare.h"

void scene_set(struct scene *s)
{
    for (int i = 0; i < s->plan->count; i++) {
        const struct plan_op *op = &s->plan->ops[i];
        s->before[i] = bad_console_object(s->console, s->arena, op->kind, op->name, op->scope);
    }
    s->generation = bad_console_generation(s->console);
}

static bool same(struct arena *a, const struct kind *k, const cJSON *x, const cJSON *y)
{
    if (!x || !y)
        return !x && !y;
    /* Of a kind with parts that reading never shows only the version tells. */
    const char *vx = k->needs ? kind_version_of(k, x) : NULL;
    const char *vy = k->needs ? kind_version_of(k, y) : NULL;
    return (!vx || !vy || !strcmp(vx, vy)) &&
           json_equal(kind_content(a, k, x), kind_content(a, k, y));
}

/* "written": what was wished is there, but for the differences that were told. */
static const char *stands(const struct scene *s, int i, const cJSON *now, const cJSON *claim)
{
    struct arena *a = s->arena;
    const struct plan_op *op = &s->plan->ops[i];
    if (op->verb == PLAN_DELETE)
        return now ? "said to be deleted, and it is there" : NULL;
    if (!now)
        return "said to be written, and it is not there";
    int told = json_count(json_get(claim, "differences"));
    int are = json_count(compare_wanted(a, op, now));
    const char *version = kind_version_of(op->kind, now),
               *was = kind_version_of(op->kind, s->before[i]);
    if (same(a, op->kind, s->before[i], now) && !(version && was && strcmp(version, was) != 0))
        return "said to be written, and it is as it was before";
    if (are != told)
        return arena_printf(a, "said to be written as wished, and it is %.400s",
                            json_print(a, now));
    return NULL;
}

static const char *one(const struct scene *s, int i, const cJSON *claim)
{
    const struct plan_op *op = &s->plan->ops[i];
    const char *outcome = json_str(claim, "outcome");
    cJSON *now = bad_console_object(s->console, s->arena, op->kind, op->name, op->scope);
    if (!outcome)
        return "an operation without an outcome";
    if (!strcmp(outcome, "unknown"))
        return NULL;
    if (!strcmp(outcome, "written"))
        return stands(s, i, now, claim);
    if (same(s->arena, op->kind, s->before[i], now))
        return NULL;
    return arena_printf(s->arena, "said to be '%s', and it was %.300s and is %.300s", outcome,
                        s->before[i] ? json_print(s->arena, s->before[i]) : "missing",
                        now ? json_print(s->arena, now) : "missing");
}

static const char *whole(const struct scene *s, const char *state, const cJSON *operations)
{
    const cJSON *o;
    int unwritten = 0;
    cJSON_ArrayForEach(o, operations)
    {
        const char *outcome = json_str(o, "outcome");
        unwritten += strcmp(outcome ? outcome : "", "written") != 0;
        if (outcome && !strcmp(outcome, "unknown") && strcmp(state, "unknown") != 0)
            return "an operation is unknown, and the state does not say so";
    }
    if (!strcmp(state, "applied") && (unwritten || json_count(operations) != s->plan->count))
        return "said to be applied, and not every operation is";
    if (!strcmp(state, "void") && bad_console_generation(s->console) != s->generation)
        return "said that nothing was written, and the console was changed";
    return NULL;
}

const char *verdict_on(const struct scene *s, const cJSON *shown)
{
    const char *state = json_str(shown, "state");
    const cJSON *operations = json_path(shown, "result.operations"), *o;
    int i = 0;
    if (!state || strchr("dpr", *state) || !strcmp(state, "applying"))
        return arena_printf(s->arena, "the state is %s", state ? state : "not there");
    if (json_count(operations) != s->plan->count)
        return "not one outcome for each operation";
    cJSON_ArrayForEach(o, operations)
    {
        const char *wrong = one(s, i, o);
        if (wrong)
            return arena_printf(s->arena, "%s: %s '%s' %s: %s", state, s->plan->ops[i].kind->name,
                                s->plan->ops[i].name,
                                s->plan->ops[i].scope ? s->plan->ops[i].scope : "", wrong);
        i++;
    }
    return whole(s, state, operations);
}
