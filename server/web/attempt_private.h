/* attempt_private.h - logins at the OpenID provider that are under way: a bounded table, in memory.
 *
 * A browser that goes to the provider holds 32 random bytes in a cookie of its own (SameSite=Lax:
 * the provider sends it back from another site), the table their digest. What comes back is taken
 * out by that cookie and its state before anything of it is looked at: an answer counts once, in
 * the browser that asked, for ATTEMPT_LASTS seconds. A browser may have several under way, one a
 * tab. The cookie is no session and opens no page. Nothing survives the process.
 */
#pragma once
#include "auth/oidc.h"

struct arena;
struct attempts;

enum {
    ATTEMPTS_MAX = 512,
    ATTEMPTS_OF_ONE = 128, /* source: its oldest ends */
    ATTEMPT_LASTS = 600,   /* seconds */
    ATTEMPT_TO = 512,      /* bytes of the page where it goes on; a longer one is forgotten */
};

struct attempt {
    struct oidc_secrets secrets;
    char to[ATTEMPT_TO];
};

struct attempts *attempts_new(struct arena *a);
/* cookie: what the browser holds; NULL: none. from: its source. Returns what it is to hold: the
 * same where that is of a login under way, else a new one. */
const char *attempt_open(struct attempts *t, struct arena *a, const char *cookie, const char *from,
                         const char *to, double now, struct attempt *out);
/* False: none is open by those two; NULL is none. */
bool attempt_take(struct attempts *t, const char *cookie, const char *state, double now,
                  struct attempt *out);
/* Has that browser others under way? */
bool attempt_is_known(const struct attempts *t, const char *cookie, double now);
