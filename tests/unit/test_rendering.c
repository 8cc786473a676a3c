/* test_rendering.c - what decides: the table of channels, the wish, the whole of a plan as it is
 * shown. */
#include "approve/approve.h"
#include "base/text.h"
#include "base/word.h"
#include "check.h"
#include "check_arena.h"
#include "config/config.h"
#include "plan/plan.h"
#include "plan/rendering.h"
#include "policy/policy.h"

/* -- channels ------------------------------------------------------------------------------ */

static enum strength least(const char *approvers, const char *change, const char *destroy,
                           enum risk risk)
{
    static struct config_token some[] = { { "ada", "x" }, { 0 } }, none[] = { { 0 } };
    const struct config c = { .approvers = approvers ? some : none,
                              .approval_change = channel_strength_named(change),
                              .approval_destroy = channel_strength_named(destroy) };
    return policy_least(&c, risk);
}

static void test_least(void **state)
{
    (void)state;
    assert_int_equal(least(NULL, NULL, NULL, CHANGE), STRENGTH_HTTP_FORM);
    assert_int_equal(least(NULL, NULL, NULL, DESTROY), STRENGTH_HTTP_FORM);
    assert_int_equal(least(NULL, "person", NULL, CHANGE), STRENGTH_PERSON);
    assert_int_equal(least(NULL, "person", NULL, DESTROY), STRENGTH_HTTP_FORM);
    assert_int_equal(least("ada", NULL, NULL, CHANGE), STRENGTH_STDIO_FORM);
    assert_int_equal(least("ada", NULL, NULL, DESTROY), STRENGTH_PERSON);
    assert_int_equal(least("ada", "http-form", NULL, CHANGE), STRENGTH_HTTP_FORM);
    assert_int_equal(least("ada", NULL, "http-form", DESTROY), STRENGTH_STDIO_FORM);
    assert_int_equal(least("ada", NULL, "http-form", RISK_UNSET), STRENGTH_STDIO_FORM);
}

/* Whoever may decide at the page or in a chat counts as an approver does. */
static void test_least_with_people(void **state)
{
    (void)state;
    static const char *const none[] = { NULL }, *const one[] = { "slack:T/U", NULL };
    static const struct {
        unsigned roles;
        const char *passphrase;
        const char *const *oidc, *const *chat;
        enum strength destroys;
    } rows[] = {
        { ROLE_APPROVER, NULL, none, none, STRENGTH_HTTP_FORM },
        { ROLE_APPROVER, "scrypt$…", none, none, STRENGTH_PERSON },
        { ROLE_ADMIN, NULL, one, none, STRENGTH_PERSON },
        { ROLE_APPROVER, NULL, none, one, STRENGTH_PERSON },
        { ROLE_OPERATOR | ROLE_VIEWER, "scrypt$…", one, one, STRENGTH_HTTP_FORM },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct config_person people[] = { { .name = "ann",
                                                  .roles = rows[i].roles,
                                                  .passphrase = rows[i].passphrase,
                                                  .oidc = rows[i].oidc,
                                                  .chat = rows[i].chat },
                                                { 0 } };
        const struct config c = { .people = people };
        assert_int_equal(policy_least(&c, DESTROY), rows[i].destroys);
    }
}

static void test_channels(void **state)
{
    (void)state;
    for (int c = CHANNEL_FORM_HTTP; c <= CHANNEL_POLICY; c++)
        assert_int_equal(channel_named(channel_name((enum channel_kind)c)), c);
    assert_int_equal(channel_named("elicitation"), CHANNEL_NONE);
    assert_int_equal(channel_named(""), CHANNEL_NONE);
    assert_int_equal(channel_named(NULL), CHANNEL_NONE);
    assert_int_equal(channel_strength(CHANNEL_NONE), STRENGTH_NONE);
    assert_int_equal(channel_strength(CHANNEL_POLICY), STRENGTH_NONE);
    assert_true(channel_strength(CHANNEL_FORM_HTTP) < channel_strength(CHANNEL_FORM_STDIO));
    assert_true(channel_strength(CHANNEL_FORM_STDIO) < channel_strength(CHANNEL_PAGE));
    assert_int_equal(channel_strength(CHANNEL_PAGE), channel_strength(CHANNEL_TERMINAL));
}

/* -- the wish ------------------------------------------------------------------------------ */

#define ROUTE(name, path)                                                                          \
    "{\"name\":\"" name "\",\"path\":{\"matchType\":\"PRE\",\"matchValue\":\"" path                \
    "\"},\"services\":[{\"name\":\"web.static\",\"port\":80}]}"

static struct plan *begun(const char *tool, const char *gateway)
{
    static struct err e;
    e = (struct err){ 0 };
    struct plan *p = plan_new(a, tool, CHANGE, &e);
    p->gateway = gateway;
    return p;
}

static const char *wish(struct plan *p)
{
    if (!plan_close(p))
        fail_msg("%s", p->err->text);
    return p->wish;
}

static void test_wish(void **state)
{
    (void)state;
    struct plan *p = begun("change_resource", "http://g"), *q = begun("apply_manifest", "http://g");
    assert_true(plan_create(p, "route", NULL, json(ROUTE("a", "/x"))));
    assert_true(plan_remove(p, "route", "b", NULL, json(ROUTE("b", "/old"))));
    /* Another tool, title, order and base. */
    assert_true(plan_remove(q, "route", "b", NULL, json(ROUTE("b", "/older"))));
    assert_true(plan_put(q, "route", "a", NULL, json(ROUTE("a", "/was")), json(ROUTE("a", "/x"))));
    plan_title(q, "something harmless");
    plan_warn(q, "a warning");
    assert_string_equal(wish(p), wish(q));
    assert_string_not_equal(p->digest, q->digest);
    struct plan *other = begun("change_resource", "http://h");
    plan_create(other, "route", NULL, json(ROUTE("a", "/x")));
    plan_remove(other, "route", "b", NULL, json(ROUTE("b", "/old")));
    assert_string_not_equal(wish(other), p->wish); /* another gateway */
    struct plan *less = begun("change_resource", "http://g");
    plan_create(less, "route", NULL, json(ROUTE("a", "/y")));
    plan_remove(less, "route", "b", NULL, json(ROUTE("b", "/old")));
    assert_string_not_equal(wish(less), p->wish); /* another value */
    assert_string_equal(plan_unpack(a, plan_pack(a, p), p->err)->wish, p->wish);
}

/* -- renderings ---------------------------------------------------------------------------- */

enum { MANY = 400, LONG = 5000 };

static struct rendering *rendered(struct plan *p, const char *rejected)
{
    const struct rendering_about about = { "c-1", "ann", rejected };
    wish(p);
    return rendering_make(a, p, &about);
}

static struct plan *many(void)
{
    struct plan *p = begun("apply_manifest", "http://g");
    char *label = arena_alloc(a, LONG + 1);
    memset(label, 'x', LONG);
    for (int i = 0; i < MANY; i++) {
        cJSON *route = json(ROUTE("a", "/x"));
        json_set_str(a, route, "name", arena_printf(a, "route-%d", i));
        json_set_str(a, json_set_object(a, route, "customLabels"), "note",
                     arena_printf(a, "%s%d", label, i));
        if (!plan_create(p, "route", NULL, route))
            fail_msg("%s", p->err->text);
        plan_warn(p, "warning %d", i);
    }
    return p;
}

static void test_whole(void **state)
{
    (void)state;
    struct rendering *r = rendered(many(), NULL);
    bool seen[MANY + 1] = { 0 };
    int pages = 0;
    const cJSON *page, *op, *line;
    cJSON_ArrayForEach(page, r->pages)
    {
        pages++;
        assert_true(strlen(json_print(a, page)) < 160 << 10);
        cJSON_ArrayForEach(op, page)
        {
            int n = (int)json_num(op, "n", 0);
            cJSON_ArrayForEach(line, json_get(op, "lines"))
            {
                seen[n] = seen[n] || (strlen(line->valuestring) > LONG &&
                                      strstr(line->valuestring, arena_printf(a, "x%d\"", n - 1)));
            }
        }
    }
    for (int i = 1; i <= MANY; i++)
        assert_true(seen[i]);
    assert_true(pages > 10);
    assert_true(json_count(json_get(r->head, "warnings")) > 200);
    assert_null(approve_text(a, r, 6000));
    assert_non_null(strstr(approve_text(a, r, APPROVE_UNBOUNDED), "route-399"));
}

static void test_digests(void **state)
{
    (void)state;
    struct rendering *r = rendered(many(), NULL), *same = rendered(many(), NULL);
    assert_string_equal(r->digest, same->digest);
    assert_string_not_equal(r->digest, r->plan);
    assert_string_not_equal(rendered(many(), "ada rejected it")->digest, r->digest);
    struct plan *p = many();
    plan_remove(p, "route", "b", NULL, json(ROUTE("b", "/old")));
    assert_string_not_equal(rendered(p, NULL)->digest, r->digest);
}

static void test_hidden(void **state)
{
    (void)state;
    assert_string_equal(text_visible(a, "a\xe2\x80\xae"
                                        "b\x1b[2J\n\xff\xf3\xa0\x80\x81"),
                        "a\\u202eb\\u001b[2J\\u000a\\xff\\ue0001");
    assert_string_equal(text_visible(a, "Grüße, \"x\""), "Grüße, \"x\"");
    struct plan *p = begun("x", "http://g");
    cJSON *route = json(ROUTE("a", "/x"));
    json_set_str(a, json_set_object(a, route, "customLabels"), "no\xe2\x80\x8bte",
                 "safe\xe2\x80\xae");
    plan_create(p, "route", NULL, route);
    char *text = approve_text(a, rendered(p, NULL), 6000);
    assert_non_null(strstr(text, "no\\u200bte"));
    assert_non_null(strstr(text, "safe\\u202e"));
}

static void test_words(void **state)
{
    (void)state;
    char *word = word_make(a);
    assert_true(word_equal(word, word));
    assert_true(word_equal(arena_printf(a, " %s\n", word), word));
    assert_false(word_equal("", word));
    assert_false(word_equal(arena_printf(a, "%s x", word), word));
    assert_false(word_equal(arena_strndup(a, word, strlen(word) - 1), word));
    assert_string_not_equal(word, word_make(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_least, setup, teardown),
        cmocka_unit_test_setup_teardown(test_least_with_people, setup, teardown),
        cmocka_unit_test_setup_teardown(test_channels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wish, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_digests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hidden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
