/* model.c - binds JSON to the console's shapes the way Jackson does.
 *
 * One small function a type, reached through a table. To add a type: add its enum row in model.h,
 * write a bind_… function, add it to binders[].
 */
#include "embedded/rest/model.h"

#include "base/arena.h"
#include "base/json.h"
#include "embedded/rest/java_text.h"

#include <limits.h>
#include <math.h>

const struct model_field model_a_string[] = { { "", M_STR }, { 0 } };
const struct model_field model_anything[] = { { "", M_ANY }, { 0 } };

static cJSON *bind_value(struct arena *a, const struct model_field *f, const cJSON *in);

static cJSON *bind_string(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    if (cJSON_IsString(in))
        return json_string(a, in->valuestring);
    if (cJSON_IsBool(in))
        return json_string(a, cJSON_IsTrue(in) ? "true" : "false");
    if (cJSON_IsNumber(in))
        return json_string(a, json_print(a, in));
    return NULL;
}

/* For a number or a boolean a text that says nothing, or "null", is null. */
static bool says_null(const char *trimmed_text)
{
    return !*trimmed_text || strcmp(trimmed_text, "null") == 0;
}

/* Text holding exactly one whole number. */
static bool text_to_number(const char *s, double *out)
{
    char *end;
    long long n = strtoll(s, &end, 10);
    *out = (double)n;
    return end != s && !*end;
}

static cJSON *bind_integer(struct arena *a, const cJSON *in, double min, double max)
{
    double n;
    if (cJSON_IsString(in)) {
        const char *text = java_trim(a, in->valuestring);
        if (says_null(text))
            return json_null(a);
        if (!text_to_number(text, &n))
            return NULL;
    } else if (cJSON_IsNumber(in)) {
        n = trunc(in->valuedouble);
    } else {
        return NULL;
    }
    return n < min || n > max ? NULL : json_number(a, n);
}

static cJSON *bind_int(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    return bind_integer(a, in, INT_MIN, INT_MAX);
}

static cJSON *bind_long(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    return bind_integer(a, in, -9007199254740992.0, 9007199254740992.0);
}

static cJSON *bind_bool(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    if (cJSON_IsBool(in))
        return json_bool(a, cJSON_IsTrue(in));
    if (cJSON_IsNumber(in)) {
        bool whole = in->valuestring ? !strpbrk(in->valuestring, ".eE")
                                     : in->valuedouble == trunc(in->valuedouble);
        return whole ? json_bool(a, in->valuedouble != 0) : NULL;
    }
    if (!cJSON_IsString(in))
        return NULL;
    static const struct {
        const char *text;
        bool value;
    } words[] = { { "true", true },   { "True", true },   { "TRUE", true },
                  { "false", false }, { "False", false }, { "FALSE", false } };
    const char *text = java_trim(a, in->valuestring);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i].text) == 0)
            return json_bool(a, words[i].value);
    return says_null(text) ? json_null(a) : NULL;
}

/* Which of "A|B|C" it is; -1: none. */
static int constant_of(const char *one_of, const char *name)
{
    size_t len = strlen(name);
    int i = 0;
    for (const char *p = one_of; p; p = strchr(p, '|'), i++) {
        p += *p == '|';
        if (len && strcspn(p, "|") == len && memcmp(p, name, len) == 0)
            return i;
    }
    return -1;
}

/* A constant's name, or its number among them, which may be given as text. */
static cJSON *bind_enum(struct arena *a, const struct model_field *f, const cJSON *in)
{
    bool whole = cJSON_IsNumber(in) && (!in->valuestring || !strpbrk(in->valuestring, ".eE"));
    double number = whole ? in->valuedouble : -1;
    const char *text = cJSON_IsString(in) ? java_trim(a, in->valuestring) : "";
    if (*text >= '0' && *text <= '9' && !text_to_number(text, &number))
        return NULL;
    int named = constant_of(f->one_of, text), i = 0;
    for (const char *p = f->one_of; p; p = strchr(p, '|'), i++) {
        p += *p == '|';
        if (number == i || named == i)
            return json_stringn(a, p, strcspn(p, "|"));
    }
    return NULL;
}

static cJSON *bind_object(struct arena *a, const struct model_field *f, const cJSON *in)
{
    return cJSON_IsObject(in) ? model_bind(a, f->of, in) : NULL;
}

static cJSON *bind_model_list(struct arena *a, const struct model_field *f, const cJSON *in)
{
    if (!cJSON_IsArray(in))
        return NULL;
    cJSON *list = json_array(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, in)
    {
        cJSON *bound = bind_value(a, f->of, item);
        if (!bound)
            return NULL;
        json_add(a, list, bound);
    }
    return list;
}

static cJSON *bind_map(struct arena *a, const struct model_field *f, const cJSON *in)
{
    if (!cJSON_IsObject(in))
        return NULL;
    cJSON *map = json_object(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, in)
    {
        cJSON *bound = bind_value(a, f->of, item);
        if (!bound || (f->one_of && constant_of(f->one_of, item->string) < 0))
            return NULL;
        json_set(a, map, item->string, bound);
    }
    return map;
}

static bool has_shape(const char *s, const char *shape)
{
    for (; *s && *shape; s++, shape++) {
        bool digit = *s >= '0' && *s <= '9';
        if (*shape == '0' ? !digit : *s != *shape)
            return false;
    }
    return !*s && !*shape;
}

/* The two digits of a date there are within these bounds. */
static bool pair_within(const char *s, size_t at, int least, int most)
{
    int pair = 10 * (s[at] - '0') + s[at + 1] - '0';
    return pair >= least && pair <= most;
}

/* "2026/11/24 00:03:55Z": a day of 31 is one of every month. Blank: none. */
static cJSON *bind_date(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    if (!cJSON_IsString(in))
        return NULL;
    const char *text = java_trim(a, in->valuestring);
    if (!*text)
        return json_null(a);
    if (!has_shape(text, "0000/00/00 00:00:00Z") || !pair_within(text, 5, 1, 12) ||
        !pair_within(text, 8, 1, 31))
        return NULL;
    bool fits = pair_within(text, 11, 0, 23) && pair_within(text, 14, 0, 59) &&
                pair_within(text, 17, 0, 59);
    return fits ? json_string(a, text) : NULL;
}

/* A copy whose numbers are numbers again, without their spelling. */
static cJSON *plain_copy(struct arena *a, const cJSON *in)
{
    const char *text = json_print(a, in);
    return json_parse(a, text, strlen(text), NULL);
}

static cJSON *bind_any(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    return plain_copy(a, in);
}

static cJSON *bind_open(struct arena *a, const struct model_field *f, const cJSON *in)
{
    (void)f;
    return cJSON_IsObject(in) ? plain_copy(a, in) : NULL;
}

typedef cJSON *binder(struct arena *a, const struct model_field *f, const cJSON *in);

static binder *const binders[] = {
    [M_STR] = bind_string, [M_INT] = bind_int,    [M_LONG] = bind_long,       [M_BOOL] = bind_bool,
    [M_ENUM] = bind_enum,  [M_OBJ] = bind_object, [M_LIST] = bind_model_list, [M_MAP] = bind_map,
    [M_DATE] = bind_date,  [M_ANY] = bind_any,    [M_OPEN] = bind_open,
};

static cJSON *bind_value(struct arena *a, const struct model_field *f, const cJSON *in)
{
    return cJSON_IsNull(in) ? json_null(a) : binders[f->type](a, f, in);
}

static cJSON *default_value(struct arena *a, const struct model_field *f)
{
    return f->otherwise ? json_parse(a, f->otherwise, strlen(f->otherwise), NULL) : json_null(a);
}

/* Jackson reads each of several members of one name, and lets the last win. */
static cJSON *bind_model_member(struct arena *a, const struct model_field *f, const cJSON *object)
{
    cJSON *bound = NULL;
    const cJSON *item;
    bool given = false;
    cJSON_ArrayForEach(item, object)
    {
        if (strcmp(item->string, f->name) != 0)
            continue;
        given = true;
        bound = bind_value(a, f, item);
        if (!bound)
            return NULL;
    }
    return given ? bound : default_value(a, f);
}

cJSON *model_bind(struct arena *a, const struct model_field *rows, const cJSON *in)
{
    cJSON *out = json_object(a);
    for (const struct model_field *f = rows; f->name; f++) {
        cJSON *bound = bind_model_member(a, f, in);
        if (!bound)
            return NULL;
        json_put(out, f->name, bound);
    }
    return out;
}

cJSON *model_new(struct arena *a, const struct model_field *rows)
{
    cJSON *out = json_object(a);
    for (const struct model_field *f = rows; f->name; f++)
        json_put(out, f->name, default_value(a, f));
    return out;
}

cJSON *model_without_nulls(struct arena *a, const cJSON *node)
{
    if (cJSON_IsObject(node)) {
        cJSON *out = json_object(a);
        const cJSON *item;
        cJSON_ArrayForEach(item, node)
        {
            if (!cJSON_IsNull(item))
                json_set(a, out, item->string, model_without_nulls(a, item));
        }
        return out;
    }
    if (!cJSON_IsArray(node))
        return json_clone(a, node);
    cJSON *out = json_array(a);
    const cJSON *item;
    cJSON_ArrayForEach(item, node) json_add(a, out, model_without_nulls(a, item));
    return out;
}
