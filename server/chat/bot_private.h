/* bot_private.h - the bots from within: an account, an event that is worked on, who it is from. */
#pragma once
#include "chat/account.h"
#include "chat/bot.h"
#include "chat/platform.h"
#include "policy/people.h"

struct agent;
struct alert_source;
struct alert_work;
struct chat_seen;
struct chat_threads;
struct service;

enum {
    TALKS_AT_ONCE = 8,    /* questions of one account */
    PRESSES_AT_ONCE = 32, /* which do not wait for questions */
    EVENTS_WAITING = 128, /* of messages, and of presses */
    TEXT_MAX = 8 << 10,   /* bytes of what a person writes */
    /* A minute, answered and audited one by one: of nobody, and of people of the table. */
    REFUSALS_OF_NOBODY = 20,
    REFUSALS_OF_PEOPLE = 200,
};

struct bots {
    struct arena *arena;
    struct service *service;
    const struct chat_platform *const *platforms;
    size_t platform_count;
    struct bot *first; /* also those that are gone, until the end */
    struct chat_threads *threads;
    struct loop_timer *tick;
    char news[72];               /* the newest line of the audit that the cards know */
    bool renewing, again;        /* one fiber looks after the cards, and once more after that */
    int begin;                   /* with which of them a round does */
    double expires;              /* Unix seconds at which the next card does; 0: none */
    struct schedules *schedules; /* schedule_private.h */
    struct alert_source *sources;
    struct alert_work *works; /* incidents that are worked on */
    double alerts_due; /* by loop_now: when incidents are looked at again; 0: not by itself */
    bool stopping;
};

/* One event, on its way. Lives in an arena of its own. */
struct chat_job {
    struct arena *arena;
    struct bot *bot;
    struct chat_job *next;
    struct chat_event event;
    struct chat_place place;
    struct agent *agent; /* that answers it; NULL: none (yet) */
    struct cancel cancel;
    bool runs;
};

struct bot {
    struct chat_account account; /* first */
    struct bots *all;
    struct bot *next;
    struct cancel ended;
    struct chat_seen *seen;
    struct chat_job *jobs; /* those that wait and those that run, in their order */
    int waiting[2];        /* messages, presses: neither takes the other's room */
    int talking, pressing;
    int dropped;                    /* since the account began: the queue was full */
    double full_said, refused_said; /* when that, and that requests were refused, was said */
    bool gone, lost, soon, telling, quiet_said;
    double minute;   /* of refusals */
    int refusals[2]; /* of nobody, of people */
    /* Cards that could not be renewed are tried again at renew_at (0: there are none). */
    double renew_at, renew_wait;
    int refused;     /* of them, in this round */
    bool held;       /* none is tried before renew_at */
    double quiet_at; /* when it is looked again what is kept for the end of quiet hours */
};

/* -- bot.c ----------------------------------------------------------------------------------- */

struct bot *bot_named(const struct bots *b, const char *platform, const char *account);
const char *bot_label(struct arena *a, const struct bot *b); /* "slack/ops": in the audit */

/* -- note.c: the audit ------------------------------------------------------------------------ */

/* One line about an account, and in the log. why: NULL: nothing more is said. */
void note_account(struct bot *b, const char *event, const char *why);
/* One line about an event. id: of the change it is about, or NULL. */
void note_event(struct chat_job *j, const char *event, const char *who, const char *id,
                const char *outcome);

/* -- who.c: who it is, and what they may here ------------------------------------------------- */

struct chat_who {
    const char *identity;                    /* "slack:T1/U1": the principal of what they call */
    const char *name;                        /* of the person */
    unsigned roles;                          /* theirs */
    const struct config_chat_channel *bound; /* NULL: the channel is not bound */
};
/* False: it is nobody who is answered here; that was said and audited. */
bool who_admits(struct chat_job *j, struct chat_who *w);
bool who_may(const struct chat_who *w, enum deed deed);
/* Says no to that person of the table, and audits it. id: of a change, or NULL. Parks. */
void who_refuse(struct chat_job *j, const char *identity, const char *id, const char *why);

/* -- seen.c: events that came before ----------------------------------------------------------- */

struct chat_seen *seen_events(struct arena *a);
/* Is it new? From then on it is not, for an hour, unless very many come. */
bool seen_first(struct chat_seen *s, const char *id, double now);
void seen_forget(struct chat_seen *s, const char *id); /* it is new again */

/* -- thread.c: what was said in a thread lately ------------------------------------------------ */

struct chat_threads *threads_new(void);
void threads_free(struct chat_threads *t);
size_t threads_bytes(const struct chat_threads *t);
/* The agent goes on with what was said under that key. */
void threads_recall(struct chat_threads *t, const char *key, struct agent *g);
void threads_remember(struct chat_threads *t, const char *key, const char *question,
                      const char *answer);

/* -- say.c: what the platform takes ---------------------------------------------------------- */

/* As messages, or as a file where it is longer than the platform takes. Parks. */
bool say_answer(struct chat_job *j, const char *text);
/* What came of a call of the platform: said in log and audit when that is news. */
void say_outcome(struct bot *b, bool ok, const struct err *e);
/* Else the platform's refusal is about that message, that person or that place alone. */
bool say_concerns_account(const struct err *e);
/* To who wrote or pressed, alone. Parks. */
void say_to_one(struct chat_job *j, const char *text);

/* -- talk.c, command.c: a message ------------------------------------------------------------- */

void talk(struct chat_job *j, const struct chat_who *w);

/* What somebody typed, as a call. */
struct chat_command {
    const char *tool;  /* NULL: help */
    const char *about; /* of diagnose; NULL: another */
    const cJSON *args;
};
enum chat_said { SAID_WORDS = 0, SAID_COMMAND, SAID_WRONG };
/* SAID_WORDS: a sentence; SAID_WRONG: a command that is not understood, *why says why. */
enum chat_said command_read(struct arena *a, const struct service *s, const char *text,
                            struct chat_command *out, const char **why);
const char *command_help(struct arena *a, bool model);

/* -- press.c --------------------------------------------------------------------------------- */

void press(struct chat_job *j, const struct chat_who *w);
