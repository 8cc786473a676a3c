/* test_evidence.c - the record of a signature holds for what it says, and for nothing else. */
#include "base/json.h"
#include "mask/mask.h"
#include "passkey/evidence.h"
#include "signer.h"

static struct passkey_question question(void)
{
    struct passkey_question q = { "approve", "ada",       "00ff", "c-1",
                                  "plan",    "rendering", 1234.5, { 9 } };
    return q;
}

/* What verifying would keep. */
static cJSON *record(void)
{
    struct passkey_question q = question();
    struct answer x = good();
    uint8_t *data = arena_alloc(a, 200);
    passkey_challenge(&q, wanted.challenge);
    const char *client = client_of(&x);
    size_t n = data_of(&x, data);
    const struct webauthn_signed s = { { (const uint8_t *)client, strlen(client) },
                                       { data, n },
                                       sign(key, data, n, client) };
    return passkey_evidence(a, &q, &wanted, "a2V5QQ", &enrolled, &s);
}

static bool holds(const cJSON *o, const char *words)
{
    struct err e = { 0 };
    bool ok = passkey_evidence_holds(a, o, &e);
    if (!ok && !strstr(e.text, words))
        fail_msg("%s", e.text);
    return ok;
}

/* As it comes back out of the audit. */
static cJSON *read_again(const cJSON *o)
{
    struct err e = { 0 };
    const char *text = json_print(a, o);
    return json_parse(a, text, strlen(text), &e);
}

static void test_holds(void **state)
{
    (void)state;
    for (const int *algorithm = webauthn_algorithms; *algorithm; algorithm++) {
        use_algorithm(*algorithm);
        assert_true(holds(read_again(record()), ""));
    }
    use_algorithm(-7);
}

static void test_each_word_of_what_was_asked_counts(void **state)
{
    (void)state;
    static const char *const about[] = { "deed", "who",       "session", "change",
                                         "plan", "rendering", "until",   "nonce" };
    for (size_t i = 0; i < sizeof about / sizeof *about; i++) {
        cJSON *o = record(), *x = json_get(o, "about");
        bool nonce = !strcmp(about[i], "nonce");
        json_set_str(a, x, about[i],
                     nonce ? base64url_encode(a, wanted.challenge, PASSKEY_NONCE) : "1235");
        assert_false(holds(o, "another question"));
        json_remove(x, about[i]);
        assert_false(holds(o, "missing"));
    }
}

static void test_each_byte_of_what_was_sent_counts(void **state)
{
    (void)state;
    static const char *const sent[] = { "authenticator", "client", "signature" };
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        const cJSON *whole = record();
        size_t n = 0;
        const char *text = json_str(whole, sent[i]);
        uint8_t *bytes = base64url_decode(a, text, strlen(text), &n);
        for (size_t at = 0; at < n; at++) {
            struct err e = { 0 };
            cJSON *o = json_clone(a, whole);
            bytes[at] ^= 1;
            json_set_str(a, o, sent[i], base64url_encode(a, bytes, n));
            bytes[at] ^= 1;
            assert_false(passkey_evidence_holds(a, o, &e));
            assert_int_equal(e.kind, ERR_POLICY);
        }
    }
}

static void test_the_key_counts(void **state)
{
    (void)state;
    cJSON *o = record(), *k = json_get(o, "key");
    struct webauthn_bytes theirs = point_of(other);
    json_set_str(a, k, "public", base64url_encode(a, theirs.at, theirs.len));
    assert_false(holds(o, "digest"));
    json_set_str(a, k, "public_sha256", crypto_sha256_hex(a, theirs.at, theirs.len));
    assert_false(holds(o, "signature"));
    o = record();
    json_set_num(a, json_get(o, "key"), "algorithm", -8);
    assert_false(holds(o, "signature"));
    o = record();
    json_set_str(a, o, "origin", "https://evil.example");
    assert_false(holds(o, "was used at"));
    o = record();
    json_set_str(a, o, "site", "evil.example");
    assert_false(holds(o, "another site"));
    assert_false(holds(json_object(a), "missing"));
    assert_false(holds(NULL, "missing"));
}

/* The mask finds no secret in it: it is not taken out of the audit later. */
static void test_is_no_secret(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        const char *text = json_print(a, record());
        assert_string_equal(mask_shapes(a, text), text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_each_word_of_what_was_asked_counts),
        cmocka_unit_test(test_each_byte_of_what_was_sent_counts),
        cmocka_unit_test(test_the_key_counts),
        cmocka_unit_test(test_is_no_secret),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
