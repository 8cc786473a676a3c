/* span.h - what took how long, as spans of OpenTelemetry: a call, a change that is applied, a
 * request of ours. Off (span_open was not called) it costs a look at one word.
 *
 * A span belongs to the fiber that began it and ends on it; what that fiber and those that it
 * starts do meanwhile are its children. Ended ones wait in a ring of SPAN_ROOM for span_peek; one
 * that finds it full is dropped and counted. Spans hold names of our own tables, never an argument,
 * an address or a text of others.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { SPAN_ROOM = 2048, SPAN_CHANGE = 24 };

enum span_what {
    SPAN_CALL = 1, /* name: the tool; how: who calls ("mcp") */
    SPAN_APPLY,    /* change: its id */
    SPAN_REQUEST   /* name: to whom; how: the method; status: of the answer, 0: there was none */
};

/* Its texts last as long as the process. */
struct span {
    enum span_what what;
    uint8_t trace[16], id[8], parent[8];
    bool has_parent, remote;          /* the parent is the client's */
    bool on;                          /* false: it is not recorded, and the rest says nothing */
    double start, end;                /* Unix seconds */
    double clock;                     /* fiber_clock at its start */
    const char *name, *how, *outcome; /* outcome NULL: nothing went wrong */
    char change[SPAN_CHANGE];
    int status;
    uint8_t before_id[8]; /* of the fiber, until it began */
    bool before_on;
};

/* From now on; ratio: the share of those without a parent. */
void span_open(double ratio);
/* traceparent: of the client (W3C trace context), NULL or nonsense: it has none. */
void span_begin_call(struct span *s, const char *tool, const char *caller, const char *traceparent);
void span_begin_apply(struct span *s, const char *change);
/* A child of what the fiber is at; without one it is not recorded. */
void span_begin_request(struct span *s, const char *to, const char *method);
void span_end(struct span *s, const char *outcome);

/* The oldest that wait, at most `most`, in order; they stay until span_drop says how many may go.
 */
int span_peek(const struct span **list, int most);
void span_drop(int count);
