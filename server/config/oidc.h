/* oidc.h - `http.oidc` of the configuration: the OpenID provider where people log in for the pages.
 * Whom it names: `oidc` of `people` (config/person.h). The login itself: auth/oidc.h.
 */
#pragma once
#include <stdbool.h>

#define OIDC_ALGS "RS256|ES256|EdDSA" /* signatures that can be judged (auth/jwt.c) */

enum oidc_auth { OIDC_AUTH_BASIC = 1, OIDC_AUTH_POST };
enum oidc_claim { OIDC_CLAIM_SUB = 1, OIDC_CLAIM_EMAIL };

struct config_oidc {
    const char *issuer; /* NULL: nobody logs in so; else client_id, http.page and people are set */
    const char *client_id;     /* this server, there */
    const char *secret;        /* resolved, learnt by the scrubber; NULL: a public client */
    enum oidc_auth auth;       /* how the secret is sent */
    const char *const *scopes; /* beside openid; ended by NULL; never NULL */
    enum oidc_claim person;    /* what `oidc` of people holds */
    const char *const *algs;   /* of OIDC_ALGS, at least one; ended by NULL */
    const char *name;          /* for the login page */
    const char *ca_file;       /* NULL: the system's */
    double skew;               /* seconds that clocks may differ */
};

/* Is what comes from there beyond doubt: https, or this very machine by http with a port? Without
 * user, fragment, quotes, blanks or anything else that is not plain ASCII. */
bool config_is_trusted_url(const char *url);
