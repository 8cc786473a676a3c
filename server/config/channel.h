/* channel.h - the ways in which a decision over a change comes in, and what each proves. One
 * table; docs/security.md says the same to people. What is enough: policy/policy.h.
 */
#pragma once
#include <stdbool.h>

enum channel_kind {
    CHANNEL_NONE = 0,
    CHANNEL_FORM_HTTP,  /* a form that a client over HTTP answers: it holds a client's token */
    CHANNEL_FORM_STDIO, /* the same over stdio: it started this server */
    CHANNEL_PAGE,       /* /change: the token of an approver */
    CHANNEL_API,        /* /api: the same token in a header, of a program of theirs */
    CHANNEL_PASSKEY,    /* a page's, and a key of theirs signed for exactly this plan */
    CHANNEL_TERMINAL,   /* `higress-ops approve`: somebody at a terminal of this account */
    CHANNEL_CHAT,       /* a button in a chat: the platform says which of its users pressed it */
    CHANNEL_GUARD,      /* the guard of a change that got worse: covered by that one's approval */
    CHANNEL_POLICY,     /* mode auto: nobody was asked. No person's word, and never taken as one */
};

/* Each takes the ones below it in. */
enum strength {
    STRENGTH_NONE = 0,
    STRENGTH_HTTP_FORM,
    STRENGTH_STDIO_FORM,
    STRENGTH_PERSON,
    STRENGTH_PASSKEY,
};
#define STRENGTHS "http-form|stdio-form|person|passkey" /* as the configuration names them */

const char *channel_name(enum channel_kind c); /* "elicitation over HTTP": as decisions keep it */
/* As the configuration and policies name it; NULL: no decision comes in by it. */
#define CHANNEL_WORDS "http-form|stdio-form|page|api|passkey|terminal|chat"
const char *channel_word(enum channel_kind c);
enum channel_kind channel_by_word(const char *word); /* CHANNEL_NONE: unknown */
enum channel_kind channel_named(const char *name);   /* CHANNEL_NONE: unknown */
enum strength channel_strength(enum channel_kind c);
bool channel_is_form(enum channel_kind c);
const char *channel_strength_name(enum strength s);
enum strength channel_strength_named(const char *name); /* STRENGTH_NONE: unknown, or NULL */
