/* store_inside.h - what the files of the store share. Only store*.c includes this. */
#pragma once
#include "base/crypto.h"
#include "gateway/store_db.h"
#include "gateway/store_decision.h"

struct store {
    struct db *db;
    uint8_t key[SEAL_KEY_SIZE];
    char owner[80];      /* PID.START.NAMESPACE.RANDOM: see store_lease.c */
    double data_version; /* of store_changed */
};

/* Makes store->owner. */
void store_name_owner(struct store *s);
/* Makes the tables, or brings those of an earlier version up to date. */
bool store_upgrade(struct store *s, struct err *e);

/* A change of state, inside the caller's transaction. */
struct step {
    const char *id;
    enum plan_state from, to;
    const char *who, *channel;
    const char *result;                    /* JSON, or NULL: stays as it is */
    const struct store_decision *decision; /* NULL unless to is approved or rejected */
};
bool store_step(struct store *s, const struct step *x, bool *moved, struct err *e);
bool store_note_decision(struct store *s, const struct step *x, struct err *e);
char *store_decision_text(struct arena *a, const struct store_decision *d); /* for the audit */

/* One audit line inside the caller's transaction. */
bool store_chain(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const char *detail, struct err *e);
