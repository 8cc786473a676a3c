/* xds_private.h - what the parts of the renderer (xds*.c) share; nobody else includes it.
 *
 * A rule is one path of one host of one Ingress: Higress makes one or two Envoy routes of it.
 */
#pragma once
#include "embedded/xds/xds.h"
#include "kind/annotation.h"
#include "rule/route_order.h"
#include <stddef.h>

#define XDS_TYPE "type.googleapis.com/envoy."

struct xds {
    struct arena *a;
    const struct xds_input *in;
    cJSON *notes;
    cJSON *hosts; /* object: host name of every rendered service -> its port */
};

enum xds_canary { XDS_NO_CANARY, XDS_BY_WEIGHT, XDS_BY_HEADER };

struct xds_rule {
    struct route_rule takes; /* which requests, and so its place among the others */
    const cJSON *ingress;
    const char *destination; /* lines of "[N%] host[:port] [subset]"; NULL: redirects only */
    const cJSON *policies;   /* the Ingress whose annotations say how requests are treated */
    const cJSON *headers_of; /* the one whose annotations say which headers are changed */
    const char *app_root;    /* answers with a redirect there, and nothing else */
    enum xds_canary canary;
    long weight;                        /* of a canary by weight: percents of the requests */
    const struct xds_rule *canaries;    /* by weight, which share this rule's requests */
    const struct xds_rule *next_canary; /* of the same rule */
    struct xds_rule *before;            /* a canary by header, which is tried before this rule */
};

void xds_note(struct xds *x, const char *kind, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* An annotation's value where the table of annotations says that it is read, nginx' name before
 * Higress' own; NULL: absent, empty, or (of words and numbers) not readable. */
const char *xds_annotation(struct xds *x, const cJSON *ingress, const char *name);
bool xds_annotation_true(struct xds *x, const cJSON *ingress, const char *name);
const char *xds_object_name(const cJSON *object); /* metadata.name, "?" when absent */
/* An annotation that Higress reads, that acts on the route, and is not rendered; NULL: none. */
const char *xds_unrendered(const cJSON *ingress);

/* All rules, by host, in the order in which Envoy tries them; duplicates are noted and left out. */
struct xds_rule **xds_rules(struct xds *x, size_t *n);
/* Is the rule a canary, and by what? */
void xds_canary(struct xds *x, struct xds_rule *r);
/* Joins a canary to the rule whose requests it shares. */
void xds_canary_join(struct xds *x, struct xds_rule *base, struct xds_rule *canary);
/* Reads methods, header and query predicates into the rule. */
void xds_predicates(struct xds *x, struct xds_rule *r);

/* Appends the Envoy routes of a rule. */
void xds_routes(struct xds *x, const struct xds_rule *r, cJSON *routes);
/* The match objects of a rule: two for a prefix (the path itself, what lies below), else one. */
int xds_matches(struct xds *x, const struct xds_rule *r, cJSON *match[2]);
void xds_rewrite(struct xds *x, const struct xds_rule *r, cJSON *action);
cJSON *xds_redirect(struct xds *x, const struct xds_rule *r); /* NULL: the route forwards */
void xds_hash(struct xds *x, const struct xds_rule *r, cJSON *action);
void xds_mirror(struct xds *x, const struct xds_rule *r, cJSON *action);
/* The settings of a filter for one route, new. */
cJSON *xds_filter(struct xds *x, cJSON *route, const char *filter, const char *type);
void xds_retry(struct xds *x, const struct xds_rule *r, cJSON *action);
void xds_headers(struct xds *x, const struct xds_rule *r, cJSON *route);
void xds_cors(struct xds *x, const struct xds_rule *r, cJSON *route);
void xds_rate_limit(struct xds *x, const struct xds_rule *r, cJSON *route);
void xds_addresses(struct xds *x, const struct xds_rule *r, cJSON *route);

cJSON *xds_clusters(struct xds *x); /* also fills x->hosts */
cJSON *xds_listener(struct xds *x);
void xds_notes(struct xds *x); /* whatever no other part looks at */
