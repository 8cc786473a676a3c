/* demo_approve.c - a person at a terminal, played: `higress-ops approve ID` asks on a terminal and
 * never on a pipe, so the demo gives it a pseudo terminal and types yes. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "cmd/demo_private.h"
#include "net/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct approval {
    int terminal; /* our side */
    int pid;
    bool ended, answered;
    int status;
    struct buf *shown;
    struct loop_watch *watch;
};

static void on_approver_exit(void *arg, int pid, int status)
{
    struct approval *p = arg;
    (void)pid;
    p->ended = true;
    p->status = status;
}

static void on_output(void *arg, int fd, int events)
{
    struct approval *p = arg;
    char bytes[1024];
    (void)events;
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0) {
        loop_unwatch(p->watch);
        p->watch = NULL;
        return;
    }
    buf_add(p->shown, bytes, (size_t)n);
    if (!p->answered && strstr(p->shown->data, "Type yes")) {
        p->answered = true;
        if (write(fd, "yes\n", 4) != 4)
            p->answered = false;
    }
}

static _Noreturn void become_approve(const struct demo *d, int terminal, const char *id)
{
    const char *name = ptsname(terminal);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    int side = name ? open(name, O_RDWR) : -1;
    if (side < 0)
        _exit(126);
    ioctl(side, TIOCSCTTY, 0);
    dup2(side, 0);
    dup2(side, 1);
    dup2(side, 2);
    close_range(3, ~0U, 0);
    execl("/proc/self/exe", "higress-ops", "approve", id, "--config", d->config_file, (char *)NULL);
    _exit(127);
}

static bool open_pseudo_terminal(struct approval *p, struct err *e)
{
    p->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (p->terminal < 0 || grantpt(p->terminal) || unlockpt(p->terminal))
        return err_set(e, ERR_SYSTEM, "no pseudo terminal: %s", strerror(errno));
    return true;
}

bool demo_approve(struct demo *d, const char *id, struct err *e)
{
    struct approval *p = arena_make(d->arena, struct approval);
    p->shown = buf_in(d->arena, 1 << 20);
    if (!open_pseudo_terminal(p, e))
        return false;
    p->pid = fork();
    if (p->pid == 0)
        become_approve(d, p->terminal, id);
    if (p->pid < 0)
        return err_set(e, ERR_SYSTEM, "cannot start a process: %s", strerror(errno));

    p->watch = loop_watch(d->loop, p->terminal, LOOP_READ, on_output, p);
    loop_child(d->loop, p->pid, on_approver_exit, p);
    for (int i = 0; i < 600 && !p->ended; i++)
        if (!nap(d->loop, 0.05, &d->cancel, e))
            break;
    loop_unwatch(p->watch);
    close(p->terminal);
    if (!p->ended)
        kill(p->pid, SIGKILL);
    if (p->ended && WIFEXITED(p->status) && WEXITSTATUS(p->status) == EXIT_DONE)
        return true;
    return err_set(e, ERR_SYSTEM, "`higress-ops approve %s` did not end well (%d): %s", id,
                   p->status, text_clean(d->arena, p->shown->data, 600));
}
