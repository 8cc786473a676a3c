/* mcp_tool.c - looks at the tools of an MCP text: names, templates, where arguments go.
 * mcp-yaml.md 2.3, 9. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/mcp_text_private.h"
#include <ctype.h>
#include <string.h>

/* -- one tool (2.3) --------------------------------------------------------------------------- */

typedef void look_tool_fn(struct look *l, const cJSON *tool, const char *path);

static void each_tool(struct look *l, look_tool_fn *fn)
{
    const cJSON *tool;
    int i = 0;
    cJSON_ArrayForEach(tool, json_get(l->tree, "tools"))
        fn(l, tool, look_place(l, "tools[%d]", i++));
}

static void each_rest_tool(struct look *l, look_tool_fn *fn)
{
    if (!mcp_is_proxy(l->tree) && !json_get(l->tree, "toolSet"))
        each_tool(l, fn);
}

static void look_at_tool_name(struct look *l, const cJSON *tool, const char *path)
{
    const char *name = json_text(tool, "name");
    const cJSON *other;
    if (!*name)
        look_say(l, look_place(l, "%s.name", path), "is missing");
    cJSON_ArrayForEach(other, json_get(l->tree, "tools"))
    {
        if (other == tool)
            return;
        if (*name && !strcmp(json_text(other, "name"), name)) {
            look_say(l, look_place(l, "%s.name", path),
                     "'%s' is the name of an earlier tool, which "
                     "is overwritten",
                     look_name(l, name));
            return;
        }
    }
}

void mcp_look_names(struct look *l)
{
    each_tool(l, look_at_tool_name);
}

static void tool_url(struct look *l, const cJSON *tool, const char *path)
{
    if (!*json_text(json_get(tool, "requestTemplate"), "url") &&
        !*json_text(json_get(tool, "responseTemplate"), "body"))
        look_say(l, look_place(l, "%s.requestTemplate.url", path),
                 "is missing; a tool without it needs responseTemplate.body");
}

void mcp_look_url(struct look *l)
{
    each_rest_tool(l, tool_url);
}

static int count_argument_ways(const cJSON *request)
{
    return json_true(request, "argsToJsonBody") + json_true(request, "argsToUrlParam") +
           json_true(request, "argsToFormBody");
}

static void tool_ways(struct look *l, const cJSON *tool, const char *path)
{
    if (count_argument_ways(json_get(tool, "requestTemplate")) > 1)
        look_say(l, look_place(l, "%s.requestTemplate", path),
                 "has more than one of argsToJsonBody, argsToUrlParam and argsToFormBody");
}

void mcp_look_ways(struct look *l)
{
    each_rest_tool(l, tool_ways);
}

static void tool_response(struct look *l, const cJSON *tool, const char *path)
{
    const cJSON *r = json_get(tool, "responseTemplate");
    if (*json_text(r, "body") && (*json_text(r, "prependBody") || *json_text(r, "appendBody")))
        look_say(l, look_place(l, "%s.responseTemplate", path),
                 "has body beside prependBody or appendBody");
}

void mcp_look_response(struct look *l)
{
    each_rest_tool(l, tool_response);
}

/* Does each "{{" have its "}}"? */
static bool is_closed(const char *s)
{
    for (const char *at = s; (at = strstr(at, "{{"));) {
        const char *end = strstr(at + 2, "}}");
        if (!end)
            return false;
        at = end + 2;
    }
    return true;
}

static void tool_templates(struct look *l, const cJSON *tool, const char *path)
{
    static const char *const places[] = { "requestTemplate.url", "requestTemplate.body",
                                          "responseTemplate.body", "errorResponseTemplate" };
    const cJSON *h;
    int i = 0;
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        const cJSON *s = json_path(tool, places[p]);
        if (cJSON_IsString(s) && !is_closed(s->valuestring))
            look_say(l, look_place(l, "%s.%s", path, places[p]),
                     "opens '{{' and does not close it");
    }
    cJSON_ArrayForEach(h, json_path(tool, "requestTemplate.headers"))
    {
        if (!is_closed(json_text(h, "value")))
            look_say(l, look_place(l, "%s.requestTemplate.headers[%d].value", path, i),
                     "opens '{{' and does not close it");
        i++;
    }
}

void mcp_look_templates(struct look *l)
{
    each_rest_tool(l, tool_templates);
}

static void tool_headers(struct look *l, const cJSON *tool, const char *path)
{
    const cJSON *list = json_path(tool, "requestTemplate.headers"), *h, *later;
    int i = 0;
    cJSON_ArrayForEach(h, list)
    {
        for (later = h->next; later && strcmp(json_text(h, "key"), json_text(later, "key")) != 0;)
            later = later->next;
        if (later)
            look_say(l, look_place(l, "%s.requestTemplate.headers[%d]", path, i),
                     "'%s' is given again below; the last value counts",
                     look_name(l, json_text(h, "key")));
        i++;
    }
}

void mcp_look_headers(struct look *l)
{
    each_rest_tool(l, tool_headers);
}

static void tool_address(struct look *l, const cJSON *tool, const char *path)
{
    const char *url = json_text(json_get(tool, "requestTemplate"), "url");
    if (*url && !text_starts(url, "http://") && !text_starts(url, "https://") &&
        !text_starts(url, "{{"))
        look_say(l, look_place(l, "%s.requestTemplate.url", path),
                 "has no http:// or https:// and host");
}

void mcp_look_address(struct look *l)
{
    each_rest_tool(l, tool_address);
}

/* -- arguments (2.3) -------------------------------------------------------------------------- */

static bool in_path(const cJSON *arg)
{
    return text_equal_nocase(json_text(arg, "position"), "path");
}

/* Does a template say .args.NAME, or .args as a whole? */
static bool says_arg(const char *template, const char *name)
{
    static const char all[] = ".args";
    size_t n = strlen(name);
    for (const char *at = template; (at = strstr(at, all));) {
        at += sizeof all - 1;
        char end = *at == '.' && !strncmp(at + 1, name, n) ? at[1 + n] : 'x';
        if (*at != '.' || !(isalnum((unsigned char)end) || end == '_'))
            return true;
    }
    return false;
}

/* Is the argument in a template of the tool? */
static bool is_argument_used(const cJSON *tool, const char *name)
{
    const cJSON *request = json_get(tool, "requestTemplate"), *h;
    bool named = says_arg(json_text(request, "url"), name) ||
                 says_arg(json_text(request, "body"), name) ||
                 says_arg(json_text(json_get(tool, "responseTemplate"), "body"), name);
    cJSON_ArrayForEach(h, json_get(request, "headers")) named =
        named || says_arg(json_text(h, "value"), name);
    return named;
}

static void tool_args(struct look *l, const cJSON *tool, const char *path)
{
    const cJSON *arg;
    int i = 0;
    cJSON_ArrayForEach(arg, json_get(tool, "args"))
    {
        const char *name = json_text(arg, "name"), *position = json_text(arg, "position");
        const char *place = look_place(l, "%s.args[%d]", path, i++);
        bool known = text_has_word("query|path|header|cookie|body", position) || in_path(arg);
        if (*position && !known)
            look_say(l, look_place(l, "%s.position", place),
                     "'%s' is none of query, path, header, cookie and body, which is as none",
                     look_name(l, position));
        else if (!*position && *name &&
                 count_argument_ways(json_get(tool, "requestTemplate")) == 0 &&
                 !is_argument_used(tool, name))
            look_say(l, place,
                     "'%s' has no position, no template names it and no argsTo… is set: it is sent "
                     "nowhere",
                     look_name(l, name));
    }
}

void mcp_look_args(struct look *l)
{
    each_rest_tool(l, tool_args);
}

static const cJSON *path_arg(const cJSON *tool, const char *name, size_t n)
{
    const cJSON *arg;
    cJSON_ArrayForEach(arg, json_get(tool, "args"))
    {
        const char *own = json_text(arg, "name");
        if (in_path(arg) && strlen(own) == n && !strncmp(own, name, n))
            return arg;
    }
    return NULL;
}

/* Each "{name}" of the URL that is no template. */
static const char *next_hole(const char *at, size_t *n)
{
    while ((at = strchr(at, '{'))) {
        if (at[1] == '{') {
            at = strstr(at, "}}");
            if (!at)
                return NULL;
            continue;
        }
        *n = strcspn(++at, "{}");
        if (at[*n] == '}' && *n)
            return at;
    }
    return NULL;
}

static void tool_holes(struct look *l, const cJSON *tool, const char *path)
{
    const char *url = json_text(json_get(tool, "requestTemplate"), "url");
    const cJSON *arg;
    size_t n = 0;
    int i = 0;
    for (const char *at = url; (at = next_hole(at, &n)); at += n)
        if (!path_arg(tool, at, n))
            look_say(l, look_place(l, "%s.requestTemplate.url", path),
                     "has {%s}, and no argument of that name has the position path",
                     look_name(l, arena_strndup(l->a, at, n)));
    cJSON_ArrayForEach(arg, (*url ? json_get(tool, "args") : NULL))
    {
        const char *name = json_text(arg, "name");
        if (in_path(arg) && !strstr(url, arena_printf(l->a, "{%s}", name)))
            look_say(l, look_place(l, "%s.args[%d]", path, i),
                     "'%s' has the position path, and the URL has no {%s}", look_name(l, name),
                     look_name(l, name));
        i++;
    }
}

void mcp_look_holes(struct look *l)
{
    each_rest_tool(l, tool_holes);
}

static void tool_escapes(struct look *l, const cJSON *tool, const char *path)
{
    const cJSON *arg;
    int i = 0;
    cJSON_ArrayForEach(arg, json_get(tool, "args"))
    {
        const char *type = json_text(arg, "type");
        if (in_path(arg) && (!*type || !strcmp(type, "string")) &&
            json_count(json_get(arg, "enum")) == 0)
            look_say(l, look_place(l, "%s.args[%d]", path, i),
                     "'%s' goes into the URL as it is: '/', '..' or '?' in it reach other paths of "
                     "the service with the server's credential",
                     look_name(l, json_text(arg, "name")));
        i++;
    }
}

void mcp_look_escapes(struct look *l)
{
    each_rest_tool(l, tool_escapes);
}
