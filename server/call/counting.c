/* counting.c - one ring of readings a gateway. */
#include "call/counting.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "config/config.h"
#include "net/loop.h"
#include "signal/counters.h"
#include "signal/replica.h"
#include <stdint.h>
#include <string.h>

enum { REPLICAS_SUMMED = 64 };

struct counting {
    struct service *service;
    struct loop_timer *timer;
    struct counted_gateway {
        struct counters *of;
        uint64_t who;                   /* of the replicas that were read; 0: none yet */
        double totals[REPLICAS_SUMMED]; /* of each, as it was read last */
    } of[CONFIG_GATEWAYS_MAX];
    bool reads; /* a round is under way */
};

static bool is_counted(const struct config *c)
{
    return c->envoy_admin && !c->access_log;
}

static const struct config *counted_config(const struct service *s, int i)
{
    if (!config_several(s->config))
        return i ? NULL : s->config;
    return i < CONFIG_GATEWAYS_MAX ? s->config->gateways[i] : NULL;
}

/* -- all replicas ---------------------------------------------------------------------------- */

struct summing {
    const cJSON *pages[REPLICAS_SUMMED];
    int count;
    uint64_t who;
    double totals[REPLICAS_SUMMED];
};

static double page_total(const cJSON *page)
{
    const cJSON *stat;
    double sum = 0;
    cJSON_ArrayForEach(stat, json_get(page, "stats")) sum += json_num(stat, "value", 0);
    return sum;
}

/* All that run must be read: a sum of fewer would look as if they had begun anew. */
static bool read_summed(struct loop *l, const struct config *c, struct arena *a,
                        struct summing *sum, struct cancel *cancel, struct err *e)
{
    const struct replicas *all = replicas_find(l, c, a, cancel, e);
    const struct replica_page *pages =
        all ? replica_pages(l, c, a, all, COUNTERS_PAGE, cancel, e) : NULL;
    const char *who = "";
    for (int i = 0; pages && i < all->count && sum->count < REPLICAS_SUMMED; i++) {
        const struct replica *r = &all->list[i];
        if (!r->runs)
            continue;
        if (pages[i].error)
            return err_set(e, ERR_NET, "%s", pages[i].error);
        who = arena_printf(a, "%s%s %d\n", who, r->envoy.name, r->restarts);
        sum->totals[sum->count] = page_total(pages[i].page);
        sum->pages[sum->count++] = pages[i].page;
    }
    sum->who = text_hash(who, strlen(who));
    return pages != NULL;
}

/* Is each replica of the last reading there, with no less than it had? */
static bool goes_on(const struct counted_gateway *g, const struct summing *sum)
{
    for (int i = 0; i < sum->count; i++)
        if (sum->totals[i] < g->totals[i])
            return sum->count == 1; /* a single one that begins anew is understood */
    return g->who == 0 || g->who == sum->who;
}

/* Where replicas come and go the hour begins anew: their sum says nothing of what came on top.
 * Parks. */
static bool read_counting(struct loop *l, const struct config *c, struct counted_gateway *g,
                          struct cancel *cancel, struct err *e)
{
    struct arena *a = arena_new();
    struct summing sum = { .count = 0 };
    bool ok = read_summed(l, c, a, &sum, cancel, e);
    if (ok && !goes_on(g, &sum)) {
        counters_free(g->of);
        g->of = counters_new();
    }
    if (ok) {
        g->who = sum.who;
        memcpy(g->totals, sum.totals, sizeof g->totals);
        counters_add(g->of, sum.pages, sum.count, when_now());
    }
    arena_free(a);
    return ok;
}

/* -- rounds ---------------------------------------------------------------------------------- */

/* What cannot be read now is read the next time; who looks at the map hears why. */
static void read_round(void *arg)
{
    struct counting *n = arg;
    const struct config *c;
    for (int i = 0; (c = counted_config(n->service, i)); i++) {
        struct err ignored = { 0 };
        if (is_counted(c))
            read_counting(n->service->loop, c, &n->of[i], NULL, &ignored);
    }
    n->reads = false;
}

static void begin_round(void *arg)
{
    struct counting *n = arg;
    if (n->reads)
        return;
    n->reads = true;
    fiber_start(read_round, n);
}

void counting_start(struct service *s)
{
    struct counting *n = arena_make(s->arena, struct counting);
    n->service = s;
    for (int i = 0; counted_config(s, i); i++)
        n->of[i].of = counters_new();
    n->timer = loop_timer(s->loop, 0, HOUR_SLOT, begin_round, n);
    s->counting = n;
}

void counting_stop(struct service *s)
{
    if (!s->counting)
        return;
    loop_untimer(s->counting->timer);
    for (int i = 0; i < CONFIG_GATEWAYS_MAX; i++)
        counters_free(s->counting->of[i].of);
    s->counting = NULL;
}

cJSON *counting_hour(struct service *s, const struct config *c, struct arena *a,
                     struct cancel *cancel, struct err *e)
{
    int i = 0;
    if (!s->counting || !is_counted(c))
        return NULL;
    while (counted_config(s, i) != c)
        i++;
    struct counted_gateway *g = &s->counting->of[i];
    return read_counting(s->loop, c, g, cancel, e) ? counters_hour(a, g->of, when_now()) : NULL;
}
