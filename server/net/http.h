/* http.h - inbound HTTP/1.1 by libwebsockets: 114 callback reasons become four functions.
 *
 * The only file that sees a `wsi`. It guards the defects of libwebsockets 4.1.6 (pipelined POST,
 * chunked bodies, missing Content-Length, Expect, header ceiling, libev timers) and enforces limits
 * before anything is buffered. HTTP/2 is off.
 *
 * A request is given to the handler whole (headers and body). The handler answers at once, later,
 * or by a stream; the exchange lives until answered or until on_gone.
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

/* One request and its answer. Read-only for handlers but for `user` and `on_gone`. */
struct http_exchange {
    struct arena *arena; /* ends with the exchange */
    const char *method;  /* "GET", "POST", … as sent */
    const char *target;  /* raw request target: path and query as sent */
    const char *path;    /* raw path, still percent-encoded, without the query */
    const char *query;   /* raw query without '?', or NULL */
    const char *body;    /* never NULL; ends with NUL */
    size_t body_len;
    const char *peer; /* "127.0.0.1:40000" or "unix" */
    void *user;
    /* The client left (or shutdown) before the answer was finished. After it the exchange is dead. */
    void (*on_gone)(struct http_exchange *x);
};

struct http_options {
    const char *address; /* "127.0.0.1", "::1", or "unix:/path" */
    int port;            /* 0: any free one */
    const char *cert_file, *key_file; /* both: TLS */
    size_t max_body;     /* bytes; larger is 413 before it is read; 0: 4 MiB */
    size_t max_stream;   /* unsent bytes of one stream before it is ended; 0: 1 MiB */
    int max_connections; /* 0: 4096 */
    double header_timeout, body_timeout; /* seconds; 0: 10, 30 */
    void (*handler)(void *arg, struct http_exchange *x);
    void *arg;
    /* Optional, right after the headers and before any body byte: true lets it pass; false means it
     * has answered already (Host, Origin, authentication, 404). */
    bool (*gate)(void *arg, struct http_exchange *x);
};

struct http_server *http_listen(struct loop *l, const struct http_options *o, struct err *e);
int http_port(const struct http_server *s);
void http_close(struct http_server *s); /* stops listening; ends what is open */
void http_release(struct loop *l);      /* destroys the libwebsockets context; last thing before exit */

/* Header of the request by lower-case name; NULL when absent. First one wins. */
const char *http_header(const struct http_exchange *x, const char *name);
/* How many headers of that name there were (2 or more is suspicious for Host, Origin, …). */
int http_header_count(const struct http_exchange *x, const char *name);
/* Every request header whose lower-case name starts with prefix; ended by { 0 }. */
const struct http_header *http_headers_like(const struct http_exchange *x, const char *prefix);

/* Whole answer: headers ended by { 0 } or NULL; Content-Length is added; body may be NULL if n is 0.
 * 204 and 304 carry no body. HEAD gets the headers only. Ends the exchange. */
void http_reply(struct http_exchange *x, int status, const struct http_header *headers,
                const void *body, size_t n);

/* A streamed answer (chunked). Write returns false when the stream is over its ceiling or gone: it
 * has been ended then and x must not be used again. */
void http_stream(struct http_exchange *x, int status, const struct http_header *headers);
bool http_stream_write(struct http_exchange *x, const void *bytes, size_t n);
void http_stream_end(struct http_exchange *x);
