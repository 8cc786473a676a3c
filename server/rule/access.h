/* access.h - which authentication a request of a route meets, by what is configured.
 *
 * Pure: plugin instances are added as they are read, routes are judged after all of them. The rules
 * are those of the plugins (a rule of a service, route or domain that hits decides, in this order;
 * else the global part, which the C++ plugins ask only where there are no rules or `global_auth` is
 * true). What a plugin would refuse, or lets through all the same, is not judged here.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct access;
struct arena;

/* Plugins that ask who calls. Of the first a rule that exists anywhere takes the global part away,
 * unless global_auth is true. */
#define ACCESS_BY_CONSUMER "key-auth|basic-auth|hmac-auth|jwt-auth|oauth"
#define ACCESS_LOGINS ACCESS_BY_CONSUMER "|hmac-auth-apisix|simple-jwt-auth|oidc|ext-auth|opa"

enum access_kind {
    ACCESS_NONE = 0, /* every request passes */
    ACCESS_GUARDED,
    ACCESS_PARTLY, /* only some of its hosts or services: others pass */
    ACCESS_UNKNOWN /* nothing guards it that was read, and not all was */
};

struct access *access_new(struct arena *a);
/* o: a plugin instance as received; those of other plugins and disabled ones count for nothing. */
void access_add(struct access *x, const char *scope, const cJSON *o);
void access_gap(struct access *x, const char *scope); /* that scope ("route:*": all) was not read */
/* by: "key-auth (alice, bob)", "jwt-auth (global)"; in arena a, NULL for NONE and UNKNOWN. */
enum access_kind access_of(const struct access *x, struct arena *a, const cJSON *route,
                           const char **by);
