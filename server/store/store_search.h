/* store_search.h - the audit searched: by who, what, change, object and time, newest first.
 *
 * Each query walks one index from a place that a cursor names, and looks at a bounded number of
 * lines: a page deep in a million lines costs what the first one does. What is shown fits its own
 * hash and the line before; whether the whole chain does is for store_verify to say.
 */
#pragma once
#include "store/store.h"

struct store_search {
    const char *who, *event; /* exactly; NULL: any */
    const char *id;          /* of a change; NULL: any */
    const char *object;      /* "route orders" of a change that touches it; "route shop-*"; NULL */
    double since, until;     /* Unix seconds; 0: any */
    int limit;
    const char *cursor; /* what an answer gave, or NULL */
};
/* {"lines": [as store_audit_lines gives them], "next"?: cursor, "looked_back_to"?: where too few
 * lines fit, "removed_to"?: the last line that retention removed (store_segment.h)}. NULL + e:
 * ERR_SYSTEM names a line that was tampered with. */
cJSON *store_search_audit(struct store *s, struct arena *a, const struct store_search *q,
                          struct err *e);
/* What the index finds is believed as far as the change itself says so. *yes: it touches the object
 * ("route orders", "route shop-*"). */
bool store_change_touches(struct store *s, struct arena *a, const char *object, const char *id,
                          bool *yes, struct err *e);
bool store_index_lies(const char *id, const char *object, struct err *e); /* false, e says so */
/* Proves that this state said so: a MAC over the text, under a label of what it is. */
char *store_proof(const struct store *s, struct arena *a, const char *label, const char *text);
/* The lines behind that number, oldest first, each with its hash. NULL + e. */
cJSON *store_lines_after(struct store *s, struct arena *a, int seq, int limit, struct err *e);
/* Changes that touch the object ("route orders"), as store_each_head gives them. */
bool store_each_touching(struct store *s, const char *object, double before, int limit,
                         store_row_fn *fn, void *arg, struct err *e);
