/* diagnose_walk_private.h - the state of a walk, for the files that collect signals. */
#pragma once
#include "base/err.h"
#include "diagnose/diagnose.h"

struct replicas;

struct walk {
    struct arena *a;
    const struct diagnose_means *m;
    struct diagnose_target target;
    struct diagnose_signals s;
    const struct replicas *found;      /* NULL: none, or they could not be listed */
    struct diagnose_replica *replicas; /* the first of them */
    int replica_count;
    cJSON *issues;
    bool gone;
    struct log_source *log; /* what was read of it is kept, for several questions */
    struct err ignored;     /* of what may be missing */
};

/* The console's object behind the target, and what contradicts it there. Parks. */
void diagnose_read_target(struct walk *w);
/* What is wrong with the control plane, where it is configured where that is. Parks. */
void diagnose_read_control(struct walk *w);
/* Behind the log: the console's routes of hosts that lost requests, and the gateway's settings
 * where a request met one. Parks. */
void diagnose_read_settings(struct walk *w);
/* The access log's rows, and the window against one before it where that was asked for. */
void diagnose_read_log(struct walk *w);
/* What replica i, which is down, said before it began again. Parks. */
void diagnose_read_before(struct walk *w, int i, struct cancel *own);
void diagnose_read_compared(struct walk *w);
