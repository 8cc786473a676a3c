/* test_engine.c - the change engine against the double: the gate, drift, undo, exactly once. */
#include "propose.h"
#include "store/store_pin.h"
#include "store/store_segment.h"

static void body_applies(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    struct plan *p = move_domain(w, "b.example", &e);
    assert_int_equal(p->warning_count, 1); /* authConfig is kept and said so */
    const char *id = proposed(w, p, ENGINE_ASK);
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
    assert_int_equal(double_writes(w), 0);
    err_clear(&e);

    assert_false(decide_as(w->engine, id, "another digest", true, "x", &e));
    assert_int_equal(e.kind, ERR_POLICY);
    err_clear(&e);
    approve(w, id);
    cJSON *done = engine_apply(w->engine, w->arena, id, NULL, &e);
    if (!done)
        fail_msg("%s", e.text);
    assert_string_equal(json_str(done, "state"), "applied");
    assert_int_equal(double_writes(w), 1);
    const cJSON *o = now_is(w, "route", "pay");
    assert_string_equal(cJSON_GetArrayItem(json_get(o, "domains"), 0)->valuestring, "b.example");
    assert_true(json_true(json_get(o, "authConfig"), "enabled"));

    /* Once is once. */
    assert_non_null(engine_show(w->engine, w->arena, id, true, &e));
    assert_false(decide_as(w->engine, id, NULL, true, "x", &e));
    assert_int_equal(double_writes(w), 1);
    int lines = 0;
    err_clear(&e);
    assert_true(store_verify(engine_store(w->engine, &e), NULL, &lines, &e));
    assert_int_equal(lines, 4); /* proposed, approved, applying, applied */
}

static void body_drift(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    approve(w, id);
    double_object(w, "/v1/routes/pay", ROUTE); /* same content, another version */
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
    assert_non_null(strstr(e.text, "version"));
    assert_int_equal(double_writes(w), 0);
    err_clear(&e);
    cJSON *o = engine_show(w->engine, w->arena, id, false, &e);
    assert_string_equal(json_str(o, "state"), "void");
}

static void body_says_no(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    assert_true(decide_as(w->engine, id, NULL, false, "tester", &e));
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
    err_clear(&e);
    /* The same wish again is a new change. */
    const char *again = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    assert_string_not_equal(again, id);
    const char *twice = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    assert_string_equal(again, twice);
    assert_true(engine_cancel(w->engine, again, "tester", &e));
    assert_false(engine_cancel(w->engine, again, "tester", &e));
    assert_int_equal(double_writes(w), 0);
}

static __attribute__((noinline)) void applied(struct world *w, const char *id)
{
    struct err e = { 0 };
    approve(w, id);
    if (!engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", e.text);
}

static void body_undo(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    applied(w, id);
    struct plan *back = plan_new(w->arena, "undo", CHANGE, &e);
    if (!engine_undo(w->engine, back, id, NULL, &e))
        fail_msg("%s", e.text);
    applied(w, proposed(w, back, ENGINE_ASK));
    const cJSON *o = now_is(w, "route", "pay");
    assert_string_equal(cJSON_GetArrayItem(json_get(o, "domains"), 0)->valuestring, "a.example");

    struct plan *gone = plan_new(w->arena, "test", DESTROY, &e);
    assert_true(plan_remove(gone, "route", "pay", NULL, o));
    id = proposed(w, gone, ENGINE_ASK);
    applied(w, id);
    assert_null(now_is(w, "route", "pay"));
    back = plan_new(w->arena, "undo", CHANGE, &e);
    assert_true(engine_undo(w->engine, back, id, NULL, &e));
    applied(w, proposed(w, back, ENGINE_ASK));
    assert_non_null(now_is(w, "route", "pay"));
}

/* The second operation is refused: the first is taken back. */
static void body_takes_back(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    struct plan *p = move_domain(w, "b.example", &e);
    const char *source =
        "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:80\",\"port\":80}";
    assert_true(
        plan_create(p, "service-source", NULL, json_parse(w->arena, source, strlen(source), &e)));
    const char *id = proposed(w, p, ENGINE_ASK);
    approve(w, id);
    double_tell(w, "/_fault",
                "{\"method\":\"POST\",\"path\":\"/v1/service-sources\","
                "\"do\":\"status:400\"}");
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_GATEWAY);
    assert_non_null(strstr(e.text, "the double says no"));
    assert_non_null(strstr(e.text, "1 were taken back and 0 stay"));
    const cJSON *o = now_is(w, "route", "pay");
    assert_string_equal(cJSON_GetArrayItem(json_get(o, "domains"), 0)->valuestring, "a.example");
}

static void body_auto(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_GO);
    assert_non_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    struct plan *gone = plan_new(w->arena, "test", CHANGE, &e);
    assert_true(plan_remove(gone, "route", "pay", NULL, now_is(w, "route", "pay")));
    proposed(w, gone, ENGINE_ASK);
}

static void body_dry_run(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_DRAFT);
    assert_false(engine_ask(w->engine, id, "tester", &e));
    err_clear(&e);
    assert_false(decide_as(w->engine, id, NULL, true, "tester", &e));
    assert_int_equal(e.kind, ERR_POLICY);
    assert_int_equal(double_writes(w), 0);
}

static void body_read_only(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    proposed(w, move_domain(w, "b.example", &e), ENGINE_REFUSED);
}

static bool folder_holds(const char *folder, const char *needle)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("grep", "grep", "-rqaF", needle, folder, (char *)NULL);
        _exit(2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void body_secrets(struct world *w)
{
    static const char secret[] = "sk-never-in-clear-0123456789";
    struct err e = { 0 };
    char *text =
        arena_printf(w->arena, "{\"name\":\"qw\",\"type\":\"qwen\",\"tokens\":[\"%s\"]}", secret);
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    assert_true(plan_create(p, "ai-provider", NULL, json_parse(w->arena, text, strlen(text), &e)));
    const char *id = proposed(w, p, ENGINE_ASK);
    applied(w, id);
    const cJSON *o = now_is(w, "ai-provider", "qw");
    assert_string_equal(cJSON_GetArrayItem(json_get(o, "tokens"), 0)->valuestring, secret);
    char *shown = json_print(w->arena, engine_show(w->engine, w->arena, id, true, &e));
    assert_null(strstr(shown, secret));
    assert_non_null(strstr(shown, "secret:sha256:"));
    assert_false(folder_holds(double_state, secret));
    assert_true(folder_holds(double_state, "ai-provider")); /* the search does find things */
}

/* An approval given elsewhere: this process applies it within a second. */
static void body_watches(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    engine_start(w->engine);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    struct store *other = store_open(w->arena, double_state, &e);
    bool moved;
    assert_true(store_move(other, id, STATE_PENDING, STATE_APPROVED, "p", "command line", NULL,
                           &moved, &e));
    assert_true(moved);
    double began = loop_now(w->loop);
    cJSON *o = engine_wait(w->engine, w->arena, id, 5, NULL, &e);
    assert_string_equal(json_str(o, "state"), "applied");
    assert_true(loop_now(w->loop) - began < 1.5);
    assert_int_equal(double_writes(w), 1);
    store_close(other);
}

/* One state folder, two gateways: a change for one is never applied to the other. */
static void body_other_gateway(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    struct config c = *w->config;
    c.gateway_url = arena_printf(w->arena, "http://localhost:%d", double_port);
    struct gateway *g = gateway_new(w->loop, w->arena, &c);
    struct engine *other = engine_new(w->loop, w->arena, g, &c);
    assert_false(decide_as(other, id, NULL, true, "tester", &e));
    assert_int_equal(e.kind, ERR_POLICY);
    err_clear(&e);
    approve(w, id);
    assert_null(engine_apply(other, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
    assert_int_equal(double_writes(w), 0);
    engine_stop(other);
    err_clear(&e);
    assert_non_null(engine_apply(w->engine, w->arena, id, NULL, &e));
}

/* -- other processes ----------------------------------------------------------------- */

/* Several processes want to apply the same approved change at once: one PUT. */
static void body_once(struct world *w)
{
    enum { CHILDREN = 4 };
    struct err e = { 0 };
    pid_t pids[CHILDREN];
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    approve(w, id);
    for (int i = 0; i < CHILDREN; i++)
        pids[i] = child(id, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        int status = 0;
        waitpid(pids[i], &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(double_count(w, "PUT"), 1);
}

/* Who may decide, by what, over what; and that it is asked again right before the write. */
static void body_channels(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    const struct rendering *r = engine_rendering(w->engine, w->arena, id, &e);
    const struct verdict no[] = {
        { true, "tester", CHANNEL_POLICY, r->plan, r->digest },
        { true, "tester", CHANNEL_NONE, r->plan, r->digest },
        { true, "another", CHANNEL_FORM_STDIO, r->plan, r->digest },
        { false, "another", CHANNEL_FORM_HTTP, r->plan, NULL },
        { true, "tester", CHANNEL_PAGE, r->plan, NULL },
        { true, "tester", CHANNEL_PAGE, NULL, r->digest },
        { true, "tester", CHANNEL_TERMINAL, r->digest, r->plan },
    };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (engine_decide(w->engine, id, &no[i], &e) || e.kind != ERR_POLICY)
            fail_msg("verdict %zu: %s", i, e.text);
        err_clear(&e);
    }
    assert_false(engine_cancel(w->engine, id, "another", &e));
    assert_non_null(strstr(e.text, "'tester'"));
    err_clear(&e);
    const struct verdict yes = { true, "tester", CHANNEL_FORM_HTTP, r->plan, r->digest };
    assert_true(engine_decide(w->engine, id, &yes, &e));
    w->config->approval_change = STRENGTH_STDIO_FORM; /* meanwhile */
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
    assert_non_null(strstr(e.text, "elicitation over HTTP does not approve"));
    assert_int_equal(double_writes(w), 0);
    w->config->approval_change = STRENGTH_NONE;
    err_clear(&e);
    assert_non_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_int_equal(double_writes(w), 1);
}

/* Hosts that come and go: a change each. */
static void body_lists(struct world *w)
{
    struct err e = { 0 };
    double_object(w, "/v1/routes/pay", ROUTE);
    for (int i = 0; i < 5; i++)
        proposed(w, move_domain(w, arena_printf(w->arena, "h%d.example", i), &e), ENGINE_ASK);
    const struct engine_query of_pay = { .touches = "route pay", .limit = 9 };
    const struct engine_query of_none = { .touches = "route pa*", .limit = 9 };
    cJSON *list = engine_list(w->engine, w->arena, &of_pay, &e);
    assert_int_equal(json_count(json_get(list, "changes")), 5);
    list = engine_list(w->engine, w->arena, &of_none, &e);
    assert_int_equal(json_count(json_get(list, "changes")), 0); /* a name, no pattern */

    struct engine_query q = { .object = "nothing", .limit = 9, .look = 2 };
    int pages = 1;
    list = engine_list(w->engine, w->arena, &q, &e);
    for (; json_str(list, "next"); pages++) {
        assert_non_null(json_str(list, "looked_back_to"));
        q.cursor = json_str(list, "next");
        list = engine_list(w->engine, w->arena, &q, &e);
    }
    assert_int_equal(pages, 3); /* two, two and one of five */
    q = (struct engine_query){ .object = "pay", .limit = 2, .look = 3 };
    int seen = 0;
    do {
        list = engine_list(w->engine, w->arena, &q, &e);
        seen += json_count(json_get(list, "changes"));
        q.cursor = json_str(list, "next");
    } while (q.cursor);
    assert_int_equal(seen, 5);
}

/* How many segments of the audit retention removes now. */
static int retained(struct world *w, const char *pin)
{
    struct err e = { 0 };
    int removed = 0;
    struct store_rotated did = { .more = true };
    const cJSON *o = pin ? json_parse(w->arena, pin, strlen(pin), &e) : NULL;
    assert_true(store_set_pin(engine_store(w->engine, &e), o, "boss", "test", &e));
    for (int i = 0; i < 5 && did.more; i++) {
        if (!engine_rotate(w->engine, INT32_MAX, &did, &e))
            fail_msg("%s", e.text);
        removed += did.removed;
    }
    return removed;
}

static void body_retains(struct world *w)
{
    struct err e = { 0 };
    int lines = 0;
    struct store *s = engine_store(w->engine, &e);
    for (int i = 0; i < 25; i++)
        assert_true(store_audit(s, "looked", NULL, "ann", "test", NULL, &e));
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    w->config->audit.segment_lines = 10;
    assert_int_equal(retained(w, NULL), 0); /* for ever, if nobody says otherwise */
    w->config->audit.keep_days = 1e-9;
    assert_int_equal(retained(w, "{\"mode\":\"approve\",\"audit_keep_days\":400}"), 0);
    assert_int_equal(retained(w, "{\"mode\":\"approve\",\"audit_keep_days\":0}"), 0);
    assert_int_equal(retained(w, "{\"mode\":\"dry-run\"}"), 0); /* this process is weaker */
    assert_true(retained(w, "{\"mode\":\"approve\",\"audit_keep_days\":1e-9}") >= 2);
    assert_true(store_verify(s, NULL, &lines, &e));
}

#define TEST(name, mode)                                                                           \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        with_world(mode, body_##name);                                                             \
    }
TEST(applies, "approve")
TEST(drift, "approve")
TEST(says_no, "approve")
TEST(undo, "approve")
TEST(takes_back, "approve")
TEST(auto, "auto")
TEST(dry_run, "dry-run")
TEST(read_only, "read-only")
TEST(secrets, "approve")
TEST(channels, "approve")
TEST(watches, "approve")
TEST(other_gateway, "approve")
TEST(once, "approve")
TEST(lists, "approve")
TEST(retains, "approve")

int main(int argc, char **argv)
{
    if (child_wanted(argc, argv))
        return child_run(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_applies),    cmocka_unit_test(test_drift),
        cmocka_unit_test(test_says_no),    cmocka_unit_test(test_undo),
        cmocka_unit_test(test_takes_back), cmocka_unit_test(test_auto),
        cmocka_unit_test(test_dry_run),    cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_secrets),    cmocka_unit_test(test_watches),
        cmocka_unit_test(test_channels),   cmocka_unit_test(test_other_gateway),
        cmocka_unit_test(test_once),       cmocka_unit_test(test_lists),
        cmocka_unit_test(test_retains),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
