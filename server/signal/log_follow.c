/* log_follow.c - the loop of following, and what a file does to be followed. */
#include "signal/log_follow.h"
#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "net/loop.h"
#include "signal/log_follow_private.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 1 << 20, LINE = 256 * 1024 };
static const double LOOK_SECONDS = 0.02;

void log_follow_note(struct log_follower *f, const char *words)
{
    if (f->note && strstr(f->note, words))
        return;
    if (!f->note || strlen(f->note) < 1000)
        f->note = f->note ? arena_printf(f->arena, "%s; %s", f->note, words)
                          : arena_strdup(f->arena, words);
}

/* -- a file --------------------------------------------------------------------------------------
 */

struct file_follower {
    struct log_follower follower;
    const char *path;
    int fd;
    size_t at; /* what stands before was told */
    bool mid;  /* within a line that is left out; else a line begins there */
};

/* Behind the last line break before a place. */
static size_t line_before(int fd, size_t at)
{
    char *buf = NULL;
    size_t n = at < LINE ? at : LINE;
    struct arena *a = arena_new();

    buf = arena_alloc(a, n + 1);
    if (pread(fd, buf, n, (off_t)(at - n)) == (ssize_t)n) {
        const char *nl = memrchr(buf, '\n', n);
        at = nl ? at - n + (size_t)(nl - buf) + 1 : at - n;
    }
    arena_free(a);
    return at;
}

static bool open_followed(struct file_follower *f, struct err *e)
{
    struct stat st;

    f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) || !S_ISREG(st.st_mode)) {
        err_set(e, ERR_SYSTEM, "the log %s cannot be read: %s", f->path,
                f->fd < 0 ? strerror(errno) : "it is not a regular file");
        if (f->fd >= 0)
            close(f->fd);
        f->fd = -1;
    }
    return f->fd >= 0;
}

/* A file that took the place of the one that was read to its end. While it is empty, who writes may
 * still have the old one open. */
static void take_next_file(struct file_follower *f, const struct stat *was)
{
    struct stat now;
    struct err ignored = { 0 };
    int old = f->fd;

    if (stat(f->path, &now) || (now.st_ino == was->st_ino && now.st_dev == was->st_dev) ||
        now.st_size == 0)
        return;
    if (!open_followed(f, &ignored)) {
        f->fd = old;
        return;
    }
    close(old);
    f->at = 0;
    f->mid = false;
}

/* It is shorter than what was read of it, or no line begins any more where one did. */
static bool was_rewritten(const struct file_follower *f, size_t size)
{
    char before = '\n';

    if (size < f->at)
        return true;
    return f->at > 0 && !f->mid && size > f->at &&
           pread(f->fd, &before, 1, (off_t)f->at - 1) == 1 && before != '\n';
}

/* The whole lines; where none ends, it is one that is written yet, or longer than any of ours. */
static void take_lines(struct file_follower *f, const char *text, size_t n, struct log_part *out)
{
    const char *end = memrchr(text, '\n', n), *from = text;

    if (!end) {
        f->mid = f->mid || n == BATCH;
        f->at += f->mid ? n : 0;
        return;
    }
    if (f->mid)
        from = (const char *)memchr(text, '\n', n) + 1;
    f->mid = false;
    f->at += (size_t)(end - text) + 1;
    out->text = from;
    out->size = out->end = (size_t)(end + 1 - from);
}

static bool poll_file(struct log_follower *follower, struct arena *a, struct log_part *out,
                      struct err *e)
{
    struct file_follower *f = (struct file_follower *)follower;
    struct stat st;

    *out = (struct log_part){ .fd = -1 };
    if (fstat(f->fd, &st))
        return err_set(e, ERR_SYSTEM, "the log %s cannot be read: %s", f->path, strerror(errno));
    if (was_rewritten(f, (size_t)st.st_size)) {
        log_follow_note(follower, "the file was written anew while it was followed");
        f->at = 0;
        f->mid = false;
    }
    char *text = (size_t)st.st_size > f->at ? arena_alloc(a, BATCH) : NULL;
    ssize_t n = text ? pread(f->fd, text, BATCH, (off_t)f->at) : 0;
    if (n > 0)
        take_lines(f, text, (size_t)n, out);
    if (!out->size && n < BATCH)
        take_next_file(f, &st);
    return true;
}

static bool pause_file(struct log_follower *f, double seconds, struct err *e)
{
    return nap_for(f->source->loop, fmin(seconds, LOOK_SECONDS), "lines of", "a log",
                   f->source->cancel, e);
}

static void close_followed(struct log_follower *follower)
{
    struct file_follower *f = (struct file_follower *)follower;

    if (f->fd >= 0)
        close(f->fd);
}

struct log_follower *log_follow_file(struct log_source *s, struct arena *a, const char *path,
                                     struct log_part *newest, struct err *e)
{
    static const struct log_follower_ops ops = { poll_file, pause_file, close_followed };
    struct file_follower *f = arena_make(a, struct file_follower);
    struct stat st;

    *f = (struct file_follower){ .follower = { .ops = &ops, .source = s, .arena = a },
                                 .path = path };
    if (!open_followed(f, e))
        return NULL;
    fstat(f->fd, &st);
    size_t size = (size_t)st.st_size;
    bool same = s->read_to > 0 && s->read_file == (unsigned long long)st.st_ino;
    f->at = line_before(f->fd, same && s->read_to < size ? s->read_to : size);
    *newest = (struct log_part){ .fd = f->fd, .size = f->at, .end = f->at };
    return &f->follower;
}

/* -- whatever it is ------------------------------------------------------------------------------
 */

static struct log_follower *follower_of(struct log_source *s, struct arena *a,
                                        const struct accesslog_query *q, struct log_part *newest,
                                        struct err *e)
{
    enum logs_from from = log_source_from(s);
    const char *path = from == LOGS_FILE ? log_file_of(s, q->what, e) : NULL;

    if (from == LOGS_FILE)
        return path ? log_follow_file(s, a, path, newest, e) : NULL;
    if (!log_newest_part(s, a, q, newest, e))
        return NULL;
    return from == LOGS_PODS ? log_follow_pods(s, a, q, newest) : log_follow_loki(s, a, q, newest);
}

/* Who writes as fast as is read leaves nobody else a turn. */
static bool let_others(const struct log_source *s, struct err *e)
{
    return nap_for(s->loop, 0, "lines of", "a log", s->cancel, e);
}

static bool run_follower(struct log_follower *f, struct log_judge *j, double seconds, struct err *e)
{
    double until = loop_now(f->source->loop) + seconds;
    bool on = true;

    while (on) {
        struct arena *one = arena_new();
        struct log_part part = { .fd = -1 };
        bool ok = f->ops->poll(f, one, &part, e);
        on = ok && log_judge_part(j, &part);
        arena_free(one);
        double left = until - loop_now(f->source->loop);
        if (!ok)
            return false;
        on = on && left > 0;
        if (on && !(part.size ? let_others(f->source, e) : f->ops->pause(f, left, e)))
            return false;
    }
    return true;
}

bool log_follow(struct arena *a, struct log_source *from, const struct accesslog_query *q,
                double seconds, accesslog_fn *fn, void *arg, struct accesslog_seen *seen,
                struct err *e)
{
    struct log_part newest = { .fd = -1 };
    struct log_follower *f = follower_of(from, a, q, &newest, e);

    if (!f)
        return false;
    struct log_judge *j = log_judge_new(a, q, fn, arg);
    if (newest.size)
        log_judge_learn(j, &newest);
    bool ok = run_follower(f, j, seconds, e);
    f->ops->close(f);
    log_judge_seen(j, seen);
    seen->note = f->note;
    return ok;
}
