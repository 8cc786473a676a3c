/* test_store_scrub.c - secrets that were stored where they can be read: found, sealed, and the
 * chain and anchors kept elsewhere still fit. */
#include "base/file.h"
#include "store/store_private.h"
#include "store/store_search.h"
#include "stores.h"

#define TOKEN "sk-quill-\\\"74\\\"-anchor-8812" /* as C and JSON escape it */
static const char token[] = "sk-quill-\"74\"-anchor-8812";
static const char tail[] = "-anchor-8812"; /* what every spelling of it has */

static char *keep_provider(void)
{
    struct err e = { 0 };
    char *id = NULL;
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    const char *text = "{\"name\":\"quill\",\"type\":\"openai\",\"tokens\":[\"" TOKEN "\"]}";
    p->gateway = "http://g";
    if (!plan_create(p, "ai-provider", NULL, json_parse(a, text, strlen(text), &e)) ||
        !plan_close(p) || !store_keep(s, a, p, STATE_PENDING, "ann", 60, &id, &e))
        fail_msg("%s", e.text);
    return id;
}

/* Does a file of the state show it? */
static bool readable(const char *what)
{
    static const char *const files[] = { "state.db", "state.db-wal" };
    for (int i = 0; i < 2; i++) {
        struct err e = { 0 };
        size_t n = 0;
        char *text = file_read(a, arena_printf(a, "%s/%s", dir, files[i]), 1 << 24, &n, &e);
        if (text && memmem(text, n, what, strlen(what)))
            return true;
    }
    return false;
}

static void test_scrub(void **state)
{
    (void)state;
    struct err e = { 0 };
    int lines = 0;
    bool moved = false;
    struct store_scrubbed did = { 0 };
    char *id = keep_provider();
    assert_false(readable(tail));
    cJSON *said = json_object(a);
    json_set_str(a, said, "text", arena_printf(a, "refused: %s is no key", token));
    json_set_str(a, said, "hint", "nothing else is wrong");
    move(id, STATE_PENDING, STATE_APPROVED);
    move(id, STATE_APPROVED, STATE_APPLYING);
    assert_true(store_move(s, id, STATE_APPLYING, STATE_FAILED, "ann", "test", said, &moved, &e) &&
                moved);
    assert_true(store_audit(s, "note", NULL, "ann", "test", said, &e));
    char *anchor = store_anchor_text(s, a, &e);
    assert_true(readable(tail));
    assert_true(store_scrub(s, &did, &e));
    assert_int_equal(did.changes, 1);
    assert_int_equal(did.lines, 2);
    assert_false(readable(tail));
    assert_true(readable("nothing else is wrong"));
    if (!store_verify(s, anchor, &lines, &e))
        fail_msg("%s", e.text);
    struct stored row = { 0 };
    assert_true(store_find(s, a, id, &row, &e));
    assert_int_equal(row.state, STATE_FAILED);
    assert_non_null(strstr(json_str(row.result, "text"), "secret:sha256:"));
    /* Once more finds nothing; and a tombstone is no place to write into. */
    assert_true(store_scrub(s, &did, &e));
    assert_int_equal(did.changes + did.lines, 0);
    sql("UPDATE audit SET detail = '{\"text\":\"all was well\"}' WHERE tomb IS NOT NULL");
    assert_false(store_verify(s, NULL, &lines, &e));
}

/* A plan too large for its summary, of which a name that is not shown holds what it hides. */
static char *keep_large(void)
{
    struct err e = { 0 };
    char *id = NULL;
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    const char *text =
        "{\"name\":\"quill\",\"type\":\"openai\",\"tokens\":[\"anchor-8812-quill\"]}";
    bool ok = plan_create(p, "ai-provider", NULL, json_parse(a, text, strlen(text), &e));
    for (int i = 0; ok && i < 220; i++) {
        text = arena_printf(a, "{\"name\":\"%s%d.example\",\"enableHttps\":\"off\"}",
                            i < 219 ? "d" : "anchor-8812-quill", i);
        ok = plan_create(p, "domain", NULL, json_parse(a, text, strlen(text), &e));
    }
    p->gateway = "http://g";
    if (!ok || !plan_close(p) || !store_keep(s, a, p, STATE_PENDING, "ann", 60, &id, &e))
        fail_msg("%s", e.text);
    return id;
}

static void test_touches_as_scrubbed(void **state)
{
    (void)state;
    struct err e = { 0 };
    char *id = keep_large();
    struct db_rows r = db_query(s->db, &e,
                                "SELECT object FROM touches WHERE id = ? AND "
                                "object LIKE 'domain %219.example'",
                                "t", id);
    assert_true(db_next(&r, &e));
    char *object = arena_strdup(a, db_text(&r, 0));
    db_done(&r);
    assert_null(strstr(object, "anchor-8812-quill"));
    struct store_search q = { .object = object, .limit = 5 };
    const cJSON *found = store_search_audit(s, a, &q, &e);
    if (!found)
        fail_msg("%s", e.text);
    assert_int_equal(json_count(json_get(found, "lines")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { EACH(test_scrub), EACH(test_touches_as_scrubbed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
