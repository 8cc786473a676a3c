/* bot.c - the accounts of the configuration, and the queue of each: what arrives waits its turn and
 * is worked on by a fiber of its own. Presses do not wait for questions; two questions of one
 * thread are answered one after the other.
 */
#include "chat/bot.h"
#include "agent/agent.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "chat/card_private.h"
#include "chat/schedule_private.h"
#include "chat/socket.h"
#include "net/loop.h"
#include <string.h>

static const double TICK = 0.5;      /* seconds between two looks whether a card is to be renewed */
static const double SAID_AGAIN = 60; /* seconds between two lines that say the same */

/* -- accounts ------------------------------------------------------------------------------------
 */

const char *bot_label(struct arena *a, const struct bot *b)
{
    return arena_printf(a, "%s/%s", b->account.config->platform, b->account.config->name);
}

struct bot *bot_named(const struct bots *b, const char *platform, const char *account)
{
    for (struct bot *x = b->first; x; x = x->next)
        if (!x->gone && !strcmp(x->account.config->platform, platform) &&
            !strcmp(x->account.config->name, account))
            return x;
    return NULL;
}

static const struct chat_platform *platform_row(const struct bots *b, const char *name)
{
    for (size_t i = 0; i < b->platform_count; i++)
        if (!strcmp(b->platforms[i]->name, name))
            return b->platforms[i];
    return NULL;
}

/* What an account heard is not heard again by the one that follows it: platforms send again what
 * was not answered, and a request that was signed can be sent again by others. */
static struct chat_seen *seen_before(const struct bots *all, const struct config_chat *c)
{
    for (const struct bot *x = all->first; x; x = x->next)
        if (!strcmp(x->account.config->platform, c->platform) &&
            !strcmp(x->account.config->name, c->name))
            return x->seen;
    return NULL;
}

static void add_bot(struct bots *all, const struct config_chat *c)
{
    const struct chat_platform *p = platform_row(all, c->platform);
    if (!p) {
        log_event(LOG_ERROR, "chat", "%s/%s: this build has no such platform", c->platform,
                  c->name);
        return;
    }
    struct arena *a = arena_new();
    struct bot *b = arena_make(a, struct bot);
    b->account = (struct chat_account){ .config = c,
                                        .platform = p,
                                        .arena = a,
                                        .loop = all->service->loop,
                                        .started = when_now(),
                                        .ended = &b->ended };
    b->all = all;
    b->seen = seen_before(all, c);
    b->seen = b->seen ? b->seen : seen_events(a);
    b->next = all->first;
    all->first = b;
    if (p->start)
        p->start(&b->account);
}

/* -- what was lost, and is back ------------------------------------------------------------------
 */

static struct bot *bot_of(struct chat_account *c)
{
    return (struct bot *)(void *)c;
}

void chat_lost(struct chat_account *c, const char *why)
{
    struct bot *b = bot_of(c);
    struct arena *a = arena_new();
    if (!b->lost)
        note_account(b, "chat_lost", text_clean(a, why, 300));
    b->lost = true;
    arena_free(a);
}

void chat_back(struct chat_account *c)
{
    struct bot *b = bot_of(c);
    if (b->lost)
        note_account(b, "chat_back", NULL);
    b->lost = false;
}

/* -- the queue ------------------------------------------------------------------------------------
 */

static void leave_queue(struct bot *b, const struct chat_job *gone)
{
    for (struct chat_job **at = &b->jobs; *at; at = &(*at)->next)
        if (*at == gone) {
            *at = gone->next;
            return;
        }
}

static void start_jobs(void *arg);

static void start_jobs_soon(struct bot *b)
{
    if (b->soon || b->all->stopping)
        return;
    b->soon = true;
    loop_soon(b->account.loop, start_jobs, b);
}

static void work_on_fiber(void *arg)
{
    struct chat_job *j = arg;
    struct bot *b = j->bot;
    struct chat_who who;
    bool presses = j->event.kind == CHAT_PRESS;
    if (who_admits(j, &who))
        (presses ? press : talk)(j, &who);
    *(presses ? &b->pressing : &b->talking) -= 1;
    leave_queue(b, j);
    arena_free(j->arena);
    start_jobs_soon(b);
}

static bool is_same_thread(const struct chat_event *x, const struct chat_event *y)
{
    return text_same(x->channel, y->channel) && text_same(x->thread, y->thread);
}

/* Is a question of its thread being answered? */
static bool is_thread_busy(const struct bot *b, const struct chat_job *j)
{
    for (const struct chat_job *x = b->jobs; x != j; x = x->next)
        if (x->event.kind == CHAT_MESSAGE && is_same_thread(&x->event, &j->event))
            return true;
    return false;
}

static bool may_begin_job(const struct bot *b, const struct chat_job *j)
{
    if (j->runs)
        return false;
    return j->event.kind == CHAT_PRESS ? b->pressing < PRESSES_AT_ONCE
                                       : b->talking < TALKS_AT_ONCE && !is_thread_busy(b, j);
}

static struct chat_job *next_to_begin(const struct bot *b)
{
    struct chat_job *j = b->jobs;
    while (j && !may_begin_job(b, j))
        j = j->next;
    return j;
}

static void start_jobs(void *arg)
{
    struct bot *b = arg;
    struct chat_job *j;
    b->soon = false;
    while (!b->all->stopping && (j = next_to_begin(b))) {
        j->runs = true;
        b->waiting[j->event.kind == CHAT_PRESS]--;
        *(j->event.kind == CHAT_PRESS ? &b->pressing : &b->talking) += 1;
        fiber_start(work_on_fiber, j);
    }
}

/* Whole characters; what is no UTF-8 is made so. */
static const char *copy_bounded(struct arena *a, const char *text)
{
    size_t n = text ? strnlen(text, TEXT_MAX) : 0;
    bool cut = n == TEXT_MAX;
    while (cut && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    const char *copy = text ? arena_strndup(a, text, n) : NULL;
    return !copy || text_utf8(copy, n) ? copy : text_clean(a, copy, n);
}

static struct chat_job *job_for(struct bot *b, const struct chat_event *x)
{
    struct arena *a = arena_new();
    struct chat_job *j = arena_make(a, struct chat_job);
    *j = (struct chat_job){ .arena = a, .bot = b, .event = *x };
    const char **const texts[] = { &j->event.id,      &j->event.tenant,  &j->event.user,
                                   &j->event.name,    &j->event.channel, &j->event.thread,
                                   &j->event.message, &j->event.text,    &j->event.button,
                                   &j->event.typed,   &j->event.reply };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = copy_bounded(a, *texts[i]);
    j->place = (struct chat_place){ j->event.channel, j->event.thread, j->event.reply };
    return j;
}

static void drop_event(struct bot *b)
{
    double now = loop_now(b->account.loop);
    b->dropped++;
    if (b->full_said > 0 && now < b->full_said + SAID_AGAIN)
        return;
    b->full_said = now;
    note_account(b, "chat_full", "more came than is worked on: some were dropped");
}

/* Whole, and in its turn. */
static void queue_event(struct bot *b, const struct chat_event *x)
{
    if (!x->id || !x->channel || b->gone || b->all->stopping ||
        !seen_first(b->seen, x->id, loop_now(b->account.loop)))
        return;
    int *waiting = &b->waiting[x->kind == CHAT_PRESS];
    if (*waiting == EVENTS_WAITING) {
        drop_event(b);
        return;
    }
    struct chat_job *j = job_for(b, x), **at = &b->jobs;
    while (*at)
        at = &(*at)->next;
    *at = j;
    ++*waiting;
    start_jobs_soon(b);
}

void chat_hear(struct chat_account *c, const struct chat_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        queue_event(bot_of(c), &events[i]);
}

/* -- requests -------------------------------------------------------------------------------------
 */

/* The account of "/chat/PLATFORM/ACCOUNT"; NULL: none. */
static struct bot *bot_at(const struct bots *b, struct arena *a, const char *path)
{
    static const char folder[] = "/chat/";
    const char *rest = text_starts(path, folder) ? path + strlen(folder) : "";
    const char *slash = strchr(rest, '/');
    return slash ? bot_named(b, arena_strndup(a, rest, (size_t)(slash - rest)), slash + 1) : NULL;
}

/* Why, for whoever configured it; that it was forged is audited where it came in. */
static void log_refused(struct bot *b, const char *why)
{
    double now = loop_now(b->account.loop);
    if (b->refused_said > 0 && now < b->refused_said + SAID_AGAIN)
        return;
    b->refused_said = now;
    struct arena *a = arena_new();
    log_event(LOG_WARN, "chat", "%s: a request was refused: %s", bot_label(a, b),
              text_clean(a, why, 300));
    arena_free(a);
}

enum bots_verdict bots_take(struct bots *b, struct arena *a, const struct chat_request *r,
                            struct chat_taken *out, struct err *e)
{
    struct bot *x = b->stopping ? NULL : bot_at(b, a, r->path);
    if (!x || !x->account.platform->take)
        return BOTS_NONE;
    *out = (struct chat_taken){ .status = 200 };
    if (!x->account.platform->take(&x->account, a, r, out, e)) {
        log_refused(x, e->text);
        return out->status == 400 || out->status == 503 ? BOTS_UNREAD : BOTS_FORGED;
    }
    chat_hear(&x->account, out->events, out->n);
    return BOTS_TAKEN;
}

/* -- all of them ----------------------------------------------------------------------------------
 */

struct bots *bots_new(struct service *s, const struct chat_platform *const *platforms, size_t n)
{
    struct arena *a = arena_new();
    struct bots *b = arena_make(a, struct bots);
    *b = (struct bots){ .arena = a,
                        .service = s,
                        .platforms = platforms,
                        .platform_count = n,
                        .threads = threads_new() };
    for (const struct config_chat *c = s->config->chat; c->name; c++)
        add_bot(b, c);
    return b;
}

static void tick_bots(void *arg)
{
    struct bots *b = arg;
    cards_tick(b);
    if (!b->service->gateway) /* else there is no store */
        return;
    schedules_tick(b);
    for (struct bot *x = b->first; x; x = x->next)
        quiet_tick(x);
}

/* Nothing runs where there is no account. */
void bots_start(struct bots *b)
{
    if (b->first && !b->tick)
        b->tick = loop_timer(b->service->loop, TICK, TICK, tick_bots, b);
    schedules_start(b);
    for (struct bot *x = b->first; x; x = x->next)
        if (!x->gone)
            chat_line_start(&x->account);
    cards_renew(b);
}

/* Nothing is done any more for an account that ended, by what it was. */
static void drop_waiting(struct bot *b)
{
    int n = 0;
    for (struct chat_job **at = &b->jobs, *j; (j = *at);) {
        if (j->runs) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        arena_free(j->arena);
        n++;
    }
    memset(b->waiting, 0, sizeof b->waiting);
    if (n)
        log_event(LOG_WARN, "chat", "%s/%s ended: %d events that waited were dropped",
                  b->account.config->platform, b->account.config->name, n);
}

static void stop_bot(struct bot *b)
{
    b->gone = true;
    cancel_fire(&b->ended);
    chat_line_stop(&b->account);
    for (struct chat_job *j = b->jobs; j; j = j->next) {
        if (b->all->stopping) /* what was approved goes on, also where its account is another now */
            cancel_fire(&j->cancel);
        if (j->agent)
            agent_stop(j->agent);
    }
    drop_waiting(b);
}

static bool is_row_configured(const struct config *c, const struct bot *b)
{
    for (const struct config_chat *x = c->chat; x->name; x++)
        if (!strcmp(x->digest, b->account.config->digest))
            return true;
    return false;
}

static bool is_there(const struct bots *b, const struct config_chat *c)
{
    for (const struct bot *x = b->first; x; x = x->next)
        if (!x->gone && !strcmp(x->account.config->digest, c->digest))
            return true;
    return false;
}

void bots_reload(struct bots *b)
{
    const struct config *c = b->service->config;
    if (b->stopping)
        return;
    for (struct bot *x = b->first; x; x = x->next)
        if (!x->gone && !is_row_configured(c, x))
            stop_bot(x);
    for (const struct config_chat *x = c->chat; x->name; x++)
        if (!is_there(b, x))
            add_bot(b, x);
    bots_start(b);
}

void bots_stop(struct bots *b)
{
    b->stopping = true;
    loop_untimer(b->tick);
    b->tick = NULL;
    alerts_stop(b);
    schedules_stop(b);
    for (struct bot *x = b->first; x; x = x->next)
        stop_bot(x);
}

bool bots_busy(const struct bots *b)
{
    bool busy = b->renewing || b->works || schedules_busy(b);
    for (const struct bot *x = b->first; x; x = x->next)
        busy = busy || x->talking || x->pressing || x->telling;
    return busy;
}

void bots_free(struct bots *b)
{
    if (!b)
        return;
    for (struct bot *x = b->first, *next; x; x = next) {
        next = x->next;
        for (struct chat_job *j = x->jobs, *after; j; j = after) {
            after = j->next;
            arena_free(j->arena);
        }
        arena_free(x->account.arena);
    }
    threads_free(b->threads);
    arena_free(b->arena);
}
