/* gateway.h - one gateway: reading its Console REST API.
 *
 * Answers come out of their envelope; objects stay JSON as received, in the arena given. A missing
 * object is (NULL, *missing = true, no error) when `missing` is given, else ERR_GATEWAY 404. Errors
 * carry the console's own words without Java class names, cleaned and scrubbed: ERR_GATEWAY with
 * the HTTP status, ERR_NET when no answer came, ERR_GONE when cancelled. Reads are tried twice
 * more when no answer came. A 2xx answer that is not JSON is an error, never an empty object.
 * Nothing here writes: that is console/write.h, which only change/ may include (lint).
 * All functions park; they may be called from several fibers at once.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct err;
struct fetch_answer;
struct fetch_request;
struct gateway;
struct kind;
struct loop;

/* Lives in arena a (with the process). Nothing is sent before the first read. */
struct gateway *gateway_new(struct loop *l, struct arena *a, const struct config *c);
/* A view of it for one piece of work, that remembers the lists it has read for some seconds: one is
 * not read twice, unless it is large. A write of this process makes it forget. What must be true
 * now, such as the base of a write, is read of the gateway itself. Lives in arena a. */
struct gateway *gateway_remembering(struct gateway *g, struct arena *a);
/* The view where it is one of that gateway, else the gateway. view may be NULL. */
struct gateway *gateway_through(struct gateway *view, struct gateway *g);
const char *gateway_url(const struct gateway *g); /* NULL: none configured; g may be NULL */
const struct config *gateway_config(const struct gateway *g);
struct loop *gateway_loop(const struct gateway *g);
/* One request with credentials: logs in first where a session is needed, again after one 401. The
 * answer is as received; true when one arrived whole. For gateway.c and write.c. */
bool gateway_send(struct gateway *g, struct arena *a, struct fetch_request *r, const char *path,
                  struct fetch_answer *out, struct err *e);
/* Says an answer's failure in the console's words (ERR_GATEWAY); false. */
bool gateway_refused(struct arena *a, const char *method, const char *path,
                     const struct fetch_answer *answer, struct err *e);
/* Is the body the console's own {"success":…}? */
bool gateway_enveloped(struct arena *a, const struct fetch_answer *answer);
/* The JSON out of its envelope; NULL + e for HTML, garbage or success:false. An empty body is JSON
 * null. *enveloped (optional): was there an envelope? */
cJSON *gateway_unwrap(struct arena *a, const char *method, const char *path,
                      const struct fetch_answer *answer, bool *enveloped, struct err *e);

/* GET of a console path (already percent-encoded), data out of its envelope. */
cJSON *gateway_get(struct gateway *g, struct arena *a, const char *path, bool *missing,
                   struct cancel *c, struct err *e);
/* One object of a kind. A plugin instance that the console only makes up counts as missing; a
 * service, which has no path of its own, is looked up in the list. */
cJSON *gateway_object(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                      const char *scope, bool *missing, struct cancel *c, struct err *e);
/* The object as it is now. *now NULL: it is not there, or neither is what it would be at (a plugin
 * instance of a route that does not exist). False + e: that could not be read. */
bool gateway_now(struct gateway *g, struct arena *a, const struct kind *k, const char *name,
                 const char *scope, const cJSON **now, struct cancel *c, struct err *e);

/* Streams a collection, read whole, never paged. o lives until fn returns. fn runs on the main
 * stack and must not park; false stops (which is a success). */
typedef bool gateway_each_fn(void *arg, const cJSON *o);
bool gateway_each(struct gateway *g, const char *path, gateway_each_fn *fn, void *arg,
                  struct cancel *c, struct err *e);
bool gateway_each_kind(struct gateway *g, const struct kind *k, const char *scope,
                       gateway_each_fn *fn, void *arg, struct cancel *c, struct err *e);

/* The plugin instances that are there at one place ("global", "route:X", …). A place that is gone
 * has none: that is no failure. fn: as of gateway_each. */
bool gateway_instances_at(struct gateway *g, const char *scope, gateway_each_fn *fn, void *arg,
                          struct cancel *c, struct err *e);
/* Every plugin instance that is there, scope by scope ("global", "domain:X", …; instance.c). What
 * could not be read is counted, never taken for nothing: `gap` hears each scope, or "route:*" when
 * the scopes of a kind could not be listed. False + e: cancelled. */
struct gateway_instances {
    bool (*fn)(void *arg, const char *scope, const cJSON *o); /* false stops */
    void (*gap)(void *arg, const char *scope);                /* or NULL */
    void (*told)(void *arg, int done, int total);             /* or NULL */
    void *arg;
    int scopes_max; /* asked at most; the others are gaps */
};
struct gateway_gaps {
    int count;
    char first[320]; /* "route:orders: GET … HTTP 500" */
};
bool gateway_each_instance(struct gateway *g, const struct gateway_instances *how,
                           struct gateway_gaps *gaps, struct cancel *c, struct err *e);
