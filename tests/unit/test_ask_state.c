/* test_ask_state.c - signed states: what is taken, and that every other one is not. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "gateway/config.h"
#include "mcp/ask.h"
#include "mcp/ask_state.h"
#include "mcp/era.h"
#include "mcp/mcp.h"

struct world {
    struct mcp mcp;
    struct request request;
    struct question question;
};

static struct world *world(struct arena *a)
{
    struct world *w = arena_make(a, struct world);
    w->request =
        (struct request){ .mcp = &w->mcp, .arena = a, .principal = "alice", .era = era_modern() };
    w->question = (struct question){ .request = &w->request, .tool = "change_route" };
    w->question.args = json_parse(a, "{\"name\":\"pay\",\"n\":1}", 20, NULL);
    return w;
}

/* The state with one member of its payload replaced (NULL: as it is), signed by the server's key.
 */
static const char *signed_with(struct arena *a, struct world *w, const char *member, cJSON *value)
{
    const char *real = ask_state_make(&w->question, "c-1", "digest");
    const char *dot = strrchr(real, '.');
    size_t n = 0;
    const char *text = base64url_decode(a, real + 3, (size_t)(dot - real - 3), &n);
    cJSON *payload = json_parse(a, text, n, NULL);
    if (member)
        json_set(a, payload, member, value);
    text = json_print(a, payload);
    const char *head = arena_printf(a, "v1.%s", base64url_encode(a, text, strlen(text)));
    uint8_t mac[SHA256_SIZE];
    crypto_hmac(w->mcp.state_key, sizeof w->mcp.state_key, head, strlen(head), mac);
    return arena_printf(a, "%s.%s", head, base64url_encode(a, mac, sizeof mac));
}

static void a_state_comes_back_as_it_was(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    const char *state = ask_state_make(&w->question, "c-1", "digest");
    assert_true(ask_state_read(&w->question, state));
    assert_string_equal(w->question.retry_id, "c-1");
    assert_string_equal(w->question.retry_digest, "digest");
    w->question.args = json_parse(a, "{\"n\":1,\"name\":\"pay\"}", 20, NULL);
    assert_true(ask_state_read(&w->question, state)); /* the order of members says nothing */
    assert_string_not_equal(state, ask_state_make(&w->question, "c-1", "digest"));
    arena_free(a);
}

static void a_state_ends(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    double now = (double)time(NULL);
    assert_true(ask_state_read(&w->question, signed_with(a, w, NULL, NULL)));
    assert_true(ask_state_read(&w->question, signed_with(a, w, "x", json_number(a, now + 60))));
    assert_false(ask_state_read(&w->question, signed_with(a, w, "x", json_number(a, now - 1))));
    assert_false(ask_state_read(&w->question, signed_with(a, w, "x", json_string(a, "never"))));
    arena_free(a);
}

static void a_state_is_bound(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    for (const char *const *member = (const char *const[]){ "t", "a", "p", "i", "d", NULL };
         *member; member++)
        assert_false(ask_state_read(&w->question, signed_with(a, w, *member, json_null(a))));
    assert_false(ask_state_read(&w->question, signed_with(a, w, "p", json_string(a, "bob"))));
    struct world *restarted = world(a);
    assert_false(ask_state_read(&restarted->question, signed_with(a, w, NULL, NULL)));
    arena_free(a);
}

static void a_text_around_it_is_not_ignored(void **unused)
{
    (void)unused;
    struct arena *a = arena_new();
    struct world *w = world(a);
    const char *state = ask_state_make(&w->question, "c-1", "digest");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_comes_back_as_it_was),
        cmocka_unit_test(a_state_ends),
        cmocka_unit_test(a_state_is_bound),
        cmocka_unit_test(a_text_around_it_is_not_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
