/* plugin_schema.c - the members below are those of the console's schema class, in its order. */
#include "embedded/plugin_schema.h"
#include "base/arena.h"
#include "base/json.h"
#include "embedded/plugin_catalog.h"
#include "embedded/plugin_yaml.h"
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
    "title", "maximum", "minimum", "pattern", "minItems",    "required",
    "type",  "format",  "default", "enum",    "description", "additionalProperties",
    NULL,
};

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

static cJSON *bean(struct arena *a, const cJSON *schema)
{
    cJSON *out = bean_new(a);
    for (size_t i = 0; carried[i]; i++) {
        const cJSON *m = json_get(schema, carried[i]);
        if (m)
            json_set(a, out, carried[i], json_clone(a, m));
    }
    const char *type = json_str(schema, "type");
    if (type)
        json_add_str(a, json_set_array(a, out, "types"), type);
    const cJSON *properties = json_get(schema, "properties");
    if (properties) {
        bean_properties(a, out, properties);
        json_set(a, out, "jsonSchema", json_clone(a, schema));
    }
    const cJSON *items = json_get(schema, "items");
    if (items)
        json_set(a, out, "items", bean(a, items));
    return out;
}

cJSON *plugin_schema_print(struct arena *a, const struct plugin_spec *spec)
{
    cJSON *out = bean(a, spec->schema);
    cJSON *plain = json_set(a, out, "jsonSchema", json_clone(a, spec->schema));
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
