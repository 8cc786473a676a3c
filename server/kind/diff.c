/* diff.c - two JSON trees as short lines a person can read.
 *
 * One walk: objects by member, lists by identity (name, key, provider) or place, leaves by value.
 * Lines go to a list with a ceiling; what is beyond is counted.
 */
#include "kind/diff.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include <limits.h>

struct walk {
    struct arena *a;
    cJSON *lines;
    int max, count, left_out;
    bool rows; /* instead of lines: nothing is cut */
    int stays; /* so many rows more may be of what stays */
};

enum { VALUE_MAX = 160, PATH_MAX_LEN = 200 };

static bool absent(const cJSON *n)
{
    if (!n || cJSON_IsNull(n))
        return true;
    if (!cJSON_IsObject(n))
        return cJSON_IsArray(n) && !n->child;
    for (const cJSON *c = n->child; c; c = c->next)
        if (!absent(c))
            return false;
    return true;
}

static const char *diff_text(struct walk *w, const char *text, size_t max)
{
    return w->rows ? text_visible(w->a, text) : text_clean(w->a, text, max);
}

static const char *diff_value(struct walk *w, const cJSON *n)
{
    return diff_text(w, json_print(w->a, n), VALUE_MAX);
}

/* was, is: values as they are shown; NULL: there is none. */
static cJSON *add_diff_row(struct walk *w, const char *path, const char *was, const char *is)
{
    cJSON *o = json_add(w->a, w->lines, json_object(w->a));
    json_set_str(w->a, o, "path", path);
    if (was)
        json_set_str(w->a, o, "was", was);
    if (is)
        json_set_str(w->a, o, "is", is);
    return o;
}

/* text: the row as a line. */
static void add_diff_line(struct walk *w, const char *path, const char *was, const char *is,
                          const char *text)
{
    if (w->count >= w->max) {
        w->left_out++;
        return;
    }
    w->count++;
    if (w->rows)
        json_set_str(w->a, add_diff_row(w, path, was, is), "line", text);
    else
        json_add_str(w->a, w->lines, text);
}

static void add_difference(struct walk *w, const char *path, const char *was, const char *is)
{
    const char *arrow = was && is ? " -> " : "";
    add_diff_line(w, path, was, is,
                  arena_printf(w->a, "%c %s: %s%s%s",
                               !was ? '+'
                               : is ? '~'
                                    : '-',
                               path, was ? was : "", arrow, is ? is : ""));
}

static void add_unchanged(struct walk *w, const char *path, const cJSON *value)
{
    if (w->stays-- > 0)
        add_diff_row(w, path, NULL, text_clean(w->a, json_print(w->a, value), VALUE_MAX));
}

static const char *element_identity(const cJSON *item)
{
    static const char *const members[] = { "name", "key", "provider", "id" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_str(item, members[i]))
            return json_str(item, members[i]);
    return NULL;
}

/* Elements are matched by identity only where every one has its own: two versions of one service
 * in a list must not be taken for each other. */
static bool all_named(const cJSON *list)
{
    for (const cJSON *c = list->child; c; c = c->next) {
        if (!element_identity(c))
            return false;
        for (const cJSON *d = c->next; d; d = d->next)
            if (element_identity(d) && !strcmp(element_identity(c), element_identity(d)))
                return false;
    }
    return true;
}

/* The element of list that stands for item, the i-th of the other list. */
static const cJSON *partner(const cJSON *list, const cJSON *item, int i, bool by_name)
{
    if (!by_name)
        return cJSON_GetArrayItem(list, i);
    const cJSON *c;
    cJSON_ArrayForEach(c, list)
    {
        if (!strcmp(element_identity(c), element_identity(item)))
            return c;
    }
    return NULL;
}

static void diff_nodes(struct walk *w, const char *path, const cJSON *x, const cJSON *y);

static int path_length(const struct walk *w)
{
    return w->rows ? INT_MAX : PATH_MAX_LEN;
}

static const char *member_path(struct walk *w, const char *path, const char *member)
{
    const char *safe = diff_text(w, member, 80);
    return *path ? arena_printf(w->a, "%.*s.%s", path_length(w), path, safe) : safe;
}

static const char *item_path(struct walk *w, const char *path, const cJSON *item, int i,
                             bool by_name)
{
    if (by_name)
        return arena_printf(w->a, "%.*s[%s]", path_length(w), path,
                            diff_text(w, element_identity(item), 60));
    return arena_printf(w->a, "%.*s[%d]", path_length(w), path, i);
}

static void diff_objects(struct walk *w, const char *path, const cJSON *x, const cJSON *y)
{
    for (const cJSON *c = x->child; c; c = c->next)
        diff_nodes(w, member_path(w, path, c->string), c, json_get(y, c->string));
    for (const cJSON *c = y->child; c; c = c->next)
        if (!json_get(x, c->string))
            diff_nodes(w, member_path(w, path, c->string), NULL, c);
}

static bool order_moved(const cJSON *x, const cJSON *y)
{
    for (const cJSON *p = x->child, *q = y->child; p && q; p = p->next, q = q->next)
        if (strcmp(element_identity(p), element_identity(q)) != 0)
            return true;
    return false;
}

/* " is now [a, b]" */
static const char *order_of(struct walk *w, const cJSON *list)
{
    cJSON *names = json_array(w->a);
    const cJSON *c;
    cJSON_ArrayForEach(c, list) json_add_str(w->a, names, element_identity(c));
    return arena_printf(w->a, " is now %s", diff_value(w, names));
}

static void walk_list(struct walk *w, const char *path, const cJSON *x, const cJSON *y)
{
    int i = 0, before = w->count + w->left_out;
    bool by_name = all_named(x) && all_named(y);
    for (const cJSON *c = x->child; c; c = c->next, i++)
        diff_nodes(w, item_path(w, path, c, i, by_name), c, partner(y, c, i, by_name));
    i = 0;
    for (const cJSON *c = y->child; c; c = c->next, i++)
        if (!partner(x, c, i, by_name))
            diff_nodes(w, item_path(w, path, c, i, by_name), NULL, c);
    bool same = before == w->count + w->left_out;
    if (by_name && (same || w->rows) && order_moved(x, y)) {
        const char *order = w->rows ? order_of(w, y) : "";
        add_diff_line(w, path, "", order,
                      arena_printf(w->a, "~ %s: order of the elements%s", path, order));
    }
}

/* Both are there. */
static void walk_both(struct walk *w, const char *path, const cJSON *x, const cJSON *y)
{
    if (cJSON_IsObject(x) && cJSON_IsObject(y))
        diff_objects(w, path, x, y);
    else if (cJSON_IsArray(x) && cJSON_IsArray(y))
        walk_list(w, path, x, y);
    else if (!json_equal(x, y))
        add_difference(w, *path ? path : "(all)", diff_value(w, x), diff_value(w, y));
    else if (w->rows)
        add_unchanged(w, path, y);
}

static void diff_nodes(struct walk *w, const char *path, const cJSON *x, const cJSON *y)
{
    bool no_x = !x || absent(x), no_y = !y || absent(y);
    const char *at = *path ? path : "(all)";
    if (no_x && no_y)
        return;
    if (no_x)
        add_difference(w, at, NULL, diff_value(w, y));
    else if (no_y)
        add_difference(w, at, diff_value(w, x), NULL);
    else
        walk_both(w, path, x, y);
}

/* A create or a delete is shown member by member, not as one long line. */
static void walk_root(struct walk *w, const cJSON *x, const cJSON *y)
{
    cJSON *nothing = json_object(w->a);
    if (absent(x) && cJSON_IsObject(y))
        diff_objects(w, "", nothing, y);
    else if (absent(y) && cJSON_IsObject(x))
        diff_objects(w, "", x, nothing);
    else
        diff_nodes(w, "", x, y);
}

cJSON *diff_lines(struct arena *a, const cJSON *before, const cJSON *after, int max_lines)
{
    struct walk w = { .a = a, .lines = json_array(a), .max = max_lines };
    walk_root(&w, before, after);
    if (w.left_out)
        json_add_str(a, w.lines, arena_printf(a, "… and %d more", w.left_out));
    return w.lines;
}

cJSON *diff_rows(struct arena *a, const cJSON *before, const cJSON *after, int stays)
{
    struct walk w = {
        .a = a, .lines = json_array(a), .max = INT_MAX, .rows = true, .stays = stays
    };
    walk_root(&w, before, after);
    return w.lines;
}
