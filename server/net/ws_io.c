/* ws_io.c - the socket of a WebSocket: turns of reading and writing on the main stack, what frames
 * mean for the connection, and its end.
 *
 * Who closes first drops what it has not sent; then the server's end of the connection is awaited a
 * little, for closing a socket with unread bytes would take our close away from the server.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/loop.h"
#include "net/own_private.h"
#include "net/ws_private.h"

enum { PIECE_SIZE = 32 << 10, PIECES_A_TURN = 8 };
static const double LINGER =
    1.; /* seconds for the server to read our close and end the connection */

void ws_let_go(struct ws *w)
{
    if (!w->cut || w->waiters)
        return;
    struct ws_frame *f;
    while ((f = w->out)) {
        w->out = f->next;
        own_free(f);
    }
    struct ws_kept *k;
    while ((k = w->kept)) {
        w->kept = k->next;
        buf_free(&k->bytes);
        own_free(k);
    }
    ws_input_free(&w->in);
    arena_free(w->arena);
    own_free(w);
}

/* -- the end -------------------------------------------------------------------------------------
 */

void ws_hang_up(struct ws *w)
{
    if (w->phase == WS_OVER)
        return;
    w->phase = WS_OVER;
    w->state.ended = true;
    loop_unwatch(w->watch);
    loop_untimer(w->linger);
    loop_untimer(w->turn);
    w->watch = NULL;
    w->linger = NULL;
    w->turn = NULL;
    fetch_hang_up(w->easy);
    w->easy = NULL;
    trace(TRACE_WS, "%s is over: %s", w->state.shown,
          w->broken.kind        ? w->broken.text
          : w->state.close_code ? "closed"
                                : "given up");
    ws_wake(w, WS_WAIT_CLOSE); /* and all others */
}

/* Once a close of ours is on its way, the end is no surprise. */
static void lose(struct ws *w, const char *words)
{
    if (!w->closing)
        err_set(&w->broken, ERR_NET, "%s: %s", w->state.shown, words);
    ws_hang_up(w);
}

static void on_linger(void *arg)
{
    ws_hang_up(arg);
}

static void begin_end(struct ws *w)
{
    w->phase = WS_ENDING;
    w->state.ended = true;
    if (!w->linger)
        w->linger = loop_timer(w->loop, LINGER, 0, on_linger, w);
}

/* -- out -----------------------------------------------------------------------------------------
 */

static void add_frame(struct ws *w, struct ws_frame **at, struct ws_frame *f)
{
    f->next = *at;
    *at = f;
    if (!f->next)
        w->out_end = &f->next;
}

void ws_queue_raw(struct ws *w, const void *bytes, size_t n)
{
    struct ws_frame *f = own_new(sizeof *f + n);
    memcpy(f->bytes, bytes, n);
    f->len = n;
    w->state.unsent += n;
    add_frame(w, w->out_end, f);
}

static struct ws_frame *new_frame(struct ws *w, int opcode, const void *bytes, size_t n)
{
    struct ws_frame *f = own_new(sizeof *f + WS_HEAD_MAX + n);
    unsigned char mask[4];
    crypto_random(mask, sizeof mask);
    f->len = ws_frame_put(f->bytes, opcode, bytes, n, mask);
    w->state.unsent += f->len;
    return f;
}

void ws_queue(struct ws *w, int opcode, const void *bytes, size_t n)
{
    struct ws_frame *f = new_frame(w, opcode, bytes, n);
    add_frame(w, w->out_end, f);
    ws_soon(w);
}

struct ws_frame *ws_queue_first(struct ws *w, int opcode, const void *bytes, size_t n)
{
    struct ws_frame *f = new_frame(w, opcode, bytes, n);
    add_frame(w, w->out && w->out->begun ? &w->out->next : &w->out, f);
    ws_soon(w);
    return f;
}

void ws_queue_close(struct ws *w, int code, const char *reason)
{
    char body[WS_CONTROL_MAX] = { (char)(code >> 8), (char)code };
    size_t n = reason ? strlen(reason) : 0;
    while (n > WS_REASON_MAX || !text_utf8(reason ? reason : "", n))
        n--;
    memcpy(body + 2, reason ? reason : "", n);
    w->closing = true;
    ws_queue(w, WS_OP_CLOSE, body, code == 0 || code == WS_NO_CODE ? 0 : n + 2);
}

/* The server will not read it, or must not. */
static void drop_unsent(struct ws *w)
{
    struct ws_frame **at = w->out && w->out->begun ? &w->out->next : &w->out, *f;
    w->out_end = at;
    while ((f = *at)) {
        *at = f->next;
        w->pong_queued = w->pong_queued && !f->pong;
        w->state.unsent -= f->len - f->sent;
        own_free(f);
    }
}

static bool send_piece(struct ws *w, struct ws_frame *f)
{
    size_t n = 0;
    f->begun = true;
    CURLcode code = lib.curl_easy_send(w->easy, f->bytes + f->sent, f->len - f->sent, &n);
    w->blocked = code == CURLE_AGAIN;
    if (code != CURLE_OK && code != CURLE_AGAIN) {
        lose(w, "the connection broke while it was written to");
        return false;
    }
    f->sent += n;
    w->state.unsent -= n;
    return true;
}

static void drop_sent(struct ws *w)
{
    struct ws_frame *f = w->out;
    w->pong_queued = w->pong_queued && !f->pong;
    w->out = f->next;
    if (!w->out)
        w->out_end = &w->out;
    own_free(f);
}

/* One at a time is queued, so that a flood of pings costs nothing. */
static void put_pong(struct ws *w)
{
    if (!w->pong_due || w->pong_queued)
        return;
    w->pong_due = false;
    w->pong_queued = true;
    ws_queue_first(w, WS_OP_PONG, w->pong, w->pong_len)->pong = true;
}

bool ws_flush(struct ws *w)
{
    w->blocked = false;
    put_pong(w);
    for (struct ws_frame *f = w->out; f && !w->blocked; f = w->out) {
        if (!send_piece(w, f))
            return false;
        if (f->sent < f->len)
            continue;
        drop_sent(w);
        put_pong(w);
    }
    if (w->state.unsent <= w->max_unsent)
        ws_wake(w, WS_WAIT_WRITE);
    if (w->phase == WS_ENDING && !w->out)
        ws_wake(w, WS_WAIT_CLOSE);
    return true;
}

/* -- in ------------------------------------------------------------------------------------------
 */

static void keep_message(struct ws *w)
{
    if (w->closing)
        return;
    struct ws_kept *k = own_make(struct ws_kept);
    k->kind = (enum ws_kind)w->in.kind;
    k->bytes = w->in.message;
    buf_init(&w->in.message, w->in.max_message);
    w->state.unread += k->bytes.len;
    w->kept_count++;
    trace(TRACE_WS, "%s: %zu bytes came", w->state.shown, k->bytes.len);
    *w->kept_end = k;
    w->kept_end = &k->next;
    ws_wake(w, WS_WAIT_READ);
}

static void take_close(struct ws *w)
{
    w->state.close_code = w->in.code;
    if (w->in.code != WS_NO_CODE)
        w->state.close_reason = secret_scrub_with(
            w->arena, w->secrets,
            text_clean(w->arena, (const char *)w->in.control + 2, 3 * WS_CONTROL_MAX));
    trace(TRACE_WS, "%s closes with %d", w->state.shown, w->in.code);
    ws_wake(w, WS_WAIT_CLOSE);
    begin_end(w);
    if (w->closing)
        return;
    drop_unsent(w);
    ws_queue_close(w, w->in.code, NULL);
}

static void take_bad(struct ws *w)
{
    err_set(&w->broken, ERR_NET, "%s: %s", w->state.shown, w->in.why);
    begin_end(w);
    if (w->closing)
        return;
    drop_unsent(w);
    ws_queue_close(w, w->in.code, w->in.why);
}

static void take_item(struct ws *w, enum ws_item item)
{
    switch (item) {
    case WS_ITEM_MESSAGE:
        keep_message(w);
        break;
    case WS_ITEM_PING:
        w->state.ping = w->state.heard;
        memcpy(w->pong, w->in.control, w->in.control_len);
        w->pong_len = w->in.control_len;
        w->pong_due = !w->closing;
        break;
    case WS_ITEM_PONG:
        w->state.pong = w->state.heard;
        w->state.pings = 0;
        break;
    case WS_ITEM_CLOSE:
        take_close(w);
        break;
    case WS_ITEM_BAD:
        take_bad(w);
        break;
    case WS_ITEM_NONE:
        break;
    }
}

void ws_take(struct ws *w, const char *bytes, size_t n)
{
    for (size_t used = 0; n > 0 && w->phase == WS_STANDS; bytes += used, n -= used)
        take_item(w, ws_input_feed(&w->in, bytes, n, &used));
}

long ws_receive(struct ws *w, char *out, size_t size)
{
    size_t n = 0;
    CURLcode code = lib.curl_easy_recv(w->easy, out, size, &n);
    w->readable = code == CURLE_OK && n > 0;
    if (code == CURLE_AGAIN)
        return -1;
    if (code != CURLE_OK) {
        lose(w, "the connection broke: the server reset it, or it was lost on the way");
        return 0;
    }
    w->state.heard = n ? loop_now(w->loop) : w->state.heard;
    if (n == 0)
        lose(w, "the server ended the connection without a close");
    return (long)n;
}

static bool is_paused(const struct ws *w)
{
    size_t weight = w->state.unread + w->kept_count * sizeof(struct ws_kept);
    return w->phase == WS_STANDS && !w->closing && weight >= w->max_unread;
}

static void read_turn(struct ws *w)
{
    static char bytes[PIECE_SIZE];
    for (int i = 0; i < PIECES_A_TURN && !is_paused(w); i++) {
        long n = ws_receive(w, bytes, sizeof bytes);
        if (n <= 0)
            return;
        ws_take(w, bytes, (size_t)n); /* what comes while it ends is of no use */
    }
    if (!is_paused(w))
        ws_soon(w);
}

/* -- turns ---------------------------------------------------------------------------------------
 */

void ws_set_watch(struct ws *w)
{
    if (w->watch)
        loop_watch_set(w->watch, (is_paused(w) ? 0 : LOOP_READ) | (w->blocked ? LOOP_WRITE : 0));
}

static void read_and_write(struct ws *w)
{
    if (w->readable)
        read_turn(w);
    if (w->phase != WS_OVER)
        ws_flush(w);
    ws_set_watch(w);
}

static void on_ws_turn(void *arg)
{
    struct ws *w = arg;
    loop_untimer(w->turn);
    w->turn = NULL;
    read_and_write(w);
}

void ws_soon(struct ws *w)
{
    if (!w->turn && (w->phase == WS_STANDS || w->phase == WS_ENDING))
        w->turn = loop_timer(w->loop, 0, 0, on_ws_turn, w);
}

static void on_ws_socket(void *arg, int fd, int events)
{
    (void)fd;
    struct ws *w = arg;
    w->readable = w->readable || events & LOOP_READ;
    if (w->phase != WS_SHAKING) {
        read_and_write(w);
        return;
    }
    loop_watch_set(w->watch, 0); /* until ws_open has taken it */
    ws_wake(w, WS_WAIT_OPEN);
}

void ws_watch(struct ws *w)
{
    w->watch = loop_watch(w->loop, w->fd, 0, on_ws_socket, w);
}
