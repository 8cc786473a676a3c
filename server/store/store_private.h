/* store_private.h - what the files of the store share. Only store*.c includes this.
 *
 * Whoever can write state.db is not trusted: what a row says counts only after store_check. The row
 * of a change carries a MAC over all that matters and the number of the audit line of its newest
 * step; that line carries the MAC, the chain of lines ends in a keyed anchor, and the head beside
 * the key says how far the chain had come.
 */
#pragma once
#include "base/crypto.h"
#include "store/store_db_private.h"
#include "store/store_decision.h"
#include "store/store_guard.h"
#include <sys/stat.h>

struct arena;
struct buf;
enum { STORE_HEAD_SIZE = 256 };

struct store {
    struct db *db;
    const char *dir;
    uint8_t key[SEAL_KEY_SIZE];
    uint8_t mac_key[SHA256_SIZE];
    int lock;                                 /* the key file, open: held while the head moves */
    char owner[80];                           /* PID.START.NAMESPACE.RANDOM: see store_lease.c */
    struct db_mark version_mark, newest_mark; /* when … were read */
    double version;                           /* … what store_version says … */
    char newest[65];                          /* … and the hash of the audit's newest line */
    struct store_recent *recent;              /* the list that was read last, or NULL */
    double data_version;                      /* of store_changed */
    double rejections_version;       /* of the database when its rejections were looked at */
    double schema;                   /* the version of it that was seen to be ours; 0: none */
    int whole_from;                  /* the chain was whole from that line on … */
    double whole_version;            /* … when the database was of that version */
    int head;                        /* as store_head_look read it last; -1: there is none … */
    char head_hash[65];              /* … and the hash that it names */
    int head_most;                   /* the furthest that it was seen at: it only grows */
    char head_text[STORE_HEAD_SIZE]; /* the file then, whose MAC was good, … */
    int head_older;                  /* … and which of its places is written next */
    bool head_held;                  /* that line was found in the database */
    const char *head_path;           /* DIR/state.head … */
    struct stat head_stat;           /* … as it was found right before it was read last … */
    int head_fd; /* … and the file itself, when it had not changed for a while then; else -1 */
    int end;     /* the line that was chained last by this process … */
    char end_hash[65]; /* … and its hash; "": the head has heard of it */
};

void store_name_owner(struct store *s); /* makes store->owner */
/* Makes the tables, or brings those of an earlier version up to date. */
bool store_upgrade(struct store *s, struct err *e);

/* -- store_mac.c: what a row says, and whether we said it ---------------------------------- */

/* The columns of a change under its MAC, the MAC, and those beside it. Who waits for a change or
 * writes it (holder, lease) is outside: it moves without a step, decides nothing about what is
 * written, and who forges it can stop work but not make any. */
#define STORE_PLAN_MACED                                                                           \
    "id, digest, state, title, risk, tool, who, undoes, gateway, wish, created, updated, "         \
    "expires, sealed, summary, result, line, decided, guard, guarded, starts, holds"
#define STORE_PLAN_COLUMNS STORE_PLAN_MACED ", mac, holder, lease, lease_until"
#define STORE_PLAN_TYPES "ttttttttttdddtttdtttdd"
#define STORE_DECISION_MACED "id, at, who, channel, verdict, strength, plan, rendering, line"
#define STORE_DECISION_TYPES "tdttttttd"

void store_mac_add(struct buf *b, const char *text); /* no two lists of texts look alike */
char *store_mac_end(const struct store *s, struct arena *a, const struct buf *b);
/* Over the first columns of a row, one a letter of types. Of one that holds values of another type
 * it fits nothing, not even itself. */
char *store_mac(const struct store *s, struct arena *a, const char *label, struct db_rows *r,
                const char *types);
/* A row that was written is read back by its key, and its MAC is written: by these statements. */
bool store_sign_row(struct store *s, const char *label, const char *types, const char *select,
                    const char *update, const char *key, struct err *e);
/* Is this row of STORE_PLAN_COLUMNS what the store wrote, and its newest step? again: also what
 * was found whole a moment ago is walked anew. False: ERR_SYSTEM names the change and says why. */
bool store_check(struct store *s, struct db_rows *r, bool again, struct err *e);
/* Is it a version of that row which the store wrote? Enough for what no step changes: its plan. */
bool store_fits(struct store *s, struct db_rows *r, struct err *e);
/* Walked already, nobody but this process has written since, and the head is there? */
bool store_still_whole(struct store *s, int line, struct err *e);
/* The same by id; *state is then what the row says, 0: there is none. */
bool store_check_id(struct store *s, const char *id, enum plan_state *state, struct err *e);
/* After a row was written: its MAC, and the audit line that says so. */
bool store_sign(struct store *s, const char *event, const char *id, const char *who,
                const char *channel, const char *detail, struct err *e);
bool store_mac_same(const char *x, const char *y); /* in constant time; false for NULL */
bool store_tampered(const char *id, const char *what, struct err *e); /* ERR_SYSTEM; false */
/* The decision over a change under that MAC, which it fits. False: e says why. */
bool store_find_decision(struct store *s, struct arena *a, const char *id, const char *mac,
                         struct store_decision *out, struct err *e);
/* Is the decision that this row of STORE_PLAN_COLUMNS names what was written? None: yes. */
bool store_check_decision(struct store *s, struct db_rows *r, struct err *e);

/* -- changes as rows of STORE_PLAN_COLUMNS, newest first ------------------------------------ */

struct db_rows store_query_changes(struct store *s, enum plan_state state, double before, int limit,
                                   struct err *e);
/* A row, checked, without its trees. */
void store_read_head(struct store *s, struct arena *a, struct db_rows *r, struct stored *out);
void store_forget_recent(struct store *s); /* store_recent.c */

/* -- store_lease.c ------------------------------------------------------------------------- */

double store_version(struct store *s, struct err *e); /* moves when another process commits */

/* A change of state, inside the caller's transaction. */
struct step {
    const char *id;
    enum plan_state from, to;
    const char *who, *channel;
    const char *result;                    /* JSON, or NULL: stays as it is */
    const struct store_decision *decision; /* NULL unless to is approved or rejected */
    const struct store_guard *guard;       /* what becomes of its guard, or NULL: stays */
};
bool store_step(struct store *s, const struct step *x, bool *moved, struct err *e);
/* Does something still follow from what a row says, although its state is final? */
bool store_guards(const char *guarded);
/* Keeps the decision of a step under the number of the next line; its MAC, NULL + e. */
char *store_note_decision(struct store *s, struct arena *a, const char *id, const char *verdict,
                          const struct store_decision *d, struct err *e);
/* The MAC of the newest decision of the first release over that change, made and kept; NULL: there
 * is none, or + e. */
char *store_sign_old_decision(struct store *s, struct arena *a, const char *id, struct err *e);
/* One more change is rejected. Inside the transaction that says so, before its line. */
bool store_count_rejection(struct store *s, struct err *e);
char *store_decision_text(struct arena *a, const struct store_decision *d); /* for the audit */

#include "store/store_line_private.h"
#include "store/store_segment_private.h"

/* -- store_pin.c: settings, under the anchor -------------------------------------------------- */

/* What the audit line of a setting says. */
struct setting_said {
    const char *event, *who, *channel, *detail;
    const char *id; /* of the change that it is about, or NULL */
};
/* Inside the caller's transaction. value NULL: takes it away. */
bool store_put_setting(struct store *s, const char *name, const char *value,
                       const struct setting_said *said, struct err *e);
/* Its JSON, looked at together with the anchor; NULL: none, or + e. */
cJSON *store_setting(struct store *s, struct arena *a, const char *name, struct err *e);
/* Does the end of the chain, which covers the settings, hold? Within one transaction. */
bool store_covered(struct store *s, struct arena *a, struct err *e);
/* As it stands there: it counts where nothing depends on who wrote it. */
char *store_value(struct store *s, struct arena *a, const char *name, struct err *e);
enum { STORE_SCRUB_NOW = 1 }; /* store_scrub.c: once for each; raised when the mask hides more */
bool store_scrub_once(struct store *s, struct err *e);

#include "store/store_head_private.h"
