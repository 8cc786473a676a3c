/* store.c - the state folder opened; plans kept and found.
 *
 * Moves between states and leases are store_lease.c, the audit store_audit.c, the schema
 * store_schema.c.
 */
#include "store/store.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/meter.h"
#include "base/secret.h"
#include "base/when.h"
#include "plan/plan.h"
#include "plan/schedule.h"
#include "store/store_outside.h"
#include "store/store_private.h"
#include "store/store_search.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- opening --------------------------------------------------------------------------------------
 */

/* Makes the key under another name first, so that two first starts agree on one. */
static bool make_key(struct arena *a, const char *path, struct err *e)
{
    uint8_t key[SEAL_KEY_SIZE];
    crypto_random(key, sizeof key);
    char *fresh = file_stage(a, path, key, sizeof key, 0600, e);
    if (!fresh)
        return false;
    bool ok = renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) == 0 || errno == EEXIST;
    int why = errno;
    unlink(fresh);
    return ok || err_set(e, ERR_SYSTEM, "the key file %s cannot be made: %s", path, strerror(why));
}

void store_key(const struct store *s, const char *label, uint8_t out[SHA256_SIZE])
{
    crypto_hmac(s->key, sizeof s->key, label, strlen(label), out);
}

/* Opens the key file of a state folder, made first where there is none. */
static bool open_key(struct arena *a, const char *dir, int *fd, uint8_t key[SEAL_KEY_SIZE],
                     struct err *e)
{
    char *path = arena_printf(a, "%s/state.key", dir);
    struct stat st;
    if (lstat(path, &st) != 0 && !make_key(a, path, e))
        return false;
    *fd = file_open_own(path, O_RDONLY, 077, e);
    if (*fd < 0)
        return err_at(e, "the key that opens the secrets of stored plans");
    ssize_t n = pread(*fd, key, SEAL_KEY_SIZE, 0);
    if (n == SEAL_KEY_SIZE && fstat(*fd, &st) == 0 && st.st_size == SEAL_KEY_SIZE)
        return true;
    return err_set(e, ERR_SYSTEM, "%s does not hold %d bytes: it is damaged", path, SEAL_KEY_SIZE);
}

static bool find_mask_key(const char *dir, uint8_t key[SHA256_SIZE])
{
    struct arena *a = arena_new();
    struct err ignored = {
        0
    }; /* a folder that cannot be used is said by whoever opens the store */
    struct store s = { .lock = -1 };
    bool ok = file_make_own_dir(dir, &ignored) && open_key(a, dir, &s.lock, s.key, &ignored);
    if (ok)
        store_key(&s, "mask", key);
    if (s.lock >= 0)
        close(s.lock);
    arena_free(a);
    return ok;
}

void store_lend_mask_key(const char *dir)
{
    secret_init_later(find_mask_key, dir);
}

static bool read_state_key(struct store *s, struct arena *a, struct err *e)
{
    if (!open_key(a, s->dir, &s->lock, s->key, e))
        return false;
    uint8_t mask[SHA256_SIZE];
    store_key(s, "mask", mask);
    secret_init(mask, sizeof mask);
    store_key(s, "rows of state.db", s->mac_key);
    return true;
}

/* The file exists with its mode before SQLite sees it; SQLite gives the log files the same mode. */
static bool make_private(const char *dir, const char *path, struct err *e)
{
    if (!file_make_own_dir(dir, e))
        return false;
    int fd = file_open_own(path, O_RDWR | O_CREAT, 0, e);
    bool closed = fd >= 0 && fchmod(fd, 0600) == 0;
    if (fd >= 0)
        close(fd);
    return closed || err_set(e, ERR_SYSTEM, "the state in %s cannot be used", path);
}

/* SQLite opens them by name, and would follow a link or wait for a FIFO. */
static bool logs_are_own(struct arena *a, const char *path, struct err *e)
{
    static const char *const ends[] = { "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!file_check_own(arena_printf(a, "%s%s", path, ends[i]), e))
            return false;
    return true;
}

static bool open_tables(struct store *s, struct arena *a, struct err *e)
{
    char *path = arena_printf(a, "%s/state.db", s->dir);
    if (!make_private(s->dir, path, e) || !logs_are_own(a, path, e) || !read_state_key(s, a, e))
        return false;
    s->db = db_open(a, path, e);
    if (!s->db)
        return false;
    store_name_owner(s);
    return store_upgrade(s, e) && store_scrub_once(s, e) && store_note_alive(s, e);
}

struct store *store_open(struct arena *a, const char *dir, struct err *e)
{
    struct store *s = arena_make(a, struct store);
    s->dir = arena_strdup(a, dir);
    s->head_path = arena_printf(a, "%s/state.head", dir);
    s->lock = s->head_fd = -1;
    if (open_tables(s, a, e))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_forget_recent(s);
    db_close(s->db);
    store_head_forget(s);
    if (s->lock >= 0)
        close(s->lock);
    s->lock = -1;
}

/* -- keeping --------------------------------------------------------------------------------------
 */

/* An undecided plan of the same digest and owner that nobody tampered with: the same wish again.
 * Whoever else has it is asked about one of their own. */
static char *same_plan(struct store *s, struct arena *a, const struct plan *p, const char *owner,
                       bool *draft, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE digest = ? AND "
                                "who IS ? AND state IN ('draft', 'pending') AND expires > ?",
                                "ttd", p->digest, owner, when_now());
    char *id = NULL;
    while (!id && db_next(&r, e)) {
        struct err tampered = { 0 };
        if (!store_check(s, &r, false, &tampered))
            continue;
        id = arena_strdup(a, db_text(&r, 0));
        *draft = store_state_of(db_text(&r, 2)) == STATE_DRAFT;
    }
    db_done(&r);
    return id;
}

/* Somebody else waits for it now. When it expires and whose it is was said the first time. */
static bool found_again(struct store *s, const char *id, bool ask, const char *owner, struct err *e)
{
    bool moved = false;
    return store_hold(s, id, e) && (!ask || store_step(s,
                                                       &(struct step){ .id = id,
                                                                       .from = STATE_DRAFT,
                                                                       .to = STATE_PENDING,
                                                                       .who = owner,
                                                                       .channel = "proposed" },
                                                       &moved, e));
}

static char *free_id(struct store *s, struct arena *a, const char *digest, struct err *e)
{
    for (int i = 1;; i++) {
        char *id =
            i == 1 ? arena_printf(a, "c-%.12s", digest) : arena_printf(a, "c-%.12s-%d", digest, i);
        struct db_rows r = db_query(
            s->db, e,
            "SELECT 1 FROM plans WHERE id = ?1 UNION ALL SELECT 1 FROM audit WHERE id = ?1", "t",
            id);
        bool taken = db_next(&r, e);
        db_done(&r);
        if (r.failed)
            return NULL;
        if (!taken)
            return id;
    }
}

static bool insert(struct store *s, struct arena *a, const struct plan *p, enum plan_state state,
                   const char *owner, double ttl, const char *id, struct err *e)
{
    char *packed = json_print(a, plan_pack(a, p));
    char *sealed = crypto_seal(a, s->key, id, packed, strlen(packed));
    const struct secret_set *hidden = plan_secrets(a, p);
    cJSON *shown = plan_show(a, p, false);
    secret_scrub_tree(a, hidden, shown);
    char *summary = json_print(a, shown);
    double now = when_now();
    struct schedule at = { 0 };
    struct err ignored = { 0 };
    if (p->schedule)
        schedule_read(p->schedule, 0, &at, &ignored);
    return db_run(s->db, e,
                  "INSERT INTO plans (id, digest, state, title, risk, tool, who, undoes, created, "
                  "updated, expires, holder, sealed, summary, gateway, wish, starts, holds) VALUES "
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), nullif(?, 0))",
                  "ttttttttdddtttttdd", id, p->digest, store_state_name(state),
                  secret_scrub_with(a, hidden, p->title), risk_name(p->risk), p->tool, owner,
                  p->undoes, now, now, at.until > 0 && at.until < now + ttl ? at.until : now + ttl,
                  s->owner, sealed, summary, p->gateway, p->wish, at.at, at.until) &&
           store_touch(s, a, id, p, hidden, e) &&
           store_sign(s, "proposed", id, owner, store_state_name(state), summary, e);
}

bool store_keep(struct store *s, struct arena *a, const struct plan *p, enum plan_state state,
                const char *owner, double ttl, char **id, struct err *e)
{
    if (!p->closed)
        bug("a plan is stored before it was closed");
    if (!store_begin(s, e))
        return false;
    bool draft = false;
    *id = same_plan(s, a, p, owner, &draft, e);
    bool ok = e->kind == ERR_NONE, again = *id;
    if (ok && *id) {
        ok = found_again(s, *id, draft && state == STATE_PENDING, owner, e);
    } else if (ok) {
        *id = free_id(s, a, p->digest, e);
        ok = *id && insert(s, a, p, state, owner, ttl, *id, e);
    }
    ok = store_end(s, ok, e);
    if (ok && !again)
        meter_count(METER_CHANGES, store_state_name(state), NULL, 1);
    return ok;
}

/* -- finding --------------------------------------------------------------------------------------
 */

static cJSON *tree(struct arena *a, const char *text)
{
    struct err ignored = { 0 };
    return text ? json_parse(a, text, strlen(text), &ignored) : NULL;
}

void store_read_head(struct store *s, struct arena *a, struct db_rows *r, struct stored *out)
{
    static const int numbers[] = { 10, 11, 12, 20, 25 };
    double *const reals[] = { &out->created, &out->updated, &out->expires, &out->starts,
                              &out->lease_until };
    const char **const texts[] = {
        [0] = &out->id,     [1] = &out->digest,   [3] = &out->title,    [4] = &out->risk,
        [5] = &out->tool,   [6] = &out->owner,    [7] = &out->undoes,   [8] = &out->gateway,
        [9] = &out->wish,   [17] = &out->decided, [19] = &out->guarded, [23] = &out->holder,
        [24] = &out->lease,
    };
    struct err why = { 0 };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i])
            *texts[i] = arena_strdup(a, db_text(r, (int)i));
    for (int i = 0; i < 5; i++)
        *reals[i] = db_real(r, numbers[i]);
    out->id = out->id ? out->id : "";
    out->state = store_state_of(db_text(r, 2));
    if (!store_check(s, r, false, &why))
        out->tampered = arena_strdup(a, why.text);
}

static void fill_stored_row(struct store *s, struct arena *a, struct db_rows *r, struct stored *out)
{
    store_read_head(s, a, r, out);
    out->summary = tree(a, db_text(r, 14));
    out->result = tree(a, db_text(r, 15));
    out->guard = tree(a, db_text(r, 18));
    if (out->tampered)
        return;
    if (!out->summary || (db_text(r, 15) && !out->result))
        out->tampered =
            arena_printf(a, "change %s cannot be read: its record is not JSON", out->id);
}

bool store_find(struct store *s, struct arena *a, const char *id, struct stored *out, struct err *e)
{
    if (!store_head_look(s, e))
        return false;
    struct db_rows r = db_query(s->db, e,
                                "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE id = ?1 OR "
                                "(length(?1) >= 6 AND substr(id, 1, length(?1)) = ?1) "
                                "ORDER BY id = ?1 DESC LIMIT 2",
                                "t", id);
    bool found = db_next(&r, e);
    if (found)
        fill_stored_row(s, a, &r, out);
    bool exact = found && out->id && !strcmp(out->id, id);
    bool second = found && !exact && db_next(&r, e);
    db_done(&r);
    if (r.failed)
        return false;
    if (second)
        return err_set(e, ERR_ARGS, "'%.40s' begins the id of more than one change", id);
    if (!found)
        return err_set(e, ERR_ARGS, "there is no change '%.40s'; list_changes shows them", id);
    return !out->tampered || err_set(e, ERR_SYSTEM, "%s", out->tampered);
}

/* The sealed text of a change that was checked, and the digest of its plan. */
static char *sealed_of(struct store *s, struct arena *a, const char *id, char **digest,
                       struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE id = ?", "t", id);
    bool there = db_next(&r, e) && store_check(s, &r, false, e);
    char *sealed = there ? arena_strdup(a, db_text(&r, 13)) : NULL;
    *digest = there ? arena_strdup(a, db_text(&r, 1)) : NULL;
    db_done(&r);
    return sealed;
}

struct plan *store_plan(struct store *s, struct arena *a, const char *id, struct err *e)
{
    char *digest = NULL;
    char *sealed = store_head_look(s, e) ? sealed_of(s, a, id, &digest, e) : NULL;
    if (e->kind != ERR_NONE)
        return NULL;
    size_t n = 0;
    char *packed = sealed ? crypto_open(a, s->key, id, sealed, &n) : NULL;
    cJSON *o = packed ? json_parse(a, packed, n, e) : NULL;
    struct plan *p = o ? plan_unpack(a, o, e) : NULL;
    if (p && !strcmp(p->digest, digest))
        return p;
    if (e->kind == ERR_NONE)
        err_set(e, ERR_SYSTEM,
                "the stored change %.40s cannot be opened: another key file, or it was tampered "
                "with; nothing is written",
                id);
    return NULL;
}

typedef void row_fn(struct store *s, struct arena *a, struct db_rows *r, struct stored *out);

/* How much of a change is read, and what it is for. */
struct reader {
    row_fn *read;
    store_row_fn *fn;
    void *arg;
};

/* The rows of STORE_PLAN_COLUMNS that a query gives. */
static bool each_queried(struct store *s, struct db_rows r, const struct reader *x, struct err *e)
{
    bool on = true;
    while (on && db_next(&r, e)) {
        struct arena *a = arena_new();
        struct stored one = { 0 };
        x->read(s, a, &r, &one);
        on = x->fn(x->arg, &one);
        arena_free(a);
    }
    db_done(&r);
    return !r.failed;
}

static const double END_OF_TIME = 1e18;

/* Each query walks one index: a page deep in 100,000 changes costs what the first one does. */
struct db_rows store_query_changes(struct store *s, enum plan_state state, double before, int limit,
                                   struct err *e)
{
    double to = before > 0 ? before : END_OF_TIME;
    if (!state)
        return db_query(s->db, e,
                        "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE created < ? "
                        "ORDER BY created DESC, id LIMIT ?",
                        "di", to, limit);
    return db_query(s->db, e,
                    "SELECT " STORE_PLAN_COLUMNS " FROM plans INDEXED BY plans_state "
                    "WHERE state = ? AND created < ? ORDER BY created DESC, id LIMIT ?",
                    "tdi", store_state_name(state), to, limit);
}

bool store_each(struct store *s, enum plan_state state, double before, int limit, store_row_fn *fn,
                void *arg, struct err *e)
{
    return store_head_look(s, e) && each_queried(s, store_query_changes(s, state, before, limit, e),
                                                 &(struct reader){ fill_stored_row, fn, arg }, e);
}

bool store_each_touching(struct store *s, const char *object, double before, int limit,
                         store_row_fn *fn, void *arg, struct err *e)
{
    return store_head_look(s, e) &&
           each_queried(s,
                        db_query(s->db, e,
                                 "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE id IN "
                                 "(SELECT id FROM touches WHERE object = ?) AND created < ? "
                                 "ORDER BY created DESC, id LIMIT ?",
                                 "tdi", object, before > 0 ? before : END_OF_TIME, limit),
                        &(struct reader){ store_read_head, fn, arg }, e);
}

bool store_each_guarded(struct store *s, double after, int limit, store_row_fn *fn, void *arg,
                        struct err *e)
{
    return store_head_look(s, e) &&
           each_queried(s,
                        db_query(s->db, e,
                                 "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE guarded IN "
                                 "('" GUARD_WATCHING "', '" GUARD_REVERTING "') "
                                 "AND created > ? ORDER BY created LIMIT ?",
                                 "di", after, limit),
                        &(struct reader){ fill_stored_row, fn, arg }, e);
}

bool store_each_due(struct store *s, int limit, store_row_fn *fn, void *arg, struct err *e)
{
    return store_head_look(s, e) &&
           each_queried(s,
                        db_query(s->db, e,
                                 "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE "
                                 "state = 'approved' AND (starts IS NULL OR starts <= ?1) AND "
                                 "expires > ?1 ORDER BY created DESC LIMIT ?2",
                                 "di", when_now(), limit),
                        &(struct reader){ fill_stored_row, fn, arg }, e);
}

bool store_each_written(struct store *s, const char *gateway, double since, store_written_fn *fn,
                        void *arg, struct err *e)
{
    struct arena *a = arena_new();
    bool ok =
        store_head_look(s, e) &&
        each_queried(s,
                     db_query(s->db, e,
                              "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE gateway = ?1 AND "
                              "(state = 'applying' OR id IN (SELECT id FROM audit WHERE event IN "
                              "('applied', 'failed', 'unknown') AND at >= ?2)) ORDER BY updated",
                              "tt", gateway, when_text(a, since, true)),
                     &(struct reader){ store_read_head, fn, arg }, e);
    arena_free(a);
    return ok;
}
