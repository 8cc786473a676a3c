/* compare.c - what is there now, held against what an operation found and what it wanted. */
#include "plan/compare.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/diff.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/plan.h"

enum { LINES = 12 };

/* Takes out of now what neither the wish nor the state before knew: the gateway's own additions. */
static void prune(cJSON *now, const cJSON *wish, const cJSON *before)
{
    cJSON *next;
    int i = 0;
    for (cJSON *c = now->child; c; c = next, i++) {
        next = c->next;
        bool list = cJSON_IsArray(now);
        const cJSON *w = list ? cJSON_GetArrayItem(wish, i) : json_get(wish, c->string);
        const cJSON *b = list ? cJSON_GetArrayItem(before, i) : json_get(before, c->string);
        if (!w && !b && !list)
            json_detach(now, c);
        else if (w && c->child)
            prune(c, w, b);
    }
}

cJSON *compare_wanted(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    cJSON *wish = kind_content(a, op->kind, op->after);
    cJSON *is = kind_content(a, op->kind, now);
    cJSON *before = kind_content(a, op->kind, op->before);
    char unreadable[TEXT_WORD];
    for (const char *rest = wish ? op->kind->needs : NULL; text_word_next(&rest, unreadable);)
        json_remove(wish, unreadable);
    if (wish && is)
        prune(is, wish, before);
    return diff_lines(a, mask_object(a, op->kind, wish), mask_object(a, op->kind, is), LINES);
}

cJSON *compare_drift(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    cJSON *before = kind_content(a, op->kind, op->before), *is = kind_content(a, op->kind, now);
    cJSON *lines =
        diff_lines(a, mask_object(a, op->kind, before), mask_object(a, op->kind, is), LINES);
    const char *was = op->before ? kind_version_of(op->kind, op->before) : NULL;
    const char *version = now ? kind_version_of(op->kind, now) : NULL;
    if (was && version && strcmp(was, version) != 0)
        json_add_str(a, lines, arena_printf(a, "~ version: %s -> %s", was, version));
    return lines;
}

bool compare_alike(struct arena *a, const struct plan_op *op, const cJSON *x, const cJSON *y)
{
    if (!x || !y)
        return !x && !y;
    return json_equal(kind_content(a, op->kind, x), kind_content(a, op->kind, y));
}

enum compare compare_now(struct arena *a, const struct plan_op *op, const cJSON *now)
{
    if (!strcmp(kind_hash(a, op->kind, now), op->base)) /* plan_again may want just that */
        return compare_alike(a, op, op->before, op->after) ? COMPARE_AFTER : COMPARE_BEFORE;
    return json_count(compare_wanted(a, op, now)) == 0 ? COMPARE_AFTER : COMPARE_OTHER;
}
