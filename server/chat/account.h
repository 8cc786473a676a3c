/* account.h - one bot at one platform, as its platform and its socket see it.
 *
 * Its row of the configuration (config/chat.h) with keys and ids by name, the loop for fetch, and a
 * place for what the platform keeps between calls (a token that it was given): made in the
 * account's arena, and freed with it. What arrives is handed to chat_hear, which never parks.
 */
#pragma once
#include "base/fiber.h"
#include "config/chat.h"
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct chat_event;
struct chat_platform;
struct loop;

struct chat_account {
    const struct config_chat *config;
    const struct chat_platform *platform;
    struct arena *arena; /* of the account */
    struct loop *loop;
    double started;       /* Unix seconds: what was signed before it was heard by another process */
    void *state;          /* of the platform; NULL at first */
    void *line;           /* of its socket; NULL at first */
    struct cancel *ended; /* fires when the account ends: for nap, and for requests */
};

const char *chat_key(const struct chat_account *c, const char *name); /* secret; NULL: none */
const char *chat_id(const struct chat_account *c, const char *name);  /* NULL: none */
/* Base of its API: of the configuration, else that one. */
const char *chat_url(const struct chat_account *c, const char *own);
/* Is it one of the tenants whose people are answered? NULL: no. */
bool chat_has_tenant(const struct chat_account *c, const char *tenant);

/* What arrived by any way; copied. One that came before is passed over. From any stack. */
void chat_hear(struct chat_account *c, const struct chat_event *events, size_t n);
/* The way to the platform (or its API) is broken, or works again: said in log and audit when that
 * is news. why: in words, no secret. */
void chat_lost(struct chat_account *c, const char *why);
void chat_back(struct chat_account *c);
