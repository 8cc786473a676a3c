/* test_faults.c - a console that breaks in every way: no fault may lead to a write that was not
 * asked for, nor to a lie about one.
 *
 * Each row breaks some request of one and the same approved change (the route's domain moves from
 * a.example to b.example) and says what must come of it. Whatever it is, the state must agree with
 * what the double holds afterwards: applied is b, failed is a, unknown is either.
 * Slow: most rows wait for a deadline.
 */
#include "base/text.h"
#include "world.h"
#include <fcntl.h>

#define ROUTE                                                                                      \
    "{\"name\":\"pay\",\"domains\":[\"a.example\"],\"path\":{\"matchType\":\"PRE\","               \
    "\"matchValue\":\"/\"},\"services\":[{\"name\":\"web.static\",\"port\":80}]}"

struct row {
    const char *what, *fault;
    const char *state; /* "a|b": one of these */
    const char *words; /* what the answer must contain, or NULL */
    int puts;          /* -1: any, but never more than 1 */
};

static const struct row rows[] = {
    /* The last look before the write breaks: nothing may be written. */
    { "read reset", "{\"method\":\"GET\",\"do\":\"reset\",\"times\":9}", "failed", "broke", 0 },
    { "read reset once is repeated", "{\"method\":\"GET\",\"do\":\"reset\"}", "applied", NULL, 1 },
    { "read reset in the body", "{\"method\":\"GET\",\"do\":\"reset-body\",\"times\":9}", "failed",
      "nothing was written", 0 },
    { "read truncated", "{\"method\":\"GET\",\"do\":\"truncated\",\"times\":9}", "failed",
      "nothing was written", 0 },
    { "read slow", "{\"method\":\"GET\",\"do\":\"slow\",\"seconds\":9,\"times\":9}", "failed",
      "nothing was written", 0 },
    { "read HTML with 200", "{\"method\":\"GET\",\"do\":\"html\"}", "failed", "text/html", 0 },
    { "read HTML with 404", "{\"method\":\"GET\",\"do\":\"html404\"}", "failed", "404", 0 },
    { "read 50 MB", "{\"method\":\"GET\",\"do\":\"big\",\"times\":9}", "failed",
      "nothing was written", 0 },
    { "read garbage", "{\"method\":\"GET\",\"do\":\"garbage\"}", "failed", "not the console's", 0 },
    { "read empty with 200", "{\"method\":\"GET\",\"do\":\"empty\"}", "failed", "something else",
      0 },
    { "read {}", "{\"method\":\"GET\",\"do\":\"object\"}", "failed", "something else", 0 },
    { "read another object", "{\"method\":\"GET\",\"do\":\"other\"}", "failed", "something else",
      0 },
    { "read 401", "{\"method\":\"GET\",\"do\":\"status:401\",\"times\":9}", "failed", "401", 0 },
    { "read 500", "{\"method\":\"GET\",\"do\":\"status:500\"}", "failed", "the double says no", 0 },
    { "read 502 for not found", "{\"method\":\"GET\",\"do\":\"not-found-502\"}", "void",
      "changed since", 0 },
    /* The write breaks. */
    { "write reset before", "{\"method\":\"PUT\",\"do\":\"reset\"}", "failed", "was not written",
      1 },
    { "write reset after", "{\"method\":\"PUT\",\"do\":\"reset-after\"}", "applied", NULL, 1 },
    { "write answer cut", "{\"method\":\"PUT\",\"do\":\"reset-body\"}", "applied", NULL, 1 },
    { "write answer short", "{\"method\":\"PUT\",\"do\":\"truncated\"}", "applied", NULL, 1 },
    { "write never answered", "{\"method\":\"PUT\",\"do\":\"hang-after\",\"seconds\":9}", "applied",
      NULL, 1 },
    { "write HTML with 200", "{\"method\":\"PUT\",\"do\":\"html\"}", "failed", "text/html", 1 },
    { "write garbage with 200", "{\"method\":\"PUT\",\"do\":\"garbage\"}", "failed",
      "was not written", 1 },
    { "write 50 MB", "{\"method\":\"PUT\",\"do\":\"big\"}", "failed", "was not written", 1 },
    { "write 200 without doing it", "{\"method\":\"PUT\",\"do\":\"lie\"}", "failed",
      "answered with success", 1 },
    { "write empty 200 without doing it", "{\"method\":\"PUT\",\"do\":\"empty\"}", "failed",
      "answered with success", 1 },
    { "write 400", "{\"method\":\"PUT\",\"do\":\"status:400\"}", "failed", "the double says no",
      1 },
    { "write 409", "{\"method\":\"PUT\",\"do\":\"status:409\"}", "failed", "the double says no",
      1 },
    { "write 500 before", "{\"method\":\"PUT\",\"do\":\"status:500\"}", "failed",
      "the double says no", 1 },
    { "write 500 after it was stored", "{\"method\":\"PUT\",\"do\":\"error-after\"}", "applied",
      NULL, 1 },
    { "write 502 for not found", "{\"method\":\"PUT\",\"do\":\"not-found-502\"}", "failed",
      "can't found it", 1 },
    { "write 401, then the session is refused",
      "{\"method\":\"PUT\",\"do\":\"status:401\","
      "\"times\":2}",
      "failed", "401", -1 },
    { "write 401 once", "{\"method\":\"PUT\",\"do\":\"status:401\"}", "applied", NULL, -1 },
    /* Reading back breaks: the write was accepted, but nobody saw it. */
    { "read back broken once", "{\"method\":\"GET\",\"do\":\"html\",\"skip\":1,\"times\":1}",
      "applied", NULL, 1 },
    { "read back broken", "{\"method\":\"GET\",\"do\":\"html\",\"skip\":1,\"times\":9}", "unknown",
      "could not be read back", 1 },
    { "write of success that was not done, and nothing can be read",
      "{\"method\":\"*\",\"do\":\"empty\",\"skip\":1,\"times\":99}", "unknown",
      "could not be read back", 1 },
    { "write reset and nothing can be read",
      "{\"method\":\"*\",\"do\":\"reset\",\"skip\":1,"
      "\"times\":99}",
      "unknown", "may or may not", 1 },
};
static int failures;

/* All rows are run; the test fails in the end. */
#define bad(...) (failures++, print_error(__VA_ARGS__), print_error("\n"))
enum { ROWS = sizeof rows / sizeof *rows };

static __attribute__((noinline)) const char *approved(struct world *w)
{
    struct err e = { 0 };
    const char *id = NULL;
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    cJSON *before =
        gateway_object(w->gateway, w->arena, kind_find("route"), "pay", NULL, NULL, NULL, &e);
    cJSON *after = json_merge_patch(w->arena, before,
                                    json_parse(w->arena, "{\"domains\":[\"b.example\"]}", 25, &e));
    if (!plan_put(p, "route", "pay", NULL, before, after) ||
        !engine_propose(w->engine, p, false, "tester", &id, &e) ||
        !decide_as(w->engine, id, p->digest, true, "tester", &e))
        fail_msg("%s", e.text);
    return id;
}

static __attribute__((noinline)) const char *holds(struct world *w)
{
    struct err e = { 0 };
    cJSON *o =
        gateway_object(w->gateway, w->arena, kind_find("route"), "pay", NULL, NULL, NULL, &e);
    if (!o)
        fail_msg("%s", e.text);
    return cJSON_GetArrayItem(json_get(o, "domains"), 0)->valuestring;
}

static __attribute__((noinline)) void truthful(struct world *w, const struct row *r,
                                               const char *state)
{
    const char *there = holds(w);
    if (!strcmp(state, "applied") && strcmp(there, "b.example") != 0)
        bad("%s: 'applied', but the gateway holds %s", r->what, there);
    if ((!strcmp(state, "failed") || !strcmp(state, "void")) && strcmp(there, "a.example") != 0)
        bad("%s: '%s', but the gateway holds %s", r->what, state, there);
}

static __attribute__((noinline)) void one(struct world *w, const struct row *r)
{
    struct err e = { 0 };
    double_tell(w, "/_reset", "");
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = approved(w);
    char *fault = arena_printf(w->arena, "{\"path\":\"/\",%s", r->fault + 1);
    double_tell(w, "/_fault", fault);
    cJSON *o = engine_apply(w->engine, w->arena, id, NULL, &e);
    int puts = double_count(w, "PUT");
    double_tell(w, "/_fault", "{\"do\":\"none\",\"times\":0,\"clear\":true}");
    struct err later = { 0 };
    cJSON *shown = engine_show(w->engine, w->arena, id, false, &later);
    const char *state = json_str(shown, "state");
    if (!text_has_word(r->state, state))
        bad("%s: the state is %s: %s", r->what, state, e.text);
    if (!o != (strcmp(state, "applied") != 0))
        bad("%s: the answer and the state disagree", r->what);
    if (r->words && !strstr(e.text, r->words))
        bad("%s: '%s' is not in: %s", r->what, r->words, e.text);
    if (r->puts >= 0 ? puts != r->puts : puts > 2)
        bad("%s: %d PUTs", r->what, puts);
    truthful(w, r, state);
}

static void body_rows(struct world *w)
{
    for (int i = 0; i < ROWS; i++)
        one(w, &rows[i]);
    print_message("%d faults of the console\n", ROWS);
    assert_int_equal(failures, 0);
}

static void test_rows(void **state)
{
    (void)state;
    with_world("approve", body_rows);
}

/* -- lists: an empty or short list must never come of a fault ------------------------ */

static const struct {
    const char *what, *fault, *words;
} lists[] = {
    { "reset", "reset-body", "" },
    { "truncated", "truncated", "" },
    { "HTML", "html", "JSON" },
    { "garbage", "garbage", "" },
    { "empty", "empty", "" },
    { "{}", "object", "something else" },
    { "no data", "no-data", "something else" },
    { "wrong total", "wrong-total", "announced" },
    { "50 MB", "big", "" },
    { "500", "status:500", "the double says no" },
};

static bool count_one(void *arg, const cJSON *o)
{
    (void)o;
    ++*(int *)arg;
    return true;
}

static void body_lists(struct world *w)
{
    double_object(w, "/v1/routes/pay", ROUTE);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct err e = { 0 };
        int n = 0;
        double_tell(w, "/_fault",
                    arena_printf(w->arena, "{\"method\":\"GET\",\"path\":\"/\",\"do\":\"%s\"}",
                                 lists[i].fault));
        if (gateway_each(w->gateway, "/v1/routes", count_one, &n, NULL, &e))
            bad("%s: a list of %d", lists[i].what, n);
        if (!strstr(e.text, lists[i].words))
            bad("%s: '%s' is not in: %s", lists[i].what, lists[i].words, e.text);
    }
    assert_int_equal(failures, 0);
    struct err e = { 0 };
    int n = 0;
    assert_true(gateway_each(w->gateway, "/v1/routes", count_one, &n, NULL, &e));
    assert_int_equal(n, 1);
}

static void test_lists(void **state)
{
    (void)state;
    with_world("approve", body_lists);
}

/* -- a create must not overwrite, whatever the console says about existence ---------- */

static void body_create(struct world *w)
{
    static const char *const faults[] = { "html404", "status:404x", "empty", "html", "reset" };
    const char *text = "{\"name\":\"qw\",\"type\":\"qwen\",\"tokens\":[\"sk-new-0123456789abc\"]}";
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct err e = { 0 };
        const char *id = NULL;
        double_tell(w, "/_reset", "");
        double_object(w, "/v1/ai/providers/qw", "{\"name\":\"qw\",\"type\":\"old\"}");
        struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
        plan_create(p, "ai-provider", NULL, json_parse(w->arena, text, strlen(text), &e));
        engine_propose(w->engine, p, false, "tester", &id, &e);
        assert_true(decide_as(w->engine, id, p->digest, true, "tester", &e));
        double_tell(w, "/_fault",
                    arena_printf(w->arena,
                                 "{\"method\":\"GET\",\"path\":\"/v1\",\"do\":\"%s\","
                                 "\"times\":9}",
                                 faults[i]));
        assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
        assert_int_equal(double_count(w, "PUT") + (double_count(w, "POST")), 0);
        assert_null(strstr(e.text, "sk-new"));
    }
}

static void test_create(void **state)
{
    (void)state;
    with_world("approve", body_create);
}

/* Nobody listens: refused, at once, and said so. */
static void body_refused(struct world *w)
{
    struct err e = { 0 };
    struct config c = *w->config;
    c.gateway_url = "http://127.0.0.1:1";
    struct gateway *g = gateway_new(w->loop, w->arena, &c);
    assert_null(gateway_get(g, w->arena, "/system/info", NULL, NULL, &e));
    assert_int_equal(e.kind, ERR_NET);
    assert_non_null(strstr(e.text, "refused"));
}

static void test_refused(void **state)
{
    (void)state;
    with_world("approve", body_refused);
}

/* -- TLS ----------------------------------------------------------------------------- */

static bool make_certificate(const char *key, const char *cert)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2);
        execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=wrong.example",
               "-addext", "subjectAltName=DNS:wrong.example", "-keyout", key, "-out", cert,
               (char *)NULL);
        _exit(127);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    return status == 0;
}

static __attribute__((noinline)) void wants(struct world *w, const char *url, const char *ca,
                                            const char *words)
{
    struct err e = { 0 };
    struct config c = *w->config;
    c.gateway_url = url;
    c.ca_file = ca;
    struct gateway *g = gateway_new(w->loop, w->arena, &c);
    bool missing = false;
    assert_null(gateway_get(g, w->arena, "/v1/routes/pay", &missing, NULL, &e));
    assert_false(missing);
    assert_int_equal(e.kind, ERR_NET);
    if (!strstr(e.text, words))
        fail_msg("'%s' is not in: %s", words, e.text);
}

/* A certificate for another name, one that nobody trusts, and a server without TLS: the password
 * must not go out and nothing is read. */
static void body_tls(struct world *w)
{
    char *key = arena_printf(w->arena, "%s/key", double_state);
    char *cert = arena_printf(w->arena, "%s/cert", double_state);
    int in;
    pid_t pid;
    assert_true(make_certificate(key, cert));
    int port = double_launch(cert, key, &pid, &in);
    assert_true(port);
    char *url = arena_printf(w->arena, "https://127.0.0.1:%d", port);
    wants(w, url, cert, "name");
    wants(w, url, NULL, "certificate");
    wants(w, arena_printf(w->arena, "https://127.0.0.1:%d", double_port), NULL, "TLS");
    close(in);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    assert_int_equal(double_count(w, "GET"), 0);
}

static void test_tls(void **state)
{
    (void)state;
    with_world("approve", body_tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_lists), cmocka_unit_test(test_create),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_tls),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
