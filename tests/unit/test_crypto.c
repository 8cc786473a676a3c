/* test_crypto.c - published vectors, strict codings, sealing that notices every change; masks. */
#include "base/crypto.h"
#include "check.h"
#include "check_arena.h"

static void digests(void **state)
{
    (void)state;
    assert_string_equal(crypto_sha256_hex(a, "abc", 3),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    uint8_t mac[SHA256_SIZE]; /* RFC 4231, case 2 */
    crypto_hmac("Jefe", 4, "what do ya want for nothing?", 28, mac);
    assert_int_equal(mac[0], 0x5b);
    assert_int_equal(mac[31], 0x43);
    assert_true(crypto_equal("same", "same", 4));
    assert_false(crypto_equal("same", "sane", 4));
}

static void codings(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "", "" },        { "f", "Zg==" },        { "fo", "Zm8=" },
        { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "foobar", "Zm9vYmFy" }
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        size_t n = 0;
        assert_string_equal(base64_encode(a, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
        assert_non_null(base64_decode(a, pairs[i][1], strlen(pairs[i][1]), &n));
        assert_int_equal(n, strlen(pairs[i][0]));
    }
    static const char *const bad[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9v\n", "Zm 9", "Zm9-", "====" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(base64_decode(a, bad[i], strlen(bad[i]), NULL));
    assert_null(base64url_decode(a, "Zm9v-TAMPERED.", 14, NULL));
    assert_null(base64url_decode(a, "Zh", 2, NULL));
}

static void sealing(void **state)
{
    (void)state;
    uint8_t key[SEAL_KEY_SIZE];
    crypto_random(key, sizeof(key));
    char *sealed = crypto_seal(a, key, "plan:1", "sk-very-secret", 14);
    size_t n = 0;
    assert_null(strstr(sealed, "secret"));
    assert_string_equal(crypto_open(a, key, "plan:1", sealed, &n), "sk-very-secret");
    assert_int_equal(n, 14);
    assert_null(crypto_open(a, key, "plan:2", sealed, NULL));
    for (size_t i = 0; i < strlen(sealed); i++) {
        char *changed = arena_strdup(a, sealed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_null(crypto_open(a, key, "plan:1", changed, NULL));
    }
    sealed[strlen(sealed) - 1] = '\0';
    assert_null(crypto_open(a, key, "plan:1", sealed, NULL));
}

static void masks(void **state)
{
    (void)state;
    char *mask = secret_mask(a, "sk-abcdef");
    assert_true(secret_is_mask(mask));
    assert_string_equal(mask, secret_mask(a, "sk-abcdef"));
    assert_string_equal(mask, secret_mask(a, mask));
    assert_string_not_equal(mask, secret_mask(a, "sk-abcdeg"));
    secret_learn("sk-abcdef");
    secret_learn("abc");
    char *said = secret_scrub(a, "bad key sk-abcdef, sk-abcdef! abc stays");
    assert_null(strstr(said, "sk-abcdef"));
    assert_non_null(strstr(said, "abc stays"));
    assert_non_null(strstr(said, mask));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests),
        cmocka_unit_test(codings),
        cmocka_unit_test(sealing),
        cmocka_unit_test(masks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
