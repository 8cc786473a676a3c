/* store_room.c - the bound on undecided changes of one owner. */
#include "store/store_room.h"
#include "base/err.h"
#include "base/when.h"
#include "plan/plan.h"
#include "store/store_decision.h"
#include "store/store_private.h"

int store_undecided(struct store *s, const char *owner, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT count(*) FROM plans WHERE who = ? AND state IN "
                                "('draft', 'pending') AND expires > ?",
                                "td", owner, when_now());
    int n = db_next(&r, e) ? (int)db_real(&r, 0) : -1;
    db_done(&r);
    return n;
}

static bool is_kept(struct store *s, const struct plan *p, const char *owner, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT 1 FROM plans WHERE digest = ? AND who = ? AND state IN "
                                "('draft', 'pending') AND expires > ?",
                                "ttd", p->digest, owner, when_now());
    bool there = db_next(&r, e);
    db_done(&r);
    return there;
}

/* Nobody was asked about a draft, and nobody waits for it. */
static bool drop_oldest_draft(struct store *s, const char *owner, int max, struct err *e)
{
    char id[80] = "";
    struct db_rows r = db_query(s->db, e,
                                "SELECT id FROM plans WHERE who = ? AND state = 'draft' AND "
                                "expires > ? ORDER BY created LIMIT 1",
                                "td", owner, when_now());
    const char *oldest = db_next(&r, e) ? db_text(&r, 0) : NULL;
    snprintf(id, sizeof id, "%s", oldest ? oldest : "");
    db_done(&r);
    bool moved;
    if (r.failed)
        return false;
    if (*id)
        return store_move(s, id, STATE_DRAFT, STATE_CANCELLED, "limits.plans", "room", NULL, &moved,
                          e);
    return err_set(e, ERR_POLICY,
                   "%d changes of '%s' wait for a decision already, more are not kept "
                   "(limits.plans); cancel_change drops one, list_changes shows them",
                   max, owner);
}

bool store_room(struct store *s, const struct plan *p, const char *owner, int max, struct err *e)
{
    if (is_kept(s, p, owner, e))
        return true;
    int n = e->kind == ERR_NONE ? store_undecided(s, owner, e) : -1;
    return n >= 0 && (n < max || drop_oldest_draft(s, owner, max, e));
}

bool store_may_plan(struct store *s, const char *owner, int max, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT count(*) FROM (SELECT 1 FROM plans WHERE created > ?1 AND "
                                "+who = ?2 LIMIT ?3)",
                                "dti", when_now() - 3600, owner, max);
    int n = db_next(&r, e) ? (int)db_real(&r, 0) : max;
    db_done(&r);
    return n < max || err_set(e, ERR_POLICY,
                              "'%s' has planned %d changes within an hour, and more are not "
                              "planned (limits.plans_hour); wait, or ask whoever runs this server",
                              owner, max);
}
