/* draft.h - how a change is described: operations join a plan. Nothing here writes. */
#pragma once
#include "base/risk.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct plan;

/* Each adds one operation; the engine reads `before` again and re-checks it right before writing.
 * False after fail(). `after` is taken as given but for what an update would silently lose, which
 * the kind table carries over from `before` (authConfig, certificates, credentials). */
bool plan_create(struct plan *p, const char *kind, const char *scope, const cJSON *after);
bool plan_put(struct plan *p, const char *kind, const char *name, const char *scope,
              const cJSON *before, const cJSON *after);
bool plan_remove(struct plan *p, const char *kind, const char *name, const char *scope,
                 const cJSON *before);
void plan_warn(struct plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_title(struct plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_risk(struct plan *p, enum risk at_least);
