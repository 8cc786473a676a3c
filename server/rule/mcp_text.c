/* mcp_text.c - the members of an MCP server's text: which the plugin knows, and their types.
 *
 * The plugin unmarshals tools, schemes and requirements strictly and ignores every name it does not
 * know; the rest it reads leniently (FIELD ANY). A member of a newer plugin is a row.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "rule/mcp_text_private.h"
#include <string.h>

/* -- the table -------------------------------------------------------------------------------- */

static const struct field requirement[] = {
    { "id", STR },
    { "credential", STR },
    { "passthrough", BOOL },
    { 0 },
};
static const struct field scheme[] = {
    { "id", STR }, { "type", STR }, { "scheme", STR },
    { "in", STR }, { "name", STR }, { "defaultCredential", STR },
    { 0 },
};
static const struct field a_scheme = { .type = OBJ, .of = scheme };
static const struct field header[] = { { "key", STR }, { "value", STR }, { 0 } };
static const struct field a_header = { .type = OBJ, .of = header };

static const struct field arg[] = {
    { "name", STR },     { "description", STR },
    { "type", STR },     { "required", BOOL },
    { "default", ANY },  { "enum", LIST },
    { "items", ANY },    { "properties", ANY },
    { "position", STR }, { 0 },
};
static const struct field an_arg = { .type = OBJ, .of = arg };
static const struct field request[] = {
    { "url", STR },
    { "method", STR },
    { "headers", LIST, .of = &a_header },
    { "body", STR },
    { "argsToJsonBody", BOOL },
    { "argsToUrlParam", BOOL },
    { "argsToFormBody", BOOL },
    { "security", OBJ, .of = requirement },
    { 0 },
};
static const struct field response[] = {
    { "body", STR },
    { "prependBody", STR },
    { "appendBody", STR },
    { 0 },
};
static const struct field tool[] = {
    { "name", STR },
    { "description", STR },
    { "legacyOnly", BOOL },
    { "security", OBJ, .of = requirement },
    { "args", LIST, .of = &an_arg },
    { "outputSchema", OBJ },
    { "requestTemplate", OBJ, .of = request },
    { "responseTemplate", OBJ, .of = response },
    { "errorResponseTemplate", STR },
    { 0 },
};
static const struct field a_tool = { .type = OBJ, .of = tool };

static const struct field server[] = {
    { "name", ANY },
    { "version", ANY },
    { "description", ANY },
    { "type", ANY },
    { "config", ANY },
    { "securitySchemes", ANY, .of = &a_scheme },
    { "defaultDownstreamSecurity", OBJ, .of = requirement },
    { "defaultUpstreamSecurity", OBJ, .of = requirement },
    { "passthroughAuthHeader", ANY },
    { "transport", ANY },
    { "mcpServerURL", ANY },
    { "timeout", ANY },
    { "protocolStrategy", ANY },
    { 0 },
};
static const struct field server_tools[] = {
    { "serverName", STR },
    { "tools", LIST, .of = &a_string },
    { 0 },
};
static const struct field a_server_tools = { .type = OBJ, .of = server_tools };
static const struct field tool_set[] = {
    { "name", STR },
    { "version", STR },
    { "serverTools", LIST, .of = &a_server_tools },
    { 0 },
};
static const struct field top[] = {
    { "server", ANY, .of = server },
    { "toolSet", OBJ, .of = tool_set },
    { "tools", ANY, .of = &a_tool },
    { "allowTools", ANY },
    { 0 },
};

/* -- the tree --------------------------------------------------------------------------------- */

const cJSON *mcp_text_tree(struct arena *a, const cJSON *raw, struct err *e)
{
    const char *text = cJSON_IsString(raw) ? raw->valuestring : NULL;
    if (cJSON_IsObject(raw))
        return raw;
    if (!text || !text[strspn(text, " \t\r\n")])
        return NULL;
    const cJSON *tree = yaml_parse(a, text, strlen(text), e);
    if (tree && !cJSON_IsObject(tree)) {
        err_set(e, ERR_ARGS, "is YAML, but no object with the members server and tools");
        return NULL;
    }
    return tree;
}

bool mcp_is_proxy(const cJSON *text)
{
    const char *type = json_str(json_get(text, "server"), "type");
    return type && !strcmp(type, "mcp-proxy");
}

const cJSON *mcp_scheme(const cJSON *text, const char *id)
{
    const cJSON *s;
    cJSON_ArrayForEach(s, json_path(text, "server.securitySchemes"))
    {
        const char *own = json_str(s, "id");
        if (own && id && !strcmp(own, id))
            return s;
    }
    return NULL;
}

/* -- types and names -------------------------------------------------------------------------- */

static const char *given_type_name(const cJSON *v)
{
    return cJSON_IsObject(v)   ? "an object"
           : cJSON_IsArray(v)  ? "a list"
           : cJSON_IsString(v) ? "a text"
           : cJSON_IsNumber(v) ? "a number"
                               : "true or false";
}

static const char *wanted_type_name(enum field_type type)
{
    return type == STR    ? "a text"
           : type == BOOL ? "true or false"
           : type == LIST ? "a list"
                          : "one object";
}

/* As Go finds a member: its name, or the same in other capitals. */
static const struct field *field_as_go_finds(const struct field *rows, const char *name)
{
    const struct field *nearly = NULL;
    for (; rows->type; rows++) {
        if (!strcmp(rows->name, name))
            return rows;
        nearly = text_equal_nocase(rows->name, name) ? rows : nearly;
    }
    return nearly;
}

typedef void at_member(struct look *l, const struct field *row, const cJSON *m, const char *path);

static void walk_members(struct look *l, const struct field *rows, const cJSON *object,
                         const char *path, at_member *fn);

/* A list where the row asks for a list, and each element; one that is no list counts as the only.
 */
static void walk_value(struct look *l, const struct field *row, const cJSON *m, const char *path,
                       at_member *fn)
{
    if (!row->of)
        return;
    bool items = !row->of->name;
    if (!items && cJSON_IsObject(m))
        walk_members(l, row->of, m, path, fn);
    if (!items || !cJSON_IsArray(m))
        return;
    const cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, m)
    {
        const char *place = look_place(l, "%s[%d]", path, i++);
        fn(l, row->of, item, place);
        if (row->of->of && cJSON_IsObject(item))
            walk_members(l, row->of->of, item, place, fn);
    }
}

static void walk_members(struct look *l, const struct field *rows, const cJSON *object,
                         const char *path, at_member *fn)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, object)
    {
        const struct field *row = field_as_go_finds(rows, m->string);
        const char *place =
            look_place(l, "%s%s%s", path, *path ? "." : "", look_name(l, m->string));
        fn(l, row, m, place);
        if (row)
            walk_value(l, row, m, place, fn);
    }
}

static void check_plugin_type(struct look *l, const struct field *row, const cJSON *m,
                              const char *path)
{
    if (row && !cJSON_IsNull(m) && !field_type_fits(row->type, m))
        look_say(l, path, "is %s; the plugin takes %s", given_type_name(m),
                 wanted_type_name(row->type));
}

static void check_known(struct look *l, const struct field *row, const cJSON *m, const char *path)
{
    (void)m;
    if (!row)
        look_say(l, path, "is no member that the plugin knows, so it does nothing");
}

void mcp_look_types(struct look *l)
{
    walk_members(l, top, l->tree, "", check_plugin_type);
}

void mcp_look_unknown(struct look *l)
{
    walk_members(l, top, l->tree, "", check_known);
}
