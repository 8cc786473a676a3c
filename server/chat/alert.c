/* alert.c - incidents followed: each is worked on once its group had time to come together, told by
 * a card, and the card is renewed as its alerts and its change move on, until both are over. Called
 * by the fiber that renews cards (cards.c); what takes long has a fiber of its own.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/alert_private.h"
#include "net/loop.h"
#include "store/store.h"
#include "store/store_card.h"
#include <string.h>

enum { WORKS_AT_ONCE = 4, ALERTS_READ = 50 };
static const double STALE_LOOK = 60; /* seconds between two looks for what is heard of no more */

static struct engine *alert_engine(const struct bots *b)
{
    return service_engine(b->service);
}

/* -- the audit ---------------------------------------------------------------------------------
 */

static void note_incident(struct bots *b, const struct store_incident *i, const char *event,
                          const char *id, cJSON *detail, struct arena *a)
{
    struct err e = { 0 };
    struct store *s = engine_store(alert_engine(b), &e);
    json_set_str(a, detail, "incident", i->id);
    if (!s || !store_audit(s, event, id, arena_printf(a, "alert:%s", i->source),
                           arena_printf(a, "%s/%s", i->platform, i->account), detail, &e))
        log_event(LOG_ERROR, "alerts", "the audit could not be written: %s", e.text);
}

/* -- told ---------------------------------------------------------------------------------------
 */

/* Under the change's own row, so that a press decides as on every card. */
static bool show_with_plan(struct arena *a, struct bot *x, struct store *s,
                           struct store_incident *i, struct err *e)
{
    struct chat_account *c = &x->account;
    const struct chat_place where = { i->channel, NULL, NULL };
    struct store_card row;
    const cJSON *change = NULL;
    struct chat_card *plan = card_make(a, x, &where, i->plan, &row, &change, e);
    struct chat_card *card = plan ? alert_card(a, x, s, i, plan, e) : NULL;
    if (!card)
        return false;
    row.rendering = card->approvable ? row.rendering : NULL;
    row.shown = arena_printf(a, CARD_OF_ALERT "%s", i->id);
    if (!store_keep_card(s, &row, e))
        return false;
    if (!c->platform->show(c, a, &where, card, &i->message, e) || !i->message) {
        struct err ignored = { 0 };
        store_drop_card(s, row.button, &ignored);
        return e->kind == ERR_NONE ? err_set(e, ERR_GATEWAY, "it was not said which message it is")
                                   : false;
    }
    i->button = row.button;
    i->shown = alert_shows(a, i, change);
    return store_update_card(s, row.button, i->message, NULL, e);
}

static bool show_alone(struct arena *a, struct bot *x, struct store *s, struct store_incident *i,
                       struct err *e)
{
    const struct chat_place where = { i->channel, NULL, NULL };
    struct chat_card *card = alert_card(a, x, s, i, NULL, e);
    i->shown = alert_shows(a, i, NULL);
    return card && x->account.platform->show(&x->account, a, &where, card, &i->message, e);
}

static bool is_still_undecided(struct bots *b, struct arena *a, const char *id)
{
    struct err ignored = { 0 };
    const cJSON *change = id ? engine_show(alert_engine(b), a, id, false, &ignored) : NULL;
    return !strcmp(json_text(change, "state"), "pending");
}

static void show_incident(struct bots *b, struct store *s, struct arena *a, struct bot *x,
                          struct store_incident *i)
{
    struct err e = { 0 };
    if (!(is_still_undecided(b, a, i->plan) ? show_with_plan(a, x, s, i, &e)
                                            : show_alone(a, x, s, i, &e))) {
        card_renewal_failed(x, &e);
        return;
    }
    chat_back(&x->account);
    const struct store_incident told = {
        .id = i->id, .button = i->button, .message = i->message ? i->message : "", .shown = i->shown
    };
    if (!store_update_incident(s, &told, &e))
        log_event(LOG_ERROR, "alerts", "that an alert was told could not be kept: %s", e.text);
    cJSON *detail = json_object(a);
    json_set_str(a, detail, "where", i->channel);
    note_incident(b, i, "alert_told", i->plan, detail, a);
}

/* -- renewed ------------------------------------------------------------------------------------
 */

/* The change's card as it is to look now; NULL: there is none, or it cannot be read. */
static struct chat_card *plan_now(struct arena *a, struct bots *b, struct bot *x, struct store *s,
                                  const struct store_incident *i, const cJSON *change)
{
    struct err ignored = { 0 };
    struct store_card row;
    if (!change)
        return NULL;
    if (!i->button || !store_find_card(s, a, i->button, &row, &ignored))
        return card_tells(a, b, change);
    return card_now(a, b, x, &row, change);
}

struct chat_card *alert_around(struct arena *a, struct bots *b, struct bot *x,
                               const struct store_card *row, struct chat_card *plan)
{
    struct err e = { 0 };
    struct store_incident i;
    struct store *s = engine_store(alert_engine(b), &e);
    if (!text_starts(row->shown, CARD_OF_ALERT) || !s ||
        !store_incident_of(s, a, row->button, &i, &e))
        return plan;
    struct chat_card *card = alert_card(a, x, s, &i, plan, &e);
    return card ? card : plan;
}

static bool tell_incident(struct arena *a, struct bots *b, struct bot *x, struct store *s,
                          const struct store_incident *i, const cJSON *change, struct err *e)
{
    struct chat_account *c = &x->account;
    const struct chat_place where = { i->channel, NULL, NULL };
    const char *ignored = NULL;
    struct chat_card *card = alert_card(a, x, s, i, plan_now(a, b, x, s, i, change), e);
    if (!card)
        return false;
    if (c->platform->renews && *i->message)
        return c->platform->renew(c, a, &where, i->message, card, e);
    return i->state == INCIDENT_OPEN ||
           c->platform->say(c, a, &where,
                            arena_printf(a, "%s\n%s", card->title, card->blocks[0].text), &ignored,
                            e);
}

static void renew_incident(struct bots *b, struct store *s, struct arena *a, struct bot *x,
                           struct store_incident *i)
{
    struct err e = { 0 };
    const cJSON *change = i->plan ? engine_show(alert_engine(b), a, i->plan, false, &e) : NULL;
    const char *shows = alert_shows(a, i, change);
    bool done = i->state == INCIDENT_OVER && (!change || card_is_over(change));
    if (e.kind == ERR_SYSTEM || (text_same(shows, i->shown) && !done))
        return;
    if (!text_same(shows, i->shown) && !tell_incident(a, b, x, s, i, change, &e)) {
        card_renewal_failed(x, &e);
        return;
    }
    chat_back(&x->account);
    const struct store_incident told = { .id = i->id,
                                         .shown = shows,
                                         .state = done ? INCIDENT_DONE : INCIDENT_OPEN };
    err_clear(&e);
    if (!store_update_incident(s, &told, &e))
        log_event(LOG_ERROR, "alerts", "what a card shows could not be kept: %s", e.text);
    if (done)
        note_incident(b, i, "alert_over", i->plan, json_object(a), a);
}

/* -- worked on ----------------------------------------------------------------------------------
 */

static bool is_worked_on(const struct bots *b, const char *id)
{
    for (const struct alert_work *w = b->works; w; w = w->next)
        if (!strcmp(w->id, id))
            return true;
    return false;
}

static void end_work(struct alert_work *w)
{
    struct bots *b = w->bots;
    for (struct alert_work **at = &b->works; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    arena_free(w->arena);
    cards_renew(b);
}

static void keep_found(struct alert_work *w, struct store *s, const struct store_incident *i,
                       cJSON *found)
{
    struct arena *a = w->arena;
    struct err e = { 0 };
    const char *plan = json_str(json_get(found, "undo"), "id");
    const struct store_incident known = { .id = w->id,
                                          .found = json_print(a, found),
                                          .plan = plan };
    cJSON *detail = json_object(a);
    if (!store_update_incident(s, &known, &e))
        log_event(LOG_ERROR, "alerts", "what was found out could not be kept: %s", e.text);
    json_set(a, detail, "calls", w->calls);
    json_set(a, detail, "about", json_clone(a, json_get(found, "about")));
    note_incident(w->bots, i, "alert_diagnosed", plan, detail, a);
}

static void work_on_incident(void *arg)
{
    struct alert_work *w = arg;
    struct bots *b = w->bots;
    struct err e = { 0 };
    struct store *s = engine_store(alert_engine(b), &e);
    struct store_incident i = { 0 };
    struct store_alert *alerts = NULL;
    int firing = 0, all = 0, n = -1;
    if (s && store_find_incident(s, w->arena, w->id, &i, &e))
        n = store_alerts_of(s, w->arena, w->id, ALERTS_READ, &alerts, &firing, &all, &e);
    const struct config_alert *c = n >= 0 ? alert_configured(b, i.source) : NULL;
    cJSON *found = c ? alert_find_out(w, c, alerts, n) : NULL;
    if (e.kind != ERR_NONE)
        log_event(LOG_ERROR, "alerts", "an incident could not be read: %s", e.text);
    if (found)
        keep_found(w, s, &i, found);
    end_work(w);
}

static void start_work(void *arg)
{
    fiber_start(work_on_incident, arg);
}

/* By one process; by another, once this one is gone. */
static void begin_work(struct bots *b, struct store *s, const char *id)
{
    struct err e = { 0 };
    bool held = false;
    int n = 0;
    for (const struct alert_work *w = b->works; w; w = w->next)
        n++;
    if (n >= WORKS_AT_ONCE || !store_hold_incident(s, id, &held, &e) || !held)
        return;
    struct arena *a = arena_new();
    struct alert_work *w = arena_make(a, struct alert_work);
    *w = (struct alert_work){
        .next = b->works, .bots = b, .arena = a, .id = arena_strdup(a, id), .calls = json_array(a)
    };
    b->works = w;
    loop_soon(b->service->loop, start_work, w);
}

/* -- all of them --------------------------------------------------------------------------------
 */

static void be_due(struct bots *b, double seconds)
{
    double at = loop_now(b->service->loop) + seconds;
    if (b->alerts_due <= 0 || at < b->alerts_due)
        b->alerts_due = at;
}

/* It was over before anybody was told: nobody is. */
static void pass_incident(struct bots *b, struct store *s, struct arena *a,
                          const struct store_incident *i)
{
    struct err e = { 0 };
    const struct store_incident passed = { .id = i->id, .state = INCIDENT_DONE };
    if (!store_update_incident(s, &passed, &e))
        log_event(LOG_ERROR, "alerts", "that an alert passed could not be kept: %s", e.text);
    note_incident(b, i, "alert_passed", NULL, json_object(a), a);
}

static void follow_incident(struct bots *b, struct store *s, struct arena *a,
                            struct store_incident *i)
{
    const struct config_alert *c = alert_configured(b, i->source);
    struct bot *x = bot_named(b, i->platform, i->account);
    double wait = c ? i->opened + c->window - when_now() : 0;
    if (!c || !x || is_worked_on(b, i->id))
        return;
    if (!i->found && wait > 0)
        be_due(b, wait);
    else if (!i->found && i->state == INCIDENT_OVER)
        pass_incident(b, s, a, i);
    else if (!i->found)
        begin_work(b, s, i->id);
    else if (x->held)
        return;
    else if (!i->message)
        show_incident(b, s, a, x, i);
    else
        renew_incident(b, s, a, x, i);
}

static void end_what_is_stale(struct bots *b, struct store *s)
{
    double now = loop_now(b->service->loop);
    for (const struct config_alert *c = b->service->config->alerts; c && c->name; c++) {
        struct err e = { 0 };
        struct alert_source *source = alert_source(b, c->name);
        be_due(b, STALE_LOOK);
        if (now < source->stale_at)
            continue;
        source->stale_at = now + STALE_LOOK;
        if (!store_end_stale(s, c->name, when_now() - c->stale, &e))
            log_event(LOG_ERROR, "alerts", "%s: %s", c->name, e.text);
    }
}

void alerts_follow(struct bots *b, struct store *s)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct store_incident *all = NULL;
    b->alerts_due = 0;
    end_what_is_stale(b, s);
    int n = store_incidents(s, a, &all, &e);
    for (int i = 0; i < n && !b->stopping; i++) {
        struct arena *one = arena_new();
        follow_incident(b, s, one, &all[i]);
        arena_free(one);
    }
    if (n < 0)
        log_event(LOG_ERROR, "alerts", "incidents could not be read: %s", e.text);
    arena_free(a);
}

void alerts_stop(struct bots *b)
{
    for (struct alert_work *w = b->works; w; w = w->next)
        cancel_fire(&w->cancel);
}
