/* plugin_schema.c - the members below are those of the console's schema class, in its order. */
#include "base/arena.h"
#include "base/json.h"
#include "embedded/objects/plugin_catalog.h"
#include "embedded/objects/plugin_schema_private.h"
#include "embedded/objects/plugin_yaml_private.h"
#include <stdbool.h>

static const char *const members[] = {
    "title",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "required",
    "type",
    "not",
    "properties",
    "additionalProperties",
    "description",
    "format",
    "$ref",
    "nullable",
    "readOnly",
    "writeOnly",
    "example",
    "externalDocs",
    "deprecated",
    "xml",
    "extensions",
    "discriminator",
    "exampleSetFlag",
    "prefixItems",
    "allOf",
    "anyOf",
    "oneOf",
    "items",
    "types",
    "patternProperties",
    "exclusiveMaximumValue",
    "exclusiveMinimumValue",
    "contains",
    "$id",
    "$schema",
    "$anchor",
    "$vocabulary",
    "$dynamicAnchor",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "propertyNames",
    "unevaluatedProperties",
    "maxContains",
    "minContains",
    "additionalItems",
    "unevaluatedItems",
    "then",
    "dependentSchemas",
    "dependentRequired",
    "$comment",
    "examples",
    "booleanSchemaValue",
    "jsonSchema",
    "jsonSchemaImpl",
    "default",
    "enum",
    "if",
    "else",
    "const",
    NULL,
};

/* Members of a JSON Schema node that carry over as they are. */
static const char *const carried[] = {
    "title",         "multipleOf",
    "maximum",       "exclusiveMaximum",
    "minimum",       "exclusiveMinimum",
    "maxLength",     "minLength",
    "pattern",       "maxItems",
    "minItems",      "uniqueItems",
    "maxProperties", "minProperties",
    "type",          "description",
    "format",        "nullable",
    "readOnly",      "writeOnly",
    "example",       "deprecated",
    "examples",      "default",
    "enum",          NULL,
};
/* Members that are schemas themselves, and lists of such. */
static const char *const nested[] = { "not", "items", "additionalProperties", NULL };
static const char *const lists[] = { "allOf", "anyOf", "oneOf", NULL };

static cJSON *bean_new(struct arena *a)
{
    cJSON *out = json_object(a);
    for (size_t i = 0; members[i]; i++)
        json_set(a, out, members[i], json_null(a));
    json_set_bool(a, out, "exampleSetFlag", false);
    return out;
}

static cJSON *bean(struct arena *a, const cJSON *schema);

static void bean_properties(struct arena *a, cJSON *out, const cJSON *properties)
{
    cJSON *to = json_set_object(a, out, "properties");
    const cJSON *p;
    cJSON_ArrayForEach(p, properties)
    {
        cJSON *b = json_set(a, to, p->string, bean(a, p));
        json_set_object(a, b, "extensions");
    }
}

static int compare_strings(const void *x, const void *y)
{
    return strcmp((*(cJSON *const *)x)->valuestring, (*(cJSON *const *)y)->valuestring);
}

/* The class sorts what is required, and drops names that are no property. NULL: nothing is. */
static cJSON *required_of(struct arena *a, const cJSON *schema)
{
    const cJSON *name, *properties = json_get(schema, "properties");
    const cJSON *required = json_get(schema, "required");
    const cJSON **names = arena_array(a, const cJSON *, json_count(required) + 1);
    size_t n = 0;
    cJSON_ArrayForEach(name, required)
    {
        if (cJSON_IsString(name) && (!properties || json_get(properties, name->valuestring)))
            names[n++] = name;
    }
    qsort(names, n, sizeof *names, compare_strings);
    cJSON *out = json_array(a);
    for (size_t i = 0; i < n; i++)
        json_add_str(a, out, names[i]->valuestring);
    return n ? out : NULL;
}

/* A schema as plain JSON, as the class prints it. */
static cJSON *plain_schema(struct arena *a, const cJSON *schema)
{
    if (!cJSON_IsObject(schema) && !cJSON_IsArray(schema))
        return json_clone(a, schema);
    cJSON *out = cJSON_IsObject(schema) ? json_object(a) : json_array(a);
    const cJSON *m;
    cJSON_ArrayForEach(m, schema)
    {
        cJSON *value = plain_schema(a, m);
        if (cJSON_IsArray(schema))
            json_add(a, out, value);
        else if (strcmp(m->string, "required") != 0 || !cJSON_IsArray(m))
            json_set(a, out, m->string, value);
        else if ((value = required_of(a, schema)))
            json_set(a, out, "required", value);
    }
    return out;
}

static void bean_nested(struct arena *a, cJSON *out, const cJSON *schema)
{
    const cJSON *m, *item;
    for (size_t i = 0; nested[i]; i++) {
        m = json_get(schema, nested[i]);
        if (m)
            json_set(a, out, nested[i], cJSON_IsObject(m) ? bean(a, m) : json_clone(a, m));
    }
    for (size_t i = 0; lists[i]; i++) {
        m = json_get(schema, lists[i]);
        if (!cJSON_IsArray(m))
            continue;
        cJSON *list = json_set_array(a, out, lists[i]);
        cJSON_ArrayForEach(item, m) json_add(a, list, bean(a, item));
    }
}

static cJSON *bean(struct arena *a, const cJSON *schema)
{
    cJSON *out = bean_new(a);
    for (size_t i = 0; carried[i]; i++) {
        const cJSON *m = json_get(schema, carried[i]);
        if (m)
            json_set(a, out, carried[i], json_clone(a, m));
    }
    cJSON *required = required_of(a, schema);
    if (required)
        json_set(a, out, "required", required);
    json_set_bool(a, out, "exampleSetFlag", json_get(schema, "example") != NULL);
    const char *type = json_str(schema, "type");
    if (type)
        json_add_str(a, json_set_array(a, out, "types"), type);
    const cJSON *properties = json_get(schema, "properties");
    if (properties) {
        bean_properties(a, out, properties);
        json_set(a, out, "jsonSchema", plain_schema(a, schema));
    }
    bean_nested(a, out, schema);
    return out;
}

cJSON *plugin_schema_print(struct arena *a, const struct plugin_spec *spec)
{
    cJSON *out = bean(a, spec->schema);
    cJSON *plain = json_set(a, out, "jsonSchema", plain_schema(a, spec->schema));
    cJSON *extensions = json_set_object(a, out, "extensions");
    if (!spec->example)
        return out;
    const char *raw = plugin_yaml_print(a, spec->example);
    json_set(a, out, "example", json_clone(a, spec->example));
    json_set_bool(a, out, "exampleSetFlag", true);
    json_set_str(a, extensions, "x-example-raw", raw);
    json_set(a, plain, "example", json_clone(a, spec->example));
    json_set_str(a, plain, "x-example-raw", raw);
    return out;
}

cJSON *plugin_schema_custom(struct arena *a)
{
    cJSON *out = bean_new(a);
    json_set_str(a, out, "type", "object");
    return out;
}
