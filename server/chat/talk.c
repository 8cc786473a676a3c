/* talk.c - a message: a command, or a question for the model; what is done meanwhile is shown in
 * one message that is renewed; then the answer, and a card for each change that waits. Read talk()
 * from below.
 */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "chat/card_private.h"
#include "net/loop.h"
#include "policy/policy.h"
#include "tool.h"
#include <string.h>

enum { CARDS_OF_ONE = 8, STEPS_SHOWN = 12, STEP_BYTES = 200, STEPS_MAX = 8 << 10 };
static const double PROGRESS_SECONDS = 2, LONG = 3600;

struct talk {
    struct chat_job *job;
    const struct chat_who *who;
    const char *answer, *error;
    const char *changes[CARDS_OF_ONE]; /* that wait */
    int change_count;
    const char *steps[STEPS_SHOWN]; /* the newest */
    int step_count;
    /* the message that shows them */
    const char *message;
    int shown;
    bool over, told_all;
    struct cancel woken, waits;
};

/* -- what is heard of it
 * --------------------------------------------------------------------------- */

static void note_change(struct talk *t, const cJSON *change)
{
    const char *id = json_str(change, "id");
    if (!id || strcmp(json_text(change, "state"), "pending") != 0 ||
        t->change_count == CARDS_OF_ONE)
        return;
    for (int i = 0; i < t->change_count; i++)
        if (!strcmp(t->changes[i], id))
            return;
    t->changes[t->change_count++] = arena_strdup(t->job->arena, id);
}

static void note_step(struct talk *t, const cJSON *event)
{
    struct arena *a = t->job->arena;
    const cJSON *args = json_get(event, "arguments");
    const char *step = arena_printf(a, "%s %s", json_text(event, "tool"),
                                    json_count(args) ? json_print(a, args) : "");
    t->steps[t->step_count++ % STEPS_SHOWN] = text_clean(a, step, STEP_BYTES);
}

static void hear_talk(void *arg, const cJSON *event)
{
    struct talk *t = arg;
    const char *name = json_text(event, "event");
    if (!strcmp(name, "call"))
        note_step(t, event);
    else if (!strcmp(name, "result"))
        note_change(t, json_get(event, "change"));
    else if (!strcmp(name, "end")) {
        t->answer = arena_strdup(t->job->arena, json_text(event, "answer"));
        t->error = arena_strdup(t->job->arena, json_str(event, "error"));
    }
}

/* -- shown while it works
 * --------------------------------------------------------------------------- */

static const char *steps_text(const struct talk *t)
{
    struct buf *b = buf_in(t->job->arena, STEPS_MAX);
    int from = t->step_count > STEPS_SHOWN ? t->step_count - STEPS_SHOWN : 0;
    if (from)
        buf_printf(b, "(%d before)\n", from);
    for (int i = from; i < t->step_count; i++)
        buf_printf(b, "%s\n", t->steps[i % STEPS_SHOWN]);
    return b->data;
}

static void show_steps(struct talk *t)
{
    struct chat_job *j = t->job;
    struct chat_account *c = &j->bot->account;
    struct err e = { 0 };
    const struct chat_block block = { CHAT_CODE, steps_text(t) };
    const struct chat_card card = { .title = t->over ? "Done" : "Working on it",
                                    .blocks = &block,
                                    .n = t->step_count > 0 };
    bool ok = t->message ? c->platform->renew(c, j->arena, &j->place, t->message, &card, &e)
                         : c->platform->show(c, j->arena, &j->place, &card, &t->message, &e);
    say_outcome(j->bot, ok, &e);
    t->shown = t->step_count;
}

/* A quick answer shows nothing before. */
static void follow_steps(void *arg)
{
    struct talk *t = arg;
    struct loop *l = t->job->bot->account.loop;
    struct err ignored = { 0 };
    while (nap_for(l, PROGRESS_SECONDS, "steps of a question", NULL, &t->woken, &ignored) &&
           !t->over)
        if (!t->message || t->shown < t->step_count)
            show_steps(t);
    if (t->message)
        show_steps(t);
    t->told_all = true;
    cancel_fire(&t->waits);
}

static void end_steps(struct talk *t)
{
    struct err ignored = { 0 };
    t->over = true;
    cancel_fire(&t->woken);
    while (!t->told_all) {
        t->waits = (struct cancel){ 0 };
        nap_for(t->job->bot->account.loop, LONG, "the last step to be shown", NULL, &t->waits,
                &ignored);
    }
}

/* -- the answer
 * ------------------------------------------------------------------------------------- */

static void run_chat_command(struct talk *t, struct agent *g, const struct chat_command *c)
{
    const char *text = c->about ? agent_diagnose(g, c->about) : agent_tool(g, c->tool, c->args);
    t->answer = text ? text : "stopped";
}

/* A question to the model is never without its words; what went wrong is said behind them. */
static const char *whole_answer(const struct talk *t)
{
    struct arena *a = t->job->arena;
    const char *answer = t->answer ? t->answer : "";
    if (t->error)
        return arena_printf(a, "%s%s(%s)", answer, *answer ? "\n" : "", t->error);
    return *answer ? answer : t->change_count ? "It waits for a decision." : "There is no answer.";
}

static void show_changes(struct talk *t)
{
    struct chat_job *j = t->job;
    for (int i = 0; i < t->change_count; i++) {
        struct err e = { 0 };
        if (!cards_show(j, t->changes[i], &e))
            say_answer(j, arena_printf(j->arena,
                                       "Change %s waits, but its card could not be "
                                       "shown: %s",
                                       t->changes[i], e.text));
    }
}

static const char *thread_key(const struct chat_job *j)
{
    const char *channel = j->event.channel, *thread = j->event.thread;
    return arena_printf(j->arena, "%s %zu %s %s", bot_label(j->arena, j->bot), strlen(channel),
                        channel, thread ? thread : "");
}

static struct agent *agent_for(struct talk *t, bool model)
{
    struct chat_job *j = t->job;
    struct err e = { 0 };
    const struct agent_options how = {
        .service = j->bot->all->service,
        .kind = bot_label(j->arena, j->bot),
        .principal = t->who->identity,
        .listener = { hear_talk, NULL, t },
        .without_model = !model,
        .reads_only = !who_may(t->who, DEED_PROPOSE),
        .gateway = t->who->bound ? t->who->bound->gateway : NULL,
    };
    return agent_new(j->arena, &how, &e); /* which only fails where no model is configured */
}

static void answer_message(struct talk *t, const struct chat_command *command, bool model)
{
    struct chat_job *j = t->job;
    struct chat_threads *threads = j->bot->all->threads;
    struct agent *g = j->agent = agent_for(t, model);
    bool renews = j->bot->account.platform->renews;
    t->told_all = !renews;
    if (renews)
        fiber_start(follow_steps, t);
    if (command)
        run_chat_command(t, g, command);
    else if (model) {
        threads_recall(threads, thread_key(j), g);
        agent_ask(g, j->event.text);
    } else
        agent_plain(g, j->event.text);
    j->agent = NULL;
    agent_free(g);
    const char *answer = whole_answer(t);
    threads_remember(threads, thread_key(j), j->event.text, answer);
    if (!command || !t->change_count) /* else its card says the same */
        say_answer(j, answer);
    show_changes(t);
    end_steps(t);
}

static bool may_run(const struct chat_job *j, const struct chat_who *w,
                    const struct chat_command *c)
{
    const struct catalog_tool *t = catalog_find(j->bot->all->service->catalog, c->tool);
    return !policy_changes(t->tool->risk) || who_may(w, DEED_PROPOSE);
}

void talk(struct chat_job *j, const struct chat_who *w)
{
    struct talk *t = arena_make(j->arena, struct talk);
    const struct service *s = j->bot->all->service;
    struct chat_command command;
    const char *why = NULL;
    bool model = s->config->model.url != NULL;
    *t = (struct talk){ .job = j, .who = w };
    if (!j->event.text)
        return;
    enum chat_said said = command_read(j->arena, s, j->event.text, &command, &why);
    if (said == SAID_WRONG)
        say_answer(j, why);
    else if (said == SAID_COMMAND && !command.tool)
        say_answer(j, command_help(j->arena, model));
    else if (said == SAID_COMMAND && !may_run(j, w, &command))
        who_refuse(j, w->identity, NULL,
                   arena_printf(j->arena, "You may not ask for changes here: you have the role %s.",
                                people_roles_text(j->arena, w->roles)));
    else
        answer_message(t, said == SAID_COMMAND ? &command : NULL, model && said == SAID_WORDS);
}
