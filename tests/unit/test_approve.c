/* test_approve.c - the command line decides: on a terminal, never from a pipe; the process that
 * waits applies within a second, and when there is none, the command does. */
#include "world.h"
#include <fcntl.h>
#include <pty.h>

#define ROUTE                                                                                      \
    "{\"name\":\"pay\",\"domains\":[\"a.example\"],\"path\":{\"matchType\":\"PRE\","               \
    "\"matchValue\":\"/\"},\"services\":[{\"name\":\"web.static\",\"port\":80}]}"

static __attribute__((noinline)) const char *pending(struct world *w)
{
    struct err e = { 0 };
    const char *id = NULL;
    double_object(w, "/v1/routes/pay", ROUTE);
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    cJSON *before =
        gateway_object(w->gateway, w->arena, kind_find("route"), "pay", NULL, NULL, NULL, &e);
    cJSON *after = json_merge_patch(w->arena, before,
                                    json_parse(w->arena, "{\"domains\":[\"b.example\"]}", 25, &e));
    if (!plan_put(p, "route", "pay", NULL, before, after) ||
        engine_propose(w->engine, p, false, "tester", &id, &e) != ENGINE_ASK)
        fail_msg("%s", e.text);
    return id;
}

struct command_run {
    int code;
    char text[3000];
};

/* The child: `higress-ops VERB ID` beside this test program. */
static __attribute__((noinline)) _Noreturn void become(const char *verb, const char *id)
{
    char self[1024] = "", program[1100], url[64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    snprintf(program, sizeof program, "%.*s/higress-ops", (int)(slash - self), self);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", double_port);
    setenv("HIGRESS_OPS_URL", url, 1);
    setenv("HIGRESS_OPS_STATE", double_state, 1);
    setenv("HIGRESS_OPS_PASSWORD", "admin", 1);
    execl(program, "higress-ops", verb, id, (char *)NULL);
    _exit(127);
}

static void ended(void *arg, int pid, int status)
{
    (void)pid;
    struct command_run *r = arg;
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Runs it on a terminal of its own (or on pipes) and types the answer; our loop goes on meanwhile.
 */
static __attribute__((noinline)) void run(struct world *w, const char *verb, const char *id,
                                          const char *answer, bool tty, struct command_run *r)
{
    int fd = -1, in[2], out[2];
    pid_t pid;
    memset(r, 0, sizeof *r);
    r->code = -1;
    assert_int_equal(pipe(in) | pipe(out), 0);
    pid = tty ? forkpty(&fd, NULL, NULL, NULL) : fork();
    if (pid == 0) {
        if (!tty) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            dup2(out[1], 2);
        }
        become(verb, id);
    }
    loop_child(w->loop, pid, ended, r);
    int from = tty ? fd : out[0], to = tty ? fd : in[1];
    fcntl(from, F_SETFL, O_NONBLOCK);
    assert_int_equal(write(to, answer, strlen(answer)), (ssize_t)strlen(answer));
    size_t n = 0;
    for (int i = 0; i < 400 && r->code < 0; i++) {
        struct err e = { 0 };
        nap(w->loop, 0.05, NULL, &e);
        ssize_t got = read(from, r->text + n, sizeof r->text - 1 - n);
        n += got > 0 ? (size_t)got : 0;
    }
    for (int i = 0; i < 2; i++) {
        close(in[i]);
        close(out[i]);
    }
    if (fd >= 0)
        close(fd);
}

static const char *state_of(struct world *w, const char *id)
{
    struct err e = { 0 };
    return json_str(engine_show(w->engine, w->arena, id, false, &e), "state");
}

static void wants(struct world *w, const struct command_run *r, int code, const char *words,
                  const char *id, const char *state)
{
    if (r->code != code || !strstr(r->text, words))
        fail_msg("exit %d: %s", r->code, r->text);
    assert_string_equal(state_of(w, id), state);
}

static void body_pipe(struct world *w)
{
    struct command_run *r = arena_make(w->arena, struct command_run);
    const char *id = pending(w);
    run(w, "approve", id, "yes\n", false, r);
    wants(w, r, 5, "never read from a pipe", id, "pending");
    run(w, "reject", id, "yes\n", false, r);
    wants(w, r, 5, "never read from a pipe", id, "pending");
    assert_int_equal(double_writes(w), 0);
}

static void body_no(struct world *w)
{
    struct command_run *r = arena_make(w->arena, struct command_run);
    const char *id = pending(w);
    run(w, "approve", id, "n\n", true, r);
    wants(w, r, 6, "nothing was decided", id, "pending");
    run(w, "approve", id, "\x04", true, r);
    wants(w, r, 6, "nothing was decided", id, "pending");
    run(w, "reject", id, "yes\n", true, r);
    wants(w, r, 0, "rejected", id, "rejected");
    run(w, "approve", id, "yes\n", true, r);
    assert_int_not_equal(r->code, 0);
    assert_int_equal(double_writes(w), 0);
}

/* This process waits for the decision: it applies, and the command tells. */
static void body_held(struct world *w)
{
    struct command_run *r = arena_make(w->arena, struct command_run);
    engine_start(w->engine);
    const char *id = pending(w);
    run(w, "approve", id, "yes\n", true, r);
    wants(w, r, 0, "domains[0]: \"a.example\" -> \"b.example\"", id, "applied");
    assert_int_equal(double_count(w, "PUT"), 1);
}

/* Nobody waits: the command applies it itself, at once where the one that proposed it is gone. */
static void body_alone(struct world *w)
{
    struct command_run *r = arena_make(w->arena, struct command_run);
    const char *id = pending(w); /* held by this process, which does not watch */
    run(w, "approve", id, "yes\n", true, r);
    wants(w, r, 0, "applied", id, "applied");
    assert_int_equal(double_count(w, "PUT"), 1);

    run(w, "undo", id, "", true, r);
    const char *said = strstr(r->text, "approve c-");
    if (r->code != 4 || !said)
        fail_msg("exit %d: %s", r->code, r->text);
    said += strlen("approve ");
    const char *back = arena_strndup(w->arena, said, strcspn(said, "\r\n"));
    assert_string_equal(state_of(w, back), "draft");
    double began = loop_now(w->loop);
    run(w, "approve", back, "yes\n", true, r);
    wants(w, r, 0, "\"b.example\" -> \"a.example\"", back, "applied");
    assert_true(loop_now(w->loop) - began < 3);
    assert_int_equal(double_count(w, "PUT"), 2);

    run(w, "audit", "verify", "", true, r);
    if (r->code != 0 || !strstr(r->text, "whole"))
        fail_msg("exit %d: %s", r->code, r->text);
}

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        with_world("approve", body_##name);                                                        \
    }
TEST(pipe)
TEST(no)
TEST(held)
TEST(alone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_no),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
