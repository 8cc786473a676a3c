/* openapi_args.c - parameters and body of an operation as a tool's arguments, each with the place
 * it is sent in. Of two arguments of one name the first stays: path, query, header and cookie come
 * before the body. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/openapi/openapi_private.h"

static const char json_type[] = "application/json", form[] = "application/x-www-form-urlencoded",
                  multipart[] = "multipart/form-data";

enum { MAX_PARAMETERS = 200, MAX_TYPES = 20 };

struct parameters {
    const cJSON *list[MAX_PARAMETERS];
    int n;
};

/* What an argument says of its schema; the order is the one people write. */
static void add_arg(struct openapi *o, struct openapi_tool *t, const char *name, cJSON *schema,
                    const char *position, bool required)
{
    static const char *const kept[] = { "default", "enum", "items", "properties", NULL };
    if (!name || !*name || json_find(t->args, "name", name))
        return;
    cJSON *arg = json_add(o->a, t->args, json_object(o->a));
    const char *about = openapi_text(o, schema, "description");
    json_set_str(o->a, arg, "name", text_clean(o->a, name, 200));
    json_set_str(o->a, arg, "description", about);
    json_set_str(o->a, arg, "type", json_str(schema, "type"));
    if (required)
        json_set_bool(o->a, arg, "required", true);
    for (size_t i = 0; kept[i]; i++)
        if (json_get(schema, kept[i]))
            json_set(o->a, arg, kept[i], json_clone(o->a, json_get(schema, kept[i])));
    json_set_str(o->a, arg, "position", position);
}

static void set_request_header(struct openapi *o, struct openapi_tool *t, const char *key,
                               const char *value)
{
    cJSON *headers = json_get(t->request, "headers");
    if (!headers)
        headers = json_set_array(o->a, t->request, "headers");
    cJSON *header = json_add(o->a, headers, json_object(o->a));
    json_set_str(o->a, header, "key", key);
    json_set_str(o->a, header, "value", openapi_plain(o, value, 200));
}

/* An object's members are the arguments; anything else is one argument and the whole body. */
static void add_body(struct openapi *o, struct openapi_tool *t, const cJSON *given,
                     const char *type, bool required)
{
    cJSON *schema = openapi_schema(o, given), *property;
    const cJSON *properties = json_get(schema, "properties");
    bool is_json = strstr(type, "json") != NULL;
    set_request_header(o, t, "Content-Type", type);
    if (strcmp(type, multipart) == 0)
        return; /* the plugin sends no parts */
    if (properties && (is_json || strcmp(type, form) == 0)) {
        cJSON_ArrayForEach(property, properties)
            add_arg(o, t, property->string, property, "body",
                    required && json_find_text(json_get(schema, "required"), property->string));
        return;
    }
    add_arg(o, t, "body", schema, "body", required);
    json_set_str(o->a, t->request, "body", is_json ? "{{toJson .args.body}}" : "{{.args.body}}");
}

const cJSON *openapi_media(const cJSON *content)
{
    static const char *const wanted[] = { json_type, "json", form, multipart, "" };
    const cJSON *media;
    if (!cJSON_IsObject(content))
        return NULL;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cJSON_ArrayForEach(media, content)
        {
            if (strstr(media->string, wanted[i]))
                return media;
        }
    return NULL;
}

/* OpenAPI 3 leaves these three to the request itself. */
static bool is_own_header(const char *name)
{
    static const char *const own[] = { "content-type", "accept", "authorization" };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (text_equal_nocase(name, own[i]))
            return true;
    return false;
}

/* A parameter's schema: its own member, in its content, or (Swagger 2) the parameter itself. */
static const cJSON *parameter_schema(struct openapi *o, const cJSON *parameter)
{
    const cJSON *schema = json_get(parameter, "schema");
    const cJSON *media = openapi_media(json_get(parameter, "content"));
    if (!schema && media)
        schema = json_get(media, "schema");
    if (schema)
        return schema;
    return o->v2 ? parameter : json_object(o->a);
}

static const char *consumed(struct openapi *o, const struct openapi_tool *t, const char *otherwise)
{
    const cJSON *list = json_get(t->operation, "consumes"), *item;
    if (!list)
        list = json_get(o->doc, "consumes");
    int n = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (n++ < MAX_TYPES && cJSON_IsString(item) && strcmp(item->valuestring, otherwise) == 0)
            return otherwise;
    }
    const cJSON *first = list ? list->child : NULL;
    return first && cJSON_IsString(first) ? first->valuestring : otherwise;
}

static void add_tool_parameter(struct openapi *o, struct openapi_tool *t, const cJSON *parameter)
{
    static const char *const places[] = { "path", "query", "header", "cookie" };
    const char *name = json_str(parameter, "name"), *in = json_str(parameter, "in");
    bool is_header = in && strcmp(in, "header") == 0;
    if (!name || !in || (is_header && is_own_header(name)))
        return;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(in, places[i]) != 0)
            continue;
        cJSON *schema = openapi_schema(o, parameter_schema(o, parameter));
        const char *about = openapi_text(o, parameter, "description");
        if (*about)
            json_set_str(o->a, schema, "description", about);
        add_arg(o, t, name, schema, places[i], i == 0 || json_true(parameter, "required"));
    }
}

/* Swagger 2: a parameter in the body, or fields of a form. */
static void add_old_body(struct openapi *o, struct openapi_tool *t, const struct parameters *p)
{
    bool form_seen = false;
    for (int i = 0; i < p->n; i++) {
        const cJSON *item = p->list[i];
        const char *in = json_str(item, "in");
        if (in && strcmp(in, "body") == 0)
            add_body(o, t, json_get(item, "schema"), consumed(o, t, json_type),
                     json_true(item, "required"));
        if (!in || strcmp(in, "formData") != 0)
            continue;
        const char *type = consumed(o, t, form);
        if (!form_seen)
            set_request_header(o, t, "Content-Type", type);
        form_seen = true;
        if (strcmp(json_text(item, "type"), "file") != 0 && strcmp(type, multipart) != 0)
            add_arg(o, t, json_str(item, "name"), openapi_schema(o, item), "body",
                    json_true(item, "required"));
    }
}

static bool same_parameter(const cJSON *x, const cJSON *y)
{
    const char *xn = json_str(x, "name"), *yn = json_str(y, "name");
    const char *xi = json_str(x, "in"), *yi = json_str(y, "in");
    return xn && yn && xi && yi && strcmp(xn, yn) == 0 && strcmp(xi, yi) == 0;
}

static bool is_replaced(const struct parameters *p, const cJSON *parameter)
{
    for (int i = 0; i < p->n; i++)
        if (same_parameter(p->list[i], parameter))
            return true;
    return false;
}

/* The operation's parameters, then those of its path that it does not replace; resolved. */
static void collect_parameters(struct openapi *o, const cJSON *list, struct parameters *p)
{
    const cJSON *item;
    if (json_count(list) + p->n > MAX_PARAMETERS) {
        openapi_fail(o, "it has more than %d parameters", MAX_PARAMETERS);
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *parameter = openapi_resolve(o, item);
        if (!is_replaced(p, parameter))
            p->list[p->n++] = parameter;
    }
}

void openapi_add_args(struct openapi *o, struct openapi_tool *t)
{
    struct parameters p = { .n = 0 };
    collect_parameters(o, json_get(t->operation, "parameters"), &p);
    collect_parameters(o, json_get(t->item, "parameters"), &p);
    for (int i = 0; i < p.n; i++)
        add_tool_parameter(o, t, p.list[i]);
    if (o->v2) {
        add_old_body(o, t, &p);
        return;
    }
    const cJSON *body = openapi_resolve(o, json_get(t->operation, "requestBody"));
    const cJSON *media = openapi_media(json_get(body, "content"));
    if (media)
        add_body(o, t, json_get(media, "schema"), media->string, json_true(body, "required"));
}
