/* ws.c - a WebSocket as fibers see it: opened, read, written, closed, freed. */
#include "net/ws.h"
#include "base/arena.h"
#include "base/fiber.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/fetch_error_private.h"
#include "net/loop.h"
#include "net/own_private.h"
#include "net/ws_private.h"

enum { MESSAGE_DEFAULT = 1 << 20, QUEUE_DEFAULT = 256 << 10, HANDSHAKE_PIECE = 2 << 10 };
static const double OPEN_DEFAULT = 15., CLOSE_DEFAULT = 5., BODY_WAIT = 2.; /* seconds */

static double or_default(double given, double otherwise)
{
    return given > 0 ? given : otherwise;
}

/* -- opening -------------------------------------------------------------------------------------
 */

static struct ws *make_ws(struct loop *l, const struct ws_options *o)
{
    struct ws *w = own_make(struct ws);
    w->loop = l;
    w->arena = arena_new_small();
    w->max_unsent = o->max_unsent ? o->max_unsent : QUEUE_DEFAULT;
    w->max_unread = o->max_unread ? o->max_unread : QUEUE_DEFAULT;
    ws_input_init(&w->in, o->max_message ? o->max_message : MESSAGE_DEFAULT);
    w->out_end = &w->out;
    w->kept_end = &w->kept;
    w->state.close_reason = "";
    w->state.shown = fetch_shown_url(w->arena, o->request.url);
    w->secrets = secret_set_new(w->arena);
    return w;
}

static bool dial(struct ws *w, struct ws_shake *s, double left, struct err *e)
{
    struct fetch_request r = s->options->request; /* with all that it says of way and trust */
    r.method = "WebSocket";
    r.url = s->target.connect;
    r.shown = w->state.shown;
    r.timeout = r.connect_timeout = left;
    r.headers = NULL;
    r.body = NULL;
    r.sink = NULL;
    r.user_pwd_user = NULL;
    r.connect_only = true;
    if (!fetch_dial(w->loop, s->arena, &r, &w->easy, &w->fd, e))
        return false;
    ws_watch(w);
    return true;
}

/* Waits until the socket can be read or written; false: lost, late or cancelled. */
static bool wait_for_socket(struct ws *w, struct ws_shake *s, double until, struct err *e)
{
    double left = until - loop_now(w->loop);
    ws_set_watch(w);
    if (left > 0 && ws_park(w, WS_WAIT_OPEN, left, s->options->request.cancel, e))
        return true;
    if (e->kind == ERR_NONE && !s->refused)
        err_set(e, ERR_NET, "%s: the server did not answer the upgrade in time", w->state.shown);
    return false;
}

/* The body of a refusal is only worth a little time. */
static bool read_refusal(struct ws *w, struct ws_shake *s, double until, struct err *e)
{
    char bytes[HANDSHAKE_PIECE];
    double soon = loop_now(w->loop) + BODY_WAIT;
    w->closing = true; /* the end of the connection is the body's */
    while (!ws_shake_has_body(s)) {
        long n = ws_receive(w, bytes, sizeof bytes);
        if (n > 0)
            ws_shake_feed(s, bytes, (size_t)n, e);
        else if (n == 0 || !wait_for_socket(w, s, soon < until ? soon : until, e))
            break;
    }
    return e->kind == ERR_NONE ? ws_shake_say_refused(s, w->state.shown, e) : false;
}

static bool shake(struct ws *w, struct ws_shake *s, double until, struct err *e)
{
    char bytes[HANDSHAKE_PIECE];
    size_t size = 0;
    enum ws_shake_got got = WS_SHAKE_MORE;
    const char *request = ws_shake_request(s, &size);
    ws_queue_raw(w, request, size);
    while (got == WS_SHAKE_MORE) {
        long n = ws_flush(w) ? ws_receive(w, bytes, sizeof bytes) : 0;
        if (n == 0)
            return err_set(e, w->broken.kind, "%s", w->broken.text);
        if (n > 0)
            got = ws_shake_feed(s, bytes, (size_t)n, e);
        else if (!wait_for_socket(w, s, until, e))
            return false;
    }
    if (got == WS_SHAKE_BAD)
        return err_at(e, "%s: ", w->state.shown);
    return got == WS_SHAKE_DONE || read_refusal(w, s, until, e);
}

static void start_frames(struct ws *w, const struct ws_shake *s)
{
    w->phase = WS_STANDS;
    w->state.opened = loop_now(w->loop);
    w->state.protocol = arena_strdup(w->arena, s->chosen);
    w->readable = true;
    trace(TRACE_WS, "%s is open%s%s", w->state.shown, s->chosen ? ", speaks " : "",
          s->chosen ? s->chosen : "");
    ws_take(w, s->raw->data + s->body_at, s->raw->len - s->body_at);
    ws_soon(w);
}

struct ws *ws_open(struct loop *l, struct arena *a, const struct ws_options *o,
                   struct fetch_answer *answer, struct err *e)
{
    if (!answer)
        answer = arena_make(a, struct fetch_answer);
    *answer =
        (struct fetch_answer){ .headers = arena_array(a, struct fetch_header, HEADERS_MAX + 1),
                               .body = arena_strdup(a, "") };
    if (!fetch_load(l, e))
        return NULL;
    double began = loop_now(l), timeout = or_default(o->request.timeout, OPEN_DEFAULT);
    struct ws *w = make_ws(l, o);
    struct ws_shake s = { .arena = a, .options = o, .answer = answer, .secrets = w->secrets };
    bool ok = ws_shake_begin(&s, e) && dial(w, &s, timeout, e) && shake(w, &s, began + timeout, e);
    answer->seconds = loop_now(l) - began;
    if (ok) {
        start_frames(w, &s);
        return w;
    }
    trace(TRACE_WS, "%s does not open: %s", w->state.shown, e->text);
    ws_free(w);
    return NULL;
}

/* -- reading -------------------------------------------------------------------------------------
 */

static void hand_over(struct ws *w, struct arena *a, struct ws_message *out)
{
    struct ws_kept *k = w->kept;
    w->kept = k->next;
    if (!w->kept)
        w->kept_end = &w->kept;
    w->kept_count--;
    w->state.unread -= k->bytes.len;
    char *copy = arena_alloc(a, k->bytes.len + 1);
    memcpy(copy, k->bytes.data, k->bytes.len);
    *out = (struct ws_message){ .kind = k->kind, .data = copy, .len = k->bytes.len };
    buf_free(&k->bytes);
    own_free(k);
    ws_soon(w); /* reading may have paused */
}

static enum ws_got say_end(const struct ws *w, struct err *e)
{
    if (!w->broken.kind)
        return WS_CLOSED;
    err_set(e, w->broken.kind, "%s", w->broken.text);
    return WS_FAILED;
}

enum ws_got ws_read(struct ws *w, struct arena *a, double timeout, struct cancel *c,
                    struct ws_message *out, struct err *e)
{
    double until = loop_now(w->loop) + timeout;
    if (ws_is_awaited(w, WS_WAIT_READ))
        bug("two fibers read the WebSocket %s", w->state.shown);
    while (!w->kept && w->phase != WS_OVER) {
        double left = timeout > 0 ? until - loop_now(w->loop) : 0;
        if (timeout > 0 && left <= 0)
            return WS_QUIET;
        if (!ws_park(w, WS_WAIT_READ, left, c, e) && e->kind != ERR_NONE) {
            ws_let_go(w);
            return WS_FAILED;
        }
    }
    if (!w->kept)
        return say_end(w, e);
    hand_over(w, a, out);
    return WS_MESSAGE;
}

/* -- writing -------------------------------------------------------------------------------------
 */

static bool is_writable(const struct ws *w, struct err *e)
{
    if (w->phase == WS_STANDS && !w->closing)
        return true;
    if (w->broken.kind)
        return err_set(e, w->broken.kind, "%s", w->broken.text);
    return err_set(e, ERR_NET, "%s: the connection is closed, nothing more can be sent",
                   w->state.shown);
}

/* The next writer takes its turn, where there is room. */
static void wake_next_writer(struct ws *w)
{
    if (w->state.unsent <= w->max_unsent)
        ws_wake(w, WS_WAIT_WRITE);
}

bool ws_write(struct ws *w, enum ws_kind kind, const void *bytes, size_t n, struct cancel *c,
              struct err *e)
{
    if (kind == WS_TEXT && !text_utf8(bytes, n))
        return err_set(e, ERR_ARGS, "%s: a text must be UTF-8, this is not", w->state.shown);
    bool full = ws_is_awaited(w, WS_WAIT_WRITE) || w->state.unsent > w->max_unsent;
    while (full && is_writable(w, e)) {
        if (!ws_park(w, WS_WAIT_WRITE, 0, c, e)) {
            if (!w->cut)
                wake_next_writer(w);
            ws_let_go(w);
            return false;
        }
        full = w->state.unsent > w->max_unsent;
    }
    if (!is_writable(w, e))
        return false;
    ws_queue(w, (int)kind, bytes, n);
    ws_soon(w);
    trace(TRACE_WS, "%s: %zu bytes go", w->state.shown, n);
    wake_next_writer(w);
    return true;
}

bool ws_ping(struct ws *w, struct err *e)
{
    if (!is_writable(w, e))
        return false;
    w->state.pings++;
    ws_queue_first(w, WS_OP_PING, &w->state.pings, sizeof w->state.pings);
    return true;
}

/* -- the end -------------------------------------------------------------------------------------
 */

bool ws_close(struct ws *w, int code, const char *reason, double timeout)
{
    struct err e = { 0 };
    if (w->phase == WS_STANDS && !w->closing) {
        ws_queue_close(w, ws_code_is_sendable(code) ? code : 0, reason);
        ws_soon(w);
    }
    double until = loop_now(w->loop) + or_default(timeout, CLOSE_DEFAULT);
    while (w->phase != WS_OVER && !(w->state.close_code && !w->out)) {
        double left = until - loop_now(w->loop);
        if (left <= 0 || !ws_park(w, WS_WAIT_CLOSE, left, NULL, &e))
            break;
    }
    bool came = w->state.close_code != 0;
    if (w->cut)
        ws_let_go(w);
    else
        ws_hang_up(w);
    return came;
}

void ws_free(struct ws *w)
{
    if (!w || w->cut)
        return;
    w->cut = true;
    ws_hang_up(w);
    ws_let_go(w);
}

const struct ws_state *ws_state(struct ws *w)
{
    return &w->state;
}
