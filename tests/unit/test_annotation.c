/* test_annotation.c - the table of annotations: whole, each name once, values as the controller
 * reads them (the shapes of annotations.md §11 and the recorded stack). */
#include "base/text.h"
#include "check.h"

#include "kind/annotation.h"
#include "kind/kind.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- the rows --------------------------------------------------------------------------------- */

static int rows_named(const char *name)
{
    int n = 0;
    for (const struct annotation *r = annotation_read; r->name; r++)
        n += !strcmp(r->name, name);
    for (const struct annotation *r = annotation_nginx; r->name; r++)
        n += !strcmp(r->name, name);
    return n;
}

static void check_row(const struct annotation *r)
{
    bool words = r->value == IS_WORD || r->value == IS_EXACTLY;
    if (rows_named(r->name) != 1)
        fail_msg("%s stands in the table %d times", r->name, rows_named(r->name));
    if (!r->does || !r->fate || (words && !r->words) ||
        (r->fate == BECOMES_OTHER && !annotation_find(r->use)))
        fail_msg("%s: a row that says too little", r->name);
    if (r->under && r->fate >= BECOMES_OTHER)
        fail_msg("%s: Higress reads it, and it is said to become nothing", r->name);
}

static void test_each_row_is_whole_and_stands_once(void **state)
{
    int n = 0;
    (void)state;
    for (const struct annotation *r = annotation_read; r->name; r++, n++)
        check_row(r);
    for (const struct annotation *r = annotation_nginx; r->name; r++, n++) {
        check_row(r);
        assert_int_equal(r->under, READ_NOWHERE);
    }
    assert_true(n > 150);
}

/* The first cell of each row of §10: names between commas, blanks or parentheses. */
static int check_cell(const char *line)
{
    static const char between[] = " ,()";
    size_t end = strcspn(line, "|");
    int n = 0;
    for (size_t at = 0; at < end; n++) {
        at += strspn(line + at, between);
        char name[80];
        size_t len = strcspn(line + at, " ,()|");
        snprintf(name, sizeof name, "%.*s", (int)len, line + at);
        bool remark = !strchr(name, '-') && !text_has_word("affinity|canary|satisfy", name);
        if (len && !remark && !annotation_find(name))
            fail_msg("%s of ingress-nginx has no row", name);
        at += len + strspn(line + at + len, between);
    }
    return n;
}

static void test_the_list_of_ingress_nginx_is_in_the_table(void **state)
{
    FILE *f = fopen("../shared/reference/annotations.md", "r");
    char line[4000];
    bool in = false;
    int n = 0;
    (void)state;
    if (!f)
        skip();
    while (fgets(line, sizeof line, f)) {
        if (!strncmp(line, "## ", 3))
            in = !strncmp(line, "## 10.", 6);
        if (in && !strncmp(line, "| ", 2) && isalnum((unsigned char)line[2]) &&
            strncmp(line, "| nginx ", 8) != 0)
            n += check_cell(line + 2);
    }
    fclose(f);
    printf("%d names of ingress-nginx\n", n);
    assert_true(n > 130);
}

/* -- names ------------------------------------------------------------------------------------ */

static void test_names_and_prefixes(void **state)
{
    char plugin[40];
    (void)state;
    assert_non_null(annotation_is_read("higress.io/timeout"));
    assert_null(annotation_is_read("nginx.ingress.kubernetes.io/timeout"));
    assert_non_null(annotation_is_read("nginx.ingress.kubernetes.io/canary"));
    assert_null(annotation_is_read("disabled.higress.io/rewrite-path"));
    assert_null(annotation_is_read("mse.ingress.kubernetes.io/canary"));
    assert_null(annotation_is_read("nginx.ingress.kubernetes.io/auth-url"));
    assert_non_null(annotation_is_read("higress.io/exact-match-header-x-a"));
    assert_null(annotation_is_read("higress.io/exact-match-header-"));
    assert_true(annotation_is_made("disabled.higress.io/rewrite-path"));
    assert_true(annotation_is_made("nginx.ingress.kubernetes.io/x-match-query-y"));
    assert_false(annotation_is_made("higress.io/timeout"));
    assert_true(annotation_plugin(annotation_find("auth-url"), plugin, sizeof plugin));
    assert_string_equal(plugin, "ext-auth");
    assert_false(annotation_plugin(annotation_find("server-alias"), plugin, sizeof plugin));
}

static void test_predicates(void **state)
{
    struct annotation_predicate p;
    (void)state;
    assert_true(annotation_predicate("prefix-match-query-v", &p));
    assert_string_equal(p.field, "urlParams");
    assert_string_equal(p.type, "PRE");
    assert_true(annotation_predicate("regex-match-pseudo-header-method", &p));
    assert_true(p.pseudo && !strcmp(p.key, "method") && !strcmp(p.envoy, "safe_regex"));
    assert_false(annotation_predicate("match-method", &p));
}

/* -- values ----------------------------------------------------------------------------------- */

static void test_values_as_the_controller_reads_them(void **state)
{
    static const struct {
        const char *name, *value;
        enum annotation_verdict verdict;
    } rows[] = {
        { "timeout", "30", VALUE_FITS },
        { "timeout", "30s", VALUE_IGNORED },
        { "timeout", " 10 ", VALUE_IGNORED },
        { "timeout", "0", VALUE_IGNORED },
        { "timeout", "-1", VALUE_FATAL },
        { "use-regex", "T", VALUE_FITS },
        { "use-regex", "yes", VALUE_IGNORED },
        { "use-regex", "true ", VALUE_IGNORED },
        { "whitelist-source-range", "127.0.0.0/8,10.0.0.1, ::1/128", VALUE_FITS },
        { "whitelist-source-range", "10.0.0.0/8 192.168.0.0/16", VALUE_IGNORED },
        { "whitelist-source-range", "10.0.0.0/8, 10.0.0.0/33", VALUE_PARTLY },
        { "whitelist-source-range", "10.0.0.0/", VALUE_IGNORED },
        { "match-method", "get POST", VALUE_FITS },
        { "match-method", "GET,POST", VALUE_IGNORED },
        { "match-method", "GET FETCH", VALUE_PARTLY },
        { "route-limit-rps", "5/s", VALUE_IGNORED },
        { "route-limit-rps", "0", VALUE_FATAL },
        { "route-limit-burst-multiplier", "0", VALUE_IGNORED },
        { "route-limit-rps", "99999999999", VALUE_IGNORED },
        { "destination", "60% a.static:80\n40% b.static:80 v1", VALUE_FITS },
        { "destination", "50 a.dns:80", VALUE_PARTLY },
        { "destination", "x% a.dns:80", VALUE_IGNORED },
        { "destination", "50%", VALUE_IGNORED },
        { "backend-protocol", "grpc", VALUE_FITS },
        { "backend-protocol", "SPDY", VALUE_IGNORED },
        { "tls-min-protocol-version", "tlsv1.2", VALUE_IGNORED },
        { "permanent-redirect-code", "418", VALUE_IGNORED },
        { "permanent-redirect-code", "304", VALUE_FATAL },
        { "temporal-redirect", "/x", VALUE_IGNORED },
        { "canary-weight", "-1", VALUE_FATAL },
        { "request-header-control-add", "x-a 1\nx-b", VALUE_PARTLY },
        { "request-header-control-add", "x-a", VALUE_IGNORED },
        { "upstream-vhost", " ", VALUE_IGNORED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why;
        enum annotation_verdict v =
            annotation_judge(annotation_find(rows[i].name), rows[i].value, &why);
        if (v != rows[i].verdict || (v == VALUE_FITS) != (why == NULL))
            fail_msg("%s: '%s' is judged %d (%s)", rows[i].name, rows[i].value, v,
                     why ? why : "no reason");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_is_whole_and_stands_once),
        cmocka_unit_test(test_the_list_of_ingress_nginx_is_in_the_table),
        cmocka_unit_test(test_names_and_prefixes),
        cmocka_unit_test(test_predicates),
        cmocka_unit_test(test_values_as_the_controller_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
