/* engine_private.h - what the files of the change engine share. Only engine*.c, apply*.c, recover.c
 * and undo.c include this. */
#pragma once
#include "base/fiber.h"
#include "change/engine.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "store/store.h"
#include "store/store_decision.h"

struct loop_timer;

/* A gateway and what holds for it. */
struct engine_at {
    struct gateway *gateway;
    const struct config *config;
};

enum { ENGINE_GUARDS = 32 };

/* A guard that this process looks at (guard_private.h). */
struct guard_task {
    struct engine *engine;
    char id[64]; /* of the change; "": none */
    const struct engine_at *at;
    struct cancel *cancel; /* of the look that is under way, or NULL */
    bool due;
    double every, next;  /* seconds between two looks; when the next one is, by the loop's clock */
    double wall, steady; /* both clocks at the last look; 0: there was none */
};

/* The looks of this process at what others change on a gateway (outside_tick.c). */
struct outside_task {
    struct engine *engine;
    const struct engine_at *at;
    struct cancel *cancel;   /* of the look that is under way, or NULL */
    double next, complained; /* by the loop's clock */
    char newest[72];         /* step of ours that was seen last */
};

struct engine {
    struct loop *loop;
    struct arena *arena;
    struct engine_at at[CONFIG_GATEWAYS_MAX]; /* the first is meant where a plan names none */
    int count;
    const struct config *config; /* of the process */
    struct store *store;         /* NULL until first used */
    struct loop_timer *watch;    /* NULL until watching */
    bool serving;                /* engine_start was called */
    int ticks;
    char policy[72]; /* digest of the one that the audit heard of last */
    int busy;        /* fibers of ours that apply or recover */
    bool recovering;
    struct {
        char digest[80], found[1024]; /* of which plan; "": none. The sentence, "": nobody */
        double version;               /* of the store then */
    } rejected; /* what engine_rejected_in found last: one change asks it several times */
    struct cancel *cancels[8]; /* of fibers that the watcher started */
    struct guard_task guards[ENGINE_GUARDS];
    double guards_after; /* when the last one was made that guard_tick came to; 0: from the first */
    int guards_seen;     /* in this tick */
    struct outside_task outside[CONFIG_GATEWAYS_MAX]; /* one a gateway, in the order of `at` */
    void (*outside_said)(const char *gateway, const char *text);
    struct loop_timer *outside_timer; /* NULL: this process does not look */
};

/* A draft of what a guard or a failed apply takes back: it counts against no limit of its owner,
 * who could fill them and so keep it from being made. */
enum engine_next engine_propose_reverse(struct engine *g, struct plan *p, const char *who,
                                        const char **id, struct err *e);
/* One approved plan, from the lease to the final state. Sets *state; e says why it is not applied.
 */
void apply_run(struct engine *g, struct arena *a, const char *id, struct engine_listener listener,
               struct cancel *c, enum plan_state *state, struct err *e);
/* engine_decide.c. Does the mode of the change's gateway let anything be applied? */
bool engine_applies(struct engine *g, const struct stored *row, struct err *e);
bool engine_undecided(const struct stored *row);
/* engine_list.c: is that object meant by "route orders", "orders", "route shop-*", or its scope? */
bool engine_object_fits(struct arena *a, const char *wanted, const char *kind, const char *name,
                        const char *scope);
/* engine_show.c: what a list and an answer say of a change, and who decided it. */
cJSON *engine_head(struct engine *g, struct arena *a, const struct stored *row);
bool engine_set_decision(struct engine *g, struct arena *a, cJSON *o, const struct stored *row,
                         struct err *e);
bool engine_decide_by_policy(struct engine *g, const char *id, struct err *e);
/* engine_rejected.c. Who rejected that wish before, when and how: a sentence. NULL: nobody, or e.
 */
const char *engine_rejected(struct engine *g, struct arena *a, const char *gateway,
                            const char *wish, struct err *e);
/* What is to be said when who asked is who decided by that channel; NULL: they are not one. */
const char *engine_same_person(const struct engine *g, struct arena *a, const char *owner,
                               enum channel_kind by, const char *who, bool yes);
/* The same of a whole plan: also where only an operation of it was rejected, or as a part of more.
 */
const char *engine_rejected_in(struct engine *g, struct arena *a, const struct plan *p,
                               struct err *e);
/* engine_policy.c. Who asked for a plan, when, and by which channel it is decided now. */
struct engine_asked {
    const char *owner;
    double created;       /* 0: now */
    enum channel_kind by; /* CHANNEL_NONE: nobody is deciding */
    bool dry_run;
};
/* The wish that the policy is asked about, in arena a. False: the state could not be read. */
bool engine_judge(struct engine *g, struct arena *a, const struct plan *p,
                  const struct engine_asked *about, struct wish *w, struct err *e);
/* What today's policy says of a kept plan; by: the channel of who decides. False: as above. */
bool engine_rule_kept(struct engine *g, struct arena *a, const struct stored *row,
                      const struct plan *p, enum channel_kind by, struct wish *w, struct ruling *r,
                      struct err *e);
/* Rules in shadow would have said something else: the audit hears of it. */
void engine_note_shadow(struct engine *g, const char *id, const char *who, const struct ruling *r);
/* How many people have agreed; is one of them that one? */
int engine_count_people(const struct engine *g, const struct store_decision *all, int count);
bool engine_agreed_already(const struct engine *g, const struct store_decision *all, int count,
                           enum channel_kind by, const char *who);
/* Do the policy and the role of who asks let it be put before a person now? */
bool engine_may_ask(struct engine *g, struct arena *a, const struct stored *row, const char *who,
                    struct err *e);
const char *engine_policy(const struct engine *g); /* its digest; "": none is in force */
/* What is to be said where the plan was made under another one; NULL: nothing. */
const char *engine_other_policy(const struct engine *g, struct arena *a, const struct plan *p);
/* What an answer says of the rule that holds for a change, and who has agreed. */
bool engine_set_policy(struct engine *g, struct arena *a, cJSON *o, const struct stored *row,
                       struct err *e);
/* Is the plan still what somebody approved, by a channel that is still enough? */
bool engine_holds(struct engine *g, struct arena *a, const struct stored *row, const struct plan *p,
                  struct err *e);
/* The gateway of that address, NULL: this process does not operate it (a shared state folder may
 * hold changes for others). */
const struct engine_at *engine_at(const struct engine *g, const char *url);
/* What an operation came to, for results: {verb, kind, name, scope, outcome, note, differences}. */
cJSON *engine_outcome(struct arena *a, const struct plan_op *op, const char *outcome,
                      const char *note, cJSON *differences);
/* Is a process of that mode weaker on that gateway than the pin of its state? True (or when the pin
 * cannot be read): e says so. */
bool engine_pinned_out(struct engine *g, const char *url, enum mode mode, struct err *e);
/* The least channel that the pin takes for that risk on that gateway; STRENGTH_NONE: none is
 * pinned, or + e. */
enum strength engine_pinned_least(struct engine *g, const char *url, enum risk risk, struct err *e);
void engine_watch_now(struct engine *g); /* begins the watcher if it is not running */
