/* store.c - the state folder opened; plans kept and found.
 *
 * Moves between states and leases are store_lease.c, the audit store_audit.c. The schema is below;
 * a change of it needs a new user_version and a step that upgrades the one before.
 */
#include "gateway/store.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/when.h"
#include "gateway/plan.h"
#include "gateway/store_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- opening --------------------------------------------------------------------------------------
 */

/* Makes the key under another name and links it, so that two first starts agree on one. */
static bool make_key(struct arena *a, const char *path, struct err *e)
{
    uint8_t key[SEAL_KEY_SIZE];
    crypto_random(key, sizeof key);
    char *fresh = arena_printf(a, "%s.%d", path, (int)getpid());
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    ok = ok && (link(fresh, path) == 0 || errno == EEXIST);
    int why = errno;
    unlink(fresh);
    return ok || err_set(e, ERR_SYSTEM, "the key file %s cannot be made: %s", path, strerror(why));
}

void store_key(const struct store *s, const char *label, uint8_t out[SHA256_SIZE])
{
    crypto_hmac(s->key, sizeof s->key, label, strlen(label), out);
}

static bool read_key(struct store *s, struct arena *a, const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0 && !make_key(a, path, e))
        return false;
    if (stat(path, &st) != 0 || (st.st_mode & 077) || st.st_uid != geteuid())
        return err_set(e, ERR_SYSTEM,
                       "%s must belong to this user with mode 0600: it opens the secrets of stored "
                       "plans",
                       path);
    size_t n;
    char *key = file_read(a, path, 4096, &n, e);
    if (!key)
        return false;
    if (n != SEAL_KEY_SIZE)
        return err_set(e, ERR_SYSTEM, "%s holds %zu bytes, not %d: it is damaged", path, n,
                       SEAL_KEY_SIZE);
    memcpy(s->key, key, n);
    uint8_t mask[SHA256_SIZE];
    store_key(s, "mask", mask);
    secret_init(mask, sizeof mask);
    return true;
}

/* The file exists with its mode before SQLite sees it; SQLite gives the log files the same mode. */
static bool make_private(const char *dir, const char *path, struct err *e)
{
    if (!file_make_dir(dir, 0700, e))
        return false;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && chmod(dir, 0700) == 0;
    if (fd >= 0)
        close(fd);
    return ok ||
           err_set(e, ERR_SYSTEM, "the state folder %s cannot be used: %s", dir, strerror(errno));
}

struct store *store_open(struct arena *a, const char *dir, struct err *e)
{
    struct store *s = arena_make(a, struct store);
    char *path = arena_printf(a, "%s/state.db", dir);
    if (!make_private(dir, path, e) || !read_key(s, a, arena_printf(a, "%s/state.key", dir), e))
        return NULL;
    s->db = db_open(a, path, e);
    if (!s->db)
        return NULL;
    store_name_owner(s);
    if (store_upgrade(s, e) && store_beat(s, e))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s)
        db_close(s->db);
}

/* -- keeping --------------------------------------------------------------------------------------
 */

/* An undecided plan of the same digest and owner: the same wish again. Whoever else has it is asked
 * about one of their own. */
static char *same_plan(struct store *s, struct arena *a, const struct plan *p, const char *owner,
                       bool *draft, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT id, state FROM plans WHERE digest = ? AND who IS ? AND "
                                "state IN ('draft', 'pending') AND expires > ? LIMIT 1",
                                "ttd", p->digest, owner, when_now());
    char *id = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    *draft = id && store_state_of(db_text(&r, 1)) == STATE_DRAFT;
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
        struct db_rows r = db_query(s->db, e, "SELECT 1 FROM plans WHERE id = ?", "t", id);
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
    char *summary = secret_scrub(a, json_print(a, plan_show(a, p, false)));
    double now = when_now();
    return db_run(s->db, e,
                  "INSERT INTO plans (id, digest, state, title, risk, tool, who, undoes, created, "
                  "updated, expires, holder, sealed, summary, gateway, wish) VALUES "
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "ttttttttdddttttt", id, p->digest, store_state_name(state),
                  secret_scrub(a, arena_strdup(a, p->title)), plan_risk_name(p->risk), p->tool,
                  owner, p->undoes, now, now, now + ttl, s->owner, sealed, summary, p->gateway,
                  p->wish) &&
           store_chain(s, "proposed", id, owner, store_state_name(state), summary, e);
}

bool store_keep(struct store *s, struct arena *a, const struct plan *p, enum plan_state state,
                const char *owner, double ttl, char **id, struct err *e)
{
    if (!p->closed)
        bug("a plan is stored before it was closed");
    if (!db_begin(s->db, e))
        return false;
    bool draft = false;
    *id = same_plan(s, a, p, owner, &draft, e);
    bool ok = e->kind == ERR_NONE;
    if (ok && *id) {
        ok = found_again(s, *id, draft && state == STATE_PENDING, owner, e);
    } else if (ok) {
        *id = free_id(s, a, p->digest, e);
        ok = *id && insert(s, a, p, state, owner, ttl, *id, e);
    }
    return db_end(s->db, ok, e);
}

/* -- finding --------------------------------------------------------------------------------------
 */

#define COLUMNS                                                                                    \
    "id, digest, title, risk, tool, undoes, who, gateway, wish, state, created, updated, "         \
    "expires, holder, lease, lease_until, summary, result"

static cJSON *tree(struct arena *a, const char *text)
{
    struct err ignored = { 0 };
    return text ? json_parse(a, text, strlen(text), &ignored) : NULL;
}

static void row(struct arena *a, struct db_rows *r, struct stored *out)
{
    const char **const texts[] = { &out->id,    &out->digest,  &out->title,
                                   &out->risk,  &out->tool,    &out->undoes,
                                   &out->owner, &out->gateway, &out->wish };
    for (int i = 0; i < 9; i++)
        *texts[i] = arena_strdup(a, db_text(r, i));
    out->state = store_state_of(db_text(r, 9));
    out->created = db_real(r, 10);
    out->updated = db_real(r, 11);
    out->expires = db_real(r, 12);
    out->holder = arena_strdup(a, db_text(r, 13));
    out->lease = arena_strdup(a, db_text(r, 14));
    out->lease_until = db_real(r, 15);
    out->summary = tree(a, db_text(r, 16));
    out->result = tree(a, db_text(r, 17));
}

bool store_find(struct store *s, struct arena *a, const char *id, struct stored *out, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT " COLUMNS " FROM plans WHERE id = ?1 OR "
                                "(length(?1) >= 6 AND substr(id, 1, length(?1)) = ?1) "
                                "ORDER BY id = ?1 DESC LIMIT 2",
                                "t", id);
    bool found = db_next(&r, e);
    if (found)
        row(a, &r, out);
    bool exact = found && !strcmp(out->id, id);
    bool second = found && !exact && db_next(&r, e);
    db_done(&r);
    if (r.failed)
        return false;
    if (second)
        return err_set(e, ERR_ARGS, "'%.40s' begins the id of more than one change", id);
    return found || err_set(e, ERR_ARGS, "there is no change '%.40s'; list_changes shows them", id);
}

struct plan *store_plan(struct store *s, struct arena *a, const char *id, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT sealed FROM plans WHERE id = ?", "t", id);
    char *sealed = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    db_done(&r);
    if (r.failed)
        return NULL;
    size_t n = 0;
    char *packed = sealed ? crypto_open(a, s->key, id, sealed, &n) : NULL;
    cJSON *o = packed ? json_parse(a, packed, n, e) : NULL;
    if (o)
        return plan_unpack(a, o, e);
    err_set(e, ERR_SYSTEM,
            "the stored change %.40s cannot be opened: another key file, or it was tampered with; "
            "nothing is written",
            id);
    return NULL;
}

bool store_each(struct store *s, enum plan_state state, double before, int limit, store_row_fn *fn,
                void *arg, struct err *e)
{
    struct db_rows r = db_query(s->db, e,
                                "SELECT " COLUMNS " FROM plans WHERE (?1 = '' OR state = ?1) AND "
                                "(?2 = 0 OR created < ?2) ORDER BY created DESC, id LIMIT ?3",
                                "tdi", state ? store_state_name(state) : "", before, limit);
    bool on = true;
    while (on && db_next(&r, e)) {
        struct arena *a = arena_new();
        struct stored one = { 0 };
        row(a, &r, &one);
        on = fn(arg, &one);
        arena_free(a);
    }
    db_done(&r);
    return !r.failed;
}
