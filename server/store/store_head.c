/* store_head.c - state.head beside the key: the newest audit line that was committed, under a MAC.
 *
 * It only grows, so that an older copy of state.db put back is noticed. A process writes it after
 * its commit: killed between the two it lags, which is harmless; it never leads. While it moves the
 * key file is locked, because several processes share a state. The file is two places of one width;
 * the older one is written over, so that a power cut in the middle leaves the other, and a write
 * needs one sync and no rename.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/when.h"
#include "store/store_private.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { PLACE = STORE_HEAD_SIZE / 2, PLACES = 2 };

/* One place: number, hash and MAC, filled up with blanks. */
static char *place_text(const struct store *s, struct arena *a, int seq, const char *hash)
{
    struct buf *b = buf_in(a, PLACE);
    const char *line = arena_printf(a, "%d %s", seq, *hash ? hash : "-");
    store_mac_add(b, "head");
    store_mac_add(b, line);
    const char *full = arena_printf(a, "%s %s", line, store_mac_end(s, a, b));
    return arena_printf(a, "%-*s\n", PLACE - 1, full);
}

/* What a place says; false: it is not ours, or was half written. */
static bool read_place(const struct store *s, struct arena *a, const char *text, int *seq,
                       char hash[65])
{
    if (sscanf(text, "%9d %64s", seq, hash) != 2 || *seq < 0)
        return false;
    if (!strcmp(hash, "-"))
        hash[0] = '\0';
    return !strncmp(text, place_text(s, a, *seq, hash), PLACE);
}

/* The newer of the two. */
static bool take_newest_place(struct store *s, struct arena *a, const char *text, size_t n)
{
    int best = -1;
    for (int i = 0; i < PLACES && n == (size_t)PLACE * PLACES; i++) {
        char hash[65] = "";
        int seq;
        if (!read_place(s, a, text + (size_t)i * PLACE, &seq, hash) || (best >= 0 && seq < s->head))
            continue;
        best = i;
        s->head = seq;
        snprintf(s->head_hash, sizeof s->head_hash, "%s", hash);
    }
    s->head_older = best == 0;
    return best >= 0;
}

/* Ours, and not further back than it was seen at: it only grows. */
static bool accept_head(struct store *s, struct arena *a, const char *text, size_t n, struct err *e)
{
    if (!take_newest_place(s, a, text, n))
        return err_set(e, ERR_SYSTEM, "%s was tampered with: it does not fit its MAC",
                       s->head_path);
    if (s->head < s->head_most)
        return err_set(e, ERR_SYSTEM,
                       "%s went back from line %d to line %d: an older copy of the state was put "
                       "back while it was in use",
                       s->head_path, s->head_most, s->head);
    s->head_most = s->head;
    memcpy(s->head_text, text, sizeof s->head_text);
    return true;
}

static bool is_same_stat(const struct stat *was, const struct stat *now)
{
    return now->st_dev == was->st_dev && now->st_ino == was->st_ino &&
           now->st_mode == was->st_mode && now->st_uid == was->st_uid &&
           now->st_nlink == was->st_nlink && now->st_size == was->st_size &&
           now->st_ctim.tv_sec == was->st_ctim.tv_sec &&
           now->st_ctim.tv_nsec == was->st_ctim.tv_nsec;
}

/* Has nobody touched the file that was read last? What takes its name away, or gives it to another
 * file, changes its st_ctim too. */
static bool is_untouched(const struct store *s)
{
    struct stat now;
    return s->head_fd >= 0 && fstat(s->head_fd, &now) == 0 && is_same_stat(&s->head_stat, &now);
}

/* The kernel writes a change into st_ctim in steps of its coarse clock, and some file systems in
 * whole seconds: of a file that changed within the last of them before it was read, the next look
 * proves nothing. */
static void keep_open(struct store *s, const struct stat *was)
{
    struct timespec step = { 0 };
    double changed = (double)was->st_ctim.tv_sec + (double)was->st_ctim.tv_nsec / 1e9;
    clock_getres(CLOCK_REALTIME_COARSE, &step);
    double settled =
        was->st_ctim.tv_nsec ? 2 * ((double)step.tv_sec + (double)step.tv_nsec / 1e9) : 2;
    if (when_now() - changed <= settled)
        return;
    s->head_stat = *was;
    s->head_fd = open(s->head_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

void store_head_forget(struct store *s)
{
    if (s->head_fd >= 0)
        close(s->head_fd);
    s->head_fd = -1;
}

static bool read_head_file(struct store *s, struct err *e)
{
    struct arena *a = arena_new_small();
    struct err why = { 0 };
    size_t n = 0;
    const char *text = file_read_own(a, s->head_path, (size_t)PLACE * PLACES, &n, &why);
    bool ok = text && n == sizeof s->head_text && !memcmp(text, s->head_text, n);
    if (!ok) { /* not as it was a moment ago */
        s->head = -1;
        s->head_held = false;
        s->head_text[0] = s->head_hash[0] = '\0';
        ok = text ? accept_head(s, a, text, n, e) : why.status == ENOENT;
    }
    if (!ok && !text)
        err_set(e, why.kind, "%s", why.text);
    arena_free(a);
    return ok;
}

bool store_head_look(struct store *s, struct err *e)
{
    struct stat was;
    if (is_untouched(s))
        return true;
    store_head_forget(s);
    bool there = lstat(s->head_path, &was) == 0;
    if (!read_head_file(s, e))
        return false;
    if (there && s->head >= 0)
        keep_open(s, &was);
    return true;
}

bool store_head_begin(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    const char *place = place_text(s, a, 0, "");
    const char *text = arena_printf(a, "%s%s", place, place);
    bool ok = file_replace(s->head_path, text, strlen(text), 0600, e);
    arena_free(a);
    return ok;
}

static bool write_place(struct store *s, int place, struct err *e)
{
    struct arena *a = arena_new_small();
    const char *text = place_text(s, a, s->end, s->end_hash);
    int fd = file_open_own(s->head_path, O_WRONLY, 077, e);
    bool ok =
        fd >= 0 && pwrite(fd, text, PLACE, (off_t)place * PLACE) == PLACE && fdatasync(fd) == 0;
    if (fd >= 0)
        close(fd);
    arena_free(a);
    return ok || err_set(e, ERR_SYSTEM, "state.head cannot be written: %s", strerror(errno));
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
    s->head_held = !strcmp(s->head_hash, there);
    return s->head_held ||
           err_set(e, ERR_SYSTEM,
                   "the state in %s is not the one that was written last: the audit had come to "
                   "line %d, which is not there as it was; an older copy of state.db was put "
                   "back, or lines were removed",
                   s->dir, s->head);
}

/* Under the lock: further than what is there? */
static bool advance_head_locked(struct store *s, struct err *e)
{
    if (flock(s->lock, LOCK_EX) != 0)
        return err_set(e, ERR_SYSTEM, "the key file cannot be locked: %s", strerror(errno));
    bool ok = store_head_look(s, e) && s->head >= 0 &&
              (s->head >= s->end || write_place(s, s->head_older, e));
    flock(s->lock, LOCK_UN);
    return ok;
}

void store_head_advance(struct store *s)
{
    struct err behind = { 0 }; /* the lines are committed; the next commit tries again */
    if (s->end_hash[0])
        advance_head_locked(s, &behind);
    s->end_hash[0] = '\0';
}

bool store_begin_new(struct store *s, struct err *e)
{
    store_head_forget(s); /* what is written goes to the file of that name, which may be another */
    return db_begin(s->db, e) && (store_head_look(s, e) || db_end(s->db, false, e));
}

bool store_begin(struct store *s, struct err *e)
{
    return store_begin_new(s, e) && (store_schema_holds(s, e) || db_end(s->db, false, e));
}

bool store_end(struct store *s, bool ok, struct err *e)
{
    ok = db_end(s->db, ok, e);
    if (ok)
        store_head_advance(s);
    s->end_hash[0] = '\0';
    return ok;
}
