/* test_recover.c - a process that dies while it applies a change: whatever the step, nothing is
 * written twice, and what is said afterwards is what the gateway holds, the parts of an object
 * included. */
#include "propose.h"

/* kill -9 between each two steps of an apply of two operations. Whatever the step: nothing is
 * written twice, and what the store says afterwards is what the gateway holds. */
static const struct {
    const char *step, *state;
    int puts, posts;
} kills[] = {
    { "claim", "approved", 0, 0 },     { "claimed", "failed", 0, 0 },
    { "checked", "failed", 0, 0 },     { "intent.0", "failed", 0, 0 },
    { "sent.0", "failed", 1, 0 },      { "recorded.0", "failed", 1, 0 },
    { "intent.1", "failed", 1, 0 },    { "sent.1", "applied", 1, 1 },
    { "recorded.1", "applied", 1, 1 }, { "finish", "applied", 1, 1 },
    { "finished", "applied", 1, 1 },
};
enum { KILLS = sizeof kills / sizeof *kills };

static __attribute__((noinline)) const char *two_operations(struct world *w)
{
    struct err e = { 0 };
    double_tell(w, "/_reset", "");
    double_object(w, "/v1/routes/pay", ROUTE);
    struct plan *p = move_domain(w, "b.example", &e);
    const char *source =
        "{\"name\":\"web\",\"type\":\"static\",\"domain\":\"10.0.0.1:80\",\"port\":80}";
    assert_true(
        plan_create(p, "service-source", NULL, json_parse(w->arena, source, strlen(source), &e)));
    const char *id = proposed(w, p, ENGINE_ASK);
    approve(w, id);
    return id;
}

static __attribute__((noinline)) void kill_at(struct world *w, int i)
{
    struct err e = { 0 };
    int status = 0;
    const char *id = two_operations(w);
    waitpid(child(id, kills[i].step), &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail_msg("the child was not killed at %s: %d", kills[i].step, status);
    int found = engine_recover(w->engine, &e);
    bool open = strcmp(kills[i].step, "claim") != 0 && strcmp(kills[i].step, "finished") != 0;
    if (found != (open ? 1 : 0))
        fail_msg("%s: %d recovered: %s", kills[i].step, found, e.text);
    cJSON *o = engine_show(w->engine, w->arena, id, false, &e);
    assert_string_equal(json_str(o, "state"), kills[i].state);
    assert_int_equal(double_count(w, "PUT"), kills[i].puts);
    assert_int_equal(double_count(w, "POST"), kills[i].posts);
    /* Again: nothing more happens. */
    assert_int_equal(engine_recover(w->engine, &e), 0);
    if (open)
        engine_apply(w->engine, w->arena, id, NULL, &e);
    assert_int_equal(double_count(w, "POST"), kills[i].posts);
    assert_int_equal(double_count(w, "PUT"), kills[i].puts);
}

static __attribute__((noinline)) void says_what_stands(struct world *w)
{
    struct err e = { 0 };
    int status = 0;
    const char *id = two_operations(w);
    waitpid(child(id, "intent.1"), &status, 0);
    engine_recover(w->engine, &e);
    cJSON *o = engine_show(w->engine, w->arena, id, false, &e);
    const cJSON *ops = json_path(o, "result.operations");
    assert_string_equal(json_str(cJSON_GetArrayItem(ops, 0), "outcome"), "written");
    assert_string_equal(json_str(cJSON_GetArrayItem(ops, 1), "outcome"), "not written");
    struct plan *back = plan_new(w->arena, "undo", CHANGE, &e);
    assert_true(engine_undo(w->engine, back, id, NULL, &e));
    assert_int_equal(back->count, 1); /* only what stands */
}

static void body_killed(struct world *w)
{
    for (int i = 0; i < KILLS; i++)
        kill_at(w, i);
    says_what_stands(w);
}

/* -- kinds of several objects ---------------------------------------------------------------- */

/* The console stores a part of the object and stops; we die before we could say so. The object
 * itself is not there: what stands must be said all the same. */
static const struct {
    const char *kind, *object, *path, *part, *says;
} halves[] = {
    { "ai-provider", "{\"name\":\"qw\",\"type\":\"qwen\",\"tokens\":[\"k\"]}", "/v1/ai/providers",
      "/v1/service-sources/llm-qw.internal", "service-source llm-qw.internal is there" },
    { "mcp-server",
      "{\"name\":\"w\",\"type\":\"DIRECT_ROUTE\",\"services\":[{\"name\":\"w.static\",\"port\":80}]"
      ","
      "\"directRouteConfig\":{\"path\":\"/mcp\",\"transportType\":\"streamable\"}}",
      "/v1/mcpServer", "/v1/routes/mcp-server-w.internal", "route mcp-server-w.internal is there" },
    { "ai-route", "{\"name\":\"c\",\"upstreams\":[{\"provider\":\"p\",\"weight\":100}]}",
      "/v1/ai/routes", "/v1/routes/ai-route-c.fallback.internal",
      "route ai-route-c.fallback.internal is there" },
};

static __attribute__((noinline)) const char *half_of(struct world *w, int i, bool fault)
{
    struct err e = { 0 };
    double_tell(w, "/_reset", "");
    double_object(w, "/v1/ai/providers/p", "{\"name\":\"p\",\"type\":\"qwen\"}");
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    const cJSON *o = json_parse(w->arena, halves[i].object, strlen(halves[i].object), &e);
    if (!plan_create(p, halves[i].kind, NULL, o))
        fail_msg("%s", e.text);
    const char *id = proposed(w, p, ENGINE_ASK);
    approve(w, id);
    const char *method = !strcmp(halves[i].kind, "mcp-server") ? "PUT" : "POST";
    if (fault)
        double_tell(w, "/_fault",
                    arena_printf(w->arena,
                                 "{\"do\":\"half\",\"method\":\"%s\",\"path\":\"%s\",\"times\":1,"
                                 "\"part\":\"%s\"}",
                                 method, halves[i].path, halves[i].part));
    return id;
}

static __attribute__((noinline)) const cJSON *recovered(struct world *w, const char *id,
                                                        const char *step)
{
    struct err e = { 0 };
    int status = 0;
    waitpid(child(id, step), &status, 0);
    if (!WIFSIGNALED(status))
        fail_msg("the child was not killed at %s: %s", step,
                 json_print(w->arena, engine_show(w->engine, w->arena, id, false, &e)));
    if (engine_recover(w->engine, &e) != 1)
        fail_msg("not recovered: %s", e.text);
    return engine_show(w->engine, w->arena, id, false, &e);
}

static void body_halves(struct world *w)
{
    for (int i = 0; i < (int)(sizeof halves / sizeof *halves); i++) {
        const cJSON *o = recovered(w, half_of(w, i, true), "sent.0");
        const char *said = json_print(w->arena, o);
        if (strcmp(json_str(o, "state"), "unknown") != 0 || !strstr(said, halves[i].says))
            fail_msg("%s: %s", halves[i].kind, said);
        /* Where no part stands, nothing was written, and that is said. */
        o = recovered(w, half_of(w, i, false), "intent.0");
        if (strcmp(json_str(o, "state"), "failed") != 0)
            fail_msg("%s: %s", halves[i].kind, json_print(w->arena, o));
    }
}

/* Parts of an object that was there before may be changed while it reads as before: unknown. */
static void body_update(struct world *w)
{
    struct err e = { 0 };
    double_object(
        w, "/v1/ai/providers/p",
        "{\"name\":\"p\",\"type\":\"qwen\",\"protocol\":\"openai/v1\",\"tokens\":[\"k\"]}");
    struct plan *p = plan_new(w->arena, "test", CHANGE, &e);
    const cJSON *before = now_is(w, "ai-provider", "p");
    static const char patch[] = "{\"protocol\":\"original\"}";
    cJSON *after =
        json_merge_patch(w->arena, before, json_parse(w->arena, patch, sizeof patch - 1, &e));
    assert_true(plan_put(p, "ai-provider", "p", NULL, before, after));
    const char *id = proposed(w, p, ENGINE_ASK);
    approve(w, id);
    assert_string_equal(json_str(recovered(w, id, "intent.0"), "state"), "unknown");
}

#ifdef CHECK_BUILD
enum { CAN_BE_KILLED = 1 };
#else
enum { CAN_BE_KILLED = 0 }; /* the program stops for no test */
#endif

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        if (!CAN_BE_KILLED)                                                                        \
            skip();                                                                                \
        with_world("approve", body_##name);                                                        \
    }
TEST(killed)
TEST(halves)
TEST(update)

int main(int argc, char **argv)
{
    if (child_wanted(argc, argv))
        return child_run(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_update),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
