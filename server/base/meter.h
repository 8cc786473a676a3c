/* meter.h - our own figures: counters and times, kept in memory, told as Prometheus' text 0.0.4.
 *
 * Labels are texts of our own tables that last as long as the process; what a client, a gateway or
 * anybody else wrote is never one. So there are few of them; beyond METER_SLOTS they count as
 * "other". To count costs some tens of nanoseconds, and nothing is given back.
 */
#pragma once
#include <stdbool.h>

struct buf;

enum { METER_SLOTS = 1024 };

/* What is counted; meter.c has a row each. */
enum meter_counter {
    METER_CALLS,    /* tool, outcome */
    METER_CHANGES,  /* state that a change came into */
    METER_REQUESTS, /* to whom, class of the status or "none" */
    METER_CHATS,    /* "chat" or "alerts", what became of the request */
    METER_SPANS,    /* "sent", "dropped", … */
    METER_COUNTERS
};
/* y: NULL where the row has one label. */
void meter_count(enum meter_counter c, const char *x, const char *y, double times);

/* What takes time. */
enum meter_timer {
    METER_CALL_TIME,    /* tool */
    METER_REQUEST_TIME, /* to whom */
    METER_TIMERS
};
void meter_took(enum meter_timer t, const char *x, double seconds);

/* All of it that was counted so far. */
void meter_write(struct buf *b);
/* A figure of the moment; type: "gauge" or "counter". */
void meter_gauge(struct buf *b, const char *name, const char *type, const char *help, double value);
