/* introspect_private.h - tokens that only their issuer can read: it is asked about each (RFC 7662).
 *
 * An answer is believed for `oauth_cache` seconds and never beyond the token's exp; a refusal for
 * BAD_SECONDS at most, and that the issuer gave no usable answer for one second. Tokens are kept as
 * SHA-256 only, in two tables that are replaced in turn, so that bad tokens push out no good one.
 * Requests that bring the same token share one question; at most ASKING_MAX are under way. Whatever
 * goes wrong with a question is OAUTH_LATER, never a good token and never a bad one.
 */
#pragma once
#include "auth/oauth.h"

struct introspect;
struct jwt_rules;

struct introspect *introspect_new(struct loop *l, const struct config *c);
void introspect_free(struct introspect *i); /* NULL is fine; tells who waits OAUTH_LATER */
/* As oauth_check. */
enum oauth_verdict introspect_check(struct introspect *i, const char *token,
                                    struct oauth_wait *wait, struct oauth_grant *out,
                                    const char **why);

/* The issuer's answer, parsed; OAUTH_LATER: it is none. who: "ann", "client_id=…" or "username=…".
 */
enum oauth_verdict introspect_judge(struct arena *a, const cJSON *answer,
                                    const struct jwt_rules *rules, const char **who,
                                    const char **why);
