/* rpc_private.h - JSON-RPC 2.0: one message in, one message out.
 *
 * An id keeps the raw text it had, so that 9007199254740993 or "a" come back as they were sent.
 * Everything lives in the arena given; the text parsed may go away. Errors are ERR_PROTO with the
 * JSON-RPC code in err.status.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

enum rpc_kind { RPC_REQUEST = 1, RPC_NOTIFICATION, RPC_RESPONSE };

enum rpc_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_NO_METHOD = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_HEADER_MISMATCH = -32020, /* these three: 2026-07-28 only */
    RPC_NO_CAPABILITY = -32021,
    RPC_BAD_VERSION = -32022,
};

struct rpc {
    enum rpc_kind kind;
    const char *id; /* raw JSON text; NULL: none, or not readable */
    const char *method;
    const cJSON *params; /* an object, or NULL */
    const cJSON *result, *error;
    const char *progress_token; /* params._meta.progressToken, raw; NULL: none */
    const char *about;          /* params.requestId of a notification, raw; NULL: none */
};

/* Do two raw ids name one request? Numbers as they were sent, strings as what they say. */
bool rpc_same_id(const char *x, const char *y);

/* On failure out->id is set when it could be read, so that the error can carry it, and kind when it
 * is known: a notification is never answered, not even with an error. */
bool rpc_parse(struct arena *a, const char *text, size_t n, struct rpc *out, struct err *e);

/* The messages of an array that is known to be well-formed. text: its begin, or what the last call
 * returned; returns the end of the next message and sets its begin; NULL after the last. */
const char *rpc_next(const char *text, const char *end, const char **from);

/* One line each, in the arena. result, data: JSON text; id, data may be NULL. */
char *rpc_result(struct arena *a, const char *id, const char *result);
char *rpc_error(struct arena *a, const char *id, int code, const char *message, const char *data);
char *rpc_notification(struct arena *a, const char *method, const char *params);
char *rpc_request(struct arena *a, const char *id, const char *method, const char *params);
