/* test_store_alert.c - alerts are merged into episodes and incidents, once, whatever comes twice,
 * late or after a restart; what was edited is refused.
 */
#include "store/store_alert.h"
#include "store/store_alert_private.h"
#include "stores.h"

static struct store_alerts_taken got;

static const char *source = "am";

static bool take_in(const char *group, const struct store_alert *all, int n, struct err *e)
{
    const struct store_alerts in = { .source = source,
                                     .group = group,
                                     .alerts = all,
                                     .count = n,
                                     .most = 3,
                                     .within = 60,
                                     .platform = "webhook",
                                     .account = "ops",
                                     .channel = "c1" };
    return store_take_alerts(s, &in, &got, e);
}

static void take(const char *group, const char *key, double starts, double ends)
{
    struct err e = { 0 };
    const struct store_alert one = { .key = key, .starts = starts, .ends = ends, .shown = "{}" };
    if (!take_in(group, &one, 1, &e))
        fail_msg("%s", e.text);
}

static struct store_incident *incidents(int wanted)
{
    struct err e = { 0 };
    const char **ids = NULL;
    struct store_incident *all = arena_array(a, struct store_incident, INCIDENTS_KEPT);
    int n = store_incidents(s, a, &ids, &e), whole = 0;
    assert_true(n >= 0);
    for (int i = 0; i < n; i++)
        whole += store_find_incident(s, a, ids[i], &all[whole], &(struct err){ 0 });
    assert_int_equal(whole, wanted);
    return all;
}

static int firing_of(const char *incident, int all_wanted)
{
    struct err e = { 0 };
    struct store_alert *list = NULL;
    int firing = 0, all = 0;
    assert_true(store_alerts_of(s, a, incident, 100, &list, &firing, &all, &e) >= 0);
    assert_int_equal(all, all_wanted);
    return firing;
}

static void reopen(void)
{
    struct err e = { 0 };
    store_close(s);
    assert_non_null(s = store_open(a, dir, &e));
}

static void one_group_is_one_incident(void **state)
{
    (void)state;
    take("g", "k1", 100, 0);
    assert_int_equal(got.begun, 1);
    take("g", "k2", 101, 0);
    const char *id = incidents(1)[0].id;
    assert_int_equal(firing_of(id, 2), 2);
    take("g", "k1", 100, 200);
    assert_int_equal(got.ended, 1);
    assert_int_equal(incidents(1)[0].state, INCIDENT_OPEN);
    take("g", "k2", 101, 201);
    assert_int_equal(incidents(1)[0].state, INCIDENT_OVER);
    assert_true(incidents(1)[0].closed > 0);
    assert_int_equal(firing_of(id, 2), 0);
    take("g", "k1", 300, 0);
    assert_string_not_equal(incidents(2)[1].id, id);
}

static void what_comes_twice_is_one(void **state)
{
    (void)state;
    take("g", "k1", 100, 0);
    double revision = incidents(1)[0].revision;
    reopen();
    take("g", "k1", 100, 0);
    assert_int_equal(got.again, 1);
    take("other", "k1", 99, 0); /* its start was merged, its group regrouped */
    assert_int_equal(got.again, 1);
    assert_true(incidents(1)[0].revision <= revision);
    reopen();
    take("g", "k1", 99, 150);
    assert_int_equal(got.ended, 1);
    take("g", "k1", 100, 150);
    assert_int_equal(got.ignored, 1);
    take("g", "k1", 100, 0);
    assert_int_equal(got.ignored, 1);
    assert_int_equal(incidents(1)[0].state, INCIDENT_OVER);
}

/* The end of an episode before does not end the one that fires. */
static void an_end_that_comes_late(void **state)
{
    (void)state;
    take("g", "k1", 100, 0);
    take("g", "k1", 200, 0);
    assert_int_equal(got.again, 1);
    take("g", "k1", 100, 150);
    assert_int_equal(got.ignored, 1);
    assert_int_equal(incidents(1)[0].state, INCIDENT_OPEN);
}

static void an_end_before_its_beginning(void **state)
{
    (void)state;
    take("g", "k1", 100, 150);
    assert_int_equal(got.ignored, 1);
    take("g", "k1", 100, 0);
    assert_int_equal(got.ignored, 1);
    incidents(0);
    take("g", "k1", 160, 0);
    assert_int_equal(got.begun, 1);
    incidents(1);
}

/* Of an episode after the one that is known; what says no beginning of its own is no later one. */
static void an_end_before_its_beginning_of_one_known(void **state)
{
    (void)state;
    take("g", "k1", 100, 0);
    take("g", "k1", 100, 150);
    take("g", "k1", 200, 250);
    assert_int_equal(got.ignored, 1);
    take("g", "k1", 200, 0);
    assert_int_equal(got.ignored, 1);
    take("g", "k1", 300, 0);
    assert_int_equal(got.begun, 1);
    take("g", "k1", 400, 450); /* its beginning was not heard of yet */
    assert_int_equal(got.ended, 1);
    take("g", "k1", 400, 0);
    assert_int_equal(got.ignored, 1);
    take("g", "k1", 500, 0);
    take("g", "k1", 900, 900); /* by our clock, of a source that says no times of ends */
    assert_int_equal(got.ended, 1);
    take("g", "k1", 600, 0);
    assert_int_equal(got.begun, 1);
}

static void a_storm_is_one_more_incident(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        take(arena_printf(a, "g%d", i), arena_printf(a, "k%d", i), 100, 0);
        assert_int_equal(got.storm, i >= 3);
    }
    struct store_incident *all = incidents(4);
    assert_string_equal(all[3].group, ALERT_STORM);
    assert_int_equal(firing_of(all[3].id, 47), 47);
    take("g0", "k0b", 100, 0); /* its incident is open */
    assert_false(got.storm);
    for (int i = 3; i < 50; i++)
        take(arena_printf(a, "g%d", i), arena_printf(a, "k%d", i), 100, 130);
    assert_int_equal(incidents(4)[3].state, INCIDENT_OVER);
}

static void what_is_heard_of_no_more_ends(void **state)
{
    (void)state;
    struct err e = { 0 };
    take("g", "k1", 100, 0);
    assert_true(store_end_stale(s, "am", 10, &e));
    assert_int_equal(incidents(1)[0].state, INCIDENT_OPEN);
    assert_true(store_end_stale(s, "else", 1e12, &e));
    assert_int_equal(incidents(1)[0].state, INCIDENT_OPEN);
    assert_true(store_end_stale(s, "am", 1e12, &e));
    assert_int_equal(incidents(1)[0].state, INCIDENT_OVER);
}

/* The source was away for long, not the alert. */
static void what_was_taken_for_over_and_fires_still(void **state)
{
    (void)state;
    struct err e = { 0 };
    take("g", "k1", 100, 0);
    assert_true(store_end_stale(s, "am", 1e12, &e));
    take("g", "k1", 99, 0); /* an episode before it */
    assert_int_equal(got.ignored, 1);
    take("g", "k1", 100, 0);
    assert_int_equal(got.begun, 1);
    assert_int_equal(incidents(2)[1].state, INCIDENT_OPEN);
    take("g", "k1", 100, 150);
    assert_int_equal(got.ended, 1);
    take("g", "k1", 100, 0);
    assert_int_equal(got.ignored, 1);
}

/* Three began by a clock that was an hour ahead. */
static void a_clock_that_was_set_back_makes_no_storm(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        take(arena_printf(a, "g%d", i), arena_printf(a, "k%d", i), 100, 0);
    sql("UPDATE incidents SET opened = opened + 3600");
    take("g9", "k9", 100, 0);
    assert_false(got.storm);
}

static bool is_marked(void *arg, const char *shown)
{
    ++*(int *)arg;
    return strstr(shown, "mark") != NULL;
}

static void any_of_an_incident(void **state)
{
    (void)state;
    struct err e = { 0 };
    int looked = 0;
    for (int i = 0; i < 60; i++)
        take("g", arena_printf(a, "k%d", i), 100 + i, 0);
    const char *id = incidents(1)[0].id;
    assert_false(store_any_alert(s, id, is_marked, &looked, &e));
    assert_int_equal(looked, 60);
    const struct store_alert one = { .key = "k", .starts = 1, .shown = "{\"mark\":1}" };
    assert_true(take_in("g", &one, 1, &e));
    assert_true(store_any_alert(s, id, is_marked, &looked, &e));
    sql("UPDATE alerts SET shown = '{\"mark\":2}'");
    assert_false(store_any_alert(s, id, is_marked, &looked, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
}

static void what_was_told_is_kept(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_incident x = { 0 };
    bool held = false;
    take("g", "k1", 100, 0);
    const char *id = incidents(1)[0].id;
    assert_true(store_hold_incident(s, id, &held, &e));
    assert_true(held);
    const struct store_incident told = { .id = id, .button = "b1", .message = "m1", .shown = "1" };
    assert_true(store_update_incident(s, &told, &e));
    reopen();
    assert_true(store_incident_of(s, a, "b1", &x, &e));
    assert_string_equal(x.message, "m1");
    const struct store_incident done = { .id = id, .state = INCIDENT_DONE };
    assert_true(store_update_incident(s, &done, &e));
    assert_int_equal(incidents(1)[0].state, INCIDENT_OPEN); /* it still fires */
    take("g", "k1", 100, 150);
    assert_true(store_update_incident(s, &done, &e));
    incidents(0);
    assert_true(store_find_incident(s, a, id, &x, &e));
    assert_int_equal(x.state, INCIDENT_DONE);
}

/* A process that is gone holds nothing; one that lives does. */
static void one_process_works_on_it(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool held = false;
    take("g", "k1", 100, 0);
    const char *id = incidents(1)[0].id;
    struct store *other = store_open(a, dir, &e);
    assert_non_null(other);
    assert_true(store_hold_incident(other, id, &held, &e));
    assert_true(held);
    assert_true(store_hold_incident(s, id, &held, &e));
    assert_false(held);
    store_close(other);
}

static void one_that_was_edited(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE alerts SET starts = 50",       "UPDATE alerts SET shown = '{\"x\":1}'",
        "UPDATE alerts SET incident = 'i-2'",  "UPDATE alerts SET mac = NULL",
        "UPDATE incidents SET channel = 'c2'", "UPDATE incidents SET plan = 'c-1'",
        "UPDATE incidents SET button = 'b9'",  "UPDATE incidents SET state = 'over'",
        "UPDATE incidents SET found = '{}'",   "UPDATE incidents SET mac = NULL",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct err e = { 0 };
        struct store_incident x = { 0 };
        sql("DELETE FROM alerts; DELETE FROM incidents");
        take("g", "k1", 100, 0);
        const char *id = incidents(1)[0].id;
        sql(edits[i]);
        const struct store_alert end = { .key = "k1", .starts = 100, .ends = 150, .shown = "{}" };
        if (take_in("g", &end, 1, &e) || e.kind != ERR_SYSTEM)
            fail_msg("%s was believed", edits[i]);
        if (strstr(edits[i], "incidents")) {
            e = (struct err){ 0 };
            assert_false(store_find_incident(s, a, id, &x, &e));
            assert_int_equal(e.kind, ERR_SYSTEM);
            incidents(0);
        }
    }
}

static void there_are_so_many(void **state)
{
    (void)state;
    struct err e = { 0 };
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) INSERT "
        "INTO alerts SELECT 'x', 'n' || i, 1, i % 2, 4e9 + i, 'i-x', '{}', NULL FROM n");
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1010) INSERT "
        "INTO incidents (id, source, grp, state, opened, closed) SELECT 'i' || i, 'x', 'g', "
        "'open', i, 0 FROM n");
    take("g", "k1", 100, 0);
    int firing = 0, all = 0;
    assert_true(store_count_alerts(s, "i-x", &firing, &all, &e));
    assert_int_equal(all, ALERTS_KEPT - 1); /* and ours */
    assert_int_equal(firing, 5025);         /* what fires stays */
    struct store_incident x = { 0 };
    assert_false(store_find_incident(s, a, "i1", &x, &e));
    assert_int_equal(e.kind, ERR_NONE);
    assert_int_equal(incidents(1)[0].state, INCIDENT_OPEN); /* ours: theirs have no MAC */
}

/* What one source sends in masses takes no room of what another's fires. */
static void one_source_pushes_out_no_other(void **state)
{
    (void)state;
    take("g", "k1", 100, 0);
    const char *id = incidents(1)[0].id;
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050) INSERT "
        "INTO alerts SELECT 'x', 'n' || i, 1, 0, 4e9 + i, 'i-x', '{}', NULL FROM n");
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1010) INSERT "
        "INTO incidents (id, source, grp, state, opened, closed) SELECT 'i' || i, 'x', 'g', "
        "'open', 4e9 + i, 0 FROM n");
    source = "x";
    take("h", "k2", 100, 0);
    source = "am";
    struct err e = { 0 };
    struct store_incident x = { 0 };
    assert_int_equal(firing_of(id, 1), 1);
    assert_true(store_find_incident(s, a, id, &x, &e));
    assert_int_equal(x.state, INCIDENT_OPEN);
    int firing = 0, all = 0;
    assert_true(store_count_alerts(s, "i-x", &firing, &all, &e));
    assert_int_equal(all, ALERTS_KEPT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(one_group_is_one_incident),
        EACH(what_comes_twice_is_one),
        EACH(an_end_that_comes_late),
        EACH(an_end_before_its_beginning),
        EACH(a_storm_is_one_more_incident),
        EACH(what_is_heard_of_no_more_ends),
        EACH(what_was_told_is_kept),
        EACH(one_process_works_on_it),
        EACH(one_that_was_edited),
        EACH(there_are_so_many),
        EACH(an_end_before_its_beginning_of_one_known),
        EACH(what_was_taken_for_over_and_fires_still),
        EACH(a_clock_that_was_set_back_makes_no_storm),
        EACH(any_of_an_incident),
        EACH(one_source_pushes_out_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
