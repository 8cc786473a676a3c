/* kind_field_private.h - the members of each kind of resource: types, bounds, defaults, one
 * sentence each.
 *
 * The only copy: a write is checked by these rows (shape.c), describe_kind and docs/resources.md
 * are printed from them. A member marked FIELD_MADE is set by the gateway. What a table cannot say
 * stands in check*.c.
 */
#pragma once
#include "base/field.h"

/* Shared by routes and AI routes. */
extern const struct field kind_field_cors[], kind_field_headers[], kind_field_retry[],
    kind_field_auth[], kind_field_predicate[], kind_field_keyed;

extern const struct field kind_field_route[], kind_field_domain[], kind_field_source[],
    kind_field_proxy[], kind_field_service[], kind_field_certificate[], kind_field_consumer[];
extern const struct field kind_field_provider[], kind_field_ai_route[], kind_field_plugin[],
    kind_field_instance[], kind_field_mcp_server[], kind_field_mcp_consumers[],
    kind_field_higress_config[], kind_field_dashboard[], kind_field_system[];
