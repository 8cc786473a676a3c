/* oauth.h - this server as an OAuth resource server: tokens of one issuer, whose keys are read from
 * its JWKS and read again every KEYS_SECONDS, and at most once a minute when a token names a key
 * that is not there.
 *
 * Good tokens are remembered until they expire or the keys are read again, so that a request costs
 * one digest. A principal is "issuer|subject". Scopes: `read` may do what only reads, `change` all.
 */
#pragma once
#include <stdbool.h>

struct config;
struct err;
struct loop;
struct oauth;

struct oauth_grant {
    const char *principal; /* until the next oauth_check */
    bool read, change;
    double until; /* Unix seconds */
};

enum oauth_verdict {
    OAUTH_GOOD = 1,
    OAUTH_BAD,   /* *why says it */
    OAUTH_LATER, /* the keys are being read: ask again in a second */
};

/* NULL with e: the configuration is not usable. Begins to read the keys. */
struct oauth *oauth_new(struct loop *l, const struct config *c, struct err *e);
void oauth_free(struct oauth *o); /* NULL is fine */
enum oauth_verdict oauth_check(struct oauth *o, const char *token, struct oauth_grant *out,
                               const char **why);
