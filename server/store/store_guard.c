/* store_guard.c - the steps of a guard, in the row of its change. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/store_private.h"

bool store_guards(const char *guarded)
{
    return guarded && (!strcmp(guarded, GUARD_WATCHING) || !strcmp(guarded, GUARD_REVERTING));
}

/* The row is what the store wrote, whole up to the end of the chain, and at that step? */
static bool is_at(struct store *s, const char *id, const char *step, bool *there, struct err *e)
{
    enum plan_state state;
    *there = false;
    if (!store_check_id(s, id, &state, e))
        return false;
    struct db_rows r =
        db_query(s->db, e, "SELECT 1 FROM plans WHERE id = ? AND guarded IS ?", "tt", id, step);
    *there = db_next(&r, e);
    db_done(&r);
    return !r.failed;
}

static bool set_guard(struct store *s, struct arena *a, const char *id, const char *from,
                      const struct store_guard *to, const char *who, const char *channel,
                      bool *moved, struct err *e)
{
    if (!is_at(s, id, from, moved, e) || !*moved)
        return e->kind == ERR_NONE;
    cJSON *said = json_object(a);
    if (json_str(to->kept, "text"))
        json_set_str(a, said, "text", json_str(to->kept, "text"));
    if (json_str(to->kept, "reverse"))
        json_set_str(a, said, "reverse", json_str(to->kept, "reverse"));
    return db_run(s->db, e, "UPDATE plans SET guarded = ?, guard = ? WHERE id = ?", "ttt",
                  to->guarded, store_said(a, to->kept), id) &&
           store_sign(s, arena_printf(a, "guard %s", to->guarded), id, who, channel,
                      store_said(a, said), e);
}

bool store_guard_step(struct store *s, const char *id, const char *from,
                      const struct store_guard *to, const char *who, const char *channel,
                      bool *moved, struct err *e)
{
    struct arena *a = arena_new();
    *moved = false;
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, set_guard(s, a, id, from, to, who, channel, moved, e), e);
    *moved = *moved && ok;
    arena_free(a);
    return ok;
}

bool store_guard_revert(struct store *s, const char *id, const struct store_guard *to,
                        const char *reverse, const struct store_decision *d, bool *moved,
                        struct err *e)
{
    struct arena *a = arena_new();
    const struct step approve = { .id = reverse,
                                  .from = STATE_DRAFT,
                                  .to = STATE_APPROVED,
                                  .who = d->who,
                                  .channel = d->channel,
                                  .decision = d };
    bool decided = false;
    *moved = false;
    bool ok = store_begin(s, e);
    if (ok) {
        ok = set_guard(s, a, id, GUARD_WATCHING, to, d->who, d->channel, moved, e) &&
             (!*moved || store_step(s, &approve, &decided, e));
        ok = store_end(s, ok && decided == *moved, e);
    }
    *moved = *moved && decided && ok;
    arena_free(a);
    return ok || e->kind == ERR_NONE;
}

bool store_guard_take(struct store *s, const char *id, bool *taken, struct err *e)
{
    char owner[80] = "";
    struct db_rows r = db_query(
        s->db, e,
        "SELECT lease, lease_until FROM plans WHERE id = ? AND guarded IN ('" GUARD_WATCHING
        "', '" GUARD_REVERTING "')",
        "t", id);
    bool there = db_next(&r, e);
    if (there)
        snprintf(owner, sizeof owner, "%s", db_text(&r, 0) ? db_text(&r, 0) : "");
    db_done(&r);
    *taken = there && !strcmp(owner, s->owner);
    if (r.failed || !there || *taken || (*owner && store_alive(s, owner)))
        return !r.failed;
    bool ok =
        db_run(s->db, e, "UPDATE plans SET lease = ? WHERE id = ? AND coalesce(lease, '') = ?",
               "ttt", s->owner, id, owner);
    *taken = ok && db_changes(s->db) == 1;
    return ok;
}
