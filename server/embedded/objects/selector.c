/* selector.c - Kubernetes' parser of label selectors (apimachinery, pkg/labels), for what the
 * console sends: one requirement KEY=VALUE whose name or value came from a client. */
#include "embedded/objects/selector_private.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/ingress_private.h"
#include "embedded/rest/rest.h"

#include <ctype.h>

enum { MAX_NAME = 63, MAX_TEXT = 64 << 10 };

static const char blanks[] = " \t\r\n", marks[] = "=!(),<>";

/* Where the parser is; problem is set at the first mistake. */
struct parser {
    struct arena *a;
    const char *at;
    const char *problem;
};

/* The next token; "" at the end. */
static const char *next_token(struct parser *p)
{
    static const char *const operators[] = { "==", "!=", NULL };
    p->at += strspn(p->at, blanks);
    const char *start = p->at;
    size_t n = 1;
    if (!*start)
        return "";
    if (!strchr(marks, *start))
        n = strcspn(start, " \t\r\n=!(),<>");
    for (int i = 0; operators[i]; i++)
        if (strncmp(start, operators[i], 2) == 0)
            n = 2;
    p->at += n;
    return arena_strndup(p->a, start, n);
}

static bool is_selector_word(const char *token)
{
    return *token && !strchr(marks, *token);
}

static void expect(struct parser *p, const char *found, const char *expected)
{
    p->problem = arena_printf(p->a, "found '%s', expected: %s", found, expected);
}

/* Letters, digits and the inner marks - _ . */
static bool is_label_text(const char *s, size_t n)
{
    if (n == 0 || !isalnum((unsigned char)*s) || !isalnum((unsigned char)s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
            return false;
    return true;
}

static void join_problem(struct buf *b, const char *text)
{
    buf_printf(b, "%s%s", b->len ? "; " : "", text);
}

static const char *name_problems(struct parser *p, const char *key)
{
    struct buf *b = buf_in(p->a, MAX_TEXT);
    const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;
    static const char rule[] =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
        "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    if (strchr(name, '/')) {
        buf_printf(b,
                   "a qualified name %s with an optional DNS subdomain prefix and '/' (e.g. "
                   "'example.com/MyName')",
                   rule);
        return b->data;
    }
    if (strlen(name) > MAX_NAME)
        join_problem(b, "name part must be no more than 63 characters");
    if (!is_label_text(name, strlen(name)))
        join_problem(b, arena_printf(p->a, "name part %s", rule));
    return b->len ? b->data : NULL;
}

static const char *value_problems(struct parser *p, const char *value)
{
    struct buf *b = buf_in(p->a, MAX_TEXT);
    if (strlen(value) > MAX_NAME)
        join_problem(b, "must be no more than 63 characters");
    if (*value && !is_label_text(value, strlen(value)))
        join_problem(b, "a valid label must be an empty string or consist of alphanumeric "
                        "characters, '-', '_' or '.', and must start and end with an alphanumeric "
                        "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
                        "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
    return b->len ? b->data : NULL;
}

static void refuse_value(struct parser *p, const char *field, const char *value,
                         const char *problems)
{
    struct buf *quoted = buf_in(p->a, MAX_TEXT);
    buf_json_string(quoted, value, strlen(value));
    p->problem = arena_printf(p->a, "%s: Invalid value: %s: %s", field, quoted->data, problems);
}

static void read_single_value(struct parser *p, const char *key)
{
    const char *before = p->at, *value = next_token(p);
    if (!*value || strcmp(value, ",") == 0) {
        p->at = before;
        return;
    }
    if (!is_selector_word(value)) {
        expect(p, value, "identifier");
        return;
    }
    const char *problems = value_problems(p, value);
    if (problems)
        refuse_value(p, arena_printf(p->a, "values[0][%s]", key), value, problems);
}

/* KEY, !KEY or KEY=VALUE. */
static void read_requirement(struct parser *p)
{
    const char *key = next_token(p);
    if (strcmp(key, "!") == 0)
        key = next_token(p);
    if (!is_selector_word(key)) {
        expect(p, key, "identifier");
        return;
    }
    const char *problems = name_problems(p, key);
    if (problems) {
        refuse_value(p, "<nil>", key, problems);
        return;
    }
    const char *before = p->at, *operator= next_token(p);
    if (!*operator|| strcmp(operator, ",") == 0)
        p->at = before;
    else if (!strchr("=!", *operator) || strcmp(operator, "!") == 0)
        expect(p, operator, "in, notin, =, ==, !=, gt, lt");
    else
        read_single_value(p, key);
}

static const char *selector_problem(struct arena *a, const char *text)
{
    struct parser p = { .a = a, .at = text };
    for (;;) {
        read_requirement(&p);
        if (p.problem)
            return arena_printf(a, "unable to parse requirement: %s", p.problem);
        const char *token = next_token(&p);
        if (!*token)
            return NULL;
        if (strcmp(token, ",") != 0) {
            expect(&p, token, "',' or 'end of string'");
            return p.problem;
        }
    }
}

static bool check_selector(struct rest_request *r, const char *selector)
{
    struct arena *a = r->arena;
    const char *problem = selector_problem(a, selector);
    if (!problem)
        return true;
    cJSON *status = kube_status(a, problem, "BadRequest", 400);
    return kube_fail_status(r, 500, status);
}

bool selector_check_domain(struct rest_request *r, const char *domain)
{
    if (!domain)
        return true;
    return check_selector(
        r, arena_printf(r->arena, "%s=true", ingress_domain_label(r->arena, domain)));
}

bool selector_check_plugin(struct rest_request *r, const char *plugin)
{
    return check_selector(r, arena_printf(r->arena, "higress.io/wasm-plugin-name=%s", plugin));
}

bool selector_check_version(struct rest_request *r, const char *version)
{
    return check_selector(r, arena_printf(r->arena, "higress.io/wasm-plugin-version=%s", version));
}
