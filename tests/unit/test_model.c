/* test_model.c - binding a body to a shape, as Jackson does it. */
#include "base/arena.h"
#include "base/json.h"
#include "check.h"
#include "embedded/rest/model.h"

#include <string.h>

static const struct model_field inner_model[] = { { "n", M_INT }, { "s", M_STR }, { 0 } };
static const struct model_field an_inner[] = { { "", M_OBJ, inner_model }, { 0 } };
static const struct model_field model[] = {
    { "s", M_STR },
    { "i", M_INT },
    { "l", M_LONG },
    { "b", M_BOOL },
    { "e", M_ENUM, .one_of = "ONE|TWO_B" },
    { "o", M_OBJ, inner_model },
    { "list", M_LIST, an_inner },
    { "map", M_MAP, model_a_string },
    { "when", M_DATE },
    { "any", M_ANY },
    { "open", M_OPEN },
    { "d", M_INT, .otherwise = "7" },
    { 0 },
};

/* Binds the text and compares one member with what is expected (JSON); "!" means: does not fit. */
static void binds(const char *text, const char *member, const char *expected)
{
    struct arena *a = arena_new();
    cJSON *in = json_parse(a, text, strlen(text), NULL);
    assert_non_null(in);
    cJSON *out = model_bind(a, model, in);
    if (strcmp(expected, "!") == 0) {
        if (out)
            fail_msg("%s fits as %s", text, json_print(a, out));
    } else {
        if (!out)
            fail_msg("%s does not fit", text);
        assert_string_equal(json_print(a, json_get(out, member)), expected);
    }
    arena_free(a);
}

static void scalars_are_coerced(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        { "{\"s\":443}", "s", "\"443\"" },   { "{\"s\":true}", "s", "\"true\"" },
        { "{\"s\":\"\"}", "s", "\"\"" },     { "{\"s\":[\"x\"]}", "s", "!" },
        { "{\"s\":{}}", "s", "!" },          { "{\"i\":\"443\"}", "i", "443" },
        { "{\"i\":\" 443 \"}", "i", "443" }, { "{\"i\":\"\"}", "i", "null" },
        { "{\"i\":1.9}", "i", "1" },         { "{\"i\":-1.9}", "i", "-1" },
        { "{\"i\":\"1.5\"}", "i", "!" },     { "{\"i\":\"x\"}", "i", "!" },
        { "{\"i\":true}", "i", "!" },        { "{\"i\":2147483647}", "i", "2147483647" },
        { "{\"i\":2147483648}", "i", "!" },  { "{\"l\":2147483648}", "l", "2147483648" },
        { "{\"b\":\"true\"}", "b", "true" }, { "{\"b\":\"False\"}", "b", "false" },
        { "{\"b\":\"yes\"}", "b", "!" },     { "{\"b\":0}", "b", "false" },
        { "{\"b\":2}", "b", "true" },        { "{\"b\":1.5}", "b", "!" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        binds(rows[i][0], rows[i][1], rows[i][2]);
}

static void enums_are_exact(void **state)
{
    (void)state;
    binds("{\"e\":\"TWO_B\"}", "e", "\"TWO_B\"");
    binds("{\"e\":\"TWO\"}", "e", "!");
    binds("{\"e\":\"one\"}", "e", "!");
    binds("{\"e\":\"\"}", "e", "!");
    binds("{\"e\":null}", "e", "null");
}

static void shapes_are_bound_in_depth(void **state)
{
    (void)state;
    binds("{\"o\":{\"n\":\"5\",\"x\":1}}", "o", "{\"n\":5,\"s\":null}");
    binds("{\"o\":[]}", "o", "!");
    binds("{\"list\":[{\"s\":1},null]}", "list", "[{\"n\":null,\"s\":\"1\"},null]");
    binds("{\"list\":{}}", "list", "!");
    binds("{\"list\":\"\"}", "list", "!");
    binds("{\"list\":[{\"n\":\"x\"}]}", "list", "!");
    binds("{\"map\":{\"a\":1,\"b\":null}}", "map", "{\"a\":\"1\",\"b\":null}");
    binds("{\"map\":[]}", "map", "!");
    binds("{\"any\":[1,{\"x\":null}]}", "any", "[1,{\"x\":null}]");
    binds("{\"open\":{\"x\":[1]}}", "open", "{\"x\":[1]}");
    binds("{\"open\":[1]}", "open", "!");
}

static void dates_have_one_form(void **state)
{
    (void)state;
    binds("{\"when\":\"2026/11/24 00:03:55Z\"}", "when", "\"2026/11/24 00:03:55Z\"");
    binds("{\"when\":\"2026-11-24T00:03:55Z\"}", "when", "!");
}

static void missing_members_get_their_default_and_unknown_ones_vanish(void **state)
{
    (void)state;
    binds("{\"colour\":\"red\"}", "d", "7");
    binds("{\"d\":null}", "d", "null");
    struct arena *a = arena_new();
    cJSON *out = model_bind(a, model, json_parse(a, "{\"d\":1,\"z\":1,\"s\":\"x\"}", 21, NULL));
    assert_string_equal(json_print(a, out),
                        "{\"s\":\"x\",\"i\":null,\"l\":null,\"b\":null,\"e\":null,\"o\":null,"
                        "\"list\":null,\"map\":null,\"when\":null,\"any\":null,\"open\":null,"
                        "\"d\":1}");
    assert_int_equal(json_count(model_new(a, model)), json_count(out));
    arena_free(a);
}

static void nulls_can_be_left_out_at_any_depth(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const char *text = "{\"a\":null,\"b\":{\"c\":null,\"d\":[null,{\"e\":null}]}}";
    cJSON *node = model_without_nulls(a, json_parse(a, text, strlen(text), NULL));
    assert_string_equal(json_print(a, node), "{\"b\":{\"d\":[null,{}]}}");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_coerced),
        cmocka_unit_test(enums_are_exact),
        cmocka_unit_test(shapes_are_bound_in_depth),
        cmocka_unit_test(dates_have_one_form),
        cmocka_unit_test(missing_members_get_their_default_and_unknown_ones_vanish),
        cmocka_unit_test(nulls_can_be_left_out_at_any_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
