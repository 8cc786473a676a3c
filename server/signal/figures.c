/* figures.c - see the header. */
#include "base/arena.h"
#include "signal/figures_private.h"
#include <math.h>
#include <stdlib.h>

void figures_add(struct arena *a, struct figures *f, double value)
{
    if (!(value >= 0) || value > UINT32_MAX)
        return;
    f->list = arena_grow(a, f->list, f->count, &f->room, sizeof *f->list);
    f->list[f->count++] = (uint32_t)value;
}

static int by_value(const void *v, const void *w)
{
    uint32_t x = *(const uint32_t *)v, y = *(const uint32_t *)w;
    return (x > y) - (x < y);
}

void figures_sort(struct figures *f)
{
    if (f->count)
        qsort(f->list, (size_t)f->count, sizeof *f->list, by_value);
}

double figures_percentile(const struct figures *f, int percent)
{
    int rank = (int)ceil(f->count * percent / 100.0);
    return f->list[rank > 0 ? rank - 1 : 0];
}
