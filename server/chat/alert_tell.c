/* alert_tell.c - an incident told by a card, and the card renewed; each step is a line of audit.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/alert_private.h"
#include "chat/schedule_private.h"
#include "store/store.h"
#include "store/store_card.h"
#include <string.h>

static struct engine *told_engine(const struct bots *b)
{
    return service_engine(b->service);
}

/* -- the audit ---------------------------------------------------------------------------------
 */

void alert_note(struct bots *b, const struct store_incident *i, const char *event, const char *id,
                cJSON *detail, struct arena *a)
{
    struct err e = { 0 };
    struct store *s = engine_store(told_engine(b), &e);
    json_set_str(a, detail, "incident", i->id);
    if (!s || !store_audit(s, event, id, arena_printf(a, "alert:%s", i->source),
                           arena_printf(a, "%s/%s", i->platform, i->account), detail, &e))
        log_event(LOG_ERROR, "alerts", "the audit could not be written: %s", e.text);
}

/* -- when -----------------------------------------------------------------------------------------
 */

struct urgency {
    const struct config_chat *account;
    const char *channel;
};

static bool is_urgent_alert(void *arg, const char *shown)
{
    const struct urgency *u = arg;
    struct err ignored = { 0 };
    struct arena *a = arena_new_small();
    const cJSON *labels = json_get(json_parse(a, shown, strlen(shown), &ignored), "labels");
    bool urgent = quiet_is_urgent(u->account, u->channel, json_str(labels, "severity"));
    arena_free(a);
    return urgent;
}

bool alert_must_wait(struct store *s, const struct bot *x, const struct store_incident *i)
{
    struct err e = { 0 };
    struct urgency u = { x->account.config, i->channel };
    return quiet_now(x->account.config, i->channel) &&
           !store_any_alert(s, i->id, is_urgent_alert, &u, &e) && e.kind == ERR_NONE;
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
    const cJSON *change = id ? engine_show(told_engine(b), a, id, false, &ignored) : NULL;
    return !strcmp(json_text(change, "state"), "pending");
}

void alert_show(struct bots *b, struct store *s, struct arena *a, struct bot *x,
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
    alert_note(b, i, "alert_told", i->plan, detail, a);
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
    struct store *s = engine_store(told_engine(b), &e);
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

void alert_renew(struct bots *b, struct store *s, struct arena *a, struct bot *x,
                 struct store_incident *i)
{
    struct err e = { 0 };
    const cJSON *change = i->plan ? engine_show(told_engine(b), a, i->plan, false, &e) : NULL;
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
        alert_note(b, i, "alert_over", i->plan, json_object(a), a);
}
