/* test_probe.c - who answers and who does not, with `openssl s_server` as the TLS side. */
#include "base/arena.h"
#include "base/err.h"
#include "check.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "net/probe.h"
#include "net/reach.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

struct job {
    struct arena *arena;
    const char *host, *tls_name;
    int port;
    const struct reach *reach;
    struct probe out;
};

static void work(struct loop *l, void *arg)
{
    struct job *j = arg;
    struct err e = { 0 };
    assert_true(probe(l, j->arena, j->host, j->port, j->tls_name, 2, j->reach, NULL, &j->out, &e));
}

static const char *reached(const char *host, int port, const char *tls_name,
                           const struct reach *reach)
{
    struct job j = {
        .arena = arena_new(), .host = host, .port = port, .tls_name = tls_name, .reach = reach
    };
    loop_main(work, &j);
    arena_free(j.arena);
    return probe_name(j.out.result);
}

static const char *result_of(const char *host, int port, const char *tls_name)
{
    return reached(host, port, tls_name, NULL);
}

static void plain(void **state)
{
    (void)state;
    int port;
    int fd = listener(&port);
    assert_string_equal(result_of("127.0.0.1", port, NULL), "ok");
    assert_string_equal(result_of("no-such-host.invalid", port, NULL), "dns");
    close(fd);
    assert_string_equal(result_of("127.0.0.1", port, NULL), "refused");
}

/* Answers every connection with plain HTTP, as a server without TLS does. */
static void plain_http(int fd)
{
    for (;;) {
        int c = accept(fd, NULL, NULL);
        char in[512];
        if (read(c, in, sizeof in) > 0)
            (void)!write(c, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        close(c);
    }
}

static void plain_behind_tls(void **state)
{
    (void)state;
    int port;
    int fd = listener(&port);
    pid_t child = fork();
    if (child == 0)
        plain_http(fd);
    assert_string_equal(result_of("127.0.0.1", port, "shop.example"), "not-tls");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(fd);
}

static void own_certificate(void **state)
{
    (void)state;
    int port;
    close(listener(&port));
    char dir[] = "/tmp/probe-XXXXXX", key[64], cert[64], number[16];
    assert_non_null(mkdtemp(dir));
    snprintf(key, sizeof key, "%s/key", dir);
    snprintf(cert, sizeof cert, "%s/cert", dir);
    snprintf(number, sizeof number, "%d", port);
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=shop.example", "-days", "1",
               "-keyout", key, "-out", cert, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        execlp("openssl", "openssl", "s_server", "-quiet", "-accept", number, "-cert", cert, "-key",
               key, (char *)NULL);
        _exit(127);
    }
    const char *result = "refused";
    for (int i = 0; i < 100 && strcmp(result, "refused") == 0; i++) {
        usleep(50000);
        result = result_of("127.0.0.1", port, "shop.example");
    }
    assert_string_equal(result, "tls-unknown-ca");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unlink(key);
    unlink(cert);
    rmdir(dir);
}

/* What is judged is the address, however it was come by. */
static void out_of_reach(void **state)
{
    (void)state;
    static const char *const allow[] = { "127.0.0.0/8", NULL };
    const struct reach none = { 0 }, own = { .loopback = true }, allowed = { .allow = allow };
    int port;
    int fd = listener(&port);
    assert_string_equal(reached("127.0.0.1", port, NULL, &none), "not-probed");
    assert_string_equal(reached("localhost", port, NULL, &none), "not-probed");
    assert_string_equal(reached("127.1", port, NULL, &none), "not-probed");
    assert_string_equal(reached("2130706433", port, NULL, &none), "not-probed");
    assert_string_equal(reached("0.0.0.0", port, NULL, &own), "not-probed");
    assert_string_equal(reached("::ffff:127.0.0.1", port, NULL, &none), "not-probed");
    assert_string_equal(reached("127.0.0.1", port, "shop.example", &none), "not-probed");
    assert_string_equal(reached("169.254.169.254", 80, NULL, &own), "not-probed");
    assert_string_equal(reached("127.0.0.1", port, NULL, &own), "ok");
    assert_string_equal(reached("localhost", port, NULL, &own), "ok");
    assert_string_equal(reached("127.0.0.1", port, NULL, &allowed), "ok");
    assert_string_equal(reached("::ffff:127.0.0.1", port, NULL, &allowed), "ok");
    close(fd);
}

static const char *judged(const char *text)
{
    static const struct reach none = { 0 };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    const char *what = NULL;
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        what = reach_refuses(&none, (struct sockaddr *)&four);
    else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        what = reach_refuses(&none, (struct sockaddr *)&six);
    else
        fail_msg("%s is no address", text);
    return what ? what : "";
}

static void networks(void **state)
{
    (void)state;
    static const char *const fine[] = { "10.0.0.1",        "192.168.0.1",     "8.8.8.8",
                                        "100.100.100.201", "169.253.1.1",     "fd00::1",
                                        "2001:db8::1",     "::ffff:10.0.0.1", "64:ff9b::808:808",
                                        "2002:808:808::1", "223.255.255.255" };
    static const char *const refused[] = { "127.0.0.1",
                                           "127.255.0.9",
                                           "::1",
                                           "::ffff:127.0.0.1",
                                           "::127.0.0.1",
                                           "64:ff9b::7f00:1",
                                           "64:ff9b:1::7f00:1",
                                           "2002:7f00:1::",
                                           "2001:0:1:2:3:4:80ff:fffe",
                                           "0.0.0.0",
                                           "0.1.2.3",
                                           "::",
                                           "169.254.0.1",
                                           "::ffff:169.254.169.254",
                                           "64:ff9b::a9fe:a9fe",
                                           "2002:a9fe:a9fe::1",
                                           "fe80::1",
                                           "febf::1",
                                           "fd00:ec2::254",
                                           "100.100.100.200",
                                           "::ffff:100.100.100.200",
                                           "224.0.0.1",
                                           "239.1.2.3",
                                           "ff02::1",
                                           "255.255.255.255",
                                           "240.0.0.1",
                                           "::ffff:0:127.0.0.1" };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (*judged(fine[i]))
            fail_msg("%s is %s", fine[i], judged(fine[i]));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (!*judged(refused[i]))
            fail_msg("%s may be connected to", refused[i]);
    assert_string_equal(judged("169.254.169.254"), "the metadata service of a cloud");
}

static void networks_as_text(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_true(reach_is_network("10.0.0.0/8", &e));
    assert_true(reach_is_network("fd00::/8", &e));
    assert_true(reach_is_network("10.0.0.1", &e));
    static const char *const wrong[] = { "10.0.0.0/33", "10.0.0.0/",  "10.0.0/8", "x", "",
                                         "::/129",      "10.0.0.0/-1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (reach_is_network(wrong[i], &(struct err){ 0 }))
            fail_msg("%s is a network", wrong[i]);
}

/* A name that a URL would read as more leads elsewhere. */
static void hosts_by_their_characters(void **state)
{
    static const char *const good[] = { "a.example", "a-b_c", "10.0.0.1", "::1", "fd00::1.2.3.4" };
    static const char *const wrong[] = {
        "", "x@a", "a/", "a?", "a#", "a b", "a\\b", "a%2f", "[::1]"
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(probe_is_host(good[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(probe_is_host(wrong[i]));
}

static void ask_through(struct loop *l, void *arg)
{
    struct arena *a = arena_new();
    struct fetch_request r = { .url = "http://open.test/", .method = "GET", .proxy = arg };
    struct fetch_answer answer = { 0 };
    struct err e = { 0 };
    assert_false(fetch(l, a, &r, &answer, &e));
    assert_non_null(strstr(e.text, "through the proxy"));
    assert_null(strstr(e.text, "hidden"));
    arena_free(a);
}

/* libcurl quotes the whole URL of a proxy that it does not take. */
static void no_password_of_a_proxy_is_told(void **state)
{
    static const char *const odd[] = { "socks9://me:hidden@127.0.0.1:1", "http://me:hidden@[::1",
                                       "http://me:hidden@a b" };
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        loop_main(ask_through, (void *)(uintptr_t)odd[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(plain_behind_tls),
        cmocka_unit_test(own_certificate),
        cmocka_unit_test(out_of_reach),
        cmocka_unit_test(networks),
        cmocka_unit_test(networks_as_text),
        cmocka_unit_test(hosts_by_their_characters),
        cmocka_unit_test(no_password_of_a_proxy_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
