/* stdio.c - the line reader and the write queue of a stdio session.
 *
 * Complete lines are handed on right out of the read buffer; only a line that spans two reads is
 * copied. The object may be closed from inside on_line: it is freed when the batch ends.
 */
#include "net/stdio.h"
#include "base/buf.h"
#include "net/loop.h"
#include "net/own_private.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { READ_SIZE = 256 << 10, LINE_MAX_DEFAULT = 16 << 20, QUEUE_MAX_DEFAULT = 64 << 20 };
enum { LAST_WAIT_MS = 5000 };
enum { BATCH_SIZE = 64 << 10 }; /* answers of one read leave in pieces of about so much */
enum { KEEP_SIZE = 1 << 20 };   /* a drained queue larger than this gives its memory back */

struct stdio {
    struct stdio_options o;
    struct loop *loop;
    struct loop_watch *in, *out;
    struct loop_timer *end;
    char *bytes;      /* READ_SIZE + 1 */
    struct buf part;  /* the start of a line that is not complete */
    struct buf queue; /* unsent bytes: queue.data + sent … */
    size_t sent;
    int out_flags;
    bool dropping; /* inside a line over the ceiling */
    bool batching; /* inside read_some: writes wait for its end, or for BATCH_SIZE */
    bool closing, broken, ended;
};

static void report_end(void *arg)
{
    struct stdio *s = arg;
    s->o.on_end(s->o.arg);
}

/* From a timer, so that nobody is called back from inside its own stdio_write. */
static void end_soon(struct stdio *s)
{
    loop_unwatch(s->in);
    s->in = NULL;
    if (s->ended)
        return;
    s->ended = true;
    if (s->o.on_end)
        s->end = loop_timer(s->loop, 0, 0, report_end, s);
}

static void break_out(struct stdio *s)
{
    s->broken = true;
    s->sent = 0;
    buf_reset(&s->queue);
    loop_unwatch(s->out);
    s->out = NULL;
    end_soon(s);
}

static void flush_queue(struct stdio *s);

static void on_stdout_writable(void *arg, int fd, int events)
{
    (void)fd, (void)events;
    flush_queue(arg);
}

static void drained(struct stdio *s)
{
    s->sent = 0;
    buf_reset(&s->queue);
    if (s->queue.cap > KEEP_SIZE) {
        size_t max = s->queue.max;
        buf_free(&s->queue);
        buf_init(&s->queue, max);
    }
    loop_unwatch(s->out);
    s->out = NULL;
}

static void wait_writable(struct stdio *s)
{
    if (s->sent > s->queue.len / 2) {
        buf_consume(&s->queue, s->sent);
        s->sent = 0;
    }
    if (!s->out)
        s->out = loop_watch(s->loop, s->o.out, LOOP_WRITE, on_stdout_writable, s);
}

static void flush_queue(struct stdio *s)
{
    while (s->sent < s->queue.len) {
        ssize_t n = write(s->o.out, s->queue.data + s->sent, s->queue.len - s->sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            break_out(s);
            return;
        }
        if (n < 0) {
            wait_writable(s);
            return;
        }
        s->sent += (size_t)n;
    }
    drained(s);
}

static void deliver(struct stdio *s, char *line, size_t n)
{
    if (n && line[n - 1] == '\r')
        n--;
    line[n] = '\0';
    s->o.on_line(s->o.arg, line, n);
}

static void too_long(struct stdio *s)
{
    size_t max = s->part.max;
    buf_free(&s->part);
    buf_init(&s->part, max);
    if (!s->dropping && s->o.on_long)
        s->o.on_long(s->o.arg);
}

/* The end of a line, whose start may be in `part`. */
static void end_line(struct stdio *s, char *piece, size_t n)
{
    bool was_dropping = s->dropping;
    if (!was_dropping && s->part.len == 0 && n <= s->o.max_line) {
        deliver(s, piece, n);
        return;
    }
    if (!was_dropping && buf_add(&s->part, piece, n))
        deliver(s, s->part.data, s->part.len);
    else
        too_long(s);
    s->dropping = false;
    buf_reset(&s->part);
}

static void keep_part(struct stdio *s, const char *piece, size_t n)
{
    if (s->dropping || n == 0 || buf_add(&s->part, piece, n))
        return;
    too_long(s);
    s->dropping = true;
}

static void split_lines(struct stdio *s, size_t n)
{
    char *at = s->bytes, *stop = s->bytes + n;
    while (at < stop && !s->closing) {
        char *newline = memchr(at, '\n', (size_t)(stop - at));
        if (!newline)
            break;
        end_line(s, at, (size_t)(newline - at));
        at = newline + 1;
    }
    if (!s->closing)
        keep_part(s, at, (size_t)(stop - at));
}

/* What is still queued, to a reader that is only slow: one that takes nothing for LAST_WAIT_MS
 * loses the rest. */
static void drain_queue(struct stdio *s)
{
    struct pollfd p = { .fd = s->o.out, .events = POLLOUT };
    flush_queue(s);
    while (!s->broken && s->sent < s->queue.len) {
        int n = poll(&p, 1, LAST_WAIT_MS);
        if (n == 0 || (n < 0 && errno != EINTR))
            return;
        flush_queue(s);
    }
}

static void free_all(struct stdio *s)
{
    if (!s->broken)
        drain_queue(s);
    fcntl(s->o.out, F_SETFL, s->out_flags);
    loop_unwatch(s->in);
    loop_unwatch(s->out);
    loop_untimer(s->end);
    buf_free(&s->part);
    buf_free(&s->queue);
    own_free(s->bytes);
    own_free(s);
}

static void end_of_input(struct stdio *s)
{
    if (s->part.len)
        end_line(s, s->bytes, 0);
    end_soon(s);
}

static void read_some(void *arg, int fd, int events)
{
    (void)events;
    struct stdio *s = arg;
    ssize_t n = read(fd, s->bytes, READ_SIZE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    s->batching = true;
    if (n > 0)
        split_lines(s, (size_t)n);
    else
        end_of_input(s);
    s->batching = false;
    if (s->closing)
        free_all(s);
    else if (!s->broken && !s->out)
        flush_queue(s);
}

struct stdio *stdio_open(struct loop *l, const struct stdio_options *o)
{
    struct stdio *s = own_make(struct stdio);
    s->o = *o;
    s->loop = l;
    if (!s->o.max_line)
        s->o.max_line = LINE_MAX_DEFAULT;
    if (!s->o.max_queue)
        s->o.max_queue = QUEUE_MAX_DEFAULT;
    buf_init(&s->part, s->o.max_line);
    buf_init(&s->queue, s->o.max_queue);
    s->bytes = own_new(READ_SIZE + 1);
    s->out_flags = fcntl(o->out, F_GETFL);
    fcntl(o->out, F_SETFL, s->out_flags | O_NONBLOCK);
    s->in = loop_watch(l, o->in, LOOP_READ, read_some, s);
    return s;
}

void stdio_write(struct stdio *s, const char *line, size_t n)
{
    if (s->broken)
        return;
    if (!buf_add(&s->queue, line, n) || !buf_char(&s->queue, '\n')) {
        break_out(s);
        return;
    }
    if (!s->out && (!s->batching || s->queue.len - s->sent >= BATCH_SIZE))
        flush_queue(s);
}

bool stdio_flushed(const struct stdio *s)
{
    return s->sent == s->queue.len;
}

void stdio_close(struct stdio *s)
{
    if (!s)
        return;
    s->closing = true;
    if (!s->batching)
        free_all(s);
}
