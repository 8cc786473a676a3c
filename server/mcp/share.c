/* share.c - the owners that hold something, in a table by name, and the totals. */
#include "base/arena.h"
#include "base/text.h"
#include "mcp/mcp.h"
#include "mcp/share_private.h"
#include <string.h>

enum { BUCKETS = 256, NAME_SHOWN = 80 };

struct shares {
    struct owner *buckets[BUCKETS];
    int all[SHARE_KINDS];
    int owners[SHARE_KINDS]; /* that hold some */
};

static const struct {
    const char *held, *limit;
} words[SHARE_KINDS] = {
    [SHARE_CALLS] = { "requests in flight", "limits.calls" },
    [SHARE_SESSIONS] = { "sessions open", "http.sessions" },
    [SHARE_STREAMS] = { "listen streams open", "fixed" },
    [SHARE_TASKS] = { "tasks", "fixed" },
    [SHARE_WATCHES] = { "resources subscribed to", "fixed" },
};

static struct owner **owner_place(struct mcp *m, const char *name)
{
    if (!m->shares)
        m->shares = arena_make(m->arena, struct shares);
    struct owner **p = &m->shares->buckets[text_hash(name, strlen(name)) % BUCKETS];
    while (*p && strcmp((*p)->name, name) != 0)
        p = &(*p)->next;
    return p;
}

static void count_share(struct owner *o, enum share_of what)
{
    struct shares *s = o->mcp->shares;
    s->all[what]++;
    s->owners[what] += o->held[what]++ == 0;
}

static void take_away(struct owner *o, enum share_of what)
{
    struct shares *s = o->mcp->shares;
    s->all[what]--;
    s->owners[what] -= --o->held[what] == 0;
}

struct owner *share_take(struct mcp *m, const char *name, enum share_of what)
{
    struct owner **p = owner_place(m, name);
    if (!*p) {
        struct arena *a = arena_new_small();
        *p = arena_make(a, struct owner);
        **p = (struct owner){ .mcp = m, .arena = a, .name = arena_strdup(a, name) };
    }
    count_share(*p, what);
    return *p;
}

void share_give(struct owner *o, enum share_of what)
{
    take_away(o, what);
    for (int i = 0; i < SHARE_KINDS; i++)
        if (o->held[i])
            return;
    *owner_place(o->mcp, o->name) = o->next;
    arena_free(o->arena);
}

void share_move(struct owner *o, enum share_of from, enum share_of to)
{
    count_share(o, to);
    take_away(o, from);
}

int share_all(const struct mcp *m, enum share_of what)
{
    return m->shares ? m->shares->all[what] : 0;
}

/* Never less than one. */
static double share_of(const struct owner *o, enum share_of what, double limit)
{
    int owners = o->mcp->shares->owners[what] + (o->held[what] == 0);
    double share = (double)(long)(limit / owners);
    return share < 1 ? 1 : share;
}

bool share_fits(const struct owner *o, enum share_of what, double limit)
{
    return o->held[what] <= share_of(o, what, limit) && o->mcp->shares->all[what] <= 2 * limit;
}

const char *share_words(struct arena *a, const struct owner *o, enum share_of what, double limit)
{
    const struct shares *s = o->mcp->shares;
    const char *name = text_clean(a, o->name, NAME_SHOWN);
    if (s->owners[what] < 2)
        return arena_printf(a, "'%s' has %d %s already, all of the %.0f that there are (%s)", name,
                            o->held[what] - 1, words[what].held, limit, words[what].limit);
    return arena_printf(a,
                        "'%s' has %d %s already; its share of %.0f (%s) among %d clients is %.0f",
                        name, o->held[what] - 1, words[what].held, limit, words[what].limit,
                        s->owners[what], share_of(o, what, limit));
}

struct mcp_held mcp_held(const struct mcp *m)
{
    return (struct mcp_held){ .calls = share_all(m, SHARE_CALLS),
                              .sessions = share_all(m, SHARE_SESSIONS),
                              .streams = share_all(m, SHARE_STREAMS),
                              .tasks = share_all(m, SHARE_TASKS),
                              .watches = share_all(m, SHARE_WATCHES) };
}
