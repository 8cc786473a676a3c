/* write.h - the only functions of the program that change a gateway. Only change/ may
 * include this (lint): everything that writes has passed the change engine.
 *
 * A write is sent once and never tried again by itself. *doubt says what a failed one may have
 * done: a console has been seen to store what it then answered with 400, 409 and 500, so only
 * reading tells.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct gateway;
struct kind;

enum write_doubt {
    WRITE_NOT_BEGUN = 0, /* never sent, or the login was refused */
    WRITE_ANSWERED,      /* the console is done with it: what reading shows is what came of it */
    WRITE_BROKEN,        /* the connection ended: what was under way is done soon or never */
    WRITE_PENDING,       /* no answer in time, or a proxy gave up: it may still be carried out */
};

/* POST, or PUT on the object's path where the kind has no POST. */
bool write_create(struct gateway *g, struct arena *a, const struct kind *k, const char *scope,
                  const cJSON *o, enum write_doubt *doubt, struct err *e);
bool write_put(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
               const char *scope, const cJSON *o, enum write_doubt *doubt, struct err *e);
/* Success is 204 and nothing else: the console answers a failed delete of an instance with 200. */
bool write_delete(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                  const char *scope, enum write_doubt *doubt, struct err *e);
