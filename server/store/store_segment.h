/* store_segment.h - the audit in segments: closed by size and age, removed by age, never silently.
 *
 * A segment is a run of lines. Closed, it is a row under the MAC of the state, which keeps its
 * first and last line, the hash before it and its last hash: the next one begins with that.
 * Retention removes the lines of the oldest closed ones and keeps the row, so that the chain goes
 * on from the hash in it; how far it came is a setting under the anchor of the audit. Of a removed
 * segment those lines stay that are the newest step of a change (without who, channel and detail,
 * under a MAC): a change is what its newest line says. Both are lines of the audit, and each is one
 * transaction: killed in it nothing has happened.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct store;

struct store_retention {
    int lines;   /* a segment is closed with so many, … */
    double age;  /* … or when its first is that old (seconds; 0: never) */
    double keep; /* its last line is older than that (seconds): it is removed; 0: never */
    int until;   /* no line behind that one is removed: nobody else has it yet */
};
struct store_rotated {
    int closed, removed; /* segments */
    int lines;           /* that are gone */
    const char *waits;   /* NULL, or why one that is old enough stays; a literal */
    bool more;           /* there is more to do: call again */
};
/* A step: closes up to 16 segments and removes up to one. One that was tampered with is not
 * removed: ERR_SYSTEM. */
bool store_rotate(struct store *s, const struct store_retention *how, struct store_rotated *did,
                  struct err *e);

/* {"closed","removed","removed_to"?,"removed_from_time"?,"removed_to_time"?,"kept"?,"segments":
 * [{"first","last","head","began","ended","closed","removed"?,"kept"?}]}: all counted, the newest
 * `limit` listed, newest first. Each row of the list fits its MAC. NULL + e. */
cJSON *store_segments(struct store *s, struct arena *a, int limit, struct err *e);
