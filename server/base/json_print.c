/* json_print.c - nodes to text: on one line, indented, or canonical. One walk, three styles.
 *
 * Numbers: integers up to 2^53 in full, other doubles by the shortest digits that read back equal.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include <float.h>
#include <math.h>
#include <stdint.h>

struct writer {
    struct buf *b;
    struct arena *a; /* for sorting; NULL: keep the order */
    bool pretty;
    int depth;
};

static void write_node(struct writer *w, const cJSON *node);

static void write_number(struct buf *b, const cJSON *node)
{
    double n = node->valuedouble;
    if (node->valuestring) {
        buf_str(b, node->valuestring);
        return;
    }
    if (n == floor(n) && fabs(n) <= 9007199254740992.0) {
        buf_printf(b, "%.0f", n + 0.0 == 0 ? 0.0 : n);
        return;
    }
    char text[40];
    /* 15 digits are never too many but for denormals, which hold fewer. */
    for (int precision = fabs(n) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, n);
        if (strtod(text, NULL) == n)
            break;
    }
    buf_str(b, text);
    if (!strpbrk(text, ".e")) /* an integer of that size would keep its text when read */
        buf_str(b, ".0");
}

static void new_line(struct writer *w)
{
    if (w->pretty)
        buf_printf(w->b, "\n%*s", w->depth * 2, "");
}

static void write_child(struct writer *w, const cJSON *child, bool first, bool keyed)
{
    if (!first)
        buf_char(w->b, ',');
    new_line(w);
    if (keyed) {
        buf_json_string(w->b, child->string, strlen(child->string));
        buf_str(w->b, w->pretty ? ": " : ":");
    }
    write_node(w, child);
}

static int compare_members_by_key(const void *x, const void *y)
{
    const cJSON *const *l = x, *const *r = y;
    return strcmp((*l)->string, (*r)->string);
}

static void write_sorted(struct writer *w, const cJSON *object)
{
    size_t n = (size_t)json_count(object), i = 0;
    const cJSON **members = arena_array(w->a, const cJSON *, n);
    for (const cJSON *m = object->child; m; m = m->next)
        members[i++] = m;
    qsort(members, n, sizeof *members, compare_members_by_key);
    for (i = 0; i < n; i++)
        write_child(w, members[i], i == 0, true);
}

static void write_nested(struct writer *w, const cJSON *node)
{
    bool object = cJSON_IsObject(node);
    buf_char(w->b, object ? '{' : '[');
    w->depth++;
    if (object && w->a)
        write_sorted(w, node);
    else
        for (const cJSON *child = node->child; child; child = child->next)
            write_child(w, child, child == node->child, object);
    w->depth--;
    if (node->child)
        new_line(w);
    buf_char(w->b, object ? '}' : ']');
}

static void write_node(struct writer *w, const cJSON *node)
{
    switch (node->type & 0xff) {
    case cJSON_Object:
    case cJSON_Array:
        write_nested(w, node);
        return;
    case cJSON_String:
        buf_json_string(w->b, node->valuestring, strlen(node->valuestring));
        return;
    case cJSON_Number:
        write_number(w->b, node);
        return;
    case cJSON_Raw:
        buf_str(w->b, node->valuestring);
        return;
    case cJSON_True:
        buf_str(w->b, "true");
        return;
    case cJSON_False:
        buf_str(w->b, "false");
        return;
    default:
        buf_str(w->b, "null");
    }
}

bool json_write(struct buf *b, const cJSON *node)
{
    struct writer w = { .b = b };
    write_node(&w, node);
    return !b->over;
}

/* What was printed into last waits for the next, unless it grew large. */
static char *print(struct arena *a, const cJSON *node, struct writer w)
{
    enum { KEEP = 16 * 1024 };
    static struct buf idle = { .max = SIZE_MAX / 4 };
    struct buf b = idle;
    buf_init(&idle, b.max);
    if (!b.cap)
        buf_init(&b, b.max);
    buf_reset(&b);
    w.b = &b;
    write_node(&w, node);
    char *text = arena_strndup(a, b.data, b.len);
    if (b.cap > KEEP)
        buf_free(&b);
    else
        idle = b;
    return text;
}

char *json_print(struct arena *a, const cJSON *node)
{
    return print(a, node, (struct writer){ 0 });
}

char *json_print_pretty(struct arena *a, const cJSON *node)
{
    return print(a, node, (struct writer){ .pretty = true });
}

char *json_canonical(struct arena *a, const cJSON *node)
{
    return print(a, node, (struct writer){ .a = a });
}
