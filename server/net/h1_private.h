/* h1_private.h - HTTP/1.0 and 1.1 requests out of bytes that arrive in any pieces. No input or
 * output here.
 *
 * Strict where leniency lets requests be smuggled: CRLF only, no space before ':', no folded lines,
 * one Host, one Content-Length of digits, never together with Transfer-Encoding. A request without
 * either has no body (RFC 9112 §6.3). Chunked bodies are decoded, trailers dropped.
 * Everything is bounded: the head (431), the number of headers (431), the body (413).
 * Strings of a request point into the parser and live until h1_next.
 */
#pragma once
#include "base/buf.h"
#include "net/http.h"

struct arena;

enum { H1_HEADERS_MAX = 100 };

enum h1_event {
    H1_MORE,  /* all bytes taken, the request is not whole */
    H1_HEAD,  /* the headers are there; go on feeding, with no bytes if need be */
    H1_WHOLE, /* the body too; feed again after h1_next */
    H1_BAD,   /* answer `status`, then close */
};

enum h1_state {
    H1_IN_HEAD,
    H1_IN_BODY,
    H1_IN_SIZE,
    H1_IN_EXTENSION,
    H1_IN_CHUNK,
    H1_IN_CHUNK_END,
    H1_IN_TRAILER,
    H1_AT_END,
    H1_FAILED,
};

struct h1 {
    enum h1_state state;
    struct buf head, body;
    size_t left; /* bytes of the body or chunk to come */
    size_t line; /* bytes of the current size line, or of all trailer lines */
    int digits;  /* of the chunk size */
    bool cr;     /* the byte before was the CR of a size or trailer line */
    bool blank;  /* the current trailer line is empty so far */
    /* The request, from H1_HEAD on. */
    int status; /* of H1_BAD */
    const char *method, *target, *path, *query;
    struct http_header *headers; /* in the arena given to h1_feed */
    int count;
    int minor; /* HTTP/1.minor */
    bool keep_alive, chunked, expects, has_length;
    size_t length; /* Content-Length */
};

void h1_init(struct h1 *p, size_t max_head, size_t max_body);
void h1_free(struct h1 *p);
/* Forgets the request that was given out; keeps a little memory for the next one. */
void h1_next(struct h1 *p);
/* Gives the body's memory back while the head stays readable. */
void h1_drop_body(struct h1 *p);
/* Takes up to n bytes; *used says how many. */
enum h1_event h1_feed(struct h1 *p, struct arena *a, const char *bytes, size_t n, size_t *used);
/* True while no byte of a request has arrived. */
bool h1_idle(const struct h1 *p);
