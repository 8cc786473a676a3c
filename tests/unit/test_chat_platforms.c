/* test_chat_platforms.c - each platform by its row: what nobody signed is refused and nothing of it
 * is heard; cards are whole, or there is none; strangers' texts are no markup. And the texts that
 * the platforms' files share. Payloads, SDKs and APIs of each are tests/chat/'s. */
#include "base/err.h"
#include "chat/platform_private.h"
#include "chat/sign.h"
#include "check.h"
#include "check_arena.h"

#define NOW "1700000000"

static const struct config_named keys[] = { { "signing", "k" },
                                            { "secret", "k" },
                                            { "encrypt", "k" },
                                            { "token", "k" },
                                            { "aes",
                                              "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" },
                                            { 0 } };
static const struct config_named no_names[] = { { 0 } };
static const char *const tenants[] = { "T1", NULL };
static const struct config_chat config = { .keys = keys, .ids = no_names, .tenants = tenants };
static const struct config_chat keyless = { .keys = no_names, .ids = no_names, .tenants = tenants };

/* Name and value by turns; NULL ends it. */
static const char *header_of_list(const struct chat_request *r, const char *name)
{
    const char *const *h = r->arg;
    for (; h && *h; h += 2)
        if (!strcmp(*h, name))
            return h[1];
    return NULL;
}

static bool takes(const struct chat_platform *p, const struct config_chat *with, const char *body,
                  const char *const *headers, struct chat_taken *out, struct err *e)
{
    struct chat_account c = { .config = with, .platform = p, .arena = a };
    const struct chat_request r = { .method = "POST",
                                    .path = "/",
                                    .header = header_of_list,
                                    .body = body,
                                    .len = strlen(body),
                                    .now_ms = 1700000000000,
                                    .arg = (void *)headers };
    *out = (struct chat_taken){ 0 };
    return p->take(&c, a, &r, out, e);
}

static void what_nobody_signed_is_refused(void **state)
{
    (void)state;
    static const struct {
        const struct chat_platform *platform;
        const char *body;
    } rows[] = {
        { &chat_slack, "payload=%7B%22type%22%3A%22block_actions%22%7D" },
        { &chat_feishu, "{\"header\":{\"event_type\":\"im.message.receive_v1\"}}" },
        { &chat_dingtalk, "{\"msgtype\":\"text\",\"text\":{\"content\":\"x\"}}" },
        { &chat_wecom, "{\"encrypt\":\"x\"}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct chat_taken t;
        struct err e = { 0 }, none = { 0 };
        assert_false(takes(rows[i].platform, &config, rows[i].body, NULL, &t, &e));
        assert_int_equal(t.status, 401);
        assert_int_equal(t.n, 0);
        assert_int_equal(e.kind, ERR_POLICY);
        if (rows[i].platform == &chat_dingtalk) /* its secret is needed by whatever it does */
            continue;
        assert_false(takes(rows[i].platform, &keyless, rows[i].body, NULL, &t, &none));
        assert_int_equal(t.status, 403);
        assert_non_null(strstr(none.text, "keys."));
    }
}

static void what_slack_signed_is_heard(void **state)
{
    (void)state;
    struct chat_taken t;
    struct err e = { 0 };
    const char *body = "command=%2Fgateway&text=routes+path%3D%2Fpay&user_id=U1&team_id=T1&"
                       "channel_id=D1&trigger_id=1.2&response_url=https%3A%2F%2Fhooks";
    const char *headers[] = { "x-slack-request-timestamp", NOW, "x-slack-signature",
                              sign_slack(a, "k", NOW, body, strlen(body)), NULL };
    assert_true(takes(&chat_slack, &config, body, headers, &t, &e));
    assert_int_equal(t.n, 1);
    assert_string_equal(t.events->text, "routes path=/pay");
    assert_string_equal(t.events->reply, "https://hooks");
    assert_true(t.events->direct && !t.events->outsider);
}

static void what_feishu_says_is_heard(void **state)
{
    (void)state;
    struct chat_taken t;
    struct err e = { 0 };
    const cJSON *o = json("{\"header\":{\"event_type\":\"card.action.trigger\",\"event_id\":\"e\"},"
                          "\"event\":{\"operator\":{\"tenant_key\":\"T1\",\"open_id\":\"o\"},"
                          "\"action\":{\"value\":{\"id\":\"b\",\"d\":\"approve\"}}}}");
    struct chat_account c = { .config = &config, .platform = &chat_feishu, .arena = a };
    t = (struct chat_taken){ 0 };
    assert_true(feishu_read(&c, a, o, &t, &e));
    assert_int_equal(t.n, 1);
    assert_int_equal(t.events->choice, CHAT_APPROVE);
    assert_string_equal(t.events->button, "b");
}

static void what_dingtalk_signed_is_heard_but_no_press(void **state)
{
    (void)state;
    struct chat_taken t;
    struct err e = { 0 };
    const char *headers[] = { "timestamp", NOW "000", "sign", sign_dingtalk(a, "k", NOW "000"),
                              NULL };
    const char *body = "{\"msgtype\":\"text\",\"text\":{\"content\":\" x \"},\"senderCorpId\":"
                       "\"T1\",\"senderStaffId\":\"s\",\"conversationType\":\"1\"}";
    assert_true(takes(&chat_dingtalk, &config, body, headers, &t, &e));
    assert_string_equal(t.events->text, "x");
    assert_string_equal(t.events->channel, "@s");
    assert_false(takes(&chat_dingtalk, &config, "{\"outTrackId\":\"b\"}", headers, &t, &e));
    assert_int_equal(t.status, 403);
    assert_int_equal(t.n, 0);
}

static void what_wecom_presses_is_split(void **state)
{
    (void)state;
    struct chat_account c = { .config = &config, .platform = &chat_wecom, .arena = a };
    struct chat_taken t = { 0 };
    struct err e = { 0 };
    const cJSON *o = json("{\"msgid\":\"m\",\"msgtype\":\"event\",\"from\":{\"userid\":\"u\"},"
                          "\"event\":{\"eventtype\":\"template_card_event\",\"event_key\":"
                          "\"a:b:reject\",\"task_id\":\"t\"}}");
    assert_true(wecom_read(&c, a, o, "r1", &t, &e));
    assert_string_equal(t.events->button, "a:b");
    assert_int_equal(t.events->choice, CHAT_REJECT);
    assert_string_equal(t.events->reply, "press:r1");
    assert_true(t.events->outsider); /* no corporation is told, and none is configured */
}

static const struct chat_platform *const all[] = { &chat_slack, &chat_feishu, &chat_dingtalk,
                                                   &chat_wecom, &chat_teams };

static void cards_are_whole_or_there_is_none(void **state)
{
    (void)state;
    char *huge = arena_alloc(a, 60001);
    memset(huge, 'x', 60000);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct chat_block blocks[] = { { CHAT_TEXT, "<@U1> <!channel> \u202e" },
                                       { CHAT_CODE, "- a\n+ b" },
                                       { CHAT_NOTE, "by ann" } };
        struct chat_card card = { .title = "t", .blocks = blocks, .n = 3, .button = "b17" };
        card.approvable = true;
        const char *waits = json_print(a, all[i]->card(a, &card));
        assert_non_null(strstr(waits, "approve"));
        assert_non_null(strstr(waits, "\\\\u202e"));
        card.button = NULL;
        const char *over = json_print(a, all[i]->card(a, &card));
        assert_null(strstr(over, "b17"));
        assert_null(strstr(over, "reject"));
        blocks[1].text = huge;
        assert_null(all[i]->card(a, &card));
    }
}

static void an_input_is_there_where_the_platform_has_one(void **state)
{
    (void)state;
    const struct chat_card card = {
        .title = "t", .button = "b17", .approvable = true, .types = true
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const cJSON *made = all[i]->card(a, &card);
        assert_int_equal(made != NULL, all[i]->takes_typed);
        if (made)
            assert_non_null(strstr(json_print(a, made), "\"typed\""));
    }
}

static void pieces_make_the_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pieces;
        size_t max;
    } rows[] = {
        { "abc", "[abc]", 3 },
        { "abcd", "[abc][d]", 3 },
        { "ab\ncd", "[ab][cd]", 4 },
        { "ab\ncd", "[ab][cd]", 3 },
        { "\nabcd", "[\nab][cd]", 3 },
        { "a\n\nb", "[a\n\nb]", 4 },
        { "\xf0\x9f\x98\x80x", "[\xf0\x9f\x98\x80][x]", 2 },
        { "", "", 3 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *rest = rows[i].text, *got = "";
        for (const char *piece; (piece = chat_piece(a, &rest, rows[i].max));) {
            assert_true(chat_units(piece) <= rows[i].max);
            got = arena_printf(a, "%s[%s]", got, piece);
        }
        assert_string_equal(got, rows[i].pieces);
    }
}

static void forms_and_mentions_are_read(void **state)
{
    (void)state;
    const char *form = "a=1&ab=x+y%3D&c=&d&e=%zz&ab=2";
    assert_string_equal(chat_form_value(a, form, strlen(form), "ab"), "x y=");
    assert_string_equal(chat_form_value(a, form, strlen(form), "c"), "");
    assert_null(chat_form_value(a, form, strlen(form), "d"));
    assert_null(chat_form_value(a, form, strlen(form), "e"));
    assert_null(chat_form_value(a, form, 3, "ab"));
    assert_string_equal(chat_without(a, " <@U1> a <@U1>b ", "<@U1>"), "a b");
    assert_string_equal(chat_without(a, " a ", ""), "a");
    assert_int_equal(chat_choice_named("details"), CHAT_DETAILS);
    assert_int_equal(chat_choice_named(NULL), CHAT_NO_CHOICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_nobody_signed_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_slack_signed_is_heard, setup, teardown),
        cmocka_unit_test_setup_teardown(what_feishu_says_is_heard, setup, teardown),
        cmocka_unit_test_setup_teardown(what_dingtalk_signed_is_heard_but_no_press, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_wecom_presses_is_split, setup, teardown),
        cmocka_unit_test_setup_teardown(cards_are_whole_or_there_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(an_input_is_there_where_the_platform_has_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pieces_make_the_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(forms_and_mentions_are_read, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
