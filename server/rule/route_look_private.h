/* route_look_private.h - looks at a route or an AI route as the gateway gets it: what its members
 * and annotations become, and with which of them Envoy refuses every route. Looks: look_private.h.
 */
#pragma once
#include "rule/look_private.h"

/* -- its parts; a route and an AI route name them differently -- */
const cJSON *route_path(const cJSON *route);    /* {matchType, matchValue}, or NULL */
const cJSON *route_headers(const cJSON *route); /* predicates */
const cJSON *route_params(const cJSON *route);
/* A part is on unless it says enabled: false; NULL where it is off or absent. */
const cJSON *route_part(const cJSON *route, const char *member);

/* The value of the annotation that the controller takes among customConfigs (annotation_among).
 * NULL: none. full: its whole name, or NULL. */
const char *route_annotation(const cJSON *route, const char *name, const char **full);
/* The same as a bool that says yes; as a number. */
bool route_says(const cJSON *route, const char *name);
bool route_number(const cJSON *route, const char *name, long *out, const char **full);
const char *route_place(struct look *l, const char *full); /* "customConfigs.FULL" */

/* -- values that Envoy refuses (route_refusal.c, route_header.c, route_expression.c) -- */
void route_look_timeout(struct look *l);
void route_look_try_timeout(struct look *l);
void route_look_redirect_code(struct look *l);
void route_look_canary_weight(struct look *l);
void route_look_hash(struct look *l);
void route_look_cookie_age(struct look *l);
void route_look_line_breaks(struct look *l);
void route_look_weights(struct look *l);
void route_look_empty_predicates(struct look *l);
void route_look_limit_zero(struct look *l);
void route_look_header_values(struct look *l);
void route_look_header_lengths(struct look *l);
void route_look_expressions(struct look *l);
void route_look_large_expressions(struct look *l);
/* -- names that take down the controller or predicates (route_name.c) -- */
void route_look_crash_names(struct look *l);
void route_look_predicate_names(struct look *l);

extern const struct trap trap_refusal_rows[];
