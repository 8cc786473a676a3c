/* explain.c - the rule by which explain_request chooses, without a gateway.
 *
 *     explain routing.jsonl        every recorded request takes the recorded route (N passed, N
 * failed) explain routing.jsonl undated  the same, and nobody knows when a route was created: where
 * the choice is another, it must say that it is unsure explain --bench ROUTES       microseconds
 * for one request once so many routes are loaded
 */
#include "explain/explain.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_HEADERS = 32, ROUNDS = 201 };

static struct explain *read_round(struct arena *a, const cJSON *round, bool undated)
{
    struct explain *x = explain_new(a);
    cJSON *route;
    cJSON_ArrayForEach(route, json_get(round, "routes"))
    {
        if (undated)
            json_remove(route, "created");
        explain_add_route(x, route);
    }
    explain_sort(x);
    return x;
}

static bool check(struct explain *x, struct arena *a, const cJSON *line)
{
    struct route_pair headers[MAX_HEADERS];
    struct explain_choice choice;
    const cJSON *m;
    size_t n = 0;
    cJSON_ArrayForEach(m, json_get(line, "headers"))
    {
        if (n < MAX_HEADERS)
            headers[n++] = (struct route_pair){ m->string, m->valuestring };
    }
    struct route_request *r = route_request_new(a, json_str(line, "method"), json_str(line, "host"),
                                                json_str(line, "path"), headers, n);
    explain_choose(x, a, r, &choice);
    const char *wanted = json_str(line, "route");
    bool same = wanted && choice.route ? !strcmp(wanted, choice.route) : !wanted == !choice.route;
    bool unsure = choice.ties || (choice.same && wanted && !strcmp(choice.same, wanted));
    if (!same && !unsure)
        printf("FAIL %s %s %s takes %s, recorded %s\n", r->method, r->authority,
               json_str(line, "path"), choice.route ? choice.route : "none",
               wanted ? wanted : "none");
    return same || unsure;
}

static int check_file(const char *path, bool undated)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    int passed = 0, failed = 0;
    struct arena *round = arena_new();
    struct explain *x = NULL;
    for (ssize_t n; f && (n = getline(&text, &room, f)) > 0;) {
        struct err e = { 0 };
        struct arena *a = arena_new();
        const cJSON *line = json_parse(a, text, (size_t)n, &e);
        if (json_get(line, "round")) {
            arena_free(round);
            round = arena_new();
            x = read_round(round, line, undated);
        } else if (x && check(x, a, line)) {
            passed++;
        } else {
            failed++;
        }
        arena_free(a);
    }
    arena_free(round);
    if (f)
        fclose(f);
    printf("%d passed, %d failed\n", passed, failed + (passed == 0));
    return failed > 0 || passed == 0;
}

/* -- speed ---------------------------------------------------------------------------------------
 */
/* One virtual host that has them all: prefixes, exact paths, expressions, methods and headers. */
static cJSON *made_route(struct arena *a, int i)
{
    static const char *const types[] = { "PRE", "EQUAL", "PRE", "REGULAR" };
    const char *type = types[i % 4];
    const char *end = i % 4 == 3 ? "/[0-9]+" : "";
    const char *more = i % 5 == 0   ? ",\"methods\":[\"GET\",\"POST\"]"
                       : i % 7 == 0 ? ",\"headers\":[{\"key\":\"x-env\",\"matchType\":\"EQUAL\","
                                      "\"matchValue\":\"beta\"}]"
                                    : "";
    struct err e = { 0 };
    char *text = arena_printf(a,
                              "{\"name\":\"route-%d\",\"domains\":[\"shop.example.com\"],\"path\":{"
                              "\"matchType\":\"%s\",\"matchValue\":\"/team-%d/shop/item-%d%s\"}%s}",
                              i, type, i % 97, i, end, more);
    return json_parse(a, text, strlen(text), &e);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *v, const void *w)
{
    const double *x = v, *y = w;
    return *x < *y ? -1 : *x > *y;
}

static int bench(int routes)
{
    double took[ROUNDS], begin = now();
    struct arena *all = arena_new();
    struct explain *x = explain_new(all);
    for (int i = 0; i < routes; i++) {
        struct arena *a = arena_new();
        explain_add_route(x, made_route(a, i));
        arena_free(a);
    }
    explain_sort(x);
    double load = now() - begin;
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *a = arena_new();
        int k = (i * 7919) % (routes ? routes : 1);
        struct explain_choice choice;
        begin = now();
        const char *target = i % 10 == 9
                                 ? "/none/at/all"
                                 : arena_printf(a, "/team-%d/shop/item-%d/7?q=1", k % 97, k);
        struct route_request *r = route_request_new(a, "GET", "shop.example.com", target, NULL, 0);
        explain_choose(x, a, r, &choice);
        explain_order(a, &choice);
        took[i] = now() - begin;
        arena_free(a);
    }
    qsort(took, ROUNDS, sizeof *took, compare);
    printf("load %.0f us, request p50 %.0f us, p99 %.0f us, max %.0f us\n", load, took[ROUNDS / 2],
           took[ROUNDS * 99 / 100], took[ROUNDS - 1]);
    arena_free(all);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--bench"))
        return bench((int)strtol(argv[2], NULL, 10));
    return argc > 1 ? check_file(argv[1], argc > 2) : 1;
}
