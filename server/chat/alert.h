/* alert.h - alerts of other systems (config/alert.h), told as cards by the bots.
 *
 * POST /alerts/NAME is proven by the source's key before its body is parsed, and answered once what
 * it says is durable (store/store_alert.h): who sends it again, or twice, makes no second card. An
 * incident is worked on then, as the principal "alert:NAME": diagnosed by what that may read, held
 * against the changes before it, and told by one card. The undo of the change that preceded it is
 * planned like any other change and waits behind the card's Approve; a source decides nothing.
 * What an alert says is text of strangers: quoted, bounded, masked.
 *
 * Of the answers a source knows: 200 is kept; 400, 401 and 413 will not be otherwise; 503 is worth
 * another try, which Alertmanager makes by itself.
 */
#pragma once
#include "chat/bot.h"

enum {
    ALERTS_BODY_MAX = 1 << 20, /* bytes of a request */
    ALERTS_OF_REQUEST = 1000,  /* that are read; the others are counted */
    ALERT_REQUESTS = 600,      /* of a source, a minute */
};

/* A request to /alerts/NAME; as bots_take. */
enum bots_verdict alerts_take(struct bots *b, struct arena *a, const struct chat_request *r,
                              struct chat_taken *out, struct err *e);
