/* inspect_replica.c - the console held against each replica's Envoy. One dump is in memory beside
 * the first at a time.
 */
#include "inspect/inspect_replica.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/drift.h"
#include "signal/replica.h"
#include <stdint.h>
#include <string.h>

enum { NAMES_SAID = 4, SAID_MAX = 2000, REASON_MAX = 200 };

/* Who has each finding, by its place in the list. */
struct replica_view {
    struct arena *a;
    const struct world_means *m;
    struct inspection *i;
    const struct replicas *all;
    struct trap_finding *list; /* has room for TRAP_FINDINGS */
    uint64_t *seen;            /* a bit for each replica */
    int read;                  /* replicas */
};

static bool is_found_again(const struct trap_finding *x, const struct trap_finding *y)
{
    return x->trap == y->trap && !strcmp(x->kind, y->kind) && !strcmp(x->name, y->name) &&
           !strcmp(x->path, y->path);
}

static void note_finding(struct replica_view *v, const struct trap_finding *f, int replica)
{
    struct trap_findings *found = v->i->found;
    int at = 0;
    while (at < found->count && !is_found_again(&v->list[at], f))
        at++;
    if (at == TRAP_FINDINGS) {
        found->left_out++;
        return;
    }
    if (at == found->count)
        v->list[found->count++] = *f;
    v->seen[at] |= (uint64_t)1 << replica;
}

/* The dump of replica k in the place of the first one's. False: it could not be read. */
static bool hold_replica(struct replica_view *v, int k, struct err *e)
{
    struct arena *one = arena_new();
    struct trap_world *trap = v->i->world->trap;
    const cJSON *first = trap_envoy(trap), *differences = trap_differences(trap);
    const cJSON *dump = replica_page(v->m->loop, v->m->config, one, &v->all->list[k],
                                     "/config_dump", v->m->cancel, e);
    if (dump) {
        trap_world_envoy(trap, dump);
        drift_find(one, trap);
        const struct trap_findings *found = trap_find_envoy(v->a, trap);
        for (int i = 0; i < found->count; i++)
            note_finding(v, &found->list[i], k);
        trap_world_envoy(trap, first);
        trap_world_differences(trap, differences);
    }
    arena_free(one);
    return dump != NULL;
}

/* "1 of 3 replicas (gw-3)" */
static const char *who_has(struct replica_view *v, uint64_t seen)
{
    struct buf *b = buf_in(v->a, SAID_MAX);
    int n = __builtin_popcountll(seen), said = 0;
    buf_printf(b, "%d of %d replicas", n, v->read);
    for (int k = 0; k < v->all->count && k < WORLD_REPLICAS && said < NAMES_SAID; k++)
        if (seen >> k & 1)
            buf_printf(b, "%s%s", said++ ? ", " : " (", v->all->list[k].envoy.name);
    if (n > said)
        buf_printf(b, " and %d more", n - said);
    buf_str(b, ")");
    return b->data;
}

/* By risk again; those of other replicas stand behind. */
static void order_findings(struct replica_view *v)
{
    for (int i = 1; i < v->i->found->count; i++) {
        const struct trap_finding f = v->list[i];
        int k = i;
        for (; k > 0 && v->list[k - 1].trap->risk > f.trap->risk; k--)
            v->list[k] = v->list[k - 1];
        v->list[k] = f;
    }
}

static void begin_view(struct replica_view *v)
{
    struct trap_findings *found = v->i->found;
    v->list = arena_array(v->a, struct trap_finding, TRAP_FINDINGS);
    v->seen = arena_array(v->a, uint64_t, TRAP_FINDINGS);
    v->read = 1;
    if (found->count)
        memcpy(v->list, found->list, sizeof *v->list * (size_t)found->count);
    found->list = v->list;
    for (int i = 0; i < found->count; i++)
        if (v->list[i].trap->envoy)
            v->seen[i] = (uint64_t)1 << v->i->world->first_replica;
}

bool inspect_replicas(struct arena *a, const struct world_means *m, struct inspection *i,
                      struct err *e)
{
    struct replica_view v = { .a = a, .m = m, .i = i, .all = i->world->replicas };
    if (!v.all || v.all->count < 2 || !trap_envoy(i->world->trap))
        return true;
    begin_view(&v);
    for (int k = i->world->first_replica + 1; k < v.all->count && k < WORLD_REPLICAS; k++) {
        struct err why = { 0 };
        if (hold_replica(&v, k, &why))
            v.read++;
        else
            json_add_str(a, i->world->unread, text_clean(a, why.text, REASON_MAX));
        if (why.kind == ERR_GONE)
            return err_set(e, ERR_GONE, "the check was cancelled");
    }
    for (int k = 0; k < i->found->count; k++)
        if (v.seen[k] && __builtin_popcountll(v.seen[k]) < v.read)
            v.list[k].text = arena_printf(a, "%s: %s", who_has(&v, v.seen[k]), v.list[k].text);
    order_findings(&v);
    return true;
}
