/* test_people.c - the table of people: who is behind a name, what a role may do, who is one, and
 * what a configuration may not say. */
#include "base/text.h"
#include "check.h"
#include "check_arena.h"
#include "policy/people.h"
#include <string.h>

static struct config *parse(const char *yaml, struct err *e)
{
    return config_parse(a, "ops.yaml", yaml, strlen(yaml), e);
}

#define OAUTH                                                                                      \
    "http: {oauth: {issuer: 'https://id', resource: 'https://gw/mcp', jwks: 'https://id/k'}}\n"
static const char shop[] =
    OAUTH "people:\n"
          "  - {name: alice, roles: [operator, approver], os: [alice], tokens: [alice-laptop],\n"
          "     oauth: [sub-1], passphrase: 'scrypt$32768$8$1$c2FsdA$a2V5'}\n"
          "  - {name: bob, roles: [approver], tokens: [bob], oauth: ['https://else|sub-2']}\n"
          "  - {name: vera, roles: [viewer], tokens: [vera-1], chat: ['slack:T1/U1']}\n"
          "  - {name: root, roles: [admin], os: [root]}\n";

static void behind_a_name(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse(shop, &e);
    assert_non_null(c);
    static const struct {
        enum channel_kind by;
        const char *name, *person; /* NULL: unknown */
    } rows[] = {
        { CHANNEL_TERMINAL, "alice (uid 1000)", "alice" },
        { CHANNEL_TERMINAL, "alice", NULL },
        { CHANNEL_TERMINAL, "root (uid 0)", "root" },
        { CHANNEL_TERMINAL, "root (uid 0, sudo by alice)", "alice" },
        { CHANNEL_TERMINAL, "root (uid 0, login uid 1000 alice)", "alice" },
        { CHANNEL_TERMINAL, "root (uid 0, sudo by eve)", NULL },
        { CHANNEL_TERMINAL, "bob", NULL }, /* the name of a token proves nothing at a terminal */
        { CHANNEL_FORM_STDIO, "alice (uid 1000)", "alice" },
        { CHANNEL_FORM_STDIO, "local", NULL },
        { CHANNEL_FORM_HTTP, "alice-laptop", "alice" },
        { CHANNEL_FORM_HTTP, "alice (uid 1000)", NULL },
        { CHANNEL_FORM_HTTP, "https://id|sub-1", "alice" },
        { CHANNEL_FORM_HTTP, "https://else|sub-1", NULL }, /* of another issuer */
        { CHANNEL_FORM_HTTP, "https://else|sub-2", "bob" },
        { CHANNEL_FORM_HTTP, "https://id|sub-2", NULL },
        { CHANNEL_FORM_HTTP, "sub-1", NULL },
        { CHANNEL_FORM_HTTP, "alice", NULL }, /* her login is for the page */
        { CHANNEL_PAGE, "alice", "alice" },
        { CHANNEL_PAGE, "bob", "bob" },
        { CHANNEL_PAGE, "vera", NULL }, /* has no passphrase */
        { CHANNEL_API, "alice-laptop", "alice" },
        { CHANNEL_API, "alice", NULL }, /* nobody logs in there */
        { CHANNEL_NONE, "alice-laptop", "alice" },
        { CHANNEL_NONE, "alice (uid 7)", "alice" },
        { CHANNEL_NONE, "eve", NULL },
        /* a subject may say anything */
        { CHANNEL_NONE, "https://id|x (uid 0, sudo by alice)", NULL },
        { CHANNEL_NONE, "https://id|x (uid 0, login uid 0 root)", NULL },
        { CHANNEL_NONE, "x (uid 0), sudo by alice", NULL },
        { CHANNEL_NONE, NULL, NULL },
        { CHANNEL_POLICY, "alice", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct config_person *p = people_find(c, rows[i].by, rows[i].name);
        if (!p != !rows[i].person || (p && strcmp(p->name, rows[i].person) != 0))
            fail_msg("%s by %s: %s", rows[i].name, channel_name(rows[i].by), p ? p->name : "none");
    }
    assert_string_equal(people_name(c, CHANNEL_NONE, "eve"), "eve");
    assert_string_equal(people_name(c, CHANNEL_FORM_HTTP, "alice-laptop"), "alice");
}

#define OIDC "http: {page: 'https://ops', oidc: {issuer: 'https://id', client_id: ops}}\n"

static void whom_a_provider_names(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c =
        parse(OIDC "people:\n"
                   "  - {name: ann, roles: [viewer], oidc: [s-1, 'auth0|7']}\n"
                   "  - {name: bob, roles: [viewer], oidc: ['https://id|s-2']}\n"
                   "  - {name: eve, roles: [viewer], oidc: ['https://x|s-3']}\n"
                   "  - {name: tom, roles: [viewer], tokens: [tom-1]}\n",
              &e);
    if (!c)
        fail_msg("%s", e.text);
    static const struct {
        const char *value, *person;
    } rows[] = {
        { "s-1", "ann" },          { "auth0|7", "ann" },       { "S-1", NULL }, { "s-1 ", NULL },
        { "s-2", "bob" },          { "https://id|s-2", NULL }, { "s-3", NULL }, { "", NULL },
        { "https://x|s-3", NULL }, { "https://id|", NULL },    { "ann", NULL }, { "7", NULL },
        { "tom", NULL },           { "tom-1", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *identity = NULL;
        const struct config_person *p = people_by_oidc(c, rows[i].value, &identity);
        if (!p != !rows[i].person || (p && strcmp(p->name, rows[i].person) != 0))
            fail_msg("%s: %s", rows[i].value, p ? p->name : "none");
        assert_int_equal(!p, !identity);
    }
    assert_string_equal(people_find(c, CHANNEL_PAGE, "ann")->name, "ann");
    assert_string_equal(people_find(c, CHANNEL_PASSKEY, "bob")->name, "bob");
    assert_null(people_find(c, CHANNEL_PAGE, "s-1"));
    assert_null(people_find(c, CHANNEL_TERMINAL, "ann"));
    assert_null(people_find(c, CHANNEL_PAGE, "tom"));
}

static void behind_what_a_chat_says(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse(shop, &e);
    static const struct {
        enum channel_kind by;
        const char *name, *person; /* NULL: unknown */
    } rows[] = {
        { CHANNEL_CHAT, "slack:T1/U1", "vera" }, { CHANNEL_NONE, "slack:T1/U1", "vera" },
        { CHANNEL_CHAT, "slack:T2/U1", NULL },   { CHANNEL_CHAT, "slack:T1/u1", NULL },
        { CHANNEL_CHAT, "vera", NULL }, /* a name is what anybody may call themselves */
        { CHANNEL_PAGE, "slack:T1/U1", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct config_person *p = people_find(c, rows[i].by, rows[i].name);
        if (!p != !rows[i].person || (p && strcmp(p->name, rows[i].person) != 0))
            fail_msg("%s by %s: %s", rows[i].name, channel_name(rows[i].by), p ? p->name : "none");
    }
}

static void what_no_identity_of_a_chat_is(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *words;
    } rows[] = {
        { "people:\n- {name: a, roles: [viewer], chat: ['ann@slack']}\n",
          "people[0].chat: 'ann@slack' is not PLATFORM:TENANT/USER" },
        { "people:\n- {name: a, roles: [viewer], chat: ['slack:T1/']}\n", "is not PLATFORM:" },
        { "people:\n- {name: a, roles: [viewer], chat: ['slack:T1/U']}\n"
          "- {name: b, roles: [viewer], chat: ['slack:T1/U']}\n",
          "belongs to another person as well" },
        { "http:\n  tokens: [{name: 'slack:T1/U', sha256: "
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}]\n"
          "people:\n- {name: a, roles: [viewer], chat: ['slack:T1/U']}\n",
          "'slack:T1/U' is what 'a' goes by in a chat" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        if (parse(rows[i].yaml, &e) || !strstr(e.text, rows[i].words))
            fail_msg("%s gives: %s", rows[i].yaml, e.text);
    }
}

static void what_roles_may(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse(shop, &e), *none = parse("", &e),
                        *nobody = parse("people: []", &e);
    static const struct {
        const char *token;
        bool may[DEED_ADMINISTER + 1];
    } rows[] = {
        { "alice-laptop", { true, true, true, false } },
        { "bob", { true, false, true, false } },
        { "vera-1", { true, false, false, false } },
        { "eve", { true, false, false, false } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (enum deed d = DEED_READ; d <= DEED_ADMINISTER; d++) {
            e = (struct err){ 0 };
            assert_int_equal(people_may(c, d, CHANNEL_FORM_HTTP, rows[i].token, &e),
                             rows[i].may[d]);
            assert_int_equal(e.kind, rows[i].may[d] ? ERR_NONE : ERR_POLICY);
            e = (struct err){ 0 };
            assert_true(people_may(none, d, CHANNEL_FORM_HTTP, rows[i].token, &e));
            assert_int_equal(people_may(nobody, d, CHANNEL_FORM_HTTP, rows[i].token, &e),
                             d == DEED_READ);
        }
    for (enum deed d = DEED_READ; d <= DEED_ADMINISTER; d++)
        assert_true(people_may(c, d, CHANNEL_TERMINAL, "root (uid 0)", &e));
    e = (struct err){ 0 };
    people_may(c, DEED_DECIDE, CHANNEL_FORM_HTTP, "vera-1", &e);
    assert_non_null(strstr(e.text, "'vera' has the role viewer and may not decide about changes"));
    e = (struct err){ 0 };
    people_may(c, DEED_PROPOSE, CHANNEL_NONE, "eve", &e);
    assert_non_null(strstr(e.text, "'eve' is not in the table of people"));
}

static void who_is_one(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct config *c = parse(shop, &e), *none = parse("", &e);
    static const struct {
        const char *requester;
        enum channel_kind by;
        const char *who;
        enum sameness same, bare; /* bare: without a table */
    } rows[] = {
        { "alice-laptop", CHANNEL_TERMINAL, "alice (uid 1000)", SAME_PERSON, SAME_NOT },
        { "alice-laptop", CHANNEL_PAGE, "alice", SAME_PERSON, SAME_NOT },
        { "alice-laptop", CHANNEL_TERMINAL, "root (uid 0, sudo by alice)", SAME_PERSON, SAME_NOT },
        { "alice-laptop", CHANNEL_PAGE, "bob", SAME_NOT, SAME_NOT },
        { "https://id|sub-1", CHANNEL_API, "alice-laptop", SAME_PERSON, SAME_NOT },
        { "eve", CHANNEL_PAGE, "eve", SAME_PERSON, SAME_PERSON },
        { "eve", CHANNEL_PAGE, "mallory", SAME_NOT, SAME_NOT },
        { "local", CHANNEL_PAGE, "bob", SAME_MAYBE, SAME_MAYBE },
        { "local", CHANNEL_FORM_STDIO, "local", SAME_PERSON, SAME_PERSON },
        { "command line", CHANNEL_TERMINAL, "alice (uid 1000)", SAME_MAYBE, SAME_MAYBE },
        { NULL, CHANNEL_PAGE, "bob", SAME_NOT, SAME_NOT },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(people_same(c, rows[i].requester, rows[i].by, rows[i].who), rows[i].same);
        assert_int_equal(people_same(none, rows[i].requester, rows[i].by, rows[i].who),
                         rows[i].bare);
    }
}

/* What is wrong is said with its line; nothing of it counts then. */
static void what_may_not_be_said(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *words;
    } rows[] = {
        { "people: {}\n", "people" },
        { "people:\n- {roles: [viewer]}\n", "line 2" },
        { "people:\n- {name: a}\n", "roles" },
        { "people:\n- {name: a, roles: [boss]}\n", "viewer|operator|approver|admin" },
        { "people:\n- {name: a, roles: [viewer], os: []}\n", "os" },
        { "people:\n- {name: a, roles: [viewer], os: [1]}\n", "os" },
        { "people:\n- {name: a, roles: [viewer], mail: [x]}\n", "mail" },
        { "people:\n- {name: a, roles: [viewer]}\n- {name: a, roles: [viewer]}\n",
          "ops.yaml, line 3: people[1].name: 'a' is the name of two" },
        { "people:\n- {name: a, roles: [viewer], os: [x]}\n"
          "- {name: b, roles: [viewer], os: [y, x]}\n",
          "line 3: people[1].os: 'x' belongs to another person as well" },
        { OAUTH "people:\n- {name: a, roles: [viewer], oauth: [x]}\n"
                "- {name: b, roles: [admin], oauth: ['https://id|x']}\n",
          "people[1].oauth: 'https://id|x' belongs to another person as well" },
        { OAUTH "people:\n- {name: a, roles: [viewer], oauth: ['https://id|x', x]}\n",
          "is there twice" },
        { OIDC "people:\n- {name: a, roles: [viewer], oidc: [x]}\n"
               "- {name: b, roles: [admin], oidc: ['https://id|x']}\n",
          "people[1].oidc: 'https://id|x' belongs to another person as well" },
        { "people:\n- {name: a, roles: [viewer], oidc: [x, x]}\n", "is there twice" },
        { "people:\n- {name: a, roles: [admin], tokens: [local]}\n", "'local' is what several" },
        { "people:\n- {name: local, roles: [admin]}\n", "'local' is what several" },
        { "people:\n- {name: a, roles: [admin], os: ['command line']}\n", "is what several" },
        { "people:\n- {name: a, roles: [viewer], tokens: [x, x]}\n", "'x' is there twice" },
        { "people:\n- {name: a, roles: [viewer], tokens: [b]}\n- {name: b, roles: [viewer]}\n",
          "people[0].tokens: 'b' is the name of another person" },
        { "people:\n- {name: a, roles: [viewer], passphrase: 'hunter22 hunter'}\n",
          "never the text itself" },
        { "http:\n  approvers: [{name: a, sha256: "
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}]\n"
          "people:\n- {name: a, roles: [viewer]}\n",
          "http.approvers: 'a' is the name of a person who does not have this token" },
        { "http:\n  tokens: [{name: 'x (uid 0)', sha256: "
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}]\npeople: []\n",
          "no '|' and no '('" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        if (parse(rows[i].yaml, &e) || !strstr(e.text, rows[i].words))
            fail_msg("%s gives: %s", rows[i].yaml, e.text);
        assert_null(strstr(e.text, "hunter22"));
    }
}

static void a_running_server_takes_another_table(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct config *c = parse(shop, &e);
    config_reload(c,
                  parse("people:\n- {name: alice, roles: [viewer], tokens: [alice-laptop]}\n", &e));
    assert_false(people_may(c, DEED_DECIDE, CHANNEL_FORM_HTTP, "alice-laptop", &e));
    config_reload(c, parse("", &e));
    assert_null(c->people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(behind_a_name, setup, teardown),
        cmocka_unit_test_setup_teardown(whom_a_provider_names, setup, teardown),
        cmocka_unit_test_setup_teardown(behind_what_a_chat_says, setup, teardown),
        cmocka_unit_test_setup_teardown(what_no_identity_of_a_chat_is, setup, teardown),
        cmocka_unit_test_setup_teardown(what_roles_may, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_may_not_be_said, setup, teardown),
        cmocka_unit_test_setup_teardown(a_running_server_takes_another_table, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
