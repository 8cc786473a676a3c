/* listen.c - the open listen requests of all clients, in one list. A notification is made in an
 * arena of its own: a stream may stay open for weeks. */
#include "mcp/listen.h"
#include "base/arena.h"
#include "base/json.h"
#include "mcp/mcp.h"
#include "mcp/resource.h"
#include "mcp/task.h"
#include "mcp/watch_private.h"
#include "net/loop.h"

struct listener {
    struct request *request;
    unsigned lists;     /* enum listen_list */
    const cJSON *uris;  /* array of strings; NULL: none */
    const cJSON *tasks; /* the same */
    bool over;
    struct listener *next;
};

static const struct {
    enum listen_list bit;
    const char *asked, *method;
} lists[] = {
    { LISTEN_TOOLS, "toolsListChanged", "notifications/tools/list_changed" },
    { LISTEN_PROMPTS, "promptsListChanged", "notifications/prompts/list_changed" },
    { LISTEN_RESOURCES, "resourcesListChanged", "notifications/resources/list_changed" },
};
enum { LISTS = sizeof lists / sizeof lists[0] };

/* -- what is sent ------------------------------------------------------------------------ */

static void add_id(struct arena *a, cJSON *params, const struct listener *l)
{
    cJSON *meta = json_get(params, "_meta");
    if (!meta)
        meta = json_set_object(a, params, "_meta");
    json_set(a, meta, MCP_META "subscriptionId", json_raw(a, l->request->rpc.id));
}

static bool notify_listener(const struct listener *l, const char *method, const cJSON *detail)
{
    struct request *r = l->request;
    if (l->over)
        return false;
    struct arena *a = arena_new();
    cJSON *params = detail ? json_clone(a, detail) : json_object(a);
    add_id(a, params, l);
    const char *json = rpc_notification(a, method, json_print(a, params));
    bool sent = r->reply->send(r->reply, json, strlen(json));
    arena_free(a);
    return sent;
}

void listen_changed(struct mcp *m, enum listen_list what)
{
    for (const struct listener *l = m->listeners; l; l = l->next)
        for (int i = 0; i < LISTS; i++)
            if (lists[i].bit == what && l->lists & what)
                notify_listener(l, lists[i].method, NULL);
}

void listen_updated(struct mcp *m, const char *uri)
{
    struct arena *a = arena_new();
    cJSON *params = json_object(a);
    json_set_str(a, params, "uri", uri);
    for (const struct listener *l = m->listeners; l; l = l->next)
        if (json_find_text(l->uris, uri))
            notify_listener(l, "notifications/resources/updated", params);
    arena_free(a);
}

void listen_task(struct mcp *m, const char *principal, const char *id, const cJSON *detail)
{
    for (const struct listener *l = m->listeners; l; l = l->next)
        if (!strcmp(l->request->principal, principal) && json_find_text(l->tasks, id))
            notify_listener(l, "notifications/tasks", detail);
}

/* -- what is watched for them ------------------------------------------------------------- */

/* Those before `end`; NULL: all. */
static void unwatch(struct owner *o, const cJSON *uris, const cJSON *end)
{
    for (const cJSON *uri = uris ? uris->child : NULL; uri && uri != end; uri = uri->next)
        watch_unwant(o, uri->valuestring);
}

static bool watch_listener_uris(const struct listener *l)
{
    struct request *r = l->request;
    for (const cJSON *uri = l->uris ? l->uris->child : NULL; uri; uri = uri->next) {
        if (watch_want(r->owner, uri->valuestring))
            continue;
        const char *words = watch_words(r->owner, r->arena);
        unwatch(r->owner, l->uris, uri);
        return request_fail(r, 200, RPC_INTERNAL, "Subscription limit reached: %s", words);
    }
    return true;
}

/* -- life -------------------------------------------------------------------------------- */

static void finish_listener(void *arg)
{
    struct listener *l = arg;
    struct request *r = l->request;
    struct listener **p = &r->mcp->listeners;
    while (*p != l)
        p = &(*p)->next;
    *p = l->next;
    unwatch(r->owner, l->uris, NULL);
    if (r->gone) {
        request_gone(r);
        return;
    }
    if (r->err.kind) {
        request_error(r);
        return;
    }
    cJSON *result = json_object(r->arena);
    add_id(r->arena, result, l);
    request_result(r, request_envelope(r, result));
}

static void over(void *arg)
{
    struct listener *l = arg;
    if (l->over)
        return;
    l->over = true;
    loop_soon(l->request->mcp->loop, finish_listener, l);
}

bool listen_is(const struct request *r)
{
    const struct listener *l = r->mcp->listeners;
    while (l && l->request != r)
        l = l->next;
    return l != NULL;
}

void listen_end_all(struct mcp *m)
{
    for (struct listener *l = m->listeners; l; l = l->next)
        over(l);
}

/* The strings of the list that r asks for under that name. NULL: none, or r has an error. */
static const cJSON *strings(struct request *r, const cJSON *asked, const char *name)
{
    const cJSON *all = json_get(asked, name);
    const cJSON *one;
    bool good = !all || cJSON_IsArray(all);
    cJSON_ArrayForEach(one, all)
    {
        good = good && cJSON_IsString(one);
    }
    if (!good || json_count(all) > LISTEN_MAX_URIS)
        request_fail(r, 200, RPC_INVALID_PARAMS,
                     "Invalid params: notifications.%s must be an array of at most %d strings",
                     name, LISTEN_MAX_URIS);
    return json_count(all) ? all : NULL;
}

/* Those whose resources are not switched off: only they are honoured. NULL: none. */
static const cJSON *served_uris(struct request *r, const cJSON *uris)
{
    cJSON *kept = json_array(r->arena);
    const cJSON *one;
    if (r->err.kind != ERR_NONE)
        return NULL;
    cJSON_ArrayForEach(one, uris)
    {
        if (!resource_is_off(r->mcp, one->valuestring))
            json_add_str(r->arena, kept, one->valuestring);
    }
    return kept->child ? kept : NULL;
}

/* r counts as a stream already. */
static bool room(struct request *r)
{
    const struct owner *o = r->owner;
    if (o->held[SHARE_STREAMS] <= LISTEN_MAX_EACH && share_fits(o, SHARE_STREAMS, LISTEN_MAX))
        return true;
    int most = o->held[SHARE_STREAMS] > LISTEN_MAX_EACH ? LISTEN_MAX_EACH : LISTEN_MAX;
    return request_fail(r, 200, RPC_INTERNAL,
                        "Subscription limit reached: %s; end a stream that is not needed",
                        share_words(r->arena, o, SHARE_STREAMS, most));
}

static bool read_filter(struct listener *l)
{
    struct request *r = l->request;
    const cJSON *asked = json_get(r->rpc.params, "notifications");
    if (!cJSON_IsObject(asked))
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: notifications must be an object");
    for (int i = 0; i < LISTS; i++)
        if (json_true(asked, lists[i].asked))
            l->lists |= lists[i].bit;
    l->uris = served_uris(r, strings(r, asked, "resourceSubscriptions"));
    l->tasks = strings(r, asked, "taskIds");
    if (l->tasks && !task_declared(r))
        return false;
    l->tasks = l->tasks ? task_owned(r, l->tasks) : NULL;
    return r->err.kind == ERR_NONE && room(r);
}

static bool acknowledge(const struct listener *l)
{
    struct arena *a = l->request->arena;
    cJSON *params = json_object(a);
    cJSON *honoured = json_set_object(a, params, "notifications");
    for (int i = 0; i < LISTS; i++)
        if (l->lists & lists[i].bit)
            json_set_bool(a, honoured, lists[i].asked, true);
    if (l->uris)
        json_set(a, honoured, "resourceSubscriptions", json_clone(a, l->uris));
    if (l->tasks)
        json_set(a, honoured, "taskIds", json_clone(a, l->tasks));
    return notify_listener(l, "notifications/subscriptions/acknowledged", params);
}

void listen_start(struct request *r)
{
    struct listener *l = arena_make(r->arena, struct listener);
    l->request = r;
    request_counts(r, SHARE_STREAMS);
    if (!read_filter(l) || !watch_listener_uris(l)) {
        request_error(r);
        return;
    }
    l->next = r->mcp->listeners;
    r->mcp->listeners = l;
    r->cancel.wake = over;
    r->cancel.arg = l;
    if (acknowledge(l) || l->over)
        return;
    request_fail(r, 406, RPC_INVALID_REQUEST,
                 "subscriptions/listen answers by a stream: Accept must allow text/event-stream");
    over(l);
}
