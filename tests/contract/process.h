/* process.h - a `higress-ops console` of its own, spoken to over several connections in turn.
 *
 * Connections are kept alive; one that the console closes without having said so is a failure.
 */
#pragma once
#include "embedded/embedded.h"

struct process_options {
    const char *program, *dir;
    int connections; /* 1 to 64 */
};
/* NULL: it did not say where it listens (e says why). It lives in the arena until process_stop. */
struct process *process_start(struct arena *a, const struct process_options *o, struct err *e);
bool process_call(struct process *p, struct arena *a, const struct embedded_call *call,
                  struct embedded_answer *out, struct err *e);
/* Ends it, by SIGTERM and SIGKILL in turn, and starts it again on the same folder. */
bool process_restart(struct process *p, struct err *e);
void process_stop(struct process *p); /* NULL is fine */
