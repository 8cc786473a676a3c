/* call.c - the life of one call, read from call_main() down, and the arguments side of tool.h.
 * What reads the gateway is call_gateway.c, what changes it call_change.c. */
#include "base/err.h"
#include "base/log.h"
#include "base/meter.h"
#include "base/secret.h"
#include "base/span.h"
#include "base/trace.h"
#include "base/when.h"
#include "call/call_private.h"
#include "call/read.h"
#include "call/repeat_private.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "net/loop.h"
#include "policy/people.h"
#include "policy/policy.h"
#include <stdarg.h>

enum { LINES_SECOND = 20, LINES_BURST = 40, LINE_BYTES = 1000 };
#define PROGRESS_SECONDS 0.1 /* between two progress notifications of one call, at least */

/* -- the answer -------------------------------------------------------------------------- */

/* The answer in words: those of its voice, the tool's own, else as it is. */
static const char *answer_words(struct call *c, const cJSON *shown)
{
    const struct tool *t = c->entry->tool;
    const char *said = c->voice ? c->voice->say(c->arena, shown) : t->say ? t->say(c, shown) : NULL;
    return said ? secret_scrub_with(c->arena, c->secrets, said) : json_print(c->arena, shown);
}

static struct call_end make_call_end(struct call *c, const cJSON *out)
{
    struct arena *a = c->arena;
    cJSON *shown = json_clone(a, out);
    if (c->entry->tool->whole)
        return (struct call_end){ .answer = shown };
    secret_scrub_tree(a, c->secrets, shown);
    struct call_end end = { .answer = shown, .text = answer_words(c, shown) };
    if (c->voice)
        end.facts = c->voice->facts(a, shown);
    else if (c->entry->tool->facts)
        end.answer = json_clone(a, c->entry->tool->facts(c, shown));
    return end;
}

static struct call_end error_of(struct call *c)
{
    const char *text = mask_quoting(c->arena, c->secrets, c->err.text);
    return (struct call_end){ .text = text_clean(c->arena, text, sizeof c->err.text) };
}

/* One line for those who run the server: which tool, how it ended, never an argument. */
static void log_call_end(struct call *c)
{
    const struct caller_ops *ops = c->caller->ops;
    const char *tool = c->entry->tool->name;
    const char *how = c->err.kind ? err_kind_name(c->err.kind) : "ok";
    log_event(LOG_INFO, "call", "%s by %s: %s", tool, c->caller->principal, how);
    if (ops->log)
        ops->log(c->caller, c->err.kind ? LOG_WARN : LOG_INFO, tool, how);
}

/* -- before it runs ---------------------------------------------------------------------- */

static bool check_not_busy(struct call *c)
{
    const struct caller_ops *ops = c->caller->ops;
    const char *busy = ops->busy ? ops->busy(c->caller) : NULL;
    return !busy || err_set(&c->err, ERR_POLICY,
                            "busy: %s, and nothing was started; call again in a few seconds", busy);
}

void call_hide(struct call *c, const char *kind, const cJSON *o)
{
    cJSON *given = json_clone(c->arena, o);
    c->secrets = c->secrets ? c->secrets : secret_set_new(c->arena);
    mask_drop_references(given);
    mask_collect(c->arena, kind_find(kind), given, c->secrets);
}

static void hide_text(struct call *c, const cJSON *value)
{
    c->secrets = c->secrets ? c->secrets : secret_set_new(c->arena);
    if (cJSON_IsString(value))
        secret_set_add(c->secrets, value->valuestring);
    for (const cJSON *m = value ? value->child : NULL; m; m = m->next)
        hide_text(c, m);
}

/* What the arguments of a change hold that is secret: members that say so, and objects by the
 * tables of their kind. */
static void hide_arguments(struct call *c)
{
    const char *kind = json_str(c->args, "kind"), *name = json_str(c->args, "name");
    for (const struct field *row = c->entry->in; row && row->type; row++) {
        const cJSON *value = json_get(c->args, row->name);
        if (value && (row->flags & FIELD_SECRET))
            hide_text(c, value);
        if (!cJSON_IsObject(value) || !strcmp(row->name, "secret_ref"))
            continue;
        cJSON *o = json_clone(c->arena, value);
        if (kind && name && !strcmp(kind, "plugin-instance"))
            json_set_str(c->arena, o, "pluginName", name);
        call_hide(c, kind, o);
    }
}

static bool check_arguments(struct call *c)
{
    if (!c->args || cJSON_IsNull(c->args)) /* null: how Go writes a map that was never made */
        c->args = json_object(c->arena);
    if (c->entry->tool->plan)
        hide_arguments(c);
    if (!c->entry->tool->schema && !field_check(c->entry->in, c->args, &c->err))
        return err_at(&c->err, "Invalid arguments for %s", c->entry->tool->name);
    c->dry_run = json_true(c->args, "dry_run");
    return true;
}

static bool find_gateway(struct call *c)
{
    const char *name = c->entry->asks_gateway ? json_str(c->args, "gateway") : NULL;
    struct gateway *g = service_gateway(c->service, name, &c->config, &c->err);
    c->gateway = g ? gateway_remembering(g, c->arena) : NULL;
    return !failed(c);
}

/* What belongs to a change has the change's gateway, which the engine asks. */
static enum mode mode_of(const struct call *c)
{
    return c->entry->asks_gateway ? c->config->mode : c->service->config->mode;
}

static bool policy_allows(struct call *c)
{
    const struct tool *t = c->entry->tool;
    if (!find_gateway(c))
        return false;
    const struct wish w = {
        .mode = mode_of(c),
        .risk = t->risk,
        .tool = t->name,
        .gateway = c->entry->asks_gateway ? c->config->name : NULL,
        .off = c->entry->off,
        .rules = c->service->config->rules,
        .url = c->config->gateway_url,
        .requester = people_name(c->service->config, CHANNEL_NONE, c->caller->principal),
        .roles = people_roles(c->service->config, CHANNEL_NONE, c->caller->principal),
        .now = when_now(),
    };
    if (!policy_admits(&w, &c->err))
        return false;
    if (t->local || c->gateway)
        return true;
    return err_set(&c->err, ERR_POLICY,
                   "no gateway is configured: start higress-ops with --gateway-url URL");
}

/* -- running ----------------------------------------------------------------------------- */

/* "/v1/routes/{name}" with the percent-encoded arguments. */
static const char *expand(struct call *c, const char *path)
{
    struct buf *b = buf_in(c->arena, 8192);
    for (const char *p = path; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            buf_char(b, *p);
            continue;
        }
        const char *name = arena_strndup(c->arena, p + 1, (size_t)(end - p - 1));
        buf_str(b, text_percent(c->arena, arg_str(c, name)));
        p = end;
    }
    return b->data;
}

static const cJSON *call_run(struct call *c)
{
    const struct tool *t = c->entry->tool;
    if (t->plan)
        return call_change(c);
    if (t->read)
        return t->read(c);
    const cJSON *o = gw_path(c, expand(c, t->get), MISSING_FAILS);
    return o ? mask_object(c->arena, NULL, o) : NULL;
}

/* From now on what this fiber does is of this call, in traces and on SIGUSR1. */
static double begin_trace(const struct call *c)
{
    static unsigned long last;
    const char *tool = c->entry->tool->name, *who = c->caller->principal;
    fiber_label(++last, tool, who);
    trace(TRACE_CALL, "%s by %s (%s) begins", tool, who, c->caller->ops->kind);
    return trace_on & TRACE_CALL ? fiber_clock() : 0;
}

/* NULL: it did what it was to do. */
static const char *ending_of_call(const struct call *c)
{
    return c->cancel->fired ? "cancelled" : c->err.kind ? err_kind_name(c->err.kind) : NULL;
}

static void end_trace(const struct call *c, double began)
{
    const char *how = ending_of_call(c) ? ending_of_call(c) : "ok";
    meter_count(METER_CALLS, c->entry->tool->name, how, 1);
    meter_took(METER_CALL_TIME, c->entry->tool->name, fiber_clock() - began);
    trace(TRACE_CALL, "%s: %s, %.3f s", c->entry->tool->name, how, fiber_clock() - began);
    fiber_label(fiber_call(), NULL, NULL); /* its words end with the call */
}

/* Runs it, unless it came too often lately; its answer, or what went wrong. */
static struct call_end end_of_call(struct call *c)
{
    struct call_end end = { 0 };
    if (!check_not_busy(c) || !check_arguments(c) || !policy_allows(c))
        return error_of(c);
    if (repeat_answers(c, &end))
        return end;
    const cJSON *out = call_run(c);
    if (c->cancel->fired) /* nobody waits for the answer */
        return end;
    end = out ? make_call_end(c, out) : error_of(c);
    repeat_keep(c, &end);
    return end;
}

static void call_main(void *arg)
{
    struct call *c = arg;
    double began = begin_trace(c);
    struct span span;
    span_begin_call(&span, c->entry->tool->name, c->caller->ops->kind, c->caller->traceparent);
    struct call_end end = end_of_call(c);
    if (c->cancel->fired)
        end = (struct call_end){ 0 };
    else
        log_call_end(c);
    span_end(&span, ending_of_call(c));
    end_trace(c, began);
    c->caller->ops->done(c->caller, &end);
}

void call_start(struct service *s, struct caller *caller, const struct catalog_tool *t,
                const cJSON *args)
{
    struct call *c = arena_make(caller->arena, struct call);
    c->service = s;
    c->caller = caller;
    c->arena = caller->arena;
    c->cancel = caller->cancel;
    c->entry = t;
    c->args = args;
    c->progressed = -1;
    fiber_start(call_main, c);
}

/* -- tool.h: the call -------------------------------------------------------------------- */

struct arena *arena(struct call *c)
{
    return c->arena;
}

static const cJSON *argument(struct call *c, const char *name)
{
    for (const struct field *row = c->entry->in; row->type; row++)
        if (row->name == name || !strcmp(row->name, name))
            return json_get(c->args, name);
    bug("%s asks for '%s', which it does not declare", c->entry->tool->name, name);
}

const char *arg_str(struct call *c, const char *name)
{
    const cJSON *v = argument(c, name);
    return cJSON_IsString(v) ? v->valuestring : NULL;
}

double arg_num(struct call *c, const char *name, double otherwise)
{
    const cJSON *v = argument(c, name);
    return cJSON_IsNumber(v) ? v->valuedouble : otherwise;
}

bool arg_bool(struct call *c, const char *name)
{
    return cJSON_IsTrue(argument(c, name));
}

const cJSON *arg_json(struct call *c, const char *name)
{
    return argument(c, name);
}

bool fail(struct call *c, const char *format, ...)
{
    char text[sizeof c->err.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(&c->err, ERR_ARGS, "%s", text);
}

bool failed(const struct call *c)
{
    return c->err.kind != ERR_NONE;
}

const char *fail_text(const struct call *c)
{
    return c->err.text;
}

void fail_forget(struct call *c)
{
    if (c->err.kind != ERR_GONE)
        err_clear(&c->err);
}

bool cancelled(const struct call *c)
{
    return c->cancel->fired;
}

void progress(struct call *c, double done, double total, const char *format, ...)
{
    double now = loop_now(c->service->loop);
    c->has_steps = c->has_steps || total > 0;
    if (!c->caller->hears_progress || done <= c->progressed ||
        (now < c->next_progress && done != total))
        return;
    c->progressed = done;
    c->next_progress = now + PROGRESS_SECONDS;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->caller->ops->progress(c->caller, done, total, text_clean(c->arena, text, 200));
}

bool may_tell_line(struct call *c)
{
    double now = loop_now(c->service->loop);
    double turns = c->line_at > 0 ? c->line_turns + (now - c->line_at) * LINES_SECOND : LINES_BURST;
    if (!c->caller->hears_progress)
        return false;
    c->line_turns = turns < LINES_BURST ? turns : LINES_BURST;
    c->line_at = now;
    if (c->line_turns < 1)
        return false;
    c->line_turns--;
    return true;
}

void tell_line(struct call *c, const char *text)
{
    if (c->caller->hears_progress)
        c->caller->ops->progress(c->caller, ++c->lines_told, 0,
                                 text_clean(c->arena, text, LINE_BYTES));
}

void call_told(void *arg, int done, int total, const char *what)
{
    progress(arg, done, total, "%s", what);
}
