/* test_schedule.c - what bots say by themselves, with a platform of the test's own and a state
 * folder, and a gateway that nobody reaches: what is kept in quiet hours, how much of it, and what
 * was being said when a process ended.
 */
#include "base/fiber.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/schedule_private.h"
#include "check.h"
#include "check_arena.h"
#include "config/config.h"
#include "console/gateway.h"
#include "net/loop.h"
#include "store/store.h"
#include "store/store_fact.h"
#include "tool.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    int said;
    const char *text, *channel; /* of the last */
    bool fails;
} heard;

static bool hear_said(struct chat_account *c, struct arena *x, const struct chat_place *where,
                      const char *text, const char **message, struct err *e)
{
    (void)c, (void)x;
    heard.said++;
    heard.text = arena_strdup(a, text);
    heard.channel = arena_strdup(a, where->channel);
    *message = "m";
    return !heard.fails || err_set(e, ERR_NET, "nobody is there");
}

static cJSON *no_card(struct arena *x, const struct chat_card *card)
{
    (void)x, (void)card;
    return NULL;
}

static struct chat_platform one = {
    .name = "webhook", .title = "the test", .text_max = 30000, .card = no_card, .say = hear_said
};
static const struct chat_platform *const rows[] = { &one };

static const char yaml[] =
    "gateway: {url: 'http://127.0.0.1:1', password: {env: CHAT_IN}}\nstate: %s\n"
    "people:\n- {name: ada, roles: [admin], chat: ['webhook:t/ada']}\n"
    "chat:\n- {platform: webhook, name: ops, url: 'https://h.example', tenants: [t],\n"
    "   keys: {in: {env: CHAT_IN}, out: {env: CHAT_IN}}}\n"
    "schedules:\n- {name: s, what: %s, account: webhook/ops, channel: c, every: %s}\n";

static struct bots *bots;
static struct loop *loop;
static struct service *service;
static struct store *store;
static struct config_quiet night;

static void with_schedules(const char *what, const char *every,
                           void (*fn)(struct loop *l, void *arg))
{
    struct err e = { 0 };
    char folder[] = "/tmp/higress-ops-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    memset(&heard, 0, sizeof heard);
    const char *text = arena_printf(a, yaml, folder, what, every);
    struct config *c = config_parse(a, "ops.yaml", text, strlen(text), &e);
    if (!c)
        fail_msg("%s", e.text);
    loop = loop_new();
    const struct service_options o = {
        .loop = loop, .config = c, .toolsets = toolsets, .gateway = gateway_new(loop, a, c)
    };
    service = service_new(&o);
    bots = bots_new(service, rows, 1);
    bots_start(bots);
    loop_untimer(bots->tick);
    bots->tick = NULL;
    store = engine_store(service_engine(service), &e);
    assert_non_null(store);
    fn(loop, NULL);
    bots_stop(bots);
    for (int i = 0; i < 100 && bots_busy(bots); i++)
        usleep(1000);
    bots_free(bots);
    service_free(service);
    loop_free(loop);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static bool (*until)(void);

static void stop_when_so(void *arg)
{
    (void)arg;
    if (until())
        loop_stop(loop);
}

static void turn_until(bool (*so)(void))
{
    until = so;
    struct loop_timer *t = loop_timer(loop, 0, 0.005, stop_when_so, NULL);
    loop_run(loop);
    loop_untimer(t);
}

static bool is_idle(void)
{
    return !bots->first->telling && !bots_busy(bots);
}

static bool is_said(void)
{
    schedules_tick(bots);
    return heard.said > 0 && is_idle();
}

static const cJSON *fact(const char *name)
{
    struct err e = { 0 };
    const cJSON *found = store_fact(store, a, name, &e);
    assert_int_equal(e.kind, ERR_NONE);
    return found;
}

static int noted(const char *word)
{
    struct err e = { 0 };
    cJSON *lines = json_array(a);
    const cJSON *line;
    int n = 0;
    assert_true(store_audit_lines(store, a, lines, 100, &e));
    cJSON_ArrayForEach(line, lines) n += strstr(json_print(a, line), word) != NULL;
    return n;
}

/* Quiet for an hour yet, or over for an hour. */
static void be_quiet(bool now)
{
    int minutes = (int)(when_now() / 60) % 1440;
    night = (struct config_quiet){ .from = (minutes + (now ? 1380 : 60)) % 1440,
                                   .to = (minutes + (now ? 60 : 120)) % 1440,
                                   .zone = "UTC" };
    ((struct config_chat *)(uintptr_t)bots->first->account.config)->quiet = &night;
}

static void keep(const char *channel, int n, size_t size)
{
    char *text = arena_alloc(a, size + 1);
    memset(text, 'x', size);
    text[size] = '\0';
    for (int i = 0; i < n; i++) {
        struct err e = { 0 };
        assert_true(quiet_keep(bots->first, channel, arena_printf(a, "Title %d", i), text, &e));
    }
}

static void tell(void)
{
    bots->first->quiet_at = 0;
    quiet_tick(bots->first);
    turn_until(is_idle);
}

static void a_night(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    be_quiet(true);
    assert_true(quiet_now(bots->first->account.config, "c"));
    keep("c", 2, 100);
    keep("d", 1, 5000);
    tell();
    assert_int_equal(heard.said, 0);
    be_quiet(false);
    heard.fails = true;
    tell();
    assert_int_equal(heard.said, 1); /* and kept again */
    assert_true(bots->first->quiet_at > loop_now(loop) + 30);
    heard.fails = false;
    tell();
    tell();
    tell();
    assert_int_equal(heard.said, 3); /* c and d, each once more or for the first time */
    assert_null(fact("quiet webhook/ops"));
    assert_int_equal(noted("quiet_lost"), 0);
}

static void what_is_kept_is_said_once_where_it_belongs(void **state)
{
    (void)state;
    with_schedules("drift", "31d", a_night);
}

static void a_loud_night(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    be_quiet(true);
    keep("c", 20, 5000);
    keep("d", 1, 1400); /* for which there is no room at all */
    assert_true(strlen(json_print(a, fact("quiet webhook/ops"))) < FACT_MAX);
    be_quiet(false);
    heard.fails = true;
    tell(); /* and kept again, with how many are lost */
    heard.fails = false;
    tell();
    assert_int_equal(heard.said, 2);
    assert_non_null(strstr(heard.text, "Kept meanwhile: 20."));
    assert_non_null(strstr(heard.text, "Title 0, of "));
    assert_non_null(strstr(heard.text, "(cut)"));
    assert_non_null(strstr(heard.text, "more found no room and are lost"));
    assert_null(strstr(heard.text, "Title 19"));
    tell();
    assert_int_equal(heard.said, 3);
    assert_string_equal(heard.channel, "d");
    assert_non_null(strstr(heard.text, "Kept meanwhile: 1."));
    assert_non_null(strstr(heard.text, "1 more found no room and are lost"));
    assert_null(fact("quiet webhook/ops"));
}

static void what_finds_no_room_is_said_to_be_lost(void **state)
{
    (void)state;
    with_schedules("drift", "31d", a_loud_night);
}

static cJSON *fact_of(const char *rule, double due, double at, bool said)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "rule", rule ? rule : schedule_rule(a, service->config->schedules));
    json_set_num(a, o, "due", due);
    json_set_num(a, o, "at", at);
    json_set_bool(a, o, "said", said);
    return o;
}

static void a_process_that_ended(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    struct err e = { 0 };
    double due = schedule_newest(service->config->schedules, when_now());
    assert_true(
        store_put_fact(store, "schedule s", fact_of(NULL, due, when_now() - 600, false), &e));
    schedules_tick(bots);
    assert_int_equal(heard.said, 0);
    assert_int_equal(noted("it may have come, or not"), 1);
    assert_true(json_true(fact("schedule s"), "said"));
    assert_true(json_num(fact("schedule s"), "due", 0) == due);
}

static void what_was_half_said_is_noted_and_not_said_again(void **state)
{
    (void)state;
    with_schedules("drift", "31d", a_process_that_ended);
}

/* One whose rule is another one now is not late, whatever was due before. */
static void another_rule(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    struct err e = { 0 };
    double before = when_now() - 864000;
    const cJSON *was = fact_of("480 UTC", before, before, true);
    assert_true(store_put_fact(store, "schedule s", was, &e));
    schedules_tick(bots);
    assert_int_equal(heard.said, 0);
    assert_true(json_num(fact("schedule s"), "due", 0) > when_now() - 60);
}

static void other_times_begin_anew(void **state)
{
    (void)state;
    with_schedules("drift", "1d", another_rule);
}

static void missed_days(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    struct err e = { 0 };
    double newest = schedule_newest(service->config->schedules, when_now());
    const cJSON *was = fact_of(NULL, newest - 3 * 86400, newest - 3 * 86400, true);
    assert_true(store_put_fact(store, "schedule s", was, &e));
    turn_until(is_said);
    assert_int_equal(heard.said, 1);
    assert_non_null(strstr(heard.text, "(late)"));
    assert_non_null(strstr(heard.text, "2 before it were left out"));
    assert_non_null(strstr(heard.text, " lists could not be read, and stay as they were"));
    assert_true(json_num(fact("schedule s"), "due", 0) == newest);
    assert_true(json_true(fact("schedule s"), "said"));
    for (int i = 0; i < 5; i++)
        schedules_tick(bots);
    assert_int_equal(heard.said, 1);
    assert_int_equal(noted("\"outcome\":\"said\""), 1);
}

static void missed_ones_are_caught_up_once(void **state)
{
    (void)state;
    with_schedules("drift", "1d", missed_days);
}

/* What a tool says at most, here: why it could not read. */
static void a_small_platform(struct loop *l, void *arg)
{
    (void)l, (void)arg;
    struct err e = { 0 };
    double newest = schedule_newest(service->config->schedules, when_now());
    const cJSON *was = fact_of(NULL, newest - 86400, newest - 86400, true);
    assert_true(store_put_fact(store, "schedule s", was, &e));
    turn_until(is_said);
    assert_int_equal(heard.said, 1);
    assert_true(strlen(heard.text) <= one.text_max);
    assert_non_null(strstr(heard.text, "\n… (cut: diagnose shows the rest)"));
    static const char *const parts[] = { "== Overview", "== What goes wrong",
                                         "== Waits for a decision", "== Changed in the last ",
                                         "== Edited outside in the last " };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(heard.text, parts[i]));
}

static void each_section_has_its_share(void **state)
{
    (void)state;
    one.text_max = 1500;
    with_schedules("report", "1d", a_small_platform);
    one.text_max = 30000;
}

int main(void)
{
    setenv("CHAT_IN", "one-secret-of-many", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_is_said_once_where_it_belongs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_finds_no_room_is_said_to_be_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_half_said_is_noted_and_not_said_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_times_begin_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(missed_ones_are_caught_up_once, setup, teardown),
        cmocka_unit_test_setup_teardown(each_section_has_its_share, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
