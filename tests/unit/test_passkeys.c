/* test_passkeys.c - codes that are good once, counters that only rise, questions that are answered
 * once. */
#include "base/file.h"
#include "store/store_passkey.h"
#include "stores.h"
#include "web/ceremony_private.h"

static cJSON *new_key(const char *id, const char *who, double count)
{
    cJSON *k = json_object(a);
    json_set_str(a, k, "id", id);
    json_set_str(a, k, "who", who);
    json_set_str(a, k, "name", "blue one");
    json_set_num(a, k, "count", count);
    return k;
}

static const char *code_for(const char *who)
{
    struct err e = { 0 };
    char *code = store_passkey_code(s, a, who, "root (uid 0)", &e);
    assert_non_null(code);
    assert_int_equal(strlen(code), 19);
    return code;
}

#define ENROLS(k, code)                                                                            \
    do {                                                                                           \
        static struct err e_; /* the frame of a test holds few of them */                          \
        memset(&e_, 0, sizeof e_);                                                                 \
        if (!store_add_passkey(s, k, code, &e_))                                                   \
            fail_msg("%s", e_.text);                                                               \
    } while (0)
#define REFUSED(call, words)                                                                       \
    do {                                                                                           \
        static struct err e;                                                                       \
        memset(&e, 0, sizeof e);                                                                   \
        assert_false(call);                                                                        \
        if (!strstr(e.text, words))                                                                \
            fail_msg("%s", e.text);                                                                \
    } while (0)

static bool audited(const char *event)
{
    struct err e = { 0 };
    cJSON *lines = json_array(a), *l;
    assert_true(store_audit_lines(s, a, lines, 100, &e));
    cJSON_ArrayForEach(l, lines) if (!strcmp(json_str(l, "event"), event)) return true;
    return false;
}

static void test_a_code_is_good_once(void **state)
{
    (void)state;
    struct err none = { 0 };
    const char *code = code_for("ada");
    REFUSED(store_add_passkey(s, new_key("keykey1", "bob", 0), code, &e), "not a code");
    assert_true(store_try_passkey_code(s, "ada", code, &none));
    ENROLS(new_key("keykey1", "ada", 0), arena_printf(a, "  %.9s%s ", code, code + 9));
    REFUSED(store_add_passkey(s, new_key("keykey2", "ada", 0), code, &e), "not a code");
    assert_true(audited("passkey code made") && audited("passkey enrolled"));
    const char *first = code_for("ada"), *second = code_for("ada");
    REFUSED(store_try_passkey_code(s, "ada", first, &e), "not a code");
    REFUSED(store_add_passkey(s, new_key("keykey1", "ada", 0), second, &e), "enrolled already");
    ENROLS(new_key("keykey2", "ada", 0), second);
    assert_int_equal(json_count(store_passkeys(s, a, "ada", &none)), 2);
    assert_int_equal(json_count(store_passkeys(s, a, "bob", &none)), 0);
}

static void test_a_code_is_tried_a_few_times(void **state)
{
    (void)state;
    const char *code = code_for("ada");
    for (int i = 0; i < PASSKEY_CODE_TRIES; i++)
        REFUSED(store_try_passkey_code(s, "ada", "aaaa-aaaa-aaaa-aaaa", &e), "not a code");
    assert_true(audited("wrong passkey code"));
    REFUSED(store_add_passkey(s, new_key("keykey1", "ada", 0), code, &e), "not a code");
}

static void test_a_code_is_kept_as_its_digest(void **state)
{
    (void)state;
    struct err e = { 0 };
    const char *code = code_for("ada");
    static const char *const files[] = { "state.db", "state.db-wal" };
    for (size_t i = 0; i < 2; i++) {
        size_t n = 0;
        char *bytes = file_read(a, arena_printf(a, "%s/%s", dir, files[i]), 16 << 20, &n, &e);
        assert_non_null(bytes);
        assert_null(memmem(bytes, n, code, 9));
    }
    sql("UPDATE settings SET value = replace(value, '\"tries\":0', '\"tries\":-9') "
        "WHERE name = 'passkey codes'");
    assert_false(store_try_passkey_code(s, "ada", code, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
}

static void test_counters_only_rise(void **state)
{
    (void)state;
    struct err none = { 0 };
    ENROLS(new_key("counts", "ada", 3), code_for("ada"));
    ENROLS(new_key("does-not", "ada", 0), code_for("ada"));
    assert_true(store_use_passkey(s, "counts", 4, "c1", NULL, &none));
    assert_true(store_use_passkey(s, "counts", 90, "c1", NULL, &none));
    for (int i = 0; i < 3; i++)
        assert_true(
            store_use_passkey(s, "does-not", 0, "c1", NULL, &none)); /* 0 after 0: no clone */
    REFUSED(store_use_passkey(s, "counts", 90, "c1", NULL, &e), "there is a copy");
    assert_true(audited("passkey copied"));
    REFUSED(store_use_passkey(s, "counts", 91, "c1", NULL, &e),
            "there is a copy"); /* from then on */
    assert_true(store_use_passkey(s, "does-not", 1, "c1", NULL, &none));
    REFUSED(store_use_passkey(s, "does-not", 0, "c1", NULL, &e), "there is a copy");
    REFUSED(store_use_passkey(s, "unknown", 1, "c1", NULL, &e), "not enrolled");
    const cJSON *k = store_passkeys(s, a, "ada", &none)->child;
    assert_non_null(json_get(k, "copied"));
    assert_int_equal(json_num(k, "count", 0), 90);
}

static void test_a_key_that_was_edited_or_is_older_counts_no_more(void **state)
{
    (void)state;
    struct err e = { 0 }, none = { 0 };
    ENROLS(new_key("keykey1", "ada", 3), code_for("ada"));
    assert_true(store_use_passkey(s, "keykey1", 7, "c1", NULL, &none));
    sql("UPDATE settings SET value = replace(value, '\"count\":7', '\"count\":3') "
        "WHERE name = 'passkeys'");
    assert_false(store_use_passkey(s, "keykey1", 8, "c1", NULL, &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
    err_clear(&e);
    assert_null(store_passkeys(s, a, "ada", &e));
    assert_int_equal(e.kind, ERR_SYSTEM);
}

static void test_a_key_is_removed_by_the_beginning_of_its_id(void **state)
{
    (void)state;
    struct err none = { 0 };
    ENROLS(new_key("keykey1", "ada", 0), code_for("ada"));
    ENROLS(new_key("keykey2", "ada", 0), code_for("ada"));
    REFUSED(store_remove_passkey(s, "ada", "keykey", "root", &e), "more than one");
    REFUSED(store_remove_passkey(s, "bob", "keykey1", "root", &e), "no key");
    REFUSED(store_remove_passkey(s, "ada", "", "root", &e), "key");
    assert_true(store_remove_passkey(s, "ada", "keykey1", "root", &none));
    REFUSED(store_use_passkey(s, "keykey1", 1, "c1", NULL, &e), "not enrolled");
    assert_int_equal(json_count(store_passkeys(s, a, NULL, &none)), 1);
    assert_true(audited("passkey removed"));
}

static void test_a_person_has_few_keys(void **state)
{
    (void)state;
    for (int i = 0; i < PASSKEYS_OF_ONE; i++)
        ENROLS(new_key(arena_printf(a, "key-%d", i), "ada", 0), code_for("ada"));
    const char *code = code_for("ada");
    REFUSED(store_add_passkey(s, new_key("more", "ada", 0), code, &e), "too many");
}

/* -- questions ----------------------------------------------------------------------------- */

static struct passkey_question approval(void)
{
    return (struct passkey_question){ .deed = "approve",
                                      .who = "ada",
                                      .session = "session",
                                      .change = "change-1",
                                      .plan = "plan",
                                      .rendering = "rendering" };
}

static void test_a_question_is_answered_once_and_as_it_was_asked(void **state)
{
    (void)state;
    struct ceremonies *t = ceremonies_new(a);
    struct err none = { 0 };
    uint8_t challenge[WEBAUTHN_CHALLENGE], second[WEBAUTHN_CHALLENGE];
    struct passkey_question c = approval();
    ceremony_open(t, &c, 100, challenge);
    ceremony_open(t, &c, 100, second);
    assert_memory_not_equal(challenge, second, sizeof challenge);
    assert_true(ceremony_take(t, &c, challenge, 101, &none));
    REFUSED(ceremony_take(t, &c, challenge, 101, &e), "not open");
    assert_true(ceremony_take(t, &c, second, 100 + CEREMONY_LASTS - 1, &none));
    for (size_t i = 0; i < 6; i++) {
        const char *members[6];
        c = approval();
        ceremony_open(t, &c, 100, challenge);
        memcpy(members, &c, sizeof members);
        members[i] = "another";
        memcpy(&c, members, sizeof members);
        REFUSED(ceremony_take(t, &c, challenge, 101, &e), "another question");
        c = approval(); /* asked no more */
        REFUSED(ceremony_take(t, &c, challenge, 101, &e), "not open");
    }
    ceremony_open(t, &c, 100, challenge);
    REFUSED(ceremony_take(t, &c, challenge, 100 + CEREMONY_LASTS, &e), "too late");
    REFUSED(ceremony_take(t, &c, challenge, 101, &e), "not open");
    memset(challenge, 0, sizeof challenge);
    REFUSED(ceremony_take(t, &c, challenge, 101, &e), "not open");
    /* of two lists of parts that print alike, one is not the other */
    c.change = "x", c.plan = "yz";
    ceremony_open(t, &c, 100, challenge);
    c.change = "xy", c.plan = "z";
    REFUSED(ceremony_take(t, &c, challenge, 101, &e), "another question");
}

static void test_one_person_pushes_nobody_else_out(void **state)
{
    (void)state;
    struct ceremonies *t = ceremonies_new(a);
    struct err none = { 0 };
    uint8_t first[WEBAUTHN_CHALLENGE], own[WEBAUTHN_CHALLENGE], last[WEBAUTHN_CHALLENGE];
    struct passkey_question c = approval(), bobs = approval();
    bobs.who = "bob";
    ceremony_open(t, &c, 100, first);
    ceremony_open(t, &bobs, 101, own);
    for (int i = 0; i < 2 * CEREMONIES_MAX; i++)
        ceremony_open(t, &bobs, 102, last);
    assert_true(ceremony_take(t, &c, first, 103, &none));
    REFUSED(ceremony_take(t, &bobs, own, 103, &e), "not open");
    assert_true(ceremony_take(t, &bobs, last, 103, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_a_code_is_good_once),
        EACH(test_a_code_is_tried_a_few_times),
        EACH(test_a_code_is_kept_as_its_digest),
        EACH(test_counters_only_rise),
        EACH(test_a_key_that_was_edited_or_is_older_counts_no_more),
        EACH(test_a_key_is_removed_by_the_beginning_of_its_id),
        EACH(test_a_person_has_few_keys),
        EACH(test_a_question_is_answered_once_and_as_it_was_asked),
        EACH(test_one_person_pushes_nobody_else_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
