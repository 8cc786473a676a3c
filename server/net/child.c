/* child.c - a child process with two pipes, and the fiber that waits for all three to end. */
#include "net/child.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "net/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { ENVIRONMENT_MAX = 4096, PIECE = 4096 };

struct child_stream {
    struct child *child;
    struct buf *buf;
    struct loop_watch *watch;
    int fd;
    bool keeps_last; /* the beginning gives way; else too much is an error */
};

struct child {
    struct loop *loop;
    struct fiber *fiber; /* parked; NULL: it runs */
    struct child_stream streams[2];
    struct loop_timer *timer;
    int pid;
    int status;
    bool ended, late, cancelled, too_long;
};

static void wake_child(struct child *c)
{
    struct fiber *f = c->fiber;
    c->fiber = NULL;
    if (f)
        fiber_resume(f);
}

static void close_stream(struct child_stream *s)
{
    loop_unwatch(s->watch);
    s->watch = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static bool keep_piece(struct child_stream *s, const char *bytes, size_t n)
{
    if (s->keeps_last && n > s->buf->max) {
        bytes += n - s->buf->max;
        n = s->buf->max;
    }
    if (s->keeps_last && s->buf->len + n > s->buf->max)
        buf_consume(s->buf, s->buf->len + n - s->buf->max);
    return buf_add(s->buf, bytes, n);
}

/* False: there is no more. */
static bool read_piece(struct child_stream *s)
{
    char piece[PIECE];
    ssize_t n = read(s->fd, piece, sizeof piece);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n > 0 && keep_piece(s, piece, (size_t)n))
        return true;
    s->child->too_long = s->child->too_long || n > 0;
    return false;
}

static void on_piece(void *arg, int fd, int events)
{
    struct child_stream *s = arg;
    (void)fd;
    (void)events;
    if (read_piece(s))
        return;
    close_stream(s);
    wake_child(s->child);
}

/* What it printed is in the pipe; what programs that it left behind print is not waited for. */
static void drain_stream(struct child_stream *s)
{
    struct pollfd p = { s->fd, POLLIN, 0 };
    while (s->fd >= 0 && poll(&p, 1, 0) > 0 && read_piece(s))
        ;
    close_stream(s);
}

static void on_child_end(void *arg, int pid, int status)
{
    struct child *c = arg;
    (void)pid;
    c->ended = true;
    c->status = status;
    drain_stream(&c->streams[0]);
    drain_stream(&c->streams[1]);
    wake_child(c);
}

static void on_child_late(void *arg)
{
    struct child *c = arg;
    c->late = true;
    wake_child(c);
}

static void resume_child(void *arg)
{
    fiber_resume(arg);
}

/* The canceller may be on a fiber itself, so who waits goes on a little later. */
static void on_child_cancel(void *arg)
{
    struct child *c = arg;
    struct fiber *f = c->fiber;
    c->cancelled = true;
    c->fiber = NULL;
    if (f)
        loop_soon(c->loop, resume_child, f);
}

/* Ours with the variables put before it: of a name given twice getenv finds the first. */
static char **child_environment(struct arena *a, const struct child_variable *more)
{
    int n = 0;
    char **out = arena_array(a, char *, ENVIRONMENT_MAX + 1);
    for (; more && more->name && n < ENVIRONMENT_MAX; more++)
        out[n++] = arena_printf(a, "%s=%s", more->name, more->value);
    int added = n;
    for (char **v = environ; *v && n < ENVIRONMENT_MAX; v++) {
        size_t name = strcspn(*v, "=") + 1;
        bool told = false;
        for (int i = 0; i < added; i++)
            told = told || strncmp(out[i], *v, name) == 0;
        if (!told)
            out[n++] = *v;
    }
    return out;
}

static bool spawn_child(struct child *c, struct arena *a, const struct child_spec *spec,
                        int pipes[2][2], struct err *e)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[0][1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 2);
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    int code = posix_spawn(&c->pid, spec->path, &actions, &attributes, (char *const *)spec->argv,
                           child_environment(a, spec->variables));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code == 0 || err_set(e, ERR_SYSTEM, "%s cannot be run: %s", spec->path, strerror(code));
}

static bool start_child_run(struct child *c, struct arena *a, const struct child_spec *spec,
                            struct err *e)
{
    int pipes[2][2] = { { -1, -1 }, { -1, -1 } };
    bool ok = pipe2(pipes[0], O_CLOEXEC) == 0 && pipe2(pipes[1], O_CLOEXEC) == 0;
    if (!ok)
        err_set(e, ERR_SYSTEM, "no pipe to %s: %s", spec->path, strerror(errno));
    ok = ok && spawn_child(c, a, spec, pipes, e);
    for (int i = 0; i < 2; i++) {
        if (pipes[i][1] >= 0)
            close(pipes[i][1]);
        c->streams[i].fd = pipes[i][0];
        if (!ok)
            continue;
        fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
        c->streams[i].watch = loop_watch(c->loop, pipes[i][0], LOOP_READ, on_piece, &c->streams[i]);
    }
    if (ok)
        loop_child(c->loop, c->pid, on_child_end, c);
    return ok;
}

static bool is_child_over(const struct child *c)
{
    return c->late || c->cancelled || c->too_long || c->ended;
}

/* One that has to be ended is waited for, so that nothing hears of it later. */
static void wait_for_child(struct child *c, const struct child_spec *spec)
{
    if (spec->cancel) {
        spec->cancel->wake = on_child_cancel;
        spec->cancel->arg = c;
        c->cancelled = spec->cancel->fired;
    }
    c->timer = loop_timer(c->loop, spec->timeout, 0, on_child_late, c);
    while (!is_child_over(c)) {
        c->fiber = fiber_self();
        fiber_park("run", spec->argv[0]);
    }
    loop_untimer(c->timer);
    if (spec->cancel)
        spec->cancel->wake = NULL;
    close_stream(&c->streams[0]);
    close_stream(&c->streams[1]);
    if (!c->ended)
        kill(-c->pid, SIGKILL);
    while (!c->ended) {
        c->fiber = fiber_self();
        fiber_park("end", spec->argv[0]);
    }
}

bool child_run(struct loop *l, struct arena *a, const struct child_spec *spec,
               struct child_end *out, struct err *e)
{
    struct child *c = arena_make(a, struct child);
    c->loop = l;
    c->streams[0] = (struct child_stream){ c, buf_in(a, spec->max_out), NULL, -1, false };
    c->streams[1] = (struct child_stream){ c, buf_in(a, spec->max_said), NULL, -1, true };
    if (!start_child_run(c, a, spec, e)) {
        close_stream(&c->streams[0]);
        close_stream(&c->streams[1]);
        return false;
    }
    wait_for_child(c, spec);
    *out = (struct child_end){ c->streams[0].buf->data, c->streams[0].buf->len,
                               c->streams[1].buf->data, c->status };
    if (c->cancelled)
        return err_set(e, ERR_GONE, "the call was cancelled while %s ran", spec->path);
    if (c->late)
        return err_set(e, ERR_SYSTEM, "%s did not end within %g s and was ended", spec->path,
                       spec->timeout);
    return !c->too_long || err_set(e, ERR_SYSTEM, "%s prints more than %zu bytes and was ended",
                                   spec->path, spec->max_out);
}

const char *child_find(struct arena *a, const char *name)
{
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? name : NULL;
    const char *path = getenv("PATH");
    for (const char *at = path ? path : ""; *at;) {
        size_t n = strcspn(at, ":");
        const char *candidate = arena_printf(a, "%.*s/%s", (int)n, at, name);
        if (n && access(candidate, X_OK) == 0)
            return candidate;
        at += n + (at[n] == ':');
    }
    return NULL;
}
