/* audit_private.h - what the commands over the audit share: audit*.c and report.c. */
#pragma once
#include "cmd/verb_private.h"

/* --since and --until: a time, or a span before now ("7d"); 0: not given. False: e says what is
 * right. */
bool audit_period(const struct verb *v, double *since, double *until, struct err *e);
int audit_shipped(struct verb *v, struct store *s); /* ship.c */
int audit_told(struct verb *v, struct store *s);    /* webhook.c */
int audit_search(struct verb *v, struct store *s);
