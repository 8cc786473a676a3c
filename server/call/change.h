/* change.h - the life of a plan, as a tool's handler may move it: it asks, people decide. */
#pragma once
#include "call/call.h"

struct plan;

const cJSON *change_apply(struct call *c, const char *id); /* asks approval, applies; parks */
const cJSON *change_get(struct call *c, const char *id, double wait_seconds);
const cJSON *change_list(struct call *c, const char *state, int limit, const char *cursor);
const cJSON *change_cancel(struct call *c, const char *id);
bool change_undo(struct call *c, struct plan *p, const char *id);
/* Describes a manifest (text or tree, manifest/manifest.h) as one plan. */
bool change_manifest(struct call *c, struct plan *p, const cJSON *manifest);
