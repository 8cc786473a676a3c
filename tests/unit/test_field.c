/* test_field.c - what the table refuses and how it says so, the schema it prints, what it masks. */
#include "base/buf.h"
#include "base/field.h"
#include "check.h"
#include "check_arena.h"

static const struct field port[] = {
    { "port", INT, REQ, "Port.", .min = 1, .max = 65535 },
    { "key", STR, OPT, "Key.", .flags = FIELD_SECRET },
    { 0 },
};
static const struct field a_service = { .type = OBJ, .of = port };
static const struct field rows[] = {
    { "name", STR, REQ, "Name.", .min = 1, .max = 5 },
    { "type", STR, OPT, "Kind.", .one_of = "PRE|EQUAL", .otherwise = "\"PRE\"" },
    { "services", LIST, OPT, "Targets.", .min = 1, .max = 2, .of = &a_service },
    { "tags", LIST, OPT, NULL, .of = &a_string },
    { "patch", ANY, OPT, "Anything." },
    { "on", BOOL, OPT, NULL },
    { 0 },
};

static const char *verdict(const char *text)
{
    struct err e = { 0 };
    const cJSON *value = json_parse(a, text, strlen(text), &e);
    assert_non_null(value);
    return field_check(rows, value, &e) ? "" : arena_strdup(a, e.text);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{\"name\":\"a\",\"patch\":null}", "" },
        { "{\"name\":\"a\",\"services\":[{\"port\":80}],\"tags\":[\"x\"],\"on\":true}", "" },
        { "{}", "name: is required" },
        { "{\"name\":\"\"}", "name: must not be empty" },
        { "{\"name\":\"abcdef\"}", "name: 6 bytes are more than 5" },
        { "{\"name\":7}", "name: is a number, must be string" },
        { "{\"name\":\"a\",\"type\":\"PR\"}", "type: 'PR' is not one of PRE|EQUAL" },
        { "{\"name\":\"a\",\"type\":\"PRE|EQUAL\"}", "type: 'PRE|EQUAL' is not one of PRE|EQUAL" },
        { "{\"name\":\"a\",\"services\":[]}", "services: needs at least 1 item(s)" },
        { "{\"name\":\"a\",\"services\":[{\"port\":70000}]}",
          "services[0].port: 70000 is more than 65535" },
        { "{\"name\":\"a\",\"services\":[{\"port\":1.5},{}]}",
          "services[0].port: 1.5 is not a whole number; services[1].port: is required" },
        { "{\"name\":\"a\",\"nmae\":1}",
          "unknown field 'nmae'; known are: name, type, services, tags, patch, on" },
        { "[]", "is an array, must be object" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(verdict(cases[i][0]), cases[i][1]);
}

static void many_mistakes_stay_bounded(void **state)
{
    (void)state;
    cJSON *value = json_object(a);
    for (int i = 0; i < 500; i++)
        json_set_num(a, value, arena_printf(a, "unknown-%d", i), i);
    struct err e = { 0 };
    assert_false(field_check(rows, value, &e));
    assert_int_equal(e.kind, ERR_ARGS);
    assert_true(strlen(e.text) < sizeof(e.text));
}

static void prints_the_schema(void **state)
{
    (void)state;
    struct buf *b = buf_in(a, 4096);
    assert_true(field_schema(b, rows, false));
    assert_string_equal(
        b->data,
        "{\"type\":\"object\",\"properties\":{"
        "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":5,\"description\":\"Name.\"},"
        "\"type\":{\"type\":\"string\",\"enum\":[\"PRE\",\"EQUAL\"],\"description\":\"Kind.\","
        "\"default\":\"PRE\"},"
        "\"services\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
        "\"port\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535,\"description\":\"Port.\"},"
        "\"key\":{\"type\":\"string\",\"description\":\"Key.\"}},\"required\":[\"port\"],"
        "\"additionalProperties\":false},\"minItems\":1,\"maxItems\":2,"
        "\"description\":\"Targets.\"},"
        "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
        "\"patch\":{\"description\":\"Anything.\"},\"on\":{\"type\":\"boolean\"}},"
        "\"required\":[\"name\"],\"additionalProperties\":false}");
    static const struct field none[] = { { 0 } };
    buf_reset(b);
    assert_true(field_schema(b, none, true));
    assert_string_equal(b->data, "{\"type\":\"object\"}");
}

static void masks_what_is_secret(void **state)
{
    (void)state;
    struct err e = { 0 };
    const char *text = "{\"name\":\"a\",\"services\":[{\"port\":1,\"key\":\"hush-hush\"},"
                       "{\"port\":2,\"key\":null},{\"port\":3,\"key\":{\"deep\":\"hush\"}}]}";
    cJSON *value = json_parse(a, text, strlen(text), &e);
    field_mask(a, rows, value);
    const char *out = json_print(a, value);
    assert_null(strstr(out, "hush"));
    assert_true(secret_is_mask(json_str(json_path(value, "services[0]"), "key")));
    assert_true(cJSON_IsNull(json_path(value, "services[1].key")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(many_mistakes_stay_bounded),
        cmocka_unit_test(prints_the_schema),
        cmocka_unit_test(masks_what_is_secret),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
