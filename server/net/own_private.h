/* own_private.h - objects of net with a life of their own (a watch, a timer, a connection):
 * x_new/x_free pairs. The only place in net that touches the heap directly. Zeroed; out of memory
 * aborts.
 */
#pragma once
#include "base/err.h"
#include <stdlib.h>

static inline void *own_new(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        bug("out of memory asking for %zu bytes", size);
    return p;
}

static inline void own_free(void *p)
{
    free(p);
}

#define own_make(type) ((type *)own_new(sizeof(type)))

static inline char *own_text(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(own_new(n), s, n);
}
