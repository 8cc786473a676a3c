/* arena.h - a lifetime: everything allocated in it ends with it.
 *
 * Three lifetimes exist in the program: the process, a session, a call (plus one arena per object
 * of the embedded control plane's store). Nothing allocated here is freed one by one.
 * Out of memory aborts with the size asked for: every input has a ceiling, so it is a bug.
 * Under AddressSanitizer each allocation is a malloc of its own, so overruns are caught.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* One that will hold about so many bytes and then live long: room for no more. */
struct arena *arena_sized(size_t size);
size_t arena_room(size_t size); /* what an allocation of that size takes */
/* For a message and its answer, which take a few KiB and end soon. */
struct arena *arena_new_message(void);
/* For an object that lives long and holds little, such as one of thousands of idle sessions. */
struct arena *arena_new_small(void);
/* Runs the deferred functions, newest first, then gives all memory back. NULL is fine. */
void arena_free(struct arena *a);

/* Many have ended and none will for a while: their memory goes back to the system. */
void arena_trim(void);

void *arena_alloc(struct arena *a, size_t size);    /* zeroed, aligned for any type */
char *arena_strdup(struct arena *a, const char *s); /* NULL in, NULL out */
char *arena_strndup(struct arena *a, const char *s, size_t n);
/* A list with room for one more: itself, or a copy twice as long. Both NULL and 0 at first. */
void *arena_grow(struct arena *a, void *list, int count, int *room, size_t item_size);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* fn(arg) runs when the arena ends: how a foreign object joins a lifetime. */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

#define arena_make(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))
