/* trace.h - what the program does, for those who run it: one JSON line an event on stderr, with the
 * id of the call that it is part of, secrets scrubbed. Off it costs a look at one word.
 *
 * Arguments, bodies and headers are not traced: names, paths, counts and outcomes are.
 */
#pragma once

enum trace_area {
    TRACE_FETCH = 1,  /* requests of ours */
    TRACE_CALL = 2,   /* tool calls */
    TRACE_CHANGE = 4, /* plans, decisions, writes */
    TRACE_FIBER = 8,  /* who waits for what */
    TRACE_HTTP = 16,  /* requests to us */
    TRACE_WS = 32,    /* WebSockets of ours: opened, messages by size, closed */
    TRACE_ALL = 63,
};
#define TRACE_AREAS "fetch|call|change|fiber|http|ws|all" /* in the order of the bits */

extern unsigned trace_on; /* the areas that are written; trace_open sets it */

/* Names out of TRACE_AREAS, ended by NULL; others are left out. */
void trace_open(const char *const *areas);
#define trace(area, ...) (trace_on & (area) ? trace_event((area), __VA_ARGS__) : (void)0)
void trace_event(enum trace_area area, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));
/* Every fiber there is, whatever is traced: of which call, since when it waits for what. */
void trace_fibers(void);
