/* task.c - the tasks of all principals in one list, and the three methods on them.
 *
 * A task takes the place of a transport behind its request (struct reply_to): progress becomes its
 * status message, the answer its result. Its arena holds what outlives the request.
 */
#include "mcp/task.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "mcp/era.h"
#include "mcp/listen.h"
#include "mcp/mcp.h"
#include "mcp/session.h"
#include "net/loop.h"
#include <stdarg.h>

enum { ID_BYTES = 20, STATUS_MAX = 240, EXPIRY_SECONDS = 60 };

struct task {
    struct reply_to to; /* first: the way back of the request */
    struct mcp *mcp;
    struct arena *arena;
    const char *id, *principal;
    double created, updated; /* Unix seconds */
    const char *state;       /* "working", "input_required", "completed", "failed", "cancelled" */
    char status[STATUS_MAX];
    const cJSON *result, *error;
    const cJSON *inputs; /* still unanswered; in the request's arena */
    cJSON *answers;
    struct fiber *asking;
    struct request *request; /* NULL: it has ended */
    struct owner *owner;     /* of its share of TASK_MAX */
    struct task *next;
};

struct task_table {
    struct task *first;
    struct loop_timer *expiry_timer;
};

/* -- what clients see -------------------------------------------------------------------- */

static void add_time(struct arena *a, cJSON *o, const char *member, double when)
{
    json_set_str(a, o, member, when_text(a, when, true));
}

static cJSON *describe_task(struct arena *a, const struct task *t)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "taskId", t->id);
    json_set_str(a, o, "status", t->state);
    if (t->status[0])
        json_set_str(a, o, "statusMessage", t->status);
    add_time(a, o, "createdAt", t->created);
    add_time(a, o, "lastUpdatedAt", t->updated);
    json_set_num(a, o, "ttlMs", TASK_TTL_SECONDS * 1000.0);
    json_set_num(a, o, "pollIntervalMs", TASK_POLL_MS);
    return o;
}

static cJSON *describe_whole(struct arena *a, const struct task *t)
{
    cJSON *o = describe_task(a, t);
    if (!strcmp(t->state, "input_required"))
        json_set(a, o, "inputRequests", json_clone(a, t->inputs));
    if (t->result)
        json_set(a, o, "result", json_clone(a, t->result));
    if (t->error)
        json_set(a, o, "error", json_clone(a, t->error));
    return o;
}

static void turn_task(struct task *t, const char *state)
{
    t->state = state;
    t->updated = when_now();
    struct arena *a = arena_new();
    listen_task(t->mcp, t->principal, t->id, describe_whole(a, t));
    arena_free(a);
}

/* -- the way back of the request --------------------------------------------------------- */

static bool task_send(struct reply_to *to, const char *json, size_t n)
{
    struct task *t = (struct task *)(void *)to;
    struct arena *a = arena_new();
    const cJSON *params = json_get(json_parse(a, json, n, NULL), "params");
    const char *message = json_get(params, "progressToken") ? json_str(params, "message") : NULL;
    if (message)
        snprintf(t->status, sizeof t->status, "%s", text_clean(a, message, STATUS_MAX - 4));
    arena_free(a);
    return true;
}

static void task_answered(struct reply_to *to, int status, const char *json, size_t n)
{
    struct task *t = (struct task *)(void *)to;
    (void)status;
    t->request = NULL;
    const cJSON *message = json ? json_parse(t->arena, json, n, NULL) : NULL;
    t->result = json_get(message, "result");
    t->error = json_get(message, "error");
    t->status[0] = '\0';
    turn_task(t, t->result ? "completed" : t->error ? "failed" : "cancelled");
}

/* -- life -------------------------------------------------------------------------------- */

static void drop_task(struct task **p)
{
    struct task *t = *p;
    *p = t->next;
    share_give(t->owner, SHARE_TASKS);
    arena_free(t->arena);
}

static void drop_expired(void *arg)
{
    struct mcp *m = arg;
    double oldest = when_now() - TASK_TTL_SECONDS;
    for (struct task **p = &m->tasks->first; *p;) {
        if (!(*p)->request && (*p)->updated < oldest && (*p)->created < oldest)
            drop_task(p);
        else
            p = &(*p)->next;
    }
}

static struct task *make(struct request *r)
{
    if (!r->mcp->tasks)
        r->mcp->tasks = arena_make(r->mcp->arena, struct task_table);
    struct task_table *all = r->mcp->tasks;
    struct owner *owner = share_take(r->mcp, r->owner->name, SHARE_TASKS);
    if (!share_fits(owner, SHARE_TASKS, TASK_MAX)) {
        share_give(owner, SHARE_TASKS);
        return NULL;
    }
    if (!all->expiry_timer)
        all->expiry_timer =
            loop_timer(r->mcp->loop, EXPIRY_SECONDS, EXPIRY_SECONDS, drop_expired, r->mcp);
    struct arena *a = arena_new();
    struct task *t = arena_make(a, struct task);
    *t = (struct task){ .to = { .send = task_send, .done = task_answered },
                        .mcp = r->mcp,
                        .owner = owner,
                        .arena = a,
                        .id = crypto_token(a, ID_BYTES),
                        .principal = arena_strdup(a, r->principal),
                        .state = "working",
                        .request = r,
                        .next = all->first };
    t->created = t->updated = when_now();
    all->first = t;
    return t;
}

bool task_offered(const struct request *r)
{
    return r->era && r->era->modern && cJSON_IsObject(client_extension(r->client, EXTENSION_TASKS));
}

bool task_declared(struct request *r)
{
    if (task_offered(r))
        return true;
    r->err_data = "{\"requiredCapabilities\":{\"extensions\":{\"" EXTENSION_TASKS "\":{}}}}";
    return request_fail(r, 400, RPC_NO_CAPABILITY, "Missing required client capability");
}

bool task_is(const struct request *r)
{
    return r->reply && r->reply->done == task_answered;
}

bool task_detach(struct request *r)
{
    if (task_is(r))
        return true;
    struct task *t = task_offered(r) && !r->gone ? make(r) : NULL;
    if (!t)
        return false;
    struct reply_to *client = r->reply;
    cJSON *created = describe_task(r->arena, t);
    json_set_str(r->arena, created, "resultType", "task");
    const char *json = rpc_result(r->arena, r->rpc.id, request_envelope(r, created));
    session_leave(r); /* its id may be used again; only tasks/cancel cancels it now */
    r->reply = &t->to;
    client->done(client, 200, json, strlen(json));
    return true;
}

void task_await(struct request *r, bool awaits)
{
    request_counts(r, awaits ? SHARE_NOTHING : SHARE_CALLS);
}

void task_status(struct request *r, const char *format, ...)
{
    if (!task_is(r))
        return;
    struct task *t = (struct task *)(void *)r->reply;
    va_list args;
    va_start(args, format);
    vsnprintf(t->status, sizeof t->status, format, args);
    va_end(args);
    turn_task(t, t->state);
}

static void resume_task(void *arg)
{
    struct task *t = arg;
    struct fiber *f = t->asking;
    t->asking = NULL;
    if (f)
        fiber_resume(f);
}

static void wake_task(void *arg)
{
    struct task *t = arg;
    loop_soon(t->mcp->loop, resume_task, t);
}

const cJSON *task_ask(struct request *r, const cJSON *inputs)
{
    struct task *t = (struct task *)(void *)r->reply;
    if (r->cancel.fired)
        return NULL;
    t->inputs = json_clone(r->arena, inputs);
    t->answers = json_object(r->arena);
    t->asking = fiber_self();
    turn_task(t, "input_required");
    r->cancel.wake = wake_task;
    r->cancel.arg = t;
    task_await(r, true);
    fiber_park("an answer of the client to its task", t->id);
    task_await(r, false);
    r->cancel.wake = NULL;
    r->cancel.arg = NULL;
    t->inputs = NULL;
    if (r->cancel.fired)
        return NULL;
    turn_task(t, "working");
    return t->answers;
}

static void cancel_task(struct task *t)
{
    if (!t->request || t->request->gone)
        return;
    t->request->gone = true;
    cancel_fire(&t->request->cancel);
}

void task_end_all(struct mcp *m)
{
    for (struct task *t = m->tasks ? m->tasks->first : NULL; t; t = t->next)
        cancel_task(t);
}

void task_end_awaiting(struct mcp *m)
{
    for (struct task *t = m->tasks ? m->tasks->first : NULL; t; t = t->next)
        if (t->request && t->request->counted == SHARE_NOTHING)
            cancel_task(t);
}

void task_table_free(struct mcp *m)
{
    if (!m->tasks)
        return;
    loop_untimer(m->tasks->expiry_timer);
    while (m->tasks->first)
        drop_task(&m->tasks->first);
}

/* -- the methods ------------------------------------------------------------------------- */

static struct task *owned_task(struct request *r, const char *id)
{
    for (struct task *t = r->mcp->tasks ? r->mcp->tasks->first : NULL; id && t; t = t->next)
        if (!strcmp(t->id, id) && !strcmp(t->principal, r->principal))
            return t;
    return NULL;
}

static struct task *find_task(struct request *r)
{
    if (!task_declared(r))
        return NULL;
    struct task *t = owned_task(r, json_str(r->rpc.params, "taskId"));
    if (!t)
        request_fail(r, 200, RPC_INVALID_PARAMS, "Failed to retrieve task: Task not found");
    return t;
}

const cJSON *task_owned(struct request *r, const cJSON *ids)
{
    cJSON *known = json_array(r->arena);
    const cJSON *one;
    cJSON_ArrayForEach(one, ids)
    {
        if (owned_task(r, one->valuestring))
            json_add_str(r->arena, known, one->valuestring);
    }
    return known->child ? known : NULL;
}

const char *task_get(struct request *r)
{
    const struct task *t = find_task(r);
    return t ? request_envelope(r, describe_whole(r->arena, t)) : NULL;
}

/* Moves what is answered from inputs to answers; unknown keys and wrong types are left alone. */
static void take_answers(struct task *t, const cJSON *given)
{
    struct arena *a = t->request->arena;
    const cJSON *one;
    cJSON_ArrayForEach(one, given)
    {
        if (!cJSON_IsObject(one) || !json_get(t->inputs, one->string))
            continue;
        json_set(a, t->answers, one->string, json_clone(a, one));
        cJSON *rest = json_clone(a, t->inputs);
        json_remove(rest, one->string);
        t->inputs = rest;
    }
}

const char *task_update(struct request *r)
{
    struct task *t = find_task(r);
    const cJSON *given = json_get(r->rpc.params, "inputResponses");
    if (!t)
        return NULL;
    if (!cJSON_IsObject(given))
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: inputResponses must be an object");
    if (t->asking && t->inputs) {
        take_answers(t, given);
        if (json_count(t->inputs) == 0)
            wake_task(t);
    }
    return request_envelope(r, json_object(r->arena));
}

const char *task_cancel(struct request *r)
{
    struct task *t = find_task(r);
    if (!t)
        return NULL;
    cancel_task(t);
    return request_envelope(r, json_object(r->arena));
}
