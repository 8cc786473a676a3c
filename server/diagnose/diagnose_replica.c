/* diagnose_replica.c - several Envoys of one gateway: what each says by itself, and in what they
 * are not alike.
 *
 * Each replica is judged by its own pages and the same log; a finding that some have and others do
 * not carries who has it. diagnose_join.c adds up what is counted.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/diagnose_private.h"
#include "signal/proxy.h"
#include <string.h>

enum { NAMES_SAID = 4, DIFFERENCES_SAID = 3, SAID_MAX = 4000 };
static const double PUSH_SECONDS = 3; /* an update may take so long to reach all */

/* "2 of 3: gw-1, gw-2" */
static const char *seen_by(struct facts *f, const bool *sees, int read)
{
    struct buf *b = buf_in(f->arena, SAID_MAX);
    int n = 0, said = 0;
    for (int i = 0; i < f->in->replica_count; i++)
        n += sees[i];
    buf_printf(b, "%d of %d", n, read);
    for (int i = 0; i < f->in->replica_count && said < NAMES_SAID; i++)
        if (sees[i])
            buf_printf(b, "%s%s", said++ ? ", " : ": ", f->in->replicas[i].name);
    if (n > said)
        buf_printf(b, " and %d more", n - said);
    return b->data;
}

/* -- what each says by itself --------------------------------------------------------------- */

/* Rows of the log that say which replica wrote them count for that one alone. */
static const cJSON *rows_of_replica(struct arena *a, const cJSON *rows, const char *name)
{
    const cJSON *row;
    cJSON *own = json_array(a);
    bool said = false;
    cJSON_ArrayForEach(row, rows)
    {
        const char *replica = json_str(row, "replica");
        said = said || replica;
        if (!replica || !strcmp(replica, name))
            json_add(a, own, json_clone(a, row));
    }
    return said ? own : rows;
}

static struct facts *facts_of_replica(struct facts *f, const struct diagnose_replica *r)
{
    struct diagnose_signals *in = arena_make(f->arena, struct diagnose_signals);
    *in = *f->in;
    in->replicas = NULL;
    in->replica_count = 0;
    diagnose_join(f->arena, r, 1, in);
    in->rows = rows_of_replica(f->arena, in->rows, r->name);
    return facts_make(f->arena, f->target, in);
}

static struct finding *find_same(struct findings *all, const struct finding *x)
{
    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->list[i].code, x->code) && !strcmp(all->list[i].object, x->object))
            return &all->list[i];
    return NULL;
}

/* A finding of one replica that all of them together do not have. */
static void add_own_finding(struct facts *f, struct findings *all, const struct finding *x)
{
    struct finding *own = findings_new(all, x->code, x->object, x->next);
    if (!own)
        return;
    *own = *x;
    own->covered = false;
    own->cluster = x->cluster ? facts_cluster(f, x->cluster->name) : NULL;
}

void findings_join_replicas(struct facts *f, struct findings *all)
{
    int n = f->in->replica_count, read = 0;
    struct findings **own = arena_array(f->arena, struct findings *, n);
    bool *sees = arena_array(f->arena, bool, n);
    for (int i = 0; i < n; i++) {
        if (f->in->replicas[i].error)
            continue;
        struct facts *one = facts_of_replica(f, &f->in->replicas[i]);
        own[i] = findings_of(one);
        read++;
        for (int k = 0; k < own[i]->count; k++) {
            const struct finding *x = &own[i]->list[k];
            if (finding_is_current(one, x) && !find_same(all, x))
                add_own_finding(f, all, x);
        }
    }
    for (int k = 0; k < all->count; k++) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            sees[i] = own[i] && find_same(own[i], &all->list[k]);
            count += sees[i];
        }
        all->list[k].seen_by = count && count < read ? seen_by(f, sees, read) : NULL;
    }
}

/* -- in what they are not alike -------------------------------------------------------------- */

static const char *object_of_replica(struct facts *f, const struct diagnose_replica *r)
{
    return arena_printf(f->arena, "replica %s", r->name);
}

static bool is_severe(const cJSON *row)
{
    return text_same(json_str(row, "level"), "error") ||
           text_same(json_str(row, "level"), "critical");
}

/* Where its last run of errors began: of a crash the line before a long trace. Newest first. */
static const cJSON *last_fault(const cJSON *rows)
{
    const cJSON *row, *first = NULL;
    cJSON_ArrayForEach(row, rows)
    {
        if (first && !is_severe(row))
            break;
        first = is_severe(row) ? row : NULL;
    }
    return first;
}

static void tell_row_before(struct arena *a, struct finding *x, const cJSON *row)
{
    const char *level = json_str(row, "level"), *who = json_str(row, "component");
    finding_add(a, x, "log before", "%s%s%s%s%s", level ? level : "", level ? " " : "",
                who ? who : "", who ? ": " : "", json_text(row, "text"));
}

/* What it said last before it began again: the last fault and the last line, or the last two. As
 * many facts as every answer has room for. */
static void tell_before(struct arena *a, struct finding *x, const struct diagnose_replica *r)
{
    const cJSON *last = r->before ? r->before->child : NULL, *fault = last_fault(r->before);
    const cJSON *said[] = { fault && fault != last ? fault : last ? last->next : NULL, last };
    if (r->before_unread)
        finding_add(a, x, "log before", "not read: %s", r->before_unread);
    else if (r->before && !last)
        finding_add(a, x, "log before", "nothing but requests is in it");
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (said[i])
            tell_row_before(a, x, said[i]);
}

static void find_down(struct facts *f, struct findings *all, const struct diagnose_replica *r)
{
    struct finding *x = findings_new(
        all, "REPLICA_DOWN", object_of_replica(f, r),
        "Read its log and, where it began again, the one before: they say why. Until it is ready "
        "the other replicas take its requests; a pod that starts takes the newest configuration.");
    if (!x)
        return;
    x->sure = true;
    if (r->restarts)
        finding_add(f->arena, x, "pods", "%s; restarts: %d", r->down, r->restarts);
    else
        finding_add(f->arena, x, "pods", "%s", r->down);
    tell_before(f->arena, x, r);
}

struct held_against {
    struct facts *f;
    const struct proxy_list *const *lists; /* of the newest and of another replica */
    struct replicas pair;
    int differences;
    const char *said[DIFFERENCES_SAID];
};

static bool is_not_loaded(const struct proxy_item *item)
{
    return item && text_starts(item->says, PROXY_NOT_LOADED);
}

static void note_held_against(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct held_against *h = arg;
    if (is_not_loaded(of[0]) != is_not_loaded(of[1]))
        return; /* that has a finding of its own */
    if (h->differences < DIFFERENCES_SAID) {
        struct buf *b = buf_in(h->f->arena, SAID_MAX);
        proxy_tell(h->f->arena, b, &h->pair, h->lists, of, key);
        h->said[h->differences] = b->data;
    }
    h->differences++;
}

static const char *version_words(struct arena *a, const struct proxy_list *l)
{
    return arena_printf(a, "%s of %s", proxy_clean(a, l->version ? l->version : "unknown"),
                        proxy_clean(a, l->updated ? l->updated : "an unknown time"));
}

/* Is `old` older than `new` and not the same? */
static void hold_against(struct facts *f, struct findings *all, const struct proxy_list *lists,
                         int newest, int old)
{
    const struct proxy_list *const both[] = { &lists[newest], &lists[old] };
    const struct replica pair[] = { { .envoy.name = f->in->replicas[newest].name },
                                    { .envoy.name = f->in->replicas[old].name } };
    struct held_against h = { .f = f, .lists = both, .pair = { pair, 2 } };
    double pushed = lists[newest].updated ? when_parse(lists[newest].updated) : 0;
    if (!proxy_is_older(&lists[old], &lists[newest]) || f->in->now - pushed < PUSH_SECONDS)
        return;
    proxy_compare(both, 2, note_held_against, &h);
    struct finding *x =
        h.differences
            ? findings_new(all, "REPLICA_BEHIND", object_of_replica(f, &f->in->replicas[old]),
                           "See whether it is connected to the controller and what it "
                           "refused (CONFIG_REJECTED); a restart of the pod takes the "
                           "newest configuration.")
            : NULL;
    if (!x)
        return;
    finding_add(f->arena, x, "config_dump", "its configuration is %s, that of %s %s",
                version_words(f->arena, &lists[old]), f->in->replicas[newest].name,
                version_words(f->arena, &lists[newest]));
    finding_add(f->arena, x, "config_dump", "%d item%s not as there", h.differences,
                h.differences == 1 ? " is" : "s are");
    for (int i = 0; i < h.differences && i < DIFFERENCES_SAID; i++)
        finding_add(f->arena, x, "config_dump", "%s", h.said[i]);
}

struct loading {
    struct facts *f;
    struct findings *all;
    int read;
};

static void find_not_loaded(void *arg, const struct proxy_item *const *of, const char *key)
{
    const struct loading *l = arg;
    int n = l->f->in->replica_count, loaded = 0, missing = 0;
    bool *sees = arena_array(l->f->arena, bool, n);
    for (int i = 0; i < n; i++) {
        sees[i] = is_not_loaded(of[i]);
        missing += sees[i];
        loaded += of[i] && !sees[i];
    }
    if (!missing || !loaded)
        return;
    struct finding *x =
        findings_new(l->all, "PLUGIN_NOT_LOADED",
                     arena_printf(l->f->arena, "plugin %s", proxy_clean(l->f->arena, key)),
                     "Its module could not be fetched there: see the replica's log and whether it "
                     "reaches the registry; a restart of the pod fetches it again.");
    if (!x)
        return;
    x->sure = true;
    x->seen_by = seen_by(l->f, sees, l->read);
    finding_add(l->f->arena, x, "config_dump", "%s", PROXY_NOT_LOADED);
}

void findings_from_replicas(struct facts *f, struct findings *all)
{
    int n = f->in->replica_count, newest = -1, read = 0;
    struct proxy_list *lists = arena_array(f->arena, struct proxy_list, n);
    const struct proxy_list **known = arena_array(f->arena, const struct proxy_list *, n);
    for (int i = 0; i < n; i++) {
        const struct diagnose_replica *r = &f->in->replicas[i];
        if (r->down)
            find_down(f, all, r);
        if (!r->config)
            continue;
        proxy_take_dump(f->arena, r->config, &lists[i]);
        known[i] = &lists[i];
        read++;
        newest = newest < 0 || proxy_is_older(&lists[newest], &lists[i]) ? i : newest;
    }
    for (int i = 0; i < n; i++)
        if (known[i] && i != newest)
            hold_against(f, all, lists, newest, i);
    struct loading l = { f, all, read };
    proxy_walk(known, n, find_not_loaded, &l);
}
