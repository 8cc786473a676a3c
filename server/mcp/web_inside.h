/* web_inside.h - what the files of the HTTP transport share. */
#pragma once
#include "mcp/mcp.h"
#include "mcp/request.h"
#include "mcp/session.h"
#include "net/http.h"

struct web {
    struct arena *arena;
    struct mcp *mcp;
    struct http_server *server;
    bool loopback;
};

/* The way back of one POST, or the standing stream of one GET. Lives in an arena of its own that
 * ends when neither the request nor the exchange needs it any more. */
struct web_reply {
    struct reply_to to;
    struct standing standing;
    struct arena *arena;
    struct http_exchange *x; /* NULL: the client has left */
    struct request *request; /* NULL: answered */
    struct session *session; /* of a standing stream */
    struct loop_timer *beat;
    const char *session_id; /* header of the answer to initialize; NULL: none */
    bool streams;           /* the client accepts an event stream */
    bool streaming;
    bool modern;
};

/* Who sent it: the name of its token, "local" where none is asked for, NULL: nobody known. */
const char *web_principal(const struct web *w, const struct http_exchange *x);
/* The session that the headers name; NULL after it has refused: no id, one that is not known (or is
 * another's), a version that has no sessions. */
struct session *web_session(struct web *w, struct http_exchange *x, const char *rpc_id);
bool web_gate(void *arg, struct http_exchange *x);

/* A JSON-RPC error of its own status; id may be NULL. */
void web_refuse(struct http_exchange *x, int status, const char *id, int code, const char *text);

/* 2026-07-28, web_agree.c: does a header say what the body says? False after request_fail. */
bool web_version_agrees(struct request *r, const struct http_exchange *x);
bool web_method_agrees(struct request *r, const struct http_exchange *x);
bool web_name_agrees(struct request *r, const struct http_exchange *x);
bool web_arguments_agree(struct request *r, const struct http_exchange *x); /* Mcp-Param-… */

void web_post(struct web *w, struct http_exchange *x);
void web_get(struct web *w, struct http_exchange *x);
void web_delete(struct web *w, struct http_exchange *x);

struct web_reply *web_reply_new(struct web *w, struct http_exchange *x);
