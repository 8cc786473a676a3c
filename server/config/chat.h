/* chat.h - rows of `chat` in the configuration: bots at chat platforms, and where they listen.
 *
 * What a key or an id of a platform is for stands on its page of docs/chatops; which there are is
 * the table of config_chat.c. Keys are resolved and learnt by the scrubber. Strings live in the
 * arena of the configuration.
 */
#pragma once
#include <stdbool.h>

struct config_quiet; /* schedule.h */

struct config_named {
    const char *name, *value;
};

/* A channel, bound. */
struct config_chat_channel {
    const char *id;      /* the platform's */
    const char *gateway; /* the only one that is spoken of there; NULL: any */
    unsigned roles;      /* bits: nobody is more there than these; ROLE_NONE: what they are */
    bool read_only;      /* nothing is asked for or decided there */
    const struct config_quiet *quiet; /* NULL: as the account has it */
};

struct config_chat {
    const char *platform;            /* "slack" */
    const char *name;                /* of the account: in paths, logs and the audit */
    const char *url;                 /* base of the platform's API, without a trailing slash; NULL:
                                        its own. https, or http on a loopback address */
    const char *ca_file;             /* certificates to trust there; NULL: the system's */
    const char *proxy;               /* as fetch.h takes it, with user and password; NULL: none */
    const struct config_named *keys; /* secrets; ended by { 0 } */
    const struct config_named *ids;  /* the rest of what the platform gave; ended by { 0 } */
    const char *const *tenants;      /* whose people are answered; ended by NULL, never empty */
    const struct config_chat_channel *channels; /* ended by { 0 }: the only ones, beside direct
                                                   messages; NULL: any */
    const struct config_quiet *quiet;           /* NULL: it is never quiet */
    const char *digest; /* of all that, keys included: the same text is the same account */
};

/* The value of that name; NULL: none. */
const char *config_named_value(const struct config_named *list, const char *name);
