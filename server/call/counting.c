/* counting.c - one ring of readings a gateway. */
#include "call/counting.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/when.h"
#include "call/service.h"
#include "config/config.h"
#include "net/loop.h"
#include "signal/counters.h"
#include "signal/envoy.h"

struct counting {
    struct service *service;
    struct loop_timer *timer;
    struct counters *of[CONFIG_GATEWAYS_MAX];
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

/* Parks. */
static bool read_counting(struct loop *l, const struct config *c, struct counters *of,
                          struct cancel *cancel, struct err *e)
{
    struct arena *a = arena_new();
    const cJSON *stats = envoy_page(l, c, a, COUNTERS_PAGE, cancel, e);
    if (stats)
        counters_add(of, stats, when_now());
    arena_free(a);
    return stats;
}

/* What cannot be read now is read the next time; who looks at the map hears why. */
static void read_round(void *arg)
{
    struct counting *n = arg;
    const struct config *c;
    for (int i = 0; (c = counted_config(n->service, i)); i++) {
        struct err ignored = { 0 };
        if (is_counted(c))
            read_counting(n->service->loop, c, n->of[i], NULL, &ignored);
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
        n->of[i] = counters_new();
    n->timer = loop_timer(s->loop, 0, HOUR_SLOT, begin_round, n);
    s->counting = n;
}

void counting_stop(struct service *s)
{
    if (!s->counting)
        return;
    loop_untimer(s->counting->timer);
    for (int i = 0; i < CONFIG_GATEWAYS_MAX; i++)
        counters_free(s->counting->of[i]);
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
    struct counters *of = s->counting->of[i];
    return read_counting(s->loop, c, of, cancel, e) ? counters_hour(a, of, when_now()) : NULL;
}
