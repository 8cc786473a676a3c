/* stdio.h - lines in on one descriptor, lines out on another; blocks in stdio_close only.
 *
 * A line over the ceiling is dropped without being kept and reported once (on_long). Bytes after
 * the last newline are a line too. Answers written inside on_line leave in one write per batch.
 * `out` is switched to non-blocking until stdio_close; the callbacks run on the main stack.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct loop;
struct stdio;

struct stdio_options {
    int in, out;
    size_t max_line;  /* bytes; 0: 16 MiB */
    size_t max_queue; /* unsent bytes before the peer counts as gone; 0: 64 MiB */
    /* Without the newline (or CR LF), followed by a NUL; valid until it returns. */
    void (*on_line)(void *arg, const char *line, size_t n);
    void (*on_long)(void *arg);
    /* Once: EOF on in, or a broken pipe (or a full queue) on out. Never from inside stdio_write. */
    void (*on_end)(void *arg);
    void *arg;
};

struct stdio *stdio_open(struct loop *l, const struct stdio_options *o);
void stdio_write(struct stdio *s, const char *line, size_t n); /* adds the newline; queues */
bool stdio_flushed(const struct stdio *s);
/* Writes what is queued, waiting for a slow reader as long as it takes some of it every 5 s. NULL
 * is fine. */
void stdio_close(struct stdio *s);
