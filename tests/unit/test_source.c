/* test_source.c - which source a peer is, how sources are slowed, and what a share is. */
#include "base/arena.h"
#include "call/service.h"
#include "check.h"
#include "config/config.h"
#include "mcp/mcp.h"
#include "mcp/share_private.h"
#include "net/listen.h"
#include "net/loop.h"
#include "web/source_private.h"

static const char *source_of(const char *peer)
{
    static char name[LISTEN_SOURCE];
    listen_source(peer, name);
    return name;
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(source_of("10.1.2.3:40000"), "10.1.2.3");
    assert_string_equal(source_of("[2001:db8:1:2:3:4:5:6]:40000"), "2001:db8:1:2::/64");
    assert_string_equal(source_of("[2001:db8:1:2::9]:1"), "2001:db8:1:2::/64");
    assert_string_equal(source_of("[2001:db8:1:3::9]:1"), "2001:db8:1:3::/64");
    assert_string_equal(source_of("[::1]:1"), "::1");
    assert_string_equal(source_of("[::ffff:10.1.2.3]:1"), "10.1.2.3");
    assert_string_equal(source_of("unix"), "unix");
}

static struct {
    struct arena *arena;
    struct service service;
    struct mcp mcp;
    struct sources *sources;
} t;

static int begin(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.arena = arena_new();
    t.mcp = (struct mcp){ .arena = t.arena, .loop = loop_new(), .service = &t.service };
    t.sources = sources_new(&t.mcp);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sources_free(t.sources);
    loop_free(t.mcp.loop);
    arena_free(t.arena);
    return 0;
}

static void guess(const char *peer, int n, bool by_issuer)
{
    for (int i = 0; i < n; i++)
        source_wrong(t.sources, peer, "mcp", by_issuer);
}

static void waits(void **state)
{
    (void)state;
    guess("10.0.0.1:1", SOURCE_FREE, false);
    assert_true(source_wait(t.sources, "10.0.0.1:2", "x") <= 0);
    guess("10.0.0.1:3", 1, false);
    double first = source_wait(t.sources, "10.0.0.1:4", "x");
    assert_true(first > 0.5 && first <= 2);
    guess("10.0.0.1:3", 2, false);
    assert_true(source_wait(t.sources, "10.0.0.1:4", "x") > first);
    guess("10.0.0.1:3", 1000, false);
    assert_true(source_wait(t.sources, "10.0.0.1:4", "x") <= SOURCE_WAIT_MOST);
    assert_true(source_wait(t.sources, "10.0.0.2:4", "x") <= 0);
}

static void an_issuers_tokens_count_less(void **state)
{
    (void)state;
    guess("10.0.0.1:1", 8 * SOURCE_FREE, true);
    assert_true(source_wait(t.sources, "10.0.0.1:2", "x") <= 0);
    guess("10.0.0.1:1", 1, true);
    assert_true(source_wait(t.sources, "10.0.0.1:2", "x") > 0);
}

static void what_was_right_is_judged(void **state)
{
    (void)state;
    source_right(t.sources, "[2001:db8::1]:1", "good");
    guess("[2001:db8::2]:1", 2 * SOURCE_FREE, false);
    assert_true(source_wait(t.sources, "[2001:db8::3]:1", "good") <= 0);
    assert_true(source_wait(t.sources, "[2001:db8::3]:1", "goo") > 0);
    assert_true(source_wait(t.sources, "[2001:db8::3]:1", "other") > 0);
    assert_true(source_wait(t.sources, "[2001:db8:0:1::3]:1", "other") <= 0);
}

static void shares(void **state)
{
    (void)state;
    struct owner *a = NULL, *b = NULL, *c = NULL;
    for (int i = 0; i < 8; i++)
        a = share_take(&t.mcp, "ann", SHARE_CALLS);
    assert_true(share_fits(a, SHARE_CALLS, 8));
    for (int i = 0; i < 4; i++)
        b = share_take(&t.mcp, "bob", SHARE_CALLS);
    assert_true(share_fits(b, SHARE_CALLS, 8));
    assert_false(share_fits(a, SHARE_CALLS, 8)); /* not one more */
    share_take(&t.mcp, "bob", SHARE_CALLS);
    assert_false(share_fits(b, SHARE_CALLS, 8));
    share_give(b, SHARE_CALLS);
    for (int i = 0; i < 2; i++)
        c = share_take(&t.mcp, "cat", SHARE_CALLS);
    assert_true(share_fits(c, SHARE_CALLS, 8));
    assert_false(share_fits(b, SHARE_CALLS, 8));
    assert_int_equal(share_all(&t.mcp, SHARE_CALLS), 14);
    assert_string_equal(share_words(t.arena, a, SHARE_CALLS, 8),
                        "'ann' has 7 requests in flight already; its share of 8 (limits.calls) "
                        "among 3 clients is 2");
    share_move(c, SHARE_CALLS, SHARE_STREAMS);
    assert_int_equal(share_all(&t.mcp, SHARE_CALLS), 13);
    share_give(c, SHARE_STREAMS);
    share_give(c, SHARE_CALLS);
    for (int i = 0; i < 4; i++)
        share_give(b, SHARE_CALLS);
    for (int i = 0; i < 8; i++)
        share_give(a, SHARE_CALLS);
    assert_int_equal(share_all(&t.mcp, SHARE_CALLS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test_setup_teardown(waits, begin, end),
        cmocka_unit_test_setup_teardown(an_issuers_tokens_count_less, begin, end),
        cmocka_unit_test_setup_teardown(what_was_right_is_judged, begin, end),
        cmocka_unit_test_setup_teardown(shares, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
