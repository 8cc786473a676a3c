/* ingress_private.h - a console route as an Ingress, and back (console-api.md §6.1, §9.1).
 *
 * The annotation names both ways use are here; ingress_write.c and ingress_read.c are mirror
 * images.
 */
#pragma once
#include "embedded/rest/model.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct rest_request;

extern const struct model_field ingress_route_model[];     /* Route */
extern const struct model_field ingress_predicate_model[]; /* RoutePredicate */
extern const struct model_field ingress_keyed_model[];     /* KeyedRoutePredicate */
extern const struct model_field ingress_upstream_model[];  /* UpstreamService */
extern const struct model_field ingress_rewrite_model[];   /* RewriteConfig */
extern const struct model_field ingress_retry_model[];     /* ProxyNextUpstreamConfig */
extern const struct model_field ingress_cors_model[];      /* CorsConfig */
extern const struct model_field ingress_headers_model[];   /* HeaderControlConfig */
extern const struct model_field ingress_stage_model[];     /* HeaderControlStageConfig */
extern const struct model_field ingress_header_model[];    /* Header */
extern const struct model_field ingress_auth_model[];      /* RouteAuthConfig */

/* 400 for what Route.validate() refuses; false: r has been answered. */
bool ingress_check_route(struct rest_request *r, const cJSON *route);
bool ingress_check_predicate(struct rest_request *r, const cJSON *predicate);
bool ingress_check_keyed(struct rest_request *r, const cJSON *predicates, const char *what);

/* A new Ingress for a bound Route (also for .internal ones); NULL: r has been answered. */
cJSON *ingress_from_route(struct rest_request *r, const cJSON *route);
/* The same without the store: its domains' certificates are left out, what they ask of it is told.
 */
cJSON *ingress_without_domains(struct rest_request *r, const cJSON *route, bool force_https);
/* A Route; authConfig is left null. */
cJSON *ingress_to_route(struct arena *a, const cJSON *ingress);

/* "name[:port]" or weighted lines, and back (NULL for no usable line). */
char *ingress_destination(struct arena *a, const cJSON *services);
cJSON *ingress_services(struct arena *a, const char *destination);
/* Is it shown among customConfigs? May it be set there? (Of nginx' names for what the console makes
 * only the first.) */
bool ingress_is_custom(const char *annotation);
bool ingress_may_set(const char *annotation);
/* "EQUAL" → "exact", and back; NULL: no such type, in that spelling. */
const char *ingress_match_word(const char *type);
const char *ingress_match_type(const char *word, size_t len);
/* "higress.io/domain_wildcard.a.com" for "*.a.com"; NULL: the pseudo domain for all hosts. */
char *ingress_domain_label(struct arena *a, const char *domain);
