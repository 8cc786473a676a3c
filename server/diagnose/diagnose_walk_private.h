/* diagnose_walk_private.h - the state of a walk, for the files that collect signals. */
#pragma once
#include "base/err.h"
#include "diagnose/diagnose.h"

struct walk {
    struct arena *a;
    const struct diagnose_means *m;
    struct diagnose_target target;
    struct diagnose_signals s;
    cJSON *issues;
    bool gone;
    struct log_source *log; /* what was read of it is kept, for several questions */
    struct err ignored;     /* of what may be missing */
};

/* The console's object behind the target, and what contradicts it there. Parks. */
void diagnose_read_target(struct walk *w);
/* Behind the log: the console's routes of hosts that lost requests, and the gateway's settings
 * where a request met one. Parks. */
void diagnose_read_settings(struct walk *w);
/* The access log's rows, and the window against one before it where that was asked for. */
void diagnose_read_log(struct walk *w);
void diagnose_read_compared(struct walk *w);
