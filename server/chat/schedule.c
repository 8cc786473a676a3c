/* schedule.c - the schedules of the configuration: looked at twice a second, each run on a fiber of
 * its own. Read run_schedule() from below.
 *
 * The fact "schedule NAME" is {"rule": schedule_rule, "due": of the one that was said last, "at":
 * when, "said": true, or false while it is being said}. It is claimed right before the message is
 * sent: what a process that ended in between had sent, or not, is not known, is noted, and is not
 * sent again.
 */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/schedule_private.h"
#include "config/config.h"
#include "net/loop.h"
#include "store/store_fact.h"
#include <string.h>

static const double LATE = 120;     /* seconds after which it is said that it is late */
static const double DOUBTFUL = 120; /* after which one that is "being said" never will be */
static const double AHEAD = 60;     /* after which a clock was set back meanwhile */
static const double FIRST_PAUSE = 10, LONGEST_PAUSE = 900;

static const char doubt[] = "the process ended while it was being said: it may have come, or not";

struct schedule_state {
    const struct config_schedule *config;
    double next;              /* when it is due; 0: the store was not asked yet */
    double pause, retry;      /* after a failure; retry by loop_now, 0: at once */
    struct schedule_run *run; /* NULL: it does not run */
    bool stale;               /* of a configuration before: until it has ended */
    struct bots *bots;
    struct schedule_state *older;
};

struct schedules {
    struct schedule_state *first;
};

/* -- the fact -----------------------------------------------------------------------------------
 */

static struct store *schedule_store(const struct bots *b, struct err *e)
{
    return engine_store(service_engine(b->service), e);
}

static const char *schedule_fact_name(struct arena *a, const struct config_schedule *s)
{
    return arena_printf(a, "schedule %s", s->name);
}

static cJSON *schedule_fact(struct arena *a, const struct config_schedule *s, double due, bool said)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "rule", schedule_rule(a, s));
    json_set_num(a, o, "due", due);
    json_set_num(a, o, "at", when_now());
    json_set_bool(a, o, "said", said);
    return o;
}

static bool is_same_rule(struct arena *a, const struct config_schedule *s, const cJSON *fact)
{
    return fact && !strcmp(json_text(fact, "rule"), schedule_rule(a, s));
}

static void note_run(const struct schedule_state *x, const char *outcome, double due, struct bot *b)
{
    struct arena *a = arena_new();
    cJSON *detail = json_object(a);
    json_set_str(a, detail, "schedule", x->config->name);
    json_set_str(a, detail, "where", x->config->channel);
    json_set_str(a, detail, "due", when_text(a, due, false));
    json_set_str(a, detail, "outcome", outcome);
    note_schedule(b, arena_printf(a, "schedule:%s", x->config->name), detail);
    arena_free(a);
}

static struct bot *bot_of_schedule(const struct schedule_state *x)
{
    return bot_named(x->bots, x->config->platform, x->config->account);
}

static void try_schedule_later(struct schedule_state *x)
{
    x->pause = x->pause > 0 ? x->pause * 2 : FIRST_PAUSE;
    x->pause = x->pause < LONGEST_PAUSE ? x->pause : LONGEST_PAUSE;
    x->retry = loop_now(x->bots->service->loop) + x->pause;
}

/* Of one whose fact is that: it begins now where it is new, or due at other times than before. The
 * time after which the next is looked for; 0: another process has just written it, or e. */
static double adopt_fact(struct schedule_state *x, struct arena *a, struct store *s,
                         const cJSON *was, struct err *e)
{
    double due = json_num(was, "due", 0), now = when_now();
    bool doubtful = was && !json_true(was, "said") && json_num(was, "at", 0) + DOUBTFUL < now;
    bool done = false;
    if (is_same_rule(a, x->config, was) && !doubtful && due < now + AHEAD)
        return due;
    due = doubtful && due < now ? due : now;
    store_claim_fact(s, schedule_fact_name(a, x->config), was,
                     schedule_fact(a, x->config, due, true), &done, e);
    if (done && doubtful)
        note_run(x, doubt, due, bot_of_schedule(x));
    return done ? due : 0;
}

static void load_schedule(struct schedule_state *x)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct store *s = schedule_store(x->bots, &e);
    const cJSON *was = s ? store_fact(s, a, schedule_fact_name(a, x->config), &e) : NULL;
    double due = e.kind == ERR_NONE ? adopt_fact(x, a, s, was, &e) : 0;
    if (e.kind != ERR_NONE)
        log_event(LOG_ERROR, "chat", "schedule %s: %s", x->config->name, e.text);
    x->next = due > 0 ? schedule_next(x->config, due) : 0;
    x->retry = 0;
    if (due <= 0)
        try_schedule_later(x);
    arena_free(a);
}

/* -- a run --------------------------------------------------------------------------------------
 */

static void hear_no_event(void *arg, const cJSON *event)
{
    (void)arg, (void)event;
}

/* The agent of a reader. NULL: never, for want of a model. */
static struct agent *agent_of_schedule(struct schedule_run *r)
{
    struct err e = { 0 };
    const struct agent_options how = {
        .service = r->bot->all->service,
        .kind = bot_label(r->arena, r->bot),
        .principal = arena_printf(r->arena, "schedule:%s", r->schedule->name),
        .listener = { hear_no_event, NULL, NULL },
        .without_model = true,
        .reads_only = true,
        .gateway = r->schedule->gateway,
    };
    return agent_new(r->arena, &how, &e);
}

/* Where it is quiet it is kept; what cannot be kept is said. */
static const char *say_or_keep(struct schedule_run *r, const char *text)
{
    struct err e = { 0 };
    const char *channel = r->schedule->channel;
    struct chat_job job = { .arena = r->arena, .bot = r->bot, .place = { .channel = channel } };
    if (quiet_now(r->bot->account.config, channel)) {
        if (quiet_keep(r->bot, channel, schedule_title(r->arena, r), text, &e))
            return "kept";
        log_event(LOG_WARN, "chat", "what is for the end of quiet hours is said now: %s", e.text);
    }
    return say_answer(&job, text) ? "said" : NULL;
}

/* What came of it, in the store and in the audit; was: the fact before. outcome NULL: nothing. */
static void keep_run(struct schedule_state *x, struct store *s, const cJSON *was,
                     const char *outcome, struct err *e)
{
    struct schedule_run *r = x->run;
    bool doubtful = !outcome && r->cancel.fired;
    const cJSON *said = schedule_fact(r->arena, x->config, r->due, true);
    if (!doubtful)
        store_put_fact(s, schedule_fact_name(r->arena, x->config), outcome ? said : was, e);
    if (!outcome)
        outcome = doubtful ? doubt : "could not be said: it is tried again";
    note_run(x, outcome, r->due, r->bot);
}

/* Once the text is there: of several processes one goes on. */
static void say_run(struct schedule_state *x, const cJSON *was, const char *text)
{
    struct schedule_run *r = x->run;
    struct arena *a = r->arena;
    struct err e = { 0 };
    bool done = false;
    const char *outcome = NULL;
    struct store *s = schedule_store(x->bots, &e);
    const cJSON *claim = schedule_fact(a, x->config, r->due, false);
    if (s)
        store_claim_fact(s, schedule_fact_name(a, x->config), was, claim, &done, &e);
    if (done) {
        outcome = say_or_keep(r, text);
        keep_run(x, s, was, outcome, &e);
    }
    if (e.kind != ERR_NONE)
        log_event(LOG_ERROR, "chat", "schedule %s: %s", x->config->name, e.text);
    x->next = x->retry = 0; /* the store is asked again */
    if (done && !outcome)
        try_schedule_later(x);
    else
        x->pause = 0;
}

static void run_schedule(void *arg)
{
    struct schedule_state *x = arg;
    struct schedule_run *r = x->run;
    struct arena *a = r->arena;
    struct err e = { 0 };
    struct store *s = schedule_store(x->bots, &e);
    const cJSON *was = s ? store_fact(s, a, schedule_fact_name(a, x->config), &e) : NULL;
    r->agent = agent_of_schedule(r);
    r->since = json_num(was, "due", 0);
    r->left_out = r->since > 0 ? schedule_between(x->config, r->since, r->due) : 0;
    r->late = r->left_out > 0 || when_now() - r->due > LATE;
    const char *text = e.kind == ERR_NONE && r->agent ? schedule_text(r) : NULL;
    if (text && !r->cancel.fired)
        say_run(x, was, text);
    else
        try_schedule_later(x);
    agent_free(r->agent);
    x->run = NULL;
    x->config = x->stale ? NULL : x->config;
    arena_free(a);
}

static void begin_run(struct schedule_state *x, struct bot *b)
{
    struct arena *a = arena_new();
    struct schedule_run *r = arena_make(a, struct schedule_run);
    *r = (struct schedule_run){
        .schedule = x->config, .bot = b, .arena = a, .due = schedule_newest(x->config, when_now())
    };
    x->run = r;
    fiber_start(run_schedule, x);
}

/* -- all of them --------------------------------------------------------------------------------
 */

static void stop_run(struct schedule_state *x)
{
    if (!x->run)
        return;
    cancel_fire(&x->run->cancel);
    if (x->run->agent)
        agent_stop(x->run->agent);
}

/* A place that is free, or a new one. */
static struct schedule_state *free_state(struct bots *b, struct schedules *all)
{
    struct schedule_state *x = all->first;
    while (x && x->config)
        x = x->older;
    if (x)
        return x;
    x = arena_make(b->arena, struct schedule_state);
    x->older = all->first;
    return all->first = x;
}

/* Those of the configuration before end; what one of them is just saying is said. */
void schedules_start(struct bots *b)
{
    struct schedules *all = b->schedules =
        b->schedules ? b->schedules : arena_make(b->arena, struct schedules);
    for (struct schedule_state *x = all->first; x; x = x->older) {
        x->stale = x->run != NULL;
        x->config = x->stale ? x->config : NULL;
    }
    for (const struct config_schedule *c = b->service->config->schedules; c && c->name; c++) {
        struct schedule_state *x = free_state(b, all), *older = x->older;
        *x = (struct schedule_state){ .config = c, .bots = b, .older = older };
    }
}

void schedules_tick(struct bots *b)
{
    double now = loop_now(b->service->loop);
    for (struct schedule_state *x = b->schedules ? b->schedules->first : NULL; x; x = x->older) {
        if (!x->config || x->run || x->stale || x->retry > now || b->stopping)
            continue;
        if (x->next <= 0)
            load_schedule(x);
        struct bot *bot = x->next > 0 && x->next <= when_now() ? bot_of_schedule(x) : NULL;
        if (bot)
            begin_run(x, bot);
    }
}

void schedules_stop(struct bots *b)
{
    for (struct schedule_state *x = b->schedules ? b->schedules->first : NULL; x; x = x->older)
        stop_run(x);
}

bool schedules_busy(const struct bots *b)
{
    bool busy = false;
    for (const struct schedule_state *x = b->schedules ? b->schedules->first : NULL; x;
         x = x->older)
        busy = busy || x->run;
    return busy;
}
