/* chaos.c - random changes through the real engine to a console that behaves badly; no claim about
 * any of them may be wrong.
 *
 *   chaos [--seed N] [--operations N] [--rate PERCENT] [--worlds N] [-v]
 *
 * Several worlds run side by side, each with its own console, engine, state folder and seed made
 * of the one given. Prints what was broken, what was claimed, and every wrong claim with the seed;
 * the same seed gives the same run. Short waits come from the configuration.
 */
#include "chaos.h"

#include "base/fiber.h"
#include "base/file.h"
#include "gateway/config.h"
#include "gateway/gateway.h"
#include "net/fetch.h"
#include "net/loop.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORLDS_MAX = 16, STATES = 6, SHOWN = 20 };
static const char *const states[STATES] = { "applied", "failed",      "void",
                                            "unknown", "not planned", "other" };

struct run {
    unsigned long long seed;
    int operations, rate, worlds;
    bool verbose;
    struct loop *loop;
    const char *dir;
    int running, lies, done;
    unsigned long faults[FAULTS], outcomes[STATES];
    unsigned long kinds[64], digest;
};

struct world {
    struct run *run;
    int number;
    struct arena *arena;
    struct bad_console *console;
    struct gateway *gateway;
    struct engine *engine;
    struct chance chance;
};

static void claim(struct run *r, const char *state)
{
    int i = 0;
    while (i < STATES - 1 && strcmp(states[i], state) != 0)
        i++;
    r->outcomes[i]++;
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
static void meddle(struct world *w, struct arena *a, const struct plan *p)
{
    struct err e = { 0 };
    struct embedded_answer answer = { 0 };
    const struct plan_op *op = &p->ops[0];
    if (op->before && chance_of(&w->chance, 5))
        bad_console_ask(w->console, a, "DELETE",
                        kind_object_path(a, op->kind, op->name, op->scope, &e), NULL, &answer);
}

static const char *approve(struct world *w, struct plan *p, struct err *e)
{
    const char *id = NULL;
    enum engine_next next = engine_propose(w->engine, p, false, "chaos", &id, e);
    if (next == ENGINE_REFUSED)
        return NULL;
    if (next == ENGINE_ASK && !engine_decide(w->engine, id, p->digest, true, "chaos", "test", e))
        return NULL;
    return id;
}

static void deed(struct world *w, int n)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    const char *lie = NULL, *id = NULL;
    cJSON *shown = NULL;
    struct scene *s = arena_make(a, struct scene);
    s->console = w->console;
    s->arena = a;
    bad_console_faults(w->console, a);
    s->plan = deed_make(w->console, w->gateway, a, &w->chance, &lie, &e);
    if (s->plan && !lie)
        id = approve(w, (struct plan *)s->plan, &e);
    if (id) {
        struct err ignored = { 0 };
        meddle(w, a, s->plan);
        scene_set(s);
        engine_apply(w->engine, a, id, NULL, &e);
        bad_console_settle(w->console);
        shown = engine_show(w->engine, a, id, false, &ignored);
        lie = verdict_on(s, shown);
    }
    if (w->run->verbose)
        printf("world %d, operation %d: %s: %s\n", w->number, n,
               id ? json_str(shown, "state") : "not planned", e.text);
    claim(w->run, id ? json_str(shown, "state") : "not planned");
    if (lie)
        say_lie(w, a, n, lie, shown);
    arena_free(a);
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
                              "gateway:\n  url: http://127.0.0.1:%d\n  timeout: 0.4\n"
                              "  pause: 0.002\n  password:\n    env: HIGRESS_OPS_PASSWORD\n"
                              "mode: auto\nstate: %s/state-%d\n",
                              bad_console_port(w->console), r->dir, w->number);
    struct config *c = config_parse(w->arena, "chaos.yaml", yaml, strlen(yaml), e);
    if (!c)
        return false;
    w->gateway = gateway_new(r->loop, w->arena, c);
    w->engine = engine_new(r->loop, w->arena, w->gateway, c);
    bad_console_break(w->console, (unsigned)r->rate);
    return true;
}

static void live(void *arg)
{
    struct world w = *(struct world *)arg;
    struct run *r = w.run;
    struct err e = { 0 };
    w.arena = arena_new();
    if (build(&w, &e)) {
        for (int n = w.number; n < r->operations; n += r->worlds) {
            deed(&w, n);
            r->done++;
        }
        for (int f = 0; f < FAULTS; f++)
            r->faults[f] += bad_console_counts(w.console)[f];
        engine_stop(w.engine);
        bad_console_stop(w.console);
    } else {
        printf("world %d does not start: %s\n", w.number, e.text);
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
    printf("seed %llu, %d operations, %d%% of requests broken\n", r->seed, r->done, r->rate);
    for (int f = 0; f < FAULTS; f++)
        printf("  %-24s %7lu\n", f ? fault_name(f) : "requests unbroken", r->faults[f]);
    for (int i = 0; i < STATES; i++)
        printf("  %-24s %7lu\n", states[i], r->outcomes[i]);
    printf("%d wrong claims\n", r->lies);
}

static bool options(int argc, char **argv, struct run *r)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "-v")) {
            r->verbose = true;
            continue;
        }
        if (!value)
            return false;
        long long n = strtoll(value, NULL, 10);
        if (!strcmp(argv[i], "--seed"))
            r->seed = (unsigned long long)n;
        else if (!strcmp(argv[i], "--operations"))
            r->operations = (int)n;
        else if (!strcmp(argv[i], "--rate"))
            r->rate = (int)n;
        else if (!strcmp(argv[i], "--worlds"))
            r->worlds = n > 0 && n <= WORLDS_MAX ? (int)n : 1;
        else
            return false;
        i++;
    }
    return true;
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
    struct run r = { .seed = 1, .operations = 1000, .rate = 25, .worlds = 8 };
    char shm[] = "/dev/shm/higress-chaos-XXXXXX", tmp[] = "/tmp/higress-chaos-XXXXXX";
    if (!options(argc, argv, &r)) {
        fprintf(stderr, "chaos [--seed N] [--operations N] [--rate PERCENT] [--worlds N] [-v]\n");
        return 2;
    }
    r.dir = mkdtemp(shm) ? shm : mkdtemp(tmp);
    setenv("HIGRESS_OPS_PASSWORD", "admin", 1);
    if (r.dir) {
        loop_main(all, &r);
        remove_tree(r.dir);
    }
    report(&r);
    return r.done < r.operations || r.lies > 0;
}
