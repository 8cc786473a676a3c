/* store_decision.h - who decided what over a change, by which channel, and what they saw.
 *
 * A decision is kept in the transaction that moves the change, and its MAC is part of the change's.
 * Strings live in the arena asked.
 */
#pragma once
#include "store/store.h"

struct store_decision {
    const char *who;
    const char *channel;   /* "command line", "page", "elicitation", "auto", … */
    const char *strength;  /* what that channel proves, in a word; NULL: not said */
    const char *plan;      /* digest of the sealed plan; NULL: the change's own */
    const char *rendering; /* digest of what was shown; NULL: not known */
    const char *note; /* for the audit, which says the digests and the strength too; NULL: none */
    const char *comment; /* what they say about it, kept in that audit line; NULL: nothing */
    const char *verdict; /* "approved" or "rejected"; set by the store */
    double at;           /* set by the store */
};

/* store_move with all that is known of the decision; to is STATE_APPROVED or STATE_REJECTED. */
bool store_decide(struct store *s, const char *id, enum plan_state from, enum plan_state to,
                  const struct store_decision *d, bool *moved, struct err *e);
/* The decision over a change that was found. *there false: nobody decided. False: could not be
 * read, or ERR_SYSTEM: it was tampered with. */
bool store_decision(struct store *s, struct arena *a, const struct stored *row,
                    struct store_decision *out, bool *there, struct err *e);

/* Keeps one of several approvals that a change in that state needs: the change stays where it is.
 * *kept false: it was not in `from` any more. */
bool store_agree(struct store *s, const char *id, enum plan_state from,
                 const struct store_decision *d, bool *kept, struct err *e);
/* Those kept over the change, oldest first. Their number; -1 + e. */
int store_agreed(struct store *s, struct arena *a, const struct stored *row,
                 struct store_decision **out, struct err *e);

struct store_rejection {
    const char *id, *who, *channel;
    double at;
};

/* Did a person reject that wish (struct plan's `wish`) on that gateway before? The newest
 * rejection. False with e unset: no; with e: also when rejections were tampered with or removed. */
bool store_rejected(struct store *s, struct arena *a, const char *gateway, const char *wish,
                    struct store_rejection *out, struct err *e);
