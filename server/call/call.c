/* call.c - the life of one tools/call, read from call_main() down, and the arguments side of
 * tool.h. What reads the gateway is call_gateway.c, what changes it call_change.c. */
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "call/call_private.h"
#include "call/change.h"
#include "call/read.h"
#include "call/run.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/task.h"
#include "net/loop.h"
#include "policy/policy.h"
#include <stdarg.h>

#define TASK_AFTER_SECONDS 5 /* until a call becomes a task, where the client knows tasks */
#define PROGRESS_SECONDS 0.1 /* between two progress notifications of one call, at least */

/* -- the answer -------------------------------------------------------------------------- */

static cJSON *text_block(struct arena *a, const char *text)
{
    cJSON *content = json_array(a);
    cJSON *block = json_add(a, content, json_object(a));
    json_set_str(a, block, "type", "text");
    json_set_str(a, block, "text", text);
    return content;
}

typedef char *say_fn(struct call *c, const cJSON *out);

/* The answer in words: the tool's own, those of a change, else as it is. */
static const char *words(struct call *c, const cJSON *shown)
{
    bool change = c->facts == call_change_facts;
    say_fn *say = change ? change_say : c->entry->tool->say;
    return say ? secret_scrub_with(c->arena, c->secrets, say(c, shown))
               : json_print(c->arena, shown);
}

static void answer(struct call *c, const cJSON *out)
{
    struct arena *a = c->arena;
    const struct tool *t = c->entry->tool;
    if (t->whole) {
        request_result(c->request, request_envelope(c->request, json_clone(a, out)));
        return;
    }
    cJSON *result = json_object(a), *shown = json_clone(a, out);
    secret_scrub_tree(a, c->secrets, shown);
    const char *text = words(c, shown);
    json_set(a, result, "content", text_block(a, text));
    if (c->facts && !call_shows_plans(c->request))
        shown = c->facts(a, shown);
    if (cJSON_IsObject(shown) && c->request->era->structured)
        json_set(a, result, "structuredContent", shown);
    json_set_bool(a, result, "isError", false);
    request_result(c->request, request_envelope(c->request, result));
}

static void answer_error(struct call *c)
{
    struct arena *a = c->arena;
    cJSON *result = json_object(a);
    const char *text = mask_quoting(a, c->secrets, c->err.text);
    json_set(a, result, "content", text_block(a, text_clean(a, text, sizeof c->err.text)));
    json_set_bool(a, result, "isError", true);
    request_result(c->request, request_envelope(c->request, result));
}

/* One line for those who run the server: which tool, how it ended, never an argument. */
static void note(struct call *c)
{
    log_event(LOG_INFO, "call", "%s by %s: %s", c->entry->tool->name, c->request->principal,
              c->err.kind ? err_kind_name(c->err.kind) : "ok");
    request_log(c->request, c->err.kind ? LEVEL_WARNING : LEVEL_INFO, "%s: %s",
                c->entry->tool->name, c->err.kind ? err_kind_name(c->err.kind) : "ok");
}

/* -- before it runs ---------------------------------------------------------------------- */

static bool find_tool(struct call *c)
{
    struct request *r = c->request;
    const cJSON *name = json_get(r->rpc.params, "name");
    if (!cJSON_IsString(name))
        return request_fail(r, 200, RPC_INVALID_PARAMS, "Invalid params: name must be a string");
    c->entry = catalog_find(r->mcp->catalog, name->valuestring);
    if (c->entry)
        return true;
    return request_fail(r, 200, RPC_INVALID_PARAMS, "Unknown tool: %s",
                        text_clean(c->arena, name->valuestring, 80));
}

static bool admitted(struct call *c)
{
    const char *busy = request_busy(c->request);
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
    c->args = json_get(c->request->rpc.params, "arguments");
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
    c->gateway = mcp_gateway(c->mcp, name, &c->config, &c->err);
    return !failed(c);
}

/* What belongs to a change has the change's gateway, which the engine asks. */
static enum mode mode_of(const struct call *c)
{
    return c->entry->asks_gateway ? c->config->mode : c->mcp->config->mode;
}

static bool denied(struct call *c, enum mode mode)
{
    const char *tool = c->entry->tool->name;
    if (!c->entry->asks_gateway)
        return err_set(&c->err, ERR_POLICY,
                       "%s changes the gateway and this server runs in mode %s; whoever runs it "
                       "can start it with --mode approve",
                       tool, config_mode_name(mode));
    return err_set(&c->err, ERR_POLICY,
                   "%s changes the gateway and '%s' is operated in mode %s; whoever runs this "
                   "server can allow more for it",
                   tool, c->config->name, config_mode_name(mode));
}

static bool policy_allows(struct call *c)
{
    const struct tool *t = c->entry->tool;
    if (!find_gateway(c))
        return false;
    enum mode mode = mode_of(c);
    if (c->entry->off)
        return err_set(&c->err, ERR_POLICY,
                       "%s is switched off here: whoever runs this server named the tools it "
                       "offers (--toolsets, --tools); tools/list shows them",
                       t->name);
    if (policy_of(mode, t->risk) == POLICY_DENY)
        return denied(c, mode);
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

static const cJSON *run(struct call *c)
{
    const struct tool *t = c->entry->tool;
    if (t->plan)
        return call_change(c);
    if (t->read)
        return t->read(c);
    const cJSON *o = gw_path(c, expand(c, t->get), MISSING_FAILS);
    return o ? mask_object(c->arena, NULL, o) : NULL;
}

/* The call takes long: its client goes on meanwhile. */
static void slow(void *arg)
{
    struct call *c = arg;
    task_detach(c->request);
}

static void call_main(void *arg)
{
    struct call *c = arg;
    struct request *r = c->request;
    const cJSON *out = NULL;

    if (!find_tool(c) || !ask_begin(&c->question)) {
        request_error(r);
        return;
    }
    struct loop_timer *patience =
        task_offered(r) ? loop_timer(c->mcp->loop, TASK_AFTER_SECONDS, 0, slow, c) : NULL;
    if (admitted(c) && check_arguments(c) && policy_allows(c))
        out = run(c);
    loop_untimer(patience);

    if (!r->gone)
        note(c);
    if (r->gone)
        request_gone(r);
    else if (c->question.input_required)
        request_result(r, c->question.input_required);
    else if (r->err.kind)
        request_error(r);
    else if (out)
        answer(c, out);
    else
        answer_error(c);
}

void call_start(struct request *r)
{
    struct call *c = arena_make(r->arena, struct call);
    c->request = r;
    c->mcp = r->mcp;
    c->arena = r->arena;
    c->question.request = r;
    c->progressed = -1;
    const char *name = json_str(r->rpc.params, "name");
    c->question.tool = name ? name : "";
    c->question.args = json_get(r->rpc.params, "arguments");
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
        if (!strcmp(row->name, name))
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
    return c->request->cancel.fired;
}

void progress(struct call *c, double done, double total, const char *format, ...)
{
    struct request *r = c->request;
    double now = loop_now(r->mcp->loop);
    c->has_steps = c->has_steps || total > 0;
    if (!r->rpc.progress_token || done <= c->progressed ||
        (now < c->next_progress && done != total))
        return;
    c->progressed = done;
    c->next_progress = now + PROGRESS_SECONDS;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cJSON *params = json_object(c->arena);
    json_set(c->arena, params, "progressToken", json_raw(c->arena, r->rpc.progress_token));
    json_set_num(c->arena, params, "progress", done);
    if (total > 0)
        json_set_num(c->arena, params, "total", total);
    if (r->era->step_texts)
        json_set_str(c->arena, params, "message", text_clean(c->arena, text, 200));
    request_notify(r, "notifications/progress", params);
}

void call_told(void *arg, int done, int total, const char *what)
{
    progress(arg, done, total, "%s", what);
}
