/* alert.c - incidents followed: each is worked on once its group had time to come together, told by
 * a card, and the card is renewed as its alerts and its change move on, until both are over. Called
 * by the fiber that renews cards (cards.c); what takes long has a fiber of its own. How one is told
 * is alert_tell.c.
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
#include <string.h>

enum { WORKS_AT_ONCE = 4 };
static const double STALE_LOOK = 60, /* seconds between two looks for what is heard of no more */
    QUIET_LOOK = 30,                 /* and whether quiet hours are over */
    FAILED_LOOK = 60;                /* and at one that could not be read, or kept */

static struct engine *alert_engine(const struct bots *b)
{
    return service_engine(b->service);
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

static void be_due(struct bots *b, double seconds)
{
    double at = loop_now(b->service->loop) + seconds;
    if (b->alerts_due <= 0 || at < b->alerts_due)
        b->alerts_due = at;
}

static void end_work(struct alert_work *w)
{
    struct bots *b = w->bots;
    bool failed = w->failed;
    for (struct alert_work **at = &b->works; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    arena_free(w->arena);
    if (failed)
        be_due(b, FAILED_LOOK);
    else
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
    w->failed = !store_update_incident(s, &known, &e);
    if (w->failed)
        log_event(LOG_ERROR, "alerts", "what was found out could not be kept: %s", e.text);
    json_set(a, detail, "calls", w->calls);
    json_set(a, detail, "about", json_clone(a, json_get(found, "about")));
    alert_note(w->bots, i, "alert_diagnosed", plan, detail, a);
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
    w->failed = e.kind != ERR_NONE;
    if (w->failed)
        log_event(LOG_ERROR, "alerts", "an incident could not be read: %s", e.text);
    if (found)
        keep_found(w, s, &i, found);
    end_work(w);
}

static void start_work(void *arg)
{
    fiber_start(work_on_incident, arg);
}

static void begin_work(struct bots *b, const char *id)
{
    int n = 0;
    for (const struct alert_work *w = b->works; w; w = w->next)
        n++;
    if (n >= WORKS_AT_ONCE)
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

/* Is it followed, and told, by this process? By another, once this one is gone. */
static bool is_followed_here(struct store *s, const struct store_incident *i, struct err *e)
{
    bool held = text_same(i->holder, store_owner(s));
    if (!held && !store_hold_incident(s, i->id, &held, e))
        log_event(LOG_ERROR, "alerts", "who follows an incident could not be kept: %s", e->text);
    return held;
}

/* It was over before anybody was told: nobody is. */
static void pass_incident(struct bots *b, struct store *s, struct arena *a,
                          const struct store_incident *i, struct err *e)
{
    const struct store_incident passed = { .id = i->id, .state = INCIDENT_DONE };
    if (!store_update_incident(s, &passed, e))
        log_event(LOG_ERROR, "alerts", "that an alert passed could not be kept: %s", e->text);
    alert_note(b, i, "alert_passed", NULL, json_object(a), a);
}

/* Do all of its alerts fire, or fired, under later incidents? */
static bool is_empty(struct store *s, struct arena *a, const struct store_incident *i,
                     struct err *e)
{
    struct store_alert *one = NULL;
    int firing, all;
    return store_alerts_of(s, a, i->id, 1, &one, &firing, &all, e) == 0;
}

/* One of which nothing was found out yet: its time has come, or comes. */
static void find_out_in_time(struct bots *b, struct store *s, struct arena *a,
                             const struct config_alert *c, const struct bot *x,
                             const struct store_incident *i, struct err *e)
{
    double wait = i->opened + c->window - when_now();
    if (wait > 0 && wait <= c->window) /* longer: the clock was set back since */
        be_due(b, wait);
    else if (i->state == INCIDENT_OVER &&
             (i->closed <= i->opened + c->window || is_empty(s, a, i, e)))
        pass_incident(b, s, a, i, e);
    else if (alert_must_wait(s, x, i))
        be_due(b, QUIET_LOOK);
    else
        begin_work(b, i->id);
}

static void follow_incident(struct bots *b, struct store *s, struct arena *a,
                            struct store_incident *i, struct err *e)
{
    const struct config_alert *c = alert_configured(b, i->source);
    struct bot *x = bot_named(b, i->platform, i->account);
    if (!c || !x || is_worked_on(b, i->id) || !is_followed_here(s, i, e))
        return;
    if (!i->found)
        find_out_in_time(b, s, a, c, x, i, e);
    else if (x->held)
        return;
    else if (!i->message)
        alert_show(b, s, a, x, i);
    else
        alert_renew(b, s, a, x, i);
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
    const char **ids = NULL;
    b->alerts_due = 0;
    end_what_is_stale(b, s);
    int n = store_incidents(s, a, &ids, &e);
    for (int i = 0; i < n && !b->stopping; i++) {
        struct arena *one = arena_new();
        struct store_incident x;
        struct err failed = { 0 }; /* the others are told all the same */
        if (store_find_incident(s, one, ids[i], &x, &failed))
            follow_incident(b, s, one, &x, &failed);
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
