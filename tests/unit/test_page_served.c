/* test_page_served.c - the page of a change says which replicas serve it: texts of replicas are
 * texts, and a page that is looked at goes on by itself when they were looked at. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "page/page.h"
#include <string.h>

static const char *page_of(struct arena *a, const char *served, enum tongue tongue)
{
    struct err e = { 0 };
    const char *text = arena_printf(
        a,
        "{\"id\":\"c-1\",\"state\":\"applied\",\"title\":\"Put it\",\"risk\":\"change\","
        "\"gateway\":\"g\",\"asks\":\"ada\",\"owner\":\"ada\",\"created\":\"2026-11-30T10:00:00Z\","
        "\"applied\":\"2026-11-30T10:00:01Z\",\"operations\":[],\"warnings\":[],\"part\":0,"
        "\"parts\":1,\"result\":{\"text\":\"applied: Put it\"%s%s}}",
        served ? ",\"served\":" : "", served ? served : "");
    const cJSON *change = json_parse(a, text, strlen(text), &e);
    if (!change)
        fail_msg("%s: %s", text, e.text);
    const struct viewer v = {
        .arena = a, .tongue = tongue, .who = "ada", .form = "f", .waiting = "", .version = "1"
    };
    return page_change(&v, &(struct page_change){ .change = change });
}

static void what_replicas_say_is_text(void **state)
{
    static const char served[] =
        "{\"says\":\"served by 2 of 3 <i>\",\"replicas\":3,\"served\":2,\"not\":[{\"replica\":"
        "\"gw<script>\",\"why\":\"no field <img src=x>\"}],\"not_visible\":[\"consumer <u>\"]}";
    struct arena *a = arena_new();
    const char *page = page_of(a, served, TONGUE_ENGLISH);
    (void)state;
    assert_non_null(strstr(page, "served by 2 of 3 &lt;i&gt;"));
    assert_non_null(strstr(page, "<code>gw&lt;script&gt;</code>: no field &lt;img src=x&gt;"));
    assert_non_null(strstr(page, "Not visible in Envoy: consumer &lt;u&gt;"));
    assert_null(strstr(page, "<img"));
    assert_non_null(strstr(page, "data-state=\"applied 0\""));
    arena_free(a);
}

static void it_goes_on_when_they_were_looked_at(void **state)
{
    static const char looking[] = "{\"says\":\"not looked at\",\"looking\":true}";
    struct arena *a = arena_new();
    const char *page = page_of(a, looking, TONGUE_ENGLISH);
    (void)state;
    assert_non_null(strstr(page, "data-state=\"applied 0 looking\""));
    assert_non_null(strstr(page, "Looking whether every replica"));
    assert_null(strstr(page, "not looked at"));
    assert_non_null(strstr(page_of(a, looking, TONGUE_CHINESE), "每个副本"));
    assert_non_null(
        strstr(page_of(a, "{\"says\":\"not looked at\"}", TONGUE_ENGLISH), "not looked at"));
    assert_null(strstr(page_of(a, NULL, TONGUE_ENGLISH), "served"));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_replicas_say_is_text),
        cmocka_unit_test(it_goes_on_when_they_were_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
