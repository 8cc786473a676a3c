/* call.c - tools called by a caller of this program's own, their changes approved over its own
 * channel: nothing of mcp/, web/ or cmd/ is linked (tests/parts/12-alone looks).
 */
#include "call/call.h"
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/read.h"
#include "call/service.h"
#include "config/config.h"
#include "console/gateway.h"
#include "embedded/embedded.h"
#include "net/fetch.h"
#include "net/http.h"
#include "net/loop.h"
#include "plan/draft.h"
#include "scratch.h"
#include "tool.h"
#include "tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* cmocka's; here it is a handler's */

/* -- the tools ----------------------------------------------------------------------------- */

static const struct field by_name[] = {
    { "name", STR, REQ, "Of the service source." },
    { 0 },
};

static bool add_source(struct call *c, struct plan *p)
{
    cJSON *o = json_object(arena(c));
    json_set_str(arena(c), o, "name", arg_str(c, "name"));
    json_set_str(arena(c), o, "type", "static");
    json_set_str(arena(c), o, "domain", "10.0.0.1:80");
    json_set_num(arena(c), o, "port", 80);
    plan_title(p, "Adds %s", arg_str(c, "name"));
    progress(c, 1, 2, "half of it");
    return plan_create(p, "service-source", NULL, o);
}

static bool drop_source(struct call *c, struct plan *p)
{
    const char *name = arg_str(c, "name");
    const cJSON *o = gw_get(c, "service-source", name, NULL, MISSING_FAILS);
    return o && plan_remove(p, "service-source", name, NULL, o);
}

static const struct tool tools[] = {
    { "add_source", "Add", "Adds a service source.", CHANGE, by_name, .plan = add_source },
    { "drop_source", "Drop", "Removes a service source.", DESTROY, by_name, .plan = drop_source },
    { 0 },
};
static const struct toolset set = { "own", "Of this test.", tools, NULL, NULL };
static const struct toolset *const sets[] = { &set, NULL };

/* -- the caller, and the person behind it ----------------------------------------------------- */

struct own_call {
    struct caller caller; /* first */
    struct channel person;
    struct cancel cancel;
    enum asked says;
    bool types_wrong, sees_other;
    const char *text, *busy, *heard; /* what was shown, is said, came of progress */
    const cJSON *answer;
    const char *said;
    bool done;
    struct fiber *waiting;
};

static void done(struct caller *c, const struct call_end *end)
{
    struct own_call *o = (struct own_call *)(void *)c;
    o->answer = end->answer;
    o->said = end->text;
    o->done = true;
}

static const char *busy(struct caller *c)
{
    return ((struct own_call *)(void *)c)->busy;
}

static void hear(struct caller *c, double at, double total, const char *text)
{
    assert_true(at <= total);
    ((struct own_call *)(void *)c)->heard = text;
}

static const struct caller_ops own = {
    .kind = "test", .done = done, .busy = busy, .progress = hear
};

static enum asked person_asked(struct channel *c, const struct ask_about *about,
                               struct shown *shown, struct err *e)
{
    (void)e;
    struct own_call *o = c->arg;
    o->text = about->text;
    *shown = (struct shown){ about->id, about->plan, about->rendering, about->word, about->word };
    if (o->types_wrong)
        shown->typed = "not-the-word";
    if (o->sees_other)
        shown->rendering = "another";
    return o->says;
}

/* -- the world -------------------------------------------------------------------------------- */

static struct {
    struct arena *arena;
    struct loop *loop;
    struct embedded_server *console;
    struct service *service;
    void (*body)(void);
    char folder[128];
} w;

static int answer_of(const char *method, const char *target, const char *body)
{
    struct embedded_header headers[] = { { "content-type", "application/json" },
                                         { "authorization", "Basic YWRtaW46YWRtaW4=" },
                                         { 0 } };
    struct embedded_call c = { method, target, headers, body, strlen(body) };
    struct embedded_answer out = { 0 };
    embedded_handle(embedded_plane(w.console), w.arena, &c, &out);
    return out.status;
}

static bool console_has(const char *source)
{
    return answer_of("GET", arena_printf(w.arena, "/v1/service-sources/%s", source), "") == 200;
}

static struct service *service_in(const char *folder)
{
    struct err e = { 0 };
    setenv("HIGRESS_OPS_PASSWORD", "admin", 1);
    const char *yaml =
        arena_printf(w.arena,
                     "gateway:\n  url: http://127.0.0.1:%d\n  password:\n"
                     "    env: HIGRESS_OPS_PASSWORD\nmode: approve\nstate: %s/state\n",
                     embedded_port(w.console), folder);
    const struct config *c = config_parse(w.arena, "test.yaml", yaml, strlen(yaml), &e);
    assert_string_equal(e.text, "");
    return service_new(&(struct service_options){ .loop = w.loop,
                                                  .config = c,
                                                  .toolsets = sets,
                                                  .gateway = gateway_new(w.loop, w.arena, c) });
}

static void on_loop(struct loop *l, void *arg)
{
    (void)arg;
    struct err e = { 0 };
    w.loop = l;
    w.arena = arena_new();
    const struct embedded_options o = { .dir = arena_printf(w.arena, "%s/data", w.folder),
                                        .address = "127.0.0.1" };
    w.console = embedded_start(l, &o, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(
        answer_of(
            "POST", "/system/init",
            "{\"adminUser\":{\"name\":\"admin\",\"displayName\":\"A\",\"password\":\"admin\"}}"),
        200);
    w.service = service_in(w.folder);
    w.body();
    service_free(w.service);
    fetch_stop(l);
    embedded_stop(w.console);
    http_release(l);
    arena_free(w.arena);
}

static void in_world(void (*body)(void))
{
    w.body = body;
    snprintf(w.folder, sizeof w.folder, "%s/higress-ops-alone-XXXXXX", scratch_base());
    assert_non_null(mkdtemp(w.folder));
    loop_main(on_loop, NULL);
    tree_remove(w.folder);
}

static struct own_call *new_call(enum asked says)
{
    struct own_call *o = arena_make(w.arena, struct own_call);
    o->says = says;
    o->person = (struct channel){ CHANNEL_TERMINAL, "ada", APPROVE_UNBOUNDED, person_asked, o };
    o->caller = (struct caller){ .ops = &own,
                                 .arena = w.arena,
                                 .cancel = &o->cancel,
                                 .principal = "tester",
                                 .channel = &o->person,
                                 .hears_progress = true };
    return o;
}

/* Runs it to its end. */
static void run(struct own_call *o, const char *tool)
{
    cJSON *args = json_object(w.arena);
    json_set_str(w.arena, args, "name", "spare");
    call_start(w.service, &o->caller, catalog_find(w.service->catalog, tool), args);
    for (int i = 0; i < 500 && !o->done; i++)
        nap(w.loop, 0.02, NULL, &(struct err){ 0 });
    assert_true(o->done);
}

static void expect_state(const struct own_call *o, const char *state)
{
    if (!o->answer)
        assert_string_equal(o->said, state);
    assert_string_equal(json_str(o->answer, "state"), state);
}

/* -- what must hold ------------------------------------------------------------------------- */

static void approve_it(void)
{
    struct own_call *o = new_call(ASK_YES);
    run(o, "add_source");
    expect_state(o, "applied");
    assert_non_null(strstr(o->text, "create service-source spare"));
    assert_string_equal(o->heard, "half of it");
    assert_string_equal(json_str(json_get(o->answer, "decision"), "who"), "ada");
    assert_true(console_has("spare"));
}

static void refuse_it(void)
{
    struct own_call *o = new_call(ASK_NO);
    run(o, "add_source");
    expect_state(o, "rejected");
    assert_false(console_has("spare"));
}

static void see_another(void)
{
    struct own_call *o = new_call(ASK_YES);
    o->sees_other = true;
    run(o, "add_source");
    assert_null(o->answer);
    assert_non_null(strstr(o->said, "is not what it is now"));
    assert_false(console_has("spare"));
}

static void ask_nobody(void)
{
    struct own_call *o = new_call(ASK_YES);
    o->caller.channel = NULL;
    run(o, "add_source");
    expect_state(o, "pending");
    assert_string_equal(json_str(o->answer, "status"), "approval_required");
    assert_non_null(strstr(json_str(o->answer, "next"), "higress-ops approve"));
    assert_false(console_has("spare"));
}

static void type_a_word(void)
{
    run(new_call(ASK_YES), "add_source");
    struct own_call *o = new_call(ASK_YES);
    o->types_wrong = true;
    run(o, "drop_source");
    expect_state(o, "pending");
    assert_true(console_has("spare"));
    o = new_call(ASK_YES);
    run(o, "drop_source");
    expect_state(o, "applied");
    assert_false(console_has("spare"));
}

static void be_busy(void)
{
    struct own_call *o = new_call(ASK_YES);
    o->busy = "tester has 9 of 9 calls";
    run(o, "add_source");
    assert_null(o->answer);
    assert_null(o->text);
    assert_non_null(strstr(o->said, "busy: tester has 9 of 9 calls"));
}

static void be_cancelled(void)
{
    struct own_call *o = new_call(ASK_GONE);
    o->cancel.fired = true;
    run(o, "add_source");
    assert_null(o->answer);
    assert_null(o->said);
    assert_false(console_has("spare"));
}

static void a_plan_is_approved_over_a_channel_of_ones_own(void **unused)
{
    (void)unused;
    in_world(approve_it);
}

static void a_no_rejects(void **unused)
{
    (void)unused;
    in_world(refuse_it);
}

static void a_yes_to_something_else_is_none(void **unused)
{
    (void)unused;
    in_world(see_another);
}

static void without_a_channel_the_answer_says_who_decides(void **unused)
{
    (void)unused;
    in_world(ask_nobody);
}

static void what_destroys_wants_its_word(void **unused)
{
    (void)unused;
    in_world(type_a_word);
}

static void a_busy_caller_starts_nothing(void **unused)
{
    (void)unused;
    in_world(be_busy);
}

static void a_cancelled_call_says_nothing(void **unused)
{
    (void)unused;
    in_world(be_cancelled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_approved_over_a_channel_of_ones_own),
        cmocka_unit_test(a_no_rejects),
        cmocka_unit_test(a_yes_to_something_else_is_none),
        cmocka_unit_test(without_a_channel_the_answer_says_who_decides),
        cmocka_unit_test(what_destroys_wants_its_word),
        cmocka_unit_test(a_busy_caller_starts_nothing),
        cmocka_unit_test(a_cancelled_call_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
