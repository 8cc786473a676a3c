/* schema.c - one walk over a plugin's schema for each of its uses. */
#include "rule/schema.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "mask/mask.h"
#include <math.h>

enum { UNKNOWN_MAX = 8, LINE_MAX = 400, TEXT_MAX = 140 };

const cJSON *schema_of(const cJSON *answer)
{
    const cJSON *schema = json_get(answer, "schema"), *plain = json_get(schema, "jsonSchema");
    const cJSON *use = cJSON_IsObject(plain) ? plain : schema;
    return json_count(json_get(use, "properties")) > 0 ? use : NULL;
}

/* -- checking ---------------------------------------------------------------------------------- */

struct walk {
    struct arena *a;
    bool needed;
    struct err *e;
};

static bool type_fits(const cJSON *v, const char *type)
{
    if (!strcmp(type, "string"))
        return cJSON_IsString(v);
    if (!strcmp(type, "integer") || !strcmp(type, "number"))
        return cJSON_IsNumber(v) &&
               (strcmp(type, "integer") != 0 || floor(v->valuedouble) == v->valuedouble);
    if (!strcmp(type, "boolean"))
        return cJSON_IsBool(v);
    if (!strcmp(type, "array"))
        return cJSON_IsArray(v);
    return strcmp(type, "object") != 0 || cJSON_IsObject(v);
}

/* What was given; not under a name that says it is secret, and of trees only the type. */
static const char *value_shown(struct arena *a, const cJSON *v, const char *where)
{
    const char *dot = strrchr(where, '.');
    if (mask_name_is_secret(dot ? dot + 1 : where))
        return "the value";
    if (v->child)
        return cJSON_IsArray(v) ? "a list" : "an object";
    const char *whole = json_print(a, v), *clean = text_clean(a, whole, 60);
    return strcmp(whole, clean) ? "the value" : clean; /* whole: verify.c hides secrets in it */
}

static bool choice(const struct walk *w, const cJSON *schema, const cJSON *v, const char *where)
{
    const cJSON *choices = json_get(schema, "enum"), *m;
    if (!cJSON_IsArray(choices) || json_count(choices) == 0)
        return true;
    cJSON_ArrayForEach(m, choices)
    {
        if (json_equal(m, v))
            return true;
    }
    return err_set(w->e, ERR_ARGS, "%s: %s is not one of %s", where, value_shown(w->a, v, where),
                   text_clean(w->a, json_print(w->a, choices), 200));
}

static bool check_bounds(const struct walk *w, const cJSON *schema, const cJSON *v,
                         const char *where)
{
    double least = json_num(schema, "minimum", -INFINITY);
    double most = json_num(schema, "maximum", INFINITY);
    if (cJSON_IsNumber(v) && v->valuedouble < least)
        return err_set(w->e, ERR_ARGS, "%s: %g is less than %g", where, v->valuedouble, least);
    if (cJSON_IsNumber(v) && v->valuedouble > most)
        return err_set(w->e, ERR_ARGS, "%s: %g is more than %g", where, v->valuedouble, most);
    double items = json_num(schema, "minItems", 0);
    if (cJSON_IsArray(v) && json_count(v) < items)
        return err_set(w->e, ERR_ARGS, "%s: needs at least %g item(s)", where, items);
    return true;
}

static bool required(const struct walk *w, const cJSON *schema, const cJSON *v, const char *where)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(schema, "required"))
    {
        if (w->needed && cJSON_IsString(m) && !json_get(v, m->valuestring))
            return err_set(w->e, ERR_ARGS, "%s.%s: is required", where, m->valuestring);
    }
    return true;
}

static bool schema_value_fits(const struct walk *w, const cJSON *schema, const cJSON *v,
                              const char *where);

static bool members_fit(const struct walk *w, const cJSON *schema, const cJSON *v,
                        const char *where)
{
    const cJSON *m, *properties = json_get(schema, "properties"), *items;
    int i = 0;
    if (cJSON_IsArray(v)) {
        items = json_get(schema, "items");
        cJSON_ArrayForEach(m, v)
        {
            if (cJSON_IsObject(items) &&
                !schema_value_fits(w, items, m, arena_printf(w->a, "%s[%d]", where, i++)))
                return false;
        }
        return true;
    }
    if (!cJSON_IsObject(v))
        return true;
    cJSON_ArrayForEach(m, v)
    {
        const cJSON *of = json_get(properties, m->string);
        if (of && !schema_value_fits(w, of, m, arena_printf(w->a, "%s.%s", where, m->string)))
            return false;
    }
    return required(w, schema, v, where);
}

static bool schema_value_fits(const struct walk *w, const cJSON *schema, const cJSON *v,
                              const char *where)
{
    const char *type = json_str(schema, "type");
    if (cJSON_IsNull(v))
        return true;
    if (type && !type_fits(v, type))
        return err_set(w->e, ERR_ARGS, "%s: %s is no %s", where, value_shown(w->a, v, where), type);
    return choice(w, schema, v, where) && check_bounds(w, schema, v, where) &&
           members_fit(w, schema, v, where);
}

bool schema_check(struct arena *a, const cJSON *schema, const cJSON *value, const char *where,
                  bool needed, struct err *e)
{
    struct walk w = { a, needed, e };
    return schema_value_fits(&w, schema, value, where);
}

/* -- what the schema does not know ------------------------------------------------------------- */

static void find_unknown_members(struct arena *a, const cJSON *schema, const cJSON *v,
                                 const char *where, cJSON *out)
{
    const cJSON *properties = json_get(schema, "properties"), *m;
    int i = 0;
    for (m = v ? v->child : NULL; m && json_count(out) < UNKNOWN_MAX; m = m->next) {
        const cJSON *of =
            cJSON_IsArray(v) ? json_get(schema, "items") : json_get(properties, m->string);
        char *at = cJSON_IsArray(v) ? arena_printf(a, "%s[%d]", where, i++)
                                    : arena_printf(a, "%s.%s", where, m->string);
        if (of)
            find_unknown_members(a, of, m, at, out);
        else if (cJSON_IsObject(v) && json_count(properties) > 0)
            json_add_str(a, out, text_clean(a, at, 100));
    }
}

cJSON *schema_unknown(struct arena *a, const cJSON *schema, const cJSON *value, const char *where)
{
    cJSON *out = json_array(a);
    find_unknown_members(a, schema, value, where, out);
    return out;
}

/* -- lines ------------------------------------------------------------------------------------- */

/* English where there is any. */
static const char *schema_sentence(const cJSON *schema)
{
    static const char *const from[] = { "x-description-i18n", "x-title-i18n" };
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        if (json_str(json_get(schema, from[i]), "en-US"))
            return json_str(json_get(schema, from[i]), "en-US");
    const char *text = json_str(schema, "description");
    return text ? text : json_str(schema, "title");
}

static void add_schema_line(struct arena *a, const cJSON *schema, const char *path, bool needed,
                            cJSON *lines)
{
    static const char *const facts[] = { "enum",     "minimum", "maximum",
                                         "minItems", "pattern", "default" };
    struct buf *b = buf_in(a, LINE_MAX);
    const char *type = json_str(schema, "type"), *said = schema_sentence(schema);
    buf_printf(b, "%s: %s%s", path, type ? text_clean(a, type, 20) : "any",
               needed ? ", required" : "");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const cJSON *m = json_get(schema, facts[i]);
        if (m && !cJSON_IsNull(m))
            buf_printf(b, ", %s %s", facts[i], text_clean(a, json_print(a, m), 120));
    }
    if (said)
        buf_printf(b, ". %s", text_clean(a, said, TEXT_MAX));
    json_add_str(a, lines, b->data);
}

static void walk_lines(struct arena *a, const cJSON *schema, const char *path, cJSON *lines)
{
    const cJSON *m;
    while (cJSON_IsObject(json_get(schema, "items"))) {
        schema = json_get(schema, "items");
        path = arena_printf(a, "%s[]", path);
    }
    cJSON_ArrayForEach(m, json_get(schema, "properties"))
    {
        char *at = arena_printf(a, "%s%s%s", path, *path ? "." : "", m->string);
        add_schema_line(a, m, text_clean(a, at, 120),
                        json_find_text(json_get(schema, "required"), m->string), lines);
        walk_lines(a, m, at, lines);
    }
}

void schema_lines(struct arena *a, const cJSON *schema, cJSON *lines)
{
    walk_lines(a, schema, "", lines);
}
