/* terms_private.h - what is agreed to beside the operations of a plan: its guard, its schedule.
 * Only engine.c includes this.
 */
#pragma once
#include <stdbool.h>

struct engine_at;
struct plan;

/* Brings p->guard (else the configured one) and p->schedule into their one form and says both as
 * warnings, so that every channel shows them. A guard raises the risk to that of its reverse, which
 * the same approval covers. False: p->err says why a guard could not see or could not take back. */
bool terms_complete(const struct engine_at *at, struct plan *p);
