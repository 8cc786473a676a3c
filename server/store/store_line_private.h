/* store_line_private.h - lines of the audit inside the store: chained, walked, found. Only
 * store_private.h includes this.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct db_rows;
struct err;
struct plan;
struct secret_set;
struct store;

/* -- store_audit.c ------------------------------------------------------------------------- */

/* One audit line inside the caller's transaction. mac: of the row whose step it is, or NULL. */
bool store_chain(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const char *detail, const char *mac, struct err *e);
/* As a line keeps it: scrubbed, printed. NULL in, NULL out. */
char *store_said(struct arena *a, const cJSON *detail);
/* Is there a change of that id? False also when e says why it cannot be said. */
bool store_knows_change(struct store *s, const char *id, struct err *e);
/* Keeps the anchor for a chain that ends there. */
bool store_anchor(struct store *s, int seq, const char *hash, struct err *e);
/* The newest line's number and hash; 0 and "" when there is none. NULL + e. */
char *store_last(struct store *s, struct arena *a, int *seq, struct err *e);
/* Are the lines from that one on whole, up to an end that is ours? *lines: how many. */
bool store_whole(struct store *s, int from, int *lines, struct err *e);
/* The lines from one to another, each against the hash before, which moves on; to
 * HUGE_VAL: all there are, whatever number they claim. *lines: how many
 * were there without a hole. */
bool store_walk(struct store *s, int from, double to, int *lines, char before[65], struct err *e);
/* The MAC of a row of STORE_LINE_COLUMNS whose detail was taken away. */
#define STORE_LINE_COLUMNS "seq, at, event, id, who, channel, detail, mac, hash, tomb"
char *store_tomb(const struct store *s, struct arena *a, struct db_rows *r);
/* Is the chain as the first release kept it, up to an end that is ours? */
bool store_whole_of_old(struct store *s, struct err *e);
/* Does the chain end there? Inside a transaction. */
bool store_anchored(struct store *s, struct arena *a, int seq, const char *hash, struct err *e);

/* A row of STORE_LINE_COLUMNS as an answer, and whether it is what was written, after the line
 * before it. False: e says that it is not. */
cJSON *store_line_shown(struct arena *a, struct db_rows *r);
bool store_line_holds(struct store *s, struct arena *a, struct db_rows *r, struct err *e);

/* -- store_search.c: by which objects a change is found; inside the caller's transaction ----- */

bool store_touch(struct store *s, struct arena *a, const char *id, const struct plan *p,
                 const struct secret_set *hidden, struct err *e);
/* The same of one whose plan is sealed: what its summary shows. */
bool store_touch_summary(struct store *s, struct arena *a, const char *id, const cJSON *summary,
                         struct err *e);
