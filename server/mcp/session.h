/* session.h - what a client of a session revision has negotiated, and what runs for it.
 *
 * stdio has exactly one session, HTTP one for each Mcp-Session-Id (random, 160 bits). A session is
 * not authentication: it belongs to a principal and nobody else finds it. Ending a session cancels
 * what runs in it; a client that merely disconnects cancels nothing.
 */
#pragma once
#include "mcp/request.h"

struct ask_wait;
struct subscription;

enum { SESSION_ID_BYTES = 20 };

/* The way to a client for messages that belong to no request: its pipe, or the standalone stream.
 */
struct standalone {
    void (*close)(struct standalone *s); /* another one has taken its place, or the session ends */
    bool (*send)(struct standalone *s, const char *json, size_t n); /* false: nobody can get it */
    bool open;                                                      /* somebody is listening */
};

struct session {
    struct mcp *mcp;
    struct arena *arena;
    const char *id; /* NULL on stdio */
    const char *principal;
    enum channel_kind asks_by; /* of its requests */
    struct owner *owner;       /* of its share of http.sessions */
    const struct era *era;     /* NULL before initialize */
    const cJSON *client;       /* capabilities */
    const char *client_name;
    enum level level;
    double last_used;
    struct request *requests; /* in flight */
    struct ask_wait *asks;    /* questions the client has not answered yet */
    unsigned long last_ask;
    struct standalone *standalone;
    struct subscription *subscriptions; /* mcp/watch_private.h */
    struct session *next;
    unsigned long serial; /* never used twice */
};

struct session_table;
struct session_table *session_table_new(struct mcp *m);
void session_table_free(struct session_table *t); /* ends all */
int session_count(const struct session_table *t);

/* A session without an id, for a transport that is one session by itself. Ended by session_end. */
struct session *session_alone(struct mcp *m, const char *principal);
/* When http.sessions are open, one that nobody has used for a minute makes room, or one of an owner
 * that has more than its share. NULL with e, which says who has how many: none could. */
struct session *session_open(struct mcp *m, const char *principal, const char *owner,
                             struct err *e);
/* NULL: unknown, ended, or another principal's. Counts as use. */
struct session *session_find(struct mcp *m, const char *id, const char *principal);
void session_end(struct session *s);

/* A request of the session, ready for method_run; the arena goes over to it. */
struct request *session_request(struct session *s, struct arena *a, const struct rpc *rpc,
                                struct reply_to *to);
void session_enter(struct session *s, struct request *r);
void session_leave(struct request *r); /* no effect when it is in none */
/* notifications/cancelled: the request with that id (raw text), if it is still running. */
void session_cancel(struct session *s, const char *id);
enum level session_level(const struct session *s);
/* Newest wins: the one that stood is closed. */
void session_set_standalone(struct session *s, struct standalone *now);
/* A notification on the standalone stream; params: JSON text. False: nobody can get it. */
bool session_notify(struct session *s, const char *method, const char *params);
/* Every session that has been initialized. fn must not end one. */
void session_each(struct mcp *m, void (*fn)(const void *arg, struct session *s), const void *arg);
