/* evidence.h - what a signature of a passkey was about, kept so that it can be verified again
 * later.
 *
 * A challenge is a hash over everything that is asked; with all of that, what the browser and the
 * key sent, and the public key, whoever has the record can make the challenge anew and verify the
 * signature, here or by other means. Nothing in it is a secret: of the session there is a digest,
 * and the nonce was good once.
 *
 * {"about":{"deed","who","session","change","plan","rendering","until","nonce"},"origin","site",
 *  "key":{"id","algorithm","public","public_sha256","eligible"},"client","authenticator",
 *  "signature"}: bytes as base64url, digests as hex; until is printed by %.17g.
 */
#pragma once
#include "passkey/webauthn.h"
#include <cjson/cJSON.h>

enum { PASSKEY_NONCE = 32 };

/* What a key is asked to sign for. */
struct passkey_question {
    const char *deed;                      /* "enrol", "approve" */
    const char *who;                       /* person */
    const char *session;                   /* that they are logged in with: its SHA-256, in hex */
    const char *change, *plan, *rendering; /* "": none */
    double until;
    uint8_t nonce[PASSKEY_NONCE];
};

void passkey_challenge(const struct passkey_question *q, uint8_t out[WEBAUTHN_CHALLENGE]);
/* The record of an answer that was verified. key_id: as it is enrolled (base64url). */
cJSON *passkey_evidence(struct arena *a, const struct passkey_question *q,
                        const struct webauthn_wanted *w, const char *key_id,
                        const struct webauthn_key *key, const struct webauthn_signed *s);
/* Does the key in the record sign for what the record says? False: ERR_POLICY says what does not
 * fit. Whose key it is, and which decision it goes with, the caller compares. */
bool passkey_evidence_holds(struct arena *a, const cJSON *evidence, struct err *e);
