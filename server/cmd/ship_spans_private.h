/* ship_spans_private.h - spans (base/span.h) sent to a collector, as traces (otlp_private.h).
 *
 * Each SPANS_EVERY seconds, at once where many wait. Nothing waits for it: what finds no room, and
 * what the collector has not taken after SPANS_TRIES, is dropped and counted. At the end what is
 * left is sent once, within SPANS_LAST seconds.
 */
#pragma once

struct server;
struct ship_spans;

enum { SPANS_EVERY = 2, SPANS_TRIES = 5, SPANS_LAST = 3 };

struct ship_spans *ship_spans_begin(struct server *s); /* NULL: no collector is configured */
/* Sends what is left; the loop must still turn. */
void ship_spans_flush(struct ship_spans *x); /* NULL is fine */
void ship_spans_end(struct ship_spans *x);   /* NULL is fine */
