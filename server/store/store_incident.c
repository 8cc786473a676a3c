/* store_incident.c - incidents: begun, ended, and what is kept of the card that tells of one. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/when.h"
#include "store/store.h"
#include "store/store_alert_private.h"
#include "store/store_private.h"

#define INCIDENT                                                                                   \
    "id, source, grp, state, opened, closed, revision, left_out, holder, found, plan, button, "    \
    "platform, account, channel, message, shown"
#define INCIDENT_TYPES "ttttddddttttttttt"
#define INCIDENTS "SELECT " INCIDENT ", mac FROM incidents "
enum { INCIDENT_MAC = 17, ID_BYTES = 12, KEPT_SECONDS = ALERT_DAYS * 86400 };

static const char label[] = "incident";
static const char *const states[] = {
    [INCIDENT_OPEN] = "open", [INCIDENT_OVER] = "over", [INCIDENT_DONE] = "done"
};

/* -- rows -------------------------------------------------------------------------------------- */

static enum incident_state incident_state_of(const char *name)
{
    for (int i = INCIDENT_OPEN; i <= INCIDENT_DONE; i++)
        if (name && !strcmp(states[i], name))
            return (enum incident_state)i;
    return 0;
}

static bool read_incident(struct store *s, struct arena *a, struct db_rows *r,
                          struct store_incident *x, struct err *e)
{
    const struct {
        const char **text;
        int column;
    } texts[] = { { &x->id, 0 },       { &x->source, 1 },    { &x->group, 2 },
                  { &x->holder, 8 },   { &x->found, 9 },     { &x->plan, 10 },
                  { &x->button, 11 },  { &x->platform, 12 }, { &x->account, 13 },
                  { &x->channel, 14 }, { &x->message, 15 },  { &x->shown, 16 } };
    if (!store_mac_same(db_text(r, INCIDENT_MAC), store_mac(s, a, label, r, INCIDENT_TYPES)))
        return err_set(e, ERR_SYSTEM, "an incident in the state of %s was tampered with", s->dir);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i].text = arena_strdup(a, db_text(r, texts[i].column));
    x->state = incident_state_of(db_text(r, 3));
    x->opened = db_real(r, 4);
    x->closed = db_real(r, 5);
    x->revision = db_real(r, 6);
    x->left_out = db_real(r, 7);
    return true;
}

/* Of one row, which is looked up by a text. */
static bool one_incident(struct store *s, struct arena *a, const char *query, const char *by,
                         struct store_incident *out, struct err *e)
{
    struct db_rows r = db_query(s->db, e, query, "t", by);
    bool there = db_next(&r, e) && read_incident(s, a, &r, out, e);
    db_done(&r);
    return there;
}

bool store_find_incident(struct store *s, struct arena *a, const char *id,
                         struct store_incident *out, struct err *e)
{
    return one_incident(s, a, INCIDENTS "WHERE id = ?", id, out, e);
}

bool store_incident_of(struct store *s, struct arena *a, const char *button,
                       struct store_incident *out, struct err *e)
{
    return one_incident(s, a, INCIDENTS "WHERE button = ?", button, out, e);
}

static bool sign_incident(struct store *s, const char *id, struct err *e)
{
    return store_sign_row(s, label, INCIDENT_TYPES,
                          "SELECT " INCIDENT " FROM incidents WHERE id = ?",
                          "UPDATE incidents SET mac = ? WHERE id = ?", id, e);
}

/* -- begun and ended --------------------------------------------------------------------------- */

static char *open_incident(struct store *s, struct arena *a, const char *source, const char *group,
                           struct err *e)
{
    struct store_incident x = { 0 };
    struct db_rows r =
        db_query(s->db, e, INCIDENTS "WHERE source = ? AND grp = ? AND state = 'open' LIMIT 1",
                 "tt", source, group);
    bool there = db_next(&r, e) && read_incident(s, a, &r, &x, e);
    db_done(&r);
    return there ? arena_strdup(a, x.id) : NULL;
}

/* How many began lately, beside the storm's own; not those of a clock that was set back since. */
static int begun_lately(struct store *s, const struct store_alerts *in, struct err *e)
{
    double now = when_now();
    struct db_rows r =
        db_query(s->db, e,
                 "SELECT count(*) FROM incidents WHERE source = ? AND opened > ? "
                 "AND opened <= ? AND grp <> ?",
                 "tddt", in->source, now - in->within, now + in->within, ALERT_STORM);
    int n = db_next(&r, e) ? (int)db_real(&r, 0) : 0;
    db_done(&r);
    return n;
}

static const char *begin_incident(struct store *s, struct arena *a, const struct store_alerts *in,
                                  const char *group, struct err *e)
{
    const char *id = arena_printf(a, "i-%s", crypto_token(a, ID_BYTES));
    double now = when_now();
    bool ok = db_run(s->db, e,
                     "INSERT INTO incidents (id, source, grp, state, opened, closed, revision, "
                     "left_out, platform, account, channel) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                     "ttttddddttt", id, in->source, group, states[INCIDENT_OPEN], now, 0.0, 0.0,
                     in->left_out, in->platform, in->account, in->channel) &&
              sign_incident(s, id, e);
    return ok ? id : NULL;
}

const char *store_incident_for(struct store *s, struct arena *a, const struct store_alerts *in,
                               bool *storm, struct err *e)
{
    const char *id = open_incident(s, a, in->source, in->group, e);
    if (id)
        return db_run(s->db, e, "UPDATE incidents SET left_out = ? WHERE id = ?", "dt",
                      in->left_out, id) &&
                       sign_incident(s, id, e)
                   ? id
                   : NULL;
    *storm = e->kind == ERR_NONE && begun_lately(s, in, e) >= in->most;
    if (*storm)
        id = open_incident(s, a, in->source, ALERT_STORM, e);
    if (id || e->kind != ERR_NONE)
        return id;
    return begin_incident(s, a, in, *storm ? ALERT_STORM : in->group, e);
}

bool store_touch_incident(struct store *s, struct arena *a, const char *id, struct err *e)
{
    int firing, all;
    struct store_incident was;
    if (!store_find_incident(s, a, id, &was, e)) /* it may have made room for others */
        return e->kind == ERR_NONE;
    return store_count_alerts(s, id, &firing, &all, e) &&
           db_run(s->db, e,
                  "UPDATE incidents SET revision = revision + 1, state = CASE WHEN ?1 THEN "
                  "'open' WHEN state = 'done' THEN 'done' ELSE 'over' END, closed = CASE WHEN ?1 "
                  "THEN 0 ELSE ?2 END WHERE id = ?3",
                  "idt", firing, when_now(), id) &&
           sign_incident(s, id, e);
}

/* What is done goes by age; where there is no room, of the source that has most, what is over
 * first. */
bool store_make_incident_room(struct store *s, struct err *e)
{
    return db_run(s->db, e, "DELETE FROM incidents WHERE closed > 0 AND closed < ?", "d",
                  when_now() - KEPT_SECONDS) &&
           db_run(
               s->db, e,
               "DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE source = (SELECT "
               "source FROM incidents GROUP BY source ORDER BY count(*) DESC LIMIT 1) ORDER BY "
               "closed = 0, opened LIMIT max(0, (SELECT count(*) FROM incidents) - ?))",
               "i", INCIDENTS_KEPT);
}

/* -- told -------------------------------------------------------------------------------------- */

int store_incidents(struct store *s, struct arena *a, const char ***ids, struct err *e)
{
    int n = 0;
    *ids = arena_array(a, const char *, INCIDENTS_KEPT);
    struct db_rows r =
        db_query(s->db, e, "SELECT id FROM incidents WHERE state <> 'done' ORDER BY opened LIMIT ?",
                 "i", INCIDENTS_KEPT);
    while (db_next(&r, e))
        (*ids)[n++] = arena_strdup(a, db_text(&r, 0));
    db_done(&r);
    return r.failed ? -1 : n;
}

bool store_hold_incident(struct store *s, const char *id, bool *held, struct err *e)
{
    if (!store_begin(s, e))
        return false;
    struct arena *a = arena_new();
    struct store_incident x = { 0 };
    bool there = store_find_incident(s, a, id, &x, e);
    *held = there && (!x.holder || !strcmp(x.holder, store_owner(s)) || !store_alive(s, x.holder));
    bool ok = e->kind == ERR_NONE &&
              (!*held || (db_run(s->db, e, "UPDATE incidents SET holder = ? WHERE id = ?", "tt",
                                 store_owner(s), id) &&
                          sign_incident(s, id, e)));
    arena_free(a);
    ok = store_end(s, ok, e);
    *held = *held && ok;
    return ok;
}

bool store_update_incident(struct store *s, const struct store_incident *x, struct err *e)
{
    if (!store_begin(s, e))
        return false;
    struct arena *a = arena_new();
    struct store_incident was;
    bool ok = store_find_incident(s, a, x->id, &was, e) &&
              db_run(s->db, e,
                     "UPDATE incidents SET found = coalesce(?, found), plan = coalesce(?, plan), "
                     "button = coalesce(?, button), message = coalesce(?, message), shown = "
                     "coalesce(?, shown), state = CASE WHEN ? AND state = 'over' THEN 'done' ELSE "
                     "state END WHERE id = ?",
                     "tttttit", x->found, x->plan, x->button, x->message, x->shown,
                     x->state == INCIDENT_DONE, x->id) &&
              sign_incident(s, x->id, e);
    arena_free(a);
    return store_end(s, ok, e);
}
