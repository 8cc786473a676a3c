/* apply_undo.c - an apply that stopped halfway takes back what it did, and says what it could not.
 *
 * Only what still is as this apply left it is taken back: a change of somebody else meanwhile is
 * left alone and named.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "gateway/apply.h"
#include "gateway/kind.h"
#include "gateway/write.h"

static bool untouched(struct job *j, int i, const cJSON **now, struct err *e)
{
    const struct plan_op *op = &j->plan->ops[i];
    if (!apply_read(j, j->arena, op, now, NULL, e))
        return false;
    const cJSON *left = j->wrote[i];
    bool same = left && *now ? json_equal(kind_content(j->arena, op->kind, left),
                                          kind_content(j->arena, op->kind, *now))
                             : !left && !*now;
    return same || err_set(e, ERR_POLICY, "somebody changed it meanwhile");
}

static bool reverse(struct job *j, const struct plan_op *op, const cJSON *now, bool *maybe,
                    struct err *e)
{
    struct gateway *g = j->engine->gateway;
    struct arena *a = j->arena;
    if (op->verb == PLAN_CREATE)
        return write_delete(g, a, op->kind, op->name, op->scope, maybe, e);
    if (op->kind->needs)
        return err_set(e, ERR_POLICY, "reading never showed its %s, so it cannot be put back",
                       op->kind->needs);
    cJSON *body = json_clone(a, op->before);
    char word[KIND_WORD];
    for (const char *rest = op->kind->strip; kind_next(&rest, word);)
        json_remove(body, word);
    json_remove(body, "version");
    if (op->verb == PLAN_DELETE)
        return write_create(g, a, op->kind, op->scope, body, maybe, e);
    if (kind_version_of(op->kind, now))
        json_set_str(a, body, "version", kind_version_of(op->kind, now));
    return write_put(g, a, op->kind, op->name, op->scope, body, maybe, e);
}

static bool back(struct job *j, int i, struct err *e)
{
    const struct plan_op *op = &j->plan->ops[i];
    const cJSON *now = NULL;
    bool maybe = false, held = false;
    if (!untouched(j, i, &now, e))
        return false;
    if (!store_renew(j->engine->store, j->id, 45, &held, e) || !held)
        return err_set(e, ERR_POLICY, "another process took this change over");
    if (!store_intend(j->engine->store, j->id, i, INTENT_UNDOING, NULL, e))
        return false;
    apply_step("undoing", i);
    if (reverse(j, op, now, &maybe, e))
        return true;
    j->unknown = j->unknown || maybe;
    return false;
}

void apply_undo(struct job *j)
{
    int left = 0;
    for (int i = j->done - 1; i >= 0; i--) {
        struct err e = { 0 }, ignored = { 0 };
        bool ok = back(j, i, &e);
        enum intent what = ok ? INTENT_UNDONE : INTENT_WRITTEN;
        store_intend(j->engine->store, j->id, i, what, e.text, &ignored);
        apply_set_outcome(j, i, what,
                          ok ? "taken back" : arena_printf(j->arena, "stays: %s", e.text), NULL);
        left += !ok;
    }
    const char *why = arena_strdup(j->arena, j->text);
    apply_say(j, "%s; of %d operations written before it, %d were taken back and %d stay", why,
              j->done, j->done - left, left);
}
