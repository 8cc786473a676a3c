/* test_ask_state.c - sealed states: what is taken, and that every other one is not. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "call/service.h"
#include "check.h"
#include "config/config.h"
#include "mcp/ask.h"
#include "mcp/ask_state_private.h"
#include "mcp/era.h"
#include "mcp/mcp.h"

struct world {
    struct service service;
    struct mcp mcp;
    struct request request;
    struct question question;
};

static struct world *world(struct arena *a)
{
    struct world *w = arena_make(a, struct world);
    w->mcp.service = &w->service;
    w->request =
        (struct request){ .mcp = &w->mcp, .arena = a, .principal = "alice", .era = era_modern() };
    w->question = (struct question){ .request = &w->request, .tool = "change_route" };
    w->question.args = json_parse(a, "{\"name\":\"pay\",\"n\":1}", 20, NULL);
    return w;
}

static const char context[] = "request state";

static const char *made(struct world *w)
{
    const struct shown shown = { "c-1", "digest", "rendering", "kubo-tezi-ma" };
    return ask_state_make(&w->question, &shown);
}

/* The state with one member of its payload replaced (NULL: as it is), sealed by the server's key.
 */
static const char *sealed_with(struct arena *a, struct world *w, const char *member, cJSON *value)
{
    size_t n = 0;
    const char *text = crypto_open(a, w->mcp.state_key, context, made(w) + strlen("v2."), &n);
    cJSON *payload = json_parse(a, text, n, NULL);
    if (member)
        json_set(a, payload, member, value);
    text = json_print(a, payload);
    return arena_printf(a, "v2.%s", crypto_seal(a, w->mcp.state_key, context, text, strlen(text)));
}

static void a_state_comes_back_as_it_was(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    const char *state = made(w);
    assert_true(ask_state_read(&w->question, state));
    assert_string_equal(w->question.retry.id, "c-1");
    assert_string_equal(w->question.retry.plan, "digest");
    assert_string_equal(w->question.retry.rendering, "rendering");
    assert_string_equal(w->question.retry.word, "kubo-tezi-ma");
    w->question.args = json_parse(a, "{\"n\":1,\"name\":\"pay\"}", 20, NULL);
    assert_true(ask_state_read(&w->question, state)); /* the order of members says nothing */
    assert_string_not_equal(state, made(w));
    arena_free(a);
}

static void a_state_ends(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    double now = (double)time(NULL);
    assert_true(ask_state_read(&w->question, sealed_with(a, w, NULL, NULL)));
    assert_true(ask_state_read(&w->question, sealed_with(a, w, "x", json_number(a, now + 60))));
    assert_false(ask_state_read(&w->question, sealed_with(a, w, "x", json_number(a, now - 1))));
    assert_false(ask_state_read(&w->question, sealed_with(a, w, "x", json_string(a, "never"))));
    arena_free(a);
}

static void a_state_is_bound(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    for (const char *const *member = (const char *const[]){ "t", "a", "p", "i", "d", NULL };
         *member; member++)
        assert_false(ask_state_read(&w->question, sealed_with(a, w, *member, json_null(a))));
    assert_false(ask_state_read(&w->question, sealed_with(a, w, "p", json_string(a, "bob"))));
    struct world *restarted = world(a);
    assert_false(ask_state_read(&restarted->question, sealed_with(a, w, NULL, NULL)));
    arena_free(a);
}

static void a_text_around_it_is_not_ignored(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    const char *state = made(w);
    for (const char *const *tail = (const char *const[]){ "-TAMPERED", ".", "=", " ", "A", NULL };
         *tail; tail++) {
        assert_false(ask_state_read(&w->question, arena_printf(a, "%s%s", state, *tail)));
        assert_false(ask_state_read(&w->question, arena_printf(a, "%s%s", *tail, state)));
    }
    char *flipped = arena_strdup(a, state);
    for (size_t i = 0; flipped[i]; i++) {
        flipped[i] ^= 1;
        assert_false(ask_state_read(&w->question, flipped));
        flipped[i] ^= 1;
    }
    assert_true(ask_state_read(&w->question, flipped));
    arena_free(a);
}

/* What a client may not know is not in what it carries. */
static void a_state_is_closed(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    const char *state = made(w);
    size_t n = 0;
    const char *raw = base64url_decode(a, state + strlen("v2."), strlen(state) - strlen("v2."), &n);
    assert_non_null(raw);
    for (const char *const *word = (const char *const[]){ "kubo", "digest", "alice", "c-1", NULL };
         *word; word++)
        assert_null(memmem(raw, n, *word, strlen(*word)));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_comes_back_as_it_was),
        cmocka_unit_test(a_state_ends),
        cmocka_unit_test(a_state_is_bound),
        cmocka_unit_test(a_state_is_closed),
        cmocka_unit_test(a_text_around_it_is_not_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
