/* store_lease.c - states and who may move them: the one table, compare and set, leases, life signs.
 *
 * A process is named PID.START.NAMESPACE.RANDOM. On the same machine and in the same process
 * namespace its death is seen at once in /proc; elsewhere by the age of its life sign.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/meter.h"
#include "base/secret.h"
#include "base/when.h"
#include "store/store_private.h"
#include <sys/stat.h>
#include <unistd.h>

enum { INTENT_MAX = 64 * 1024 };
static const double LIFE_SIGN = 8, APPROVED_FOR = 600; /* seconds */

static const char *const names[] = {
    [STATE_DRAFT] = "draft",         [STATE_PENDING] = "pending", [STATE_APPROVED] = "approved",
    [STATE_APPLYING] = "applying",   [STATE_APPLIED] = "applied", [STATE_FAILED] = "failed",
    [STATE_UNKNOWN] = "unknown",     [STATE_VOID] = "void",       [STATE_REJECTED] = "rejected",
    [STATE_CANCELLED] = "cancelled", [STATE_EXPIRED] = "expired",
};
enum { STATES = sizeof names / sizeof *names };

#define TO(state) (1u << (state))
static const unsigned moves[STATES] = {
    [STATE_DRAFT] = TO(STATE_PENDING) | TO(STATE_APPROVED) | TO(STATE_CANCELLED) |
                    TO(STATE_REJECTED) | TO(STATE_EXPIRED),
    [STATE_PENDING] =
        TO(STATE_APPROVED) | TO(STATE_REJECTED) | TO(STATE_CANCELLED) | TO(STATE_EXPIRED),
    [STATE_APPROVED] = TO(STATE_APPLYING) | TO(STATE_CANCELLED) | TO(STATE_EXPIRED),
    [STATE_APPLYING] = TO(STATE_APPLIED) | TO(STATE_FAILED) | TO(STATE_UNKNOWN) | TO(STATE_VOID),
};

const char *store_state_name(enum plan_state s)
{
    return names[s];
}

enum plan_state store_state_of(const char *name)
{
    for (int i = STATE_DRAFT; name && i < STATES; i++)
        if (!strcmp(names[i], name))
            return (enum plan_state)i;
    return 0;
}

bool store_may_move(enum plan_state from, enum plan_state to)
{
    return moves[from] & TO(to);
}

bool store_final(enum plan_state s)
{
    return moves[s] == 0;
}

/* -- processes ------------------------------------------------------------------------------------
 */

static unsigned long long started(long pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    /* Field 22; the second is a name in parentheses that may hold blanks. */
    const char *s = strrchr(text, ')');
    for (int field = 2; s && field < 22; field++)
        s = strchr(s + 1, ' ');
    return s ? strtoull(s, NULL, 10) : 0;
}

static unsigned long long namespace(void)
{
    struct stat st;
    return stat("/proc/self/ns/pid", &st) == 0 ? (unsigned long long)st.st_ino : 0;
}

void store_name_owner(struct store *s)
{
    unsigned r;
    crypto_random(&r, sizeof r);
    snprintf(s->owner, sizeof s->owner, "%ld.%llu.%llu.%08x", (long)getpid(),
             started((long)getpid()), namespace(), r);
}

const char *store_owner(const struct store *s)
{
    return s->owner;
}

/* A life sign need not survive a power cut, so it waits for no disk. */
bool store_note_alive(struct store *s, struct err *e)
{
    bool ok = db_run(s->db, e, "PRAGMA synchronous=OFF", "") &&
              db_run(s->db, e,
                     "INSERT INTO processes (owner, seen) VALUES (?1, ?2) ON CONFLICT (owner) DO "
                     "UPDATE SET seen = ?2",
                     "td", s->owner, when_now()) &&
              db_run(s->db, e, "DELETE FROM processes WHERE seen < ?", "d", when_now() - 86400);
    return db_run(s->db, e, "PRAGMA synchronous=FULL", "") && ok;
}

bool store_alive(struct store *s, const char *owner)
{
    long pid = 0;
    unsigned long long start = 0, ns = 0;
    struct err ignored = { 0 };
    if (!owner || sscanf(owner, "%ld.%llu.%llu", &pid, &start, &ns) != 3)
        return false;
    if (ns && ns == namespace() && start)
        return started(pid) == start;
    struct db_rows r = db_query(s->db, &ignored,
                                "SELECT 1 FROM processes WHERE owner = ? AND "
                                "seen > ?",
                                "td", owner, when_now() - LIFE_SIGN);
    bool alive = db_next(&r, &ignored);
    db_done(&r);
    return alive;
}

double store_version(struct store *s, struct err *e)
{
    if (db_still(s->db, &s->version_mark))
        return s->version;
    db_mark(s->db, &s->version_mark);
    struct db_rows r = db_query(s->db, e, "PRAGMA data_version", "");
    s->version = db_next(&r, e) ? db_real(&r, 0) : -1;
    db_done(&r);
    s->version_mark.known = !r.failed && db_still(s->db, &s->version_mark);
    return s->version;
}

double store_data_version(struct store *s)
{
    struct err ignored = { 0 };
    return store_version(s, &ignored);
}

bool store_changed(struct store *s)
{
    struct err ignored = { 0 };
    double now = store_version(s, &ignored);
    bool changed = now != s->data_version;
    s->data_version = now;
    return changed;
}

/* -- moves ----------------------------------------------------------------------------------------
 */

static bool set_state(struct store *s, const struct step *x, const char *decided, const char *kept,
                      struct err *e)
{
    bool take = x->to == STATE_APPLYING, give = x->from == STATE_APPLYING;
    double now = when_now();
    return db_run(s->db, e,
                  "UPDATE plans SET state = ?1, updated = ?2, lease = ?3, lease_until = ?4, "
                  "result = coalesce(?5, result), decided = coalesce(?11, decided), "
                  "expires = CASE WHEN ?1 = 'approved' THEN coalesce(holds, ?6) ELSE expires END, "
                  "guarded = CASE WHEN ?12 THEN ?13 ELSE guarded END, "
                  "guard = CASE WHEN ?12 THEN ?14 ELSE guard END "
                  "WHERE id = ?7 AND state = ?8 AND (?9 = 0 OR lease = ?10)",
                  "tdtdtdttittitt", names[x->to], now, take ? s->owner : NULL,
                  take ? now + STORE_LEASE : 0.0, x->result, now + APPROVED_FOR, x->id,
                  names[x->from], (int)give, s->owner, decided, x->guard != NULL,
                  x->guard ? x->guard->guarded : NULL, kept);
}

static bool take_step(struct store *s, const struct step *x, bool *moved, struct err *e)
{
    enum plan_state is;
    *moved = false;
    if (!store_check_id(s, x->id, &is, e) || is != x->from)
        return e->kind == ERR_NONE;
    struct arena *a = arena_new();
    const char *decided =
        x->decision ? store_note_decision(s, a, x->id, names[x->to], x->decision, e) : NULL;
    const char *kept = x->guard ? store_said(a, x->guard->kept) : NULL;
    *moved = e->kind == ERR_NONE && set_state(s, x, decided, kept, e) && db_changes(s->db) == 1;
    if (*moved && x->to == STATE_REJECTED)
        store_count_rejection(s, e);
    const char *said = x->decision ? store_decision_text(a, x->decision) : x->result;
    bool ok = e->kind == ERR_NONE &&
              (!*moved || store_sign(s, names[x->to], x->id, x->who, x->channel, said, e));
    arena_free(a);
    return ok;
}

bool store_step(struct store *s, const struct step *x, bool *moved, struct err *e)
{
    bool ok = take_step(s, x, moved, e);
    if (ok && *moved)
        meter_count(METER_CHANGES, names[x->to], NULL, 1);
    return ok;
}

static bool move(struct store *s, const struct step *x, bool *moved, struct err *e)
{
    if (!store_may_move(x->from, x->to))
        bug("a change cannot go from %s to %s", names[x->from], names[x->to]);
    *moved = false;
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, store_step(s, x, moved, e), e);
    *moved = *moved && ok;
    return ok;
}

static bool decides(enum plan_state to)
{
    return to == STATE_APPROVED || to == STATE_REJECTED;
}

bool store_move_guarded(struct store *s, const char *id, enum plan_state from, enum plan_state to,
                        const char *who, const char *channel, const cJSON *result,
                        const struct store_guard *guard, bool *moved, struct err *e)
{
    struct arena *a = arena_new();
    struct store_decision d = { .who = who, .channel = channel };
    struct step x = { .id = id, .from = from, .to = to, .who = who, .channel = channel };
    x.guard = guard;
    x.result = store_said(a, result);
    x.decision = decides(to) ? &d : NULL;
    bool ok = move(s, &x, moved, e);
    arena_free(a);
    return ok;
}

bool store_move(struct store *s, const char *id, enum plan_state from, enum plan_state to,
                const char *who, const char *channel, const cJSON *result, bool *moved,
                struct err *e)
{
    return store_move_guarded(s, id, from, to, who, channel, result, NULL, moved, e);
}

bool store_decide(struct store *s, const char *id, enum plan_state from, enum plan_state to,
                  const struct store_decision *d, bool *moved, struct err *e)
{
    if (!decides(to))
        bug("%s is not what somebody decides", names[to]);
    const struct step x = { id, from, to, d->who, d->channel, NULL, d, NULL };
    return move(s, &x, moved, e);
}

bool store_renew(struct store *s, const char *id, double seconds, bool *held, struct err *e)
{
    bool ok = db_run(s->db, e,
                     "UPDATE plans SET lease_until = ? WHERE id = ? AND state = 'applying' AND "
                     "lease = ?",
                     "dtt", when_now() + seconds, id, s->owner);
    *held = ok && db_changes(s->db) == 1;
    return ok;
}

bool store_take_over(struct store *s, const char *id, bool *taken, struct err *e)
{
    *taken = false;
    struct db_rows r = db_query(s->db, e,
                                "SELECT lease, lease_until FROM plans WHERE id = ? AND "
                                "state = 'applying'",
                                "t", id);
    char owner[80] = "";
    bool there = db_next(&r, e);
    if (there)
        snprintf(owner, sizeof owner, "%s", db_text(&r, 0) ? db_text(&r, 0) : "");
    db_done(&r);
    if (r.failed)
        return false;
    if (!there || store_alive(s, owner))
        return true;
    bool ok = db_run(s->db, e,
                     "UPDATE plans SET lease = ?, lease_until = ? WHERE id = ? AND "
                     "state = 'applying' AND coalesce(lease, '') = ?",
                     "tdtt", s->owner, when_now() + STORE_LEASE, id, owner);
    *taken = ok && db_changes(s->db) == 1;
    return ok;
}

bool store_hold(struct store *s, const char *id, struct err *e)
{
    return db_run(s->db, e, "UPDATE plans SET holder = ? WHERE id = ?", "tt", s->owner, id);
}

/* The next change in that state that is past its time, by id; "": none. */
static bool next_expired(struct store *s, enum plan_state state, char id[80], struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT id FROM plans WHERE state = ? AND expires < ? AND id > ? "
                                "ORDER BY id LIMIT 1",
                                "tdt", names[state], when_now(), id);
    const char *next = db_next(&r, e) ? db_text(&r, 0) : NULL;
    snprintf(id, 80, "%s", next ? next : "");
    db_done(&r);
    return id[0];
}

/* One that cannot be moved (somebody was faster, or it was tampered with) stands in no other's way.
 */
bool store_expire(struct store *s, struct err *e)
{
    for (enum plan_state state = STATE_DRAFT; state <= STATE_APPROVED; state++)
        for (char id[80] = ""; next_expired(s, state, id, e);) {
            struct err said_when_used = { 0 };
            bool moved;
            store_move(s, id, state, STATE_EXPIRED, "clock", "clock", NULL, &moved,
                       &said_when_used);
        }
    return e->kind == ERR_NONE;
}

/* -- intents --------------------------------------------------------------------------------------
 */

static const char *const intent_names[] = {
    [INTENT_NONE] = "not started", [INTENT_STARTED] = "started",
    [INTENT_WRITTEN] = "written",  [INTENT_REFUSED] = "refused",
    [INTENT_UNKNOWN] = "unknown",  [INTENT_UNDOING] = "undoing",
    [INTENT_UNDONE] = "undone",    [INTENT_NOT_WRITTEN] = "not written",
};

const char *store_intent_name(enum intent i)
{
    return intent_names[i];
}

static char *intent_mac(struct store *s, struct arena *a, const char *id, int op, enum intent what,
                        const char *note)
{
    struct buf *b = buf_in(a, INTENT_MAX);
    store_mac_add(b, "intent");
    store_mac_add(b, id);
    store_mac_add(b, arena_printf(a, "%d %d", op, (int)what));
    store_mac_add(b, note);
    return store_mac_end(s, a, b);
}

bool store_intend(struct store *s, const char *id, int op, enum intent what, const char *note,
                  struct err *e)
{
    struct arena *a = arena_new();
    bool ok =
        db_run(s->db, e,
               "INSERT INTO intents (id, op, what, note, at, mac) VALUES (?1, ?2, ?3, ?4, "
               "?5, ?6) ON CONFLICT (id, op) DO UPDATE SET what = ?3, note = ?4, at = ?5, "
               "mac = ?6",
               "tiitdt", id, op, (int)what, note, when_now(), intent_mac(s, a, id, op, what, note));
    arena_free(a);
    return ok;
}

bool store_start_op(struct store *s, const char *id, int op, double seconds, bool *held,
                    struct err *e)
{
    *held = false;
    bool ok = db_begin(s->db, e);
    if (ok)
        ok = db_end(s->db,
                    store_renew(s, id, seconds, held, e) &&
                        (!*held || store_intend(s, id, op, INTENT_STARTED, NULL, e)),
                    e);
    *held = *held && ok;
    return ok;
}

/* One that is not ours says nothing: what came of it is then read from the gateway. */
enum intent store_intent(struct store *s, const char *id, int op)
{
    struct err ignored = { 0 };
    struct arena *a = arena_new();
    struct db_rows r =
        db_query(s->db, &ignored, "SELECT what, note, mac FROM intents WHERE id = ? AND op = ?",
                 "ti", id, op);
    enum intent what = INTENT_NONE;
    if (db_next(&r, &ignored)) {
        double n = db_real(&r, 0);
        what = n > INTENT_NONE && n <= INTENT_NOT_WRITTEN ? (enum intent)n : INTENT_UNKNOWN;
        const char *mac = db_text(&r, 2);
        if (!mac || strcmp(mac, intent_mac(s, a, id, op, what, db_text(&r, 1))) != 0)
            what = INTENT_UNKNOWN;
    }
    db_done(&r);
    arena_free(a);
    return r.failed ? INTENT_UNKNOWN : what;
}
