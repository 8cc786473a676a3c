/* store_result.h - what became known of an applied change after it was applied. */
#pragma once
#include "store/store.h"

/* Puts a member into the result of an applied change: a step of its row, under its MAC, with a line
 * of audit of that name and detail. Its state and time stay. *moved false: it is not applied. */
bool store_add_result(struct store *s, const char *id, const char *member, const cJSON *value,
                      const char *who, const char *channel, bool *moved, struct err *e);
