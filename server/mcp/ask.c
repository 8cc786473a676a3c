/* ask.c - elicitation in both eras behind one function.
 *
 * The form is the same everywhere: `decision` (approve or reject) and, for what destroys,
 * `confirm`. An accepted form without a clear decision is no approval.
 */
#include "mcp/ask.h"
#include "base/arena.h"
#include "base/json.h"
#include "mcp/ask_state.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "net/loop.h"

enum { CONFIRM_CHARS = 8 };

struct ask_wait {
    struct session *session; /* NULL: out of its list */
    struct request *request;
    struct fiber *fiber;
    const char *id; /* raw JSON text */
    const cJSON *answer;
    bool woken;
    struct ask_wait *next;
};

static bool declared(const struct request *r)
{
    const cJSON *elicitation = json_get(r->client, "elicitation");
    if (!r->era->elicits || !cJSON_IsObject(elicitation))
        return false;
    return !elicitation->child || cJSON_IsObject(json_get(elicitation, "form"));
}

static cJSON *form(struct arena *a, const struct era *era, const char *message, const char *word)
{
    cJSON *params = json_object(a);
    if (era->form_mode)
        json_set_str(a, params, "mode", "form");
    json_set_str(a, params, "message", message);
    cJSON *schema = json_set_object(a, params, "requestedSchema");
    json_set_str(a, schema, "type", "object");
    cJSON *properties = json_set_object(a, schema, "properties");
    cJSON *decision = json_set_object(a, properties, "decision");
    json_set_str(a, decision, "type", "string");
    json_set_str(a, decision, "title", "Decision");
    json_set_str(a, decision, "description", "approve applies the change; reject drops it");
    cJSON *choices = json_set_array(a, decision, "enum");
    json_add_str(a, choices, "approve");
    json_add_str(a, choices, "reject");
    cJSON *required = json_set_array(a, schema, "required");
    json_add_str(a, required, "decision");
    if (!word)
        return params;
    cJSON *confirm = json_set_object(a, properties, "confirm");
    json_set_str(a, confirm, "type", "string");
    json_set_str(a, confirm, "title", "Confirm");
    json_set_str(a, confirm, "description",
                 arena_printf(a, "To approve, type %s (this change destroys something)", word));
    return params;
}

/* What an ElicitResult says. */
static enum asked verdict(const cJSON *answer, const char *word)
{
    const char *action = json_str(answer, "action");
    if (!action)
        return ASK_LATER;
    if (!strcmp(action, "decline"))
        return ASK_NO;
    if (strcmp(action, "accept"))
        return ASK_LATER;
    const cJSON *content = json_get(answer, "content");
    const char *decision = json_str(content, "decision");
    if (!decision)
        return ASK_LATER;
    if (!strcmp(decision, "reject"))
        return ASK_NO;
    if (strcmp(decision, "approve"))
        return ASK_LATER;
    const char *confirm = json_str(content, "confirm");
    return !word || (confirm && !strcmp(confirm, word)) ? ASK_YES : ASK_LATER;
}

static void resume(void *arg)
{
    struct ask_wait *w = arg;
    fiber_resume(w->fiber);
}

static void wake(void *arg)
{
    struct ask_wait *w = arg;
    if (w->woken)
        return;
    w->woken = true;
    loop_soon(w->request->mcp->loop, resume, w);
}

static void unlink_wait(struct ask_wait *w)
{
    if (!w->session)
        return;
    for (struct ask_wait **p = &w->session->asks; *p; p = &(*p)->next) {
        if (*p != w)
            continue;
        *p = w->next;
        break;
    }
    w->session = NULL;
}

void ask_abandon(struct ask_wait *w)
{
    unlink_wait(w);
    wake(w);
}

bool ask_answer(struct session *s, const struct rpc *rpc)
{
    for (struct ask_wait *w = s->asks; w; w = w->next) {
        if (strcmp(w->id, rpc->id))
            continue;
        if (rpc->result)
            w->answer = json_clone(w->request->arena, rpc->result);
        ask_abandon(w);
        return true;
    }
    return false;
}

/* Parks until an answer, the time, or a cancellation. */
static void wait_for(struct ask_wait *w)
{
    struct request *r = w->request;
    struct session *s = r->session;
    w->session = s;
    w->next = s->asks;
    s->asks = w;
    r->cancel.wake = wake;
    r->cancel.arg = w;
    struct loop_timer *t = loop_timer(r->mcp->loop, ASK_SECONDS, 0, wake, w);
    fiber_park();
    loop_untimer(t);
    r->cancel.wake = NULL;
    r->cancel.arg = NULL;
}

enum asked ask_client(struct request *r, const char *method, cJSON *params, const cJSON **answer)
{
    *answer = NULL;
    if (!r->session || r->cancel.fired)
        return ASK_GONE;
    struct ask_wait w = { .request = r, .fiber = fiber_self() };
    w.id = arena_printf(r->arena, "\"ask-%lu\"", ++r->session->last_ask);
    const char *text = rpc_request(r->arena, w.id, method, json_print(r->arena, params));
    if (!r->reply->send(r->reply, text, strlen(text)))
        return ASK_CANNOT;
    wait_for(&w);
    bool open = w.session != NULL; /* nobody has answered: the client may close the dialog */
    unlink_wait(&w);
    if (open) {
        cJSON *cancelled = json_object(r->arena);
        json_set(r->arena, cancelled, "requestId", json_raw(r->arena, w.id));
        json_set_str(r->arena, cancelled, "reason", "no longer needed");
        request_notify(r, "notifications/cancelled", cancelled);
    }
    if (r->cancel.fired)
        return ASK_GONE;
    *answer = w.answer;
    return w.answer ? ASK_YES : ASK_LATER;
}

static enum asked ask_session(struct question *q, cJSON *params, const char *word)
{
    const cJSON *answer = NULL;
    enum asked asked = ask_client(q->request, "elicitation/create", params, &answer);
    return asked == ASK_YES ? verdict(answer, word) : asked;
}

static enum asked ask_stateless(struct question *q, const char *id, const char *digest,
                                cJSON *params, const char *word)
{
    struct request *r = q->request;
    struct arena *a = r->arena;
    bool same = q->retry_id && !strcmp(q->retry_id, id) && !strcmp(q->retry_digest, digest);
    if (same && q->retry_answer)
        return verdict(q->retry_answer, word);
    cJSON *requests = json_object(a);
    cJSON *approval = json_set_object(a, requests, "approval");
    json_set_str(a, approval, "method", "elicitation/create");
    json_set(a, approval, "params", params);
    if (task_is(r)) {
        const cJSON *answers = task_ask(r, requests);
        return answers ? verdict(json_get(answers, "approval"), word) : ASK_GONE;
    }
    cJSON *result = json_object(a);
    json_set_str(a, result, "resultType", "input_required");
    json_set(a, result, "inputRequests", requests);
    json_set_str(a, result, "requestState", ask_state_make(q, id, digest));
    q->input_required = request_envelope(r, result);
    return ASK_RETRY;
}

enum asked ask_person(struct question *q, const char *id, const char *digest, const char *message,
                      bool typed)
{
    struct request *r = q->request;
    if (r->cancel.fired)
        return ASK_GONE;
    if (!declared(r))
        return ASK_CANNOT;
    const char *word = typed ? arena_strndup(r->arena, id, CONFIRM_CHARS) : NULL;
    cJSON *params = form(r->arena, r->era, message, word);
    if (r->era->modern)
        return ask_stateless(q, id, digest, params, word);
    return ask_session(q, params, word);
}

bool ask_begin(struct question *q)
{
    struct request *r = q->request;
    const cJSON *state = json_get(r->rpc.params, "requestState");
    const cJSON *responses = json_get(r->rpc.params, "inputResponses");
    if (!r->era->modern)
        return true;
    if (responses && !cJSON_IsObject(responses))
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: inputResponses must be an "
                            "object");
    if (!state)
        return true;
    if (!cJSON_IsString(state) || !ask_state_read(q, state->valuestring))
        return request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid or expired requestState");
    const cJSON *answer = json_get(responses, "approval");
    q->retry_answer = cJSON_IsObject(answer) ? answer : NULL;
    return true;
}
