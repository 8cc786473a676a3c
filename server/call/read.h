/* read.h - what a tool's handler reads of the gateway. Every function here may park. */
#pragma once
#include "call/call.h"
#include "kind/names.h"

enum missing { MISSING_FAILS = 0, MISSING_IS_NULL };
/* kind: a row of the kind table ("route", "ai-provider", …); name: the object's; scope: for
 * plugin-instance "global", "domain:NAME", "route:NAME", "service:NAME", else NULL. */
const cJSON *gw_get(struct call *c, const char *kind, const char *name, const char *scope,
                    enum missing m);
/* Streams the objects of a collection; only one is in memory at a time (o lives until fn returns).
 * fn returns false to stop. False on error. */
typedef bool gw_each_fn(struct call *c, void *arg, const cJSON *o);
bool gw_each(struct call *c, const char *kind, const char *scope, gw_each_fn *fn, void *arg);
/* Every plugin instance, all scopes in one (console/gateway.h); max: scopes that are asked. gap, or
 * NULL, hears what could not be read. *gaps: a sentence about that, or NULL. False: cancelled. */
typedef bool gw_instance_fn(struct call *c, void *arg, const char *scope, const cJSON *o);
typedef void gw_gap_fn(void *arg, const char *scope);
bool gw_each_instance(struct call *c, int max, gw_instance_fn *fn, gw_gap_fn *gap, void *arg,
                      const char **gaps);
/* A GET of any console path, bare data out of its envelope. */
const cJSON *gw_path(struct call *c, const char *path, enum missing m);
/* Secrets of an object masked, by the kind's table; a copy in the call's arena. */
const cJSON *gw_masked(struct call *c, const char *kind, const cJSON *o);
/* Who uses the object, a line each: "route orders services[0].name"; a last one says what was not
 * looked at. Empty: nobody. NULL: failed(). */
cJSON *gw_users(struct call *c, const char *kind, const cJSON *o);
const char *gw_kind_only(const char *kind); /* name of a kind's only object; NULL: has several */
const char *gw_kind_key(const char *kind);  /* "name", … the member that names an object */
const char *gw_name_of(const char *kind, const cJSON *o);
/* The value of an annotation that the controller takes among a route's, "canary"
 * (kind/annotation.h); NULL: none. Does it say yes? */
const char *gw_annotation(const cJSON *route, const char *name);
bool gw_annotation_true(const cJSON *route, const char *name);
/* A kind in words (plan/describe.h); plugin: the settings of that plugin, else NULL. */
const cJSON *gw_describe(struct call *c, const char *kind, const char *plugin);
