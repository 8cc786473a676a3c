/* test_bots.c - the bots with a platform of the test's own: what arrives twice, too often, in which
 * order it is answered, what a thread remembers and takes; no gateway is needed for that. */
#include "base/fiber.h"
#include "call/service.h"
#include "chat/bot_private.h"
#include "check.h"
#include "check_arena.h"
#include "config/config.h"
#include "net/loop.h"
#include "tool.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* -- a platform that keeps what is said ------------------------------------------------------- */

enum { TEXTS_MAX = 64 };
static struct {
    int said, whispered, files;
    const char *texts[TEXTS_MAX]; /* the first */
    size_t longest;
    double slow, slow_whisper; /* seconds that saying takes */
    bool fails;
    struct err deaf; /* what a person cannot be told for */
} heard;

static bool hear_text(struct chat_account *c, struct arena *x, const struct chat_place *where,
                      const char *text, const char **message, struct err *e)
{
    (void)x;
    if (heard.slow > 0)
        nap(c->loop, heard.slow, NULL, e);
    if (heard.said < TEXTS_MAX)
        heard.texts[heard.said] =
            arena_printf(a, "%s %s", where->thread ? where->thread : "-", text);
    heard.said++;
    heard.longest = strlen(text) > heard.longest ? strlen(text) : heard.longest;
    *message = "m";
    return !heard.fails || err_set(e, ERR_NET, "nobody is there");
}

static bool hear_whisper(struct chat_account *c, struct arena *x, const struct chat_place *where,
                         const char *user, const char *text, struct err *e)
{
    (void)x, (void)where, (void)user, (void)text;
    if (heard.slow_whisper > 0)
        nap(c->loop, heard.slow_whisper, NULL, e);
    heard.whispered++;
    *e = heard.deaf;
    return e->kind == ERR_NONE;
}

static bool hear_file(struct chat_account *c, struct arena *x, const struct chat_place *where,
                      const char *name, const char *text, size_t len, struct err *e)
{
    (void)c, (void)x, (void)where, (void)name, (void)text, (void)len, (void)e;
    heard.files++;
    return true;
}

static cJSON *any_card(struct arena *x, const struct chat_card *card)
{
    (void)card;
    return json_object(x);
}

static struct chat_platform one = { .name = "webhook",
                                    .title = "the test",
                                    .text_max = 4000,
                                    .card = any_card,
                                    .say = hear_text,
                                    .whisper = hear_whisper };
static const struct chat_platform *const rows[] = { &one };

/* -- a process of bots ------------------------------------------------------------------------ */

static const char yaml[] =
    "people:\n- {name: ada, roles: [admin], chat: ['webhook:t/ada']}\n"
    "chat:\n- {platform: webhook, name: ops, url: 'https://h.example', tenants: [t],\n"
    "   keys: {in: {env: CHAT_IN}, out: {env: CHAT_IN}}}\n";

static struct bots *bots;
static struct loop *loop;
static struct service *service;

static void with_bots(void (*fn)(struct loop *l, void *arg))
{
    struct err e = { 0 };
    memset(&heard, 0, sizeof heard);
    one.file = NULL;
    const struct config *c = config_parse(a, "ops.yaml", yaml, strlen(yaml), &e);
    if (!c)
        fail_msg("%s", e.text);
    loop = loop_new();
    const struct service_options o = { .loop = loop, .config = c, .toolsets = toolsets };
    service = service_new(&o);
    bots = bots_new(service, rows, 1);
    bots_start(bots);
    loop_untimer(bots->tick);
    bots->tick = NULL;
    fn(loop, NULL);
    bots_stop(bots);
    assert_false(bots_busy(bots));
    bots_free(bots);
    service_free(service);
    loop_free(loop);
}

static void stop_when_idle(void *arg)
{
    (void)arg;
    if (!bots_busy(bots) && !bots->first->waiting[0] && !bots->first->waiting[1])
        loop_stop(loop);
}

static void turn_until_idle(void)
{
    struct loop_timer *t = loop_timer(loop, 0, 0.001, stop_when_idle, NULL);
    loop_run(loop);
    loop_untimer(t);
}

static void say_to_bot(const char *id, const char *user, const char *thread, const char *text)
{
    const struct chat_event x = { .kind = CHAT_MESSAGE,
                                  .id = id,
                                  .tenant = "t",
                                  .user = user,
                                  .channel = "c",
                                  .thread = thread,
                                  .text = text };
    chat_hear(&bots->first->account, &x, 1);
}

/* -- cases ------------------------------------------------------------------------------------ */

static void same_events(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    for (int i = 0; i < 5; i++)
        say_to_bot("one", "ada", NULL, "help");
    say_to_bot("two", "ada", NULL, "help");
    say_to_bot(NULL, "ada", NULL, "help"); /* nothing says whether it came before */
    turn_until_idle();
    assert_int_equal(heard.said, 2);
}

static void an_event_counts_once(void **state)
{
    (void)state;
    with_bots(same_events);
    struct chat_seen *s = seen_events(a);
    assert_true(seen_first(s, "x", 100));
    assert_false(seen_first(s, "x", 3000));
    assert_true(seen_first(s, "x", 3701)); /* an hour after the first */
    for (int i = 0; i < 1000; i++)
        assert_true(seen_first(s, arena_printf(a, "e%d", i), 3702));
    for (int i = 0; i < 1000; i++)
        assert_false(seen_first(s, arena_printf(a, "e%d", i), 3703));
}

static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

static void many_events(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    size_t before = 0;
    struct arena *ids = arena_new();
    for (int i = 0; i < 10000; i++) {
        say_to_bot(arena_printf(ids, "%d", i), i % 3 ? "ada" : "stranger", NULL, "help");
        if (i % 100 == 99)
            turn_until_idle();
        if (i == 999)
            before = in_use();
        if (i % 100 == 99) {
            arena_free(ids);
            ids = arena_new();
        }
    }
    arena_free(ids);
    assert_int_equal(heard.said, 6666);
    assert_int_equal(heard.whispered, REFUSALS_OF_NOBODY);
    assert_null(bots->first->jobs);
    if (in_use() > before + (64 << 10)) /* 0 under the sanitizers, which count otherwise */
        fail_msg("%zu bytes more than before", in_use() - before);
}

static void ten_thousand_events_leave_nothing(void **state)
{
    (void)state;
    with_bots(many_events);
}

static void too_many_events(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    heard.slow = 0.001;
    for (int i = 0; i < 1000; i++)
        say_to_bot(arena_printf(a, "%d", i), "ada", arena_printf(a, "t%d", i), "help");
    assert_int_equal(bots->first->waiting[0], EVENTS_WAITING);
    assert_int_equal(bots->first->dropped, 1000 - EVENTS_WAITING);
    double said = bots->first->full_said;
    turn_until_idle();
    assert_int_equal(heard.said, EVENTS_WAITING);
    for (int i = 0; i < 1000; i++)
        say_to_bot(arena_printf(a, "more %d", i), "ada", arena_printf(a, "t%d", i), "help");
    assert_true(bots->first->dropped > 1000);
    assert_true(bots->first->full_said == said); /* one line a minute */
    turn_until_idle();
}

static void a_full_queue_drops_what_comes(void **state)
{
    (void)state;
    with_bots(too_many_events);
}

static const struct chat_event press_of_a_stranger = { .kind = CHAT_PRESS,
                                                       .id = "p",
                                                       .tenant = "t",
                                                       .user = "stranger",
                                                       .channel = "c",
                                                       .choice = CHAT_APPROVE };

static void a_press_among_too_many(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    heard.slow = 0.001;
    for (int i = 0; i < 1000; i++)
        say_to_bot(arena_printf(a, "%d", i), "ada", arena_printf(a, "t%d", i), "help");
    chat_hear(&bots->first->account, &press_of_a_stranger, 1);
    turn_until_idle();
    assert_int_equal(heard.whispered, 1);
}

static void questions_take_no_room_of_presses(void **state)
{
    (void)state;
    with_bots(a_press_among_too_many);
}

/* The configuration is read again, with another url: the account is another one. */
static void read_again(void)
{
    struct err e = { 0 };
    char *text = arena_strdup(a, yaml);
    memcpy(strstr(text, "h.example"), "g", 1);
    const struct config *c = config_parse(a, "ops.yaml", text, strlen(text), &e);
    if (!c)
        fail_msg("%s", e.text);
    config_reload((struct config *)(uintptr_t)service->config, c);
    bots_reload(bots);
    loop_untimer(bots->tick);
    bots->tick = NULL;
}

static void an_account_of_before(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    struct bot *was = bots->first;
    heard.slow = 0.005;
    for (int i = 0; i < 100; i++)
        say_to_bot(arena_printf(a, "%d", i), "ada", arena_printf(a, "t%d", i), "help");
    chat_hear(&was->account, &press_of_a_stranger, 1);
    read_again();
    assert_ptr_not_equal(bots->first, was);
    assert_true(was->gone);
    turn_until_idle();
    assert_int_equal(heard.said + heard.whispered, 0);
    assert_null(was->jobs);
}

static void what_waits_ends_with_its_account(void **state)
{
    (void)state;
    with_bots(an_account_of_before);
}

static void at_work_when_it_is_read_again(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    struct bot *was = bots->first;
    heard.slow_whisper = 0.05;
    chat_hear(&was->account, &press_of_a_stranger, 1);
    struct loop_timer *t = loop_timer(loop, 0.01, 0, (void (*)(void *))loop_stop, loop);
    loop_run(loop);
    loop_untimer(t);
    assert_true(was->jobs && was->jobs->runs);
    read_again();
    assert_true(was->gone);
    assert_false(was->jobs->cancel.fired);
    bots_stop(bots);
    assert_true(was->jobs->cancel.fired);
    turn_until_idle();
    assert_int_equal(heard.whispered, 1);
}

static void what_is_being_applied_is_not_cut_off_by_a_reload(void **state)
{
    (void)state;
    with_bots(at_work_when_it_is_read_again);
}

static void read_again_at_the_end(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    const struct bot *was = bots->first;
    bots_stop(bots);
    read_again();
    assert_ptr_equal(bots->first, was);
}

static void nothing_begins_once_it_ends(void **state)
{
    (void)state;
    with_bots(read_again_at_the_end);
}

static void heard_before_it_was_read_again(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    say_to_bot("one", "ada", NULL, "help");
    turn_until_idle();
    read_again();
    say_to_bot("one", "ada", NULL, "help");
    say_to_bot("two", "ada", NULL, "help");
    turn_until_idle();
    assert_int_equal(heard.said, 2);
}

static void an_event_counts_once_whatever_is_read_again(void **state)
{
    (void)state;
    with_bots(heard_before_it_was_read_again);
}

static void one_thread(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    heard.slow = 0.005;
    say_to_bot("1", "ada", "x", "help");
    say_to_bot("2", "ada", "x", "approve it");
    say_to_bot("3", "ada", "y", "help");
    turn_until_idle();
    assert_int_equal(heard.said, 3);
    assert_non_null(strstr(heard.texts[0], "x overview"));
    assert_non_null(strstr(heard.texts[1], "y overview")); /* did not wait for the other thread */
    assert_non_null(strstr(heard.texts[2], "never by text"));
}

static void questions_of_a_thread_are_answered_in_their_order(void **state)
{
    (void)state;
    with_bots(one_thread);
}

static void presses_beside_questions(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    heard.slow = 0.05;
    for (int i = 0; i < 2 * TALKS_AT_ONCE; i++)
        say_to_bot(arena_printf(a, "%d", i), "ada", arena_printf(a, "t%d", i), "help");
    chat_hear(&bots->first->account, &press_of_a_stranger, 1);
    struct loop_timer *t = loop_timer(loop, 0.01, 0, (void (*)(void *))loop_stop, loop);
    loop_run(loop);
    loop_untimer(t);
    assert_int_equal(heard.whispered, 1);
    assert_int_equal(heard.said, 0);
    turn_until_idle();
}

static void a_press_does_not_wait_for_questions(void **state)
{
    (void)state;
    with_bots(presses_beside_questions);
}

static void long_answer(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    one.text_max = 300;
    say_to_bot("1", "ada", NULL, "help");
    turn_until_idle();
    assert_true(heard.longest <= 300);
    assert_non_null(strstr(heard.texts[0], "cut: it is longer"));
    one.file = hear_file;
    say_to_bot("2", "ada", NULL, "help");
    turn_until_idle();
    assert_int_equal(heard.files, 1);
    assert_int_equal(heard.said, 1);
    one.text_max = 4000;
}

static void never_more_than_the_platform_takes(void **state)
{
    (void)state;
    with_bots(long_answer);
}

static void lost_and_back(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    heard.fails = true;
    say_to_bot("1", "ada", NULL, "help");
    turn_until_idle();
    assert_true(bots->first->lost);
    heard.fails = false;
    say_to_bot("2", "ada", NULL, "help");
    turn_until_idle();
    assert_false(bots->first->lost);
}

static void a_platform_that_is_gone_is_noticed(void **state)
{
    (void)state;
    with_bots(lost_and_back);
}

static void people_who_cannot_be_told(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    err_status(&heard.deaf, ERR_GATEWAY, 200, "user_not_in_channel");
    say_to_bot("1", "stranger", NULL, "help");
    turn_until_idle();
    assert_int_equal(heard.whispered, 1);
    assert_false(bots->first->lost);
    heard.deaf = (struct err){ .kind = ERR_NET };
    say_to_bot("2", "stranger", NULL, "help");
    turn_until_idle();
    assert_true(bots->first->lost);
}

static void one_who_cannot_be_told_is_no_lost_platform(void **state)
{
    (void)state;
    with_bots(people_who_cannot_be_told);
}

static void a_thousand_threads(void **state)
{
    (void)state;
    struct chat_threads *t = threads_new();
    char *text = arena_alloc(a, 20001);
    memset(text, 'x', 20000);
    size_t before = in_use();
    for (int i = 0; i < 5000; i++)
        threads_remember(t, arena_printf(a, "thread %d", i / 5), text, text);
    assert_true(threads_bytes(t) > 1000 * 15000);
    assert_true(threads_bytes(t) <= 20 << 20);
    if (in_use() > before + (20 << 20) + (400 << 10)) /* the keys above are the test's */
        fail_msg("%zu bytes", in_use() - before);
    for (int i = 0; i < 3000; i++)
        threads_remember(t, arena_printf(a, "more %d", i), text, text);
    assert_true(threads_bytes(t) <= 5 << 20);
    threads_free(t);
}

int main(void)
{
    setenv("CHAT_IN", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_counts_once, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_events_leave_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_queue_drops_what_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(questions_take_no_room_of_presses, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_being_applied_is_not_cut_off_by_a_reload, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_begins_once_it_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_ends_with_its_account, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_counts_once_whatever_is_read_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(questions_of_a_thread_are_answered_in_their_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_press_does_not_wait_for_questions, setup, teardown),
        cmocka_unit_test_setup_teardown(never_more_than_the_platform_takes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_platform_that_is_gone_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(one_who_cannot_be_told_is_no_lost_platform, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_thousand_threads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
