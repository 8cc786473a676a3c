/* test_fetch.c - answers taken whole, and every way in which none comes, against a raw socket
 * server in a child process that answers by path. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "check.h"
#include "net/fetch_transfer_private.h"
#include "net/loop.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int port;
static pid_t server;

static void say(int fd, const char *text)
{
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        n -= (size_t)sent;
    }
}

static void reset(int fd)
{
    struct linger l = { 1, 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

static void answer(int fd, const char *request)
{
    if (strstr(request, " /ok"))
        say(fd, "HTTP/1.1 200 OK\r\nX-Mixed-Case:  some value \r\nContent-Length: 5\r\n\r\nhello");
    else if (strstr(request, "CONNECT closed.test:80 "))
        say(fd, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    else if (strstr(request, " /interim"))
        say(fd,
            "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    else if (strstr(request, " /partial"))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nhello");
    else if (strstr(request, " /reset"))
        reset(fd);
    else if (strstr(request, " /big"))
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "8\r\n12345678\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n");
    else if (strstr(request, " /announced"))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nx");
    else if (strstr(request, " /slow"))
        usleep(3000000);
    else if (strstr(request, " /soon")) {
        usleep(20000);
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (strstr(request, "/kept"))
            recv(fd, &(char){ 0 }, 1, 0); /* until the other side closes */
    } else if (strstr(request, " /echo")) {
        char out[2000];
        snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(request), request);
        say(fd, out);
    }
}

static void serve_one(int fd)
{
    char in[1500];
    size_t n = 0;
    while (n < sizeof in - 1) {
        ssize_t got = recv(fd, in + n, sizeof in - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        in[n] = '\0';
        const char *end = strstr(in, "\r\n\r\n");
        if (end && (!strstr(in, "Content-Length: 4") || strlen(end + 4) >= 4))
            break;
    }
    in[n] = '\0';
    if (strstr(in, "CONNECT open.test:80 ")) { /* it is its own proxy */
        say(fd, "HTTP/1.1 200 OK\r\n\r\n");
        serve_one(fd);
        return;
    }
    answer(fd, in);
    close(fd);
}

static int start_server(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    if (bind(fd, (struct sockaddr *)&at, size) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return -1;
    port = ntohs(at.sin_port);
    server = fork();
    if (server == 0) {
        signal(SIGCHLD, SIG_IGN);
        for (int c; (c = accept(fd, NULL, NULL)) >= 0 || true;)
            if (c >= 0 && fork() == 0) {
                serve_one(c);
                _exit(0);
            } else if (c >= 0) {
                close(c);
            }
    }
    close(fd);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}

struct job {
    struct loop *loop;
    struct arena *arena;
    struct fetch_request request;
    struct fetch_answer answer;
    struct err err;
    bool ok;
    int *left;
};

static void work(void *arg)
{
    struct job *j = arg;
    j->ok = fetch(j->loop, j->arena, &j->request, &j->answer, &j->err);
    if (j->left && --*j->left == 0)
        loop_stop(j->loop);
}

static void only(struct loop *l, void *arg)
{
    struct job *j = arg;
    j->loop = l;
    work(j);
}

static struct job run(struct arena *a, const char *method, const char *path, struct fetch_request r)
{
    struct job j = { .arena = a, .request = r };
    j.request.method = method;
    if (!j.request.url)
        j.request.url = arena_printf(a, "http://u:pw@127.0.0.1:%d%s?token=hidden", port, path);
    loop_main(only, &j);
    assert_null(strstr(j.err.text, "hidden"));
    assert_null(strstr(j.err.text, "pw@"));
    return j;
}

static void takes_answers(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct job j = run(a, "GET", "/ok", (struct fetch_request){ 0 });
    assert_true(j.ok);
    assert_int_equal(j.answer.status, 200);
    assert_string_equal(j.answer.body, "hello");
    assert_string_equal(fetch_answer_header(&j.answer, "x-mixed-case"), "some value");
    assert_null(fetch_answer_header(&j.answer, "x-none"));

    j = run(a, "GET", "/interim", (struct fetch_request){ 0 });
    assert_true(j.ok);
    assert_int_equal(j.answer.status, 404);
    assert_null(fetch_answer_header(&j.answer, "x-early"));
    assert_int_equal(j.answer.len, 0);
    arena_free(a);
}

static void sends_what_was_asked(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct fetch_header headers[] = { { "X-One", "1" }, { "X-Empty", "" }, { 0 } };
    struct fetch_request r = { .headers = headers,
                               .body = "body",
                               .body_len = 4,
                               .user_pwd_user = "admin",
                               .user_pwd_password = "a:b" };
    r.url = arena_printf(a, "http://127.0.0.1:%d/echo/a/../%%2Fb", port);
    struct job j = run(a, "PUT", NULL, r);
    assert_true(j.ok);
    assert_non_null(strstr(j.answer.body, "PUT /echo/a/../%2Fb HTTP/1.1\r\n"));
    assert_non_null(strstr(j.answer.body, "X-One: 1\r\nX-Empty:\r\n"));
    assert_non_null(strstr(j.answer.body, "Authorization: Basic YWRtaW46YTpi\r\n"));
    assert_non_null(strstr(j.answer.body, "\r\n\r\nbody"));
    assert_null(strstr(j.answer.body, "Expect"));
    assert_null(strstr(j.answer.body, "Content-Type"));
    arena_free(a);
}

static bool is_refused_by(struct arena *a, const char *name, const char *value)
{
    const struct fetch_header headers[] = { { name, value }, { 0 } };
    struct fetch_request r = { .headers = headers };
    r.url = arena_printf(a, "http://127.0.0.1:%d/echo", port);
    struct job j = run(a, "GET", NULL, r);
    assert_null(strstr(j.err.text, "hidden"));
    return !j.ok && strstr(j.err.text, "it holds control characters");
}

/* A token that a plugin printed, or a value out of the environment, begins no header of its own. */
static void sends_no_header_that_is_two(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_true(is_refused_by(a, "Authorization", "Bearer hidden\r\nImpersonate-User: admin"));
    assert_true(is_refused_by(a, "Authorization", "Bearer hidden\n"));
    assert_true(is_refused_by(a, "X-A: 1\r\nX-B", "hidden"));
    assert_false(is_refused_by(a, "X-Blank", "tab\tand \xc3\xa9"));
    arena_free(a);
}

static CURLcode (*real_setopt)(CURL *, CURLoption, ...);
static bool takes_the_systems_folder;

/* Every value is one register wide. */
static CURLcode watch_setopt(CURL *easy, CURLoption option, ...)
{
    va_list args;
    va_start(args, option);
    void *value = va_arg(args, void *);
    va_end(args);
    if (option == CURLOPT_URL)
        takes_the_systems_folder = true;
    if (option == CURLOPT_CAPATH)
        takes_the_systems_folder = value != NULL;
    return real_setopt(easy, option, value);
}

static void only_watched(struct loop *l, void *arg)
{
    struct err e = { 0 };
    assert_true(fetch_load(l, &e));
    real_setopt = lib.curl_easy_setopt;
    lib.curl_easy_setopt = watch_setopt;
    only(l, arg);
    lib.curl_easy_setopt = real_setopt;
}

/* Debian's libcurl has a folder of authorities beside the file, which a CA of ours replaces, too.
 */
static void a_ca_is_the_only_one(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct fetch_tls tls = { .ca_text = "-----BEGIN CERTIFICATE-----\n" };
    struct job j = { .arena = a };
    j.request.method = "GET";
    j.request.url = arena_printf(a, "https://127.0.0.1:%d/ok", port);
    loop_main(only_watched, &j);
    assert_true(takes_the_systems_folder);
    j.request.ca_file = "/nowhere/ca.pem";
    loop_main(only_watched, &j);
    assert_false(takes_the_systems_folder);
    j.request.ca_file = NULL;
    j.request.tls = &tls;
    loop_main(only_watched, &j);
    assert_false(takes_the_systems_folder);
    arena_free(a);
}

/* An address that is a secret itself: it is asked, and named by other words. */
static void shows_other_words_for_a_secret_url(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct fetch_request r = { .url = "http://127.0.0.1:1/hooks/secret-path",
                               .shown = "the hook of ann" };
    struct job j = run(a, "POST", NULL, r);
    assert_false(j.ok);
    assert_null(strstr(j.err.text, "secret-path"));
    assert_non_null(strstr(j.err.text, "POST the hook of ann: connection refused"));
    arena_free(a);
}

static void goes_through_a_proxy(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct fetch_request r = { .url = "http://open.test/echo",
                               .proxy = arena_printf(a, "http://me:pw@127.0.0.1:%d", port) };
    setenv("no_proxy", "open.test", 1); /* counts no more than a proxy of the environment */
    struct job j = run(a, "GET", NULL, r);
    unsetenv("no_proxy");
    assert_true(j.ok);
    assert_non_null(strstr(j.answer.body, "GET /echo HTTP/1.1\r\nHost: open.test\r\n"));
    assert_null(strstr(j.answer.body, "Proxy-Authorization"));

    r.url = "http://closed.test/ok?token=hidden";
    j = run(a, "GET", NULL, r);
    assert_false(j.ok);
    assert_int_equal(j.answer.cause, FETCH_PROXY);
    assert_non_null(strstr(j.err.text, "GET http://closed.test/ok: the proxy http://127.0.0.1:"));
    assert_non_null(strstr(j.err.text, "answered CONNECT with 407: it wants another user"));

    r.proxy = "http://me:pw@127.0.0.1:1";
    j = run(a, "GET", NULL, r);
    assert_int_equal(j.answer.cause, FETCH_REFUSED);
    assert_non_null(strstr(j.err.text, "through the proxy http://127.0.0.1:1: connection refused"));

    r.proxy = "http://me:first@hidden@127.0.0.1:1";
    j = run(a, "GET", NULL, r);
    assert_non_null(strstr(j.err.text, "through the proxy http://127.0.0.1:1: "));
    arena_free(a);
}

static void says_why_none_came(void **state)
{
    (void)state;
    static const struct {
        const char *path, *sentence;
        bool maybe_sent;
    } cases[] = {
        { "/partial", "the connection broke after 5 bytes of the answer", true },
        { "/reset", "the connection broke after 0 bytes of the answer", true },
        { "/nothing", "closed the connection without an answer", true },
        { "/slow", "no answer within 0.", true }, /* on a busy machine a little more than 0.2 */
        { "/big", "the answer is larger than 16 bytes", true },
        { "/announced", "the answer is larger than 16 bytes", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *a = arena_new();
        struct fetch_request r = { .timeout = 0.2, .max_body = 16 };
        struct job j = run(a, "DELETE", cases[i].path, r);
        assert_false(j.ok);
        assert_int_equal(j.err.kind, ERR_NET);
        if (!strstr(j.err.text, cases[i].sentence))
            fail_msg("%s: %s", cases[i].path, j.err.text);
        assert_int_equal(j.answer.maybe_sent, cases[i].maybe_sent);
        arena_free(a);
    }
}

static void knows_that_nothing_was_sent(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct job j = run(a, "PUT", NULL, (struct fetch_request){ .url = "http://127.0.0.1:1/x" });
    assert_false(j.ok);
    assert_non_null(strstr(j.err.text, "PUT http://127.0.0.1:1/x: connection refused"));
    assert_false(j.answer.maybe_sent);
    j = run(a, "PUT", NULL, (struct fetch_request){ .url = "http://no-such-host.invalid/x" });
    assert_non_null(strstr(j.err.text, "has no address"));
    assert_false(j.answer.maybe_sent);
    j = run(a, "PUT", NULL,
            (struct fetch_request){ .url = arena_printf(a, "https://127.0.0.1:%d/ok", port) });
    assert_false(j.ok);
    assert_false(j.answer.maybe_sent);
    j = run(a, "GET", NULL, (struct fetch_request){ .url = "file:///etc/hostname" });
    assert_false(j.ok);
    arena_free(a);
}

static bool keep(void *arg, const char *bytes, size_t n)
{
    struct buf *b = arg;
    buf_add(b, bytes, n);
    return b->len < 8;
}

static void streams_into_a_sink(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct buf *b = buf_in(a, 100);
    struct job j =
        run(a, "GET", "/big", (struct fetch_request){ .sink = keep, .sink_arg = b, .max_body = 4 });
    assert_true(j.ok);
    assert_true(j.answer.stopped);
    assert_true(b->len >= 8);
    b = buf_in(a, 100);
    j = run(a, "GET", "/interim", (struct fetch_request){ .sink = keep, .sink_arg = b });
    assert_true(j.ok);
    assert_int_equal(j.answer.status, 404);
    assert_int_equal(b->len, 0);
    arena_free(a);
}

/* So many side by side, answered all; the loop lives on. */
static struct loop *ask_many(struct arena *a, int n, const char *path)
{
    static struct job jobs[3 * FETCH_MAX];
    struct loop *l = loop_new();
    int left = n;
    for (int i = 0; i < n; i++) {
        jobs[i] = (struct job){ .loop = l, .arena = a, .left = &left };
        jobs[i].request.method = "GET";
        jobs[i].request.url = arena_printf(a, "http://127.0.0.1:%d%s", port, path);
        fiber_start(work, &jobs[i]);
    }
    loop_run(l);
    for (int i = 0; i < n; i++)
        assert_true(jobs[i].ok);
    return l;
}

static void many_at_once(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    loop_free(ask_many(a, 3 * FETCH_MAX, "/soon"));
    fiber_drain_pool();
    arena_free(a);
}

static int open_sockets(void)
{
    char to[64] = "";
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    for (struct dirent *x; (x = readdir(d)); memset(to, 0, sizeof to))
        n += readlinkat(dirfd(d), x->d_name, to, sizeof to - 1) > 0 && !strncmp(to, "socket", 6);
    closedir(d);
    return n;
}

static void connections_that_many_left_are_closed(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct loop *l = ask_many(a, FETCH_MAX, "/soon/kept");
    int many = open_sockets();
    fetch_trim(4);
    assert_int_equal(open_sockets(), many - FETCH_MAX);
    loop_free(l);
    fiber_drain_pool();
    arena_free(a);
}

static void fire(void *arg)
{
    cancel_fire(arg);
}

static void cancelling_ends_it_at_once(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct loop *l = loop_new();
    struct cancel c = { 0 };
    int left = 1;
    struct job j = { .loop = l, .arena = a, .left = &left };
    j.request.method = "GET";
    j.request.url = arena_printf(a, "http://127.0.0.1:%d/slow", port);
    j.request.cancel = &c;
    fiber_start(work, &j);
    struct loop_timer *t = loop_timer(l, 0.05, 0, fire, &c);
    double start = loop_now(l);
    loop_run(l);
    assert_true(loop_now(l) - start < 1.5);
    assert_false(j.ok);
    assert_int_equal(j.err.kind, ERR_GONE);
    loop_untimer(t);

    left = 1;
    c = (struct cancel){ 0 };
    fiber_start(work, &j);
    fetch_stop(l);
    assert_int_equal(left, 0);
    assert_int_equal(fiber_count(), 0);
    loop_free(l);
    fiber_drain_pool();
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_answers),
        cmocka_unit_test(sends_what_was_asked),
        cmocka_unit_test(sends_no_header_that_is_two),
        cmocka_unit_test(a_ca_is_the_only_one),
        cmocka_unit_test(shows_other_words_for_a_secret_url),
        cmocka_unit_test(goes_through_a_proxy),
        cmocka_unit_test(says_why_none_came),
        cmocka_unit_test(knows_that_nothing_was_sent),
        cmocka_unit_test(streams_into_a_sink),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(connections_that_many_left_are_closed),
        cmocka_unit_test(cancelling_ends_it_at_once),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
