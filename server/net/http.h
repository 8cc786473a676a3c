/* http.h - inbound HTTP/1.1: requests come whole, answers leave at once, later, or as a stream.
 *
 * libwebsockets carries the bytes (TLS, write queues) in its raw role; the protocol is parsed by
 * h1.c. The HTTP role of libwebsockets 4.1.6 is not used on purpose: it hangs on two pipelined
 * POSTs, does not decode chunked bodies, answers neither Expect nor an oversized head, and rewrites
 * the request target, which the embedded console must see as it was sent. HTTP/2 does not exist
 * here.
 *
 * Limits are enforced before anything is buffered: head 16 KiB (431), body (413), slow heads and
 * bodies (408), connections (of which one source leaves some to the others), unread answers. The
 * exchange lives until answered or until on_gone. Handlers, gates and on_gone run on the main
 * stack; http_reply and http_stream_* may be called from a fiber. Several servers share one
 * libwebsockets context, which ends with the loop.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct http_server;
struct loop;

struct http_header {
    const char *name, *value;
};

/* One request and its answer. Read-only for handlers but for `extra`, `user`
 * and `on_gone`. */
struct http_exchange {
    struct arena *arena; /* ends with the exchange */
    const char *method;  /* "GET", "POST", … as sent */
    const char *target;  /* raw request target: path and query as sent */
    const char *path;    /* raw path, still percent-encoded, without the query */
    const char *query;   /* raw query without '?', or NULL */
    const char *body;    /* never NULL; ends with NUL */
    size_t body_len;
    const char *peer;                /* "127.0.0.1:40000" or "unix" */
    const struct http_header *extra; /* added to whatever is answered; ended by { 0 }, or NULL */
    void *user;
    const void *passed; /* what the gate found out, for the handler */
    /* The client left, even by closing only its sending half, or shutdown came, before the answer
     * was finished. After it the exchange is dead. Never from inside a http_* call
     * but http_release. */
    void (*on_gone)(struct http_exchange *x);
};

struct http_options {
    const char *address;              /* "127.0.0.1", "::1", or "unix:/path" */
    int port;                         /* 0: any free one */
    const char *cert_file, *key_file; /* both: TLS */
    size_t max_body;                  /* bytes; larger is 413 before it is read; 0: 4 MiB */
    size_t max_stream;     /* unsent bytes of a stream at which the next piece ends it; 0: 1 MiB */
    int max_connections;   /* 0: 4096 */
    double header_timeout; /* seconds from the first byte (or the connect) to the last; 0: 10 */
    double body_timeout;   /* seconds of grace, then 4 KiB/s at least; also unread answers; 0: 30 */
    double idle_timeout;   /* seconds between two requests; 0: 75 */
    void (*handler)(void *arg, struct http_exchange *x);
    void *arg;
    /* Optional, right after the headers and before any body byte: true lets it pass; false means it
     * has answered already (Host, Origin, authentication, 404), or will call http_again. */
    bool (*gate)(void *arg, struct http_exchange *x);
};

struct http_server *http_listen(struct loop *l, const struct http_options *o, struct err *e);
int http_port(const struct http_server *s);
/* New TLS connections get this certificate, open ones keep theirs. False: all stays as it was. */
bool http_renew(struct http_server *s, const char *cert_file, const char *key_file, struct err *e);
void http_close(struct http_server *s); /* stops listening; ends what is open */
void http_release(struct loop *l); /* destroys the libwebsockets context; loop_free does it too */

/* The gate did not know yet: it is asked once more, soon and on the main stack. Until then nothing
 * more of the connection is read; on_gone tells when the client leaves. */
void http_again(struct http_exchange *x);

/* Header of the request by lower-case name; NULL when absent. First one wins. */
const char *http_header(const struct http_exchange *x, const char *name);
/* How many headers of that name there were (2 or more is suspicious for Host, Origin, …). */
int http_header_count(const struct http_exchange *x, const char *name);
/* Every request header whose lower-case name starts with prefix; ended by { 0 }. */
const struct http_header *http_headers_like(const struct http_exchange *x, const char *prefix);

/* Whole answer: headers ended by { 0 } or NULL; Content-Length is added; body may be NULL if n is
 * 0. 204 and 304 carry no body. HEAD gets the headers only. Ends the exchange. */
void http_reply(struct http_exchange *x, int status, const struct http_header *headers,
                const void *body, size_t n);

/* A streamed answer (chunked). The request's body is given back, its head stays. Write returns
 * false when the stream is over its ceiling or the client gone: nothing more will be sent, and
 * on_gone follows; until then x may still be written to and ended. */
void http_stream(struct http_exchange *x, int status, const struct http_header *headers);
bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n);
void http_stream_end(struct http_exchange *x);
