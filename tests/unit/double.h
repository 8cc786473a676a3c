/* double.h - for tests of the gateway layer: the double of the console (tests/double/console.py) as
 * a child process, and what it was asked. world.h builds a gateway and an engine around it. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "change/engine.h"
#include "check.h"
#include "config/config.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "plan/plan.h"
#include "store/store.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
    struct loop *loop;
    struct arena *arena;
    struct config *config;
    struct gateway *gateway;
    struct engine *engine;
};

static int double_port, double_in;
static pid_t double_pid;
static char double_state[128];

/* Starts a double; cert and key: it speaks TLS. Its port, 0 when it did not start. */
static __attribute__((noinline)) int double_launch(const char *cert, const char *key, pid_t *pid,
                                                   int *stdin_of_it)
{
    int in[2], out[2];
    char text[16] = "";
    if (pipe(in) || pipe(out))
        return 0;
    *pid = fork();
    if (*pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", "tests/double/console.py", cert ? "--tls" : NULL, cert, key,
               (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *stdin_of_it = in[1];
    ssize_t n = read(out[0], text, sizeof text - 1);
    close(out[0]);
    return n > 0 ? (int)strtol(text, NULL, 10) : 0;
}

static int double_start(void **state)
{
    (void)state;
    double_port = double_launch(NULL, NULL, &double_pid, &double_in);
    return double_port ? 0 : -1;
}

static int double_stop(void **state)
{
    (void)state;
    close(double_in);
    kill(double_pid, SIGTERM);
    waitpid(double_pid, NULL, 0);
    return 0;
}

/* A command to the double itself; its answer. */
static __attribute__((noinline)) cJSON *double_tell(struct world *w, const char *path,
                                                    const char *body)
{
    static const struct fetch_header json[] = { { "Content-Type", "application/json" }, { 0 } };
    struct err e = { 0 };
    struct fetch_answer answer = { 0 };
    struct fetch_request r = { .method = "POST", .headers = json, .body = body };
    r.body_len = strlen(body);
    r.url = arena_printf(w->arena, "http://127.0.0.1:%d%s", double_port, path);
    if (!fetch(w->loop, w->arena, &r, &answer, &e))
        fail_msg("the double: %s", e.text);
    return json_parse(w->arena, answer.body, answer.len, &e);
}

static inline void double_object(struct world *w, const char *path, const char *object)
{
    double_tell(w, "/_object",
                arena_printf(w->arena, "{\"path\":\"%s\",\"object\":%s}", path, object));
}

/* Requests of that method since the last reset. */
static inline int double_count(struct world *w, const char *method)
{
    const cJSON *r;
    int n = 0;
    cJSON_ArrayForEach(r, double_tell(w, "/_log", "")) n += !strcmp(json_str(r, "method"), method);
    return n;
}

static inline int double_writes(struct world *w)
{
    return double_count(w, "POST") + double_count(w, "PUT") + double_count(w, "DELETE");
}
