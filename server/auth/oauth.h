/* oauth.h - this server as an OAuth resource server: tokens of one issuer.
 *
 * JWTs are judged by the issuer's keys, read from its JWKS again every KEYS_SECONDS, and at most
 * once a minute when a token names a key that is not there. Good ones are remembered until they
 * expire or the keys are read again, so that a request costs one digest. Where introspection is
 * configured, the issuer is asked about what does not look like a JWT, or about every token if
 * there are no keys (introspect.h).
 *
 * A principal is "issuer|subject". Scopes: `read` may do what only reads, `change` all.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct config;
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
    OAUTH_LATER, /* nobody knows yet: ask again in a second; *why says it */
    OAUTH_ASKED, /* the issuer is being asked: wait->told follows */
};

/* One who waits for what the issuer says of a token. Until told, or until oauth_leave. */
struct oauth_wait {
    /* May run on a fiber, and before oauth_check returns: it notes, and looks at nothing else. */
    void (*told)(struct oauth_wait *w);
    enum oauth_verdict verdict; /* as told; never OAUTH_ASKED */
    struct oauth_grant grant;   /* its principal only while told runs */
    const char *why;            /* a constant */
    struct oauth_wait *next, **at;
};

/* Begins to read the keys. */
struct oauth *oauth_new(struct loop *l, const struct config *c);
void oauth_free(struct oauth *o); /* NULL is fine; tells who waits OAUTH_LATER */
enum oauth_verdict oauth_check(struct oauth *o, const char *token, struct oauth_wait *wait,
                               struct oauth_grant *out, const char **why);
void oauth_leave(struct oauth_wait *w); /* waits no longer; fine if it does not */

/* What the claims of a good token allow. who: after the issuer. principal: in a. */
struct oauth_grant oauth_grant_of(struct arena *a, const struct config *c, const cJSON *claims,
                                  const char *who);
