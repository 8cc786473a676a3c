/* test_probe.c - who answers and who does not, with `openssl s_server` as the TLS side. */
#include "base/arena.h"
#include "base/err.h"
#include "check.h"
#include "net/loop.h"
#include "net/probe.h"
#include <arpa/inet.h>
#include <signal.h>
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
    struct probe out;
};

static void work(struct loop *l, void *arg)
{
    struct job *j = arg;
    struct err e = { 0 };
    assert_true(probe(l, j->arena, j->host, j->port, j->tls_name, 2, NULL, &j->out, &e));
}

static const char *result_of(const char *host, int port, const char *tls_name)
{
    struct job j = { .arena = arena_new(), .host = host, .port = port, .tls_name = tls_name };
    loop_main(work, &j);
    arena_free(j.arena);
    return probe_name(j.out.result);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(plain_behind_tls),
        cmocka_unit_test(own_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
