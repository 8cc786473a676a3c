/* explain_index.c - two ways to a rule that need not look at all of them: by the hash of what its
 * path begins with, and by the order of paths as texts, where the nearest to one are neighbours. */
#include "base/arena.h"
#include "explain/explain_private.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a without case: one more byte. */
static uint32_t hash_on(uint32_t h, char c)
{
    return (h ^ (uint32_t)tolower((unsigned char)c)) * 16777619u;
}

uint32_t *explain_hashes(struct arena *a, const char *path)
{
    size_t n = strlen(path);
    uint32_t *hashes = arena_array(a, uint32_t, n + 1);
    hashes[0] = 2166136261u;
    for (size_t i = 0; i < n; i++)
        hashes[i + 1] = hash_on(hashes[i], path[i]);
    return hashes;
}

static struct explain_start start_of(const struct route_rule *r)
{
    size_t n = route_path_start(r);
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = hash_on(h, r->path[i]);
    return (struct explain_start){ h, (uint32_t)n };
}

bool explain_may_fit(const struct explain *x, int place, const uint32_t *hashes, size_t length)
{
    const struct explain_start *s = &x->starts[place];
    return s->length <= length && hashes[s->length] == s->hash;
}

static int compare_paths(const void *v, const void *w, void *arg)
{
    const struct explain *x = arg;
    const int *p = v, *q = w;
    const struct route_rule *r = &x->rules[*p]->takes, *t = &x->rules[*q]->takes;
    int order = strcmp(r->host, t->host);
    order = order ? order : strcmp(r->written, t->written);
    return order ? order : (*p > *q) - (*p < *q);
}

void explain_index(struct explain *x)
{
    x->starts = arena_array(x->a, struct explain_start, x->count);
    x->by_path = arena_array(x->a, int, x->count);
    for (int i = 0; i < x->count; i++) {
        x->starts[i] = start_of(&x->rules[i]->takes);
        x->by_path[i] = i;
    }
    qsort_r(x->by_path, (size_t)x->count, sizeof(int), compare_paths, x);
}

int explain_by_path(const struct explain *x, int from, int to, const char *path)
{
    while (from < to) {
        int middle = from + (to - from) / 2;
        if (strcmp(x->rules[x->by_path[middle]]->takes.written, path) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}
