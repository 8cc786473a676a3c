/* explain_private.h - routes of the console as rules. */
#pragma once
#include "explain/explain.h"

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

struct explain_domain {
    const char *name;
    bool https, force;
};

struct explain {
    struct arena *a;
    struct explain_rule **rules; /* after the sort: in Envoy's order */
    int count, room;
    struct explain_domain *domains;
    int domain_count, domain_room;
    int lost_canaries; /* that found no base: Higress ignores them */
};

/* An annotation among the route's customConfigs, by either prefix; NULL: absent or blank. */
const char *explain_annotation(const cJSON *route, const char *key);
const char *explain_own_annotation(const cJSON *route, const char *key); /* higress.io/ alone */
bool explain_annotation_true(const cJSON *route, const char *key);
/* A whole decimal number, as Higress reads one. */
bool explain_number(const char *text, long *out);
/* The domain behind a virtual host; NULL: none is there. */
const struct explain_domain *explain_domain_of(const struct explain *x, const char *virtual_host);

const cJSON *explain_part(const cJSON *route, const char *part); /* NULL: absent or switched off */
/* "timeout", "retries", "limits", "annotations". */
void explain_policy(struct arena *a, cJSON *answer, const struct route_request *request,
                    const cJSON *route);
