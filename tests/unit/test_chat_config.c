/* test_chat_config.c - `chat` of the configuration: what is taken, and what is refused where. */
#include "check.h"
#include "check_arena.h"
#include "config/config.h"
#include <stdlib.h>
#include <string.h>

#define PEOPLE "people:\n- {name: ada, roles: [admin], chat: ['webhook:t1/ada']}\n"
#define KEYS "keys: {in: {env: CHAT_IN}, out: {env: CHAT_OUT}}"
#define BOTH "url: 'https://hooks.example', " KEYS

static struct config *parse_chat(const char *yaml, struct err *e)
{
    return config_parse(a, "ops.yaml", yaml, strlen(yaml), e);
}

static void an_account(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse_chat(
        PEOPLE "chat:\n- {platform: webhook, name: ops, url: 'https://hooks.example/in/',\n"
               "   " KEYS ", tenants: [t1],\n"
               "   channels: [{id: c1, role: viewer, read_only: true}, {id: c2}]}\n",
        &e);
    if (!c)
        fail_msg("%s", e.text);
    const struct config_chat *x = c->chat;
    assert_string_equal(x->url, "https://hooks.example/in");
    assert_string_equal(config_named_value(x->keys, "in"), "one-secret-of-many");
    assert_null(config_named_value(x->keys, "bot"));
    assert_string_equal(x->tenants[0], "t1");
    assert_int_equal(x->channels[0].roles, ROLE_VIEWER);
    assert_true(x->channels[0].read_only);
    assert_int_equal(x->channels[1].roles, ROLE_NONE);
    assert_null(x[1].name);
    assert_null(parse_chat("mode: approve\n", &e)->chat[0].name);
}

/* User and password of the proxy are a key. */
static void a_proxy(void **state)
{
    (void)state;
    struct err e = { 0 };
    static const char row[] = PEOPLE "chat:\n- {platform: webhook, name: ops, tenants: [t1], url: "
                                     "'https://hooks.example',\n   ca_file: /etc/ca.pem, proxy: "
                                     "'http://proxy.example:3128',\n   keys: {in: {env: CHAT_IN}, "
                                     "out: {env: CHAT_OUT}%s}}\n";
    char yaml[sizeof row + 64];
    snprintf(yaml, sizeof yaml, row, "");
    const struct config *c = parse_chat(yaml, &e);
    assert_non_null(c);
    assert_string_equal(c->chat->ca_file, "/etc/ca.pem");
    assert_string_equal(c->chat->proxy, "http://proxy.example:3128");
    snprintf(yaml, sizeof yaml, row, ", proxy: {env: CHAT_PROXY}");
    c = parse_chat(yaml, &e);
    assert_non_null(c);
    assert_string_equal(c->chat->proxy, "http://me:p%40ss%3Aword@proxy.example:3128");
}

/* The same text is the same account, unless a key has another value now. */
static void its_digest(void **state)
{
    (void)state;
    struct err e = { 0 };
    static const char one[] =
        PEOPLE "chat: [{platform: webhook, name: ops, " BOTH ", tenants: [t1]}]\n";
    const char *before = parse_chat(one, &e)->chat[0].digest;
    assert_string_equal(parse_chat(one, &e)->chat[0].digest, before);
    setenv("CHAT_IN", "another-secret-of-many", 1);
    assert_string_not_equal(parse_chat(one, &e)->chat[0].digest, before);
    setenv("CHAT_IN", "one-secret-of-many", 1);
}

static const struct {
    const char *yaml, *words;
} refused[] = {
    { "chat:\n- {platform: webhook, name: a, tenants: [t], " BOTH "}\n", "needs `people`" },
    { PEOPLE "chat:\n- {platform: irc, name: a, tenants: [t]}\n", "line 4" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, " BOTH "}\n", "tenants" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [], " BOTH "}\n", "tenants" },
    { PEOPLE "chat:\n- {platform: webhook, name: A/b, tenants: [t], " BOTH "}\n",
      "ops.yaml, line 4: chat[0].name: 'A/b' may hold" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], url: 'http://elsewhere:1'"
             ", " KEYS "}\n",
      "chat[0].url: 'http://elsewhere:1' must be https" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t],\n   keys: {in: {env: "
             "CHAT_IN}}}\n",
      "'out' is missing" },
    { PEOPLE "chat: [{platform: webhook, name: a, tenants: [t], " KEYS "}]\n", "'url' is missing" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], keys: {in: hunter22, out: "
             "{env: CHAT_OUT}}}\n",
      "'in' is not given by {env: NAME}" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], keys: {in: {env: "
             "CHAT_NONE}, out: {env: CHAT_OUT}}}\n",
      "this variable is not set" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], keys: {bot: {env: "
             "CHAT_IN}}}\n",
      "'bot' is no key of this platform" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], " BOTH
             ", channels: [{id: c, gateway: nowhere}]}\n",
      "'nowhere' is no gateway" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], proxy: 'http://u:p@x:1', " BOTH
             "}\n",
      "chat[0].proxy: 'http://u:p@x:1' must be http://HOST:PORT" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], proxy: 'https://x:1', " BOTH
             "}\n",
      "must be http://HOST:PORT" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], proxy: 'http://x', " BOTH "}\n",
      "must be http://HOST:PORT" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], url: 'https://x', keys: {in: "
             "{env: CHAT_IN}, out: {env: CHAT_OUT}, proxy: {env: CHAT_PROXY}}}\n",
      "'proxy' is missing: keys.proxy is for it" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], url: 'https://x', proxy: "
             "'http://x:1', keys: {in: {env: CHAT_IN}, out: {env: CHAT_OUT}, proxy: {env: "
             "CHAT_IN}}}\n",
      "'proxy' does not hold USER:PASSWORD" },
    { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], " BOTH "}\n"
             "- {platform: webhook, name: a, tenants: [t], " BOTH "}\n",
      "ops.yaml, line 5: chat[1].name: 'a' is the name of two" },
};

static void what_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err e = { 0 };
        if (parse_chat(refused[i].yaml, &e) || !strstr(e.text, refused[i].words))
            fail_msg("%s gives: %s", refused[i].yaml, e.text);
        assert_null(strstr(e.text, "hunter22"));
    }
}

#define ACCOUNT                                                                                    \
    PEOPLE "chat:\n- {platform: webhook, name: ops, tenants: [t1], " BOTH                          \
           ", channels: [{id: c1}, {id: c2, gateway: shop}]}\n"                                    \
           "gateways:\n- {name: shop, url: 'http://127.0.0.1:1'}\n"                                \
           "- {name: lab, url: 'http://127.0.0.1:2'}\nschedules:\n"
#define SCHEDULE "- {name: s, what: report, account: webhook/ops, channel: "

static void a_schedule(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c =
        parse_chat(ACCOUNT SCHEDULE "c1, at: '08:30', weekdays: true, zone: Asia/Shanghai}\n"
                                    "- {name: d, what: drift, account: webhook/ops, channel: c2, "
                                    "every: 6h}\n",
                   &e);
    if (!c)
        fail_msg("%s", e.text);
    const struct config_schedule *s = c->schedules;
    assert_int_equal(s->what, SCHEDULE_REPORT);
    assert_int_equal(s->minutes, 8 * 60 + 30);
    assert_true(s->weekdays && s->every == 0);
    assert_string_equal(s->zone, "Asia/Shanghai");
    assert_string_equal(s->platform, "webhook");
    assert_string_equal(s->account, "ops");
    assert_null(s->gateway);
    assert_true(s[1].minutes < 0 && s[1].every == 6 * 3600);
    assert_int_equal(s[1].what, SCHEDULE_DRIFT);
    assert_string_equal(s[1].gateway, "shop"); /* its channel's */
    assert_null(s[2].name);
    assert_null(parse_chat("mode: approve\n", &e)->schedules[0].name);
}

static void quiet_hours(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse_chat(
        PEOPLE "chat:\n- {platform: webhook, name: ops, tenants: [t1], " BOTH
               ", quiet: {from: '22:00', to: '07:00'}, channels: [{id: c1}, {id: c2, quiet: "
               "{from: '12:00', to: '13:00', zone: Europe/Berlin, urgent: [page]}}]}\n",
        &e);
    if (!c)
        fail_msg("%s", e.text);
    const struct config_chat *x = c->chat;
    assert_int_equal(x->quiet->from, 22 * 60);
    assert_string_equal(x->quiet->zone, "UTC");
    assert_string_equal(x->quiet->urgent[0], "critical");
    assert_null(x->channels[0].quiet);
    assert_string_equal(x->channels[1].quiet->urgent[0], "page");
}

static void what_is_refused_of_schedules(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *words;
    } rows[] = {
        { ACCOUNT SCHEDULE "c1}\n", "and every: give one of them" },
        { ACCOUNT SCHEDULE "c1, at: '08:00', every: 6h}\n", "schedules[0].at" },
        { ACCOUNT SCHEDULE "c1, at: '24:00'}\n", "'24:00' is no time of a day" },
        { ACCOUNT SCHEDULE "c1, at: '8:000'}\n", "is no time of a day" },
        { ACCOUNT SCHEDULE "c1, every: 1s}\n", "'1s' is no time of 5s to 31d" },
        { ACCOUNT SCHEDULE "c1, every: 32d}\n", "is no time of" },
        { ACCOUNT SCHEDULE "c1, every: 6hours}\n", "is no time of" },
        { ACCOUNT SCHEDULE "c1, every: '2026'}\n", "is no time of" },
        { ACCOUNT SCHEDULE "c1, every: 6h, weekdays: true}\n", "goes with at" },
        { ACCOUNT SCHEDULE "c1, at: '08:00', zone: Mars/Olympus}\n", "is no time zone" },
        { ACCOUNT SCHEDULE "c1, at: '08:00', zone: ../../etc/passwd}\n", "is no time zone" },
        { ACCOUNT SCHEDULE "c3, at: '08:00'}\n", "'c3' is not among the channels" },
        { ACCOUNT SCHEDULE "c1, at: '08:00', gateway: nowhere}\n", "is no gateway" },
        { ACCOUNT SCHEDULE "c2, at: '08:00', gateway: lab}\n", "than that channel is bound to" },
        { ACCOUNT SCHEDULE "c1, at: '08:00'}\n" SCHEDULE "c1, at: '09:00'}\n",
          "schedules[1].name: 's' is the name of two" },
        { ACCOUNT "- {name: s, what: report, account: slack/ops, channel: c1, every: 6h}\n",
          "is no account of `chat`" },
        { ACCOUNT "- {name: s, what: report, account: ops, channel: c1, every: 6h}\n",
          "is no account of `chat`" },
        { ACCOUNT "- {name: s, what: weather, account: webhook/ops, channel: c1, every: 6h}\n",
          "what" },
        { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], " BOTH
                 ", quiet: {from: '07:00', to: '07:00'}}\n",
          "two different times" },
        { PEOPLE "chat:\n- {platform: webhook, name: a, tenants: [t], " BOTH
                 ", channels: [{id: c, quiet: {from: '07:00', to: '08:00', zone: Nowhere}}]}\n",
          "'Nowhere' is no time zone" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        if (parse_chat(rows[i].yaml, &e) || !strstr(e.text, rows[i].words))
            fail_msg("%s gives: %s", rows[i].yaml, e.text);
    }
}

int main(void)
{
    setenv("CHAT_IN", "one-secret-of-many", 1);
    setenv("CHAT_OUT", "two-secret-of-many", 1);
    setenv("CHAT_PROXY", "me:p@ss:word", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proxy, setup, teardown),
        cmocka_unit_test_setup_teardown(its_digest, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_schedule, setup, teardown),
        cmocka_unit_test_setup_teardown(quiet_hours, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused_of_schedules, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
