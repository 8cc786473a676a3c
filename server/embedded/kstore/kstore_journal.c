/* kstore_journal.c - what a transaction of several files is about to do, so that it can be finished
 * after a sudden death.
 *
 * The file DIR/.higress-ops.journal is empty between transactions. Its first line says how long the
 * rest is and its checksum, so half a journal is none: then no file has been touched, and the
 * temporary files are swept at the next start. Each step is a line "rename KIND LENGTH SUFFIX" (the
 * file NAME.yaml.SUFFIX becomes NAME.yaml), "remove KIND LENGTH -" or "patch KIND LENGTH
 * AT:OLD:NEW" (the digits of a version, in place), then the name, which may hold anything. Steps
 * that were done before are done again without harm.
 */
#include "embedded/kstore/kstore_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LARGEST_JOURNAL = 64 << 20, SUFFIX = 6 };

static const char first_line[] = "higress-ops journal 1 %zu %016llx\n";

static char *journal_path(struct kstore *s, struct arena *a)
{
    return arena_printf(a, "%s/.higress-ops.journal", s->dir);
}

static void write_step(struct buf *b, const struct kstore_change *c)
{
    if (c->patch_at > 0) {
        const cJSON *metadata = json_get(c->after->tree, "metadata");
        buf_printf(b, "patch %s %zu %lld:%s:%s\n%s\n", kstore_kinds[c->kind].plural,
                   strlen(c->name), c->patch_at, c->old_version,
                   json_str(metadata, "resourceVersion"), c->name);
        return;
    }
    if (!c->temporary && !c->before)
        return;
    buf_printf(b, "%s %s %zu %s\n%s\n", c->temporary ? "rename" : "remove",
               kstore_kinds[c->kind].plural, strlen(c->name),
               c->temporary ? c->temporary + strlen(c->temporary) - SUFFIX : "-", c->name);
}

static bool write_journal_bytes(int fd, const char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t now = pwrite(fd, bytes + done, n - done, (off_t)done);
        if (now < 0 && errno != EINTR)
            return false;
        done += now > 0 ? (size_t)now : 0;
    }
    return true;
}

/* The file stays open: a new one would cost a sync of the folder each time. */
static bool open_journal(struct kstore *s, struct arena *a, struct err *e)
{
    const char *path = journal_path(s, a);
    if (s->journal >= 0)
        return true;
    s->journal = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->journal < 0)
        return err_set(e, ERR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    return file_sync_folder(s->dir, e);
}

bool kstore_journal_write(struct kstore *s, const struct kstore_change *changes, struct err *e)
{
    struct arena *scratch = arena_new();
    struct buf *steps = buf_in(scratch, LARGEST_JOURNAL), *all = buf_in(scratch, LARGEST_JOURNAL);
    for (const struct kstore_change *c = changes; c; c = c->next)
        write_step(steps, c);
    buf_printf(all, first_line, steps->len, (unsigned long long)text_hash(steps->data, steps->len));
    buf_add(all, steps->data, steps->len);
    bool done = open_journal(s, scratch, e);
    if (done &&
        (!write_journal_bytes(s->journal, all->data, all->len) || fdatasync(s->journal) != 0)) {
        done = err_set(e, ERR_SYSTEM, "cannot write %s: %s", journal_path(s, scratch),
                       strerror(errno));
        kstore_journal_clear(s);
    }
    s->journaled = done;
    arena_free(scratch);
    return done;
}

void kstore_journal_clear(struct kstore *s)
{
    s->journaled = false;
    if (s->journal >= 0 && ftruncate(s->journal, 0) != 0)
        s->journaled = true; /* done again before the next write */
    kstore_step(s);
}

/* One step and its name; moves *at behind it. */
struct step {
    char verb; /* its third letter, which tells them apart: n, m, t */
    const char *kind, *name, *detail;
};

static bool read_step(struct arena *a, const char **at, const char *end, struct step *out)
{
    char verb[8], kind[32], detail[80];
    size_t length;
    int used = 0;
    if (sscanf(*at, "%7s %31s %zu %79s%n", verb, kind, &length, detail, &used) != 4)
        return false;
    const char *name = *at + used + 1;
    if (name > end || length >= (size_t)(end - name))
        return false;
    *out = (struct step){ verb[2], arena_strdup(a, kind), arena_strndup(a, name, length),
                          arena_strdup(a, detail) };
    *at = name + length + 1;
    return true;
}

/* Somebody's later work on the file stays; the transaction is the older one then. */
static bool edited_since(const char *path, const struct stat *journal)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    const struct timespec *x = &st.st_mtim, *y = &journal->st_mtim;
    return x->tv_sec != y->tv_sec ? x->tv_sec > y->tv_sec : x->tv_nsec > y->tv_nsec;
}

static bool redo_patch(const char *path, const char *detail, struct err *e)
{
    long long at;
    char old[24], now[24];
    return sscanf(detail, "%lld:%23[0-9]:%23[0-9]", &at, old, now) != 3 ||
           kstore_text_patch(path, at, old, now, e);
}

static bool redo(struct kstore *s, struct arena *a, const struct step *step,
                 const struct stat *journal, struct err *e)
{
    const char *path = arena_printf(a, "%s/%s/%s.yaml", s->dir, step->kind, step->name);
    if (step->verb == 't')
        return redo_patch(path, step->detail, e);
    if (edited_since(path, journal))
        return true;
    int result = step->verb == 'n' ? rename(arena_printf(a, "%s.%s", path, step->detail), path)
                                   : unlink(path);
    if (result != 0 && errno != ENOENT)
        return err_set(e, ERR_SYSTEM, "cannot finish an interrupted write of %s: %s", path,
                       strerror(errno));
    return file_sync_folder(arena_printf(a, "%s/%s", s->dir, step->kind), e);
}

/* The steps of a whole journal; NULL: there is none. */
static const char *whole_journal(const char *text, size_t len, const char **end)
{
    unsigned long long sum;
    size_t length;
    const char *line = text ? memchr(text, '\n', len) : NULL;
    if (!line || sscanf(text, first_line, &length, &sum) != 2)
        return NULL;
    const char *steps = line + 1;
    *end = text + len;
    return length == (size_t)(*end - steps) && text_hash(steps, length) == sum ? steps : NULL;
}

static bool redo_all(struct kstore *s, struct arena *a, const char *path, struct err *e)
{
    struct stat st;
    size_t len = 0;
    const char *end = NULL;
    if (stat(path, &st) != 0)
        return true;
    const char *text = file_read(a, path, LARGEST_JOURNAL, &len, e);
    if (!text)
        return false;
    const char *at = whole_journal(text, len, &end);
    struct step step;
    while (at && at < end && read_step(a, &at, end, &step))
        if (!redo(s, a, &step, &st, e))
            return false;
    return true;
}

bool kstore_journal_recover(struct kstore *s, struct err *e)
{
    struct arena *scratch = arena_new();
    const char *path = journal_path(s, scratch);
    bool done = redo_all(s, scratch, path, e);
    if (done && unlink(path) == 0)
        done = file_sync_folder(s->dir, e);
    arena_free(scratch);
    return done;
}

bool kstore_journal_finish(struct kstore *s, struct err *e)
{
    if (!s->journaled)
        return true;
    struct arena *scratch = arena_new();
    bool done = redo_all(s, scratch, journal_path(s, scratch), e);
    arena_free(scratch);
    if (done)
        kstore_journal_clear(s);
    return done && !s->journaled;
}

void kstore_journal_close(struct kstore *s)
{
    if (s->journal < 0)
        return;
    struct arena *scratch = arena_new();
    if (!s->journaled)
        unlink(journal_path(s, scratch));
    close(s->journal);
    arena_free(scratch);
}
