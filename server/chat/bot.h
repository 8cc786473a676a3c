/* bot.h - bots at chat platforms: all accounts of the configuration in one process.
 *
 * Who writes to a bot is a person of the table of people (policy/people.h), by the platform's
 * immutable ids, or nobody. Their words become calls as theirs (call/caller.h): a command, or a
 * question to the model where one is configured. A change that comes of it waits, whatever the
 * mode, and is shown as a card; a press of its button is a decision over exactly what the card
 * showed (store/store_card.h). An account takes a bounded number of events, 10,000 leave nothing
 * behind.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct bots;
struct chat_platform;
struct chat_request;
struct chat_taken;
struct err;
struct service;

enum { BOTS_BODY_MAX = 1 << 20 /* bytes of a request */ };

/* platforms: the rows it knows, of which accounts name some. Nothing is connected to yet. */
struct bots *bots_new(struct service *s, const struct chat_platform *const *platforms, size_t n);
/* Cards that wait are followed from now on. */
void bots_start(struct bots *b);
/* The configuration was read again: accounts that are new, other or gone. */
void bots_reload(struct bots *b);
/* No more is taken, questions are stopped; fibers end soon, while the loop turns: until then the
 * engine and its store are used. */
void bots_stop(struct bots *b);
bool bots_busy(const struct bots *b);
void bots_free(struct bots *b); /* no fiber of theirs runs any more; NULL is fine */

enum bots_verdict {
    BOTS_NONE = 0, /* there is no such account, or it has no way in over HTTP */
    BOTS_FORGED,   /* it is not the platform's: e says why, out->status what is answered */
    BOTS_UNREAD, /* the platform's, and not what it documents; or it cannot be judged now: the same
                  */
    BOTS_TAKEN,  /* out is the answer; what was in it is worked on afterwards */
};
/* A request to /chat/PLATFORM/ACCOUNT. */
enum bots_verdict bots_take(struct bots *b, struct arena *a, const struct chat_request *r,
                            struct chat_taken *out, struct err *e);
