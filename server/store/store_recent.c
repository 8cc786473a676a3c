/* store_recent.c - changes listed without their trees: what was read last is kept while nobody
 * commits.
 *
 * A row that is kept was checked (store_mac.c) in the very state of the database that it is shown
 * for. Any commit, of this process or another, lets all of them go; so does one row that does not
 * hold, which is read and judged each time. state.head is looked at before each list, kept or not.
 * Nothing is decided by what stands here: a step checks its row again, inside its transaction.
 */
#include "base/arena.h"
#include "store/store_private.h"

enum { RECENT_ROWS = 32 };

/* Which changes: the arguments of store_each_head. */
struct asked {
    enum plan_state state;
    double before;
    int limit;
};

struct store_recent {
    struct arena *arena;
    struct db_mark mark;
    char head_hash[65]; /* what state.head said then: what moves it commits */
    struct asked asked;
    int count; /* the first rows of it, … */
    bool all;  /* … which are all that there are */
    bool used; /* somebody is handed them: they stay */
    struct stored rows[RECENT_ROWS];
};

void store_forget_recent(struct store *s)
{
    if (s->recent)
        arena_free(s->recent->arena);
    s->recent = NULL;
}

/* Those of what is asked for now, if they are still so. */
static struct store_recent *kept_recent(struct store *s, const struct asked *q)
{
    struct store_recent *k = s->recent;
    bool same = k && k->asked.state == q->state && k->asked.before == q->before &&
                k->asked.limit == q->limit;
    return same && !strcmp(k->head_hash, s->head_hash) && db_still(s->db, &k->mark) ? k : NULL;
}

/* NULL: it cannot be known how long they would be so. */
static struct store_recent *begin_recent(struct store *s, const struct asked *q)
{
    struct db_mark now;
    if ((s->recent && s->recent->used) || !db_mark(s->db, &now))
        return NULL;
    store_forget_recent(s);
    struct arena *a = arena_new();
    struct store_recent *k = s->recent = arena_make(a, struct store_recent);
    k->arena = a;
    k->mark = now;
    memcpy(k->head_hash, s->head_hash, sizeof k->head_hash);
    k->asked = *q;
    return k;
}

/* The rows behind the first `skip`, of which those that there is room for are kept. True: the
 * reader wants no more. */
static bool read_on(struct store *s, struct db_rows *r, int skip, struct store_recent *keep,
                    store_row_fn *fn, void *arg, struct err *e)
{
    bool on = true;
    while (skip > 0 && db_next(r, e))
        skip--;
    while (on && db_next(r, e)) {
        struct stored one = { 0 };
        bool kept = keep && keep->count < RECENT_ROWS;
        struct arena *a = kept ? keep->arena : arena_new();
        store_read_head(s, a, r, &one);
        if (kept)
            keep->rows[keep->count++] = one;
        if (one.tampered && keep)
            keep->mark.known = false;
        on = fn(arg, &one);
        if (!kept)
            arena_free(a);
    }
    return !on;
}

static bool read_recent(struct store *s, const struct asked *q, int skip, struct store_recent *keep,
                        store_row_fn *fn, void *arg, struct err *e)
{
    struct db_rows r = store_query_changes(s, q->state, q->before, q->limit, e);
    bool stopped = read_on(s, &r, skip, keep, fn, arg, e);
    db_done(&r);
    if (keep) {
        keep->all = !stopped && keep->count < RECENT_ROWS;
        keep->mark.known = keep->mark.known && !r.failed && db_still(s->db, &keep->mark);
    }
    return !r.failed;
}

bool store_each_head(struct store *s, enum plan_state state, double before, int limit,
                     store_row_fn *fn, void *arg, struct err *e)
{
    const struct asked q = { state, before, limit };
    if (!store_head_look(s, e))
        return false;
    struct store_recent *k = kept_recent(s, &q), *keep = k ? NULL : begin_recent(s, &q);
    if (!k && !keep)
        return read_recent(s, &q, 0, NULL, fn, arg, e);
    bool *used = k ? &k->used : &keep->used, was_used = *used, on = true, ok = true;
    int handed = 0;
    *used = true;
    while (k && on && handed < k->count)
        on = fn(arg, &k->rows[handed++]);
    if (on && !(k && k->all))
        ok = read_recent(s, &q, handed, keep, fn, arg, e);
    *used = was_used;
    return ok;
}
