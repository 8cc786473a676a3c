/* openapi_schema.c - references and schemas. A schema inside itself, deeper than OPENAPI_DEPTH, or
 * after the first MAX_NODES parts of an operation, is shown as its type and description alone. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/openapi/openapi_private.h"

#include <stdarg.h>

enum {
    MAX_HOPS = 32,
    MAX_NODES = 300,
    MAX_ALL_NODES = 400000,
    MAX_PROPERTIES = 1000,
    MAX_KEY = 200,
    MAX_TYPES = 10,
    MAX_STEPS = 100 << 20,
    MAX_TEXT = 1000,
    MAX_POINTER = 500
};

void *openapi_fail(struct openapi *o, const char *format, ...)
{
    va_list args;
    if (o->failed)
        return NULL;
    va_start(args, format);
    const char *text = arena_vprintf(o->a, format, args);
    va_end(args);
    o->failed = true;
    err_set(o->e, ERR_ARGS, "%s%s%s", o->at ? o->at : "", o->at ? ": " : "", text);
    return NULL;
}

const char *openapi_text(struct openapi *o, const cJSON *node, const char *key)
{
    const char *s = json_str(node, key);
    size_t len = s ? strnlen(s, 2 * MAX_TEXT) : 0; /* the rest would be cut anyway */
    return s ? text_clean(o->a, arena_strndup(o->a, s, len), MAX_TEXT) : "";
}

const char *openapi_plain(struct openapi *o, const char *text, size_t max)
{
    if (strstr(text, "{{"))
        openapi_fail(o, "'%.100s' holds '{{', which begins a template",
                     text_clean(o->a, text, 100));
    return text_clean(o->a, text, max);
}

/* "~1" is "/", "~0" is "~", and a pointer in a URL may be percent-encoded. */
static const char *unescaped(struct openapi *o, const char *part, size_t len)
{
    char *s = text_unpercent(o->a, part, len), *to = s;
    for (char *p = s; p && *p; p++) {
        bool tilde = *p == '~' && (p[1] == '0' || p[1] == '1');
        *to++ = !tilde ? *p : p[1] == '1' ? '/' : '~';
        p += tilde;
    }
    if (s)
        *to = 0;
    return s;
}

static const cJSON *step_to_child(struct openapi *o, const cJSON *node, const char *key)
{
    o->steps += json_count(node);
    if (o->steps > MAX_STEPS)
        return openapi_fail(o, "its references are too many to follow");
    if (cJSON_IsArray(node) && *key >= '0' && *key <= '9')
        return cJSON_GetArrayItem(node, (int)strtol(key, NULL, 10));
    return cJSON_IsObject(node) ? json_get(node, key) : NULL;
}

static const cJSON *look_up_ref(struct openapi *o, const char *ref)
{
    const cJSON *node = o->doc;
    if (ref[0] != '#' || (ref[1] && ref[1] != '/'))
        return openapi_fail(o, "'%.200s' refers outside the document; put all in one document",
                            text_clean(o->a, ref, 200));
    if (strlen(ref) > MAX_POINTER)
        return openapi_fail(o, "a reference is longer than %d bytes", MAX_POINTER);
    for (const char *p = ref + 1; node && *p == '/';) {
        size_t len = strcspn(p + 1, "/");
        const char *key = unescaped(o, p + 1, len);
        node = key ? step_to_child(o, node, key) : NULL;
        p += len + 1;
    }
    return node ? node : openapi_fail(o, "'%.200s' leads nowhere", text_clean(o->a, ref, 200));
}

const cJSON *openapi_resolve(struct openapi *o, const cJSON *node)
{
    const char *ref = NULL;
    for (int hops = 0; node && (ref = json_str(node, "$ref")); hops++) {
        if (hops == MAX_HOPS)
            node = openapi_fail(o, "'%.200s' refers to itself", text_clean(o->a, ref, 200));
        else
            node = look_up_ref(o, ref);
    }
    return node ? node : json_object(o->a);
}

/* OpenAPI 3.1 may list types; the first that is not null counts. */
static const char *schema_type(const cJSON *schema)
{
    static const char *const known[] = {
        "string", "integer", "number", "boolean", "object", "array"
    };
    const cJSON *type = json_get(schema, "type"), *item;
    const char *name = cJSON_IsString(type) ? type->valuestring : NULL;
    int n = 0;
    cJSON_ArrayForEach(item, type)
    {
        if (n++ < MAX_TYPES && !name && cJSON_IsString(item) &&
            strcmp(item->valuestring, "null") != 0)
            name = item->valuestring;
    }
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return known[i];
    if (json_get(schema, "properties"))
        return "object";
    return json_get(schema, "items") ? "array" : NULL;
}

static bool is_open(const struct openapi *o, const cJSON *schema)
{
    for (int i = 0; i < o->depth; i++)
        if (o->open[i] == schema)
            return true;
    return false;
}

static bool may_enter(struct openapi *o, const cJSON *schema)
{
    if (++o->all_nodes > MAX_ALL_NODES)
        openapi_fail(o, "the schemas unfold to more than %d parts", MAX_ALL_NODES);
    return !o->failed && ++o->nodes <= MAX_NODES && o->depth < OPENAPI_DEPTH && !is_open(o, schema);
}

/* Values are copied at each use, so they count as parts. */
static bool may_copy(struct openapi *o, const cJSON *value)
{
    o->nodes += cJSON_IsString(value) ? (long)strlen(value->valuestring) / 64 : 0;
    o->nodes += value->string ? (long)strlen(value->string) / 64 : 0;
    if (++o->nodes > MAX_NODES)
        return false;
    for (const cJSON *child = value->child; child; child = child->next)
        if (!may_copy(o, child))
            return false;
    return true;
}

static void copy_plain(struct openapi *o, cJSON *out, const cJSON *schema)
{
    static const char *const kept[] = { "format",    "minimum", "maximum",  "minLength",
                                        "maxLength", "pattern", "minItems", "maxItems",
                                        "default",   "enum",    NULL };
    for (size_t i = 0; kept[i]; i++) {
        const cJSON *value = json_get(schema, kept[i]);
        if (value && !json_get(out, kept[i]) && !cJSON_IsNull(value) && may_copy(o, value))
            json_set(o->a, out, kept[i], json_clone(o->a, value));
    }
    const cJSON *constant = json_get(schema, "const");
    if (constant && !json_get(out, "enum") && may_copy(o, constant))
        json_add(o->a, json_set_array(o->a, out, "enum"), json_clone(o->a, constant));
}

static void require(struct openapi *o, cJSON *out, const cJSON *names)
{
    const cJSON *name, *there;
    cJSON_ArrayForEach(name, names)
    {
        cJSON *list = json_get(out, "required");
        bool known = !cJSON_IsString(name);
        cJSON_ArrayForEach(there, list)
        {
            known |= cJSON_IsString(name) && strcmp(there->valuestring, name->valuestring) == 0;
        }
        if (!known)
            json_add_str(o->a, list ? list : json_set_array(o->a, out, "required"),
                         name->valuestring);
    }
}

static void add_schema(struct openapi *o, cJSON *out, const cJSON *schema, bool binding);

/* allOf binds; of anyOf and oneOf everything is offered and nothing required. */
static void add_parts(struct openapi *o, cJSON *out, const cJSON *schema, bool binding)
{
    static const struct {
        const char *key;
        bool binds;
    } ways[] = { { "allOf", true }, { "oneOf", false }, { "anyOf", false } };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const cJSON *part, *parts = json_get(schema, ways[i].key);
        if (cJSON_IsArray(parts))
            cJSON_ArrayForEach(part, parts) add_schema(o, out, part, binding && ways[i].binds);
    }
}

static void add_inner(struct openapi *o, cJSON *out, const cJSON *schema)
{
    const cJSON *property, *properties = json_get(schema, "properties");
    const cJSON *items = json_get(schema, "items");
    if (cJSON_IsObject(properties)) {
        cJSON *to = json_get(out, "properties");
        to = to ? to : json_set_object(o->a, out, "properties");
        if (json_count(properties) + json_count(to) > MAX_PROPERTIES)
            properties = openapi_fail(o, "an object has more than %d properties", MAX_PROPERTIES);
        cJSON_ArrayForEach(property, properties)
        {
            if (strlen(property->string) > MAX_KEY)
                openapi_fail(o, "a property's name is longer than %d bytes", MAX_KEY);
            else if (!json_get(to, property->string))
                json_set(o->a, to, property->string, openapi_schema(o, property));
        }
    }
    if (cJSON_IsObject(items) && !json_get(out, "items"))
        json_set(o->a, out, "items", openapi_schema(o, items));
}

static void add_schema(struct openapi *o, cJSON *out, const cJSON *given, bool binding)
{
    const cJSON *schema = openapi_resolve(o, given);
    const char *type = schema_type(schema);
    const char *about =
        openapi_text(o, json_str(given, "description") ? given : schema, "description");
    if (type && !json_get(out, "type"))
        json_set_str(o->a, out, "type", type);
    if (*about && !json_get(out, "description"))
        json_set_str(o->a, out, "description", about);
    if (!may_enter(o, schema))
        return;
    o->open[o->depth++] = schema;
    copy_plain(o, out, schema);
    add_inner(o, out, schema);
    if (binding && cJSON_IsArray(json_get(schema, "required")) &&
        json_count(json_get(schema, "required")) <= MAX_PROPERTIES)
        require(o, out, json_get(schema, "required"));
    add_parts(o, out, schema, binding);
    o->depth--;
}

cJSON *openapi_schema(struct openapi *o, const cJSON *schema)
{
    cJSON *out = json_object(o->a);
    add_schema(o, out, schema, true);
    const char *type = schema_type(out);
    if (!json_get(out, "type"))
        json_set_str(o->a, out, "type", type ? type : "string");
    return out;
}
