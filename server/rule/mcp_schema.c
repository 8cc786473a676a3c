/* mcp_schema.c - the input schemas of tools, as the plugin compiles them from 2.2.4 on: a few words
 * of JSON Schema, at every depth. One that it does not take refuses the whole server. */
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/mcp_text_private.h"
#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 64, ENUM_MAX = 256 };
static const char words[] = "type|properties|required|enum|items|additionalProperties|description|"
                            "default|examples";
static const char types[] = "object|array|string|number|integer|boolean|null";

static bool is_schema_type(const cJSON *v, const char *type)
{
    if (!strcmp(type, "string"))
        return cJSON_IsString(v);
    if (!strcmp(type, "boolean"))
        return cJSON_IsBool(v);
    if (!strcmp(type, "null"))
        return cJSON_IsNull(v);
    return cJSON_IsNumber(v) &&
           (strcmp(type, "integer") != 0 || floor(v->valuedouble) == v->valuedouble);
}

static bool has_equal_elements(const cJSON *list)
{
    const cJSON *x, *y;
    cJSON_ArrayForEach(x, list) for (y = x->next; y; y = y->next) if (json_equal(x, y)) return true;
    return false;
}

static void look_at_enum(struct look *l, const cJSON *list, const char *type, const char *path)
{
    const cJSON *v;
    int n = json_count(list);
    if (!list)
        return;
    if (!cJSON_IsArray(list) || n == 0 || n > ENUM_MAX) {
        look_say(l, path, "must be a list of 1 to %d values", ENUM_MAX);
        return;
    }
    if (!type || text_has_word("object|array", type)) {
        look_say(l, path, "needs the type of one value: string, number, integer or boolean");
        return;
    }
    cJSON_ArrayForEach(v, list)
    {
        if (!is_schema_type(v, type)) {
            look_say(l, path, "holds a value that is no %s, its type", look_name(l, type));
            return;
        }
    }
    if (has_equal_elements(list))
        look_say(l, path, "holds a value twice");
}

static void look_at_schema(struct look *l, const cJSON *schema, const char *path, int depth);

static void look_at_properties(struct look *l, const cJSON *properties, const char *path, int depth)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, properties)
        look_at_schema(l, p, look_place(l, "%s.%s", path, look_name(l, p->string)), depth);
}

static void look_at_schema(struct look *l, const cJSON *schema, const char *path, int depth)
{
    const char *type = json_str(schema, "type");
    const cJSON *m;
    if (!cJSON_IsObject(schema)) {
        look_say(l, path, "is no object with a type");
        return;
    }
    if (depth > DEPTH_MAX) {
        look_say(l, path, "lies deeper than %d levels", DEPTH_MAX);
        return;
    }
    cJSON_ArrayForEach(m, json_members(schema))
    {
        if (!text_has_word(words, m->string))
            look_say(l, path, "has the keyword '%s'", look_name(l, m->string));
    }
    if (json_get(schema, "type") && (!type || !text_has_word(types, type)))
        look_say(l, path, "has the type '%s'", look_name(l, type));
    look_at_enum(l, json_get(schema, "enum"), type, look_place(l, "%s.enum", path));
    look_at_properties(l, json_get(schema, "properties"), look_place(l, "%s.properties", path),
                       depth + 1);
    if (json_get(schema, "items"))
        look_at_schema(l, json_get(schema, "items"), look_place(l, "%s.items", path), depth + 1);
    if (cJSON_IsObject(json_get(schema, "additionalProperties")))
        look_at_schema(l, json_get(schema, "additionalProperties"),
                       look_place(l, "%s.additionalProperties", path), depth + 1);
}

/* An argument is no schema itself: the plugin makes one of these members. */
static void look_at_arg(struct look *l, const cJSON *arg, const char *path)
{
    const char *type = json_str(arg, "type");
    type = type && *type ? type : "string";
    if (!text_has_word(types, type))
        look_say(l, path, "has the type '%s'", look_name(l, type));
    if (json_count(json_get(arg, "enum")) > 0)
        look_at_enum(l, json_get(arg, "enum"), type, look_place(l, "%s.enum", path));
    if (!strcmp(type, "object") && json_get(arg, "properties"))
        look_at_properties(l, json_get(arg, "properties"), look_place(l, "%s.properties", path), 2);
    if (!strcmp(type, "array") && json_get(arg, "items"))
        look_at_schema(l, json_get(arg, "items"), look_place(l, "%s.items", path), 2);
}

void mcp_look_schemas(struct look *l)
{
    const cJSON *tool, *arg;
    int i = 0;
    cJSON_ArrayForEach(tool, json_get(l->tree, "tools"))
    {
        bool legacy = json_true(tool, "legacyOnly");
        int k = 0;
        cJSON_ArrayForEach(arg, json_get(tool, "args"))
        {
            if (!legacy)
                look_at_arg(l, arg, look_place(l, "tools[%d].args[%d]", i, k));
            k++;
        }
        i++;
    }
}
