/* world.h - a world (configuration, gateway, engine, state folder) around one test body, with the
 * double as its console. */
#pragma once
#include "decide.h"
#include "double.h"
#include "scratch.h"

static inline struct world double_world(struct loop *l, const char *mode)
{
    struct world w = { .loop = l, .arena = arena_new() };
    struct err e = { 0 };
    setenv("HIGRESS_OPS_PASSWORD", "admin", 1);
    char *yaml = arena_printf(w.arena,
                              "gateway:\n  url: http://127.0.0.1:%d\n  timeout: 3\n  password:\n"
                              "    env: HIGRESS_OPS_PASSWORD\nmode: %s\nstate: %s\n",
                              double_port, mode, double_state);
    w.config = config_parse(w.arena, "test.yaml", yaml, strlen(yaml), &e);
    if (!w.config)
        fail_msg("%s", e.text);
    w.gateway = gateway_new(l, w.arena, w.config);
    w.engine = engine_new(l, w.arena, w.gateway, w.config);
    return w;
}

static inline void double_end(struct world *w)
{
    engine_stop(w->engine);
    fetch_stop(w->loop);
    arena_free(w->arena);
}

struct double_body {
    const char *mode;
    void (*fn)(struct world *w);
};

static void double_run(struct loop *l, void *arg)
{
    const struct double_body *b = arg;
    struct world w = double_world(l, b->mode);
    double_tell(&w, "/_reset", "");
    b->fn(&w);
    double_end(&w);
}

/* Runs fn on a loop with a fresh state folder and an empty double. */
static inline void with_world(const char *mode, void (*fn)(struct world *w))
{
    struct double_body b = { mode, fn };
    snprintf(double_state, sizeof double_state, "%s/higress-ops-test-XXXXXX", scratch_base());
    if (!mkdtemp(double_state))
        fail_msg("no folder for the test");
    loop_main(double_run, &b);
    char command[160];
    snprintf(command, sizeof command, "%s", double_state);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}
