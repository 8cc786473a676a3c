/* json_split.c - elements of one array out of a JSON text that arrives in pieces.
 *
 * A scanner that knows strings, nesting and the separators of the root level and of the array.
 * One element at a time is collected and handed over as text; its inside is judged by whoever
 * parses it. The rest of the root object is collected too and parsed in the end, so it is strict.
 *
 * States of the array: FIRST an element or ']' may come, ITEM an element must come (after ','), IN
 * inside an element.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include <stdint.h>

enum where { START, REST, FIRST, ITEM, IN, AFTER, BARE_END };

struct json_split {
    const char *at;
    json_element_fn *fn;
    void *arg;
    struct buf *element, *rest;
    size_t offset;
    enum where where;
    int depth; /* nesting inside the element, or inside the rest of the root object */
    bool in_string, escaped, stopped, bad, bare;
    bool key_next;       /* REST, depth 1: a string now is a member name */
    size_t key_from;     /* where in rest the last member name starts (its quote) */
    size_t key_to;       /* just behind its closing quote; 0: none yet */
    bool value_expected; /* REST, depth 1: the ':' was just seen */
};

enum { MAX_REST = 1 << 20 };

struct json_split *json_split_new(struct arena *a, const char *at, size_t max_element,
                                  json_element_fn *fn, void *arg)
{
    struct json_split *s = arena_make(a, struct json_split);
    s->at = at;
    s->fn = fn;
    s->arg = arg;
    s->element = buf_in(a, max_element);
    s->rest = buf_in(a, MAX_REST);
    return s;
}

static bool split_error(struct json_split *s, struct err *e, const char *what)
{
    s->bad = true;
    return err_set(e, ERR_PROTO, "not JSON at byte %zu: %s", s->offset, what);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* What one byte does to strings and nesting. Returns the change of depth. */
static int track(struct json_split *s, char c)
{
    if (s->in_string) {
        if (s->escaped)
            s->escaped = false;
        else if (c == '\\')
            s->escaped = true;
        else if (c == '"')
            s->in_string = false;
        return 0;
    }
    if (c == '"')
        s->in_string = true;
    return c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
}

static void close_array(struct json_split *s)
{
    s->where = s->bare ? BARE_END : REST;
    s->depth = 1;
    if (!s->bare)
        buf_char(s->rest, ']');
}

static bool start_element(struct json_split *s, char c, struct err *e)
{
    if (c == ',' || c == '}' || c == ':' || (c == ']' && s->where == ITEM))
        return split_error(s, e, "an element of the array expected");
    if (c == ']') {
        close_array(s);
        return true;
    }
    s->where = IN;
    s->depth = track(s, c);
    return buf_char(s->element, c) ? true : split_error(s, e, "an element is too large");
}

static bool end_element(struct json_split *s, char c)
{
    while (s->element->len && is_space(s->element->data[s->element->len - 1]))
        s->element->len--;
    s->element->data[s->element->len] = 0;
    s->stopped = !s->fn(s->arg, s->element->data, s->element->len);
    buf_reset(s->element);
    if (s->stopped)
        return false;
    s->where = ITEM;
    if (c == ']')
        close_array(s);
    return true;
}

/* What comes where an element may end (skip_element). */
static bool after_element(struct json_split *s, char c, struct err *e)
{
    return c == ',' || c == ']' ? end_element(s, c) : split_error(s, e, "a bracket closes nothing");
}

/* Is the member name just read the one that holds the array? Names with escapes never are. */
static bool key_matches(const struct json_split *s)
{
    size_t n = strlen(s->at);
    return s->key_to - s->key_from == n + 2 &&
           memcmp(s->rest->data + s->key_from + 1, s->at, n) == 0;
}

/* Root level of the object, a quote was just kept: is it the start or the end of a member name? */
static void follow_name(struct json_split *s)
{
    if (!s->key_next)
        return;
    if (s->in_string) {
        s->key_from = s->rest->len - 1;
        s->key_to = 0;
    } else {
        s->key_to = s->rest->len;
    }
}

/* Root level of the object, a byte outside of strings was just kept. */
static void follow_separator(struct json_split *s, char c)
{
    if (c == ',' || c == '{') {
        s->key_next = true;
        s->key_to = 0;
    }
    if (c == ':') {
        s->key_next = false;
        s->value_expected = true;
    }
}

/* Is c the '[' that opens the array? */
static bool opens_array(struct json_split *s, char c)
{
    if (!s->value_expected || is_space(c))
        return false;
    s->value_expected = false;
    return c == '[' && s->depth == 1 && s->key_to && key_matches(s);
}

static bool in_rest(struct json_split *s, char c, struct err *e)
{
    bool was_string = s->in_string;
    if (!buf_char(s->rest, c))
        return split_error(s, e, "the text beside the array is too large");
    if (opens_array(s, c)) {
        s->where = FIRST;
        return true;
    }
    s->depth += track(s, c);
    if (s->depth == 0)
        s->where = AFTER;
    else if (s->depth == 1 && was_string != s->in_string)
        follow_name(s);
    else if (s->depth == 1 && !was_string)
        follow_separator(s, c);
    return true;
}

static bool at_start(struct json_split *s, char c, struct err *e)
{
    if (c == '[') {
        s->bare = true;
        s->where = FIRST;
        return true;
    }
    if (c != '{' || !s->at)
        return split_error(s, e, s->at ? "an object or an array expected" : "an array expected");
    s->where = REST;
    return in_rest(s, c, e);
}

static bool split_char(struct json_split *s, char c, struct err *e)
{
    switch (s->where) {
    case REST:
        return in_rest(s, c, e);
    case IN:
        return after_element(s, c, e);
    case START:
        return is_space(c) || at_start(s, c, e);
    case FIRST:
    case ITEM:
        return is_space(c) || start_element(s, c, e);
    default:
        return is_space(c) || split_error(s, e, "text after the value");
    }
}

/* Past the rest of a string. */
static size_t skip_string(struct json_split *s, const char *bytes, size_t i, size_t n)
{
    if (s->escaped && i < n) {
        s->escaped = false;
        i++;
    }
    while (i < n && bytes[i] != '"') {
        s->escaped = bytes[i] == '\\' && i + 1 == n;
        i += bytes[i] == '\\' && i + 1 < n ? 2 : 1;
    }
    s->in_string = i == n;
    return i == n ? n : i + 1;
}

/* How many bytes from here on lie in the element: up to what may end it, or all of them. */
static size_t skip_element(struct json_split *s, const char *bytes, size_t n)
{
    static const bool edges[256] = {
        ['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true, [','] = true
    };
    size_t i = s->in_string ? skip_string(s, bytes, 0, n) : 0;
    for (; i < n; i++) {
        if (!edges[(unsigned char)bytes[i]])
            continue;
        if (bytes[i] == '"')
            i = skip_string(s, bytes, i + 1, n) - 1;
        else if (bytes[i] == '{' || bytes[i] == '[')
            s->depth++;
        else if (!s->depth)
            break;
        else if (bytes[i] != ',')
            s->depth--;
    }
    return i;
}

bool json_split_feed(struct json_split *s, const char *bytes, size_t n, struct err *e)
{
    if (s->bad || s->stopped)
        return false;
    for (size_t i = 0; i < n;) {
        size_t inside = s->where == IN ? skip_element(s, bytes + i, n - i) : 0;
        if (inside && !buf_add(s->element, bytes + i, inside))
            return split_error(s, e, "an element is too large");
        i += inside;
        s->offset += inside;
        if (i == n)
            break;
        if (!split_char(s, bytes[i], e))
            return false;
        i++;
        s->offset++;
    }
    return true;
}

bool json_split_end(struct json_split *s, struct err *e)
{
    if (s->bad || s->stopped)
        return false;
    if (s->where != AFTER && s->where != BARE_END)
        return split_error(s, e, "the text ends too early");
    if (s->bare)
        return true;
    struct arena *a = arena_new();
    bool whole = json_parse(a, s->rest->data, s->rest->len, e) != NULL;
    arena_free(a);
    s->bad = !whole;
    return whole;
}

bool json_split_stopped(const struct json_split *s)
{
    return s->stopped;
}

cJSON *json_split_rest(struct json_split *s, struct arena *a)
{
    if (s->bare || s->where != AFTER)
        return json_object(a);
    cJSON *root = json_parse(a, s->rest->data, s->rest->len, NULL);
    if (!root)
        return json_object(a);
    cJSON *array = s->at ? json_get(root, s->at) : NULL;
    if (cJSON_IsArray(array))
        json_detach(root, array);
    return root;
}
