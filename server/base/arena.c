/* arena.c - lifetimes. A list of chunks, the newest first, filled from the front.
 *
 * Chunks grow from 1 KiB (or 128 bytes) to 64 KiB, so that an idle session costs little and a busy
 * call rarely asks malloc. A large block gets a chunk of its own size. A few chunks that ended wait
 * for the next arena: malloc keeps none of that size at hand. Under AddressSanitizer every block is
 * a chunk of its own, so that running over its end is caught.
 */
#include "base/arena.h"
#include "base/asan.h"
#include "base/err.h"
#include <malloc.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SMALL_CHUNK = 128,
    FIRST_CHUNK = 1024,
    MESSAGE_CHUNK = 8 * 1024,
    LARGEST_CHUNK = 64 * 1024,
    SPARE_SIZES = 4, /* 1, 2, 4, 8 KiB … */
    SPARE_EACH = 3,  /* … and so many of each */
    ALIGN = alignof(max_align_t)
};

struct chunk {
    struct chunk *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static struct {
    struct chunk *chunks;
    int count;
} spares[SPARE_SIZES];

struct deferred {
    struct deferred *older;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct chunk *chunks;
    struct deferred *deferred;
    char *at, *end; /* what is left of the newest ordinary chunk */
    size_t next;    /* size of the next ordinary chunk */
};

static struct arena *new_arena(size_t first_chunk)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        bug("out of memory: a new arena");
    a->next = first_chunk;
    return a;
}

struct arena *arena_new(void)
{
    return new_arena(FIRST_CHUNK);
}

struct arena *arena_new_small(void)
{
    return new_arena(SMALL_CHUNK);
}

/* Its place in spares, or SPARE_SIZES. */
static int spare_place(size_t size)
{
    int i = 0;
    while (i < SPARE_SIZES && size != (size_t)FIRST_CHUNK << i)
        i++;
    return ASAN ? SPARE_SIZES : i;
}

static struct chunk *take_chunk(size_t size)
{
    int i = spare_place(size);
    struct chunk *c = i < SPARE_SIZES ? spares[i].chunks : NULL;
    if (c) {
        spares[i].chunks = c->older;
        spares[i].count--;
        return c;
    }
    c = malloc(sizeof *c + size);
    if (!c)
        bug("out of memory: %zu bytes in an arena", size);
    c->size = size;
    return c;
}

static void end_chunk(struct chunk *c)
{
    int i = spare_place(c->size);
    if (i == SPARE_SIZES || spares[i].count == SPARE_EACH) {
        free(c);
        return;
    }
    c->older = spares[i].chunks;
    spares[i].chunks = c;
    spares[i].count++;
}

static char *new_chunk(struct arena *a, size_t size)
{
    struct chunk *c = take_chunk(size);
    c->older = a->chunks;
    a->chunks = c;
    return c->bytes;
}

size_t arena_room(size_t size)
{
    return ASAN ? size : (size + ALIGN - 1) / ALIGN * ALIGN;
}

struct arena *arena_sized(size_t size)
{
    struct arena *a = arena_new();
    if (!ASAN && size <= PTRDIFF_MAX / 2) {
        a->at = new_chunk(a, arena_room(size));
        a->end = a->at + arena_room(size);
    }
    a->next = FIRST_CHUNK / 4;
    return a;
}

struct arena *arena_new_message(void)
{
    struct arena *a = new_arena(MESSAGE_CHUNK);
    if (ASAN)
        return a;
    a->at = new_chunk(a, MESSAGE_CHUNK);
    a->end = a->at + MESSAGE_CHUNK;
    return a;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->deferred) {
        struct deferred *d = a->deferred;
        a->deferred = d->older;
        d->fn(d->arg);
    }
    while (a->chunks) {
        struct chunk *c = a->chunks;
        a->chunks = c->older;
        end_chunk(c);
    }
    free(a);
}

void arena_trim(void)
{
    for (int i = 0; i < SPARE_SIZES; i++)
        for (struct chunk *c; (c = spares[i].chunks); spares[i].count--) {
            spares[i].chunks = c->older;
            free(c);
        }
    malloc_trim(0);
}

static void *alloc_slow(struct arena *a, size_t size)
{
    if (ASAN || size > a->next / 4)
        return new_chunk(a, size);
    a->at = new_chunk(a, a->next);
    a->end = a->at + a->next;
    if (a->next < LARGEST_CHUNK)
        a->next *= 2;
    char *block = a->at;
    a->at += size;
    return block;
}

/* Of that many bytes after arena_room. */
static char *cut_block(struct arena *a, size_t want)
{
    if ((size_t)(a->end - a->at) < want || ASAN)
        return alloc_slow(a, want);
    char *block = a->at;
    a->at += want;
    return block;
}

static size_t block_room(size_t size)
{
    if (size > PTRDIFF_MAX / 2)
        bug("an arena was asked for %zu bytes", size);
    return arena_room(size);
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t want = block_room(size);
    char *block = cut_block(a, want);
    return want == 64 ? memset(block, 0, 64) /* a node of JSON: by stores in place */
                      : memset(block, 0, want);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    if (!s)
        return NULL;
    char *copy = cut_block(a, block_room(n + 1));
    copy[n] = '\0';
    return memcpy(copy, s, n);
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

void *arena_grow(struct arena *a, void *list, int count, int *room, size_t item_size)
{
    if (count < *room)
        return list;
    *room = *room ? 2 * *room : 16;
    void *more = arena_alloc(a, item_size * (size_t)*room);
    if (count)
        memcpy(more, list, item_size * (size_t)count);
    return more;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    char first[200]; /* most fit, and are formatted once */
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(first, sizeof first, format, args);
    if (n < 0)
        bug("a text could not be formatted: %s", format);
    bool fits = (size_t)n < sizeof first;
    char *text = fits ? arena_strndup(a, first, (size_t)n) : arena_alloc(a, (size_t)n + 1);
    if (!fits)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct deferred *d = arena_make(a, struct deferred);
    d->older = a->deferred;
    d->fn = fn;
    d->arg = arg;
    a->deferred = d;
}
