/* chaos.c - random changes through the real engine to a console that behaves badly; no claim about
 * any of them may be wrong.
 *
 *   chaos [--seed N] [--operations N] [--rate PERCENT] [--worlds N] [--mutate N] [-v]
 *
 * Several worlds run side by side, each with its own console, engine, state folder and seed made
 * of the one given. Prints what was broken, what was claimed, and every wrong claim with the seed;
 * the same seed gives the same run. Short waits come from the configuration.
 *
 * --mutate makes the engine lie, so that it can be seen that a lie is found: 1 says "applied" where
 * it is unknown, 2 "not written" where it is unknown, 3 "not written" where it is applied, 4 loses
 * what was written, 5 says that an operation was undone which stands.
 */
#include "chaos.h"
#include "../unit/decide.h"
#include "../unit/scratch.h"

#include "base/fiber.h"
#include "base/file.h"
#include "config/config.h"
#include "console/gateway.h"
#include "net/fetch.h"
#include "net/loop.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORLDS_MAX = 16, STATES = 6, SHOWN = 20, MUTATIONS = 5 };
static const char *const states[STATES] = { "applied", "failed",      "void",
                                            "unknown", "not planned", "other" };

struct run {
    unsigned long long seed;
    int operations, rate, worlds, mutation;
    bool verbose;
    struct loop *loop;
    const char *dir;
    int running, built, lies, done, deeds;
    unsigned long faults[FAULTS], outcomes[STATES], met[FAULTS][STATES];
    unsigned long long digest;
};

struct world {
    struct run *run;
    int number;
    struct arena *arena;
    struct bad_console *console;
    struct gateway *gateway;
    struct engine *engine;
    struct chance chance;
    unsigned long long digest;
};

/* What was said, and which faults it was said under. */
static void claim(struct world *w, const char *state, unsigned seen)
{
    struct run *r = w->run;
    int i = 0;
    while (i < STATES - 1 && strcmp(states[i], state) != 0)
        i++;
    r->outcomes[i]++;
    for (int f = 0; f < FAULTS; f++)
        r->met[f][i] += seen >> f & 1;
    w->digest = (w->digest ^ (seen * 8u + (unsigned)i)) * 1099511628211ULL;
}

static void say_lie(struct world *w, struct arena *a, int n, const char *lie, const cJSON *shown)
{
    if (w->run->lies++ >= SHOWN && !w->run->verbose)
        return;
    printf("LIE in world %d, operation %d: %s\n  faults: %s\n", w->number, n, lie,
           bad_console_faults(w->console, a));
    if (shown)
        printf("  answer: %.900s\n", json_print(a, json_get(shown, "result")));
}

/* Somebody else changes what the plan is about before it is applied. */
static void meddle(struct world *w, struct arena *a, const struct plan *p, unsigned percent)
{
    struct err e = { 0 };
    struct embedded_answer answer = { 0 };
    const struct plan_op *op = &p->ops[0];
    if ((op->before || percent == 100) && !(op->kind->flags & KIND_SPECIAL) &&
        chance_of(&w->chance, percent))
        bad_console_ask(w->console, a, "DELETE",
                        kind_object_path(a, op->kind, op->name, op->scope, &e), NULL, &answer);
}

static const char *approve(struct world *w, struct plan *p, struct err *e)
{
    const char *id = NULL;
    enum engine_next next = engine_propose(w->engine, p, false, "chaos", &id, e);
    if (next == ENGINE_REFUSED)
        return NULL;
    if (next == ENGINE_ASK && !decide_as(w->engine, id, p->digest, true, "chaos", e))
        return NULL;
    return id;
}

static void set_outcomes(struct arena *a, cJSON *shown, const char *state, const char *was,
                         const char *outcome)
{
    cJSON *o;
    json_set_str(a, shown, "state", state);
    cJSON_ArrayForEach(o, json_path(shown, "result.operations"))
    {
        const char *old = json_str(o, "outcome");
        if (old && !strcmp(old, was))
            json_set_str(a, o, "outcome", outcome);
    }
}

/* The engine as it would be without one of its guards. */
static void mutate(struct world *w, struct scene *s, cJSON *shown)
{
    static const struct {
        const char *state, *says, *was, *outcome;
    } rows[MUTATIONS] = { { "unknown", "applied", "unknown", "written" },
                          { "unknown", "failed", "unknown", "not written" },
                          { "applied", "failed", "written", "not written" },
                          { "applied", NULL, NULL, NULL },
                          { "failed", "failed", "written", "undone" } };
    int m = w->run->mutation - 1;
    const char *state = json_str(shown, "state");
    if (m < 0 || !state || strcmp(state, rows[m].state) != 0)
        return;
    if (rows[m].says)
        set_outcomes(s->arena, shown, rows[m].says, rows[m].was, rows[m].outcome);
    else
        meddle(w, s->arena, s->plan, 100);
}

/* From a plan to the judgement of what its application is said to have come to. */
static const char *carry_out(struct world *w, struct arena *a, struct plan *p, cJSON **shown)
{
    struct err e = { 0 };
    const char *id = approve(w, p, &e);
    struct scene *s = arena_make(a, struct scene);
    if (!id)
        return NULL;
    *s = (struct scene){ .console = w->console, .arena = a, .plan = p };
    meddle(w, a, p, 5);
    scene_set(s);
    bad_console_seen(w->console);
    engine_apply(w->engine, a, id, NULL, &e);
    unsigned seen = bad_console_seen(w->console);
    bad_console_settle(w->console);
    struct err ignored = { 0 };
    *shown = engine_show(w->engine, a, id, false, &ignored);
    claim(w, *shown ? json_str(*shown, "state") : "other", seen);
    mutate(w, s, *shown);
    if (w->run->verbose)
        printf("world %d: %s: %s\n", w->number, json_str(*shown, "state"), e.text);
    return verdict_on(s, *shown);
}

/* Now and then what was done is undone, by the engine's own plan. */
static const char *take_back(struct world *w, struct arena *a, cJSON **shown)
{
    struct err *e = arena_make(a, struct err);
    struct plan *p = plan_new(a, "undo", CHANGE, e);
    const char *id = json_str(*shown, "id");
    if (!id || !chance_of(&w->chance, 8) || !engine_undo(w->engine, p, id, NULL, e))
        return NULL;
    return carry_out(w, a, p, shown);
}

/* One deed; how many plans were carried out. */
static int deed(struct world *w, int n)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    const char *lie = NULL;
    cJSON *shown = NULL, *undone = NULL;
    bad_console_faults(w->console, a);
    struct plan *p = deed_make(w->console, w->gateway, a, &w->chance, &lie, &e);
    if (p && !lie)
        lie = carry_out(w, a, p, &shown);
    if (lie)
        say_lie(w, a, n, lie, shown);
    else if (shown && (undone = shown) && (lie = take_back(w, a, &undone)))
        say_lie(w, a, n, lie, undone);
    int done = (shown != NULL) + (undone && undone != shown);
    w->run->outcomes[STATES - 2] += !shown;
    arena_free(a);
    return done;
}

static bool build(struct world *w, struct err *e)
{
    struct run *r = w->run;
    const char *dir = arena_printf(w->arena, "%s/console-%d", r->dir, w->number);
    w->chance.state = r->seed * 1000003ULL + (unsigned)w->number;
    w->console = bad_console_start(r->loop, dir, w->chance.state ^ 0x5deece66dULL, e);
    if (!w->console)
        return false;
    char *yaml = arena_printf(w->arena,
                              "gateway:\n  url: http://127.0.0.1:%d\n  timeout: 0.8\n"
                              "  pause: 0.002\n  password:\n    env: HIGRESS_OPS_PASSWORD\n"
                              "mode: auto\nstate: %s/state-%d\n",
                              bad_console_port(w->console), r->dir, w->number);
    struct config *c = config_parse(w->arena, "chaos.yaml", yaml, strlen(yaml), e);
    if (!c)
        return false;
    w->gateway = gateway_new(r->loop, w->arena, c);
    w->engine = engine_new(r->loop, w->arena, w->gateway, c);
    bad_console_break(w->console, (unsigned)r->rate, w->gateway);
    return true;
}

static void live(void *arg)
{
    struct world w = *(struct world *)arg;
    struct run *r = w.run;
    struct err e = { 0 };
    w.arena = arena_new();
    if (build(&w, &e)) {
        /* None begins before all are built: that takes long, and no answer would come meanwhile. */
        r->built++;
        while (r->built < r->worlds && nap(r->loop, 0.01, NULL, &e))
            ;
        int share = (r->operations + r->worlds - 1) / r->worlds;
        for (int n = 0; n < share; r->deeds++) {
            int done = deed(&w, n);
            n += done;
            r->done += done;
        }
        r->digest += w.digest;
        for (int f = 0; f < FAULTS; f++)
            r->faults[f] += bad_console_counts(w.console)[f];
        engine_stop(w.engine);
        bad_console_stop(w.console);
    } else {
        printf("world %d does not start: %s\n", w.number, e.text);
        r->built++;
        r->lies++;
    }
    arena_free(w.arena);
    r->running--;
}

static void all(struct loop *l, void *arg)
{
    struct run *r = arg;
    struct err e = { 0 };
    r->loop = l;
    r->running = r->worlds;
    for (int i = 0; i < r->worlds; i++) {
        struct world w = { .run = r, .number = i };
        fiber_start(live, &w);
    }
    while (r->running > 0 && nap(l, 0.02, NULL, &e))
        ;
    fetch_stop(l);
}

static void report(const struct run *r)
{
    printf("seed %llu: %d operations, %d%% of requests break\n%-22s %8s", r->seed, r->done, r->rate,
           "", "requests");
    for (int i = 0; i < STATES - 2; i++)
        printf(" %8s", states[i]);
    puts("");
    for (int f = 0; f < FAULTS; f++) {
        printf("%-22s %8lu", f ? fault_name(f) : "(unbroken)", r->faults[f]);
        for (int i = 0; i < STATES - 2; i++)
            printf(" %8lu", r->met[f][i]);
        puts("");
    }
    printf("%-31s", "operations");
    for (int i = 0; i < STATES - 2; i++)
        printf(" %8lu", r->outcomes[i]);
    printf("\n%lu could not be planned, run %016llx, %d wrong claims\n", r->outcomes[STATES - 2],
           r->digest, r->lies);
}

static bool options(int argc, char **argv, struct run *r)
{
    int seed = -1;
    const struct {
        const char *name;
        int *value, most;
    } rows[] = { { "--seed", &seed, 2000000000 },
                 { "--operations", &r->operations, 10000000 },
                 { "--rate", &r->rate, 100 },
                 { "--worlds", &r->worlds, WORLDS_MAX },
                 { "--mutate", &r->mutation, MUTATIONS } };
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < 5 && strcmp(argv[i], rows[k].name) != 0)
            k++;
        if (k < 5 && i + 1 < argc)
            *rows[k].value = (int)strtol(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "-v"))
            r->verbose = true;
        else
            return false;
        if (k < 5 && (*rows[k].value < 0 || *rows[k].value > rows[k].most))
            return false;
    }
    r->seed = seed < 0 ? r->seed : (unsigned long long)seed;
    return r->worlds > 0;
}

static void remove_tree(const char *dir)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    struct run r = { .seed = 1, .operations = 1000, .rate = 25, .worlds = 12 };
    char folder[256];
    if (!options(argc, argv, &r)) {
        fprintf(stderr, "chaos [--seed N] [--operations N] [--rate PERCENT] [--worlds N] "
                        "[--mutate N] [-v]\n");
        return 2;
    }
    snprintf(folder, sizeof folder, "%s/higress-chaos-XXXXXX", scratch_base());
    r.dir = mkdtemp(folder);
    setenv("HIGRESS_OPS_PASSWORD", "admin", 1);
    struct arena *a = arena_new();
    if (r.dir && deed_prepare(a, r.dir)) {
        loop_main(all, &r);
        remove_tree(r.dir);
    }
    arena_free(a);
    report(&r);
    return r.done < r.operations || r.lies > 0;
}
