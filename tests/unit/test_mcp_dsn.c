/* test_mcp_dsn.c - data source names of four databases, written and read back. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "embedded/objects/mcp_dsn_private.h"

static cJSON *bind(struct arena *a, const char *text)
{
    struct err e = { 0 };
    cJSON *db = json_parse(a, text, strlen(text), &e);
    assert_non_null(db);
    return model_bind(a, mcp_dsn_model, db);
}

static void names_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *type, *db, *dsn;
    } rows[] = {
        { "MYSQL",
          "{\"host\":\"h\",\"port\":\"3306\",\"username\":\"u\",\"password\":\"p\",\"dbname\":"
          "\"d\","
          "\"otherParams\":{\"charset\":\"utf8\"}}",
          "u:p@tcp(h:3306)/d?charset=utf8" },
        { "POSTGRESQL",
          "{\"host\":\"h\",\"port\":\"5432\",\"username\":\"u\",\"password\":\"p@s/s\","
          "\"dbname\":\"d\",\"otherParams\":{\"sslmode\":\"disable\",\"x\":\"a b\"}}",
          "postgres://u:p%40s%2Fs@h:5432/d?sslmode=disable&x=a%20b" },
        { "CLICKHOUSE",
          "{\"host\":\"h\",\"port\":\"9000\",\"username\":\"u\",\"password\":\"p\","
          "\"dbname\":\"d\",\"otherParams\":{\"debug\":\"true\"}}",
          "tcp://h:9000?debug=true&username=u&password=p&database=d" },
        { "CLICKHOUSE",
          "{\"host\":\"h\",\"port\":\"9000\",\"username\":\"u\",\"password\":null,"
          "\"dbname\":null}",
          "tcp://h:9000?username=u" },
        { "SQLITE", "{\"dbname\":\"/var/lib/a.db\"}", "/var/lib/a.db" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena *a = arena_new();
        cJSON *db = bind(a, rows[i].db);
        assert_string_equal(mcp_dsn_print(a, rows[i].type, db), rows[i].dsn);
        assert_true(json_equal(mcp_dsn_parse(a, rows[i].type, rows[i].dsn), db));
        arena_free(a);
    }
}

/* As the real console: the split is at the first '@'. */
static void a_mysql_password_is_cut_at_an_at(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const cJSON *db = mcp_dsn_parse(a, "MYSQL", "u:p@ss@tcp(h:3306)/d");
    assert_string_equal(json_str(db, "password"), "p");
    arena_free(a);
}

static void types_have_two_names(void **state)
{
    (void)state;
    assert_string_equal(mcp_dsn_stored_type("POSTGRESQL"), "postgres");
    assert_string_equal(mcp_dsn_api_type("clickhouse"), "CLICKHOUSE");
    assert_null(mcp_dsn_stored_type("ORACLE"));
    assert_null(mcp_dsn_stored_type(NULL));
    assert_null(mcp_dsn_api_type("oracle"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_round_trip),
        cmocka_unit_test(a_mysql_password_is_cut_at_an_at),
        cmocka_unit_test(types_have_two_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
