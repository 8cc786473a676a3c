/* source_private.h - /v1/service-sources: registries of McpBridge `default`. */
#pragma once
#include "embedded/rest/model.h"
#include "embedded/rest/rest.h"

extern const struct rest_route source_rest[];
extern const struct model_field source_model[]; /* ServiceSource */

/* 400 for what ServiceSource.validate() refuses; false: r has been answered. */
bool source_check(struct rest_request *r, const cJSON *source);
