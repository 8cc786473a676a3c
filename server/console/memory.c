/* memory.c - lists as received, kept while one piece of work lasts. */
#include "base/arena.h"
#include "console/memory_private.h"
#include <string.h>

enum { LISTS_MAX = 1024 };
static const size_t BYTES_MAX = (size_t)16 << 20; /* of all; a list that is longer is read again */
static const double SECONDS = 30; /* a person may be asked in between, who takes minutes */

struct remembered {
    struct remembered *next;
    const char *path;
    struct buf *answer;
    double at;
    unsigned writes;
};

struct list_memory {
    struct arena *arena;
    struct remembered *newest;
    size_t bytes;
    int count;
};

struct list_memory *memory_new(struct arena *a)
{
    struct list_memory *m = arena_make(a, struct list_memory);
    m->arena = a;
    return m;
}

const struct buf *memory_find(struct list_memory *m, const char *path, double now, unsigned writes)
{
    for (const struct remembered *r = m ? m->newest : NULL; r; r = r->next)
        if (!strcmp(r->path, path)) /* one that is older says nothing better */
            return r->writes == writes && now - r->at < SECONDS ? r->answer : NULL;
    return NULL;
}

struct buf *memory_start(struct list_memory *m)
{
    if (!m || m->count == LISTS_MAX || m->bytes >= BYTES_MAX)
        return NULL;
    m->count++;
    return buf_in(m->arena, BYTES_MAX - m->bytes);
}

void memory_keep(struct list_memory *m, struct buf *answer, const char *path, double now,
                 unsigned writes)
{
    struct remembered *r = arena_make(m->arena, struct remembered);
    *r = (struct remembered){ m->newest, arena_strdup(m->arena, path), answer, now, writes };
    m->newest = r;
    m->bytes += answer->len;
}
