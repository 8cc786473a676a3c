/* person.h - a row of `people` in the configuration: who somebody is in each channel, and what
 * they are there for. Who is behind a name, and what they may do: policy/people.h.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct config;
struct err;

/* Bits: a person may have several. */
enum role { ROLE_NONE = 0, ROLE_VIEWER = 1, ROLE_OPERATOR = 2, ROLE_APPROVER = 4, ROLE_ADMIN = 8 };
#define ROLES "viewer|operator|approver|admin" /* in the order of the bits */

struct config_person {
    const char *name;
    unsigned roles;
    const char *const *os;     /* users of this machine; ended by NULL, as the next four */
    const char *const *tokens; /* names in http.tokens and http.approvers */
    const char *const *oauth;  /* subjects of http.oauth.issuer, or "ISSUER|SUBJECT" */
    const char *const *oidc;   /* what http.oidc.person says of them, or "ISSUER|" and that */
    const char *const *chat;   /* "PLATFORM:TENANT/USER", all three as the platform names them */
    const char *passphrase;    /* "scrypt$N$R$P$SALT$KEY", the last two in base64url; or NULL */
};

/* Is it a name that several clients or channels go by ("local", "command line")? */
bool config_name_is_shared(const char *name);
/* The bit of that name; ROLE_NONE: it is none. */
enum role config_role_named(const char *name);
