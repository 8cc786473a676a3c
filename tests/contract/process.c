/* process.c - the console as its users have it: another process, HTTP/1.1 on plain sockets. */
#include "process.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, MAX_ANSWER = 64 << 20, PATIENCE_S = 20 };

struct process {
    struct process_options options;
    struct arena *arena;
    pid_t pid; /* 0: not running */
    int port;
    int sockets[MAX_CONNECTIONS]; /* -1: not open */
    unsigned turn, restarts;
};

extern char **environ;

/* "listening on http://127.0.0.1:PORT" is its first line. */
static int announced_port(int fd)
{
    char line[256];
    size_t n = 0;
    while (n + 1 < sizeof line && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = 0;
    const char *colon = strrchr(line, ':');
    return text_starts(line, "listening on ") && colon ? (int)strtol(colon + 1, NULL, 10) : 0;
}

static bool spawn(struct process *p, struct err *e)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    const char *words[] = { p->options.program, "console",  "--data",
                            p->options.dir,     "--listen", "127.0.0.1:0" };
    enum { WORDS = sizeof words / sizeof *words };
    char *argv[WORDS + 1] = { NULL };
    for (int i = 0; i < WORDS; i++)
        argv[i] = arena_strdup(p->arena, words[i]);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_NET, "no pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    int failed = posix_spawn(&p->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    p->port = failed ? 0 : announced_port(ends[0]);
    close(ends[0]);
    if (failed)
        p->pid = 0;
    return p->port > 0 || err_set(e, ERR_NET, "'%s' does not start", p->options.program);
}

static void hang_up(struct process *p)
{
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        if (p->sockets[i] >= 0)
            close(p->sockets[i]);
        p->sockets[i] = -1;
    }
}

static void end(struct process *p, int signum)
{
    hang_up(p);
    if (p->pid <= 0)
        return;
    kill(p->pid, signum);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    p->pid = 0;
}

static bool dial(const struct process *p, int *fd, struct err *e)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((unsigned short)p->port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct timeval patience = { .tv_sec = PATIENCE_S };
    if (*fd >= 0)
        return true;
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || connect(*fd, (struct sockaddr *)&to, sizeof to) != 0)
        return err_set(e, ERR_NET, "no connection: %s", strerror(errno));
    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return true;
}

static bool transmit(int fd, const struct embedded_call *call, struct arena *a, struct err *e)
{
    struct buf *out = buf_in(a, MAX_ANSWER);
    buf_printf(out, "%s %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %zu\r\n", call->method,
               call->target, call->body_len);
    for (const struct embedded_header *h = call->headers; h->name; h++)
        buf_printf(out, "%s: %s\r\n", h->name, h->value);
    buf_str(out, "\r\n");
    buf_add(out, call->body, call->body_len);
    for (size_t sent = 0; sent < out->len;) {
        ssize_t n = send(fd, out->data + sent, out->len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return err_set(e, ERR_NET, "the console does not read: %s", strerror(errno));
        sent += (size_t)n;
    }
    return true;
}

static bool receive(int fd, struct buf *in, struct err *e)
{
    char piece[4 << 10];
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n == 0)
        return err_set(e, ERR_NET, "the console closed a connection that was to be kept");
    if (n < 0)
        return err_set(e, ERR_NET, "no answer: %s", strerror(errno));
    return buf_add(in, piece, (size_t)n);
}

/* Status line and headers up to the empty line; lines end where their CR was. */
static void read_head(struct arena *a, char *head, struct embedded_answer *out, size_t *len,
                      bool *closes)
{
    size_t count = 0, most = sizeof out->headers / sizeof *out->headers - 1;
    char *line = strchr(head, '\n');
    out->status = (int)strtol(head + 9, NULL, 10);
    for (; line && line[1]; line = strchr(line + 1, '\n')) {
        char *name = line + 1, *colon = strchr(name, ':');
        size_t end = colon ? strcspn(colon, "\r") : 0;
        if (!colon)
            continue;
        for (char *p = name; p < colon; p++)
            *p = (char)tolower((unsigned char)*p);
        struct embedded_header h = { arena_strndup(a, name, (size_t)(colon - name)),
                                     arena_strndup(a, colon + 2, end - 2) };
        if (strcmp(h.name, "content-length") == 0)
            *len = strtoul(h.value, NULL, 10);
        *closes |= strcmp(h.name, "connection") == 0 && strcmp(h.value, "close") == 0;
        if (!wire_is_transport(h.name) && count < most)
            out->headers[count++] = h;
    }
}

static bool get_answer(int fd, struct arena *a, const char *method, struct embedded_answer *out,
                       bool *closes, struct err *e)
{
    struct buf *in = buf_in(a, MAX_ANSWER);
    const char *end;
    size_t len = 0;
    while (!(end = strstr(in->data, "\r\n\r\n")))
        if (!receive(fd, in, e))
            return false;
    size_t head = (size_t)(end - in->data) + 4;
    read_head(a, arena_strndup(a, in->data, head - 2), out, &len, closes);
    if (strcmp(method, "HEAD") == 0)
        len = 0;
    while (in->len < head + len)
        if (!receive(fd, in, e))
            return false;
    if (in->len > head + len)
        return err_set(e, ERR_NET, "%zu bytes follow the answer", in->len - head - len);
    out->body = in->data + head;
    out->len = len;
    return true;
}

bool process_call(struct process *p, struct arena *a, const struct embedded_call *call,
                  struct embedded_answer *out, struct err *e)
{
    int *fd = &p->sockets[p->turn++ % (unsigned)p->options.connections];
    bool closes = false;
    *out = (struct embedded_answer){ .body = "" };
    bool good = dial(p, fd, e) && transmit(*fd, call, a, e) &&
                get_answer(*fd, a, call->method, out, &closes, e);
    if (!good || closes) {
        close(*fd);
        *fd = -1;
    }
    return good;
}

struct process *process_start(struct arena *a, const struct process_options *o, struct err *e)
{
    struct process *p = arena_make(a, struct process);
    p->options = *o;
    p->arena = a;
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        p->sockets[i] = -1;
    if (spawn(p, e))
        return p;
    end(p, SIGKILL);
    return NULL;
}

bool process_restart(struct process *p, struct err *e)
{
    end(p, p->restarts++ % 2 ? SIGKILL : SIGTERM);
    return spawn(p, e);
}

void process_stop(struct process *p)
{
    if (p)
        end(p, SIGTERM);
}
