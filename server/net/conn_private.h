/* conn_private.h - one accepted HTTP connection: requests in, answers out, deadlines. Private to
 * http.c.
 *
 * A connection has at most one exchange; while its handler has it, further bytes wait in `in`
 * (bounded: reading pauses). Answers are appended to `out` and leave in one write before the loop
 * waits. A connection is only freed by its wire's `closed`.
 */
#pragma once
#include "base/buf.h"
#include "net/h1_private.h"
#include "net/http.h"
#include "net/wire_private.h"
#include <sys/queue.h>

struct conn;

struct exchange {
    struct http_exchange x; /* first: what handlers see */
    struct conn *conn;
    bool streaming, chunked;
    bool bare;  /* HEAD: no body bytes */
    bool again; /* the gate is to be asked once more */
};

/* What a connection waits for; each has its own time limit. */
enum conn_phase { CONN_NEW, CONN_IDLE, CONN_HEAD, CONN_BODY, CONN_WORK, CONN_SENDING, CONN_ENDING };

enum { SOURCES = 1024 }; /* counted apart; a power of two */

struct http_server {
    struct loop *loop;
    struct http_options o;
    struct wire_domain *domain;
    struct loop_watch *accepting;
    struct loop_timer *check_timer;
    struct loop_timer *again; /* connections wait for their next turn */
    struct conn *conns;
    TAILQ_HEAD(, conn) waiting; /* for their turn */
    int waiting_count;
    char *unix_path; /* to be removed; own_free */
    int fd, port, count;
    int from[SOURCES]; /* connections by source, so that one leaves room for the others */
    int gone,
        gone_before; /* connections ended since memory was given back; at the last check_timer */
    bool full;       /* not accepting: too many connections, or no descriptors left */
    bool closed;
};

struct conn {
    struct wire wire; /* first */
    struct http_server *server;
    struct conn *next, *prev;
    TAILQ_ENTRY(conn) wait;
    struct exchange *x;
    struct h1 h1;
    struct buf in, out; /* out.data + sent: what is not sent yet */
    size_t sent, drained;
    double since; /* when the phase began */
    enum conn_phase phase;
    int may;       /* requests it may have served before the loop looks around */
    bool waits;    /* for the next of such turns */
    bool handling; /* the handler has the exchange */
    bool ending;   /* after what is in `out`, no more */
    bool half_closed;
    bool adopting, lost;
    unsigned source; /* place in from[] */
    char peer[56];
};

/* Takes the socket. */
void conn_open(struct http_server *s, int fd, const char *peer);
/* The answer of the exchange is all in `out`: frees the exchange, goes on with the next request or
 * ends the connection. */
void conn_finish(struct conn *c, bool keep);
size_t conn_unsent(const struct conn *c);
/* Ends what has waited too long. */
void conn_check_time(struct conn *c, double now);
/* The place in from[] of a peer. */
unsigned conn_source(const char *peer);
/* http.c: a connection of the server is gone. */
void http_forget(struct http_server *s);
/* http.c: the connection has more requests than its turn allows; goes on after the others. */
void http_wait_turn(struct conn *c);
void http_leave_turn(struct conn *c);
/* http.c: a whole answer into c->out. */
void http_write_answer(struct conn *c, int status, const struct http_header *headers,
                       const void *body, size_t n, bool keep);
