/* store_card.h - cards in chats on which a change is decided: what a button stands for.
 *
 * The platform gets the opaque `button` alone. What it means is kept here, each row under its MAC:
 * one that was edited is refused (ERR_SYSTEM). A card is kept before it is sent, so that no press
 * comes before its row; without `message` it was not sent, and nothing is decided by it. At most
 * STORE_CARDS are kept, and CARDS_OF_CHANGE of one change in one channel; the ones that expired
 * first give way.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct err;
struct store;

enum { STORE_CARDS = 2000, CARDS_OF_CHANGE = 10 };

struct store_card {
    const char *button;
    const char *id, *plan; /* the change, and the digest of its plan */
    const char *rendering; /* digest of all that the card shows; NULL: not all, nothing is
                              approved by it */
    const char *word;      /* to be typed; NULL: none */
    const char *platform, *account, *channel, *thread; /* where it was shown; thread may be NULL */
    const char *message;                               /* of the platform; NULL: not sent (yet) */
    const char *shown; /* what it shows now of the life of the change */
    double expires;    /* Unix seconds */
};

bool store_keep_card(struct store *s, const struct store_card *c, struct err *e);
/* It was sent, or shows something else now. NULL: stays. */
bool store_update_card(struct store *s, const char *button, const char *message, const char *shown,
                       struct err *e);
bool store_drop_card(struct store *s, const char *button, struct err *e);
/* In arena a. False: there is none (e is not set), or e. */
bool store_find_card(struct store *s, struct arena *a, const char *button, struct store_card *out,
                     struct err *e);
/* All that are whole, in arena a. -1 + e. */
int store_cards(struct store *s, struct arena *a, struct store_card **all, struct err *e);
