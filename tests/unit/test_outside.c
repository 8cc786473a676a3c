/* test_outside.c - looks at what others change, against the double: what could not be read, what is
 * under way, what is ours, what is put back. */
#include "change/outside.h"
#include "propose.h"
#include "store/store_outside.h"
#include "store/store_segment.h"
#include <sys/syscall.h>

static struct outside_look look(struct world *w)
{
    struct err e = { 0 };
    struct outside_look out = { 0 };
    if (!engine_look_outside(w->engine, w->arena, NULL, NULL, &out, &e))
        fail_msg("%s", e.text);
    return out;
}

/* Looks until each list counts: one that is read within the millisecond of a write of ours does
 * not. How many edits were told. */
static int settled(struct world *w)
{
    struct outside_look out;
    int told = 0, looks = 0;
    do {
        out = look(w);
        told += out.edits;
    } while (out.moved && looks++ < 20);
    assert_int_equal(out.moved, 0);
    return told;
}

static const cJSON *edits(struct world *w)
{
    struct err e = { 0 };
    const struct outside_query all = { .limit = 100 };
    const cJSON *o = engine_outside(w->engine, w->arena, &all, &e);
    if (!o)
        fail_msg("%s", e.text);
    return json_get(o, "changes");
}

static const char *title(const cJSON *list, int i)
{
    const char *text = json_str(cJSON_GetArrayItem(list, i), "title");
    return text ? text : "";
}

static void starts_with(const char *text, const char *beginning)
{
    if (strncmp(text, beginning, strlen(beginning)) != 0)
        fail_msg("'%s' does not begin with '%s'", text, beginning);
}

static void known(struct world *w)
{
    double_object(w, "/v1/routes/pay", ROUTE);
    double_object(w, "/v1/consumers/alice", "{\"name\":\"alice\",\"credentials\":[]}");
    struct outside_look first = look(w);
    assert_true(first.first);
    assert_int_equal(first.edits, 0);
}

static void body_unread(struct world *w)
{
    known(w);
    double_tell(
        w, "/_fault",
        "{\"method\":\"GET\",\"path\":\"/v1/consumers\",\"do\":\"status:500\",\"times\":9}");
    struct outside_look out = look(w);
    assert_int_equal(out.edits, 0);
    assert_true(out.unread > 0);
    double_tell(w, "/_fault", "{\"clear\":true,\"times\":0}");
    assert_int_equal(look(w).edits, 0);
    double_tell(w, "/_object", "{\"path\":\"/v1/consumers/alice\",\"object\":null}");
    assert_int_equal(look(w).edits, 1);
    starts_with(title(edits(w), 0), "consumer alice was deleted outside between ");
}

static void test_unread(void **state)
{
    (void)state;
    with_world("approve", body_unread);
}

static void body_ours(struct world *w)
{
    struct err e = { 0 };
    known(w);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    approve(w, id);
    if (!engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(settled(w), 0);
    double_object(w, "/v1/routes/pay", ROUTE);
    assert_int_equal(look(w).edits, 1);
    starts_with(title(edits(w), 0), "route pay was changed outside between ");
    /* Put back what we wrote. */
    struct plan *p = plan_new(w->arena, "undo", CHANGE, &e);
    const char *edit = json_str(cJSON_GetArrayItem(edits(w), 0), "id");
    if (!engine_undo(w->engine, p, edit, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(p->count, 1);
    assert_string_equal(p->undoes, edit);
    assert_string_equal(cJSON_GetArrayItem(json_get(p->ops[0].after, "domains"), 0)->valuestring,
                        "b.example");
    /* Somebody was at it since. */
    double_tell(w, "/_object", "{\"path\":\"/v1/routes/pay\",\"object\":null}");
    p = plan_new(w->arena, "undo", CHANGE, &e);
    assert_false(engine_undo(w->engine, p, edit, NULL, &e));
    assert_int_equal(e.kind, ERR_POLICY);
}

static void test_ours(void **state)
{
    (void)state;
    with_world("approve", body_ours);
}

static void set_cors(struct world *w, bool on)
{
    double_object(w, "/v1/routes/pay/plugin-instances/cors",
                  arena_printf(w->arena,
                               "{\"pluginName\":\"cors\",\"enabled\":%s,\"configurations\":{}}",
                               on ? "true" : "false"));
}

/* What we write of a route takes no edit of its plugins for ours. */
static void body_beside_ours(struct world *w)
{
    struct err e = { 0 };
    set_cors(w, true);
    known(w);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    approve(w, id);
    if (!engine_apply(w->engine, w->arena, id, NULL, &e))
        fail_msg("%s", e.text);
    set_cors(w, false);
    assert_int_equal(settled(w), 1);
    starts_with(title(edits(w), 0), "plugin-instance cors at route:pay was deleted outside ");
}

static void test_beside_ours(void **state)
{
    (void)state;
    with_world("approve", body_beside_ours);
}

/* A change of ours that is being written: the place does not count, and nothing is told of it. */
static void body_under_way(struct world *w)
{
    struct err e = { 0 };
    bool moved = false;
    known(w);
    const char *id = proposed(w, move_domain(w, "b.example", &e), ENGINE_ASK);
    approve(w, id);
    struct store *s = engine_store(w->engine, &e);
    assert_true(
        store_move(s, id, STATE_APPROVED, STATE_APPLYING, "me", "engine", NULL, &moved, &e));
    assert_true(moved);
    double_tell(w, "/_object", "{\"path\":\"/v1/consumers/alice\",\"object\":null}");
    struct outside_look out = look(w);
    assert_int_equal(out.edits, 0);
    assert_true(out.moved > 0);
    assert_true(store_move(s, id, STATE_APPLYING, STATE_FAILED, "me", "engine", NULL, &moved, &e));
    assert_int_equal(settled(w), 1);
    assert_int_equal(look(w).edits, 0);
}

static void test_under_way(void **state)
{
    (void)state;
    with_world("approve", body_under_way);
}

#define CERTIFICATE                                                                                \
    "{\"name\":\"shop\",\"domains\":[\"a.example\"],\"validityEnd\":\"2030-01-0%d\"}"

/* The key is never shown; when it ends is. */
static void body_certificate(struct world *w)
{
    double_object(w, "/v1/tls-certificates/shop", arena_printf(w->arena, CERTIFICATE, 1));
    known(w);
    double_object(w, "/v1/tls-certificates/shop", arena_printf(w->arena, CERTIFICATE, 2));
    assert_int_equal(look(w).edits, 1);
    starts_with(title(edits(w), 0), "tls-certificate shop was changed outside between ");
    assert_non_null(strstr(title(edits(w), 0), "2030-01-02"));
}

static void test_certificate(void **state)
{
    (void)state;
    with_world("approve", body_certificate);
}

/* A server whose object cannot be read stays as it was known. */
static void body_thin(struct world *w)
{
    double_object(w, "/v1/mcpServer/weather", "{\"name\":\"weather\",\"type\":\"OPEN_API\"}");
    known(w);
    double_tell(w, "/_fault",
                "{\"path\":\"/v1/mcpServer/weather\",\"do\":\"status:500\",\"times\":9}");
    struct outside_look out = look(w);
    assert_int_equal(out.edits, 0);
    assert_true(out.unread > 0);
    double_tell(w, "/_fault", "{\"clear\":true,\"times\":0}");
    assert_int_equal(look(w).edits, 0);
}

static void test_thin(void **state)
{
    (void)state;
    with_world("approve", body_thin);
}

/* The newest are kept; the oldest go, and the audit still fits. */
static void body_retention(struct world *w)
{
    struct err e = { 0 };
    int lines = 0, looks = 0;
    known(w);
    for (int i = 0; i < OUTSIDE_KEPT + 50; i++)
        double_object(w, arena_printf(w->arena, "/v1/consumers/c%d", i),
                      arena_printf(w->arena, "{\"name\":\"c%d\",\"credentials\":[]}", i));
    int told = 0;
    for (struct outside_look out = { .more = true }; out.more && looks < 20; looks++) {
        out = look(w);
        told += out.edits;
    }
    assert_int_equal(told, OUTSIDE_KEPT + 50);
    assert_true(looks > 2);
    const cJSON *state = engine_outside_state(w->engine, w->arena, &e);
    assert_int_equal((int)json_num(state->child, "edits", 0), OUTSIDE_KEPT);
    if (!store_verify(engine_store(w->engine, &e), NULL, &lines, &e))
        fail_msg("%s", e.text);
}

static void test_retention(void **state)
{
    (void)state;
    with_world("approve", body_retention);
}

/* Lines of audit that retention removes take their edits along; nothing looks tampered with then.
 */
static void body_segments(struct world *w)
{
    struct err e = { 0 };
    int lines = 0;
    known(w);
    for (int i = 0; i < 12; i++) {
        double_object(w, arena_printf(w->arena, "/v1/consumers/c%d", i),
                      arena_printf(w->arena, "{\"name\":\"c%d\",\"credentials\":[]}", i));
        assert_int_equal(look(w).edits, 1);
    }
    struct store *s = engine_store(w->engine, &e);
    const struct store_retention how = { .lines = 10, .keep = 0.001, .until = 1000 };
    struct store_rotated did = { .more = true };
    for (int i = 0; i < 5; i++)
        if (!store_rotate(s, &how, &did, &e))
            fail_msg("%s", e.text);
    int left = json_count(edits(w));
    assert_true(left > 0 && left < 12);
    for (int i = 0; i < left; i++)
        starts_with(title(edits(w), i), "consumer c");
    if (!store_verify(s, NULL, &lines, &e))
        fail_msg("%s", e.text);
}

static void test_segments(void **state)
{
    (void)state;
    with_world("approve", body_segments);
}

/* What the wall clock is ahead, for who asks for it. */
static time_t ahead;

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, t);
    t->tv_sec += clock == CLOCK_REALTIME ? ahead : 0;
    return failed;
}

static void add_consumers(struct world *w, const char *name, int count)
{
    for (int i = 0; i < count; i++)
        double_object(w, arena_printf(w->arena, "/v1/consumers/%s%d", name, i),
                      arena_printf(w->arena, "{\"name\":\"%s%d\",\"credentials\":[]}", name, i));
}

static void look_all(struct world *w)
{
    struct outside_look out = { .more = true };
    for (int looks = 0; out.more && looks < 20; looks++)
        out = look(w);
    assert_false(out.more);
}

/* Which edits are the newest does not hang on a clock that may be set back. */
static void body_clock(struct world *w)
{
    struct err e = { 0 };
    int lines = 0;
    ahead = 3600;
    known(w);
    add_consumers(w, "early", 3);
    assert_int_equal(look(w).edits, 3);
    ahead = 0;
    add_consumers(w, "late", OUTSIDE_KEPT);
    look_all(w);
    if (!store_verify(engine_store(w->engine, &e), NULL, &lines, &e))
        fail_msg("%s", e.text);
}

static void test_clock_set_back(void **state)
{
    (void)state;
    with_world("approve", body_clock);
    ahead = 0;
}

static void say_nothing(const char *gateway, const char *text)
{
    (void)gateway, (void)text;
}

/* A look that lies ahead by the clock is no reason to wait for that hour. */
static void body_clock_tick(struct world *w)
{
    struct err e = { 0 };
    ahead = 3600;
    known(w);
    ahead = 0;
    add_consumers(w, "late", 1);
    w->config->outside = true;
    w->config->outside_every = 60;
    engine_watch_outside(w->engine, say_nothing);
    for (int i = 0; i < 100 && !json_count(edits(w)); i++)
        nap_for(w->loop, 0.1, "a look", NULL, NULL, &e);
    starts_with(title(edits(w), 0), "consumer late0 was created outside between ");
}

static void test_clock_tick(void **state)
{
    (void)state;
    with_world("approve", body_clock_tick);
    ahead = 0;
}

/* More at once than one look tells: what hangs on a new route is told with times that were. */
static void body_many_at_once(struct world *w)
{
    known(w);
    for (int i = 0; i < 210; i++) {
        const char *route = arena_printf(w->arena, "r%d", i);
        double_object(w, arena_printf(w->arena, "/v1/routes/%s", route),
                      arena_printf(w->arena, "{\"name\":\"%s\",\"services\":[]}", route));
        double_object(w, arena_printf(w->arena, "/v1/routes/%s/plugin-instances/cors", route),
                      "{\"pluginName\":\"cors\",\"enabled\":true,\"scope\":\"ROUTE\","
                      "\"configurations\":{}}");
    }
    look_all(w);
    const cJSON *edit, *list = edits(w);
    assert_true(json_count(list) > 0);
    cJSON_ArrayForEach(edit, list)
    {
        if (strstr(json_text(edit, "title"), " 1970-"))
            fail_msg("%s", json_text(edit, "title"));
    }
}

static void test_many_at_once(void **state)
{
    (void)state;
    with_world("approve", body_many_at_once);
}

int main(int argc, char **argv)
{
    if (child_wanted(argc, argv))
        return child_run(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unread),         cmocka_unit_test(test_ours),
        cmocka_unit_test(test_beside_ours),    cmocka_unit_test(test_under_way),
        cmocka_unit_test(test_certificate),    cmocka_unit_test(test_thin),
        cmocka_unit_test(test_retention),      cmocka_unit_test(test_segments),
        cmocka_unit_test(test_clock_set_back), cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_clock_tick),
    };
    return cmocka_run_group_tests(tests, double_start, double_stop);
}
