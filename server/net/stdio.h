/* stdio.h - lines in on one descriptor, lines out on another; never blocks, never loses a byte.
 *
 * A line over the ceiling is dropped without being kept and reported once (on_long).
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
    void (*on_line)(void *arg, const char *line, size_t n); /* without the newline (or CR LF) */
    void (*on_long)(void *arg);
    void (*on_end)(void *arg); /* EOF on in, or a broken pipe on out */
    void *arg;
};

struct stdio *stdio_open(struct loop *l, const struct stdio_options *o);
void stdio_write(struct stdio *s, const char *line, size_t n); /* adds the newline; queues */
bool stdio_flushed(const struct stdio *s);
void stdio_close(struct stdio *s); /* flushes what can be written without waiting; NULL is fine */
