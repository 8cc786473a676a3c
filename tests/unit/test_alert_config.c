/* test_alert_config.c - `alerts` of the configuration: what is taken, what is refused where, and
 * that a source may ask and decides nothing.
 */
#include "check.h"
#include "check_arena.h"
#include "config/config.h"
#include "policy/people.h"
#include <stdlib.h>
#include <string.h>

#define CHAT                                                                                       \
    "people: [{name: ada, roles: [admin], chat: ['webhook:t1/ada']}]\n"                            \
    "chat:\n- {platform: webhook, name: ops, tenants: [t], url: 'https://hooks.example', keys: "   \
    "{in: {env: CHAT_IN}, out: {env: CHAT_OUT}}, channels: [{id: c1}, {id: c2, gateway: b}]}\n"    \
    "gateways:\n- {name: a, url: 'http://127.0.0.1:1'}\n- {name: b, url: 'http://127.0.0.1:2'}\n"
#define SOURCE "alerts:\n- {name: am, from: alertmanager, "
#define THERE "chat: webhook/ops, channel: c1"
#define BEARER "keys: {bearer: {env: ALERT_TOKEN}}, "

static struct config *parse_alerts(const char *yaml, struct err *e)
{
    return config_parse(a, "ops.yaml", yaml, strlen(yaml), e);
}

static void a_source(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse_alerts(
        CHAT SOURCE BEARER "chat: webhook/ops, channel: c2, gateway: b, window: 2,\n"
                           "   labels: {route: [ingress_name]}}\n"
                           "- {name: own, from: json, keys: {hmac: {env: ALERT_KEY}}, " THERE
                           ", fields: {items: events}, resolved: [gone]}\n",
        &e);
    if (!c)
        fail_msg("%s", e.text);
    const struct config_alert *x = c->alerts;
    assert_int_equal(x->from, ALERT_FROM_ALERTMANAGER);
    assert_string_equal(x->bearer, "a-token-of-alertmanager");
    assert_string_equal(x->chat->name, "ops");
    assert_string_equal(x->gateway, "b");
    assert_true(x->window == 2 && x->stale == 36000 && x->look_back == 86400 && x->cards == 10);
    assert_string_equal(x->labels[0].names[0], "ingress_name");
    assert_null(x->labels[0].names[1]);
    assert_string_equal(x->labels[1].target, "service");
    assert_string_equal(x->labels[1].names[0], "service");
    assert_string_equal(config_named_value(x[1].fields, "items"), "events");
    assert_string_equal(x[1].resolved[0], "gone");
    assert_null(x[2].name);
    assert_null(parse_alerts("mode: approve\n", &e)->alerts[0].name);
}

static void it_may_ask_and_decides_nothing(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse_alerts(CHAT SOURCE BEARER THERE "}\n", &e);
    assert_non_null(c);
    assert_true(people_may(c, DEED_PROPOSE, CHANNEL_NONE, "alert:am", &e));
    assert_false(people_may(c, DEED_DECIDE, CHANNEL_NONE, "alert:am", &e));
    assert_false(people_may(c, DEED_PROPOSE, CHANNEL_NONE, "alert:other", &e));
    assert_null(people_find(c, CHANNEL_CHAT, "alert:am"));
    assert_null(people_find(c, CHANNEL_PAGE, "alert:am"));
    assert_int_equal(people_same(c, "alert:am", CHANNEL_CHAT, "webhook:t1/ada"), SAME_NOT);
    assert_string_equal(people_name(c, CHANNEL_NONE, "alert:am"), "alert:am");
}

static void its_digest_moves_with_its_key(void **state)
{
    (void)state;
    struct err e = { 0 };
    static const char one[] = CHAT SOURCE BEARER THERE "}\n";
    const char *before = parse_alerts(one, &e)->alerts[0].digest;
    assert_string_equal(parse_alerts(one, &e)->alerts[0].digest, before);
    setenv("ALERT_TOKEN", "another-token-of-it", 1);
    assert_string_not_equal(parse_alerts(one, &e)->alerts[0].digest, before);
    setenv("ALERT_TOKEN", "a-token-of-alertmanager", 1);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *words;
    } rows[] = {
        { SOURCE BEARER THERE "}\n", "ops.yaml, line 2: alerts[0].chat: 'webhook/ops' is no" },
        { CHAT SOURCE THERE "}\n", "alerts[0].keys" },
        { CHAT SOURCE "keys: {}, " THERE "}\n", "exactly one key" },
        { CHAT SOURCE "keys: {bearer: {env: ALERT_TOKEN}, basic: {env: ALERT_BASIC}}, " THERE "}\n",
          "exactly one key" },
        { CHAT SOURCE "keys: {hmac: {env: ALERT_KEY}}, " THERE "}\n",
          "'hmac' is no proof of this source: it has bearer|basic" },
        { CHAT SOURCE "keys: {bearer: hunter22}, " THERE "}\n", "alerts[0].keys.bearer" },
        { CHAT SOURCE "keys: {bearer: {env: ALERT_NONE}}, " THERE "}\n", "not set" },
        { CHAT SOURCE "keys: {bearer: {env: ALERT_SHORT}}, " THERE "}\n", "too short" },
        { CHAT SOURCE "keys: {basic: {env: ALERT_TOKEN}}, " THERE "}\n", "not USER:PASSWORD" },
        { CHAT "alerts:\n- {name: j, from: json, keys: {bearer: {env: ALERT_TOKEN}}, " THERE "}\n",
          "'bearer' is no proof of this source: it has hmac" },
        { CHAT "alerts:\n- {name: j, from: json, keys: {hmac: {env: ALERT_BASIC}}, " THERE "}\n",
          "whsec_" },
        { CHAT SOURCE BEARER "chat: webhook/ops, channel: c3}\n",
          "alerts[0].channel: 'c3' is not among the channels" },
        { CHAT SOURCE BEARER "chat: webhook/ops, channel: c2}\n",
          "'c2' is bound to another gateway" },
        { CHAT SOURCE BEARER THERE ", gateway: nowhere}\n", "'nowhere' is no gateway" },
        { CHAT SOURCE BEARER THERE ", fields: {key: id}}\n", "this is for json" },
        { CHAT "alerts:\n- {name: j, from: json, keys: {hmac: {env: ALERT_KEY}}, " THERE
               ", fields: {who: id}}\n",
          "'who' is none of items|key" },
        { CHAT "alerts:\n- {name: A, from: alertmanager, " BEARER THERE "}\n",
          "ops.yaml, line 8: alerts[0].name: 'A' may hold" },
        { CHAT "alerts:\n- {name: am, from: nagios, " BEARER THERE "}\n", "alerts[0].from" },
        { CHAT SOURCE BEARER THERE "}\n- {name: am, from: grafana, " BEARER THERE "}\n",
          "line 9: alerts[1].name: 'am' is the name of two" },
        { CHAT "http: {tokens: [{name: 'alert:am', sha256: "
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]}\n" SOURCE BEARER
                   THERE "}\n",
          "'alert:am' is what a token or a person goes by" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        if (parse_alerts(rows[i].yaml, &e) || !strstr(e.text, rows[i].words))
            fail_msg("%s gives: %s", rows[i].yaml, e.text);
        assert_null(strstr(e.text, "hunter22"));
    }
}

int main(void)
{
    setenv("CHAT_IN", "one-secret-of-many", 1);
    setenv("CHAT_OUT", "two-secret-of-many", 1);
    setenv("ALERT_TOKEN", "a-token-of-alertmanager", 1);
    setenv("ALERT_BASIC", "alertmanager:and-its-password", 1);
    setenv("ALERT_KEY", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", 1);
    setenv("ALERT_SHORT", "short", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_source, setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_ask_and_decides_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(its_digest_moves_with_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
