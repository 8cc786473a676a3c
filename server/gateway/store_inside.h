/* store_inside.h - what the files of the store share. Only store*.c includes this. */
#pragma once
#include "base/crypto.h"
#include "gateway/store.h"
#include "gateway/store_db.h"

struct store {
    struct db *db;
    uint8_t key[SEAL_KEY_SIZE];
    char owner[80];      /* PID.START.NAMESPACE.RANDOM: see store_lease.c */
    double data_version; /* of store_changed */
};

/* Makes store->owner. */
void store_name_owner(struct store *s);
/* One audit line inside the caller's transaction. */
bool store_chain(struct store *s, const char *event, const char *id, const char *who,
                 const char *channel, const char *detail, struct err *e);
