/* agent.c - the loop: ask the model, run what it calls, until it has nothing to call or a limit is
 * reached. Read agent_ask() from below. */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/asset.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/runbook.h"
#include "mask/mask.h"
#include "net/loop.h"
#include <stdio.h>
#include <string.h>

/* -- an agent -------------------------------------------------------------------------------------
 */

static const char *agent_rules(void)
{
    for (const struct asset *f = assets; f->path; f++)
        if (!strcmp(f->path, "prompts/ask.txt"))
            return f->data;
    bug("prompts/ask.txt is not in the binary");
}

static void make_marker(struct agent *g)
{
    unsigned char bytes[MARKER];
    crypto_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(g->marker + 2 * i, 3, "%02x", bytes[i]);
}

static void asked_again(void *arg, double seconds, const char *why)
{
    struct agent *g = arg;
    cJSON *event = event_new(g, "again");
    buf_reset(g->unsaid);
    json_set_num(g->step, event, "seconds", seconds);
    json_set_str(g->step, event, "why", event_words(g->step, why));
    event_tell(g, event);
}

static void count_lost_reply(void *arg, const struct usage *u)
{
    cost_lose(arg, u);
}

struct agent *agent_new(struct arena *a, const struct agent_options *o, struct err *e)
{
    struct agent *g = arena_make(a, struct agent);
    const struct config_model *m = &o->service->config->model;
    if (!m->url && !o->without_model)
        return err_set(e, ERR_ARGS,
                       "no model is configured: give model.url, model.name and model.key (docs/"
                       "ask.md), or ask with --no-model"),
               NULL;
    *g = (struct agent){ .arena = a, .options = *o, .service = o->service, .config = m };
    g->model = (struct model){ .loop = o->service->loop,
                               .config = m,
                               .api = api_of(m->api),
                               .cancel = &g->cancel,
                               .said = event_said,
                               .again = asked_again,
                               .lost = count_lost_reply,
                               .arg = g };
    g->kept = kept_new(a);
    g->unsaid = buf_in(a, REPLY_MAX + 1);
    g->read = json_array(a);
    make_marker(g);
    if (o->without_model)
        return g;
    g->runbooks = runbooks_read(a, o->service->config->prompts_dir);
    g->history = history_new(a, agent_rules(), tools_offered(g));
    return g;
}

void agent_free(struct agent *g)
{
    kept_free(g->kept);
}

/* -- one step -------------------------------------------------------------------------------------
 */

void agent_end_step(struct agent *g)
{
    arena_free(g->step);
    g->step = NULL;
    g->calls = NULL;
    g->call_count = 0;
}

void agent_begin_step(struct agent *g)
{
    agent_end_step(g);
    g->step = arena_new();
}

/* Makes room before the model's window is full. */
static void fit_window(struct agent *g)
{
    double known = g->last.input + g->last.output;
    size_t newer = g->history->bytes - (g->counted < g->history->bytes ? g->counted : 0);
    double wanted = known + (double)newer / BYTES_A_TOKEN + g->config->answer_tokens;
    if (wanted <= g->config->window || !history_cut(g->history))
        return;
    g->last = (struct usage){ 0 };
    g->counted = 0;
    event_notice(g, "older answers of tools were dropped to make room in the model's window");
}

static void tell_reply(struct agent *g, const struct reply *r)
{
    event_said_all(g);
    cJSON *event = event_new(g, "reply");
    json_set_str(g->step, event, "text", event_words(g->step, r->text->data));
    json_set_bool(g->step, event, "last", !r->call_count);
    cost_tell(g, g->step, event);
    event_tell(g, event);
}

/* The model's next reply, counted and told; NULL + e. */
static struct reply *next_reply(struct agent *g, struct err *e)
{
    bool full = false;
    fit_window(g);
    g->model.until = g->began + g->config->seconds;
    struct reply *r = model_reply(&g->model, g->step, g->history, &full, e);
    if (!r && full && history_cut(g->history)) {
        err_clear(e);
        event_notice(g, "the request was too long: older answers of tools were dropped");
        r = model_reply(&g->model, g->step, g->history, &full, e);
    }
    g->steps++;
    if (!r)
        return NULL;
    cost_add(g, &r->usage, g->history->bytes, r->text->len);
    if (r->text->len || r->call_count || r->end == REPLY_PAUSED) /* empty ones are refused later */
        history_add_model(g->history, r->message);
    g->counted = g->history->bytes;
    tell_reply(g, r);
    return r;
}

static void take_calls(struct agent *g, const struct reply *r)
{
    g->calls = arena_array(g->step, struct agent_call, r->call_count);
    g->call_count = r->call_count;
    for (int i = 0; i < r->call_count; i++)
        g->calls[i] = (struct agent_call){ .agent = g,
                                           .arena = arena_new(),
                                           .id = r->calls[i].id,
                                           .name = r->calls[i].name ? r->calls[i].name : "(none)",
                                           .given = reply_arguments(&r->calls[i]),
                                           .n = ++g->called };
}

static void keep_results(struct agent *g, const char *note)
{
    struct result *results = arena_array(g->step, struct result, g->call_count);
    for (int i = 0; i < g->call_count; i++) {
        struct agent_call *c = &g->calls[i];
        const char *text = i + 1 == g->call_count && *note
                               ? arena_printf(g->step, "%s\n%s", c->text, note)
                               : c->text;
        results[i] = (struct result){ c->id, c->name, text, c->failed };
        arena_free(c->arena);
    }
    history_add_results(g->history, results, g->call_count);
}

/* Answers each of the reply's calls, whatever happens: the API insists. */
static void answer_calls(struct agent *g, const struct reply *r)
{
    take_calls(g, r);
    if (r->end == REPLY_LENGTH || r->too_many) {
        for (int i = 0; i < g->call_count; i++) {
            g->calls[i].failed = true;
            g->calls[i].text = r->too_many ? "not called: too many calls at once"
                                           : "not called: the reply was cut at its limit of tokens";
        }
    } else {
        agent_run_calls(g);
    }
    agent_audit_calls(g);
    bool last = g->steps + 1 == (int)g->config->steps;
    keep_results(g, last ? "(One reply is left: answer now, with what is known.)" : "");
}

/* -- one question ---------------------------------------------------------------------------------
 */

void agent_begin(struct agent *g, const char *question)
{
    agent_begin_step(g);
    g->cancel = (struct cancel){ 0 };
    g->began = loop_now(g->service->loop);
    g->steps = g->called = 0;
    g->used = (struct usage){ 0 };
    g->guessed = g->diagnosed = g->found = false;
    g->waiting = json_object(g->arena);
    g->answer = g->limit = NULL;
    g->seen = json_object(g->arena);
    buf_reset(g->unsaid);
    cJSON *event = event_new(g, "question");
    json_set_str(g->step, event, "text", event_words(g->step, question));
    event_tell(g, event);
}

/* A secret leaves only towards the gateway: what looks like one does not reach the model either. */
static void put_question(struct agent *g, const char *question)
{
    struct arena *a = g->step;
    const char *text = mask_shapes(a, secret_scrub(a, question));
    if (strcmp(text, question) != 0)
        event_notice(g, "something in the question looks like a secret and was hidden from the "
                        "model; a key is given by the name of a variable or file on the server");
    if (!g->marked)
        text = arena_printf(a, "(MARKER of this session: %s)\n\n%s", g->marker, text);
    g->marked = true;
    history_add_person(g->history, text);
}

void agent_recall(struct agent *g, const char *question, const char *answer)
{
    cJSON *said = json_object(g->arena);
    if (!g->history)
        return;
    history_add_person(g->history, mask_shapes(g->arena, secret_scrub(g->arena, question)));
    json_set_str(g->arena, said, "role", "assistant");
    json_set_str(g->arena, said, "content", mask_shapes(g->arena, secret_scrub(g->arena, answer)));
    history_add_model(g->history, said);
}

static enum agent_outcome question_outcome(struct agent *g, const struct err *e)
{
    if (g->cancel.fired)
        return AGENT_STOPPED;
    if (g->limit)
        return AGENT_LIMIT;
    if (e->kind != ERR_NONE)
        return g->history ? AGENT_FAILED : AGENT_UNREAD;
    if (json_count(g->waiting))
        return AGENT_WAITS;
    return g->diagnosed && !g->found ? AGENT_NOTHING : AGENT_ANSWERED;
}

enum agent_outcome agent_end(struct agent *g, const struct err *e)
{
    struct arena *a = g->step;
    enum agent_outcome o = question_outcome(g, e);
    cJSON *event = event_new(g, "end");
    json_set_str(a, event, "outcome", agent_outcome_name(o));
    json_set_str(a, event, "answer", g->answer ? g->answer : "");
    const char *error = o == AGENT_LIMIT ? g->limit : e->kind != ERR_NONE ? e->text : NULL;
    if (error)
        json_set_str(a, event, "error", event_words(a, error));
    if (g->history)
        json_set_str(a, event, "model", g->config->name);
    json_set_num(a, event, "steps", g->steps);
    cost_tell(g, a, event);
    json_set_num(a, event, "seconds", cost_seconds(g, g->began));
    event_tell(g, event);
    agent_end_step(g);
    return o;
}

/* True: the model has said its last word, or the question ends otherwise (e). */
static bool run_step(struct agent *g, struct err *e)
{
    struct reply *r = next_reply(g, e);
    if (!r) {
        if (cost_left(g) <= 0.05)
            g->limit = arena_printf(g->arena, "%.0f seconds went by (model.limits.seconds)",
                                    g->config->seconds);
        return true;
    }
    if (r->text->len)
        g->answer = event_words(g->arena, r->text->data);
    if (r->call_count) {
        answer_calls(g, r);
        return g->cancel.fired;
    }
    if (r->end == REPLY_PAUSED)
        return false;
    if (r->end == REPLY_REFUSED)
        return !err_set(e, ERR_POLICY, "the model refused to answer");
    if (r->end == REPLY_FULL)
        return !err_set(e, ERR_POLICY, "the model's window is full; ask anew");
    if (r->end == REPLY_LENGTH)
        g->limit = "the reply was cut at its limit of tokens (model.answer_tokens)";
    else if (!r->text->len && !json_count(g->waiting))
        err_set(e, ERR_GATEWAY, "the model at %s replied without a word", g->config->url);
    return true;
}

enum agent_outcome agent_ask(struct agent *g, const char *question)
{
    struct err e = { 0 };
    agent_begin(g, question);
    put_question(g, question);
    while (!(g->limit = cost_limit(g)) && !run_step(g, &e))
        agent_begin_step(g);
    return agent_end(g, &e);
}
