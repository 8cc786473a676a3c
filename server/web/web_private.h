/* web_private.h - what the files of the HTTP transport share. */
#pragma once
#include "base/buf.h"
#include "mcp/mcp.h"
#include "mcp/request.h"
#include "mcp/session.h"
#include "net/http.h"

enum { WEB_JUDGED_AT_ONCE = 2 /* each takes a processor, and memory by its numbers */ };

struct web {
    struct arena *arena;
    struct mcp *mcp;
    struct http_server *server;
    bool loopback;
    struct oauth *oauth;                    /* NULL: not configured */
    struct sources *sources;                /* of wrong tokens */
    struct logins *logins;                  /* at the pages */
    struct ceremonies *ceremonies;          /* questions to passkeys */
    struct try *judged[WEB_JUDGED_AT_ONCE]; /* passphrases on threads */
    struct oidc_logins *oidc;               /* NULL: no provider is configured */
    struct bots *bots;                      /* NULL: no chats */
    struct live *live;                      /* pages that hear of news */
    struct api *held;                       /* requests of /api that are answered later */
    char news[72];                          /* the newest line of the audit, as they know it */
    struct loop_timer *tick;                /* heartbeats, and the end of what is kept */
    struct web_reply *newest, *oldest;      /* all of them */
    size_t kept;                            /* bytes of their events */
    unsigned numbers;                       /* of streams, given out so far */
    bool walking;                           /* the tick is at work: nothing is freed under it */
};

/* The way back of one POST, or the standalone stream of one session. Lives in an arena of its own
 * that ends when neither the request, nor the exchange, nor the session needs it any more, and
 * what it said is too old to be asked for again. */
struct web_reply {
    struct reply_to to;
    struct standalone standalone;
    struct arena *arena;
    struct web *web; /* NULL: the server is closed */
    struct web_reply *newer, *older;
    struct http_exchange *x; /* NULL: nobody listens */
    struct request *request; /* to be cancelled when a 2026-07-28 client leaves */
    struct session *session; /* of a standalone stream */
    unsigned long serial;    /* of the session whose client may resume it; 0: none may */
    unsigned number;         /* of the stream; 0: the standalone one of its session */
    unsigned long last;      /* event */
    unsigned long told;      /* the last event that was sent to somebody */
    unsigned long first;     /* event that is still in the log */
    struct buf log;         /* the newest events: struct web_record and its text, again and again */
    double until;           /* Unix time at which the stream's token expires; 0: never */
    double since;           /* when it began, last said something, or ended */
    const char *session_id; /* header of the answer to initialize; NULL: none */
    int pending;            /* answers that have not come */
    bool streams;           /* the client accepts an event stream */
    bool streaming;
    bool modern;
    bool dies;   /* its session ends with it: HTTP+SSE */
    bool primes; /* the first event of a stream is empty: it only has an id */
};

struct web_record {
    unsigned long event;
    size_t size;
};

/* web_auth.c. Who sent it: the name of its token, "local" where none is asked for, NULL: nobody
 * known. */
const char *web_principal(const struct http_exchange *x);
/* The 401 of a token that was good when the gate saw it. */
void web_expired(const struct web *w, struct http_exchange *x);
/* Whose share it takes part of: the principal, or where no token is asked for its address. */
const char *web_owner(const struct web *w, const struct http_exchange *x);
/* Is there a token that may speak here at all? False after a refusal (401, 403, 503), or when the
 * gate is asked again (http_again) as soon as the issuer has been. For the gate: it judges the
 * token, the others look at what it found. */
bool web_known(const struct web *w, struct http_exchange *x);
/* May the token of x do what the message asks for? rpc NULL: a batch. False after a 403. */
bool web_scoped(const struct web *w, struct http_exchange *x, const struct rpc *rpc);
/* Unix time until which the token of x is good; 0: for ever. */
double web_until(const struct http_exchange *x);
void web_metadata(struct web *w, struct http_exchange *x); /* RFC 9728 */
/* The session that the headers name; NULL after it has refused: no id, one that is not known (or is
 * another's), a version that has no sessions. */
struct session *web_session(struct web *w, struct http_exchange *x, const char *rpc_id);
/* Is it the token of an approver? It is who passed. False after a 401, or a 403 for one of a
 * client. For the gate. */
bool web_approver(const struct web *w, struct http_exchange *x);
enum web_who { BY_CLIENTS, BY_ALL, BY_APPROVERS, BY_API, BY_METRICS };
/* What a body is: of the pages, what a form sends, or nothing; of chat platforms what they like. */
enum web_body { BODY_JSON, BODY_FORM, BODY_ANY };
/* A path and a method; the gate lets no other through. A path that ends with / stands for all that
 * begin with it. */
struct web_route {
    const char *path, *method;
    enum web_who who; /* may ask */
    enum web_body body;
    void (*handle)(struct web *w, struct http_exchange *x);
};
const struct web_route *web_route(const struct http_exchange *x); /* NULL: none */
bool web_gate(void *arg, struct http_exchange *x);

/* A JSON-RPC error of its own status; id may be NULL. */
void web_refuse(struct http_exchange *x, int status, const char *id, int code, const char *text);
/* The same with headers of its own (at most REFUSAL_HEADERS, ended by { 0 }). At /api it is a
 * problem of RFC 9457, as all refusals there are. */
enum { REFUSAL_HEADERS = 2 };
void web_refuse_with(struct http_exchange *x, int status, const struct http_header *more,
                     const char *text);

/* 2026-07-28, web_agree.c: does a header say what the body says? False after request_fail. */
bool web_version_agrees(struct request *r, const struct http_exchange *x);
bool web_method_agrees(struct request *r, const struct http_exchange *x);
bool web_name_agrees(struct request *r, const struct http_exchange *x);
bool web_arguments_agree(struct request *r, const struct http_exchange *x); /* Mcp-Param-… */

void web_post(struct web *w, struct http_exchange *x);
void web_get(struct web *w, struct http_exchange *x);
void web_delete(struct web *w, struct http_exchange *x);
void web_change(struct web *w, struct http_exchange *x);
void web_chat(struct web *w, struct http_exchange *x);
bool web_chat_fits(struct http_exchange *x); /* for the gate; false after a 413 */
/* web_metrics.c: our own figures, as http.metrics lets them be read. For the gate: false after a
 * refusal. */
void web_metrics(struct web *w, struct http_exchange *x);
bool web_metrics_open(const struct web *w, struct http_exchange *x);
void web_sse(struct web *w, struct http_exchange *x);
void web_messages(struct web *w, struct http_exchange *x);

/* web_stream.c. A reply to one POST; for a session the client may resume its stream. */
struct web_reply *web_reply_new(struct web *w, struct http_exchange *x);
void web_reply_of(struct web_reply *r, const struct session *s);
/* r becomes the standalone stream of s. */
void web_open_standalone(struct web_reply *r, struct session *s);
struct web_reply *web_standalone_of(const struct session *s); /* NULL: none of this transport */
/* The exchange becomes the event stream of r; another one that had it ends. */
void web_attach(struct web_reply *r, struct http_exchange *x);
void web_detach(struct web_reply *r); /* ends the exchange, if there is one */
/* One message; sent if somebody listens, kept if it may be asked for again. False: neither. */
bool web_event(struct web_reply *r, const char *json, size_t n);
/* A piece of the stream as it is. False: the client cannot take it, and has been let go. */
bool web_write(struct web_reply *r, const char *text, size_t n);
/* Frees r when nothing needs it. */
void web_release(struct web_reply *r);
void web_tick(void *arg);       /* of a struct web */
void web_let_go(struct web *w); /* the server ends before its replies */
