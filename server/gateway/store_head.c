/* store_head.c - state.head beside the key: the newest audit line that was committed, under a MAC.
 *
 * It only grows, so that an older copy of state.db put back is noticed. A process writes it after
 * its commit: killed between the two it lags, which is harmless; it never leads. While it moves the
 * key file is locked, because several processes share a state.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "gateway/store_inside.h"
#include <errno.h>
#include <sys/file.h>

enum { HEAD_MAX = 256 };

static const char *path_of(const struct store *s, struct arena *a)
{
    return arena_printf(a, "%s/state.head", s->dir);
}

static char *head_text(const struct store *s, struct arena *a, int seq, const char *hash)
{
    struct buf *b = buf_in(a, HEAD_MAX);
    const char *line = arena_printf(a, "%d %s", seq, *hash ? hash : "-");
    store_mac_add(b, "head");
    store_mac_add(b, line);
    return arena_printf(a, "%s %s\n", line, store_mac_end(s, a, b));
}

static bool understand(struct store *s, struct arena *a, const char *text)
{
    char hash[65] = "";
    int n = 0;
    if (sscanf(text, "%9d %64s", &n, hash) != 2 || n < 0)
        return false;
    if (!strcmp(hash, "-"))
        hash[0] = '\0';
    s->head = n;
    snprintf(s->head_hash, sizeof s->head_hash, "%s", hash);
    return !strcmp(text, head_text(s, a, n, hash));
}

bool store_head_look(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    struct err why = { 0 };
    s->head = -1;
    const char *text = file_read_own(a, path_of(s, a), HEAD_MAX, NULL, &why);
    bool ok = text ? understand(s, a, text) : why.status == ENOENT;
    if (!ok && text)
        err_set(e, ERR_SYSTEM, "%s was tampered with: it does not fit its MAC", path_of(s, a));
    else if (!ok)
        err_set(e, why.kind, "%s", why.text);
    arena_free(a);
    return ok;
}

bool store_head_write(struct store *s, int seq, const char *hash, struct err *e)
{
    struct arena *a = arena_new();
    const char *text = head_text(s, a, seq, hash);
    bool ok = file_replace(path_of(s, a), text, strlen(text), 0600, e);
    arena_free(a);
    return ok;
}

/* The hash of that line in the database, or "". */
static bool hash_at(struct store *s, int seq, char hash[65], struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT hash FROM audit WHERE seq = ?", "i", seq);
    const char *text = db_next(&r, e) ? db_text(&r, 0) : NULL;
    snprintf(hash, 65, "%s", text ? text : "");
    db_done(&r);
    return !r.failed;
}

bool store_head_holds(struct store *s, struct err *e)
{
    char there[65] = "";
    if (s->head < 0)
        return err_set(e, ERR_SYSTEM,
                       "%s/state.head is missing: it says how far the audit had come, and without "
                       "it an older copy of state.db would not be noticed; put it back, or move "
                       "the whole folder away to begin anew",
                       s->dir);
    if (!hash_at(s, s->head, there, e))
        return false;
    return !strcmp(s->head_hash, there) ||
           err_set(e, ERR_SYSTEM,
                   "the state in %s is not the one that was written last: the audit had come to "
                   "line %d, which is not there as it was; an older copy of state.db was put "
                   "back, or lines were removed",
                   s->dir, s->head);
}

/* Under the lock: further than what is there? */
static bool advance(struct store *s, struct err *e)
{
    if (flock(s->lock, LOCK_EX) != 0)
        return err_set(e, ERR_SYSTEM, "the key file cannot be locked: %s", strerror(errno));
    bool ok =
        store_head_look(s, e) && (s->head >= s->end || store_head_write(s, s->end, s->end_hash, e));
    flock(s->lock, LOCK_UN);
    return ok;
}

void store_head_advance(struct store *s)
{
    struct err behind = { 0 }; /* the lines are committed; the next commit tries again */
    if (s->end_hash[0])
        advance(s, &behind);
    s->end_hash[0] = '\0';
}

bool store_begin(struct store *s, struct err *e)
{
    return db_begin(s->db, e) && (store_head_look(s, e) || db_end(s->db, false, e));
}

bool store_end(struct store *s, bool ok, struct err *e)
{
    ok = db_end(s->db, ok, e);
    if (ok)
        store_head_advance(s);
    s->end_hash[0] = '\0';
    return ok;
}
