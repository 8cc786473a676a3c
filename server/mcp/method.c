/* method.c - the method table. A method is a row: name, the revisions that have it, and a function
 * that returns the result as text, or NULL after request_fail, or NULL with `later` set. */
#include "mcp/method.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "mcp/complete_private.h"
#include "mcp/era.h"
#include "mcp/instruct_private.h"
#include "mcp/listen.h"
#include "mcp/mcp.h"
#include "mcp/prompt.h"
#include "mcp/resource.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "mcp/tool_call.h"
#include "mcp/tool_list.h"
#include "mcp/watch_private.h"

enum { LIST_TTL_MS = 300000 };

struct method {
    const char *name;
    unsigned eras;
    bool later; /* answers by itself */
    const char *(*run)(struct request *r);
};

/* -- opening ----------------------------------------------------------------------------- */

/* client: what it declared. Sessions hear of an extension when they named it. */
static void add_capabilities(struct arena *a, cJSON *result, const struct era *era,
                             const cJSON *client)
{
    cJSON *all = json_set_object(a, result, "capabilities");
    if (era->completions)
        json_set_object(a, all, "completions");
    json_set_object(a, all, "logging");
    cJSON *prompts = json_set_object(a, all, "prompts");
    cJSON *resources = json_set_object(a, all, "resources");
    json_set_bool(a, resources, "subscribe", true);
    cJSON *tools = json_set_object(a, all, "tools");
    json_set_bool(a, prompts, "listChanged", true);
    json_set_bool(a, tools, "listChanged", true);
    if (!era->modern && !client_extension(client, EXTENSION_UI))
        return;
    cJSON *extensions = json_set_object(a, all, "extensions");
    json_set_object(a, extensions, EXTENSION_UI);
    if (era->modern)
        json_set_object(a, extensions, EXTENSION_TASKS);
}

static const char *initialize_session(struct request *r)
{
    struct arena *a = r->arena;
    struct session *s = r->session;
    const cJSON *version = json_get(r->rpc.params, "protocolVersion");
    if (!s || s->era)
        return request_fail(r, 200, RPC_INVALID_REQUEST, "This session is initialized already");
    s->era = era_negotiate(cJSON_IsString(version) ? version->valuestring : "");
    r->era = s->era;
    const cJSON *client = json_get(r->rpc.params, "capabilities");
    const char *name = json_str(json_get(r->rpc.params, "clientInfo"), "name");
    s->client = cJSON_IsObject(client) ? json_clone(s->arena, client) : NULL;
    s->client_name = name ? text_clean(s->arena, name, 80) : NULL;
    cJSON *result = json_object(a);
    json_set_str(a, result, "protocolVersion", s->era->version);
    add_capabilities(a, result, s->era, s->client);
    json_set(a, result, "serverInfo", request_server_info(a, s->era));
    json_set_str(a, result, "instructions", instruct(r->mcp->service->catalog, a));
    return request_envelope(r, result);
}

/* What 2026-07-28 wants on results that clients may keep. */
static void add_cache(struct request *r, cJSON *result)
{
    if (!r->era->modern)
        return;
    json_set_num(r->arena, result, "ttlMs", LIST_TTL_MS);
    json_set_str(r->arena, result, "cacheScope", "private");
}

static const char *discover(struct request *r)
{
    struct arena *a = r->arena;
    cJSON *result = json_object(a);
    json_set(a, result, "supportedVersions", json_raw(a, era_supported()));
    add_capabilities(a, result, r->era, r->client);
    json_set_str(a, result, "instructions", instruct(r->mcp->service->catalog, a));
    add_cache(r, result);
    return request_envelope(r, result);
}

static const char *ping(struct request *r)
{
    (void)r;
    return "{}";
}

static const char *set_level(struct request *r)
{
    const cJSON *level = json_get(r->rpc.params, "level");
    enum level found = level_find(cJSON_IsString(level) ? level->valuestring : NULL);
    if (found == LEVEL_NONE)
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: level must be one of debug, info, notice, warning, "
                            "error, critical, alert, emergency");
    if (r->session)
        r->session->level = found;
    return "{}";
}

/* -- tools and prompts ------------------------------------------------------------------- */

/* All lists fit on one page, so that any cursor but "" is one we never gave. */
static bool first_page(struct request *r)
{
    const cJSON *cursor = json_get(r->rpc.params, "cursor");
    if (!cursor || (cJSON_IsString(cursor) && !cursor->valuestring[0]))
        return true;
    return request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid params: unknown cursor");
}

/* The members of x and y as one object; not by printf, whose %s costs ten times a copy. */
static const char *join_objects(struct arena *a, const char *x, const char *y)
{
    size_t n = strlen(x) - 1;
    char *text = arena_alloc(a, n + strlen(y) + 1);
    char *end = stpncpy(text, x, n);
    *end = ',';
    stpncpy(end + 1, y + 1, strlen(y));
    return text;
}

static const char *list_tools(struct request *r)
{
    if (!first_page(r))
        return NULL;
    const char *tools = tool_list(r->mcp, r->era);
    if (!r->era->modern)
        return tools;
    cJSON *rest = json_object(r->arena);
    add_cache(r, rest);
    return join_objects(r->arena, tools, request_envelope(r, rest));
}

static const char *call_tool(struct request *r)
{
    tool_call_start(r);
    return NULL;
}

static const char *list_prompts(struct request *r)
{
    if (!first_page(r))
        return NULL;
    cJSON *result = prompt_list(r);
    add_cache(r, result);
    return request_envelope(r, result);
}

static const char *get_prompt(struct request *r)
{
    cJSON *result = prompt_get(r);
    return result ? request_envelope(r, result) : NULL;
}

static const char *listen_to(struct request *r)
{
    listen_start(r);
    return NULL;
}

static const char *complete_method(struct request *r)
{
    complete_argument(r);
    return NULL;
}

static const char *list_resources(struct request *r)
{
    resource_list(r);
    return NULL;
}

static const char *list_templates(struct request *r)
{
    resource_templates(r);
    return NULL;
}

static const char *read_resource(struct request *r)
{
    resource_read(r);
    return NULL;
}

static const char *subscribe(struct request *r)
{
    const char *uri = resource_uri(r);
    if (uri && resource_is_off(r->mcp, uri))
        return resource_missing(r, uri);
    if (uri && !watch_subscribe(r->session, uri))
        return request_fail(r, 200, RPC_INTERNAL,
                            "Subscription limit reached: one session has at most %d, and %s; "
                            "unsubscribe from what is not needed",
                            WATCH_MAX_EACH, watch_words(r->owner, r->arena));
    return uri ? "{}" : NULL;
}

static const char *unsubscribe(struct request *r)
{
    const char *uri = resource_uri(r);
    if (uri)
        watch_unsubscribe(r->session, uri);
    return uri ? "{}" : NULL;
}

static const struct method methods[] = {
    { "initialize", ERA_SESSIONS, .run = initialize_session },
    { "server/discover", ERA_2026_07, .run = discover },
    { "ping", ERA_SESSIONS, .run = ping },
    { "tools/list", ERA_ALL, .run = list_tools },
    { "tools/call", ERA_ALL, .later = true, .run = call_tool },
    { "resources/list", ERA_ALL, .later = true, .run = list_resources },
    { "resources/templates/list", ERA_ALL, .later = true, .run = list_templates },
    { "resources/read", ERA_ALL, .later = true, .run = read_resource },
    { "resources/subscribe", ERA_SESSIONS, .run = subscribe },
    { "resources/unsubscribe", ERA_SESSIONS, .run = unsubscribe },
    { "prompts/list", ERA_ALL, .run = list_prompts },
    { "prompts/get", ERA_ALL, .run = get_prompt },
    { "completion/complete", ERA_ALL & ~ERA_2024_11, .later = true, .run = complete_method },
    { "logging/setLevel", ERA_SESSIONS, .run = set_level },
    { "subscriptions/listen", ERA_2026_07, .later = true, .run = listen_to },
    { "tasks/get", ERA_2026_07, .run = task_get },
    { "tasks/update", ERA_2026_07, .run = task_update },
    { "tasks/cancel", ERA_2026_07, .run = task_cancel },
    { 0 },
};

bool method_known(struct request *r)
{
    for (const struct method *m = methods; m->name; m++) {
        if (strcmp(m->name, r->rpc.method))
            continue;
        if (r->era && !(m->eras & r->era->bit))
            break;
        r->method = m;
        return true;
    }
    bool modern = r->era && r->era->modern;
    return request_fail(r, modern ? 404 : 200, RPC_NO_METHOD, "Method not found: %.80s",
                        r->rpc.method);
}

/* Before `initialize` a session has no revision: only ping and initialize are answered. */
static bool open_enough(struct request *r)
{
    if (r->era || !strcmp(r->rpc.method, "initialize") || !strcmp(r->rpc.method, "ping"))
        return true;
    if (!strcmp(r->rpc.method, "server/discover"))
        return request_fail(r, 200, RPC_NO_METHOD, "Method not found: server/discover (no _meta)");
    return request_fail(r, 200, RPC_INVALID_REQUEST, "Server not initialized");
}

void method_run(struct request *r)
{
    const char *result = NULL;
    if (open_enough(r) && (r->method || method_known(r))) {
        bool later = r->method->later;
        result = r->method->run(r);
        if (later)
            return;
    }
    if (result)
        request_result(r, result);
    else
        request_error(r);
}

void method_notified(struct session *s, const struct rpc *rpc)
{
    if (strcmp(rpc->method, "notifications/cancelled"))
        return;
    if (rpc->about)
        session_cancel(s, rpc->about);
}
