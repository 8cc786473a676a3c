/* rules_private.h - plugin instances inside WasmPlugin objects: match rules and their order.
 *
 * A rule belongs to a set of targets: lists `ingress` (routes), `domain` and `service`. Functions
 * work on a WasmPlugin tree in the request's arena; kube_save writes it. Order after a write: rules
 * with services first (by services), then with ingresses, then domains only, empty ones last.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct rest_request;

/* One target a scope at most; NULL: that scope is not part of it. All NULL: the global config. */
struct rules_target {
    const char *ingress, *domain, *service;
};

/* The rule whose lists hold exactly this target and nothing else; NULL: none. */
cJSON *rules_find(const cJSON *plugin, const struct rules_target *t);
/* Replaces the rule of this target (or adds it) and sorts. config is attached (same arena). Also
 * sets failStrategy and a missing defaultConfigDisable, as every write of the console does. */
void rules_put(struct arena *a, cJSON *plugin, const struct rules_target *t, cJSON *config,
               bool enabled);
/* Takes the target out of every rule that lists it (one scope set); a list that becomes empty takes
 * its rule along. True when something changed. */
bool rules_drop(cJSON *plugin, const struct rules_target *t);
/* rules_drop on every stored WasmPlugin, saving those that changed. */
bool rules_drop_everywhere(struct rest_request *r, const struct rules_target *t);

/* Route authentication: the rule of `ingress` in key-auth.internal (console-api.md §5.5, §9.7).
 * auth is a RouteAuthConfig object or NULL (off). False: the request has been answered. */
bool rules_write_auth(struct rest_request *r, const char *ingress, const cJSON *auth);
/* The same for many routes whose authentication stays as it is, in one write: a rule that is
 * missing is made (off). ingresses ended by NULL. */
bool rules_keep_auth(struct rest_request *r, const char *const *ingresses);
/* A RouteAuthConfig for answers, never NULL. */
cJSON *rules_read_auth(struct rest_request *r, const char *ingress);
/* The same for many routes, quickest in the order of their names: an index of all rules, kept until
 * they change. */
struct buf;
struct rules_index;
struct rules_index *rules_index_auth(struct rest_request *r);
bool rules_write_indexed_auth(struct buf *out, struct rules_index *index, const char *ingress);
