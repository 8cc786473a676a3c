/* propose.h - for tests of the engine: a change of a route, proposed and approved, and a process of
 * its own that applies a change and may be killed in it. main asks child_wanted first. */
#pragma once
#include "world.h"
#include <errno.h>

#define ROUTE                                                                                      \
    "{\"name\":\"pay\",\"domains\":[\"a.example\"],\"path\":{\"matchType\":\"PRE\","               \
    "\"matchValue\":\"/\"},\"services\":[{\"name\":\"web.static\",\"port\":80,\"weight\":100}],"   \
    "\"authConfig\":{\"enabled\":true,\"allowedConsumers\":[\"alice\"]}}"

static __attribute__((noinline, unused)) const cJSON *now_is(struct world *w, const char *kind,
                                                             const char *name)
{
    struct err e = { 0 };
    bool missing;
    const cJSON *o =
        gateway_object(w->gateway, w->arena, kind_find(kind), name, NULL, &missing, NULL, &e);
    if (!o && !missing)
        fail_msg("%s", e.text);
    return o;
}

/* A plan that moves the route's first domain. */
static __attribute__((noinline, unused)) struct plan *move_domain(struct world *w, const char *to,
                                                                  struct err *e)
{
    struct plan *p = plan_new(w->arena, "test", CHANGE, e);
    const cJSON *before = now_is(w, "route", "pay");
    char *patch = arena_printf(w->arena, "{\"domains\":[\"%s\"],\"authConfig\":null}", to);
    cJSON *after =
        json_merge_patch(w->arena, before, json_parse(w->arena, patch, strlen(patch), e));
    assert_true(plan_put(p, "route", "pay", NULL, before, after));
    return p;
}

static __attribute__((noinline, unused)) const char *proposed(struct world *w, struct plan *p,
                                                              enum engine_next want)
{
    struct err e = { 0 };
    const char *id = NULL;
    enum engine_next next = engine_propose(w->engine, p, false, "tester", &id, &e);
    if (next != want)
        fail_msg("next is %d: %s", (int)next, e.text);
    return id;
}

static __attribute__((noinline, unused)) void approve(struct world *w, const char *id)
{
    struct err e = { 0 };
    if (!decide_as(w->engine, id, NULL, true, "tester", &e))
        fail_msg("%s", e.text);
}

/* What a child does: applies the change, or only recovers what others left. */
static inline void child_main(struct loop *l, void *arg)
{
    const char *id = arg;
    struct world w = double_world(l, "approve");
    struct err e = { 0 };
    cJSON *o = engine_apply(w.engine, w.arena, id, NULL, &e);
    int code = o && !strcmp(json_str(o, "state"), "applied") ? 0 : 1;
    double_end(&w);
    _exit(code);
}

static inline pid_t child(const char *id, const char *stop_at)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char port[16];
    snprintf(port, sizeof port, "%d", double_port);
    setenv("DOUBLE_PORT", port, 1);
    setenv("DOUBLE_STATE", double_state, 1);
    if (stop_at)
        setenv("HIGRESS_OPS_STOP_AT", stop_at, 1);
    execl("/proc/self/exe", program_invocation_short_name, "--apply", id, (char *)NULL);
    _exit(127);
}

static inline bool child_wanted(int argc, char **argv)
{
    return argc == 3 && !strcmp(argv[1], "--apply");
}

static inline int child_run(char *id)
{
    double_port = (int)strtol(getenv("DOUBLE_PORT"), NULL, 10);
    snprintf(double_state, sizeof double_state, "%s", getenv("DOUBLE_STATE"));
    loop_main(child_main, id);
    return 3;
}
