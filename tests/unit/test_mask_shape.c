/* test_mask_shape.c - tokens known by their form, URLs, data source names, text: HIDDEN goes, all
 * else stays. */
#include "base/buf.h"
#include "check.h"
#include "check_arena.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include <sys/time.h>

#define T20 "HIDDENhiddenhidden1234"
#define T40 T20 T20

typedef char *mask_fn(struct arena *, const char *);
static const struct {
    mask_fn *fn;
    const char *text, *shown; /* '#' stands for a fingerprint */
} rows[] = {
    { mask_shapes, "see ghp_" T40 ", please", "see #, please" },
    { mask_shapes, "x sk-" T20 " y", "x # y" },
    { mask_shapes, "sk-proj-" T40, "#" },
    { mask_shapes, "xoxb-1234-" T20, "#" },
    { mask_shapes, "a glpat-" T20 ".", "a #" },
    { mask_shapes, "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE" },
    { mask_shapes, "Bearer HIDDEN", "Bearer #" },
    { mask_shapes, "Digest Custom://uh/x?a=HIDDEN", "Digest Custom://uh/x?a=#" },
    { mask_shapes, "say Bearer " T20 " twice", "say Bearer # twice" },
    { mask_shapes, "Bearer authentication is used", "Bearer authentication is used" },
    { mask_shapes, "Bearer {{.config.apiKey}}", "Bearer {{.config.apiKey}}" },
    { mask_shapes, "Basic dXNlcjpISURERU4=", "Basic #" },
    { mask_shapes, "Basic dXNlcjpISURERU4", "Basic #" },
    { mask_shapes, "said Basic dXNlcjpISURERU4=, twice", "said Basic #, twice" },
    { mask_shapes, "Basic dXNlcjpISURERU4=***", "Basic #***" },
    { mask_shapes, "Basic authentication, Basic information",
      "Basic authentication, Basic information" },
    { mask_shapes, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.HIDDEN",
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.#" },
    { mask_shapes, "a\n-----BEGIN RSA PRIVATE KEY-----\nHIDDEN\n-----END RSA PRIVATE KEY-----\nb",
      "a\n#\nb" },
    { mask_shapes, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" },
    { mask_shapes, "at https://u:HIDDEN@h.example.com/p?k=HIDDEN&api-version=1 ok",
      "at https://u:#@h.example.com/p?k=#&api-version=1 ok" },
    { mask_shapes, "/p?access_token=HIDDEN&page=2", "/p?access_token=#&page=2" },
    { mask_shapes, "https://hooks.slack.com/services/T0/B0/HIDDEN", "https://hooks.slack.com/#" },
    { mask_shapes, "$2y$10$HIDDENhiddenHIDDENhiddenHIDDENhidden", "#" },
    { mask_text, "'x-api-key', 'HIDDEN12'", "'x-api-key', '#'" },
    { mask_text, "[\"cookie\",\"x-api-key\"]", "[\"cookie\",\"x-api-key\"]" },
    { mask_text, "'x-api-key'", "'x-api-key'" },
    { mask_text, "maxtokentomU://u:HIDDEN@h/x", "maxtokentomU://u:#@h/x" },
    { mask_shapes, "1234567890:AAHIDDENHIDDENHIDDENHIDDENHIDDENHI", "1234567890:#" },
    { mask_shapes, "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3301" },
    { mask_shapes, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { mask_shapes, "outbound|80||web.static", "outbound|80||web.static" },
    { mask_shapes, "oci://registry.example.com/plugins/ai-proxy:2.0.0",
      "oci://registry.example.com/plugins/ai-proxy:2.0.0" },
    { mask_url, "https://open.feishu.cn/open-apis/bot/v2/hook/HIDDEN",
      "https://open.feishu.cn/open-apis/bot/v2/hook/#" },
    { mask_url, "https://HIDDENhiddenHIDDENhidden@h/x", "https://#@h/x" },
    { mask_url,
      "https://e.openai.azure.com/openai/deployments/gpt?api-version=2024-02-01&api-key=HIDDEN",
      "https://e.openai.azure.com/openai/deployments/gpt?api-version=2024-02-01&api-key=#" },
    { mask_url, "http://token:HIDDEN12@h/x", "http://#@h/x" },
    { mask_url, "http://secret:sha256:d3bedb53U:p@h/x=b@", "http://#@" },
    { mask_url, "http://u:1234@h/x=b@", "http://u:#@h/x=b@" },
    { mask_url, "http://HIDDEN@h/x//y@z/w", "http://#@h/x//y@z/w" },
    { mask_url, "/cb#access_token=HIDDEN", "/cb#access_token=#" },
    { mask_url, "http://h/mcp/HIDDEN123456/sse", "http://h/mcp/#/sse" },
    { mask_url, "web.static", "web.static" },
    { mask_dsn, "root:HID@DE/N@tcp(10.0.0.1:3306)/shop?charset=utf8",
      "root:#@tcp(10.0.0.1:3306)/shop?charset=utf8" },
    { mask_dsn, "postgres://u:HID/DEN@db:5432/x?sslmode=disable",
      "postgres://u:#@db:5432/x?sslmode=disable" },
    { mask_dsn, "host=db user=u password='HID DEN' dbname=x",
      "host=db user=u password=# dbname=x" },
    { mask_dsn, "tcp://db:9000?username=u&password=HIDDEN&database=x",
      "tcp://db:9000?username=u&password=#&database=x" },
    { mask_dsn, "redis://:HIDDEN@db:1", "redis://:#@db:1" },
    { mask_dsn, "/data/shop.db", "/data/shop.db" },
    { mask_text, "curl -H 'Authorization: Bearer HIDDEN' http://h/p",
      "curl -H 'Authorization: Bearer #' http://h/p" },
    { mask_text, "proxy_set_header X-Api-Key HIDDEN1;", "proxy_set_header X-Api-Key #;" },
    { mask_text, "{\"password\": \"HIDDEN x\", \"user\": \"u\"}",
      "{\"password\": \"#\", \"user\": \"u\"}" },
    { mask_text, "api_key=HIDDEN&x=1", "api_key=#&x=1" },
    { mask_text, "The token is checked; password: the one of the user.",
      "The token is checked; password: the one of the user." },
    { mask_line, "Authorization=Bearer HIDDEN", "Authorization=Bearer #" },
    { mask_line, "x-team red\nX-Api-Key HIDDEN", "x-team red\nX-Api-Key #" },
};

/* '#' for every fingerprint. */
static char *signs(const char *text)
{
    char *out = arena_strdup(a, text), *to = out;
    for (const char *p = text; *p;) {
        bool mask = strncmp(p, "secret:sha256:", 14) == 0;
        *to++ = mask ? '#' : *p;
        p += mask ? 22 : 1;
    }
    *to = '\0';
    return out;
}

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *masked = rows[i].fn(a, rows[i].text);
        if (strcmp(signs(masked), rows[i].shown) != 0)
            fail_msg("'%s' is shown as '%s', not '%s'", rows[i].text, masked, rows[i].shown);
        if (strcmp(rows[i].fn(a, masked), masked) != 0)
            fail_msg("'%s' is masked again: '%s'", masked, rows[i].fn(a, masked));
    }
}

static const char *const pieces[] = {
    "a-",
    "a ",
    "eyJ-",
    "eyJabcdefgh.",
    "-----BEGIN ",
    "-----BEGIN X-----",
    "a+",
    "?a=",
    "&token",
    "?",
    "abc1Q~",
    "1-",
    "1:",
    "12345678:a-",
    "Bearer ",
    "Basic ",
    "Bearer {",
    "sk-",
    "app-",
    "s.",
    "$5$",
    "cookie: {",
    "token=x{",
    "token=",
    "authorization: $",
    "cookie:",
    "http",
    "a://",
    "http://a?q=",
    "http://a?user=",
    "password='",
    "\\\"token\\\":",
    "_header ",
    "secret:",
    "secret:sha256:",
    "\"token\",\"",
    "'token', ",
};

/* Pieces that begin like something, again and again, and never are. Where the work grows with their
 * number, half a million characters take a tenth of a second; with its square, half a minute: then
 * the timer of processor time ends the program. */
static void test_repeated_beginnings(void **state)
{
    (void)state;
    enum { SIZE = 500000, SECONDS = 12 };
    const struct itimerval most = { .it_value.tv_sec = SECONDS };
    char *text = test_malloc(SIZE + 1);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t n = strlen(pieces[i]);
        for (size_t at = 0; at < SIZE; at++)
            text[at] = pieces[i][at % n];
        text[SIZE] = '\0';
        setitimer(ITIMER_VIRTUAL, &most, NULL);
        struct arena *one = arena_new();
        assert_non_null(mask_text(one, text));
        assert_non_null(mask_url(one, text));
        arena_free(one);
    }
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){ 0 }, NULL);
    test_free(text);
}

/* A URL in a URL in a URL …: refused is no way to say it, and a stack has an end. */
static void test_nested_urls(void **state)
{
    (void)state;
    struct buf *b = buf_in(a, 1 << 20);
    for (int i = 0; i < 20000; i++)
        buf_str(b, "http://a?user=");
    assert_true(strlen(mask_shapes(a, b->data)) < 60);
    const char *one = mask_shapes(a, "http://a/b?q=http://u:HIDDEN@c/d&page=2");
    assert_null(strstr(one, "HIDDEN"));
    assert_non_null(strstr(one, "&page=2"));
}

static void test_placeholders(void **state)
{
    (void)state;
    static const char *const yes[] = { "", "EMPTY", "your-key", "<token>", "***", "${secret.a.b}" };
    static const char *const no[] = { "x", "${env:X}", "<a>b", "secret", "${secret.a.b}x" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(mask_is_placeholder(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(mask_is_placeholder(no[i]));
}

static void test_names(void **state)
{
    (void)state;
    static const char *const secret[] = { "Authorization",  "X-Api-Key",  "cookie",
                                          "x-goog-api-key", "x-my-token", "Set-Cookie" };
    static const char *const shown[] = { "host",         "x-request-id",        "x-mse-consumer",
                                         "content-type", "x-higress-llm-model", "x-token-type" };
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        assert_true(mask_header_is_secret(secret[i]));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_false(mask_header_is_secret(shown[i]));
    assert_true(mask_query_is_secret("X-Amz-Signature"));
    assert_true(mask_query_is_secret("access_token"));
    assert_false(mask_query_is_secret("api-version"));
    const char *with;
    assert_int_equal(mask_annotation_rule("higress.io/exact-match-header-x-api-key", &with),
                     MASK_NAMED);
    assert_string_equal(with, "x-api-key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),       cmocka_unit_test(test_repeated_beginnings),
        cmocka_unit_test(test_nested_urls), cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
