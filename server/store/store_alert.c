/* store_alert.c - what a source says is merged with what is known. Read store_take_alerts() from
 * below. The incidents as they are told are store_incident.c.
 */
#include "store/store_alert.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "store/store_alert_private.h"
#include "store/store_private.h"

#define ALERT "source, key, starts, ends, seen, incident, shown"
#define ALERT_TYPES "ttdddtt"
enum { ALERT_INCIDENT = 5, ALERT_SHOWN = 6, ALERT_MAC = 7, DAY = 86400 };

static const char label[] = "alert";
static const double MILLISECONDS = 1000; /* to which times are rounded by who hands them in */

/* -- rows -------------------------------------------------------------------------------------- */

static bool is_alert_whole(struct store *s, struct arena *a, struct db_rows *r, struct err *e)
{
    return store_mac_same(db_text(r, ALERT_MAC), store_mac(s, a, label, r, ALERT_TYPES)) ||
           err_set(e, ERR_SYSTEM, "an alert in the state of %s was tampered with", s->dir);
}

static bool sign_alert(struct store *s, struct arena *a, const char *source, const char *key,
                       struct err *e)
{
    struct db_rows r = db_query(
        s->db, e, "SELECT " ALERT " FROM alerts WHERE source = ? AND key = ?", "tt", source, key);
    const char *mac = db_next(&r, e) ? store_mac(s, a, label, &r, ALERT_TYPES) : NULL;
    db_done(&r);
    return mac && db_run(s->db, e, "UPDATE alerts SET mac = ? WHERE source = ? AND key = ?", "ttt",
                         mac, source, key);
}

struct known {
    double starts, ends;
    const char *incident; /* NULL: of none */
};

/* False: it is not known, or e. */
static bool find_alert(struct store *s, struct arena *a, const char *source, const char *key,
                       struct known *k, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " ALERT ", mac FROM alerts WHERE source = ? AND key = ?", "tt",
                 source, key);
    bool there = db_next(&r, e) && is_alert_whole(s, a, &r, e);
    if (there)
        *k = (struct known){ db_real(&r, 2), db_real(&r, 3),
                             arena_strdup(a, db_text(&r, ALERT_INCIDENT)) };
    db_done(&r);
    return there;
}

static bool put_alert(struct store *s, struct arena *a, const char *source,
                      const struct store_alert *x, const char *incident, struct err *e)
{
    return db_run(s->db, e, "INSERT OR REPLACE INTO alerts (" ALERT ") VALUES (?,?,?,?,?,?,?)",
                  ALERT_TYPES, source, x->key, x->starts, x->ends, when_now(), incident,
                  x->shown) &&
           sign_alert(s, a, source, x->key, e);
}

/* -- one alert --------------------------------------------------------------------------------- */

/* One request, while it is merged. */
struct taking {
    struct store *s;
    struct arena *a;
    const struct store_alerts *in;
    struct store_alerts_taken *out;
    const char *incident; /* of those that begin; NULL: not looked up yet */
};

static bool see_again(struct taking *t, const struct store_alert *x, struct err *e)
{
    t->out->again++;
    return db_run(t->s->db, e, "UPDATE alerts SET seen = ? WHERE source = ? AND key = ?", "dtt",
                  when_now(), t->in->source, x->key) &&
           sign_alert(t->s, t->a, t->in->source, x->key, e);
}

/* starts: of the episode that ended, as it is known from now on. */
static bool end_alert(struct store *s, struct arena *a, const char *source,
                      const struct store_alert *x, const char *incident, struct err *e)
{
    return db_run(s->db, e,
                  "UPDATE alerts SET starts = ?, ends = ?, seen = ? WHERE source = ? AND key = ?",
                  "dddtt", x->starts, x->ends, when_now(), source, x->key) &&
           sign_alert(s, a, source, x->key, e) &&
           (!incident || store_touch_incident(s, a, incident, e));
}

/* The incident of the group, which begins with this alert where there is none. */
static bool begin_alert(struct taking *t, const struct store_alert *x, struct err *e)
{
    if (!t->incident)
        t->incident = store_incident_for(t->s, t->a, t->in, &t->out->storm, e);
    t->out->begun++;
    return t->incident && put_alert(t->s, t->a, t->in->source, x, t->incident, e) &&
           store_touch_incident(t->s, t->a, t->incident, e);
}

static bool take_firing(struct taking *t, const struct store_alert *x, const struct known *k,
                        struct err *e)
{
    if (k && k->ends <= 0 && x->starts <= k->starts)
        return see_again(t, x, e);
    if (k && x->starts <= k->starts) {
        t->out->ignored++;
        return true;
    }
    /* What is known fires, and begins anew: its end was not heard of, its card stays. */
    if (k && k->ends <= 0) {
        t->out->again++;
        return put_alert(t->s, t->a, t->in->source, x, k->incident, e);
    }
    return begin_alert(t, x, e);
}

/* Of a later episode than the one known? Without a beginning of its own it begins as it ends. */
static bool is_end_of_later(const struct store_alert *x, const struct known *k)
{
    return x->starts > k->starts && x->ends > x->starts;
}

static bool take_over(struct taking *t, const struct store_alert *x, const struct known *k,
                      struct err *e)
{
    if (k && k->ends <= 0 && x->ends >= k->starts) {
        struct store_alert ended = *x;
        ended.starts = is_end_of_later(x, k) ? x->starts : k->starts;
        t->out->ended++;
        return end_alert(t->s, t->a, t->in->source, &ended, k->incident, e);
    }
    t->out->ignored++;
    if (k && (k->ends <= 0 || !is_end_of_later(x, k)))
        return true;
    return put_alert(t->s, t->a, t->in->source, x, k ? k->incident : NULL, e);
}

static bool take_alert(struct taking *t, const struct store_alert *x, struct err *e)
{
    struct known known;
    const struct known *k =
        find_alert(t->s, t->a, t->in->source, x->key, &known, e) ? &known : NULL;
    if (e->kind != ERR_NONE)
        return false;
    return x->ends > 0 ? take_over(t, x, k, e) : take_firing(t, x, k, e);
}

/* -- all of a request -------------------------------------------------------------------------- */

/* What is over goes by age, and first where there is no room: that of the source which has most, so
 * that none takes the room of another. */
static bool make_alert_room(struct store *s, struct err *e)
{
    return db_run(s->db, e, "DELETE FROM alerts WHERE ends > 0 AND seen < ?", "d",
                  when_now() - ALERT_DAYS * DAY) &&
           db_run(
               s->db, e,
               "DELETE FROM alerts WHERE rowid IN (SELECT rowid FROM alerts WHERE source = (SELECT "
               "source FROM alerts GROUP BY source ORDER BY count(*) DESC LIMIT 1) ORDER BY "
               "ends = 0, seen LIMIT max(0, (SELECT count(*) FROM alerts) - ?))",
               "i", ALERTS_KEPT);
}

static bool take_all(struct taking *t, struct err *e)
{
    for (int i = 0; i < t->in->count; i++)
        if (!take_alert(t, &t->in->alerts[i], e))
            return false;
    return make_alert_room(t->s, e) && store_make_incident_room(t->s, e);
}

bool store_take_alerts(struct store *s, const struct store_alerts *in,
                       struct store_alerts_taken *out, struct err *e)
{
    *out = (struct store_alerts_taken){ 0 };
    if (!store_begin(s, e))
        return false;
    struct arena *a = arena_new();
    struct taking t = { .s = s, .a = a, .in = in, .out = out };
    bool ok = store_end(s, take_all(&t, e), e);
    arena_free(a);
    return ok;
}

/* One that fires and was not heard of since then, in a; false: none, or e. */
static bool find_stale(struct store *s, struct arena *a, const char *source, double before,
                       struct store_alert *out, const char **incident, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT " ALERT ", mac FROM alerts WHERE source = ? AND ends = 0 "
                                "AND seen < ? LIMIT 1",
                                "td", source, before);
    bool there = db_next(&r, e) && is_alert_whole(s, a, &r, e);
    if (there) {
        /* Nobody said that it ended: heard of again, the same episode is no late copy. */
        *out = (struct store_alert){ .key = arena_strdup(a, db_text(&r, 1)),
                                     .starts = db_real(&r, 2) - 1 / MILLISECONDS,
                                     .ends = when_now() };
        *incident = arena_strdup(a, db_text(&r, ALERT_INCIDENT));
    }
    db_done(&r);
    return there;
}

bool store_end_stale(struct store *s, const char *source, double before, struct err *e)
{
    struct arena *a = arena_new();
    const char *incident = NULL;
    struct store_alert x;
    bool ok = true;
    if (find_stale(s, a, source, before, &x, &incident, e) && (ok = store_begin(s, e))) {
        while (ok && find_stale(s, a, source, before, &x, &incident, e))
            ok = end_alert(s, a, source, &x, incident, e);
        ok = store_end(s, ok && e->kind == ERR_NONE, e);
    }
    arena_free(a);
    return ok && e->kind == ERR_NONE;
}

/* -- read -------------------------------------------------------------------------------------- */

bool store_any_alert(struct store *s, const char *incident, store_alert_test *is, void *arg,
                     struct err *e)
{
    bool any = false;
    struct db_rows r =
        db_query(s->db, e, "SELECT " ALERT ", mac FROM alerts WHERE incident = ?", "t", incident);
    while (!any && db_next(&r, e)) {
        struct arena *a = arena_new_small();
        any = is_alert_whole(s, a, &r, e) && is(arg, db_text(&r, ALERT_SHOWN));
        arena_free(a);
    }
    db_done(&r);
    return any;
}

bool store_count_alerts(struct store *s, const char *incident, int *firing, int *all, struct err *e)
{
    struct db_rows r = db_query(
        s->db, e, "SELECT count(*), sum(ends = 0) FROM alerts WHERE incident = ?", "t", incident);
    bool ok = db_next(&r, e);
    *all = ok ? (int)db_real(&r, 0) : 0;
    *firing = ok ? (int)db_real(&r, 1) : 0;
    db_done(&r);
    return ok;
}

int store_alerts_of(struct store *s, struct arena *a, const char *incident, int most,
                    struct store_alert **out, int *firing, int *all, struct err *e)
{
    int n = 0;
    *out = arena_array(a, struct store_alert, most);
    if (!store_count_alerts(s, incident, firing, all, e))
        return -1;
    struct db_rows r = db_query(s->db, e,
                                "SELECT " ALERT ", mac FROM alerts WHERE incident = ? ORDER BY "
                                "ends > 0, starts DESC, key LIMIT ?",
                                "ti", incident, most);
    while (db_next(&r, e) && is_alert_whole(s, a, &r, e))
        (*out)[n++] = (struct store_alert){ .key = arena_strdup(a, db_text(&r, 1)),
                                            .starts = db_real(&r, 2),
                                            .ends = db_real(&r, 3),
                                            .shown = arena_strdup(a, db_text(&r, ALERT_SHOWN)) };
    db_done(&r);
    return e->kind == ERR_NONE ? n : -1;
}
