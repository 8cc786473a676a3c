/* test_webauthn.c - assertions and registrations made here by keys of OpenSSL, and what is wrong
 * with each of them. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/lib.h"
#include "check.h"
#include "passkey/evidence.h"
#include "passkey/trust.h"
#include "signer.h"

/* NULL: taken; else what was said. */
static const char *judge(const struct answer *x)
{
    struct err e = { 0 };
    uint32_t count = 0;
    uint8_t *data = arena_alloc(a, 200);
    const char *client = client_of(x);
    size_t n = data_of(x, data);
    struct webauthn_signed s = { { (const uint8_t *)client, strlen(client) },
                                 { data, n },
                                 sign(x->signer, data, n, client) };
    if (x->spoilt)
        ((uint8_t *)s.signature.at)[s.signature.len - 1] ^= 1;
    bool ok = webauthn_assert(a, &wanted, &enrolled, &s, &count, &e);
    if (ok)
        assert_int_equal(count, x->count);
    assert_int_equal(ok, e.kind == ERR_NONE);
    return ok ? NULL : arena_strdup(a, e.text);
}

#define TAKEN(x) assert_null(judge(&(x)))
#define REFUSED(x, words)                                                                          \
    do {                                                                                           \
        const char *said_ = judge(&(x));                                                           \
        assert_non_null(said_);                                                                    \
        if (!strstr(said_, words))                                                                 \
            fail_msg("%s", said_);                                                                 \
    } while (0)

static void test_a_signature_for_this_question_is_taken(void **state)
{
    (void)state;
    struct answer x = good();
    TAKEN(x);
    x.count = 0;
    TAKEN(x);
}

static void test_signatures_for_anything_else_are_refused(void **state)
{
    (void)state;
    uint8_t another[WEBAUTHN_CHALLENGE] = { 7 };
    struct answer x = good();
    x.challenge = another;
    REFUSED(x, "another question");
    x = good(), x.type = "webauthn.create";
    REFUSED(x, "something else");
    x = good(), x.signer = other;
    REFUSED(x, "signature");
    x = good(), x.spoilt = true;
    REFUSED(x, "signature");
    static const char *const origins[] = {
        "https://ops.example",           "https://ops.example:8443.evil.example",
        "https://evil.ops.example:8443", "http://ops.example:8443",
        "https://ops.example:8443/",     "null",
        "HTTPS://OPS.EXAMPLE:8443"
    };
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        x = good(), x.origin = origins[i];
        REFUSED(x, "was used at");
    }
    x = good(), x.site = "evil.example";
    REFUSED(x, "another site");
}

static void test_flags_and_length_of_the_data_count(void **state)
{
    (void)state;
    struct answer x = good();
    x.flags = PRESENT;
    REFUSED(x, "did not verify its person");
    x.flags = VERIFIED;
    REFUSED(x, "nobody touched");
    x.flags = PRESENT | VERIFIED | KEY;
    REFUSED(x, "where none belongs");
    x.flags = PRESENT | VERIFIED | EXTENSIONS;
    x.tail = "\xa0";
    REFUSED(x, "extensions");
    x.flags = PRESENT | VERIFIED | BACKED_UP;
    x.tail = "";
    REFUSED(x, "contradict");
    x.flags = PRESENT | VERIFIED | 0x20;
    REFUSED(x, "contradict");
    x.flags = PRESENT | VERIFIED | ELIGIBLE;
    REFUSED(x, "kind");
    x = good(), x.tail = "x";
    REFUSED(x, "follows");
}

static void test_members_of_client_data(void **state)
{
    (void)state;
    struct answer x = good();
    const char *challenge = base64url_encode(a, wanted.challenge, WEBAUTHN_CHALLENGE);
    x.more = ",\"other_keys_can_be_added_here\":\"do not compare\",\"tokenBinding\":{\"a\":[1]}";
    TAKEN(x);
    x.client = arena_printf(
        a, " { \"origin\" : \"" ORIGIN "\" , \"challenge\":\"%s\",\n\"type\":\"webauthn.get\" } ",
        challenge);
    TAKEN(x); /* reordered, spaced, without crossOrigin */
    x = good(), x.more = ",\"origin\":\"" ORIGIN "\"";
    REFUSED(x, "cannot be read");
    x.more = ",\"crossOrigin\":true";
    REFUSED(x, "cannot be read"); /* twice */
    x.more = ",\"x\":{\"a\":1,\"a\":2}";
    REFUSED(x, "cannot be read");
    x.more = ",\"topOrigin\":\"" ORIGIN "\"";
    REFUSED(x, "frame");
    static const char *const frames[] = { "true", "\"false\"", "0", "null" };
    for (size_t i = 0; i < 4; i++) {
        x.client = arena_printf(a,
                                "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":"
                                "\"" ORIGIN "\",\"crossOrigin\":%s}",
                                challenge, frames[i]);
        REFUSED(x, "frame");
    }
    x.client = arena_printf(
        a, "{\"type\":\"webauthn.get\",\"challenge\":\"%s\",\"origin\":\"" ORIGIN "\"} x",
        challenge);
    REFUSED(x, "cannot be read");
    x.client = "[]";
    REFUSED(x, "cannot be read");
    x.client = arena_printf(
        a, "{\"type\":\"webauthn.get\",\"challenge\":\"%s=\",\"origin\":\"" ORIGIN "\"}",
        challenge);
    REFUSED(x, "another question");
}

static void test_keys_of_odd_sizes_fit_nothing(void **state)
{
    (void)state;
    struct answer x = good();
    struct webauthn_key was = enrolled;
    uint8_t longer[65] = { 0 };
    memcpy(longer, was.public.at, 64);
    enrolled.public = (struct webauthn_bytes){ longer, 65 };
    REFUSED(x, "signature");
    enrolled.public = (struct webauthn_bytes){ longer, 63 };
    REFUSED(x, "signature");
    enrolled.public = was.public;
    enrolled.algorithm = -35;
    REFUSED(x, "signature");
    enrolled = was;
    TAKEN(x);
}

/* What only the algorithm makes otherwise. */
static void judge_signatures(int algorithm)
{
    struct answer x = good();
    TAKEN(x);
    x.spoilt = true;
    REFUSED(x, "signature");
    x = good(), x.signer = other;
    REFUSED(x, "signature");
    struct webauthn_key was = enrolled;
    static const int others[] = { -7, -8, -257, 0, -65535 };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i] == algorithm)
            continue;
        /* signed as it is, and enrolled as another kind: alg is the key's, never the message's */
        uint8_t *data = arena_alloc(a, 200);
        struct answer y = good();
        const char *client = client_of(&y);
        struct err e = { 0 };
        uint32_t count = 0;
        size_t n = data_of(&y, data);
        struct webauthn_signed s = { { (const uint8_t *)client, strlen(client) },
                                     { data, n },
                                     sign(key, data, n, client) };
        was.algorithm = others[i];
        assert_false(webauthn_assert(a, &wanted, &was, &s, &count, &e));
        assert_non_null(strstr(e.text, "signature"));
    }
    was = enrolled;
    uint8_t *longer = arena_alloc(a, was.public.len + 1);
    memcpy(longer, was.public.at, was.public.len);
    longer[was.public.len] = 0;
    for (size_t n = was.public.len - 1; n <= was.public.len + 1; n += 2) {
        enrolled.public = (struct webauthn_bytes){ longer, n };
        x = good();
        REFUSED(x, "signature");
    }
    enrolled = was;
    TAKEN(x);
}

static void test_each_algorithm_signs(void **state)
{
    (void)state;
    for (const int *algorithm = webauthn_algorithms; *algorithm; algorithm++) {
        use_algorithm(*algorithm);
        judge_signatures(*algorithm);
    }
    use_algorithm(-7);
}

/* -- keys are made ------------------------------------------------------------------------- */

struct making {
    const char *format, *statement; /* CBOR after "attStmt" */
    size_t statement_len;
    const char *after_key, *after_all;
    uint8_t flags;
    bool twice;
    const char *origin;
};

static size_t put(uint8_t *out, size_t at, const void *bytes, size_t n)
{
    memcpy(out + at, bytes, n);
    return at + n;
}

static size_t making_data(const struct making *m, uint8_t *d)
{
    struct webauthn_bytes public = enrolled.public;
    crypto_sha256("ops.example", 11, d);
    d[32] = m->flags;
    memset(d + 33, 0, 4);
    memset(d + 37, 0xab, 16);
    size_t n = put(d, 53, "\0\x04keyA", 6);
    if (enrolled.algorithm == -7) {
        n = put(d, n, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10);
        n = put(d, n, public.at, 32);
        n = put(d, n, "\x22\x58\x20", 3);
        n = put(d, n, public.at + 32, 32);
    } else if (enrolled.algorithm == -8) {
        n = put(d, n, "\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", 10);
        n = put(d, n, public.at, 32);
    } else {
        n = put(d, n, "\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00", 11);
        n = put(d, n, public.at, 256);
        n = put(d, n, "\x21\x43", 2);
        n = put(d, n, public.at + 256, 3);
    }
    return put(d, n, m->after_key, strlen(m->after_key));
}

static const char *register_it(const struct making *m, struct webauthn_made *made)
{
    struct err e = { 0 };
    uint8_t *data = arena_alloc(a, 600), *o = arena_alloc(a, 2000);
    struct answer as = good();
    as.type = "webauthn.create";
    as.origin = m->origin;
    const char *client = client_of(&as);
    size_t len = making_data(m, data), n = 0;
    o[n++] = m->twice ? 0xa4 : 0xa3;
    n = put(o, n,
            "\x63"
            "fmt",
            4);
    o[n++] = (uint8_t)(0x60 | strlen(m->format));
    n = put(o, n, m->format, strlen(m->format));
    if (m->twice)
        n = put(o, n,
                "\x63"
                "fmt\x64"
                "none",
                9);
    n = put(o, n,
            "\x67"
            "attStmt",
            8);
    if (m->statement_len) {
        n = put(o, n, m->statement, m->statement_len);
    } else { /* self attestation */
        struct webauthn_bytes s = sign(key, data, len, client);
        n = put(o, n,
                "\xa2\x63"
                "alg\x26\x63sig\x58",
                11);
        o[n++] = (uint8_t)s.len;
        n = put(o, n, s.at, s.len);
    }
    n = put(o, n,
            "\x68"
            "authData\x59",
            10);
    o[n++] = (uint8_t)(len >> 8);
    o[n++] = (uint8_t)len;
    n = put(o, n, data, len);
    n = put(o, n, m->after_all, strlen(m->after_all));
    bool ok = webauthn_register(a, &wanted,
                                (struct webauthn_bytes){ (const void *)client, strlen(client) },
                                (struct webauthn_bytes){ o, n }, made, &e);
    return ok ? NULL : arena_strdup(a, e.text);
}

static struct making plain(void)
{
    return (struct making){ .format = "none",
                            .statement = "\xa0",
                            .statement_len = 1,
                            .after_key = "",
                            .after_all = "",
                            .flags = PRESENT | VERIFIED | KEY,
                            .origin = ORIGIN };
}

static void test_a_new_key_signs_afterwards(void **state)
{
    (void)state;
    struct webauthn_made made;
    struct making m = plain();
    assert_null(register_it(&m, &made));
    assert_int_equal(made.id.len, 4);
    assert_memory_equal(made.id.at, "keyA", 4);
    assert_int_equal(made.key.algorithm, -7);
    assert_memory_equal(made.key.public.at, enrolled.public.at, 64);
    assert_false(made.attested);
    assert_string_equal(trust_model(a, made.aaguid), "abababab-abab-abab-abab-abababababab");
    struct webauthn_key was = enrolled;
    enrolled = made.key;
    struct answer x = good();
    TAKEN(x);
    enrolled = was;
    m.format = "packed", m.statement_len = 0;
    assert_null(register_it(&m, &made));
    assert_false(made.attested); /* the key says it of itself */
}

static void test_a_new_key_of_each_algorithm(void **state)
{
    (void)state;
    struct webauthn_made made;
    struct making m = plain();
    for (const int *algorithm = webauthn_algorithms; *algorithm; algorithm++) {
        use_algorithm(*algorithm);
        assert_null(register_it(&m, &made));
        assert_int_equal(made.key.algorithm, *algorithm);
        assert_int_equal(made.key.public.len, enrolled.public.len);
        assert_memory_equal(made.key.public.at, enrolled.public.at, enrolled.public.len);
        enrolled = made.key;
        struct answer x = good();
        TAKEN(x);
    }
    use_algorithm(-7);
}

static void test_what_is_wrong_with_a_new_key(void **state)
{
    (void)state;
    struct webauthn_made made;
    static const struct {
        struct making m;
        const char *words;
    } cases[] = {
        { { .flags = PRESENT | KEY }, "did not verify" },
        { { .flags = VERIFIED | KEY }, "nobody touched" },
        { { .flags = PRESENT | VERIFIED }, "no key came" },
        { { .after_key = "x" }, "do not end with the key" },
        { { .after_all = "x" }, "cannot be read" },
        { { .twice = true }, "cannot be read" },
        { { .origin = "https://evil.example" }, "was used at" },
        { { .statement = "\xa1\x61x\x01", .statement_len = 4 }, "does not hold" },
        { { .format = "packed", .statement = "\xa0", .statement_len = 1 }, "does not hold" },
        { { .format = "packed",
            .statement = "\xa2\x63"
                         "alg\x26\x63sig\x41\x01",
            .statement_len = 12 },
          "does not hold" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct making *c = &cases[i].m;
        struct making m = plain();
        m.flags = c->flags ? c->flags : m.flags;
        m.after_key = c->after_key ? c->after_key : "";
        m.after_all = c->after_all ? c->after_all : "";
        m.twice = c->twice;
        m.origin = c->origin ? c->origin : m.origin;
        m.format = c->format ? c->format : m.format;
        if (c->statement)
            m.statement = c->statement, m.statement_len = c->statement_len;
        const char *said = register_it(&m, &made);
        if (!said || !strstr(said, cases[i].words))
            fail_msg("case %zu: %s", i, said ? said : "taken");
    }
}

static void test_a_listed_model_needs_its_maker(void **state)
{
    (void)state;
    struct webauthn_made made;
    struct making m = plain();
    struct err e = { 0 };
    static const char *const mine[] = { "ABABABAB-abab-abab-abab-abababababab", NULL };
    static const char *const others[] = { "00000000-abab-abab-abab-abababababab", NULL };
    static const char *const none[] = { NULL };
    struct trust t = { none, NULL };
    m.format = "packed", m.statement_len = 0;
    assert_null(register_it(&m, &made));
    assert_true(trust_takes(a, &t, &made, &e));
    t.models = others;
    assert_false(trust_takes(a, &t, &made, &e));
    assert_non_null(strstr(e.text, "are not taken here"));
    err_clear(&e);
    t.models = mine;
    assert_false(trust_takes(a, &t, &made, &e));
    assert_non_null(strstr(e.text, "proves nothing"));
}

/* -- the site ------------------------------------------------------------------------------ */

static void test_a_site_has_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *url, *origin, *name;
    } sites[] = {
        { "https://ops.example", "https://ops.example", "ops.example" },
        { "https://Ops.Example:443/x", "https://ops.example", "ops.example" },
        { "https://ops.example.de:8443", "https://ops.example.de:8443", "ops.example.de" },
        { "http://localhost:8470", "http://localhost:8470", "localhost" },
        { "http://a.localhost", "http://a.localhost", "a.localhost" },
        { "http://ops.example", NULL, NULL },
        { "http://127.0.0.1:8470", NULL, NULL },
        { "https://127.0.0.1", NULL, NULL },
        { "https://2130706433", NULL, NULL },
        { "https://0x7f.1", NULL, NULL },
        { "https://0x7f000001", NULL, NULL },
        { "https://[::1]:8470", NULL, NULL },
        { NULL, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        struct webauthn_site s;
        struct err e = { 0 };
        bool ok = webauthn_site_of(a, sites[i].url, &s, &e);
        assert_int_equal(ok, sites[i].origin != NULL);
        if (ok) {
            assert_string_equal(s.origin, sites[i].origin);
            assert_string_equal(s.name, sites[i].name);
        } else {
            assert_non_null(strstr(e.text, "http.page"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signature_for_this_question_is_taken),
        cmocka_unit_test(test_signatures_for_anything_else_are_refused),
        cmocka_unit_test(test_flags_and_length_of_the_data_count),
        cmocka_unit_test(test_members_of_client_data),
        cmocka_unit_test(test_keys_of_odd_sizes_fit_nothing),
        cmocka_unit_test(test_each_algorithm_signs),
        cmocka_unit_test(test_a_new_key_of_each_algorithm),
        cmocka_unit_test(test_a_new_key_signs_afterwards),
        cmocka_unit_test(test_what_is_wrong_with_a_new_key),
        cmocka_unit_test(test_a_listed_model_needs_its_maker),
        cmocka_unit_test(test_a_site_has_a_name),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
