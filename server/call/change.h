/* change.h - the life of a plan, as a tool's handler may move it: it asks, people decide. */
#pragma once
#include "call/call.h"

struct plan;

const cJSON *change_apply(struct call *c, const char *id); /* asks approval, applies; parks */
const cJSON *change_get(struct call *c, const char *id, double wait_seconds);
/* Of the newest `minutes` (0: any); object: "route orders", "route shop-*", a name or a scope;
 * actor: part of who asked or decided. NULL: any. */
struct change_query {
    const char *state, *object, *actor, *cursor;
    double minutes;
    int limit;
};
const cJSON *change_list(struct call *c, const struct change_query *q);
/* {"changes":[…]} that wait for a decision; NULL after fail(). */
const cJSON *change_pending(struct call *c, int limit);
/* What is to be told of edits made elsewhere on the call's gateway, in a sentence: how many within
 * a day, or why that is not known. NULL: there were none, or it is not watched. */
const char *change_outside(struct call *c);
const cJSON *change_cancel(struct call *c, const char *id);
bool change_undo(struct call *c, struct plan *p, const char *id);
/* Describes a manifest (text or tree, manifest/manifest.h) as one plan. */
bool change_manifest(struct call *c, struct plan *p, const cJSON *manifest);
