/* login_private.h - who is logged in at the pages: a bounded table of sessions, kept in memory.
 *
 * The browser holds 32 random bytes in a cookie, the table their digest. A session is made by a
 * login and by nothing else, and ends at logout, after LOGIN_IDLE seconds without a request of its
 * person, LOGIN_MOST seconds after its login, or when the token, passphrase or identity it came
 * from is no longer configured. Nothing survives the process.
 */
#pragma once
#include "config/channel.h"
#include <stdbool.h>

struct arena;
struct config;
struct logins;

enum {
    LOGINS_MAX = 512,
    LOGINS_OF_ONE = 16, /* person: the one used least lately ends */
    LOGIN_IDLE = 1800,
    LOGIN_MOST = 12 * 3600,
};

enum login_by { LOGIN_BY_PASSPHRASE = 1, LOGIN_BY_TOKEN, LOGIN_BY_OIDC };

struct logged_in {
    const char *who;  /* a person of the configuration, or the name of an approver's token */
    const char *form; /* what each of its forms carries */
    enum login_by by;
};

struct logins *logins_new(const struct config *c);
void logins_free(struct logins *l); /* NULL is fine */
/* secret: what the configuration knows the credential by (of OIDC, the identity in the person's
 * row); with it, the session ends. Returns what
 * the cookie is to hold. NULL: too many are logged in. */
const char *login_open(struct logins *l, struct arena *a, const char *who, enum login_by by,
                       const char *secret, double now);
/* The session of that cookie; NULL: none. works: its person does something, it is not idle. Good
 * until the next login. */
const struct logged_in *login_find(struct logins *l, const char *cookie, double now, bool works);
void login_close(struct logins *l, const char *cookie);
