/* ws.h - WebSocket client (RFC 6455) on our loop: fibers open, read, write and close it.
 *
 * libcurl connects, as for every other request of ours (names, proxies, TLS and trust, words of
 * failure: fetch.h); ws_frame.c judges frames. No extensions are offered, so no message is packed.
 * A message is sent as one frame; what comes in fragments is joined up to a bound. Pings are
 * answered by themselves (the newest one, so a flood costs nothing). A redirect is not followed.
 *
 * Both ways the slower side slows the other: unread messages over a bound stop reading from the
 * socket (also pings and the close wait behind them), unsent bytes over a bound park the writer.
 *
 * One fiber reads at a time; any number may write, ping and close. All calls run on fibers but
 * ws_state, ws_ping and ws_free, which run anywhere. Query, user and headers of the URL are in no
 * error and no trace; words of the server are scrubbed of them.
 */
#pragma once
#include "net/fetch.h"

struct ws;

enum ws_kind { WS_TEXT = 1, WS_BINARY = 2 }; /* as the opcodes */

struct ws_options {
    /* Where and how: url (ws, wss, http or https), headers, ca_file and all else of trust and way,
     * user and password; timeout is that of the whole opening (0: 15 s), cancel that of ws_open,
     * max_body what is kept of a refusal's body (0, and at most: 4 KiB). The rest is not looked at.
     */
    struct fetch_request request;
    const char *const *protocols; /* subprotocols, the dearest first, ended by NULL; NULL: none. A
                                     server that chooses none of them is refused. */
    size_t max_message;           /* bytes of one message from the server; 0: 1 MiB */
    size_t max_unsent;            /* bytes, from where ws_write parks; 0: 256 KiB */
    size_t max_unread;            /* bytes, from where the socket is not read; 0: 256 KiB */
};

/* NULL: e says why (ERR_NET; ERR_GONE: cancelled; ERR_ARGS: the URL or a header cannot be sent).
 * A server that answered anything but a right upgrade is quoted: its status (also e->status) and
 * words. `answer` (may be NULL) is then, and after success, what it answered, in a: status, headers
 * (fetch_answer_header), body. */
struct ws *ws_open(struct loop *l, struct arena *a, const struct ws_options *o,
                   struct fetch_answer *answer, struct err *e);

enum ws_got {
    WS_FAILED,  /* e is set: the connection is lost, the protocol was broken (ERR_NET), or ERR_GONE:
                   cancelled, and then the connection stands */
    WS_MESSAGE, /* out is set */
    WS_QUIET,   /* no message within the timeout; the connection stands */
    WS_CLOSED,  /* by the server (ws_state says with which code), or by ws_close */
};

struct ws_message {
    enum ws_kind kind;
    const char *data; /* in a; never NULL; ends with a NUL that len does not count */
    size_t len;       /* a text is well-formed UTF-8 and may hold NULs */
};

/* The next message; those that came before the connection ended are read first. Parks for at most
 * `timeout` seconds (0: for ever). Every later read says the same end again. */
enum ws_got ws_read(struct ws *w, struct arena *a, double timeout, struct cancel *c,
                    struct ws_message *out, struct err *e);

/* Hands one message over to be sent; parks while more than max_unsent bytes wait, in the order of
 * the callers. False: nothing of this message was sent (lost, closing: ERR_NET; cancelled:
 * ERR_GONE; a text that is no UTF-8: ERR_ARGS). True does not mean that the server has it. */
bool ws_write(struct ws *w, enum ws_kind kind, const void *bytes, size_t n, struct cancel *c,
              struct err *e);

/* Sends a ping before what waits to be sent. False: the connection has ended or is closing. */
bool ws_ping(struct ws *w, struct err *e);

/* Sends what waits, then a close (code 1000, 3000..4999 …; 0: without one; reason at most 123 bytes
 * of UTF-8, NULL: none), and waits for the server's for at most `timeout` seconds (0: 5). True: it
 * came. Messages that come meanwhile are dropped. Then, whatever came of it, the socket is closed.
 * ws_free is still to be called. */
bool ws_close(struct ws *w, int code, const char *reason, double timeout);

/* Ends the connection at once where it still stands. Fibers that wait in it go on with ERR_GONE, a
 * little later; the memory goes with the last of them. NULL is fine. */
void ws_free(struct ws *w);

/* What is known of the connection. Times are loop_now's; 0: never. */
struct ws_state {
    const char *protocol; /* chosen of `protocols`; NULL: none were offered */
    const char *shown;    /* the URL as it may be shown: without user and query */
    double opened;
    double heard;             /* bytes came, of whatever kind */
    double ping;              /* the server's newest ping */
    double pong;              /* the newest pong to a ping of ours */
    int pings;                /* of ours since the last pong */
    size_t unsent, unread;    /* bytes */
    bool ended;               /* no more can be read from the socket, nor written */
    int close_code;           /* the server's: 1005: it named none, 0: it has not closed */
    const char *close_reason; /* in clean text, never NULL */
};
/* Lasts until the next call with w. */
const struct ws_state *ws_state(struct ws *w);
