/* watch.h - what is seen of the touched requests: counts of the access log, else of Envoy's
 * counters.
 *
 * Of the log only lines count that prove themselves (accesslog.h), and of a request only what the
 * gateway says of it: its status, and how long the upstream took (a client that reads slowly makes
 * nothing slow). Counters know requests and failed ones by service, and nothing else.
 */
#pragma once
#include "guard/spec.h"
#include "guard/target.h"

struct cancel;
struct config;
struct loop;

enum guard_signal { GUARD_BLIND = 0, GUARD_LOG, GUARD_COUNTERS };

struct guard_watch {
    struct loop *loop;
    struct arena *arena;
    const struct config *config; /* of the gateway */
    struct guard_spec spec;
    struct guard_targets targets;
    struct cancel *cancel;
};

struct guard_counts {
    double from, to;    /* Unix seconds */
    double known_to;    /* the newest line of any request: so far the log is written; 0: none */
    double last, pause; /* the newest request of the targets; the longest time between two */
    int all;            /* requests of the targets */
    int bad[GUARD_CONDITIONS]; /* of them, by condition */
    cJSON *counters;           /* GUARD_COUNTERS: {"[REPLICA ]CLUSTER HOST": [requests, failed]} */
    const char *cut;           /* since when the log was looked at only, or NULL */
};

/* By what the conditions can be watched here. GUARD_BLIND: e (ERR_POLICY) says what is missing. */
enum guard_signal guard_signal_of(const struct config *c, const struct guard_spec *spec,
                                  struct err *e);
/* The requests that began in [from, to]. before: the counters as they were at `from`; NULL: none
 * are known, the counts are those since Envoy's start. False + e: they could not be read. Parks. */
bool guard_count(const struct guard_watch *w, double from, double to, const cJSON *before,
                 struct guard_counts *out, struct err *e);
/* As the state keeps them, and back. */
cJSON *guard_counts_write(struct arena *a, const struct guard_counts *c, int conditions);
struct guard_counts guard_counts_read(const cJSON *o);
