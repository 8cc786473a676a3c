/* jwt_private.h - is this JWT one that may be trusted? RFC 7515, 7517 and 7519, and what mcp.md
 * §9.4 adds.
 *
 * RS256, ES256 and EdDSA (Ed25519) only, by a key of the set whose type, `use` and `alg` fit: so
 * neither `none` nor an HMAC made from a public key passes. Unknown `crit` is refused; exp is
 * required; iss is compared byte by byte; aud must hold the resource.
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;

struct jwt_rules {
    const char *issuer, *audience;
    double now, skew;        /* seconds; now is Unix time */
    const char *const *algs; /* that are taken, ended by NULL; NULL: all three */
};

enum jwt_verdict {
    JWT_GOOD = 1,
    JWT_BAD,
    JWT_NO_KEY, /* the set has no such key: it may be an old set */
    JWT_OTHER,  /* it does not even look like a JWT */
};

enum { JWT_PART_MAX = 8192 }; /* characters of header and payload, each */

/* claims: in a. why: for the client, a constant. jwks may be NULL (JWT_NO_KEY). */
enum jwt_verdict jwt_check(struct arena *a, const cJSON *jwks, const struct jwt_rules *rules,
                           const char *token, const cJSON **claims, const char **why);
/* The signature alone: of *claims nothing has been judged yet. */
enum jwt_verdict jwt_open(struct arena *a, const cJSON *jwks, const struct jwt_rules *rules,
                          const char *token, const cJSON **claims, const char **why);
/* aud, exp and nbf of claims that are trusted already. NULL: all is well; else a constant. */
const char *jwt_wrong_claim(const cJSON *claims, const struct jwt_rules *rules);
