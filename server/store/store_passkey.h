/* store_passkey.h - passkeys of people, and the codes with which they enrol them.
 *
 * Both are settings under the anchor of the audit (as store_pin.h): an edited, removed or older one
 * is noticed (ERR_SYSTEM), and each change of one is an audit line. A code is kept as its digest,
 * is good for PASSKEY_CODE_LASTS seconds, once, and for PASSKEY_CODE_TRIES tries. A counter is
 * compared and advanced in one transaction. Refusals are ERR_POLICY.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;
struct store;

enum {
    PASSKEY_CODE_LASTS = 15 * 60,
    PASSKEY_CODE_TRIES = 5,
    PASSKEYS_OF_ONE = 8, /* person */
    PASSKEYS_MAX = 500,
};

/* A new code for that person; one before it is worth nothing any more. by: at a terminal. NULL: e.
 */
char *store_passkey_code(struct store *s, struct arena *a, const char *person, const char *by,
                         struct err *e);
/* Is it theirs? Counts the try when not; it stays good until a key is enrolled with it. */
bool store_try_passkey_code(struct store *s, const char *person, const char *code, struct err *e);
/* Those of a person, or NULL: of all, as [{"id","who","name","algorithm","public","count",
 * "eligible","aaguid","attested","at","copied"?}]. copied: it was seen to be, and is worth nothing.
 * NULL: e. */
cJSON *store_passkeys(struct store *s, struct arena *a, const char *person, struct err *e);
/* One more, as above; uses up the code. False: the code, too many, or that id is known already. */
bool store_add_passkey(struct store *s, const cJSON *key, const char *code, struct err *e);
/* id: a unique beginning of at least 6 letters. */
bool store_remove_passkey(struct store *s, const char *person, const char *id, const char *by,
                          struct err *e);
/* A signature of that key over that change came with this count. False: it is not greater than the
 * last one, so there is a copy of the key; it decides nothing from then on. 0 after 0: it does not
 * count. evidence: kept in the line of the audit (passkey/evidence.h). */
bool store_use_passkey(struct store *s, const char *id, uint32_t count, const char *change,
                       const cJSON *evidence, struct err *e);
