/* test_schedule_due.c - when schedules are due, by fixed clocks: zones whose clocks jump, by an
 * hour, by half of one, at midnight, over a day; weekends; quiet hours. */
#include "base/when.h"
#include "base/zone.h"
#include "chat/schedule_private.h"
#include "check.h"
#include "check_arena.h"
#include <string.h>

static struct config_schedule daily(const char *at, const char *zone)
{
    return (struct config_schedule){ .name = "s", .minutes = zone_minutes(at), .zone = zone };
}

static void assert_next(const struct config_schedule *s, const char *after, const char *next)
{
    assert_string_equal(when_text(a, schedule_next(s, when_parse(after)), false), next);
}

static void each_day(void **state)
{
    (void)state;
    struct config_schedule s = daily("08:00", "Asia/Shanghai");
    assert_next(&s, "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z");
    assert_next(&s, "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"); /* after it, not at it */
    s = daily("00:00", "America/Los_Angeles");
    assert_next(&s, "2026-11-30T07:00:00Z", "2026-11-30T08:00:00Z");
    s = daily("23:59", "UTC");
    assert_next(&s, "2028-02-29T23:58:00Z", "2028-02-29T23:59:00Z");
    assert_next(&s, "2027-12-31T23:59:00Z", "2028-01-01T23:59:00Z");
}

/* Berlin: 2026-03-29 02:00 CET is 03:00 CEST, 2026-10-25 03:00 CEST is 02:00 CET. */
static void an_hour_that_is_not_there(void **state)
{
    (void)state;
    struct config_schedule s = daily("02:30", "Europe/Berlin");
    assert_next(&s, "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"); /* 03:30 CEST */
    assert_next(&s, "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z");
    s = daily("02:10", "Australia/Lord_Howe"); /* half an hour: 02:00 becomes 02:30 */
    assert_next(&s, "2026-10-03T12:00:00Z", "2026-10-03T15:40:00Z");
    s = daily("00:00", "America/Asuncion"); /* midnight became 01:00 */
    assert_next(&s, "2023-09-30T12:00:00Z", "2023-10-01T04:00:00Z");
    s = daily("08:00", "Pacific/Apia"); /* there was no 30th */
    assert_next(&s, "2011-12-29T19:00:00Z", "2011-12-30T18:00:00Z");
    assert_next(&s, "2011-12-30T18:00:00Z", "2011-12-31T18:00:00Z");
}

static void an_hour_that_is_there_twice(void **state)
{
    (void)state;
    struct config_schedule s = daily("02:30", "Europe/Berlin");
    assert_next(&s, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"); /* the first, CEST */
    assert_next(&s, "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"); /* not the second */
    assert_string_equal(
        when_text(a, schedule_newest(&s, when_parse("2026-10-25T01:45:00Z")), false),
        "2026-10-25T00:30:00Z");
    s = daily("01:45", "Australia/Lord_Howe");
    assert_next(&s, "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z");
    assert_next(&s, "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z");
}

static void weekdays_alone(void **state)
{
    (void)state;
    struct config_schedule s = daily("08:00", "Asia/Shanghai");
    s.weekdays = true;
    assert_next(&s, "2026-11-27T00:00:00Z", "2026-11-30T00:00:00Z"); /* Friday, Monday */
    assert_next(&s, "2026-11-28T12:00:00Z", "2026-11-30T00:00:00Z");
    s = daily("07:00", "Pacific/Kiritimati"); /* Monday there is Sunday in UTC */
    s.weekdays = true;
    assert_next(&s, "2026-11-28T00:00:00Z", "2026-11-29T17:00:00Z");
    assert_string_equal(
        when_text(a, schedule_newest(&s, when_parse("2026-11-29T16:00:00Z")), false),
        "2026-11-26T17:00:00Z"); /* their Friday */
}

static void every_so_often(void **state)
{
    (void)state;
    const struct config_schedule s = { .minutes = -1, .every = 6 * 3600, .zone = "UTC" };
    assert_next(&s, "2026-11-30T05:59:59Z", "2026-11-30T06:00:00Z");
    assert_next(&s, "2026-11-30T06:00:00Z", "2026-11-30T12:00:00Z");
    assert_int_equal(schedule_between(&s, when_parse("2026-11-30T00:00:00Z"),
                                      when_parse("2026-12-01T00:00:00Z")),
                     3); /* 06, 12, 18 */
    assert_int_equal(schedule_between(&s, 0, when_parse("2026-12-01T00:00:00Z")), SCHEDULE_COUNTED);
}

/* newest is the last that next gives, at every hour of two years, in every zone here. */
static void next_and_newest_agree(void **state)
{
    (void)state;
    static const char *const zones[] = { "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns",
                                         "Asia/Shanghai", "Africa/Casablanca" };
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        struct config_schedule s = daily("02:15", zones[i]);
        s.weekdays = i % 2;
        double last = schedule_next(&s, when_parse("2026-01-01T00:00:00Z"));
        double next = schedule_next(&s, last);
        for (double now = last; now < when_parse("2028-01-01T00:00:00Z"); now += 3600) {
            if (now >= next) {
                last = next;
                next = schedule_next(&s, last);
            }
            assert_true(next > last && next - last <= (s.weekdays ? 4 : 2) * 86400.);
            if (schedule_newest(&s, now) != last)
                fail_msg("%s at %s", zones[i], when_text(a, now, false));
        }
    }
}

static void quiet_hours(void **state)
{
    (void)state;
    const struct config_quiet night = { .from = 22 * 60, .to = 7 * 60, .zone = "Europe/Berlin" };
    const struct config_quiet noon = { .from = 12 * 60, .to = 13 * 60, .zone = "UTC" };
    static const struct {
        const char *at;
        bool night, noon;
    } rows[] = {
        { "2026-11-30T20:59:59Z", false, false }, { "2026-11-30T21:00:00Z", true, false },
        { "2026-11-30T23:30:00Z", true, false },  { "2026-12-01T05:59:59Z", true, false },
        { "2026-12-01T06:00:00Z", false, false }, { "2026-12-01T11:59:59Z", false, false },
        { "2026-12-01T12:00:00Z", false, true },  { "2026-12-01T13:00:00Z", false, false },
        { "2026-07-01T20:00:00Z", true, false },  { "2026-07-01T05:00:00Z", false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(quiet_within(&night, when_parse(rows[i].at)), rows[i].night);
        assert_int_equal(quiet_within(&noon, when_parse(rows[i].at)), rows[i].noon);
    }
    assert_false(quiet_within(NULL, when_parse(rows[1].at)));
}

static void urgent_alerts(void **state)
{
    (void)state;
    static const char *const words[] = { "critical", "page", NULL }, *const none[] = { NULL };
    const struct config_quiet account = { .urgent = words }, silent = { .urgent = none };
    const struct config_chat_channel channels[] = { { .id = "c1", .quiet = &silent },
                                                    { .id = "c2" },
                                                    { 0 } };
    const struct config_chat c = { .quiet = &account, .channels = channels }, open = { 0 };
    assert_true(quiet_is_urgent(&c, "c2", "Critical"));
    assert_false(quiet_is_urgent(&c, "c2", "warning"));
    assert_false(quiet_is_urgent(&c, "c2", NULL));
    assert_false(quiet_is_urgent(&c, "c1", "critical"));
    assert_true(quiet_is_urgent(&open, "c1", "warning"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_day, setup, teardown),
        cmocka_unit_test_setup_teardown(an_hour_that_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(an_hour_that_is_there_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(weekdays_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(every_so_often, setup, teardown),
        cmocka_unit_test_setup_teardown(next_and_newest_agree, setup, teardown),
        cmocka_unit_test_setup_teardown(quiet_hours, setup, teardown),
        cmocka_unit_test_setup_teardown(urgent_alerts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
