/* sse.h - server-sent events out of bytes that come in any pieces (WHATWG: lines end with
 * CR, LF or both; several data lines are one text; comments and unknown fields are passed over).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct sse;

/* event: its name, "" where none was said; data lives until it returns. */
typedef void sse_fn(void *arg, const char *event, const char *data, size_t n);
/* max: bytes of one event. */
struct sse *sse_new(struct arena *a, size_t max, sse_fn *fn, void *arg);
/* False: an event is longer than that, from now on. */
bool sse_feed(struct sse *s, const char *bytes, size_t n);
/* The connection ended: an event that no blank line closed counts, as servers leave it out. */
void sse_end(struct sse *s);
