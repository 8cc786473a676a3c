/* test_chat_sign.c - signatures and encrypted callbacks by vectors of the platforms' own rules;
 * every byte that is changed is noticed. What the platforms' SDKs say of the same is tests/chat/'s.
 */
#include "base/crypto.h"
#include "chat/sign.h"
#include "check.h"
#include "check_arena.h"

static const char wecom_key[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
static const char wecom_sealed[] = "Q3stYC6hdFzMh9T8HCvyDKNU1ATzRq5pzu8BhqQoOrKK66rls+"
                                   "i9qPZJDnEbe7Z2OPA+dmtlTTaROAuvjRxJIg==";
static const char feishu_sealed[] =
    "AAECAwQFBgcICQoLDA0ODyfivOix8XTi8xT6NE7sF6MRtF192CDqWj4ZyO9MDAabCainWOy1mB5oDt6GGKE+"
    "iEFAFjafZzAurtN4BNp2k3Y=";

static void signatures_are_as_the_platforms_make_them(void **state)
{
    (void)state;
    const char *slack = "payload=%7B%22type%22%3A%22block_actions%22%7D";
    assert_string_equal(sign_slack(a, "0123456789abcdef", "1700000000", slack, strlen(slack)),
                        "v0=79d9be0550f37ade4a414be525131c2cc09c17bc63caa89f2a3e0bc72ca5a81d");
    assert_string_equal(sign_dingtalk(a, "SECtest", "1700000000000"),
                        "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g=");
    assert_string_equal(sign_feishu(a, "testkey", "1700000000", "abc", "{\"encrypt\":\"x\"}", 15),
                        "39696bf3f40725c42fee6d5b49b6774d44e8be5699a665ee9227be5449a3ff4e");
    assert_string_equal(sign_wecom(a, "tok", "1700000000", "nonce1", "ENC=="),
                        "444f2ba8427daa6760dc68a855b82dd12734e392");
    assert_string_equal(sign_wecom(a, "tok", "1700000000", "nonce1", wecom_sealed),
                        "085970e1d67e1edc032c75f7fdfb5df825c01cce");
    const char *secret = arena_printf(a, "whsec_%s", base64_encode(a, "0123456789abcdef", 16));
    assert_string_equal(sign_webhook(a, secret, "msg_1", "1700000000", "{\"a\":1}", 7),
                        "v1,41C4mdfM4X7k7EqLRBhc2OjUAQFwQVsqMUoL0CbTfxc=");
    assert_string_equal(sign_grafana(a, "secret", "1785000000", "{\"type\":\"gw.test\"}", 18),
                        "c44d009cfa6fd4e5bfcafe9fc6a2e6be4741f9bea7886c3f8a7ec51802ee4d62");
    assert_null(sign_webhook(a, "whsec_?", "msg_1", "1700000000", "{}", 2));
    assert_null(sign_webhook(a, "whsec_", "msg_1", "1700000000", "{}", 2));
}

/* The vector of the specification, its headers in every state. */
static void a_webhook_is_genuine_or_not(void **state)
{
    (void)state;
    static const char key[] = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
                      body[] = "{\"type\":\"gw.test\"}";
    static const char good[] = "v1,bsVHbYTlwaqKURmGeidJdl0zmIq1O+EE3x7LIFVyBd8=";
    const struct {
        struct sign_headers h;
        int64_t apart; /* seconds */
        const char *why;
    } rows[] = {
        { { "msg_1", "1785000000", good }, 0, NULL },
        { { "msg_1", "1785000000", arena_printf(a, "v1,AAAA %s", good) }, 300, NULL },
        { { "msg_1", "1785000000", good }, 301, "of now" },
        { { "msg_1", "1785000000", good }, -301, "of now" },
        { { "msg_2", "1785000000", good }, 0, "not right" },
        { { "msg_1", "1785000001", good }, 0, "not right" },
        { { "msg_1", "1785000000", "" }, 0, "not right" },
        { { NULL, "1785000000", good }, 0, "not signed" },
        { { "msg_1", NULL, good }, 0, "not signed" },
        { { "msg_1", "1785000000", NULL }, 0, "not signed" },
        { { "msg.1", "1785000000", good }, 0, "not signed" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        bool holds = sign_webhook_holds(a, key, &rows[i].h, body, sizeof body - 1,
                                        (1785000000 + rows[i].apart) * 1000, &e);
        if (holds != !rows[i].why || (rows[i].why && !strstr(e.text, rows[i].why)))
            fail_msg("row %zu: %s", i, e.text);
    }
}

static void only_equal_texts_are_the_same(void **state)
{
    (void)state;
    assert_true(sign_same("abc", "abc"));
    assert_false(sign_same("abc", "abd"));
    assert_false(sign_same("abc", "ab"));
    assert_false(sign_same(NULL, "abc"));
    assert_false(sign_same("abc", NULL));
    assert_false(sign_same("", ""));
}

static void a_time_is_near_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        bool fresh;
    } rows[] = {
        { "1700000000", true },   { "1699999700", true },  { "1700000300", true },
        { "1699999699", false },  { "1700000301", false }, { "-1700000000", false },
        { "1700000000 ", false }, { "17e8", false },       { "", false },
        { NULL, false },          { "0", false },          { "99999999999999999999", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sign_fresh(rows[i].at, 1700000000LL * 1000, 300) != rows[i].fresh)
            fail_msg("%s", rows[i].at);
}

/* Each byte of the sealed text changed in turn: `opens` never gives the text again. */
static void each_change_is_noticed(const char *sealed, const char *text,
                                   char *(*opens)(const char *sealed))
{
    size_t size = 0;
    const uint8_t *raw = base64_decode(a, sealed, strlen(sealed), &size);
    for (size_t i = 0; i < size; i++) {
        uint8_t *changed = arena_alloc(a, size);
        memcpy(changed, raw, size);
        changed[i] ^= 1;
        const char *got = opens(base64_encode(a, changed, size));
        if (got && !strcmp(got, text))
            fail_msg("byte %zu", i);
    }
    for (size_t n = 0; n < size; n += 8)
        if (opens(base64_encode(a, raw, n)))
            fail_msg("%zu bytes", n);
    assert_null(opens("%%%"));
}

static char *open_feishu(const char *sealed)
{
    size_t n;
    struct err e = { 0 };
    char *text = sign_open_feishu(a, "testkey", sealed, &n, &e);
    assert_int_equal(text == NULL, e.kind == ERR_POLICY);
    return text;
}

static void feishu_callbacks_open(void **state)
{
    (void)state;
    static const char text[] =
        "{\"challenge\":\"c1\",\"token\":\"v1\",\"type\":\"url_verification\"}";
    size_t n = 0;
    struct err e = { 0 };
    assert_string_equal(open_feishu(feishu_sealed), text);
    each_change_is_noticed(feishu_sealed, text, open_feishu);
    assert_null(sign_open_feishu(a, "otherkey", feishu_sealed, &n, &e));
    assert_non_null(strstr(e.text, "does not open"));
}

/* CBC does not notice a change of the first block, which is random: the signature does. */
static char *open_wecom(const char *sealed)
{
    size_t n;
    struct err e = { 0 };
    return sign_open_wecom(a, wecom_key, sealed, "corp1", &n, &e);
}

static void wecom_callbacks_open(void **state)
{
    (void)state;
    size_t n = 0;
    struct err e = { 0 };
    assert_string_equal(sign_open_wecom(a, wecom_key, wecom_sealed, "corp1", &n, &e), "{\"a\":1}");
    assert_int_equal(n, 7);
    assert_null(sign_open_wecom(a, wecom_key, wecom_sealed, "corp2", &n, &e));
    assert_null(sign_open_wecom(a, wecom_key, wecom_sealed, "", &n, &e));
    assert_null(sign_open_wecom(a, wecom_key, wecom_sealed, "corp", &n, &e));
    for (size_t cut = 0; cut < strlen(wecom_sealed); cut++)
        assert_null(open_wecom(arena_strndup(a, wecom_sealed, cut)));
    struct err bad = { 0 };
    assert_null(sign_open_wecom(a, "short", wecom_sealed, "corp1", &n, &bad));
    assert_int_equal(bad.kind, ERR_ARGS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signatures_are_as_the_platforms_make_them, setup, teardown),
        cmocka_unit_test_setup_teardown(a_webhook_is_genuine_or_not, setup, teardown),
        cmocka_unit_test_setup_teardown(only_equal_texts_are_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(a_time_is_near_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(feishu_callbacks_open, setup, teardown),
        cmocka_unit_test_setup_teardown(wecom_callbacks_open, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
