/* batch.h - an array of messages that came as one message: revision 2025-03-26 only.
 *
 * Its requests run at once, as if they had come one by one; what they say meanwhile goes out by
 * itself, their answers leave together as one array, in the order in which they were ready. A
 * batch without requests has no answer. BATCH_MAX messages; `initialize` may not be in it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct batch;
struct err;
struct reply_to;
struct session;

enum { BATCH_MAX = 100 };

/* Is the text an array, as far as its first byte says? */
bool batch_looks(const char *text, size_t n);
/* Keeps what it needs of the text. NULL with ERR_PROTO, as rpc_parse: no JSON, empty, too many, a
 * message that claims 2026-07-28, or a session of another revision. */
struct batch *batch_read(const struct session *s, const char *text, size_t n, struct err *e);
/* to->done is called once: with the array, or with status 202 and nothing. The batch is gone then.
 */
void batch_run(struct batch *b, struct session *s, struct reply_to *to);
