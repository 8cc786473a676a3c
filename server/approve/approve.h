/* approve.h - a change is put before a person and decided: the only way to do it.
 *
 * A channel is a way to one person: a terminal, the form of a client, the page; what it proves is a
 * row of config/channel.c. approve_ask shows the whole change through a channel and decides by what
 * the person says. Where question and answer come apart, as at the page, approve_decide takes what
 * was said. Both end in the one call of engine_decide that there is (tests/lint/symbols.sh).
 * What destroys is approved by typing a word made for this one question: only what shows the
 * question shows it, and no result, resource or log does.
 */
#pragma once
#include "config/channel.h"
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct engine;
struct err;
struct rendering;

enum asked {
    ASK_YES = 1,
    ASK_NO,
    ASK_LATER,  /* no answer in time, or one that is neither yes nor no */
    ASK_CANNOT, /* this person cannot be asked so, or not about this change */
    ASK_RETRY,  /* the question is on its way: the call ends and comes again with the answer */
    ASK_GONE,   /* the call was cancelled */
    ASK_PAGE,   /* the person is at the page: the decision comes from there, or does not */
    ASK_PART,   /* a yes that is kept: more people must agree; why says so */
    ASK_FAILED, /* e says why */
};

/* What a person had before them, and typed. */
struct shown {
    const char *id, *plan, *rendering; /* of the change; digests */
    const char *word;                  /* that must be typed to approve; NULL: none */
    const char *typed;
    const char *comment; /* why they decide so; NULL: they do not say */
};

/* What a person is to be asked. */
struct ask_about {
    const char *id, *plan, *rendering; /* as in shown */
    const char *title;
    const char *text; /* the whole of it; NULL: this channel may not decide over it */
    const char *word; /* to be typed to approve; NULL: none */
    const char *page; /* where it is decided in a browser; NULL: nowhere */
};

struct channel {
    enum channel_kind kind; /* what it proves */
    const char *who;        /* decides */
    size_t holds;           /* bytes that it shows; APPROVE_UNBOUNDED: any */
    /* Asks, and says in *shown what the answer is about. Parks. NULL: see approve_decide. */
    enum asked (*ask)(struct channel *c, const struct ask_about *about, struct shown *shown,
                      struct err *e);
    void *arg;
};

struct approval {
    struct engine *engine;
    struct arena *arena;
    struct channel *channel; /* NULL: nobody can be asked */
    const char *page;        /* for ask_about */
    const char *id;          /* out: the whole id of the change */
    const char *why;         /* out: why this channel may not decide over it, or not alone; NULL: it
                                may */
};

/* change: an id. ASK_YES and ASK_NO: it is decided so, nothing is applied yet. Parks. */
enum asked approve_ask(struct approval *x, const char *change, struct err *e);
/* How many must still say yes after one did, in a sentence; NULL: nobody. */
const char *approve_missing(struct engine *g, struct arena *a, const char *id, struct err *e);
/* That person has said yes or no. False: e says why (ERR_POLICY); nothing was decided then. */
bool approve_decide(struct engine *g, const struct channel *c, bool yes, const struct shown *shown,
                    struct err *e);
/* Would a yes of that person by that channel be enough? False: e says what would. */
bool approve_takes(struct engine *g, enum channel_kind by, const char *id, const char *who,
                   struct err *e);
/* The word that must be typed to approve that; NULL: none. A new one each time. */
char *approve_word(struct arena *a, const struct rendering *r);

/* -- text.c: a change as people read it ---------------------------------------------------- */

#define APPROVE_UNBOUNDED (SIZE_MAX / 2)
/* All of it as plain text; NULL when that is longer than max bytes. */
char *approve_text(struct arena *a, const struct rendering *r, size_t max);
/* The same in parts: title and who asked; its operations with their diffs; its warnings, or "". */
struct approve_parts {
    const char *head, *plan, *warnings;
};
struct approve_parts approve_parts(struct arena *a, const struct rendering *r);
/* With its state, decision and result: out of what engine_show gives. Not to be decided upon. */
char *approve_summary(struct arena *a, const cJSON *change);
bool approve_went_well(const cJSON *outcome);    /* written, and nothing to remark */
const char *approve_result(const cJSON *change); /* NULL: it says no more than the title */
/* "served by 3 of 3 replicas after 1.2 s"; NULL: nobody looked, or was to. */
const char *approve_served(const cJSON *change);
char *approve_summary_list(struct arena *a, const cJSON *list); /* of engine_list */
/* "at URL, or by `higress-ops approve ID` (or reject)"; page NULL: without the first. */
char *approve_ways(struct arena *a, const char *id, const char *page);
