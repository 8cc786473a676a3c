/* test_trap_annotation.c - the traps in annotations and routes, each by its number in
 * annotations.md (tests/traps/annotations.yaml); what Envoy refuses is not written; the recorded
 * stack. */
#include "trap_case.h"
#include "trap_odd.h"

#include "manifest/manifest.h"
#include "rule/check.h"
#include "rule/look_private.h"
#include "rule/route_look_private.h"
#include "rule/trap_private.h"

enum { TESTS = 200 };
static struct CMUnitTest tests[TESTS];
static size_t count;

static void every_row_has_a_case(void **state)
{
    static const struct trap *const own[] = { trap_refusal_rows, trap_annotation_rows,
                                              trap_annotation_route_rows,
                                              trap_annotation_canary_rows,
                                              trap_annotation_host_rows };
    (void)state;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        for (const struct trap *row = own[i]; row->number; row++)
            if (!case_is(tests, count, row))
                fail_msg("%s %s has no case", row->number, row->verdict);
}

/* -- the write path --------------------------------------------------------------------------- */

static const struct {
    const char *kind, *members, *words;
} unwritten[] = {
    { "route", "'customConfigs': {'higress.io/timeout': '-1'}",
      "customConfigs.higress.io/timeout: is below 0, for which Envoy refuses every route" },
    { "ai-route", "'customConfigs': {'higress.io/timeout': '9223372036'}", "is more than" },
    { "route", "'customConfigs': {'x.io/match-header-a': 'b'}", "the controller cuts the name" },
    { "route", "'customConfigs': {'x.example.io/match-query-a': 'b'}", "stops reading there" },
    { "route", "'proxyNextUpstream': {'timeout': -3}",
      "proxyNextUpstream.timeout: -3 is less than 0" },
    { "route", "'headerControl': {'response': {'set': [{'key': 'x','value': '50% off'}]}}",
      "headerControl.response.set[0].value: has a %" },
    { "route", "'rewrite': {'path': '/new'},'path': {'matchType': 'PRE','matchValue': '/a(b'}",
      "path.matchValue: becomes an expression that RE2 does not take" },
    { "ai-route", "'cors': {'enabled': true,'allowOrigins': ['https://**']}",
      "cors.allowOrigins[0]: becomes an expression" },
    { "route",
      "'customConfigs': {'higress.io/permanent-redirect': 'https://x.example/',"
      "'higress.io/permanent-redirect-code': '300'}",
      "is left without an action" },
    { "route", "'customConfigs': {'nginx.ingress.kubernetes.io/upstream-hash-by': '$arg_'}",
      "names no header or parameter" },
};

/* The kind's example with these members. */
static cJSON *with_members(struct arena *a, const char *kind, const char *members)
{
    struct err e = { 0 };
    const char *example = kind_find(kind)->example;
    const char *text = arena_printf(a, "{%s}", members);
    cJSON *patch = yaml_parse(a, text, strlen(text), &e);
    cJSON *o = json_parse(a, example, strlen(example), &e);
    if (!patch || !o)
        fail_msg("%s: %s", text, e.text);
    return json_merge_patch(a, o, patch);
}

static void what_envoy_refuses_is_not_written(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof unwritten / sizeof *unwritten; i++) {
        struct err e = { 0 };
        const struct kind *k = kind_find(unwritten[i].kind);
        if (check_object(a, k, NULL, with_members(a, k->name, unwritten[i].members), &e))
            fail_msg("taken: %s", unwritten[i].members);
        if (!strstr(e.text, unwritten[i].words))
            fail_msg("'%s' does not say '%s'", e.text, unwritten[i].words);
    }
    arena_free(a);
}

/* What stands there already can be put right step by step, and not be made worse. */
static void what_stands_there_is_no_mistake_of_a_change(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e = { 0 };
    const struct kind *k = kind_find("route");
    cJSON *was = with_members(a, "route",
                              "'customConfigs': {'higress.io/timeout': '-1'},'proxyNextUpstream':"
                              "{'timeout': -3}");
    cJSON *is = with_members(a, "route",
                             "'customConfigs': {'higress.io/timeout': '5'},'proxyNextUpstream':"
                             "{'timeout': -3}");
    if (!check_object(a, k, was, is, &e))
        fail_msg("%s", e.text);
    is = with_members(a, "route", "'customConfigs': {'higress.io/timeout': '-2'}");
    assert_false(check_object(a, k, was, is, &e));
    assert_non_null(strstr(e.text, "higress.io/timeout: is below 0"));
    arena_free(a);
}

/* -- the recorded stack: controller v2.1.11 before Envoy 1.40 ---------------------------------- */

struct stack_case {
    const char *name;
    bool rejected;
    const char *mistake; /* of the manifest or the write path, or NULL */
    struct trap_findings *found;
};

static bool is_row_of(const struct trap *rows, const struct trap *row)
{
    for (; rows->number; rows++)
        if (rows == row)
            return true;
    return false;
}

/* Is a finding of what Envoy refuses among them; or, `any`, one about Envoy at all? */
static const struct trap_finding *refusal_of(const struct trap_findings *all, bool any)
{
    for (int i = 0; i < all->count; i++) {
        const struct trap_finding *f = &all->list[i];
        bool says = strstr(f->text, "refuses every route") != NULL;
        bool sure = is_row_of(trap_refusal_rows, f->trap) && f->trap->risk == TRAP_BROKEN;
        if (any ? says : sure)
            return f;
    }
    return NULL;
}

/* Its Ingresses as a manifest makes routes of them: written, and standing there. */
static struct stack_case stack_read(struct arena *a, const cJSON *line)
{
    struct stack_case c = { json_str(line, "case"), json_true(line, "rejected"), NULL, NULL };
    struct manifest *m = manifest_new(a);
    struct trap_world *w = trap_world_new(a);
    cJSON *routes = json_array(a);
    struct err e = { 0 };
    const cJSON *one = json_get(line, "ingress");
    if (!manifest_take(m, one ? one : json_get(line, "ingresses"), &e))
        c.mistake = arena_strdup(a, e.text);
    for (int i = 0; i < m->count; i++) {
        if (strcmp(m->list[i].kind->name, "route") != 0)
            continue;
        struct err refused = { 0 };
        json_add(a, routes, json_clone(a, m->list[i].object));
        if (!check_object(a, m->list[i].kind, NULL, m->list[i].object, &refused))
            c.mistake = arena_strdup(a, refused.text);
    }
    trap_world_version(w, "2.1.11");
    trap_world_set(w, "route", routes, true);
    trap_world_set(w, "plugin-instance", json_array(a), true);
    c.found = trap_find(a, w, NULL);
    return c;
}

static void stack_judge(struct arena *a, const struct stack_case *c)
{
    const struct trap_finding *sure = refusal_of(c->found, false);
    bool by_envoy = c->mistake && strstr(c->mistake, "refuses every route");
    if (c->rejected && !c->mistake && !refusal_of(c->found, true))
        fail_msg("%s: Envoy refused it, and nothing says so", c->name);
    if (!c->rejected && sure)
        fail_msg("%s: Envoy took it: %s", c->name, trap_line(a, sure));
    if (!c->rejected && by_envoy)
        fail_msg("%s: Envoy took it: %s", c->name, c->mistake);
}

static int stack_file(const char *path, int *rejected)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    size_t len = 0;
    int n = 0;
    char *text = file_read(a, path, 64 << 20, &len, &e);
    for (char *line = text, *end; line && *line; line = end) {
        struct arena *one = arena_new();
        size_t size = strcspn(line, "\n");
        end = line + size + (line[size] == '\n');
        const cJSON *tree = json_parse(one, line, size, &e);
        if (!tree)
            fail_msg("%s:%d: %s", path, n + 1, e.text);
        struct stack_case c = stack_read(one, tree);
        stack_judge(one, &c);
        *rejected += c.rejected;
        n++;
        arena_free(one);
    }
    arena_free(a);
    return n;
}

static void the_recorded_stack(void **state)
{
    static const char *const files[] = { "../shared/recordings/stack/annotations.jsonl",
                                         "../shared/recordings/stack/annotations-more.jsonl" };
    int cases = 0, rejected = 0;
    (void)state;
    for (int i = 0; i < 2; i++)
        cases += stack_file(files[i], &rejected);
    if (cases == 0) {
        printf("skipped: 109 recorded Ingresses are not here\n");
        skip();
    }
    assert_int_equal(cases, 109);
    assert_int_equal(rejected, 12);
}

/* Both routes have the same fault; a diagnosis asks about one. */
static void one_object_may_be_asked_about(void **state)
{
    static const char fault[] = "'name': 'b','customConfigs': {'higress.io/timeout': '-1'}";
    struct arena *a = arena_new();
    struct trap_world *w = trap_world_new(a);
    cJSON *routes = json_array(a);
    int others = 0;

    (void)state;
    json_add(a, routes, with_members(a, "route", fault));
    json_set_str(a, json_add(a, routes, with_members(a, "route", fault)), "name", "c");
    trap_world_set(w, "route", routes, true);
    const int all = trap_find(a, w, NULL)->count;
    trap_world_about(w, "route", "b");
    const struct trap_findings *one = trap_find(a, w, NULL);
    assert_in_range(one->count, 1, all - 1);
    for (int i = 0; i < one->count; i++)
        others += strcmp(one->list[i].name, "b") != 0 && one->list[i].trap->judge == look_judge;
    assert_int_equal(others, 0);
    arena_free(a);
}

static void odd_shapes_are_survived(void **state)
{
    (void)state;
    odd_file("tests/traps/annotations.yaml");
}

int main(void)
{
    static const struct CMUnitTest own[] = {
        cmocka_unit_test(every_row_has_a_case),
        cmocka_unit_test(one_object_may_be_asked_about),
        cmocka_unit_test(odd_shapes_are_survived),
        cmocka_unit_test(what_envoy_refuses_is_not_written),
        cmocka_unit_test(what_stands_there_is_no_mistake_of_a_change),
        cmocka_unit_test(the_recorded_stack),
    };
    struct arena *a = arena_new();
    count = case_file(a, "tests/traps/annotations.yaml", tests, count, TESTS);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        tests[count++] = own[i];
    int failed = _cmocka_run_group_tests("traps in annotations", tests, count, NULL, NULL);
    arena_free(a);
    return failed;
}
