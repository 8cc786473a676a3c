/* ask.c - elicitation in both eras behind one function.
 *
 * The form is the same everywhere: `decision` (approve or reject) and, for what destroys,
 * `confirm`. An accepted form without a clear decision is no approval.
 */
#include "mcp/ask.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "call/caller.h"
#include "mcp/ask_state_private.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/session.h"
#include "mcp/task.h"
#include "net/loop.h"

struct ask_wait {
    struct session *session; /* NULL: out of its list */
    struct request *request;
    struct fiber *fiber;
    const char *id; /* raw JSON text */
    const char *method;
    const cJSON *answer;
    bool woken;
    struct ask_wait *next;
};

/* What is asked, and how its answer is to be read. */
struct asking {
    cJSON *params;
    struct shown shown;
    bool by_url;
};

static bool takes_forms(const struct request *r)
{
    const cJSON *elicitation = json_get(r->client, "elicitation");
    if (!r->era->elicits || !cJSON_IsObject(elicitation))
        return false;
    return !elicitation->child || cJSON_IsObject(json_get(elicitation, "form"));
}

static bool takes_url(const struct request *r, const char *page)
{
    static const char *const safe[] = { "https://", "http://127.0.0.1", "http://[::1]",
                                        "http://localhost" };
    const cJSON *elicitation = json_get(r->client, "elicitation");
    bool is_safe = false;
    for (size_t i = 0; page && i < sizeof safe / sizeof safe[0]; i++)
        is_safe = is_safe || text_starts(page, safe[i]);
    return is_safe && r->era->form_mode && cJSON_IsObject(json_get(elicitation, "url"));
}

static cJSON *link_to(struct arena *a, const struct era *era, const struct ask_about *about)
{
    cJSON *params = json_object(a);
    json_set_str(a, params, "mode", "url");
    json_set_str(a, params, "message",
                 arena_printf(a, "%s (change %s): decide at the page", about->title, about->id));
    json_set_str(a, params, "url", about->page);
    if (!era->modern)
        json_set_str(a, params, "elicitationId", about->id);
    return params;
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

/* What an ElicitResult says to a form with that word, or to a URL. */
static enum asked verdict(bool by_url, struct shown *shown, const cJSON *answer)
{
    const char *action = json_str(answer, "action");
    if (!action)
        return ASK_LATER;
    if (by_url) /* to open the page or not to: neither decides */
        return strcmp(action, "accept") ? ASK_LATER : ASK_PAGE;
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
    shown->typed = json_str(content, "confirm");
    return ASK_YES;
}

static void resume_asker(void *arg)
{
    struct ask_wait *w = arg;
    fiber_resume(w->fiber);
}

static void wake_asker(void *arg)
{
    struct ask_wait *w = arg;
    if (w->woken)
        return;
    w->woken = true;
    loop_soon(w->request->mcp->loop, resume_asker, w);
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
    wake_asker(w);
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
    r->cancel.wake = wake_asker;
    r->cancel.arg = w;
    struct loop_timer *t = loop_timer(r->mcp->loop, CALLER_PATIENCE_SECONDS, 0, wake_asker, w);
    fiber_park("an answer of the client to", w->method);
    loop_untimer(t);
    r->cancel.wake = NULL;
    r->cancel.arg = NULL;
}

enum asked ask_client(struct request *r, const char *method, cJSON *params, const cJSON **answer)
{
    *answer = NULL;
    if (!r->session || r->cancel.fired)
        return ASK_GONE;
    struct ask_wait w = { .request = r, .fiber = fiber_self(), .method = method };
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

static enum asked ask_session(struct question *q, struct asking *k)
{
    const cJSON *answer = NULL;
    enum asked asked = ask_client(q->request, "elicitation/create", k->params, &answer);
    return asked == ASK_YES ? verdict(k->by_url, &k->shown, answer) : asked;
}

/* Does the retry answer this question? One that showed a URL, or no word where one must be typed,
 * showed less. */
static bool retry_answers(const struct question *q, const struct asking *k)
{
    const struct shown *was = &q->retry, *now = &k->shown;
    if (!q->retry_answer || !was->id || strcmp(was->id, now->id) || strcmp(was->plan, now->plan))
        return false;
    return k->by_url || (was->rendering && !was->word == !now->word);
}

static enum asked ask_stateless(struct question *q, struct asking *k)
{
    struct request *r = q->request;
    struct arena *a = r->arena;
    if (retry_answers(q, k)) {
        k->shown = q->retry;
        return verdict(k->by_url, &k->shown, q->retry_answer);
    }
    cJSON *requests = json_object(a);
    cJSON *approval = json_set_object(a, requests, "approval");
    json_set_str(a, approval, "method", "elicitation/create");
    json_set(a, approval, "params", k->params);
    if (task_is(r)) {
        const cJSON *given = task_ask(r, requests);
        return given ? verdict(k->by_url, &k->shown, json_get(given, "approval")) : ASK_GONE;
    }
    cJSON *result = json_object(a);
    json_set_str(a, result, "resultType", "input_required");
    json_set(a, result, "inputRequests", requests);
    json_set_str(a, result, "requestState", ask_state_make(q, &k->shown));
    q->input_required = request_envelope(r, result);
    return ASK_RETRY;
}

enum asked ask_person(struct question *q, const struct ask_about *about, struct shown *shown)
{
    struct request *r = q->request;
    if (r->cancel.fired)
        return ASK_GONE;
    bool form_fits = about->text && takes_forms(r);
    struct asking k = { .by_url = !form_fits && takes_url(r, about->page) };
    if (!k.by_url && !form_fits)
        return ASK_CANNOT;
    k.shown = (struct shown){ .id = about->id, .plan = about->plan };
    k.shown.rendering = form_fits ? about->rendering : NULL;
    k.shown.word = form_fits ? about->word : NULL;
    k.params = k.by_url ? link_to(r->arena, r->era, about)
                        : form(r->arena, r->era, about->text, k.shown.word);
    enum asked asked = r->era->modern ? ask_stateless(q, &k) : ask_session(q, &k);
    *shown = k.shown;
    return asked;
}

void ask_done(const struct question *q, const char *id)
{
    struct request *r = q->request;
    cJSON *params = json_object(r->arena);
    json_set_str(r->arena, params, "elicitationId", id);
    if (!r->era->modern)
        request_notify(r, "notifications/elicitation/complete", params);
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
