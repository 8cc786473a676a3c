/* wire_private.h - the bytes of accepted sockets, plain or TLS, by libwebsockets' raw role on our
 * loop.
 *
 * A `struct wire` is the first member of the object that owns the connection. Its owner is called
 * on the main stack only; wire_later and wire_kill may be called from anywhere. After `closed` the
 * wire is gone. The only file that knows libwebsockets.
 *
 * Rules that libwebsockets 4.1.6 needs: nothing is read while it has unsent bytes of ours (its raw
 * role would spin on a readable socket), timeouts are the owner's (its own fire late on libev).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct err;
struct loop;
struct lws;
struct wire;
struct wire_domain; /* plain, or one certificate */

struct wire_calls {
    void (*bytes)(struct wire *w, const char *bytes, size_t n);
    void (*writable)(struct wire *w); /* wire_write takes bytes again */
    void (*later)(struct wire *w);    /* asked for by wire_later */
    void (*closed)(struct wire *w);
};

struct wire {
    struct lws *lws;
    const struct wire_calls *calls;
    struct wire *next; /* in the list of those to be called later */
    int fd;
    bool inside;  /* its callback is on the stack */
    bool dead;    /* to be closed */
    bool waiting; /* wire_later was called */
    bool paused;  /* its owner wants no bytes */
    bool blocked; /* libwebsockets still holds bytes of ours */
    bool started; /* bytes have come: a TLS handshake is over */
};

/* One per certificate, one for all plain servers; they end with the loop. */
struct wire_domain *wire_domain(struct loop *l, const char *cert_file, const char *key_file,
                                struct err *e);
/* From the next handshake on. False: nothing has changed. */
bool wire_renew(struct wire_domain *d, const char *cert_file, const char *key_file, struct err *e);
/* Takes the connected socket, whatever comes of it. False: it is closed again, and `closed` may
 * have been called before this returns. */
bool wire_adopt(struct wire *w, struct wire_domain *d, int fd, const struct wire_calls *calls);

/* Sends or keeps all n bytes; only while not blocked. Main stack only. False: the peer is gone. */
bool wire_write(struct wire *w, const char *bytes, size_t n);
void wire_pause(struct wire *w, bool pause);
void wire_half_close(struct wire *w); /* no more answers; the peer sees the end */
void wire_later(struct wire *w);      /* `later` runs before the loop waits */
void wire_kill(struct wire *w);       /* `closed` runs before the loop waits */
void wire_release(struct loop *l);    /* closes all, destroys the context */
