/* test_policy_engine.c - approvals by several people: every state against every event, what may
 * change between the last approval and the write, and people who agree at the same moment. */
#include "base/when.h"
#include "policy/rules.h"
#include "propose.h"
#include "store/store_decision.h"
#include "store/store_pin.h"
#include <time.h>

static const char people[] =
    "people:\n"
    "  - {name: alice, roles: [operator, approver], tokens: [alice-laptop], os: [alice]}\n"
    "  - {name: bob, roles: [approver], tokens: [bob-phone], os: [bob]}\n"
    "  - {name: carol, roles: [approver], os: [carol]}\n"
    "  - {name: dora, roles: [approver], os: [dora]}\n"
    "  - {name: vera, roles: [viewer, operator], os: [vera]}\n";

#define TWO                                                                                        \
    "mode: enforce\nrules:\n- {name: two, when: {kind: route}, then: {ask: {count: 2, "            \
    "not_requester: true}}}\n"

static void take_people(struct world *w, const char *yaml)
{
    struct err e = { 0 };
    const struct config *c = config_parse(w->arena, "p.yaml", yaml, strlen(yaml), &e);
    if (!c)
        fail_msg("%s", e.text);
    w->config->people = c->people;
}

static void take_rules(struct world *w, const char *yaml)
{
    struct err e = { 0 };
    w->config->rules =
        yaml ? rules_parse(w->arena, w->config, NULL, "policy.yaml", yaml, strlen(yaml), &e) : NULL;
    if (yaml && !w->config->rules)
        fail_msg("%s", e.text);
}

/* -- a change brought to a state ----------------------------------------------------------------
 */

struct act {
    const char *who;
    enum channel_kind by;
    bool yes;
};
#define AT_TERMINAL(name) name " (uid 1)", CHANNEL_TERMINAL

static bool act(struct world *w, const char *id, const struct act *x, struct err *e)
{
    struct err unread = { 0 };
    const struct rendering *r = engine_rendering(w->engine, w->arena, id, &unread);
    const struct verdict v = { x->yes, x->who, x->by, r ? r->plan : NULL, r ? r->digest : NULL };
    return engine_decide(w->engine, id, &v, e);
}

static void must(struct world *w, const char *id, const char *who, bool yes)
{
    struct err e = { 0 };
    const struct act x = { who, CHANNEL_TERMINAL, yes };
    if (!act(w, id, &x, &e))
        fail_msg("%s: %s", who, e.text);
}

static const char *asked_by_alice(struct world *w)
{
    struct err e = { 0 };
    const char *id = NULL;
    double_object(w, "/v1/routes/pay", ROUTE);
    if (engine_propose(w->engine, move_domain(w, "b.example", &e), false, "alice-laptop", &id,
                       &e) != ENGINE_ASK)
        fail_msg("%s", e.text);
    return id;
}

static const char *state_is(struct world *w, const char *id)
{
    struct err e = { 0 };
    const cJSON *o = engine_show(w->engine, w->arena, id, false, &e);
    if (!o)
        fail_msg("%s", e.text);
    return json_str(o, "state");
}

enum start { ASKED, AGREED_ONE, APPROVED, REJECTED, EXPIRED, CANCELLED, APPLIED, STARTS };

/* What people say on the way there. */
static const struct step {
    unsigned of; /* states */
    const char *who;
    bool yes;
} steps[] = {
    { 1u << AGREED_ONE | 1u << APPROVED | 1u << APPLIED, "bob (uid 1)", true },
    { 1u << APPROVED | 1u << APPLIED, "carol (uid 1)", true },
    { 1u << REJECTED, "carol (uid 1)", false },
};

static const char *brought_to(struct world *w, enum start start)
{
    struct err e = { 0 };
    w->config->plan_ttl = start == EXPIRED ? 0.02 : 3600;
    const char *id = asked_by_alice(w);
    for (const struct step *x = steps; x < steps + sizeof steps / sizeof *steps; x++)
        if (x->of & (1u << start))
            must(w, id, x->who, x->yes);
    if (start == APPLIED && !engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", e.text);
    if (start == CANCELLED && !engine_cancel(w->engine, id, "alice-laptop", &e))
        fail_msg("%s", e.text);
    if (start == EXPIRED) {
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
        assert_true(store_expire(engine_store(w->engine, &e), &e));
    }
    return id;
}

/* What comes of each event in each state: '-' refused and nothing is different, 'k' kept and more
 * are needed, 'A' approved, 'R' rejected. */
static const struct {
    struct act event;
    const char outcome[STARTS + 1];
} table[] = {
    /*                                            asked, one, approved, rejected, … */
    { { AT_TERMINAL("alice"), true }, "-------" },         /* the requester */
    { { "alice-laptop", CHANNEL_PAGE, true }, "-------" }, /* by another channel of hers */
    { { "alice-laptop", CHANNEL_FORM_STDIO, true }, "-------" },
    { { AT_TERMINAL("bob"), true }, "k------" },        /* twice is once */
    { { "bob-phone", CHANNEL_PAGE, true }, "k------" }, /* by another channel, too */
    { { AT_TERMINAL("carol"), true }, "kA-----" },      /* somebody else, or a third */
    { { AT_TERMINAL("vera"), true }, "-------" },       /* may not decide */
    { { AT_TERMINAL("eve"), true }, "-------" },        /* is nobody */
    { { "bob", CHANNEL_PAGE, true }, "-------" },       /* a name that is no identity */
    { { "policy", CHANNEL_POLICY, true }, "-------" },
    { { AT_TERMINAL("bob"), false }, "RR-----" },
    { { AT_TERMINAL("vera"), false }, "-------" },
    { { AT_TERMINAL("eve"), false }, "-------" },
};

static void one_event(struct world *w, size_t row, enum start start)
{
    struct err e = { 0 };
    const char *id = brought_to(w, start);
    const char *was = state_is(w, id);
    bool done = act(w, id, &table[row].event, &e);
    const char *is = state_is(w, id), want = table[row].outcome[start];
    bool right = want == '-'   ? !done && e.kind == ERR_POLICY && !strcmp(is, was)
                 : want == 'k' ? done && !strcmp(is, "pending")
                 : want == 'A' ? done && !strcmp(is, "approved")
                               : done && !strcmp(is, "rejected");
    if (!right)
        fail_msg("event %zu in state %d: %s, then %s: %s", row, (int)start, was, is, e.text);
    int lines = 0;
    err_clear(&e);
    if (!store_verify(engine_store(w->engine, &e), NULL, &lines, &e))
        fail_msg("%s", e.text);
}

static size_t row_under_test;
static enum start start_under_test;

static void body_event(struct world *w)
{
    take_people(w, people);
    take_rules(w, TWO);
    one_event(w, row_under_test, start_under_test);
}

static void each_event_in_each_state(void **state)
{
    (void)state;
    for (row_under_test = 0; row_under_test < sizeof table / sizeof *table; row_under_test++)
        for (start_under_test = ASKED; start_under_test < STARTS; start_under_test++)
            with_world("approve", body_event);
}

/* -- between the last approval and the write ------------------------------------------------------
 */

static const struct later {
    const char *people, *rules; /* from then on; NULL: as they were; "": none */
    const char *frozen;         /* reason; NULL: not */
    const char *words;          /* of the refusal; NULL: it is applied */
} laters[] = {
    { NULL, NULL, NULL, NULL },
    { NULL, "", NULL, NULL },
    { "people:\n- {name: alice, roles: [operator], tokens: [alice-laptop]}\n"
      "- {name: bob, roles: [viewer], os: [bob]}\n- {name: carol, roles: [approver], os: "
      "[carol]}\n",
      NULL, NULL, "'bob' has the role viewer and may not decide" },
    { "people:\n- {name: alice, roles: [operator], tokens: [alice-laptop]}\n"
      "- {name: carol, roles: [approver], os: [carol]}\n",
      NULL, NULL, "is not in the table of people" },
    { "people:\n- {name: bob, roles: [approver], os: [bob, carol]}\n"
      "- {name: alice, roles: [operator], tokens: [alice-laptop]}\n",
      NULL, NULL, "was approved by 1" }, /* who were two are one */
    { "people:\n- {name: bob, roles: [approver], os: [bob]}\n"
      "- {name: carol, roles: [approver], os: [carol]}\n",
      NULL, NULL, "may not ask for changes" }, /* the requester's role is gone */
    { "people:\n- {name: bob, roles: [operator, approver], os: [bob], tokens: [alice-laptop]}\n"
      "- {name: carol, roles: [approver], os: [carol]}\n",
      NULL, NULL, "wants somebody else" }, /* the requester is said to be an approver */
    { NULL, "mode: enforce\nrules:\n- {name: three, then: {ask: {count: 3}}}\n", NULL,
      "rule 'three' of the policy now wants 3 people" },
    { NULL, "mode: enforce\nrules:\n- {name: pages, then: {ask: {channels: page}}}\n", NULL,
      "rule 'pages' of the policy wants" },
    { NULL, "mode: enforce\nrules:\n- {name: refuse, when: {kind: route}, then: deny}\n", NULL,
      "rule 'refuse' of the policy says deny for route 'pay'" },
    { NULL, "mode: enforce\nrules:\n- {name: drafts, then: dry_run}\n", NULL, "says dry_run" },
    { NULL,
      "mode: enforce\nrules:\n- {name: over, when: {window: {since: '2020-01-01T00:00:00Z'}}, "
      "then: deny}\n",
      NULL, "rule 'over'" },
    { NULL, "mode: shadow\nrules:\n- {name: refuse, then: deny}\n", NULL, NULL },
    { NULL, NULL, "Black Friday", "frozen until" },
    { "", "", NULL, NULL },
};
static const struct later *later_under_test;

static void freeze(struct world *w, const char *reason)
{
    struct err e = { 0 };
    cJSON *list = json_array(w->arena), *f = json_add(w->arena, list, json_object(w->arena));
    json_set_str(w->arena, f, "reason", reason);
    json_set_str(w->arena, f, "by", "ada");
    json_set_num(w->arena, f, "until", when_now() + 60);
    assert_true(store_set_freezes(engine_store(w->engine, &e), list, "frozen", "ada", "test", &e));
}

static void body_later(struct world *w)
{
    struct err e = { 0 };
    const struct later *x = later_under_test;
    take_people(w, people);
    take_rules(w, TWO);
    const char *id = brought_to(w, APPROVED);
    if (x->rules && !*x->rules)
        take_rules(w, NULL);
    if (x->people)
        take_people(w, x->people);
    if (x->rules && *x->rules)
        take_rules(w, x->rules);
    if (x->frozen)
        freeze(w, x->frozen);
    bool done = engine_apply(w->engine, w->arena, id, NULL, &e) != NULL;
    if (done != !x->words || (x->words && !strstr(e.text, x->words)))
        fail_msg("later %zu: %s", (size_t)(x - laters), e.text);
    assert_int_equal(double_writes(w), !x->words);
}

static void what_changes_before_the_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof laters / sizeof *laters; i++) {
        later_under_test = &laters[i];
        with_world("approve", body_later);
    }
}

/* -- a policy that lets through -------------------------------------------------------------------
 */

static void body_auto(struct world *w)
{
    struct err e = { 0 };
    const char *id = NULL;
    double_object(w, "/v1/routes/pay", ROUTE);
    take_rules(w,
               "mode: enforce\nrules:\n- {name: small, when: {within: {objects: 1}}, then: auto}\n"
               "- {name: rest, then: ask}\n");
    enum engine_next next =
        engine_propose(w->engine, move_domain(w, "b.example", &e), false, "x", &id, &e);
    assert_int_equal(next, ENGINE_GO);
    take_rules(w, "mode: enforce\nrules:\n- {name: ask, then: ask}\n");
    assert_null(engine_apply(w->engine, w->arena, id, NULL, &e));
    assert_non_null(strstr(e.text, "rule 'ask' of the policy says ask"));
    assert_int_equal(double_writes(w), 0);
    err_clear(&e);
    take_rules(w, "mode: enforce\nrules:\n- {name: refuse, then: deny}\n");
    next = engine_propose(w->engine, move_domain(w, "c.example", &e), false, "x", &id, &e);
    assert_int_equal(next, ENGINE_REFUSED);
    assert_non_null(strstr(e.text, "nothing is planned: rule 'refuse'"));
}

static void what_was_let_through_is_asked_again(void **state)
{
    (void)state;
    with_world("auto", body_auto);
}

/* A draft made in a freeze is not put before anybody until it ends. */
static void body_draft(struct world *w)
{
    struct err e = { 0 };
    const char *id = NULL;
    double_object(w, "/v1/routes/pay", ROUTE);
    freeze(w, "Black Friday");
    enum engine_next next =
        engine_propose(w->engine, move_domain(w, "b.example", &e), false, "x", &id, &e);
    assert_int_equal(next, ENGINE_DRAFT);
    assert_false(engine_ask(w->engine, id, "x", &e));
    assert_non_null(strstr(e.text, "Black Friday"));
    err_clear(&e);
    assert_false(decide_as(w->engine, id, NULL, true, "y (uid 1)", &e));
    assert_non_null(strstr(e.text, "frozen until"));
    err_clear(&e);
    assert_true(
        store_set_freezes(engine_store(w->engine, &e), NULL, "freeze lifted", "ada", "test", &e));
    assert_true(engine_ask(w->engine, id, "x", &e));
    assert_true(decide_as(w->engine, id, NULL, true, "y (uid 1)", &e));
    assert_non_null(engine_apply(w->engine, w->arena, id, NULL, &e));
}

static void a_draft_is_no_way_round_a_freeze(void **state)
{
    (void)state;
    with_world("approve", body_draft);
    with_world("auto", body_draft);
}

/* -- at the same moment
 * ----------------------------------------------------------------------------- */

static void approve_in_a_child(struct world *w, const char *id, const char *who)
{
    struct err e = { 0 };
    struct engine *own = engine_new(w->loop, w->arena, w->gateway, w->config);
    bool ok = decide_as(own, id, NULL, true, who, &e);
    engine_stop(own);
    _exit(ok ? 0 : e.kind == ERR_POLICY ? 1 : 2);
}

static void body_race(struct world *w)
{
    static const char *const who[] = { "bob (uid 1)", "carol (uid 1)", "dora (uid 1)",
                                       "bob (uid 2)" };
    struct err e = { 0 };
    pid_t pids[4];
    take_people(w, people);
    take_rules(w, TWO);
    const char *id = asked_by_alice(w);
    engine_stop(w->engine); /* no connection goes over into the children */
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            approve_in_a_child(w, id, who[i]);
    }
    for (int i = 0; i < 4; i++) {
        int status = 0;
        waitpid(pids[i], &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
            fail_msg("child %d ended with %d", i, status);
    }
    assert_string_equal(state_is(w, id), "approved");
    if (!engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(double_writes(w), 1);
    int lines = 0;
    assert_true(store_verify(engine_store(w->engine, &e), NULL, &lines, &e));
}

static void at_the_same_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        with_world("approve", body_race);
}

/* Rows of others, copied rows and edited rows do not count. */
static void body_forged(struct world *w)
{
    struct err e = { 0 };
    struct stored row = { 0 };
    struct store_decision *all = NULL;
    take_people(w, people);
    take_rules(w, TWO);
    const char *id = brought_to(w, AGREED_ONE);
    const char *path = arena_printf(w->arena, "%s/state.db", double_state);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("sqlite3", "sqlite3", path,
               "INSERT INTO decisions SELECT id, at, 'carol (uid 1)', channel, verdict, strength, "
               "plan, rendering, line, mac FROM decisions",
               (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) == 127)
        skip();
    struct store *s = engine_store(w->engine, &e);
    assert_true(store_find(s, w->arena, id, &row, &e));
    assert_int_equal(store_agreed(s, w->arena, &row, &all, &e), -1);
    assert_non_null(strstr(e.text, "was tampered with"));
    err_clear(&e);
    const struct act dora = { AT_TERMINAL("dora"), true };
    assert_false(act(w, id, &dora, &e));
}

static void forged_approvals_do_not_count(void **state)
{
    (void)state;
    with_world("approve", body_forged);
}

int main(int argc, char **argv)
{
    if (child_wanted(argc, argv))
        return child_run(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_in_each_state),
        cmocka_unit_test(what_changes_before_the_write),
        cmocka_unit_test(what_was_let_through_is_asked_again),
        cmocka_unit_test(a_draft_is_no_way_round_a_freeze),
        cmocka_unit_test(at_the_same_moment),
        cmocka_unit_test(forged_approvals_do_not_count),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
