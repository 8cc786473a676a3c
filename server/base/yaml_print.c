/* yaml_print.c - nodes to YAML in block style, as Kubernetes prints it.
 *
 * A string is written plainly when nobody can misread it, as a literal block when it has several
 * lines, in double quotes when it would read as another type or needs escapes, else in single
 * quotes. A key longer than a reader looks ahead is written behind "? ".
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "base/yaml_scalar_private.h"
#include <stdint.h>

enum { LONGEST_SIMPLE_KEY = 500 };

static void write_block(struct buf *b, const cJSON *node, int indent, bool in_line);

/* What libyaml's reader takes as it is and no reader takes for a line break. */
static bool is_yaml_printable(uint32_t c)
{
    return (c >= 0x20 && c < 0x7f) ||
           (c >= 0xa0 && c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

static bool all_printable(const char *s, const char *also)
{
    for (size_t size; *s; s += size) {
        size = utf8_size(s, strlen(s) < 4 ? strlen(s) : 4);
        if (!size || (!is_yaml_printable(utf8_point(s, size)) && !strchr(also, *s)))
            return false;
    }
    return true;
}

/* The first character: no indicator, or one of -?: with something behind it. */
static bool starts_plainly(const char *s)
{
    if (strchr("-?:", *s))
        return s[1] && s[1] != ' ' && strncmp(s, "---", 3) != 0;
    return !strchr(" ,[]{}#&*!|>'\"%@`", *s) && strncmp(s, "...", 3) != 0;
}

static bool punctuation_is_plain(const char *s)
{
    size_t n = strlen(s);
    return n && starts_plainly(s) && s[n - 1] != ' ' && s[n - 1] != ':' && !strstr(s, ": ") &&
           !strstr(s, " #");
}

static void write_single_quoted(struct buf *b, const char *s)
{
    buf_char(b, '\'');
    for (; *s; s++) {
        buf_char(b, *s);
        if (*s == '\'')
            buf_char(b, '\'');
    }
    buf_char(b, '\'');
}

static void write_escape(struct buf *b, uint32_t c)
{
    static const char from[] = "\"\\\n\t\r", to[] = "\"\\ntr";
    const char *known = c < 0x80 ? strchr(from, (int)c) : NULL;
    if (known)
        buf_printf(b, "\\%c", to[known - from]);
    else
        buf_printf(b, c < 0x100 ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\U%08X", c);
}

static void write_double_quoted(struct buf *b, const char *s)
{
    buf_char(b, '"');
    for (size_t size; *s; s += size) {
        size = utf8_size(s, strlen(s) < 4 ? strlen(s) : 4);
        uint32_t c = size ? utf8_point(s, size) : 0xfffd;
        if (!size)
            size = 1, buf_str(b, UTF8_REPLACEMENT);
        else if (is_yaml_printable(c) && c != '"' && c != '\\')
            buf_add(b, s, size);
        else
            write_escape(b, c);
    }
    buf_char(b, '"');
}

static void write_flow_scalar(struct buf *b, const char *s)
{
    if (!yaml_scalar_is_string(s) || !all_printable(s, ""))
        write_double_quoted(b, s);
    else if (punctuation_is_plain(s))
        buf_str(b, s);
    else
        write_single_quoted(b, s);
}

/* Several lines, at least one with something in it, nothing a literal block would change. */
static bool fits_literal(const char *s)
{
    return strchr(s, '\n') && s[strspn(s, "\n \t")] && all_printable(s, "\n\t");
}

/* |- strips the last newline that the block itself needs, | keeps one, |+ all. A digit says where
 * the text starts when its first line would mislead. */
static void write_literal(struct buf *b, const char *s, int indent)
{
    size_t n = strlen(s), newlines = 0;
    while (s[n - 1 - newlines] == '\n')
        newlines++;
    buf_printf(b, "|%s%s\n", strchr(" \t\n", *s) ? "2" : "",
               newlines == 0   ? "-"
               : newlines == 1 ? ""
                               : "+");
    for (const char *line = s; *line;) {
        size_t length = strcspn(line, "\n");
        if (length)
            buf_printf(b, "%*s", indent, "");
        buf_add(b, line, length);
        buf_char(b, '\n');
        line += length + (line[length] == '\n');
    }
}

/* A scalar or an empty container, and the end of its line. indent: where a literal's text goes. */
static void write_leaf(struct buf *b, const cJSON *node, int indent)
{
    if (cJSON_IsString(node) && fits_literal(node->valuestring)) {
        write_literal(b, node->valuestring, indent);
        return;
    }
    if (cJSON_IsString(node))
        write_flow_scalar(b, node->valuestring);
    else
        json_write(b, node);
    buf_char(b, '\n');
}

static void write_key(struct buf *b, const char *key, int indent)
{
    size_t before = b->len;
    write_flow_scalar(b, key);
    if (b->len - before <= LONGEST_SIMPLE_KEY) {
        buf_char(b, ':');
        return;
    }
    if (b->over)
        return;
    b->len = before;
    buf_str(b, "? ");
    write_double_quoted(b, key);
    buf_printf(b, "\n%*s:", indent, "");
}

static void write_member(struct buf *b, const cJSON *m, int indent)
{
    write_key(b, m->string, indent);
    buf_char(b, m->child ? '\n' : ' ');
    if (cJSON_IsObject(m) && m->child)
        write_block(b, m, indent + 2, false);
    else if (m->child)
        write_block(b, m, indent, false); /* list items stand at their key's indent */
    else
        write_leaf(b, m, indent + 2);
}

/* A container with children, or the root. in_line: the first child's indent is written already. */
static void write_block(struct buf *b, const cJSON *node, int indent, bool in_line)
{
    if (!node->child) {
        write_leaf(b, node, indent + 2);
        return;
    }
    bool mapping = cJSON_IsObject(node);
    for (const cJSON *child = node->child; child; child = child->next) {
        if (!in_line || child != node->child)
            buf_printf(b, "%*s", indent, "");
        if (mapping) {
            write_member(b, child, indent);
            continue;
        }
        buf_str(b, "- ");
        if (child->child)
            write_block(b, child, indent + 2, true);
        else
            write_leaf(b, child, indent + 2);
    }
}

bool yaml_write(struct buf *b, const cJSON *node)
{
    write_block(b, node, 0, true);
    return !b->over;
}

char *yaml_print(struct arena *a, const cJSON *node)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    yaml_write(&b, node);
    char *text = arena_strndup(a, b.data, b.len);
    buf_free(&b);
    return text;
}
