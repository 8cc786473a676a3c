/* ask_state_private.h - the sealed text that a 2026-07-28 client carries between two legs of one
 * call: "v2." and AES-256-GCM of tool, digest of the arguments, principal, what was shown (struct
 * shown), expiry and a nonce. The client can neither read nor change it: it holds the word that
 * only the question shows.
 */
#pragma once
#include <stdbool.h>

struct question;
struct shown;

const char *ask_state_make(struct question *q, const struct shown *what);
/* Sets q->retry. False: not ours, altered, expired, or for another call. */
bool ask_state_read(struct question *q, const char *text);
