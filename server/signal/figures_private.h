/* figures_private.h - milliseconds and other whole figures of requests, kept one by one, and the
 * nearest rank among them. */
#pragma once
#include <stdint.h>

struct arena;

struct figures {
    uint32_t *list;
    int count, room;
};

void figures_add(struct arena *a, struct figures *f, double value); /* what is no figure is not */
void figures_sort(struct figures *f);
/* The list is sorted and not empty. */
double figures_percentile(const struct figures *f, int percent);
