/* engine.h - the change engine: propose, decide, apply, undo, recover. The only way to a write.
 *
 * (tool.h owns the names change_*; this is what stands behind them.)
 * mode      propose gives
 * read-only error (change tools are not listed)
 * dry-run   ENGINE_DRAFT: stored, never applied by this process
 * approve   ENGINE_ASK: stored as pending; `dry_run` gives ENGINE_DRAFT
 * auto      ENGINE_GO for READ and CHANGE (decided by policy), ENGINE_ASK for DESTROY
 * A decision is bound to the digests of the plan and of what was shown of it (rendering.h), and to
 * a channel that is worth enough (channel.h). A plan belongs to who proposed it. engine_apply
 * re-reads every base, writes, reads back and audits; exactly one process does it. What parks says
 * so. SQLite is loaded by the first use.
 */
#pragma once
#include "config/config.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct engine;
struct err;
struct gateway;
struct loop;
struct plan;
struct rendering;
struct store;
struct store_rotated;

/* Hears how far an apply has come, in operations; fn NULL: nobody does. */
struct engine_listener {
    void (*fn)(void *arg, int done, int total, const char *what);
    void *arg;
};

enum engine_next { ENGINE_REFUSED = 0, ENGINE_DRAFT, ENGINE_ASK, ENGINE_GO };

/* Lives in arena a. Nothing is opened yet. */
struct engine *engine_new(struct loop *l, struct arena *a, struct gateway *g,
                          const struct config *c);
/* Another gateway, with its own configuration. A plan is bound to the one its p->gateway names. */
void engine_add(struct engine *g, struct gateway *gateway, const struct config *c);
/* The gateway of that address; NULL url: the one that is meant where none is named. NULL: none. */
struct gateway *engine_gateway(const struct engine *g, const char *url);
/* Server processes: begins recovery and the watcher (0.25 s), soon and from the loop, if a store is
 * there already; else with the first proposal. */
void engine_start(struct engine *g);
void engine_stop(struct engine *g);       /* cancels what it runs, stops timers, closes the store */
bool engine_busy(const struct engine *g); /* an apply of ours is under way: wait before exit */
/* Has anything been planned there? Looks, and makes nothing. */
bool engine_has_state(const struct engine *g);
struct store *engine_store(struct engine *g, struct err *e); /* opens it; NULL + e */

/* What may be pinned (store_pin.h): mode, approvers and least channels as they are configured, for
 * the process and for each of several gateways. */
cJSON *engine_pin_wanted(const struct engine *g, struct arena *a, const char *by);
/* A server with approvers pins its mode and them where nothing is pinned. False: e says why it
 * could not, or why this process is weaker than the pin: then it reads, and proposes, decides and
 * applies nothing. */
bool engine_pin_itself(struct engine *g, struct err *e);

/* One step of closing and removing segments of the audit (store_segment.h), as it is configured; no
 * line behind `until` is removed. Nothing is done while nobody has opened the store, and nothing
 * removed by a process that is weaker than the pin, or before the time in it. */
bool engine_rotate(struct engine *g, int until, struct store_rotated *did, struct err *e);

/* Looks who uses what the plan deletes (refs.h; parks), closes and stores the plan; p->digest is
 * set, *id (in p->arena) too. ENGINE_REFUSED: e says why. */
enum engine_next engine_propose(struct engine *g, struct plan *p, bool dry_run, const char *who,
                                const char **id, struct err *e);
/* A draft becomes pending: its owner's client is to be asked now. Fine when it is pending already.
 */
bool engine_ask(struct engine *g, const char *id, const char *who, struct err *e);
/* What a person is to be shown before they decide. Of the sealed plan; NULL + e. */
struct rendering *engine_rendering(struct engine *g, struct arena *a, const char *id,
                                   struct err *e);
/* May `who` approve it by that channel? A form is only for the owner, and what is enough depends on
 * gateway and risk, and on whether the same wish was rejected before. False: e says what would. */
bool engine_takes(struct engine *g, const char *id, const char *who, enum channel_kind by,
                  struct err *e);
/* Did that principal ask for it? False: e says who did. */
bool engine_owns(struct engine *g, const char *id, const char *who, struct err *e);

struct verdict {
    bool yes;
    const char *who;
    enum channel_kind channel;
    const char *plan, *rendering; /* digests of what was shown; a yes needs both */
    const char *comment;          /* why, in their words; NULL: they gave none */
};
/* yes: pending (or draft) becomes approved, else rejected. The only place that decides. False: e
 * says why (ERR_POLICY); nothing was decided then. */
bool engine_decide(struct engine *g, const char *id, const struct verdict *v, struct err *e);
/* Names the newest step of any change, here or in another process, while the store is open; "": it
 * is not. In a. */
const char *engine_newest(struct engine *g, struct arena *a);
/* How many people must still approve it; 0: it waits for nobody. */
int engine_missing(struct engine *g, const char *id, struct err *e);
/* {"id","requester","says","rule","why","needs"?,"in_shadow"?,"objects":["route pay: why"],
 * "approvals"?}: what the policy says of a change now. NULL + e. */
cJSON *engine_explain(struct engine *g, struct arena *a, const char *id, struct err *e);
/* Was the change planned under another policy than is in force here now? A sentence, for those who
 * decide; NULL: no, or it is not known. */
const char *engine_policy_moved(struct engine *g, struct arena *a, const char *id);
/* Another policy than was in force here before, or than the pin names: the audit hears of it. */
void engine_note_policy(struct engine *g);
/* Applies an approved plan; parks. When another process is applying it, waits for its result.
 * Returns engine_show of the final state, or NULL + e (drift: ERR_POLICY with what moved; refusal
 * and undoing: ERR_GATEWAY; ERR_UNKNOWN). Cancelling stops before the next write, never inside. */
cJSON *engine_apply(struct engine *g, struct arena *a, const char *id, struct cancel *c,
                    struct err *e);
cJSON *engine_apply_told(struct engine *g, struct arena *a, const char *id,
                         struct engine_listener listener, struct cancel *c, struct err *e);
/* {"id","state","title","risk","owner","rejected_before"?,"created","expires","operations",…,
 * "decision"?,"result"?}: masked and bounded. engine_wait parks until the state is neither pending,
 * approved nor applying, or `seconds` went by. */
cJSON *engine_show(struct engine *g, struct arena *a, const char *id, bool whole, struct err *e);
cJSON *engine_wait(struct engine *g, struct arena *a, const char *id, double seconds,
                   struct cancel *c, struct err *e);
/* {"changes":[{id,state,title,risk,owner,tool,created,updated?,decision?}],"next"?:cursor,
 * "looked_back_to"?}, newest first, each once. The last: `look` of them were looked at, and before
 * that time there may be more. */
struct engine_query {
    const char *state;   /* NULL: any */
    const char *risk;    /* as risk_name has it; NULL: any */
    const char *gateway; /* as an answer names it; NULL: any */
    const char *object;  /* pattern of "KIND NAME", a name or a scope that it touches; NULL: any */
    const char
        *touches;      /* exactly that "KIND NAME", by index; with none of state, object; or NULL */
    const char *actor; /* part of who asked or decided; NULL: any. Needs decisions */
    double since;      /* Unix seconds of its newest step; 0: any */
    int limit;
    int look;           /* changes that are looked at, at most; 0: any number */
    const char *cursor; /* what an answer gave, or NULL */
    bool decisions;     /* say who decided */
};
cJSON *engine_list(struct engine *g, struct arena *a, const struct engine_query *q, struct err *e);
/* Only its owner may. */
bool engine_cancel(struct engine *g, const char *id, const char *who, struct err *e);
/* What is still to come of a change does not: its scheduled start, or its guard. For a person at a
 * terminal; no tool reaches it. */
bool engine_stop_guard(struct engine *g, const char *id, const char *who, const char *why,
                       struct err *e);
/* Describes in p the reverse of what plan `id` wrote, from what is there now; parks. Where the
 * gateway has moved on since, that is a warning in the plan. */
bool engine_undo(struct engine *g, struct plan *p, const char *id, struct cancel *c, struct err *e);
/* Plans that were being applied by a process that is gone: reads the gateway and records what is
 * known; writes nothing to it. Parks. Returns how many, -1 + e. */
int engine_recover(struct engine *g, struct err *e);
