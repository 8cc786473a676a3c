/* oidc.h - this server as a relying party of one OpenID provider: code flow with PKCE (S256).
 *
 * What the provider says of itself is read from ISSUER/.well-known/openid-configuration when
 * somebody first logs in, and again after METADATA_SECONDS; its keys after KEYS_SECONDS, and once
 * within a login whose token names a key that is not there. No redirect is followed, every answer
 * has a ceiling and a time limit. No token outlives the call: what is kept of a login is who it is.
 *
 * Where it parks, c may be fired at any time (ERR_GONE). Errors: ERR_NET, the provider did not
 * answer, or not with what the standards say; ERR_GATEWAY, it refused, in its own words;
 * ERR_POLICY, what it said does not hold.
 */
#pragma once
#include "auth/oidc_metadata.h"

struct cancel;
struct config;
struct loop;
struct oidc;

enum { OIDC_CODE_MAX = 4096 };

/* One login: each made at random, 32 bytes as base64url. */
struct oidc_secrets {
    char state[48], nonce[48], verifier[48];
    double began; /* Unix seconds */
};

struct oidc *oidc_new(struct loop *l, const struct config *c);
void oidc_free(struct oidc *o); /* NULL is fine; who is parked in it goes on to the end */

/* Where the browser goes to log in. Parks. */
const char *oidc_begin(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                       struct cancel *c, struct err *e);
/* The parameter `iss` of its answer (RFC 9207), NULL: absent. */
bool oidc_is_answer_of(const struct oidc *o, const char *iss, struct err *e);
/* Whom the code names: the value of the claim http.oidc.person. Parks. */
const char *oidc_redeem(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                        const char *code, struct cancel *c, struct err *e);
/* Where people log out at the provider; NULL: it has no such page, or was not asked yet. */
const char *oidc_end_session(const struct oidc *o, struct arena *a);
