/* explain_private.h - routes of the console as rules. */
#pragma once
#include "explain/explain.h"
#include <stdint.h>

enum explain_canary { NO_CANARY = 0, CANARY_BY_WEIGHT, CANARY_BY_REQUEST };

struct explain_rule {
    struct route_rule takes;
    enum explain_canary canary;
    struct route_predicate *asks; /* a canary by request: for this, not for its base's headers */
    const struct explain_rule *base;
    struct explain_rule *weighted, *next; /* canaries by weight that share this rule's requests */
    long weight, weight_total;
    const cJSON *services; /* of a canary by weight */
    const char *app_root;
    const char *same; /* a route that takes the same requests and was (or may be) created later */
};

/* What a path must begin with, so that most rules are passed by without being looked at. */
struct explain_start {
    uint32_t hash, length;
};

struct explain_domain {
    const char *name;
    bool https, force;
};

struct explain {
    struct arena *a;
    struct explain_rule **rules; /* after the sort: in Envoy's order */
    int count, room;
    struct explain_start *starts; /* of the rules */
    int *by_path;                 /* places of rules, by host and then by path as a text */
    struct explain_domain *domains;
    int domain_count, domain_room;
    bool has_app_root;
    int lost_canaries; /* that found no base: Higress ignores them */
};

/* The annotation that the controller takes among the route's customConfigs; NULL: none that it
 * reads. */
const char *explain_annotation(const cJSON *route, const char *key);
/* As it stands under higress.io/, readable or not; NULL: absent or empty. */
const char *explain_own_annotation(const cJSON *route, const char *key);
bool explain_annotation_true(const cJSON *route, const char *key);
/* The domain behind a virtual host; NULL: none is there. */
const struct explain_domain *explain_domain_of(const struct explain *x, const char *virtual_host);

const cJSON *explain_part(const cJSON *route, const char *part); /* NULL: absent or switched off */
/* "timeout", "retries", "limits", "annotations". */
void explain_policy(struct arena *a, cJSON *answer, const struct route_request *request,
                    const cJSON *route);

/* What the instance of a limiting plugin allows; NULL: it holds no limit. */
const char *explain_limit_of(struct arena *a, const cJSON *instance);

/* -- the index (explain_index.c) -----------------------------------------------------------------
 */
void explain_index(struct explain *x); /* of the sorted rules */
/* The hashes of a path's beginnings: [n] is that of the first n bytes. */
uint32_t *explain_hashes(struct arena *a, const char *path);
bool explain_may_fit(const struct explain *x, int place, const uint32_t *hashes, size_t length);
/* Where in by_path, between from and to, a path would stand. */
int explain_by_path(const struct explain *x, int from, int to, const char *path);
