/* proxy_compare.c - items of several replicas side by side: lists are ordered by key, so one walk
 * finds what is missing and what differs.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "signal/proxy_private.h"
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_NAMED = 6, NAMES_SAID = 3 };

static const struct proxy_member *find_member(const struct proxy_item *item, const char *name)
{
    for (int i = 0; i < item->member_count; i++)
        if (!strcmp(item->members[i].name, name))
            return &item->members[i];
    return NULL;
}

static bool member_is_same(const struct proxy_member *m, const struct proxy_item *other)
{
    const struct proxy_member *there = find_member(other, m->name);
    return there && there->digest == m->digest;
}

static bool item_is_same(const struct proxy_item *x, const struct proxy_item *y)
{
    bool same = x && y && x->member_count == y->member_count;
    for (int i = 0; same && i < x->member_count; i++)
        same = member_is_same(&x->members[i], y);
    return same || (!x && !y);
}

/* -- the walk ------------------------------------------------------------------------------- */

static const char *first_key(const struct proxy_list *const *lists, const int *at, int count)
{
    const char *first = NULL;
    for (int i = 0; i < count; i++) {
        if (!lists[i] || at[i] == lists[i]->count)
            continue;
        const char *key = lists[i]->items[at[i]].key;
        first = !first || strcmp(key, first) < 0 ? key : first;
    }
    return first;
}

/* Those of that key, and past them. */
static void take_same_key(const struct proxy_list *const *lists, int *at, int count,
                          const char *key, const struct proxy_item **of)
{
    for (int i = 0; i < count; i++) {
        bool has = lists[i] && at[i] < lists[i]->count && !strcmp(lists[i]->items[at[i]].key, key);
        of[i] = has ? &lists[i]->items[at[i]++] : NULL;
    }
}

void proxy_walk(const struct proxy_list *const *lists, int count, proxy_difference_fn *fn,
                void *arg)
{
    struct arena *a = arena_new();
    int *at = arena_array(a, int, count + 1);
    const struct proxy_item **of = arena_array(a, const struct proxy_item *, count + 1);
    for (const char *key; (key = first_key(lists, at, count));) {
        take_same_key(lists, at, count, key, of);
        fn(arg, of, key);
    }
    arena_free(a);
}

struct comparing {
    const struct proxy_list *const *lists;
    int count, same;
    proxy_difference_fn *fn;
    void *arg;
};

static void compare_key(void *arg, const struct proxy_item *const *of, const char *key)
{
    struct comparing *c = arg;
    const struct proxy_item *first = NULL;
    bool any = false, same = true;
    for (int i = 0; i < c->count; i++) {
        if (!c->lists[i])
            continue;
        same = same && (!any || item_is_same(first, of[i]));
        first = any ? first : of[i];
        any = true;
    }
    if (same)
        c->same++;
    else
        c->fn(c->arg, of, key);
}

int proxy_compare(const struct proxy_list *const *lists, int count, proxy_difference_fn *fn,
                  void *arg)
{
    struct comparing c = { .lists = lists, .count = count, .fn = fn, .arg = arg };
    proxy_walk(lists, count, compare_key, &c);
    return c.same;
}

/* -- older and newer ------------------------------------------------------------------------ */

/* What stands before the number at its end, and that; false: it has none. */
static bool split_version(const char *version, size_t *before, double *number)
{
    size_t n = version ? strlen(version) : 0, digits = 0;
    while (digits < n && version[n - digits - 1] >= '0' && version[n - digits - 1] <= '9')
        digits++;
    *before = n - digits;
    *number = digits ? strtod(version + *before, NULL) : 0;
    return digits > 0 && (*before == 0 || version[*before - 1] == '/');
}

bool proxy_version_is_older(const char *x, const char *y, bool *known)
{
    size_t n = 0, m = 0;
    double p = 0, q = 0;
    *known = split_version(x, &n, &p) && split_version(y, &m, &q) && !n == !m;
    if (!*known)
        return false;
    int times = strncmp(x, y, n < m ? n : m); /* of the pushes */
    return times ? times < 0 : p < q;
}

bool proxy_is_older(const struct proxy_list *x, const struct proxy_list *y)
{
    bool known = false, older = proxy_version_is_older(x->version, y->version, &known);
    return known ? older : x->updated && y->updated && strcmp(x->updated, y->updated) < 0;
}

/* -- in words ------------------------------------------------------------------------------- */

static bool member_differs(const struct proxy_member *m, const struct proxy_item *const *of,
                           int count)
{
    for (int k = 0; k < count; k++)
        if (of[k] && !member_is_same(m, of[k]))
            return true;
    return false;
}

/* Names of members that are not the same in all that have the item. */
static void tell_members(struct arena *a, struct buf *b, const struct proxy_item *const *of,
                         int count)
{
    const char *told = "";
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int m = 0; of[i] && m < of[i]->member_count; m++) {
            const char *name = of[i]->members[m].name;
            if (!member_differs(&of[i]->members[m], of, count) || text_has_word(told, name) ||
                ++n > MEMBERS_NAMED)
                continue;
            told = arena_printf(a, "%s%s%s", told, *told ? "|" : "", name);
            buf_printf(b, "%s%s", n > 1 ? ", " : " differs in ", proxy_clean(a, name));
        }
    buf_printf(b, "%s%s", n > MEMBERS_NAMED ? ", …" : "", n ? ":" : "");
}

/* Replicas from i on whose item is that one's: " [gw-1, gw-2] ". */
static void tell_names(struct buf *b, const struct replicas *all,
                       const struct proxy_list *const *lists, const struct proxy_item *const *of,
                       int i)
{
    int n = 0;
    for (int k = i; k < all->count; k++) {
        if (!lists[k] || !item_is_same(of[i], of[k]))
            continue;
        if (n++ < NAMES_SAID)
            buf_printf(b, "%s%s", n > 1 ? ", " : " [", all->list[k].envoy.name);
    }
    if (n > NAMES_SAID)
        buf_printf(b, " and %d more", n - NAMES_SAID);
    buf_str(b, "] ");
}

static bool told_before(const struct proxy_list *const *lists, const struct proxy_item *const *of,
                        int i)
{
    for (int k = 0; k < i; k++)
        if (lists[k] && item_is_same(of[i], of[k]))
            return true;
    return false;
}

void proxy_tell(struct arena *a, struct buf *b, const struct replicas *all,
                const struct proxy_list *const *lists, const struct proxy_item *const *of,
                const char *key)
{
    const char *sign = "", *said = NULL;
    buf_printf(b, "%s:", proxy_clean(a, key));
    tell_members(a, b, of, all->count);
    for (int i = 0; i < all->count; i++) {
        if (!lists[i] || told_before(lists, of, i))
            continue;
        buf_str(b, sign);
        tell_names(b, all, lists, of, i);
        const char *says = of[i] ? of[i]->says : "not there";
        buf_str(b, text_same(said, says) ? "the same but for that" : proxy_clean(a, says));
        said = says;
        sign = ";";
    }
}
