/* field.c - one walk over a table of rows for each of its uses. A new type is one more row in
 * type_names and one more case in check_value and schema_bounds. */
#include "base/field.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/utf8.h"
#include <math.h>
#include <stdarg.h>

enum { SHOWN_MAX = 60, SENTENCE_MAX = 900, PATH_MAX_LEN = 256 };

const struct field a_string = { .type = STR };

static const char *const type_names[] = {
    [STR] = "string", [INT] = "integer", [NUM] = "number", [BOOL] = "boolean",
    [OBJ] = "object", [LIST] = "array",  [ANY] = NULL,
};

static bool has_bounds(const struct field *row)
{
    return row->min != 0 || row->max != 0;
}

/* -- checking ---------------------------------------------------------------------------------- */

struct check {
    struct buf said; /* every mistake, joined by "; " */
    char path[PATH_MAX_LEN];
    char first[PATH_MAX_LEN]; /* the path of the first mistake */
};

static void mistake(struct check *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void mistake(struct check *k, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t safe = 0;
    for (size_t n; text[safe] && (n = utf8_size(text + safe, strlen(text + safe))) > 0; safe += n) {
    }
    text[safe] = '\0'; /* snprintf may have cut a character */
    if (!k->said.len && !k->first[0])
        memcpy(k->first, k->path, sizeof k->first);
    buf_printf(&k->said, "%s%s%s%s", k->said.len ? "; " : "", k->path, k->path[0] ? ": " : "",
               text);
}

/* Appends ".name" or "[i]" to the path; returns the length to cut it back to. */
static size_t field_path_push(struct check *k, const char *name, int index)
{
    size_t n = strlen(k->path);
    if (name)
        snprintf(k->path + n, sizeof(k->path) - n, "%s%.100s", n ? "." : "", name);
    else
        snprintf(k->path + n, sizeof(k->path) - n, "[%d]", index);
    return n;
}

static void check_string(struct check *k, const struct field *row, const char *s)
{
    double n = (double)strlen(s);
    bool shown = !(row->flags & FIELD_SECRET) && n <= SHOWN_MAX; /* whole, or not at all */
    if (row->one_of && !text_has_word(row->one_of, s))
        mistake(k, "'%s' is not one of %s", shown ? s : "…", row->one_of);
    else if (has_bounds(row) && n < row->min)
        mistake(k, n == 0 ? "must not be empty" : "is shorter than %.0f bytes", row->min);
    else if (row->max > 0 && n > row->max)
        mistake(k, "%.0f bytes are more than %.0f", n, row->max);
}

static void check_number(struct check *k, const struct field *row, double n)
{
    if (row->type == INT && floor(n) != n)
        mistake(k, "%g is not a whole number", n);
    else if (has_bounds(row) && n < row->min)
        mistake(k, "%.15g is less than %.15g", n, row->min);
    else if (has_bounds(row) && n > row->max)
        mistake(k, "%.15g is more than %.15g", n, row->max);
}

static void check_members(struct check *k, const struct field *rows, const cJSON *value, bool open);
static void check_value(struct check *k, const struct field *row, const cJSON *value);

static void check_list(struct check *k, const struct field *row, const cJSON *value)
{
    int n = json_count(value);
    if (has_bounds(row) && n < row->min)
        mistake(k, "needs at least %.0f item(s)", row->min);
    if (row->max > 0 && n > row->max)
        mistake(k, "%d items are more than %.0f", n, row->max);
    int i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        size_t cut = field_path_push(k, NULL, i++);
        if (row->of)
            check_value(k, row->of, item);
        k->path[cut] = '\0';
    }
}

static const char *json_type_name(const cJSON *v)
{
    if (cJSON_IsString(v))
        return "a string";
    if (cJSON_IsNumber(v))
        return "a number";
    if (cJSON_IsBool(v))
        return "a boolean";
    if (cJSON_IsArray(v))
        return "an array";
    return cJSON_IsObject(v) ? "an object" : "null";
}

bool field_type_fits(enum field_type type, const cJSON *v)
{
    switch (type) {
    case STR:
        return cJSON_IsString(v);
    case INT:
    case NUM:
        return cJSON_IsNumber(v);
    case BOOL:
        return cJSON_IsBool(v);
    case OBJ:
        return cJSON_IsObject(v);
    case LIST:
        return cJSON_IsArray(v);
    default:
        return true;
    }
}

static void check_value(struct check *k, const struct field *row, const cJSON *value)
{
    if (!field_type_fits(row->type, value)) {
        mistake(k, "is %s, must be %s", json_type_name(value), type_names[row->type]);
        return;
    }
    if (row->type == STR)
        check_string(k, row, value->valuestring);
    else if (row->type == INT || row->type == NUM)
        check_number(k, row, value->valuedouble);
    else if (row->type == LIST)
        check_list(k, row, value);
    else if (row->type == OBJ && row->of)
        check_members(k, row->of, value, row->flags & FIELD_OPEN);
}

static const struct field *row_named(const struct field *rows, const char *name)
{
    for (; rows && rows->type; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

static void unknown_member(struct check *k, const struct field *rows, const char *name)
{
    struct buf names;
    size_t cut = strlen(k->path);
    buf_init(&names, 800);
    for (const struct field *row = rows; row && row->type; row++)
        buf_printf(&names, "%s%s", row == rows ? "" : ", ", row->name);
    if (!k->said.len) { /* the sentence speaks of the object, the path of its member */
        field_path_push(k, name, 0);
        memcpy(k->first, k->path, sizeof k->first);
        k->path[cut] = '\0';
    }
    mistake(k, "unknown field '%.60s'; known are: %s%s", name, names.len ? names.data : "none",
            names.over ? ", …" : "");
    buf_free(&names);
}

static void check_members(struct check *k, const struct field *rows, const cJSON *value, bool open)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, value)
    {
        const struct field *row = row_named(rows, member->string);
        if (!row && !open)
            unknown_member(k, rows, member->string);
        if (!row)
            continue;
        size_t cut = field_path_push(k, member->string, 0);
        check_value(k, row, member);
        k->path[cut] = '\0';
    }
    for (const struct field *row = rows; row && row->type; row++) {
        if (row->need != REQ || json_get(value, row->name))
            continue;
        size_t cut = field_path_push(k, row->name, 0);
        mistake(k, "is required");
        k->path[cut] = '\0';
    }
}

bool field_check(const struct field *rows, const cJSON *value, struct err *e)
{
    struct check k = { 0 };
    buf_init(&k.said, SENTENCE_MAX);
    if (value && !cJSON_IsObject(value))
        mistake(&k, "is %s, must be object", json_type_name(value));
    else
        check_members(&k, rows, value, false);
    bool ok = k.said.len == 0 && !k.said.over;
    bool first = !ok && e && e->kind == ERR_NONE;
    if (!ok)
        err_set(e, ERR_ARGS, "%s%s", k.said.data, k.said.over ? "; …" : "");
    if (first)
        snprintf(e->path, sizeof e->path, "%.*s", (int)sizeof e->path - 1, k.first);
    buf_free(&k.said);
    return ok;
}

/* -- printing JSON Schema ------------------------------------------------------------------------
 */

static void schema_enum(struct buf *b, const char *choices)
{
    buf_str(b, ",\"enum\":[");
    for (const char *p = choices; p;) {
        const char *end = strchr(p, '|');
        buf_str(b, p == choices ? "" : ",");
        buf_json_string(b, p, end ? (size_t)(end - p) : strlen(p));
        p = end ? end + 1 : NULL;
    }
    buf_char(b, ']');
}

static void schema_bounds(struct buf *b, const struct field *row)
{
    static const struct {
        const char *least, *most;
        bool zero; /* a least of 0 says something */
    } words[] = {
        [STR] = { "minLength", "maxLength", false },
        [INT] = { "minimum", "maximum", true },
        [NUM] = { "minimum", "maximum", true },
        [LIST] = { "minItems", "maxItems", false },
    };
    if (row->flags & FIELD_BRIEF || !has_bounds(row) || row->type == BOOL || row->type == OBJ ||
        row->type == ANY)
        return;
    if (row->min != 0 || words[row->type].zero)
        buf_printf(b, ",\"%s\":%.15g", words[row->type].least, row->min);
    if (row->max != 0)
        buf_printf(b, ",\"%s\":%.15g", words[row->type].most, row->max);
}

static void schema_object(struct buf *b, const struct field *rows, bool open);

/* start: where the schema began, to know whether a comma is due. */
static void schema_words(struct buf *b, const struct field *row, size_t start)
{
    if (row->about) {
        buf_str(b, b->len > start ? ",\"description\":" : "\"description\":");
        buf_json_string(b, row->about, strlen(row->about));
    }
    if (row->otherwise && !(row->flags & FIELD_BRIEF))
        buf_printf(b, "%s\"default\":%s", b->len > start ? "," : "", row->otherwise);
    if (row->header)
        buf_printf(b, ",\"x-mcp-header\":\"%s\"", row->header);
}

static void schema_value(struct buf *b, const struct field *row, bool open)
{
    buf_char(b, '{');
    size_t start = b->len;
    if (row->type == OBJ && row->of)
        schema_object(b, row->of, open || row->flags & FIELD_OPEN);
    else if (type_names[row->type])
        buf_printf(b, "\"type\":\"%s\"", type_names[row->type]);
    if (row->type == LIST && row->of) {
        buf_str(b, ",\"items\":");
        schema_value(b, row->of, open);
    }
    if (row->one_of && !(row->flags & FIELD_BRIEF))
        schema_enum(b, row->one_of);
    schema_bounds(b, row);
    schema_words(b, row, start);
    buf_char(b, '}');
}

/* The members of an object schema, without the braces. Where others are welcome, those that may be
 * missing are not told: a model pays for each. */
static void schema_object(struct buf *b, const struct field *rows, bool open)
{
    buf_str(b, "\"type\":\"object\"");
    if (rows && rows->type) {
        const char *comma = "";
        buf_str(b, ",\"properties\":{");
        for (const struct field *row = rows; row->type; row++) {
            if (open && row->need != REQ)
                continue;
            buf_str(b, comma);
            comma = ",";
            buf_json_string(b, row->name, strlen(row->name));
            buf_char(b, ':');
            schema_value(b, row, open);
        }
        buf_char(b, '}');
    }
    const char *before = ",\"required\":[";
    for (const struct field *row = rows; row && row->type; row++) {
        if (row->need != REQ)
            continue;
        buf_str(b, before);
        buf_json_string(b, row->name, strlen(row->name));
        before = ",";
    }
    if (before[1] == '\0')
        buf_char(b, ']');
    if (!open)
        buf_str(b, ",\"additionalProperties\":false");
}

bool field_schema(struct buf *b, const struct field *rows, bool open)
{
    buf_char(b, '{');
    schema_object(b, rows, open);
    buf_char(b, '}');
    return !b->over;
}

/* -- masking ----------------------------------------------------------------------------------- */

static void mask_value(struct arena *a, const struct field *row, cJSON *value)
{
    cJSON *item;
    if (row->type == OBJ && row->of)
        field_mask(a, row->of, value);
    if (row->type == LIST && row->of)
        cJSON_ArrayForEach(item, value) mask_value(a, row->of, item);
}

void field_mask(struct arena *a, const struct field *rows, cJSON *value)
{
    for (const struct field *row = rows; row && row->type; row++) {
        cJSON *member = json_get(value, row->name);
        if (!member)
            continue;
        if (!(row->flags & FIELD_SECRET)) {
            mask_value(a, row, member);
            continue;
        }
        const char *text = cJSON_IsString(member) ? member->valuestring : json_print(a, member);
        if (!cJSON_IsNull(member))
            json_set_str(a, value, row->name, secret_mask(a, text));
    }
}
