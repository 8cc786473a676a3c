/* state_bench.c - a state of many changes and lines of audit, made and signed as the store does it,
 * and what asking it takes.
 *
 * usage: state_bench DIR CHANGES LINES: prints `NAME MILLISECONDS` rows (CPU, so that neighbours do
 * not count), and `verify RECORDS_A_SECOND`. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "plan/plan.h"
#include "store/store.h"
#include "store/store_private.h"
#include "store/store_search.h"
#include <math.h>
#include <time.h>

enum { REPEATS = 21, PAGE = 50, AT_ONCE = 2000, PENDING = 200 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "state_bench: %s\n", e->text);
    exit(1);
}

/* What nobody decided is recent: it expires. */
static void make_change(struct store *s, int i, int last, struct err *e)
{
    struct arena *a = arena_new();
    struct plan *p = plan_new(a, "bench", CHANGE, e);
    char text[200], *id = NULL;
    bool moved = false;
    snprintf(text, sizeof text, "{\"name\":\"d%d.example\",\"enableHttps\":\"off\"}", i);
    p->gateway = "http://127.0.0.1:1";
    must(plan_create(p, "domain", NULL, json_parse(a, text, strlen(text), e)) && plan_close(p), e);
    must(store_keep(s, a, p, STATE_PENDING, i % 2 ? "ann" : "ben", 3600, &id, e), e);
    enum plan_state to = i >= last ? STATE_PENDING : i % 3 ? STATE_CANCELLED : STATE_EXPIRED;
    if (to != STATE_PENDING)
        must(store_move(s, id, STATE_PENDING, to, i % 2 ? "ann" : "ben", "call", NULL, &moved, e),
             e);
    arena_free(a);
}

static void make_lines(struct store *s, int from, int to, struct err *e)
{
    static const char *const events[] = { "looked", "applied", "approved", "noted" };
    for (int i = from; i < to;) {
        must(store_begin(s, e), e);
        for (int n = 0; n < AT_ONCE && i < to; n++, i++)
            must(store_chain(
                     s, i % 9973 ? events[i % 4] : "rare", NULL, i % 7 ? "carol" : "dora", "bench",
                     "{\"text\":\"a line of about the usual length, with a sentence in it\"}", NULL,
                     e),
                 e);
        must(store_end(s, true, e), e);
    }
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double median(double *took)
{
    qsort(took, REPEATS, sizeof *took, by_size);
    return took[REPEATS / 2];
}

static void search(struct store *s, const char *name, struct store_search q)
{
    double took[REPEATS];
    int n = 0;
    q.limit = PAGE;
    for (int i = 0; i < REPEATS; i++) {
        struct arena *a = arena_new();
        struct err e = { 0 };
        double began = now_ms();
        cJSON *o = store_search_audit(s, a, &q, &e);
        took[i] = now_ms() - began;
        must(o != NULL, &e);
        n = json_count(json_get(o, "lines"));
        arena_free(a);
    }
    printf("search_%s %.2f lines %d\n", name, median(took), n);
}

static bool count_row(void *arg, const struct stored *row)
{
    *(int *)arg += !row->tampered;
    return *(int *)arg < PAGE;
}

static void list(struct store *s, const char *name, enum plan_state state, double before)
{
    double took[REPEATS];
    int n = 0;
    for (int i = 0; i < REPEATS; i++) {
        struct err e = { 0 };
        n = 0;
        double began = now_ms();
        must(store_each_head(s, state, before, PAGE, count_row, &n, &e), &e);
        took[i] = now_ms() - began;
    }
    printf("list_%s %.2f rows %d\n", name, median(took), n);
}

static double middle(struct store *s, const char *query)
{
    struct err e = { 0 };
    struct db_rows r = db_query(s->db, &e, query, "");
    double x = db_next(&r, &e) ? db_real(&r, 0) : 0;
    db_done(&r);
    return x;
}

int main(int argc, char **argv)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    int changes = argc > 3 ? (int)strtol(argv[2], NULL, 10) : 1000,
        lines = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 10000;
    struct store *s = argc > 1 ? store_open(a, argv[1], &e) : NULL;
    must(s != NULL, &e);
    db_run(s->db, &e, "PRAGMA synchronous=OFF", "");
    make_lines(s, 0, lines, &e);
    for (int i = 0; i < changes; i++)
        make_change(s, i, changes - PENDING, &e);
    double mid = middle(s, "SELECT avg(created) FROM plans");
    list(s, "newest", 0, 0);
    list(s, "deep", 0, mid);
    list(s, "pending", STATE_PENDING, 0);
    list(s, "pending_deep", STATE_PENDING, mid);
    search(s, "newest", (struct store_search){ 0 });
    search(s, "who", (struct store_search){ .who = "dora" });
    search(s, "event", (struct store_search){ .event = "rare" });
    search(s, "both", (struct store_search){ .who = "dora", .event = "rare" });
    search(s, "nobody", (struct store_search){ .who = "nobody" });
    search(s, "time", (struct store_search){ .since = mid - 60, .until = mid });
    search(s, "object", (struct store_search){ .object = "domain d77.example" });
    search(s, "objects", (struct store_search){ .object = "domain d777*" });
    int seen = 0;
    double began = now_ms();
    must(store_verify(s, NULL, &seen, &e), &e);
    double took = now_ms() - began;
    printf("verify %.0f records %d seconds %.2f\n", seen / took * 1e3, seen, took / 1e3);
    store_close(s);
    arena_free(a);
    return 0;
}
