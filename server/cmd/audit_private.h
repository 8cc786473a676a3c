/* audit_private.h - what the commands over the audit share: audit*.c and report.c. */
#pragma once
#include "cmd/verb_private.h"

/* --since and --until: a time, or a span before now ("7d"); 0: not given. False: e says what is
 * right. */
bool audit_period(const struct verb *v, double *since, double *until, struct err *e);
int audit_shipped(struct verb *v, struct store *s);  /* ship.c */
int audit_told(struct verb *v, struct store *s);     /* webhook.c */
int audit_segments(struct verb *v, struct store *s); /* rotate.c */
/* What `audit verify` and `audit segments` say about what retention removed, of store_segments. */
void audit_print_removed(struct verb *v, const cJSON *segments);
int audit_evidence(struct verb *v, struct store *s);
int audit_search(struct verb *v, struct store *s);
