/* log_gather.c - a cancel has room for one who waits, so jobs have their own, and who waits for
 * them is woken by whichever comes first. */
#include "signal/log_gather.h"
#include "base/err.h"
#include "net/loop.h"

static void look_again(void *arg)
{
    struct log_gather *g = arg;
    cancel_fire(&g->idle);
}

bool log_gather_nap(struct log_gather *g, struct cancel *outer, double seconds)
{
    struct err ignored = { 0 };

    g->idle = (struct cancel){ 0 };
    if (outer && outer->fired)
        return false;
    if (outer) {
        outer->wake = look_again;
        outer->arg = g;
    }
    nap_for(g->loop, seconds, "logs of", "several replicas", &g->idle, &ignored);
    if (outer)
        outer->wake = NULL;
    return !outer || !outer->fired;
}

bool log_gather_wait(struct log_gather *g, struct cancel *outer)
{
    while (g->left && log_gather_nap(g, outer, 3600))
        continue;
    return g->left == 0;
}

void log_gather_end(struct log_gather *g)
{
    g->left--;
    if (!g->left)
        cancel_fire(&g->idle);
}
