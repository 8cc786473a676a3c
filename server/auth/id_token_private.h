/* id_token_private.h - is this ID token the answer to that login? OpenID Connect Core §3.1.3.7.
 *
 * The signature first, by a key of the provider's own set and an algorithm that is configured, as
 * for every JWT (jwt_private.h); then iss byte by byte, aud, azp, exp, nbf, iat, nonce and sub.
 * That it came over TLS from the token endpoint replaces none of it.
 */
#pragma once
#include "auth/jwt_private.h"
#include <stdbool.h>

enum { SUBJECT_MAX = 255 };

struct id_token_rules {
    struct jwt_rules jwt; /* audience: our client_id */
    const char *nonce;    /* that the login was begun with */
    double began;         /* Unix seconds; it was issued after that */
};

/* As jwt_check. */
enum jwt_verdict id_token_check(struct arena *a, const cJSON *jwks,
                                const struct id_token_rules *rules, const char *token,
                                const cJSON **claims, const char **why);
/* The value of the claim that names people. NULL: *why. email: the address, which must be
 * verified; else the subject. */
const char *id_token_person(const cJSON *claims, bool email, const char **why);
