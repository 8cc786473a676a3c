/* agent_call.c - the calls of one step: reads side by side, changes one by one, in the order in
 * which the model made them. Each is a call of the call room; what it came to is told, quoted for
 * the model, and noted in the audit. */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "change/engine.h"
#include "change/outside.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "net/loop.h"
#include "policy/policy.h"
#include "store/store.h"
#include "tool.h"
#include <string.h>

enum {
    SAME_CALL = 3,     /* this often, and it is not made again */
    STOP_SECONDS = 30, /* for calls that were told to stop */
    SHOWN = 120,
};

static struct agent_call *agent_call_of(struct caller *c)
{
    return (struct agent_call *)(void *)c;
}

/* -- what is told ---------------------------------------------------------------------------------
 */

/* Arguments for people: what is secret by its place is hidden, then what looks like it. */
static cJSON *shown_arguments(struct agent *g, const struct agent_call *c)
{
    cJSON *args = json_clone(g->step, c->args), *arg;
    if (!cJSON_IsObject(args))
        return json_string(g->step, event_words(g->step, c->given));
    if (c->tool)
        field_mask(g->step, c->tool->in, args);
    const char *kind = json_str(args, "kind");
    cJSON_ArrayForEach(arg, args)
    {
        if (cJSON_IsObject(arg))
            json_set(g->step, args, arg->string,
                     mask_object(g->step, kind ? kind_find(kind) : NULL, arg));
    }
    const char *text = event_words(g->step, json_print(g->step, args));
    cJSON *shown = json_parse(g->step, text, strlen(text), &(struct err){ 0 });
    return shown ? shown : json_string(g->step, text);
}

static void tell_call(struct agent *g, const struct agent_call *c)
{
    cJSON *event = event_new(g, "call");
    json_set_num(g->step, event, "n", c->n);
    json_set_str(g->step, event, "tool", text_clean(g->step, c->name, SHOWN));
    json_set(g->step, event, "arguments", shown_arguments(g, c));
    event_tell(g, event);
}

/* {"id","state",…} where the answer is a change. */
static cJSON *change_shown(struct agent *g, const cJSON *answer)
{
    static const char *const members[] = { "id", "state", "title", "risk" };
    const char *id = json_str(answer, "id"), *state = json_str(answer, "state");
    if (!id || !state || !text_starts(id, "c-"))
        return NULL;
    cJSON *change = json_object(g->step);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *text = json_str(answer, members[i]);
        if (text)
            json_set_str(g->step, change, members[i], event_words(g->step, text));
    }
    json_remove(g->waiting, id);
    if (!strcmp(state, "pending"))
        json_set_bool(g->arena, g->waiting, id, true);
    return change;
}

static void add_verdicts(struct agent *g, const cJSON *answer, cJSON *event)
{
    const cJSON *verdicts = json_get(answer, "verdicts"), *v;
    if (!cJSON_IsArray(verdicts))
        return;
    const char *text = event_words(g->step, json_print(g->step, verdicts));
    cJSON *shown = json_parse(g->step, text, strlen(text), &(struct err){ 0 });
    g->diagnosed = true;
    cJSON_ArrayForEach(v, verdicts)
    {
        const char *code = json_str(v, "code");
        g->found = g->found || !code || strcmp(code, "OK") != 0; /* UNKNOWN: it was not seen */
    }
    if (shown)
        json_set(g->step, event, "verdicts", shown);
}

static const char *call_outcome(const struct agent_call *c)
{
    return c->cancel.fired ? "stopped" : c->failed ? "failed" : "ok";
}

static void tell_result(struct agent *g, struct agent_call *c, const cJSON *answer)
{
    cJSON *event = event_new(g, "result"), *change = change_shown(g, answer);
    json_set_num(g->step, event, "n", c->n);
    json_set_str(g->step, event, "tool", text_clean(g->step, c->name, SHOWN));
    json_set_str(g->step, event, "outcome", call_outcome(c));
    json_set_num(g->step, event, "seconds", cost_seconds(g, c->began));
    json_set_num(g->step, event, "bytes", (double)strlen(c->text));
    json_set_str(g->step, event, "text", event_words(g->step, c->text));
    if (change)
        json_set(g->step, event, "change", change);
    add_verdicts(g, answer, event);
    event_tell(g, event);
}

/* -- one call -------------------------------------------------------------------------------------
 */

/* text: in any arena. */
static void end_call(struct agent_call *c, const char *text, const cJSON *answer)
{
    struct agent *g = c->agent;
    c->text = arena_strdup(g->step, text);
    c->ended = true;
    tell_result(g, c, answer);
    if (!c->quoted)
        c->text = kept_quote(g, g->step, c->text);
}

static void call_done(struct caller *caller, const struct call_end *end)
{
    struct agent_call *c = agent_call_of(caller);
    struct agent *g = c->agent;
    c->failed = !end->answer;
    const char *text = end->text     ? end->text
                       : end->answer ? json_print(c->arena, end->answer)
                                     : "it was stopped";
    end_call(c, text, end->answer);
    if (--g->running == 0)
        cancel_fire(&g->woken);
}

static void hear_call_progress(struct caller *caller, double at, double total, const char *text)
{
    struct agent_call *c = agent_call_of(caller);
    struct agent *g = c->agent;
    (void)at;
    (void)total;
    cJSON *event = event_new(g, "progress");
    json_set_num(g->step, event, "n", c->n);
    json_set_str(g->step, event, "text", event_words(g->step, text));
    event_tell(g, event);
}

static const struct caller_ops ops = { .kind = "agent",
                                       .done = call_done,
                                       .progress = hear_call_progress };

static void refuse_call(struct agent_call *c, const char *why)
{
    c->failed = c->quoted = true;
    end_call(c, why, NULL);
}

static void begin_agent_call(struct agent *g, struct agent_call *c)
{
    c->caller = (struct caller){ .ops = &ops,
                                 .arena = c->arena,
                                 .cancel = &c->cancel,
                                 .principal = g->options.principal,
                                 .channel = g->options.channel,
                                 .never_auto = true,
                                 .hears_progress = true };
    g->running++;
    call_start(g->service, &c->caller, c->tool, c->args);
}

/* The same again and again brings nothing; waiting for a change does. */
static bool is_loop(struct agent *g, const struct agent_call *c)
{
    const char *key = arena_printf(g->arena, "%s %s", c->name, json_canonical(g->step, c->args));
    double times = json_num(g->seen, key, 0) + 1;
    json_set_num(g->arena, g->seen, key, times);
    return times >= SAME_CALL && strcmp(c->name, "get_change") != 0;
}

/* The gateway of a change, or of an edit made elsewhere; NULL: there is only one, or no such id. */
static const char *gateway_of_change(struct agent *g, const char *id)
{
    struct err ignored = { 0 };
    struct engine *engine = service_engine(g->service);
    const cJSON *o = text_starts(id, "o-")
                         ? engine_outside_edit(engine, g->step, id, false, &ignored)
                         : engine_show(engine, g->step, id, false, &ignored);
    return json_str(o, "gateway");
}

/* Where the conversation is bound to one gateway, that is meant, and no other is looked at. */
static bool is_other_gateway(struct agent *g, struct agent_call *c)
{
    const char *only = g->options.gateway, *named = json_str(c->args, "gateway");
    const char *id = json_str(c->args, "id");
    if (!only || !c->tool)
        return false;
    if (!c->tool->asks_gateway) { /* what takes an id is about a change, which has its own */
        named = id ? gateway_of_change(g, id) : NULL;
        return named && strcmp(named, only) != 0;
    }
    if (!named && cJSON_IsObject(c->args)) {
        cJSON *args = json_clone(g->step, c->args);
        json_set_str(g->step, args, "gateway", only);
        c->args = args;
    }
    return named && strcmp(named, only) != 0;
}

static bool may_not_change(struct agent *g, const struct agent_call *c)
{
    return g->options.reads_only && c->tool && policy_changes(c->tool->tool->risk);
}

static void start_call(struct agent *g, struct agent_call *c)
{
    struct err e = { 0 };
    c->began = loop_now(g->service->loop);
    c->args = json_parse(g->step, c->given, strlen(c->given), &e);
    c->tool = catalog_find(g->service->catalog, c->name);
    tell_call(g, c);
    if (g->cancel.fired)
        refuse_call(c, "not called: the person stopped it");
    else if (!c->args)
        refuse_call(c, arena_printf(g->step, "not called: the arguments are not JSON: %s", e.text));
    else if (may_not_change(g, c))
        refuse_call(c, "not called: here is only read");
    else if (is_other_gateway(g, c))
        refuse_call(c, arena_printf(g->step, "not called: here is only spoken of the gateway %s",
                                    g->options.gateway));
    else if (is_loop(g, c))
        refuse_call(c, "not called: the same call was made twice before; its answers are above");
    else if (c->tool)
        begin_agent_call(g, c);
    else if (tools_own(g, c))
        end_call(c, c->text, NULL);
    else
        refuse_call(c, "there is no such tool; call only those that are offered");
}

/* -- all of a step --------------------------------------------------------------------------------
 */

static bool only_reads(struct agent *g, const struct agent_call *c)
{
    const struct catalog_tool *t = catalog_find(g->service->catalog, c->name);
    return !t || t->tool->risk == READ;
}

static void stop_running(struct agent *g)
{
    for (int i = 0; i < g->call_count; i++)
        if (g->calls[i].tool && !g->calls[i].ended)
            cancel_fire(&g->calls[i].cancel);
}

/* Until all that run have ended; those that the time runs out for are stopped, and waited for. */
static void await_calls(struct agent *g)
{
    struct err ignored = { 0 };
    double left = cost_left(g);
    for (int i = 0; i < 2 && g->running; i++) {
        g->woken = (struct cancel){ 0 };
        if (nap_for(g->service->loop, left > 0 ? left : 0.001, "the calls of a step", NULL,
                    &g->woken, &ignored))
            stop_running(g);
        left = STOP_SECONDS;
    }
    while (g->running) /* a call that cannot stop now, such as a write: its end is awaited */
        nap_for(g->service->loop, 0.1, "a call that cannot stop", NULL, NULL, &ignored);
}

void agent_run_calls(struct agent *g)
{
    for (int i = 0; i < g->call_count;) {
        int from = i;
        bool reads = only_reads(g, &g->calls[i]);
        do
            start_call(g, &g->calls[i++]);
        while (reads && i < g->call_count && i - from < AT_ONCE && only_reads(g, &g->calls[i]));
        await_calls(g);
    }
}

void agent_stop(struct agent *g)
{
    cancel_fire(&g->cancel);
    stop_running(g);
}

/* -- the audit ------------------------------------------------------------------------------------
 */

/* What of its arguments says what it was about; never a value. */
static const char *call_about(struct agent *g, const struct agent_call *c)
{
    static const char *const telling[] = { "action", "kind", "name", "id", "scope", "route" };
    const char *text = "";
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        const char *value = json_str(c->args, telling[i]);
        if (value)
            text = arena_printf(g->step, "%s%s%s", text, *text ? " " : "", value);
    }
    return text_clean(g->step, event_words(g->step, text), SHOWN);
}

static cJSON *audit_detail(struct agent *g)
{
    struct arena *a = g->step;
    cJSON *detail = json_object(a), *calls = json_set_array(a, detail, "calls");
    json_set_str(a, detail, "model", g->config->name);
    json_set(a, detail, "after_reading", json_clone(a, g->read));
    for (int i = 0; i < g->call_count; i++) {
        const struct agent_call *c = &g->calls[i];
        cJSON *one = json_add(a, calls, json_object(a));
        json_set_str(a, one, "tool", text_clean(a, event_words(a, c->name), SHOWN));
        json_set_str(a, one, "about", call_about(g, c));
        json_set_str(a, one, "outcome", call_outcome(c));
    }
    return detail;
}

void agent_audit_calls(struct agent *g)
{
    struct err e = { 0 };
    struct store *s = engine_store(service_engine(g->service), &e);
    if ((!s || !store_audit(s, "model_calls", NULL, g->options.principal, g->options.kind,
                            audit_detail(g), &e)) &&
        !g->audit_failed) {
        g->audit_failed = true;
        event_notice(g, arena_printf(g->step, "the audit of these calls could not be written: %s",
                                     event_words(g->step, e.text)));
    }
    for (int i = 0; i < g->call_count; i++)
        if (g->calls[i].tool && !json_find_text(g->read, g->calls[i].name))
            json_add_str(g->arena, g->read, g->calls[i].name);
}
