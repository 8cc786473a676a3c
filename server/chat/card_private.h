/* card_private.h - changes as cards: made, shown, and renewed as what becomes of them moves on. */
#pragma once
#include "chat/bot_private.h"

struct rendering;
struct store;
struct store_card;

/* A card over a change that waits. whole: all that is shown fits, else the page is where it is
 * approved. */
struct chat_card *card_asks(struct arena *a, const struct bots *b, const struct rendering *r,
                            const cJSON *change, const char *word);
/* The same without its plan: it did not fit. */
void card_shorten(struct arena *a, struct chat_card *card);
/* What became of it. */
struct chat_card *card_tells(struct arena *a, const struct bots *b, const cJSON *change);
/* "approved by ada (chat) at …"; "": nobody has decided. */
const char *card_decision(struct arena *a, const struct bots *b, const cJSON *change);
/* What of a change a card shows: when that is another text, the card is renewed. */
#define CARD_OVER "over: " /* begins it once nothing more will come */
const char *card_shows(struct arena *a, const cJSON *change);
bool card_is_over(const cJSON *change); /* nothing more will come */

#define CARD_OF_ALERT                                                                              \
    "alert " /* begins `shown` of a card that tells of an alert, too: alert.c                      \
                renews it */

/* The card over a pending change, and the row to keep of it before it is sent there. *change: as
 * engine_show gives it. NULL: e. */
struct chat_card *card_make(struct arena *a, struct bot *x, const struct chat_place *where,
                            const char *id, struct store_card *row, const cJSON **change,
                            struct err *e);
/* The card as it is to look now; of one that still waits the buttons stay. */
struct chat_card *card_now(struct arena *a, const struct bots *b, struct bot *x,
                           const struct store_card *row, const cJSON *change);
/* A card that is refused (its message was deleted, or is not ours any more) does not keep the
 * others of its account from being renewed. Where very many are, the next round begins behind them.
 */
void card_renewal_failed(struct bot *b, const struct err *e);

/* -- alert.c: cards that tell of alerts -------------------------------------------------------- */

void alerts_follow(struct bots *b, struct store *s); /* of the fiber that renews cards. Parks */
void alerts_stop(struct bots *b);
/* The card of a change, in that of its alert where it has one. */
struct chat_card *alert_around(struct arena *a, struct bots *b, struct bot *x,
                               const struct store_card *row, struct chat_card *plan);

/* Shows a pending change where j came from. False: e. Parks. */
bool cards_show(struct chat_job *j, const char *id, struct err *e);
void cards_tick(void *bots);      /* of a struct bots: looks whether something moved */
void cards_renew(struct bots *b); /* soon, and on a fiber */
/* This press has decided: where a platform changes a card by the reply of a press alone, its
 * buttons go now. Who decided and what came of it is told by cards_renew. Parks. */
void card_answer_press(struct chat_job *j, const struct store_card *row);
