/* json_parse.c - strict RFC 8259 text to nodes in an arena.
 *
 * A recursive reader with a depth ceiling. Every mistake is reported with its byte offset. Of a key
 * that occurs twice the last value counts, in the first one's place, as the console's own parser
 * has it: so nobody can show one value to a check and another to what acts on it.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_node_private.h"
#include "base/utf8.h"
#include <math.h>

struct reader {
    struct arena *a;
    const char *text, *at, *end;
    struct err *e;
    int depth;
    size_t left;       /* values that may still come */
    const char *twice; /* the first key that was met again in its object */
};

/* A node costs 64 bytes, a value two or three of text: past the size where that matters, a text may
 * hold one value in so many bytes, which keeps the tree below 16 times the text. */
enum { NUMBER_MAX = 1000, FREE_SIZE = 256 * 1024, BYTES_A_VALUE = 6 };

static cJSON *parse_value(struct reader *r);

static void *parse_error(struct reader *r, const char *at, const char *what)
{
    err_set(r->e, ERR_PROTO, "not JSON at byte %zu: %s", (size_t)(at - r->text), what);
    return NULL;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool take_char(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool skip_digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > start;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool number_shape(struct reader *r, bool *integer)
{
    take_char(r, '-');
    if (!take_char(r, '0') && !skip_digits(r))
        return false;
    *integer = true;
    if (take_char(r, '.')) {
        *integer = false;
        if (!skip_digits(r))
            return false;
    }
    if (take_char(r, 'e') || take_char(r, 'E')) {
        *integer = false;
        if (!take_char(r, '+'))
            take_char(r, '-');
        return skip_digits(r);
    }
    return true;
}

/* Would printing the double give another number than the text says? */
static bool is_inexact(const char *text, double value, bool integer)
{
    static const double exact_up_to = 9007199254740992.0; /* 2^53, which 2^53 + 1 rounds to */
    if (!isfinite(value))
        return true;
    if (!integer || fabs(value) < exact_up_to)
        return false;
    return fabs(value) > exact_up_to || strcmp(text + (*text == '-'), "9007199254740992") != 0;
}

static cJSON *read_number(struct reader *r)
{
    const char *start = r->at;
    bool integer;
    if (!number_shape(r, &integer))
        return parse_error(r, start, "a number is malformed");
    size_t n = (size_t)(r->at - start);
    char text[NUMBER_MAX + 1];
    if (n > NUMBER_MAX)
        return parse_error(r, start, "a number has more than 1000 characters");
    memcpy(text, start, n);
    text[n] = '\0';
    cJSON *node = json_node(r->a, cJSON_Number);
    double value = strtod(text, NULL);
    json_node_set_number(node, value);
    if (is_inexact(text, value, integer))
        node->valuestring = arena_strndup(r->a, start, n);
    return node;
}

static int hex4(const char *s)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        static const char alphabet[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = s[i] ? strchr(alphabet, s[i]) : NULL;
        if (!digit)
            return -1;
        value = value << 4 | (int)((digit - alphabet) & 15);
    }
    return value;
}

/* "\uXXXX" with r->at behind the u; a pair of surrogates counts as one character. 0: malformed. */
static uint32_t read_escape_point(struct reader *r)
{
    int high = r->end - r->at >= 4 ? hex4(r->at) : -1;
    if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    r->at += 4;
    if (high < 0xd800 || high > 0xdbff)
        return (uint32_t)high;
    int low = r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u' ? hex4(r->at + 2) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    r->at += 6;
    return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/* One escape with r->at behind the backslash; its bytes are appended at out. NULL: malformed. */
static char *read_escape(struct reader *r, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *start = r->at - 1;
    char c = r->at < r->end ? *r->at++ : 0;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        *out = to[known - from];
        return out + 1;
    }
    if (c != 'u')
        return parse_error(r, start, "an escape in a string is unknown");
    uint32_t point = read_escape_point(r);
    if (!point)
        return parse_error(r, start, "\\u needs four hex digits, not 0000, surrogates in pairs");
    return out + utf8_put(out, point);
}

/* The length of plain characters at s: no quote, backslash, control character. */
static size_t plain_run(const char *s, const char *end)
{
    const char *start = s;
    for (size_t size = 1; size; s += size) {
        s += utf8_plain(s, (size_t)(end - s));
        size = s < end && (unsigned char)*s >= 0x80 ? utf8_size(s, (size_t)(end - s)) : 0;
    }
    return (size_t)(s - start);
}

/* Behind the opening quote: how many bytes the string has at most (an upper bound for its text). */
static size_t string_bound(const struct reader *r)
{
    const char *s = r->at;
    while (s < r->end && *s != '"')
        s += *s == '\\' && r->end - s > 1 ? 2 : 1;
    return (size_t)(s - r->at);
}

static char *parse_string(struct reader *r)
{
    size_t n = plain_run(r->at, r->end);
    if (n < (size_t)(r->end - r->at) && r->at[n] == '"') { /* as most are */
        r->at += n + 1;
        return arena_strndup(r->a, r->at - n - 1, n);
    }
    char *text = arena_alloc(r->a, string_bound(r) + 1), *out = text;
    for (;; n = plain_run(r->at, r->end)) {
        memcpy(out, r->at, n);
        out += n;
        r->at += n;
        if (r->at == r->end)
            return parse_error(r, r->at, "a string does not end");
        char c = *r->at;
        if (c == '"') {
            r->at++;
            return text;
        }
        if (c != '\\')
            return parse_error(r, r->at,
                               (unsigned char)c < 0x20 ? "a control character in a string"
                                                       : "a string is not valid UTF-8");
        r->at++;
        out = read_escape(r, out);
        if (!out)
            return NULL;
    }
}

static cJSON *read_string(struct reader *r)
{
    r->at++;
    char *text = parse_string(r);
    if (!text)
        return NULL;
    cJSON *node = json_node(r->a, cJSON_String);
    node->valuestring = text;
    return node;
}

static cJSON *read_array(struct reader *r)
{
    cJSON *array = json_node(r->a, cJSON_Array);
    r->at++;
    skip_space(r);
    if (take_char(r, ']'))
        return array;
    for (;;) {
        cJSON *item = parse_value(r);
        if (!item)
            return NULL;
        json_node_append(array, item);
        if (take_char(r, ']'))
            return array;
        if (!take_char(r, ','))
            return parse_error(r, r->at, "',' or ']' expected");
    }
}

struct key {
    cJSON *item;
    int place;
};

static int by_key_and_place(const void *x, const void *y)
{
    const struct key *l = x, *r = y;
    int order = strcmp(l->item->string, r->item->string);
    return order ? order : l->place - r->place;
}

static struct key *sorted_keys(struct arena *a, const cJSON *object, int n)
{
    struct key *keys = arena_array(a, struct key, n);
    int i = 0;
    for (cJSON *m = object->child; m; m = m->next, i++)
        keys[i] = (struct key){ m, i };
    qsort(keys, (size_t)n, sizeof *keys, by_key_and_place);
    return keys;
}

const cJSON *json_node_double(struct arena *a, const cJSON *object, int n)
{
    if (n > 32) {
        const struct key *keys = sorted_keys(a, object, n);
        for (int i = 1; i < n; i++)
            if (strcmp(keys[i].item->string, keys[i - 1].item->string) == 0)
                return keys[i].item;
        return NULL;
    }
    for (const cJSON *m = object->child; m; m = m->next)
        for (const cJSON *later = m->next; later; later = later->next)
            if (*m->string == *later->string && strcmp(m->string, later->string) == 0)
                return later;
    return NULL;
}

/* Of each run of equal keys the last item moves to the place of the first, the rest go. */
static void drop_doubles(struct reader *r, cJSON *object, int n)
{
    struct key *keys = sorted_keys(r->a, object, n);
    for (int first = 0, last; first < n; first = last + 1) {
        last = first;
        while (last + 1 < n && strcmp(keys[last + 1].item->string, keys[first].item->string) == 0)
            json_detach(object, keys[++last].item);
        if (last > first)
            json_node_replace(object, keys[first].item, keys[last].item);
    }
}

static cJSON *close_object(struct reader *r, cJSON *object, int n)
{
    if (n > JSON_MAX_MEMBERS)
        return parse_error(r, r->at, "an object has too many members");
    const cJSON *again = json_node_double(r->a, object, n);
    if (!again)
        return object;
    if (!r->twice)
        r->twice = again->string;
    drop_doubles(r, object, n);
    return object;
}

static cJSON *parse_member(struct reader *r)
{
    skip_space(r);
    if (!take_char(r, '"'))
        return parse_error(r, r->at, "a member name expected");
    char *key = parse_string(r);
    if (!key)
        return NULL;
    skip_space(r);
    if (!take_char(r, ':'))
        return parse_error(r, r->at, "':' expected");
    cJSON *item = parse_value(r);
    if (item)
        item->string = key;
    return item;
}

static cJSON *parse_object(struct reader *r)
{
    cJSON *object = json_node(r->a, cJSON_Object);
    r->at++;
    skip_space(r);
    if (take_char(r, '}'))
        return object;
    for (int n = 1;; n++) {
        cJSON *item = parse_member(r);
        if (!item)
            return NULL;
        json_node_append(object, item);
        if (take_char(r, '}'))
            return close_object(r, object, n);
        if (!take_char(r, ','))
            return parse_error(r, r->at, "',' or '}' expected");
    }
}

static cJSON *read_word(struct reader *r)
{
    static const struct {
        const char *word;
        int type;
    } words[] = { { "true", cJSON_True }, { "false", cJSON_False }, { "null", cJSON_NULL } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if ((size_t)(r->end - r->at) < n || memcmp(r->at, words[i].word, n) != 0)
            continue;
        r->at += n;
        cJSON *node = json_node(r->a, words[i].type);
        node->valueint = words[i].type == cJSON_True;
        return node;
    }
    return parse_error(r, r->at, r->at == r->end ? "the text ends too early" : "a value expected");
}

static cJSON *parse_nested(struct reader *r)
{
    if (r->depth == JSON_MAX_DEPTH)
        return parse_error(r, r->at, "nested too deeply");
    r->depth++;
    cJSON *node = *r->at == '{' ? parse_object(r) : read_array(r);
    r->depth--;
    return node;
}

/* A value and the space around it. */
static cJSON *parse_value(struct reader *r)
{
    skip_space(r);
    char c = r->at < r->end ? *r->at : 0;
    cJSON *node;
    if (r->left-- == 0)
        return parse_error(r, r->at, "too many small values for one text");
    if (c == '{' || c == '[')
        node = parse_nested(r);
    else if (c == '"')
        node = read_string(r);
    else if (c == '-' || (c >= '0' && c <= '9'))
        node = read_number(r);
    else
        node = read_word(r);
    skip_space(r);
    return node;
}

cJSON *json_parse_telling(struct arena *a, const char *text, size_t len, const char **twice,
                          struct err *e)
{
    struct reader r = { .a = a, .text = text, .at = text, .end = text + len, .e = e };
    r.left = len > FREE_SIZE ? len / BYTES_A_VALUE : SIZE_MAX;
    cJSON *root = parse_value(&r);
    if (root && r.at < r.end)
        return parse_error(&r, r.at, "text after the value");
    *twice = r.twice;
    return root;
}

cJSON *json_parse(struct arena *a, const char *text, size_t len, struct err *e)
{
    const char *twice;
    return json_parse_telling(a, text, len, &twice, e);
}
