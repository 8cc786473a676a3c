/* memory_private.h - the lists that a view of a gateway has read (gateway_remembering), as
 * received: for list.c, which reads them, and gateway.c, which makes views. Nothing here parks.
 */
#pragma once
#include "base/buf.h"
#include <stdbool.h>

struct arena;
struct gateway;
struct list_memory;

struct list_memory *gateway_memory(const struct gateway *g); /* NULL: of a view only */
unsigned gateway_writes(const struct gateway *g);

struct list_memory *memory_new(struct arena *a);
/* What came for the path, whole; NULL: it was not read, or too long ago, or before a write. now:
 * loop_now; writes: how many were sent to the gateway so far. m may be NULL. */
const struct buf *memory_find(struct list_memory *m, const char *path, double now, unsigned writes);
/* Where the bytes of an answer go while they arrive, to be freed unless it is kept; NULL: there is
 * no room, or no memory. */
struct buf *memory_start(struct list_memory *m);
/* The answer came whole: what memory_start gave is what the path says, since `now` and `writes` of
 * when it was asked for. */
void memory_keep(struct list_memory *m, struct buf *answer, const char *path, double now,
                 unsigned writes);
