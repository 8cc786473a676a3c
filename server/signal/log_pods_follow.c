/* log_pods_follow.c - the logs of pods as they are written: one request with follow=true a replica.
 *
 * Such a stream ends when the container ends, the pod goes, or a proxy has had enough; nothing says
 * which. So it is asked for again, from the last line's second on, and lines up to that one are
 * left out. Pods that come are followed from their first line on.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/fiber.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "kube/api.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "signal/log_follow_private.h"
#include "signal/log_pods_private.h"
#include <math.h>
#include <string.h>

enum { STREAMS = 64, WAITING = 8 << 20 };
enum { ALL_STREAMS = FETCH_PROBES * 3 / 4 }; /* of all followers: probes have the rest */
static const double STREAM_SECONDS = 3600, AGAIN_SECONDS = 0.5, LIST_SECONDS = 3;

struct pod_stream {
    struct pods_follower *of;
    const char *pod;
    struct buf got; /* that nobody took yet */
    struct cancel cancel;
    size_t earlier; /* bytes of it that came before it was asked for again */
    bool mid;       /* within a line whose begin was lost */
    long long last; /* time of the last line that was taken; 0: none was */
    bool catching;  /* lines up to that one come again */
    bool named, ended;
};

struct pods_follower {
    struct log_follower follower;
    int left;           /* streams that have not ended */
    struct cancel idle; /* fired when there may be something to do */
    struct pod_stream *streams[STREAMS];
    int count;
    bool closed;
    double listed; /* when pods were looked for last */
};

static int streaming; /* streams that have not ended, of all followers */

/* -- one stream, on its fiber --------------------------------------------------------------------
 */

static bool add_streamed(void *arg, const char *bytes, size_t n)
{
    struct pod_stream *s = arg;
    struct log_follower *f = &s->of->follower;
    const char *nl = s->mid ? memchr(bytes, '\n', n) : NULL;

    if (nl) {
        n -= (size_t)(nl + 1 - bytes);
        bytes = nl + 1;
    }
    s->mid = s->mid && !nl;
    if (!s->mid && !buf_add(&s->got, bytes, n)) {
        buf_reset(&s->got);
        s->earlier = 0;
        s->mid = true;
        log_follow_note(f, arena_printf(f->arena, "%s wrote faster than it could be read", s->pod));
    }
    cancel_fire(&s->of->idle);
    return !s->of->closed;
}

/* A line that the end of a stream cut short comes again, whole. */
static void begin_again(struct pod_stream *s)
{
    const char *text = s->got.data, *nl = s->got.len ? memrchr(text, '\n', s->got.len) : NULL;
    size_t whole = nl ? (size_t)(nl - text) + 1 : 0, n = 0;
    const char *last = whole ? memrchr(text, '\n', whole - 1) : NULL;
    long long ns = whole ? log_stamp(last ? last + 1 : text, nl, &n) : 0;

    if (s->got.len > whole)
        s->got.data[s->got.len = whole] = '\0';
    s->earlier = whole;
    s->mid = false;
    s->last = ns > s->last ? ns : s->last;
    s->catching = s->last > 0;
}

static bool ask_stream(struct pod_stream *s, struct arena *a, struct err *e)
{
    struct log_follower *f = &s->of->follower;
    struct log_source *source = f->source;
    struct fetch_answer answer;
    char *path = log_pod_path(a, source, f->q->what, s->pod, s->named);

    begin_again(s);
    path = arena_printf(a, "%s&follow=true", path);
    long long second = s->last / 1000000000;
    if (s->last)
        path = arena_printf(a, "%s&sinceTime=%s", path,
                            text_percent(a, when_text(a, (double)second, false)));
    const struct kube_request r = { .path = path,
                                    .accept = "*/*",
                                    .timeout = STREAM_SECONDS,
                                    .lasts = true,
                                    .sink = add_streamed,
                                    .sink_arg = s,
                                    .cancel = &s->cancel };
    return kube_api_ask(kube_higress_api(source->config->kube.higress, source->loop), a, &r,
                        &answer, e);
}

/* True: it is worth to be asked for again. */
static bool tell_stream_end(struct pod_stream *s, const struct err *e)
{
    struct log_follower *f = &s->of->follower;

    if (e->status == 404)
        log_follow_note(f, arena_printf(f->arena, "%s is gone", s->pod));
    else if (e->kind != ERR_NONE && e->kind != ERR_GONE)
        log_follow_note(f, arena_printf(f->arena, "%s: %s", s->pod, e->text));
    return e->status != 404 && e->status != 403;
}

static void run_stream(void *arg)
{
    struct pod_stream *s = arg;
    bool on = true;

    while (on && !s->cancel.fired) {
        struct arena *a = arena_new();
        struct err e = { 0 }, ignored = { 0 };
        bool ok = ask_stream(s, a, &e);
        bool unnamed = !ok && s->named && log_no_such_container(&e);
        s->named = s->named && !unnamed;
        on = unnamed || s->of->closed || tell_stream_end(s, &e);
        arena_free(a);
        if (on && !unnamed && !s->cancel.fired)
            nap_for(s->of->follower.source->loop, AGAIN_SECONDS, "log of", "a pod", &s->cancel,
                    &ignored);
    }
    s->ended = true;
    s->of->left--;
    streaming--;
    cancel_fire(&s->of->idle);
}

/* -- all of them ---------------------------------------------------------------------------------
 */

static bool is_followed(const struct pods_follower *f, const char *pod)
{
    for (int i = 0; i < f->count; i++)
        if (!strcmp(f->streams[i]->pod, pod) && !f->streams[i]->ended)
            return true;
    return false;
}

/* That of a pod that went, or a new one; NULL: all are in use. */
static struct pod_stream *free_stream(struct pods_follower *f)
{
    for (int i = 0; i < f->count; i++) {
        struct pod_stream *s = f->streams[i];
        if (!s->ended || memchr(s->got.data, '\n', s->got.len))
            continue;
        buf_free(&s->got);
        return s;
    }
    if (f->count == STREAMS)
        return NULL;
    return f->streams[f->count++] = arena_make(f->follower.arena, struct pod_stream);
}

static void follow_pod(struct pods_follower *f, const char *pod, long long last)
{
    struct pod_stream *s = streaming < ALL_STREAMS ? free_stream(f) : NULL;

    if (!s) {
        log_follow_note(&f->follower, "more pods are there than can be followed");
        return;
    }
    *s = (struct pod_stream){
        .of = f, .pod = text_clean(f->follower.arena, pod, 253), .last = last, .named = true
    };
    buf_init(&s->got, WAITING);
    f->left++;
    streaming++;
    fiber_start(run_stream, s);
}

/* Of the replica, in what was read before; 0: it had none. */
static long long last_line_of(const struct log_part *p, const char *pod)
{
    for (int i = p->lines - 1; i >= 0; i--)
        if (text_same(p->replicas[p->marks[i].replica], pod))
            return p->marks[i].ns;
    return 0;
}

static void look_for_pods(struct pods_follower *f, const struct log_part *newest)
{
    struct log_source *s = f->follower.source;
    struct arena *a = arena_new();
    struct err e = { 0 };
    const struct kube_pod *pods =
        kube_higress_pods(s->config->kube.higress, s->loop, a,
                          log_pod_log(f->follower.q->what)->workload, s->cancel, &e);

    for (; pods && pods->name; pods++)
        if (!is_followed(f, pods->name))
            follow_pod(f, pods->name, newest ? last_line_of(newest, pods->name) : 0);
    if (!pods && e.kind != ERR_GONE)
        log_follow_note(&f->follower, e.text);
    f->listed = loop_now(s->loop);
    arena_free(a);
}

/* Behind the lines that came before. */
static const char *skip_told(struct pod_stream *s, const char *text, const char *end)
{
    while (s->catching && text < end) {
        size_t n = 0;
        if (log_stamp(text, end, &n) > s->last) {
            s->catching = false;
            break;
        }
        text = (const char *)memchr(text, '\n', (size_t)(end - text)) + 1;
    }
    return text;
}

static void take_whole_lines(struct pod_stream *s, struct arena *a, struct log_stream *out)
{
    const char *nl = s->got.len ? memrchr(s->got.data, '\n', s->got.len) : NULL;
    size_t n = nl ? (size_t)(nl - s->got.data) + 1 : 0;
    char *text = arena_strndup(a, s->got.data, n), *came = text + s->earlier, *end = text + n;

    buf_consume(&s->got, n);
    const char *at = skip_told(s, came, end);
    memmove(came, at, (size_t)(end - at));
    end -= at - came;
    s->earlier = 0;
    *out = (struct log_stream){ s->pod, text, (size_t)(end - text), false };
    if (text == end)
        return;
    const char *last = memrchr(text, '\n', (size_t)(end - 1 - text));
    long long ns = log_stamp(last ? last + 1 : text, end, &n);
    s->last = ns > s->last ? ns : s->last;
}

static bool poll_pods(struct log_follower *follower, struct arena *a, struct log_part *out,
                      struct err *e)
{
    struct pods_follower *f = (struct pods_follower *)follower;
    struct log_stream *streams = arena_array(a, struct log_stream, f->count + 1);

    (void)e;
    if (loop_now(follower->source->loop) - f->listed > LIST_SECONDS)
        look_for_pods(f, NULL);
    for (int i = 0; i < f->count; i++)
        take_whole_lines(f->streams[i], a, &streams[i]);
    log_merge(a, streams, f->count, LOG_MOMENT_NOW, true, out);
    return true;
}

/* Streams have tokens of their own, because one wakes one fiber only: who waits for them all is
 * woken by the first that has something, or by its caller's token. */
static void look_again(void *arg)
{
    struct pods_follower *f = arg;
    cancel_fire(&f->idle);
}

static void nap_until_news(struct pods_follower *f, double seconds)
{
    struct err ignored = { 0 };

    f->idle = (struct cancel){ 0 };
    nap_for(f->follower.source->loop, seconds, "lines of", "pods", &f->idle, &ignored);
}

static bool pause_pods(struct log_follower *follower, double seconds, struct err *e)
{
    struct pods_follower *f = (struct pods_follower *)follower;
    struct cancel *outer = follower->source->cancel;

    if (!outer->fired) {
        outer->wake = look_again;
        outer->arg = f;
        nap_until_news(f, fmin(seconds, LIST_SECONDS));
        outer->wake = NULL;
    }
    return !outer->fired || err_set(e, ERR_GONE, "cancelled");
}

static void close_pods(struct log_follower *follower)
{
    struct pods_follower *f = (struct pods_follower *)follower;

    f->closed = true;
    for (int i = 0; i < f->count; i++)
        cancel_fire(&f->streams[i]->cancel);
    while (f->left)
        nap_until_news(f, STREAM_SECONDS);
    for (int i = 0; i < f->count; i++)
        buf_free(&f->streams[i]->got);
}

struct log_follower *log_follow_pods(struct log_source *s, struct arena *a,
                                     const struct accesslog_query *q, const struct log_part *newest)
{
    static const struct log_follower_ops ops = { poll_pods, pause_pods, close_pods };
    struct pods_follower *f = arena_make(a, struct pods_follower);

    *f = (struct pods_follower){ .follower = { .ops = &ops, .source = s, .q = q, .arena = a } };
    look_for_pods(f, newest);
    return &f->follower;
}
