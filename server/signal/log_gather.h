/* log_gather.h - several requests at once, each on a fiber of its own, and a wait for all of them.
 */
#pragma once
#include "base/fiber.h"
#include <stdbool.h>

struct loop;

struct log_gather {
    struct loop *loop;
    int left;           /* jobs that have not ended */
    struct cancel idle; /* fired when the last of them ended, or the waiting one is to look again */
};

/* Parks until none is left, or outer fired: then false, with jobs that still run, whose own cancels
 * the caller fires before it waits again with outer NULL. */
bool log_gather_wait(struct log_gather *g, struct cancel *outer);
/* Parks until `idle` is fired or so many seconds are over. False: outer fired. */
bool log_gather_nap(struct log_gather *g, struct cancel *outer, double seconds);
/* Each job's last word. */
void log_gather_end(struct log_gather *g);
