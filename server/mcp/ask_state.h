/* ask_state.h - the signed text that a 2026-07-28 client carries between two legs of one call:
 * "v1." base64url(payload) "." base64url(HMAC-SHA256). The payload names tool, digest of the
 * arguments, principal, plan id, plan digest, expiry and a nonce; it holds no secret.
 */
#pragma once
#include <stdbool.h>

struct question;

const char *ask_state_make(struct question *q, const char *id, const char *digest);
/* Sets q->retry_id and q->retry_digest. False: not ours, altered, expired, or for another call. */
bool ask_state_read(struct question *q, const char *text);
