/* people.h - who is behind a name, what their roles let them do, and whether two names are one
 * person.
 *
 * A name is what a channel knows somebody by: a user of this machine at a terminal, a token's name
 * or "ISSUER|SUBJECT" over HTTP, any of the latter or a person's own name at the page,
 * "PLATFORM:TENANT/USER" in a chat. The table is
 * `people` of the configuration (config/person.h). Where there is none, everybody may do what
 * modes and channels let them, as ever; where there is one, who is not in it may read, and an
 * empty one means nobody. Strings live as long as the configuration, or in the arena given.
 */
#pragma once
#include "config/config.h"

struct err;

/* What the roles are asked about; one table in people.c says which may what. */
enum deed {
    DEED_READ,       /* objects, signals, changes */
    DEED_PROPOSE,    /* describe a change, ask for it, apply and cancel one's own */
    DEED_DECIDE,     /* approve and reject */
    DEED_ADMINISTER, /* settings of the state: pins, freezes, keys that are enrolled */
};

/* by: the channel that the name is of; CHANNEL_NONE: not known, as of who asked for a change.
 * NULL: the table does not know them. */
const struct config_person *people_find(const struct config *c, enum channel_kind by,
                                        const char *name);
/* Whom the provider of http.oidc names by that value of the claim http.oidc.person, byte by byte;
 * *identity: as their row has it. NULL: nobody. */
const struct config_person *people_by_oidc(const struct config *c, const char *value,
                                           const char **identity);
/* The person's name, or that which was given. */
const char *people_name(const struct config *c, enum channel_kind by, const char *name);
/* Bits of enum role; of whom the table does not know ROLE_NONE. */
unsigned people_roles(const struct config *c, enum channel_kind by, const char *name);
/* True too where there is no table. False: e (ERR_POLICY) says which role it takes. */
bool people_may(const struct config *c, enum deed deed, enum channel_kind by, const char *name,
                struct err *e);
/* May whoever has these roles and no other? */
bool people_roles_may(unsigned roles, enum deed deed);
/* "operator, admin"; "no role". */
const char *people_roles_text(struct arena *a, unsigned roles);

enum sameness {
    SAME_NOT = 0,
    SAME_PERSON, /* by name, or by the table */
    SAME_MAYBE,  /* one of the two is a name that several share */
};
/* requester: whose channel is not known; who: of that channel. */
enum sameness people_same(const struct config *c, const char *requester, enum channel_kind by,
                          const char *who);
