/* ceremony_private.h - questions to passkeys that are open: a bounded table, kept in memory.
 *
 * A challenge is a hash over a nonce made here and everything that the answer is about: who, in
 * which session, for which change, by which digests, until when. It is taken out before anything is
 * verified, so an answer counts once, and it is made anew out of what the answer is said to be
 * about: an answer about anything else fits none. Nothing survives the process.
 */
#pragma once
#include "passkey/evidence.h"

struct arena;
struct ceremonies;
struct err;

enum {
    CEREMONIES_MAX = 512,
    CEREMONIES_OF_ONE = 8, /* person: the oldest ends */
    CEREMONY_LASTS = 300,  /* seconds */
};

struct ceremonies *ceremonies_new(struct arena *a);
/* until and nonce of the question are made here, and filled in when it is taken. */
void ceremony_open(struct ceremonies *t, const struct passkey_question *what, double now,
                   uint8_t challenge[WEBAUTHN_CHALLENGE]);
/* Was that asked, and not answered yet? False: ERR_POLICY says why; it is asked no more then. */
bool ceremony_take(struct ceremonies *t, struct passkey_question *what,
                   const uint8_t challenge[WEBAUTHN_CHALLENGE], double now, struct err *e);
