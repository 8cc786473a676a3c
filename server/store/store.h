/* store.h - plans, decisions, intents and the audit: SQLite (WAL) in the state folder, shared by
 * every process of this installation.
 *
 * The folder is 0700, the files 0600. Plans are sealed with the key file (state.key); their summary
 * beside it is masked. A state moves only by store_move, which compares and sets within one
 * transaction and obeys the one table of states. Every commit is durable (synchronous=FULL).
 * Times are Unix seconds. Errors are ERR_SYSTEM unless said.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;
struct plan;
struct store;

enum plan_state {
    STATE_DRAFT = 1, /* made by a dry run: nobody was asked */
    STATE_PENDING,   /* waits for a decision */
    STATE_APPROVED,  /* decided, not begun */
    STATE_APPLYING,  /* one process holds the lease and writes */
    STATE_APPLIED,   /* final from here on: written, read back */
    STATE_FAILED,    /* the result says what was written, undone, and what stands */
    STATE_UNKNOWN,   /* a write may or may not have happened, and reading did not tell */
    STATE_VOID,      /* the gateway had moved on: nothing was written */
    STATE_REJECTED,
    STATE_CANCELLED,
    STATE_EXPIRED,
};
const char *store_state_name(enum plan_state s);  /* "draft", … */
enum plan_state store_state_of(const char *name); /* 0: unknown */
bool store_may_move(enum plan_state from, enum plan_state to);
bool store_final(enum plan_state s);

/* One row without its sealed part. Strings live in the arena asked. */
struct stored {
    const char *id, *digest, *title, *risk, *tool, *undoes;
    const char *owner;   /* the principal that proposed it first */
    const char *gateway; /* URL */
    const char *wish;    /* digest of what is wished (struct plan), or NULL */
    const char *decided; /* MAC of the decision over it, or NULL */
    const char *guarded; /* how far its guard has come (store_guard.h), or NULL: it has none */
    enum plan_state state;
    const char *tampered; /* NULL, or the sentence that says what does not fit */
    double created, expires;
    double updated;     /* when it came into its state: of an applied one, when that was done */
    double starts;      /* not applied before; 0: at once */
    const char *holder; /* process that proposed it and waits for the decision */
    const char *lease;  /* process that applies it, or NULL */
    double lease_until;
    const cJSON *summary; /* plan_show, masked */
    const cJSON *result;  /* what applying came to, or NULL */
    const cJSON *guard;   /* what its guard keeps, or NULL */
};

/* Fingerprints are under the key of that folder's state from the first one on, also before the
 * store is opened. dir must outlive the process. */
void store_lend_mask_key(const char *dir);
/* Opens (and makes) DIR/state.db and DIR/state.key, and gives the mask its key. */
struct store *store_open(struct arena *a, const char *dir, struct err *e);
void store_close(struct store *s);              /* NULL is fine */
const char *store_owner(const struct store *s); /* this process, unique on this installation */

/* A key of its own for another purpose, the same for every process of this installation. */
void store_key(const struct store *s, const char *label, uint8_t out[32]);

/* Keeps a closed plan for its owner. One of theirs of the same digest that is still undecided is
 * found again instead: its holder becomes this process, its time stays. A decided one is kept
 * under a new id. *id lives in arena a. */
bool store_keep(struct store *s, struct arena *a, const struct plan *p, enum plan_state state,
                const char *owner, double ttl, char **id, struct err *e);
/* False with ERR_ARGS when there is no such id (a unique beginning of one is enough), ERR_SYSTEM
 * when it was tampered with. */
bool store_find(struct store *s, struct arena *a, const char *id, struct stored *out,
                struct err *e);
/* The plan itself, opened; ERR_SYSTEM when the sealed text or its digest was tampered with. */
struct plan *store_plan(struct store *s, struct arena *a, const char *id, struct err *e);

/* One that was tampered with comes with `tampered` set, and nothing else of it counts.
 * Rows newest first; `state` 0: any; before: created earlier than that, 0: any. fn false stops. */
typedef bool store_row_fn(void *arg, const struct stored *row);
bool store_each(struct store *s, enum plan_state state, double before, int limit, store_row_fn *fn,
                void *arg, struct err *e);
/* The same without summary and result, which are NULL: they are large and not parsed. */
bool store_each_head(struct store *s, enum plan_state state, double before, int limit,
                     store_row_fn *fn, void *arg, struct err *e);

/* Compare and set, with one audit line in the same transaction. *moved false: it was not in `from`
 * any more. A move to STATE_APPLYING takes the lease; moves out of it need this process's lease. */
bool store_move(struct store *s, const char *id, enum plan_state from, enum plan_state to,
                const char *who, const char *channel, const cJSON *result, bool *moved,
                struct err *e);
/* How long a lease holds, in seconds: that of a change under way, and while one request writes,
 * which may take longer. */
enum { STORE_LEASE = 15, STORE_LEASE_WRITING = 45 };
/* Lengthens this process's lease; *held false when it was lost (stop writing). */
bool store_renew(struct store *s, const char *id, double seconds, bool *held, struct err *e);
/* Takes over an `applying` plan whose process is gone. *taken false: somebody is alive or was
 * faster. */
bool store_take_over(struct store *s, const char *id, bool *taken, struct err *e);
bool store_hold(struct store *s, const char *id, struct err *e); /* this process waits for it now */
bool store_alive(struct store *s, const char *owner);            /* does that process still run? */
bool store_note_alive(struct store *s, struct err *e);           /* this process runs */
bool store_expire(struct store *s, struct err *e);               /* moves what is past its time */
double store_data_version(struct store *s); /* moves when another process commits */
bool store_changed(struct store *s);        /* did another process commit since the last call? */

/* Intents: one row an operation, made durable before the first byte goes out. */
enum intent {
    INTENT_NONE = 0,
    INTENT_STARTED,
    INTENT_WRITTEN,
    INTENT_REFUSED,
    INTENT_UNKNOWN,
    INTENT_UNDOING,
    INTENT_UNDONE,
    INTENT_NOT_WRITTEN
};
bool store_intend(struct store *s, const char *id, int op, enum intent what, const char *note,
                  struct err *e);
/* INTENT_STARTED and store_renew in one commit: one that was not held is not begun. */
bool store_start_op(struct store *s, const char *id, int op, double seconds, bool *held,
                    struct err *e);
enum intent store_intent(struct store *s, const char *id, int op);
const char *store_intent_name(enum intent i);

/* The audit: lines chained by SHA-256, each over the one before. detail is masked by the caller. An
 * id of no change goes into the detail. */
bool store_audit(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const cJSON *detail, struct err *e);
/* Adds the newest lines, newest first, as {seq, at, event, id?, who, channel?, detail?}. ERR_SYSTEM
 * when one of them was tampered with. */
bool store_audit_lines(struct store *s, struct arena *a, cJSON *lines, int limit, struct err *e);
char *store_audit_newest(struct store *s, struct arena *a, struct err *e); /* hash of the last */
/* Walks the chain, the changes and the decisions: each change is where its newest line says, none
 * is without a line and no line without its change. anchor: what store_anchor_text gave once, or
 * NULL. False with ERR_SYSTEM naming the first that does not fit. */
bool store_verify(struct store *s, const char *anchor, int *lines, struct err *e);
/* "LINE:HASH" of the newest line, to be kept elsewhere; NULL + e. */
char *store_anchor_text(struct store *s, struct arena *a, struct err *e);

/* What earlier releases stored and today's mask would hide is sealed: results and pictures of
 * changes are made anew, audit lines become tombstones. */
struct store_scrubbed {
    int changes_seen, lines_seen, changes, lines;
    int tombstones; /* in all, those of earlier times too */
};
bool store_scrub(struct store *s, struct store_scrubbed *did, struct err *e);
