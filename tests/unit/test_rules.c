/* test_rules.c - policy files: what they may not say, which rule decides, and that nothing a rule
 * says is more than the mode allows. */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "check.h"
#include "policy/rules.h"
#include <string.h>

static struct arena *a;
static struct config *config;
static const struct rules_words words = { "change_resource|undo_change|apply_manifest",
                                          "tail_logs|get_resource",
                                          "route|domain|plugin-instance" };

static int setup(void **state)
{
    (void)state;
    static const char yaml[] =
        "gateways:\n"
        "  - {name: prod, url: 'http://prod', mode: auto}\n"
        "  - {name: lab, url: 'http://lab', mode: auto}\n"
        "mode: auto\n"
        "people:\n"
        "  - {name: alice, roles: [operator, approver], tokens: [alice-laptop], os: [alice]}\n"
        "  - {name: bob, roles: [approver], tokens: [bob]}\n"
        "  - {name: ada, roles: [admin], tokens: [ada]}\n";
    struct err e = { 0 };
    a = arena_new();
    config = config_parse(a, "ops.yaml", yaml, strlen(yaml), &e);
    if (!config)
        fail_msg("%s", e.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static const struct rules *parse(const char *yaml, struct err *e)
{
    return rules_parse(a, config, &words, "policy.yaml", yaml, strlen(yaml), e);
}

static const struct rules *good(const char *yaml)
{
    struct err e = { 0 };
    const struct rules *r = parse(yaml, &e);
    if (!r)
        fail_msg("%s", e.text);
    return r;
}

/* -- what may not be said -------------------------------------------------------------------- */

#define HEAD "mode: enforce\nrules:\n"
#define RULE(when, then) HEAD "- {name: x, when: {" when "}, then: " then "}\n"

static const struct {
    const char *yaml, *words;
} mistakes[] = {
    { "", "policy.yaml, line 1" },
    { "[]", "policy.yaml, line 1" },
    { "mode: enforce", "rules" },
    { "rules: [{name: x, then: deny}]", "mode" },
    { "mode: loud\nrules: [{name: x, then: deny}]", "off|shadow|enforce" },
    { "mode: enforce\nrules: []", "rules" },
    { "mode: enforce\nrulez: []", "rulez" },
    { HEAD "- {name: x, then: deny, note: y}", "note" },
    { HEAD "- {then: deny}", "policy.yaml, line 3" },
    { HEAD "- {name: x, then: forbid}", "then: is one of deny, dry_run, ask, auto, never" },
    { HEAD "- {name: x, then: {ask: {many: 2}}}", "many" },
    { HEAD "- {name: x, then: {ask: 2}}", "ask" },
    { HEAD "- {name: x, then: {ask: {count: 0}}}", "count" },
    { HEAD "- {name: x, then: {ask: {channels: []}}}", "channels" },
    { HEAD "- {name: x, then: {ask: {channels: [phone]}}}", "http-form|stdio-form" },
    { HEAD "- {name: x, then: {ask: {roles: [viewer]}}}", "approver|admin" },
    { HEAD "- {name: x, then: {ask: {count: 4}}}", "4 must agree, and 3 may" },
    { HEAD "- {name: x, then: {ask: {count: 2, roles: admin}}}", "2 must agree, and 1 may" },
    { HEAD "- {name: x, when: {}, then: deny}", "leave it out to mean always" },
    { RULE("kind: []", "deny"), "kind" },
    { RULE("kind: rout", "deny"), "line 3: rules[0].when.kind: no kind is called 'rout'" },
    { RULE("tool: change_*, kind: [route, dom]", "deny"), "no kind is called 'dom'" },
    { RULE("tool: frob", "deny"), "no tool that plans or reads is called 'frob'" },
    { RULE("tool: get_resource", "deny"), "'get_resource' only reads: add risk: read" },
    { RULE("tool: change_resource, risk: read", "deny"), "plans a change, and risk says read" },
    { RULE("kind: route, risk: read", "deny"), "never hold for what only reads" },
    { RULE("risk: read", "ask"), "what only reads is denied or let through" },
    { RULE("requester: alcie", "deny"), "nobody of `people` is called 'alcie'" },
    { RULE("window: {zone: Europe}", "deny"), "no time zone 'Europe'" },
    { RULE("window: {from: '24:00', to: '06:00'}", "deny"), "HH:MM" },
    { RULE("window: {until: '2026-12-24T18:00:00 CET'}", "deny"), "times with their zone" },
    { RULE("window: {until: '2026-02-30T18:00:00Z'}", "deny"), "times with their zone" },
    { RULE("gateway: production", "deny"), "neither name nor URL of a gateway here" },
    { RULE("risk: high", "deny"), "read|change|destroy" },
    { RULE("role: boss", "deny"), "viewer|operator|approver|admin" },
    { RULE("channel: phone", "deny"), "http-form" },
    { RULE("channel: page", "auto"), "auto is decided by nobody" },
    { RULE("colour: red", "deny"), "colour" },
    { RULE("over: {}", "deny"), "over: is empty" },
    { RULE("over: {objects: 0}", "deny"), "objects" },
    { RULE("over: {share: 120 %}", "deny"), "share is per cent" },
    { RULE("over: {objects: 5}, within: {objects: 5}", "deny"), "nothing between them" },
    { RULE("window: {}", "deny"), "window: is empty" },
    { RULE("window: {zone: Mars/Olympus}", "deny"), "no time zone 'Mars/Olympus'" },
    { RULE("window: {zone: ../../etc/passwd}", "deny"), "no time zone" },
    { RULE("window: {from: '09:00'}", "deny"), "both from and to" },
    { RULE("window: {from: '25:00', to: '26:00'}", "deny"), "HH:MM" },
    { RULE("window: {from: '09:00', to: '09:00'}", "deny"), "are the same" },
    { RULE("window: {days: [monday]}", "deny"), "mon|tue" },
    { RULE("window: {since: tomorrow-ish}", "deny"), "since and until are times" },
    { RULE("window: {since: '2027-01-02T00:00:00Z', until: '2027-01-01T00:00:00Z'}", "deny"),
      "ends before it begins" },
    { RULE("older_than: soon", "deny"), "older_than: is a time like 90s" },
    { RULE("undo: maybe", "deny"), "undo" },
    { HEAD "- {name: x, then: ask}\n- {name: y, then: deny}",
      "policy.yaml, line 4: rules[1]: is never reached: 'x' always holds" },
    { HEAD "- {name: x, when: {kind: route}, then: ask}\n- {name: x, then: deny}",
      "that of an earlier rule" },
    { HEAD "- {name: freeze, then: ask}", "is what a freeze, or the mode, goes by" },
    { HEAD "- {name: mode, then: ask}", "is what a freeze, or the mode, goes by" },
    { HEAD "- {name: x\n", "policy.yaml" },
};

static void what_may_not_be_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct err e = { 0 };
        if (parse(mistakes[i].yaml, &e) || e.kind != ERR_ARGS || !strstr(e.text, mistakes[i].words))
            fail_msg("%s gives: %s", mistakes[i].yaml, e.text);
        assert_true(text_starts(e.text, "policy.yaml"));
    }
}

static void rules_about_people_need_a_table(void **state)
{
    (void)state;
    static const char *const texts[] = { RULE("role: admin", "deny"), RULE("requester: x", "deny"),
                                         HEAD "- {name: x, then: {ask: {count: 2}}}",
                                         HEAD "- {name: x, then: {ask: {not_requester: true}}}" };
    config->people = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err e = { 0 };
        assert_null(parse(texts[i], &e));
        assert_non_null(strstr(e.text, "`people`"));
    }
}

static void what_is_deep_or_large_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *deep = arena_alloc(a, 20000);
    memset(deep, '[', 10000);
    assert_null(parse(deep, &e));
    assert_int_not_equal(e.kind, ERR_NONE);
}

/* -- which rule decides ------------------------------------------------------------------------ */

static const struct wish_object pay[] = { { "route", "pay", NULL } };

static struct wish wish(const char *yaml)
{
    return (struct wish){ .mode = MODE_AUTO,
                          .risk = CHANGE,
                          .tool = "change_resource",
                          .rules = good(yaml),
                          .gateway = "prod",
                          .url = "http://prod",
                          .requester = "alice",
                          .roles = ROLE_OPERATOR | ROLE_APPROVER,
                          .objects = pay,
                          .count = 1,
                          .size = { 1, 1, SIZE_UNKNOWN },
                          .now = when_parse("2026-11-30T12:00:00Z") }; /* a Monday */
}

static const struct {
    const char *when;
    bool holds;
} whens[] = {
    { "kind: route", true },
    { "kind: [domain, rou*]", true },
    { "kind: domain", false },
    { "name: pay", true },
    { "name: 'p?y'", true },
    { "name: P*", false },
    { "kind: route, name: other", false },
    { "tool: change_*", true },
    { "tool: undo_change", false },
    { "gateway: prod", true },
    { "gateway: 'http://pr*'", true },
    { "gateway: lab", false },
    { "risk: change", true },
    { "risk: [read, destroy]", false },
    { "requester: alice", true },
    { "requester: bob", false },
    { "role: approver", true },
    { "role: [viewer, admin]", false },
    { "channel: page", false }, /* nobody decides yet */
    { "over: {objects: 1}", false },
    { "within: {objects: 1}", true },
    { "over: {share: 1 %}", true }, /* not known is all */
    { "within: {share: 100 %}", false },
    { "over: {objects: 9, routes: 9}", false },
    { "undo: true", false },
    { "undo: false", true },
    { "frozen: true", false },
    { "older_than: 1s", false },
    { "window: {days: mon}", true },
    { "window: {days: [tue, sun]}", false },
    { "window: {from: '12:00', to: '12:01'}", true },
    { "window: {from: '11:00', to: '12:00'}", false },
    { "window: {from: '22:00', to: '12:01'}", true },
    { "window: {days: sun, from: '22:00', to: '12:01'}", true }, /* began on Sunday */
    { "window: {days: mon, from: '22:00', to: '12:01'}", false },
    { "window: {from: '13:00', to: '13:01', zone: Europe/Berlin}", true },
    { "window: {from: '20:00', to: '20:01', zone: Asia/Shanghai}", true },
    { "window: {from: '12:00', to: '12:01', zone: Europe/Berlin}", false },
    { "window: {since: '2026-11-30T12:00:00Z'}", true },
    { "window: {until: '2026-11-30T12:00:00Z'}", false },
    { "window: {since: '2026-11-30T13:00:00+01:00', until: '2026-12-01T00:00:00Z'}", true },
};

static void each_predicate_holds_and_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof whens / sizeof *whens; i++) {
        struct wish w = wish(arena_printf(a, RULE("%s", "deny"), whens[i].when));
        if ((policy_of(&w) == POLICY_DENY) != whens[i].holds)
            fail_msg("%s", whens[i].when);
    }
}

/* What the console makes of an AI route or an MCP server goes by its name, too. */
static void a_rule_at_an_internal_route_goes_by_whose_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *scope;
        bool holds;
    } rows[] = {
        { "route:pay", true },
        { "route:ai-route-pay.internal", true },
        { "route:ai-route-pay.fallback.internal", true },
        { "route:mcp-server-pay.internal", true },
        { "route:ai-route-other.internal", false },
        { "route:ai-route-pay", false },
        { "domain:pay", true },
        { NULL, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wish w = wish(RULE("name: pay", "deny"));
        const struct wish_object o = { "plugin-instance", "key-auth", rows[i].scope };
        w.objects = &o;
        if ((policy_of(&w) == POLICY_DENY) != rows[i].holds)
            fail_msg("%s", rows[i].scope ? rows[i].scope : "none");
    }
}

/* A `never` is looked at first, and in a freeze what is about it: neither is out of reach. */
static void what_stands_behind_one_that_always_holds(void **state)
{
    (void)state;
    static const struct freeze freeze = { "x", "y", 4102444800 };
    struct wish w = wish(HEAD "- {name: all, then: auto}\n"
                              "- {name: thaw, when: {frozen: true}, then: ask}\n"
                              "- {name: front, when: {name: pay}, then: never}\n");
    assert_int_equal(policy_of(&w), POLICY_DENY);
    const struct wish_object other = { "route", "other", NULL };
    w.objects = &other;
    assert_int_equal(policy_of(&w), POLICY_GO);
    w.freeze = &freeze;
    assert_int_equal(policy_of(&w), POLICY_ASK);
}

static void summer_time_is_heard(void **state)
{
    (void)state;
    struct wish w = wish(RULE("window: {from: '14:00', to: '14:01', zone: Europe/Berlin}", "deny"));
    w.now = when_parse("2026-07-01T12:00:00Z");
    assert_int_equal(policy_of(&w), POLICY_DENY);
    w.now = when_parse("2026-12-01T13:00:00Z");
    assert_int_equal(policy_of(&w), POLICY_DENY);
    w.now = when_parse("2026-12-01T12:00:00Z");
    assert_int_equal(policy_of(&w), POLICY_GO);
}

static void the_first_that_holds_decides(void **state)
{
    (void)state;
    struct wish w = wish(HEAD "- {name: one, when: {kind: domain}, then: deny}\n"
                              "- {name: two, when: {kind: route}, then: dry_run}\n"
                              "- {name: three, then: deny}\n");
    struct ruling r = policy_rule(&w);
    assert_int_equal(r.says, POLICY_DRAFT);
    assert_string_equal(r.rule, "two");
    assert_string_equal(policy_why(a, &w, &r),
                        "rule 'two' of the policy says dry_run for route 'pay'");
    w.rules = good(HEAD "- {name: one, when: {kind: domain}, then: deny}\n");
    r = policy_rule(&w);
    assert_int_equal(r.says, POLICY_GO);
    assert_null(r.rule);
}

/* Wherever it stands, and whatever else holds. */
static void never_is_never(void **state)
{
    (void)state;
    static const char *const texts[] = {
        HEAD "- {name: n, when: {kind: route}, then: never}\n- {name: y, then: auto}\n",
        HEAD "- {name: y, when: {name: pay}, then: auto}\n"
             "- {name: n, when: {kind: route}, then: never}\n",
        HEAD "- {name: y, then: auto}\n- {name: n, when: {kind: route}, then: never}\n",
        HEAD "- {name: y, when: {frozen: true}, then: ask}\n"
             "- {name: n, when: {kind: route}, then: never}\n",
    };
    const struct freeze f = { "x", "y", 9e9 };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct wish w = wish(texts[i]);
        w.freeze = i == 3 ? &f : NULL;
        struct ruling r = policy_rule(&w);
        assert_int_equal(r.says, POLICY_DENY);
        assert_string_equal(r.rule, "n");
    }
}

/* What may not be alone may not be together with something that may. */
static void of_several_objects_the_strictest_counts(void **state)
{
    (void)state;
    static const struct wish_object two[] = { { "route", "pay", NULL },
                                              { "domain", "shop", NULL },
                                              { "plugin-instance", "key-auth", "route:pay" } };
    struct wish w = wish(HEAD "- {name: one, when: {kind: route}, then: auto}\n"
                              "- {name: two, when: {kind: domain}, then: deny}\n");
    w.objects = two;
    for (w.count = 1; w.count <= 3; w.count++)
        assert_int_equal(policy_of(&w), w.count == 1 ? POLICY_GO : POLICY_DENY);
    w.count = 2;
    w.rules =
        good(HEAD "- {name: one, when: {kind: route}, then: {ask: {count: 2, channels: [page]}}}\n"
                  "- {name: two, when: {kind: domain}, then: {ask: {channels: [page, terminal],"
                  " roles: admin, not_requester: true}}}\n");
    struct ruling r = policy_rule(&w);
    assert_int_equal(r.says, POLICY_ASK);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.channels, 1u << CHANNEL_PAGE);
    assert_int_equal(r.roles, ROLE_ADMIN);
    assert_true(r.not_requester);
    assert_string_equal(policy_needs(a, &r),
                        "2 people with the role admin who did not ask for it, by page");
    w.rules = good(HEAD "- {name: one, when: {kind: route}, then: {ask: {channels: page}}}\n"
                        "- {name: two, when: {kind: domain}, then: {ask: {channels: terminal}}}\n");
    assert_int_equal(policy_of(&w), POLICY_DENY); /* no channel would do */
    w.objects = &two[2];
    w.count = 1;
    w.rules = good(HEAD "- {name: one, when: {name: pay}, then: deny}\n");
    assert_int_equal(policy_of(&w), POLICY_DENY); /* a plugin's rule at a route is about it */
}

/* Every rule at every mode and risk: never more than the mode. */
static void the_mode_is_the_ceiling(void **state)
{
    (void)state;
    static const char *const then[] = { "deny", "dry_run", "ask",
                                        "auto", "never",   "{ask: {count: 2}}" };
    for (size_t i = 0; i < sizeof then / sizeof *then; i++)
        for (enum mode m = MODE_READ_ONLY; m <= MODE_AUTO; m++)
            for (enum risk risk = READ; risk <= DESTROY; risk++)
                for (int dry = 0; dry < 2; dry++) {
                    struct wish w =
                        wish(arena_printf(a, RULE("risk: [read, change, destroy]", "%s"), then[i]));
                    w.mode = m;
                    w.risk = risk;
                    w.dry_run = dry;
                    struct wish bare = w;
                    bare.rules = NULL;
                    assert_true(policy_of(&w) <= policy_of(&bare));
                    if (i == 3)
                        assert_int_equal(policy_of(&w), policy_of(&bare));
                }
}

static void without_rules_nothing_is_different(void **state)
{
    (void)state;
    struct wish w = wish("mode: off\nrules:\n- {name: x, then: deny}\n");
    assert_int_equal(policy_of(&w), POLICY_GO);
    assert_false(policy_rule(&w).shadowed);
    w.rules = good("mode: shadow\nrules:\n- {name: x, then: deny}\n");
    const struct ruling r = policy_rule(&w);
    assert_int_equal(r.says, POLICY_GO);
    assert_true(r.shadowed);
    assert_int_equal(r.would, POLICY_DENY);
    assert_string_equal(r.would_rule, "x");
}

static void a_freeze_stands_before_rules(void **state)
{
    (void)state;
    const struct freeze f = { "Black Friday", "ada", 4e9 };
    struct wish w = wish(HEAD "- {name: x, when: {kind: route}, then: auto}\n");
    w.freeze = &f;
    struct ruling r = policy_rule(&w);
    assert_int_equal(r.says, POLICY_DRAFT);
    assert_non_null(strstr(policy_why(a, &w, &r), "Black Friday"));
    w.undoes = true;
    assert_int_equal(policy_of(&w), POLICY_DRAFT);
    w.rules = NULL;
    assert_int_equal(policy_of(&w), POLICY_DRAFT);
    w.rules = good("mode: off\nrules:\n- {name: x, then: auto}\n");
    assert_int_equal(policy_of(&w), POLICY_DRAFT);
    w.rules = good(HEAD "- {name: x, when: {frozen: true, undo: true}, then: ask}\n");
    assert_int_equal(policy_of(&w), POLICY_ASK);
    w.undoes = false;
    assert_int_equal(policy_of(&w), POLICY_DRAFT);
    w.risk = READ;
    w.count = 0;
    assert_int_equal(policy_of(&w), POLICY_GO); /* reading goes on */
}

static void reading_is_refused_only_where_a_rule_says_read(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct wish w = wish(HEAD "- {name: x, then: deny}\n");
    w.risk = READ;
    w.count = 0;
    w.tool = "tail_logs";
    assert_true(policy_admits(&w, &e));
    w.rules = good(RULE("risk: read, tool: tail_logs, role: operator", "deny"));
    assert_false(policy_admits(&w, &e));
    assert_non_null(strstr(e.text, "rule 'x'"));
    w.tool = "undo_change"; /* a change is judged when its objects are known */
    w.risk = CHANGE;
    e = (struct err){ 0 };
    w.rules = good(HEAD "- {name: x, then: deny}\n");
    assert_true(policy_admits(&w, &e));
}

static void tell(void *arg, const char *name, bool passed, const char *text)
{
    (void)name, (void)text;
    *(int *)arg += passed;
}

static void cases_run(void **state)
{
    (void)state;
    struct err e = { 0 };
    int passed = 0;
    const struct rules *r =
        good("mode: off\nrules:\n- {name: x, when: {requester: alice, kind: route}, then: {ask: "
             "{count: 2}}}\n"
             "cases:\n"
             "- {wish: {risk: change, objects: [{kind: route, name: a}], requester: alice-laptop},"
             " expect: ask, rule: x, count: 2}\n"
             "- {wish: {risk: change, objects: [{kind: route, name: a}], requester: alice},"
             " expect: ask, rule: x}\n"
             "- {wish: {risk: change, objects: [{kind: route, name: a}], requester: bob},"
             " expect: auto, rule: mode}\n"
             "- {wish: {risk: change, objects: [{kind: route, name: a}], requester: bob}, expect: "
             "deny}\n");
    assert_int_equal(rules_test(a, config, r, tell, &passed, &e), 1);
    assert_int_equal(passed, 3);
    r = good(HEAD "- {name: x, then: deny}\ncases:\n- {wish: {risk: huge}, expect: deny}\n");
    assert_int_equal(rules_test(a, config, r, tell, &passed, &e), -1);
    assert_non_null(strstr(e.text, "cases[0]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_may_not_be_said, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_about_people_need_a_table, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rule_at_an_internal_route_goes_by_whose_it_is, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_stands_behind_one_that_always_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_deep_or_large_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(each_predicate_holds_and_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(summer_time_is_heard, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_that_holds_decides, setup, teardown),
        cmocka_unit_test_setup_teardown(never_is_never, setup, teardown),
        cmocka_unit_test_setup_teardown(of_several_objects_the_strictest_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(the_mode_is_the_ceiling, setup, teardown),
        cmocka_unit_test_setup_teardown(without_rules_nothing_is_different, setup, teardown),
        cmocka_unit_test_setup_teardown(a_freeze_stands_before_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_is_refused_only_where_a_rule_says_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(cases_run, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
