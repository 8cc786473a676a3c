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

const cJSON *route_custom(const cJSON *route); /* annotations by their full names, or NULL */
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

/* -- one annotation at a time (route_annotation.c) -- */
void route_look_allow_list_names(struct look *l);
void route_look_login_names(struct look *l);
void route_look_guard_names(struct look *l);
void route_look_limit_names(struct look *l);
void route_look_lost_names(struct look *l);
void route_look_tuning_names(struct look *l);
void route_look_prefixes(struct look *l);
void route_look_unknown_names(struct look *l);
void route_look_twice(struct look *l);
void route_look_values(struct look *l);
void route_look_timeout_value(struct look *l);
void route_look_allow_list(struct look *l);
void route_look_allow_list_items(struct look *l);
void route_look_limit_none(struct look *l);
void route_look_limit_cast(struct look *l);
void route_look_limit_alone(struct look *l);
/* -- what the gateway reads otherwise (route_traffic.c) -- */
void route_look_methods_all(struct look *l);
void route_look_methods_some(struct look *l);
void route_look_random_predicates(struct look *l);
void route_look_case(struct look *l);
void route_look_accidental_regex(struct look *l);
void route_look_literal_group(struct look *l);
void route_look_foreign_rewrite(struct look *l);
void route_look_redirects(struct look *l);
void route_look_redirect_query(struct look *l);
void route_look_redirect_code_unread(struct look *l);
void route_look_no_percent(struct look *l);
void route_look_bad_port(struct look *l);
void route_look_scheme(struct look *l);
void route_look_weight_sum(struct look *l);
void route_look_retry_words(struct look *l);
void route_look_retry_off(struct look *l);
void route_look_double_writes(struct look *l);
void route_look_headers(struct look *l);
void route_look_any_origin(struct look *l);
void route_look_origin_scheme(struct look *l);
void route_look_origin_unread(struct look *l);
void route_look_cors_off(struct look *l);
void route_look_fallback(struct look *l);
void route_look_tls_secret(struct look *l);
void route_look_tls_verify(struct look *l);
void route_look_tls_name(struct look *l);
void route_look_tls(struct look *l);
/* -- endpoints, hosts, MCP servers (route_balance.c) -- */
void route_look_affinity(struct look *l);
void route_look_balance_shadowed(struct look *l);
void route_look_hash_unread(struct look *l);
void route_look_passthrough(struct look *l);
void route_look_long_streams(struct look *l);
void route_look_mirror(struct look *l);
void route_look_ssl_passthrough(struct look *l);
void route_look_ssl_passthrough_unread(struct look *l);
void route_look_class(struct look *l);
void route_look_mcp_domains(struct look *l);
void route_look_mcp_type(struct look *l);
void route_look_mcp_quote(struct look *l);
void route_look_mcp_everywhere(struct look *l);

/* The name, without its prefix, that a misspelt one is nearly; NULL: none (annotation_near.c). */
const char *annotation_near(const char *name);

extern const struct trap trap_refusal_rows[];
