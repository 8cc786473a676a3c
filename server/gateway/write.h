/* write.h - the only functions of the program that change a gateway. Only gateway/apply*.c may
 * include this (lint): everything that writes has passed the change engine.
 *
 * A write is sent once and never tried again by itself. *maybe says whether a failed one may have
 * reached the gateway: true after a reset, a timeout, an unreadable answer and most refusals.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct gateway;
struct kind;

/* POST, or PUT on the object's path where the kind has no POST. */
bool write_create(struct gateway *g, struct arena *a, const struct kind *k, const char *scope,
                  const cJSON *o, bool *maybe, struct err *e);
bool write_put(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
               const char *scope, const cJSON *o, bool *maybe, struct err *e);
/* Success is 204 and nothing else: the console answers a failed delete of an instance with 200. */
bool write_delete(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  const char *scope, bool *maybe, struct err *e);
