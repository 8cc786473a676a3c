/* fetch.c - libcurl's multi socket interface on our loop; each fetch() is a parked fiber.
 *
 * A transfer lives on its fiber's stack. It ends in one of three ways (libcurl says done, a
 * cancellation, fetch_stop) and each only puts it on the `ready` list once; the list is drained on
 * the main stack, which resumes the fibers. libcurl is never called from its own callbacks.
 *
 * Writes never reuse a connection: libcurl silently repeats a request whose reused connection died
 * before the first byte of an answer, and a write must not be sent twice.
 */
#include "net/fetch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/fetch_error_private.h"
#include "net/fetch_meter_private.h"
#include "net/fetch_transfer_private.h"
#include "net/loop.h"

struct curl_lib lib;

enum { DEFAULT_BODY = 16 << 20 };

static struct {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer *timer;
    CURL *idle[FETCH_MAX];
    int idle_count;
    int running, probing;          /* those that probe are counted apart */
    struct transfer *first, *last; /* all, in order of arrival */
    struct transfer *ready, **ready_end;
} pool = { .ready_end = &pool.ready };

/* -- from events to resumed fibers ----------------------------------------------------------------
 */

static void drain_ready(void *arg)
{
    (void)arg;
    while (pool.ready) {
        struct transfer *t = pool.ready;
        pool.ready = t->next_ready;
        if (!pool.ready)
            pool.ready_end = &pool.ready;
        fiber_resume(t->fiber);
    }
}

static void make_ready(struct transfer *t)
{
    if (t->ready)
        return;
    t->ready = true;
    t->next_ready = NULL;
    *pool.ready_end = t;
    pool.ready_end = &t->next_ready;
}

static void collect_done(void)
{
    int left;
    for (CURLMsg *m; (m = lib.curl_multi_info_read(pool.multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        void *private = NULL;
        CURLcode code = m->data.result;
        lib.curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
        struct transfer *t = private;
        t->done = true;
        t->code = code;
        make_ready(t);
    }
    drain_ready(NULL);
}

static void on_socket(void *arg, int fd, int events)
{
    (void)arg;
    int running;
    int mask =
        (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    lib.curl_multi_socket_action(pool.multi, fd, mask, &running);
    collect_done();
}

static void on_curl_timeout(void *arg)
{
    (void)arg;
    int running;
    lib.curl_multi_socket_action(pool.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect_done();
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
    (void)easy;
    (void)arg;
    int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
    if (what == CURL_POLL_REMOVE) {
        loop_unwatch(watch);
        lib.curl_multi_assign(pool.multi, fd, NULL);
    } else if (watch) {
        loop_watch_set(watch, events);
    } else {
        lib.curl_multi_assign(pool.multi, fd, loop_watch(pool.loop, fd, events, on_socket, NULL));
    }
    return 0;
}

static int set_timer(CURLM *multi, long milliseconds, void *arg)
{
    (void)multi;
    (void)arg;
    loop_untimer(pool.timer);
    pool.timer = NULL;
    if (milliseconds >= 0)
        pool.timer = loop_timer(pool.loop, (double)milliseconds / 1000, 0, on_curl_timeout, NULL);
    return 0;
}

void fetch_trim(int keep)
{
    while (pool.idle_count > keep)
        lib.curl_easy_cleanup(pool.idle[--pool.idle_count]);
}

static void close_pool(void *arg)
{
    (void)arg;
    fetch_trim(0);
    lib.curl_multi_cleanup(pool.multi);
    loop_untimer(pool.timer);
    pool.multi = NULL;
    pool.timer = NULL;
    pool.loop = NULL;
}

bool fetch_load(struct loop *l, struct err *e)
{
    if (pool.multi)
        return true;
    if (!LIB_LOAD(lib, CURL_API, "libcurl.so.4", "libcurl4", e))
        return false;
    pool.loop = l;
    pool.multi = lib.curl_multi_init();
    lib.curl_multi_setopt(pool.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    lib.curl_multi_setopt(pool.multi, CURLMOPT_TIMERFUNCTION, set_timer);
    lib.curl_multi_setopt(pool.multi, CURLMOPT_MAXCONNECTS, (long)FETCH_MAX);
    loop_at_end(l, close_pool, NULL);
    return true;
}

/* -- the life of a transfer -------------------------------------------------------------- */

static void on_cancel(void *arg)
{
    struct transfer *t = arg;
    t->cancelled = true;
    make_ready(t);
    loop_soon(pool.loop, drain_ready, NULL);
}

static const char *shown_target(const struct fetch_request *r)
{
    return r->shown ? r->shown : r->url;
}

static void wait_here(struct transfer *t)
{
    struct cancel *c = t->request->cancel;
    t->ready = false;
    if (c) {
        c->wake = on_cancel;
        c->arg = t;
    }
    fiber_park(t->request->method, shown_target(t->request));
    if (c)
        c->wake = NULL;
}

static void enlist_transfer(struct transfer *t)
{
    t->prev = pool.last;
    *(pool.last ? &pool.last->next : &pool.first) = t;
    pool.last = t;
}

static void delist_transfer(struct transfer *t)
{
    *(t->prev ? &t->prev->next : &pool.first) = t->next;
    *(t->next ? &t->next->prev : &pool.last) = t->prev;
}

static bool admit_transfer(struct transfer *t)
{
    int *running = t->request->probes ? &pool.probing : &pool.running;
    if (*running >= (t->request->probes ? FETCH_PROBES : FETCH_MAX))
        return false;
    t->admitted = true;
    ++*running;
    return true;
}

/* The place of a transfer that ended goes to the one that has waited longest. */
static void admit_next(void)
{
    for (struct transfer *t = pool.first; t; t = t->next) {
        if (t->admitted || !admit_transfer(t))
            continue;
        make_ready(t);
        loop_soon(pool.loop, drain_ready, NULL);
        return;
    }
}

static void perform_transfer(struct transfer *t)
{
    bool kept = !t->request->sink && pool.idle_count > 0;
    t->easy = kept ? pool.idle[--pool.idle_count] : lib.curl_easy_init();
    fetch_setup(t);
    lib.curl_multi_add_handle(pool.multi, t->easy);
    wait_here(t);
    if (!t->keeps)
        lib.curl_multi_remove_handle(pool.multi, t->easy);
}

static void release_transfer(struct transfer *t)
{
    if (t->keeps)
        lib.curl_multi_remove_handle(pool.multi, t->easy);
    lib.curl_slist_free_all(t->headers);
    lib.curl_slist_free_all(t->connect_to);
    lib.curl_easy_reset(t->easy);
    if (!t->request->sink && pool.idle_count < FETCH_MAX) /* those have buffers of one size */
        pool.idle[pool.idle_count++] = t->easy;
    else
        lib.curl_easy_cleanup(t->easy);
    t->easy = NULL;
}

static bool explain(struct transfer *t, struct err *e)
{
    long os_errno = 0, proxy_status = 0;
    curl_off_t connected = 0;
    lib.curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
    lib.curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    lib.curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connected);
    struct fetch_facts f = {
        .method = t->request->method,
        .url = shown_target(t->request),
        .proxy = t->request->proxy,
        .proxy_status = (int)proxy_status,
        .code = t->code,
        .reason = lib.curl_easy_strerror((CURLcode)t->code),
        .detail = t->detail,
        .os_errno = (int)os_errno,
        .connected = connected > 0,
        .received = t->received,
        .waited = t->answer->seconds,
        .max_body = t->max_body,
        .ca_file = t->request->ca_file,
        .out_of_reach = t->sockets ? NULL : t->refused,
    };
    t->answer->cause = fetch_why(&f);
    return fetch_error(t->arena, &f, e);
}

/* Reads out what the handle knows; true when a whole answer is there. */
static bool conclude_transfer(struct transfer *t, struct err *e)
{
    long status = 0, sent = 0;
    curl_off_t microseconds = 0;
    lib.curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    lib.curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    lib.curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &microseconds);
    struct fetch_answer *out = t->answer;
    out->status = (int)status;
    out->maybe_sent = sent > 0;
    out->seconds = (double)microseconds / 1e6;
    out->body = t->body->data;
    out->len = t->body->len;
    if (t->request->connect_only)
        fetch_read_chain(t);
    if (t->cancelled && !t->done)
        return err_set(e, ERR_GONE, "cancelled while waiting for %s", t->request->method);
    if (t->code == CURLE_OK || out->stopped)
        return true;
    return explain(t, e);
}

static void trace_transfer(const struct transfer *t, bool ok, const struct err *e)
{
    const struct fetch_request *r = t->request;
    if (ok)
        trace(TRACE_FETCH, "%s %s: %d, %zu bytes, %.3f s", r->method, shown_target(r),
              t->answer->status, t->received, t->answer->seconds);
    else
        trace(TRACE_FETCH, "%s %s fails: %s", r->method, shown_target(r), e->text);
}

/* The life of one; t->easy is kept where it was asked for and came about. */
static bool run_transfer(struct transfer *t, struct err *e)
{
    enlist_transfer(t);
    if (!admit_transfer(t))
        wait_here(t);

    bool ok = false;
    if (t->cancelled) {
        err_set(e, ERR_GONE, "cancelled while waiting for a free connection");
    } else {
        perform_transfer(t);
        ok = conclude_transfer(t, e);
        if (!ok || !t->keeps)
            release_transfer(t);
    }
    delist_transfer(t);
    trace_transfer(t, ok, e);
    if (t->admitted) {
        --*(t->request->probes ? &pool.probing : &pool.running);
        admit_next();
    }
    return ok;
}

static bool fetch_once(struct loop *l, struct arena *a, const struct fetch_request *r,
                       struct fetch_answer *out, struct err *e)
{
    *out = (struct fetch_answer){ .headers = arena_array(a, struct fetch_header, HEADERS_MAX + 1) };
    if (r->cancel && r->cancel->fired)
        return err_set(e, ERR_GONE, "cancelled");
    if (r->via)
        return r->via->fetch(r->via->arg, l, a, r, out, e);
    if (!fetch_may_send(a, r->headers, e) || !fetch_load(l, e))
        return false;

    size_t max_body = r->max_body ? r->max_body : DEFAULT_BODY;
    struct transfer t = { .request = r,
                          .answer = out,
                          .arena = a,
                          .fiber = fiber_self(),
                          .max_body = max_body,
                          .body = buf_in(a, max_body) };
    return run_transfer(&t, e);
}

bool fetch(struct loop *l, struct arena *a, const struct fetch_request *r, struct fetch_answer *out,
           struct err *e)
{
    struct fetch_seen seen;
    fetch_begin(&seen, r);
    bool ok = fetch_once(l, a, r, out, e);
    fetch_end(&seen, r, out);
    return ok;
}

void fetch_count(int *running, int *waiting)
{
    *running = *waiting = 0;
    for (const struct transfer *t = pool.first; t; t = t->next)
        ++*(t->admitted ? running : waiting);
}

/* -- connections that outlive their transfer ---------------------------------------------- */

/* What pointed to the transfer, which ends. */
static void forget_transfer(struct transfer *t)
{
    lib.curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    lib.curl_easy_setopt(t->easy, CURLOPT_PRIVATE, NULL);
    lib.curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    lib.curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, NULL);
    lib.curl_slist_free_all(t->headers);
    lib.curl_slist_free_all(t->connect_to);
}

bool fetch_dial(struct loop *l, struct arena *a, const struct fetch_request *r, CURL **easy,
                int *fd, struct err *e)
{
    struct fetch_answer answer = { .headers =
                                       arena_array(a, struct fetch_header, HEADERS_MAX + 1) };
    if (r->cancel && r->cancel->fired)
        return err_set(e, ERR_GONE, "cancelled");
    if (!fetch_load(l, e))
        return false;
    struct transfer t = { .request = r,
                          .answer = &answer,
                          .arena = a,
                          .fiber = fiber_self(),
                          .body = buf_in(a, 1),
                          .keeps = true };
    if (!run_transfer(&t, e))
        return false;
    curl_socket_t socket = CURL_SOCKET_BAD;
    lib.curl_easy_getinfo(t.easy, CURLINFO_ACTIVESOCKET, &socket);
    forget_transfer(&t);
    if (socket == CURL_SOCKET_BAD) {
        fetch_hang_up(t.easy);
        return err_set(e, ERR_NET, "%s: the server closed the connection at once", shown_target(r));
    }
    *easy = t.easy;
    *fd = socket;
    return true;
}

void fetch_hang_up(CURL *easy)
{
    if (!easy)
        return;
    if (pool.multi)
        lib.curl_multi_remove_handle(pool.multi, easy);
    lib.curl_easy_cleanup(easy);
}

const char *fetch_answer_header(const struct fetch_answer *a, const char *name)
{
    for (const struct fetch_header *h = a->headers; h && h->name; h++)
        if (strcmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

void fetch_stop(struct loop *l)
{
    if (pool.loop != l)
        return;
    for (struct transfer *t = pool.first; t; t = t->next) {
        t->cancelled = true;
        make_ready(t);
    }
    drain_ready(NULL);
}
