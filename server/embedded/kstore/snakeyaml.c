/* snakeyaml.c - what libyaml finds, said as the console's reader (SnakeYAML) says it: context and
 * its place, problem and its place, each place with the line it is on and a caret below.
 *
 * Both descend from the same parser, so their faults correspond one to one; words[] holds those
 * they word differently. A fault without a row keeps libyaml's words.
 */
#include "embedded/kstore/snakeyaml.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"

/* A line is shown up to WINDOW characters to each side of the caret, else it is cut. */
enum { WINDOW = 36, CUT = 5, MAX_WORDS = 8 << 10 };

/* "$" stands for the token that did not fit. */
static const struct {
    const char *theirs, *ours;
} words[] = {
    { "did not find expected node content", "expected the node content, but found '$'" },
    { "did not find expected key", "expected <block end>, but found '$'" },
    { "did not find expected '-' indicator", "expected <block end>, but found '$'" },
    { "did not find expected ',' or ']'", "expected ',' or ']', but got $" },
    { "did not find expected ',' or '}'", "expected ',' or '}', but got $" },
    { "did not find expected <document start>", "expected '<document start>', but found '$'" },
    { "did not find expected <stream-start>", "expected '<stream start>', but found '$'" },
    { "mapping values are not allowed in this context", "mapping values are not allowed here" },
    { "mapping keys are not allowed in this context", "mapping keys are not allowed here" },
    { "block sequence entries are not allowed in this context",
      "sequence entries are not allowed here" },
    { "found duplicate %YAML directive", "found duplicate YAML directive" },
    { "found undefined tag handle", "found undefined tag handle" },
};

/* The bytes of the text from one character to another. */
struct window {
    const char *text, *at; /* at: under the caret */
    const char *from, *to;
};

static bool is_line_end(const char *p)
{
    return *p == '\n' || *p == '\r' || !*p || strncmp(p, "\xc2\x85", 2) == 0 ||
           strncmp(p, "\xe2\x80\xa8", 3) == 0 || strncmp(p, "\xe2\x80\xa9", 3) == 0;
}

static const char *after(const char *p)
{
    size_t n = utf8_size(p, strlen(p));
    return p + (n ? n : 1);
}

static const char *before(const struct window *w, const char *p)
{
    do
        p--;
    while (p > w->text && ((unsigned char)*p & 0xc0) == 0x80);
    return p;
}

/* Widens to the line's start; true: it was cut. */
static bool widen_left(struct window *w)
{
    for (int n = 1; w->from > w->text && !is_line_end(before(w, w->from)); n++) {
        w->from = before(w, w->from);
        if (n <= WINDOW)
            continue;
        for (int i = 0; i < CUT; i++)
            w->from = after(w->from);
        return true;
    }
    return false;
}

static bool widen_right(struct window *w)
{
    for (int n = 1; !is_line_end(w->to); n++) {
        w->to = after(w->to);
        if (n <= WINDOW)
            continue;
        for (int i = 0; i < CUT; i++)
            w->to = before(w, w->to);
        return true;
    }
    return false;
}

static void add_place(struct buf *out, const char *text, size_t index)
{
    static const char ellipsis[] = " ... ";
    size_t line = 1, column = 1;
    const char *at = text;
    for (size_t i = 0; i < index && *at; i++) {
        bool ends = is_line_end(at) && strncmp(at, "\r\n", 2) != 0;
        line += ends;
        column = ends ? 1 : column + 1;
        at = after(at);
    }
    struct window w = { .text = text, .at = at, .from = at, .to = at };
    bool cut_left = widen_left(&w), cut_right = widen_right(&w);
    int indent = cut_left ? (int)strlen(ellipsis) : 0;
    for (const char *p = w.from; p < w.at; p = after(p))
        indent++;
    buf_printf(out, " in 'string', line %zu, column %zu:\n    %s%.*s%s\n    %*s^\n", line, column,
               cut_left ? ellipsis : "", (int)(w.to - w.from), w.from, cut_right ? ellipsis : "",
               indent, "");
}

static void put_yaml_problem(struct buf *out, const struct yaml_fault *fault)
{
    const char *p = fault->problem;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].theirs, fault->problem) == 0)
            p = words[i].ours;
    for (; *p; p++) {
        if (*p == '$' && fault->token)
            buf_str(out, fault->token);
        else
            buf_char(out, *p);
    }
    buf_char(out, '\n');
}

/* A simple key's and an indicator's fault say no context there. */
static bool has_context(const struct yaml_fault *fault)
{
    return fault->context && !strstr(fault->problem, "not allowed in this context") &&
           !strstr(fault->problem, "<document start>");
}

bool snakeyaml_accepts(struct rest_request *r, const char *text)
{
    struct yaml_fault fault;
    if (!yaml_find_fault(r->arena, text, strlen(text), &fault))
        return true;
    struct buf *out = buf_in(r->arena, MAX_WORDS);
    if (has_context(&fault)) {
        buf_printf(out, "%s\n", fault.context);
        if (!text_starts(fault.context, "while scanning for the next"))
            add_place(out, text, fault.context_at);
    }
    put_yaml_problem(out, &fault);
    add_place(out, text, fault.at);
    return rest_fail(r, fault.scanning ? X_YAML_SCANNER : X_YAML_PARSER, "%s", out->data);
}
