/* outside.h - what others change on a gateway: its state is kept by digest, and what is different
 * at the next look and was not written by us is an outside edit, with what stood and what stands.
 *
 * A look reads the lists of all kinds that can be written. What could not be read stays as it was
 * seen before, and is named: never "deleted". A place (one list) counts only if no change of ours
 * was written while it was read. Who edited is not known, and when only as far as two looks tell.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct engine;
struct err;
struct plan;

/* What a look came to. */
struct outside_look {
    bool first;             /* nothing was known before: from now on edits are seen */
    int edits;              /* found */
    int objects;            /* looked at */
    int places;             /* read */
    int unread;             /* places that could not be read, or were not asked */
    const char *why_unread; /* of the first of them, or NULL; in the arena */
    bool more;              /* more was edited than is kept of one look: the next one goes on */
    int moved; /* places that changes of ours were written to meanwhile: looked at again soon */
};
/* One look at that gateway (URL; NULL: the one that is meant); parks. */
bool engine_look_outside(struct engine *g, struct arena *a, const char *gateway, struct cancel *c,
                         struct outside_look *out, struct err *e);
/* A server looks by itself from now on, at the gateways whose configuration says so. said hears of
 * edits that were found, and at times why one was not looked at. */
typedef void outside_said_fn(const char *gateway, const char *text);
void engine_watch_outside(struct engine *g, outside_said_fn *said);

/* {"edits":[…], "next"?: cursor}, newest first: each {"id","state":"outside","title","kind","name",
 * "scope"?,"verb","since","at","gateway"?,"diff":[…]}. object: as in engine_query. */
struct outside_query {
    const char *object, *gateway; /* NULL: any */
    double since;                 /* Unix seconds; 0: any */
    int limit;
    const char *cursor;
};
cJSON *engine_outside(struct engine *g, struct arena *a, const struct outside_query *q,
                      struct err *e);
/* One of them, also by the beginning of its id, with "operations" as a change has them and
 * "restorable"; rows: their "rows" for a page (diff_rows). */
cJSON *engine_outside_edit(struct engine *g, struct arena *a, const char *id, bool rows,
                           struct err *e);
/* [{"gateway": name or URL, "watched": bool, "looked"?: time, "objects"?, "edits": of the last day,
 * "unread"?: [sentence], "problem"?}], one a gateway. */
cJSON *engine_outside_state(struct engine *g, struct arena *a, struct err *e);
/* Describes in p what puts back what stood before the edit; parks. Where the object is not any more
 * as the edit left it, ERR_POLICY. */
bool engine_restore(struct engine *g, struct plan *p, const char *id, struct cancel *c,
                    struct err *e);
/* Begins anew at that gateway, whatever was seen there. */
bool engine_forget_outside(struct engine *g, const char *gateway, const char *who, struct err *e);
