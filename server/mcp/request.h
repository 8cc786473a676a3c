/* request.h - one message from a client, from arrival to its answer.
 *
 * A request owns an arena that ends with its answer: everything made for it lives there. Whoever
 * answers does so once, by request_result, request_error or request_gone; r is dead after it.
 * A transport gives the way back as a `struct reply_to`, embedded in an object of its own; the
 * request calls done() exactly once and forgets it.
 */
#pragma once
#include "base/err.h"
#include "base/fiber.h"
#include "config/channel.h"
#include "mcp/rpc_private.h"
#include "mcp/share_private.h"

#define MCP_META "io.modelcontextprotocol/" /* of the protocol's own names in _meta */
#define EXTENSION_TASKS "io.modelcontextprotocol/tasks"
#define EXTENSION_UI "io.modelcontextprotocol/ui"

struct era;
struct mcp;
struct method;
struct session;

/* The way back to a client for one message. */
struct reply_to {
    /* One notification or server request that belongs to the message. False: nobody can get it. */
    bool (*send)(struct reply_to *to, const char *json, size_t n);
    /* The answer; status is the HTTP status that fits it. json NULL: there is none. */
    void (*done)(struct reply_to *to, int status, const char *json, size_t n);
};

enum level {
    LEVEL_DEBUG,
    LEVEL_INFO,
    LEVEL_NOTICE,
    LEVEL_WARNING,
    LEVEL_ERROR,
    LEVEL_CRITICAL,
    LEVEL_ALERT,
    LEVEL_EMERGENCY,
    LEVEL_NONE
};

struct request {
    struct mcp *mcp;
    struct owner *owner;   /* whose share it is part of (mcp/share_private.h), */
    enum share_of counted; /* and as what */
    struct arena *arena;
    struct rpc rpc;
    const struct era *era;
    const struct method *method;
    struct session *session; /* whose list it is in; NULL: stateless, or the session has ended */
    struct request *next;
    struct reply_to *reply;
    const char *principal; /* "local", or the name of the bearer token */
    enum channel_kind asks_by;  /* how the person behind its client can be asked */
    const cJSON *client;   /* what the client declared it can do; NULL: nothing */
    enum level level;      /* log messages wanted: this and above */
    struct cancel cancel;
    struct err err;       /* ERR_PROTO becomes a JSON-RPC error with code err.status */
    const char *err_data; /* its `data`, JSON text */
    int http_status;      /* of an error; 0: 200 */
    bool gone;            /* cancelled by the client: no answer */
};

/* What the client declared of an extension; NULL: it does not know it. */
const cJSON *client_extension(const cJSON *client, const char *name);

/* The arena goes over to the request. owner: whose share of limits.calls it takes. */
struct request *request_new(struct mcp *m, struct arena *a, struct reply_to *to, const char *owner);
/* From now on it counts as something else than a call under way. */
void request_counts(struct request *r, enum share_of what);
/* May it begin work that takes a while? NULL: yes. Else who has how much of limits.calls. */
const char *request_busy(const struct request *r);

/* Sets r->err (ERR_PROTO) and the HTTP status; always NULL, so that it can be returned. */
const char *request_fail(struct request *r, int http_status, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

/* name, version and, where the revision has titles, title of this program. */
cJSON *request_server_info(struct arena *a, const struct era *era);
/* The result object as text, with what the revision wants in it (resultType, serverInfo). */
const char *request_envelope(struct request *r, cJSON *result);

void request_result(struct request *r, const char *result);
void request_error(struct request *r);
void request_gone(struct request *r);

/* Tells the client something about this request. False: it cannot hear it. */
bool request_notify(struct request *r, const char *method, cJSON *params);
/* notifications/message, if the client wants that level. */
void request_log(struct request *r, enum level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum level level_find(const char *name); /* LEVEL_NONE: unknown */

/* 2026-07-28: `_meta` is there and well-formed (step 5 of the ladder), the version is served (7).
 * False after request_fail. modern_claimed: does the message say it is of that era? */
bool modern_claimed(const struct rpc *rpc);
const char *modern_version(const struct rpc *rpc); /* the claimed version; "" when not a string */
bool modern_meta(struct request *r);
bool modern_served(struct request *r);
