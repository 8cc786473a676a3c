/* test_snakeyaml.c - malformed YAML is reported in SnakeYAML's form: class, places, carets. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "check.h"
#include "embedded/kstore/snakeyaml.h"

static const char *message(struct arena *a, const char *text)
{
    struct rest_request r = { .arena = a, .method = "PUT", .path = "/system/higress-config" };
    if (snakeyaml_accepts(&r, text)) {
        assert_int_equal(r.reply.status, 0);
        return NULL;
    }
    assert_int_equal(r.reply.status, 500);
    return json_str(json_parse(a, r.reply.text, r.reply.len, NULL), "message");
}

#define PARSER "org.yaml.snakeyaml.parser.ParserException: "
#define SCANNER "org.yaml.snakeyaml.scanner.ScannerException: "

static void faults_are_said_as_the_console_says_them(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "a: 1\n", NULL },
        { "a: [", PARSER "while parsing a flow node\n in 'string', line 1, column 5:\n    a: [\n"
                         "        ^\nexpected the node content, but found '<stream end>'\n"
                         " in 'string', line 1, column 5:\n    a: [\n        ^\n" },
        { "a: [1\n}\n", PARSER "while parsing a flow sequence\n in 'string', line 1, column 4:\n"
                               "    a: [1\n       ^\nexpected ',' or ']', but got }\n"
                               " in 'string', line 2, column 1:\n    }\n    ^\n" },
        { "a: b: c\n", SCANNER "mapping values are not allowed here\n"
                               " in 'string', line 1, column 5:\n    a: b: c\n        ^\n" },
        { "x: 1\n- y\n",
          PARSER "while parsing a block mapping\n in 'string', line 1, column 1:\n    x: 1\n    ^\n"
                 "expected <block end>, but found '-'\n in 'string', line 2, column 1:\n"
                 "    - y\n    ^\n" },
        { "\xc3\xa9: \"\n", SCANNER
          "while scanning a quoted scalar\n in 'string', line 1, column 4:\n    \xc3\xa9: \"\n"
          "       ^\nfound unexpected end of stream\n in 'string', line 2, column 1:\n    \n"
          "    ^\n" },
    };
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = message(a, rows[i].text);
        if (!rows[i].message)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].message);
    }
    arena_free(a);
}

/* A long line is cut on both sides, and the caret stays below its character. */
static void a_long_line_is_cut(void **state)
{
    struct arena *a = arena_new();
    struct buf *text = buf_in(a, 4096);
    (void)state;
    for (int i = 0; i < 100; i++)
        buf_str(text, "\xc3\xa9");
    buf_str(text, ": x: ");
    for (int i = 0; i < 100; i++)
        buf_char(text, 'z');
    const char *got = message(a, text->data), *line = strstr(got, "\n     ... ");
    assert_non_null(line);
    assert_non_null(strstr(got, "column 104"));
    assert_non_null(strstr(got, "z ... \n"));
    const char *caret = strchr(line + 1, '^'), *second = strchr(line + 1, '\n');
    size_t column = 0;
    for (const char *p = line + 1; !text_starts(p, ": z"); p++)
        column += ((unsigned char)*p & 0xc0) != 0x80;
    assert_int_equal(caret - second - 1, column);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(faults_are_said_as_the_console_says_them),
                                        cmocka_unit_test(a_long_line_is_cut) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
