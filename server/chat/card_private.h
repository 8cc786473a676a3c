/* card_private.h - changes as cards: made, shown, and renewed as what becomes of them moves on. */
#pragma once
#include "chat/bot_private.h"

struct rendering;
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

/* Shows a pending change where j came from. False: e. Parks. */
bool cards_show(struct chat_job *j, const char *id, struct err *e);
void cards_tick(void *bots);      /* of a struct bots: looks whether something moved */
void cards_renew(struct bots *b); /* soon, and on a fiber */
/* This press has decided: where a platform changes a card by the reply of a press alone, its
 * buttons go now. Who decided and what came of it is told by cards_renew. Parks. */
void card_answer_press(struct chat_job *j, const struct store_card *row);
