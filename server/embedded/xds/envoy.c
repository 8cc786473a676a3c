/* envoy.c - the child process and the watch on the data folder.
 *
 * Changes are seen through inotify on the folders of the rendered kinds; several within 30 ms make
 * one rendering. */
#include "embedded/xds/envoy.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "embedded/xds/xds.h"
#include "net/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct envoy {
    struct arena *arena;    /* as long as this object */
    struct arena *rendered; /* the last rendering */
    struct loop *loop;
    struct envoy_options options;
    const char *xds; /* the watched folder, absolute */
    const char *access_log;
    const cJSON *notes;
    int pid; /* 0: ended */
    int inotify;
    struct loop_watch *watch;
    struct loop_timer *soon;
};

/* -- where it is ---------------------------------------------------------------------------------
 */
static const char *first_match(struct arena *a, const char *pattern)
{
    glob_t found;
    const char *path = NULL;
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && !path; i++)
            if (access(found.gl_pathv[i], X_OK) == 0)
                path = arena_strdup(a, found.gl_pathv[i]);
        globfree(&found);
    }
    return path;
}

/* Beside our own executable: build/gcc/higress-ops and build/venv are neighbours. */
static const char *find_installed(struct arena *a)
{
    static const char wheel[] = "venv/lib/python3*/site-packages/envoy/_bin/envoy";
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = '\0';
        for (int up = 0; up < 2 && strrchr(self, '/'); up++)
            *strrchr(self, '/') = '\0';
        const char *path = first_match(a, arena_printf(a, "%s/%s", self, wheel));
        if (path)
            return path;
    }
    return first_match(a, arena_printf(a, "build/%s", wheel));
}

static const char *find_on_path(struct arena *a)
{
    const char *all = getenv("PATH");
    while (all && *all) {
        size_t n = strcspn(all, ":");
        const char *path = arena_printf(a, "%.*s/envoy", (int)n, all);
        if (n && access(path, X_OK) == 0)
            return path;
        all += n + (all[n] == ':');
    }
    return NULL;
}

const char *envoy_find(struct arena *a)
{
    const char *named = getenv("HIGRESS_OPS_ENVOY");
    if (named && *named)
        return access(named, X_OK) == 0 ? arena_strdup(a, named) : NULL;
    const char *path = find_installed(a);
    return path ? path : find_on_path(a);
}

/* -- rendering -----------------------------------------------------------------------------------
 */
static bool render(struct envoy *v, struct err *e)
{
    struct arena *a = arena_new();
    struct xds_input in = { .address = "127.0.0.1",
                            .port = v->options.port,
                            .folder = v->xds,
                            .access_log = v->access_log };
    struct xds_output out;
    bool good = xds_read_folder(a, v->options.data, &in, e);
    if (good) {
        xds_render(a, &in, &out);
        good = xds_write(a, v->xds, &out, e);
    }
    if (!good) {
        arena_free(a);
        return false;
    }
    arena_free(v->rendered);
    v->rendered = a;
    v->notes = out.notes;
    return true;
}

static void tell_envoy_state(struct envoy *v, const char *sentence)
{
    if (v->options.tell)
        v->options.tell(v->options.arg, sentence);
}

static void render_now(void *arg)
{
    struct envoy *v = arg;
    struct err e = { 0 };
    loop_untimer(v->soon);
    v->soon = NULL;
    if (!render(v, &e))
        tell_envoy_state(v, e.text);
}

/* -- watching ------------------------------------------------------------------------------------
 */
static void watch_folders(struct envoy *v)
{
    static const char *const kinds[] = {
        "", "/ingresses", "/mcpbridges", "/wasmplugins", "/envoyfilters", "/http2rpcs", "/services"
    };
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(path, sizeof path, "%s%s", v->options.data, kinds[i]);
        inotify_add_watch(v->inotify, path, IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_CREATE);
    }
}

static void on_change(void *arg, int fd, int events)
{
    struct envoy *v = arg;
    char drained[4096];
    (void)events;
    while (read(fd, drained, sizeof drained) > 0)
        ;
    watch_folders(v); /* a kind's folder may be new */
    if (!v->soon)
        v->soon = loop_timer(v->loop, 0.03, 0, render_now, v);
}

static bool start_watch(struct envoy *v, struct err *e)
{
    v->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (v->inotify < 0)
        return err_set(e, ERR_SYSTEM, "cannot watch %s: %s", v->options.data, strerror(errno));
    watch_folders(v);
    v->watch = loop_watch(v->loop, v->inotify, LOOP_READ, on_change, v);
    return true;
}

/* -- the child -----------------------------------------------------------------------------------
 */
static _Noreturn void become_envoy(const struct envoy *v, const char *config, int log)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* Ctrl-C is for us; we end it in our own order */
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    close_range(3, ~0U, 0);
    execl(v->options.executable, "envoy", "-c", config, "--use-dynamic-base-id", "--log-level",
          "warning", "--concurrency", "1", "--file-flush-interval-msec", "200", (char *)NULL);
    _exit(127);
}

static void on_end(void *arg, int pid, int status)
{
    struct envoy *v = arg;
    char sentence[PATH_MAX + 128];
    (void)pid;
    v->pid = 0;
    snprintf(sentence, sizeof sentence, "Envoy ended (%s %d); its log is %s/envoy.log",
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), v->options.folder);
    tell_envoy_state(v, sentence);
}

static bool start_child(struct envoy *v, struct err *e)
{
    const char *config = arena_printf(v->arena, "%s/envoy.json", v->options.folder);
    const char *text = json_print(v->arena, xds_bootstrap(v->arena, v->xds, v->options.admin_port));
    const char *log_path = arena_printf(v->arena, "%s/envoy.log", v->options.folder);
    if (!file_replace(config, text, strlen(text), 0600, e))
        return false;
    int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0)
        return err_set(e, ERR_SYSTEM, "cannot write %s: %s", log_path, strerror(errno));

    int pid = fork();
    if (pid == 0)
        become_envoy(v, config, log);
    close(log);
    if (pid < 0)
        return err_set(e, ERR_SYSTEM, "cannot start a process: %s", strerror(errno));
    v->pid = pid;
    loop_child(v->loop, pid, on_end, v);
    return true;
}

static bool make_folders(struct envoy *v, struct err *e)
{
    char full[PATH_MAX];
    const char *xds = arena_printf(v->arena, "%s/xds", v->options.folder);
    if (!file_make_dir(xds, 0700, e))
        return false;
    if (!realpath(xds, full))
        return err_set(e, ERR_SYSTEM, "cannot resolve %s: %s", xds, strerror(errno));
    v->xds = arena_strdup(v->arena, full);
    *strrchr(full, '/') = '\0';
    v->access_log = arena_printf(v->arena, "%s/access.log", full);
    return true;
}

struct envoy *envoy_start(struct loop *l, const struct envoy_options *o, struct err *e)
{
    struct arena *a = arena_new();
    struct envoy *v = arena_make(a, struct envoy);
    v->arena = a;
    v->loop = l;
    v->options = *o;
    v->options.executable = arena_strdup(a, o->executable);
    v->options.data = arena_strdup(a, o->data);
    v->options.folder = arena_strdup(a, o->folder);
    v->inotify = -1;
    if (make_folders(v, e) && start_watch(v, e) && render(v, e) && start_child(v, e))
        return v;
    envoy_stop(v);
    return NULL;
}

const cJSON *envoy_notes(const struct envoy *v)
{
    return v->notes;
}

bool envoy_runs(const struct envoy *v)
{
    return v && v->pid > 0;
}

/* The loop may or may not have reaped it: waitpid then says ECHILD, which is as good. */
static void end_child(int pid)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    kill(pid, SIGTERM);
    for (int i = 0; i < 150; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

void envoy_stop(struct envoy *v)
{
    if (!v)
        return;
    loop_unwatch(v->watch);
    loop_untimer(v->soon);
    if (v->inotify >= 0)
        close(v->inotify);
    if (v->pid > 0)
        end_child(v->pid);
    arena_free(v->rendered);
    arena_free(v->arena);
}
