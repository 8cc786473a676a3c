/* outside_private.h - inside a look at what others changed. Only engine.c and outside*.c include
 * this. */
#pragma once
#include "change/engine_private.h"
#include "change/outside.h"
#include "store/store_outside.h"

/* An object that is otherwise than it was seen. */
struct outside_object {
    const char *name, *digest; /* digest NULL: it is gone */
    const char *text;          /* JSON, or NULL: it is gone */
    bool before;               /* it was there, with the digest … */
    const char *was;
};

struct outside_place {
    struct store_place was;
    const struct kind *kind;
    const char *scope;   /* of plugin instances, or NULL */
    double began, ended; /* when its list was read */
    bool gone;           /* what it hangs on is there no more */
    bool baseline;       /* nothing of it was known before: what is there is no edit */
    double since;        /* of edits here: when it was last seen otherwise */
    struct outside_object *changed;
    int changed_count, room;
};

struct outside_reading {
    struct engine *engine;
    struct arena *arena;
    const struct engine_at *at;
    const char *gateway; /* URL */
    struct cancel *cancel;
    struct outside_place *places; /* those that were read */
    int count, room;
    cJSON *unread; /* sentences, the first few */
    int unread_count, objects;
    size_t bytes;              /* of what changed */
    struct outside_place *now; /* that is read; of it: */
    bool *seen;                /* … which of the known objects came again */
    bool full;                 /* more than a bound */
};

/* Reads all places; false: cancelled, or the store failed. Parks. */
bool outside_read(struct outside_reading *r, struct err *e);
/* What counts of an object for a look; NULL of NULL. */
cJSON *outside_content(struct arena *a, const struct kind *k, const cJSON *o);
/* The name of the place of a kind, or of its instances at a scope. */
const char *outside_place_name(struct arena *a, const struct kind *k, const char *scope);

/* An operation that changes, or changed, an object: of ours, or of an edit found in this look. */
struct outside_op {
    const struct plan_op *op;
    double planned, written; /* Unix seconds; of an edit 0 */
    enum plan_state state;
    const cJSON *differences; /* as its result has them, or NULL */
    bool ours;
};

/* What was, and what is; NULL: not there. */
struct outside_difference {
    const struct outside_place *place;
    const char *name;
    const cJSON *before, *after;
    double since, at;
};
typedef bool outside_fn(void *arg, const struct outside_difference *x);
/* Hands on what of the difference ours do not account for, in the order in which it happened: the
 * same difference, parts of it before, between and behind our writes, or nothing. */
bool outside_explain(struct arena *a, const struct outside_difference *x,
                     const struct outside_op *ops, int count, outside_fn *fn, void *arg);
/* Does that operation by itself bring a change of another object along? */
bool outside_brings(struct arena *a, const struct outside_op *by,
                    const struct outside_difference *x);
void outside_stop(struct engine *g); /* no look begins, those under way end */
