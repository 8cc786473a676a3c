/* ws_private.h - the parts of the WebSocket client: ws.c is its life as fibers see it, ws_io.c the
 * socket between them and the loop, ws_shake.c the upgrade. Private to net. */
#pragma once
#include "base/err.h"
#include "base/secret.h"
#include "net/fetch_transfer_private.h"
#include "net/ws.h"
#include "net/ws_frame_private.h"

struct fiber;

struct ws_frame { /* bytes on their way; they do not move until they are sent: TLS asks for that */
    struct ws_frame *next;
    size_t len, sent;
    bool pong;
    bool begun; /* some of it may have been taken: nothing goes before its end */
    unsigned char bytes[];
};

struct ws_kept { /* a message that nobody has read */
    struct ws_kept *next;
    enum ws_kind kind;
    struct buf bytes;
};

enum ws_wait { WS_WAIT_OPEN, WS_WAIT_READ, WS_WAIT_WRITE, WS_WAIT_CLOSE };

struct ws_waiter { /* on the stack of a parked fiber */
    struct ws_waiter *next;
    struct ws *ws;
    struct fiber *fiber;
    enum ws_wait what;
    bool woken, late; /* late: the timeout passed */
};

enum ws_phase {
    WS_SHAKING, /* bytes are ws_open's */
    WS_STANDS,
    WS_ENDING, /* the server closed, or broke the protocol: our close leaves, its end is awaited */
    WS_OVER,   /* no socket */
};

struct ws {
    struct loop *loop;
    struct arena *arena;
    struct secret_set *secrets; /* what the server must not be quoted with */
    CURL *easy;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *turn;   /* queued: reads and writes on the main stack */
    struct loop_timer *linger; /* what is not over by then is cut */
    enum ws_phase phase;
    struct ws_input in;
    struct ws_state state;
    size_t max_unsent, max_unread;
    struct ws_frame *out, **out_end;
    struct ws_kept *kept, **kept_end;
    size_t kept_count;
    struct ws_waiter *waiters;          /* in order of arrival */
    unsigned char pong[WS_CONTROL_MAX]; /* of the newest ping */
    unsigned pong_len;
    bool pong_due, pong_queued;
    bool blocked;      /* the socket takes no more */
    bool readable;     /* there may be more to read, whatever the loop says: TLS keeps some */
    bool closing;      /* our close is queued or sent */
    bool cut;          /* ws_free was called */
    struct err broken; /* why it was lost */
};

/* -- ws_wait.c: fibers that wait -- */

void ws_wake(struct ws *w, enum ws_wait what); /* WS_WAIT_WRITE: the first of them alone */
bool ws_is_awaited(const struct ws *w, enum ws_wait what);
/* Parks. False: the timeout has passed (seconds; 0: none; e stays), or ERR_GONE: cancelled, or the
 * connection was freed, and then ws_let_go is to be called. */
bool ws_park(struct ws *w, enum ws_wait what, double seconds, struct cancel *c, struct err *e);

/* -- ws_io.c: the socket -- */

void ws_watch(struct ws *w); /* begins to look at it */
/* Asks for a turn of reading and writing. */
void ws_soon(struct ws *w);
/* At the end of what is to be sent: bytes as they are, a frame, a close. */
void ws_queue_raw(struct ws *w, const void *bytes, size_t n);
void ws_queue(struct ws *w, int opcode, const void *bytes, size_t n);
void ws_queue_close(struct ws *w, int code, const char *reason);
/* Before all that has not begun. */
struct ws_frame *ws_queue_first(struct ws *w, int opcode, const void *bytes, size_t n);
/* Sends what the socket takes. False: lost. */
bool ws_flush(struct ws *w);
/* How many bytes came; -1: none yet; 0: lost. */
long ws_receive(struct ws *w, char *out, size_t size);
void ws_take(struct ws *w, const char *bytes, size_t n); /* bytes of frames */
void ws_set_watch(struct ws *w);
void ws_hang_up(struct ws *w);
void ws_let_go(struct ws *w); /* frees it when it was cut and nobody waits in it */

/* -- ws_shake.c -- */

struct ws_target {             /* of a URL, in the arena */
    const char *connect;       /* for libcurl: http or https, without query and user */
    const char *host;          /* the header's value */
    const char *path;          /* with the query */
    const char *authorization; /* NULL: none */
};

struct ws_shake {
    struct arena *arena;
    const struct ws_options *options;
    struct ws_target target;
    struct secret_set *secrets; /* of the URL and the headers */
    char *accept;               /* what a right server answers */
    struct buf *raw;            /* of the answer: first its head, then a refusal's body */
    size_t body_at;             /* in raw; 0: the head is not whole */
    long body_len;              /* announced; -1: not */
    bool chunked, refused;
    struct fetch_answer *answer;
    const char *chosen; /* the subprotocol */
};

bool ws_shake_begin(struct ws_shake *s, struct err *e);
/* The request's bytes. */
const char *ws_shake_request(struct ws_shake *s, size_t *n);
enum ws_shake_got { WS_SHAKE_MORE, WS_SHAKE_DONE, WS_SHAKE_REFUSED, WS_SHAKE_BAD };
/* Takes all bytes; behind DONE, those from raw->data + body_at are of frames. BAD: e is set. */
enum ws_shake_got ws_shake_feed(struct ws_shake *s, const char *bytes, size_t n, struct err *e);
/* Has the body of a refusal come, as far as it is wanted? */
bool ws_shake_has_body(const struct ws_shake *s);
/* Always false: e says what the server answered instead, with its words so far. */
bool ws_shake_say_refused(struct ws_shake *s, const char *shown, struct err *e);
