/* cards.c - cards are shown, and follow what becomes of their change, wherever it is decided: the
 * audit has a new line then. A card that could not be renewed is tried again, also after a restart;
 * what is retried is the card, never the decision.
 */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/card_private.h"
#include "net/loop.h"
#include "plan/rendering.h"
#include "store/store.h"
#include "store/store_card.h"
#include <string.h>

enum { BUTTON_BYTES = 18, REFUSED_MOST = 20 /* cards of an account, in one round */ };
static const double KEPT_AFTER = 86400 /* seconds, so that a late press gets an answer */,
                    FIRST_PAUSE = 1, LONGEST_PAUSE = 60;

static const char over_mark[] = CARD_OVER;

static struct engine *engine_of(const struct bots *b)
{
    return service_engine(b->service);
}

/* -- shown ----------------------------------------------------------------------------------------
 */

/* Fills what a card and its row have in common; the word is typed where the platform has an input.
 */
static struct chat_card *compose_card(struct arena *a, struct bot *b,
                                      const struct chat_place *where, const struct rendering *r,
                                      const cJSON *change, struct store_card *row)
{
    const struct chat_platform *p = b->account.platform;
    const char *word = approve_word(a, r);
    struct chat_card *card = card_asks(a, b->all, r, change, p->takes_typed ? word : NULL);
    bool typeable = !word || p->takes_typed;
    *row = (struct store_card){
        .button = crypto_token(a, BUTTON_BYTES),
        .id = json_str(r->head, "id"),
        .plan = r->plan,
        .rendering = r->digest,
        .word = word,
        .platform = b->account.config->platform,
        .account = b->account.config->name,
        .channel = where->channel,
        .thread = where->thread,
        .shown = card_shows(a, change),
        .expires = when_now() + b->all->service->config->plan_ttl,
    };
    card->button = row->button;
    if (typeable && p->card(a, card))
        return card;
    if (typeable)
        card_shorten(a, card);
    card->approvable = false;
    row->rendering = NULL;
    return card;
}

struct chat_card *card_make(struct arena *a, struct bot *x, const struct chat_place *where,
                            const char *id, struct store_card *row, const cJSON **change,
                            struct err *e)
{
    struct engine *g = engine_of(x->all);
    const struct rendering *r = engine_rendering(g, a, id, e);
    *change = r ? engine_show(g, a, json_str(r->head, "id"), false, e) : NULL;
    return *change ? compose_card(a, x, where, r, *change, row) : NULL;
}

bool cards_show(struct chat_job *j, const char *id, struct err *e)
{
    struct arena *a = j->arena;
    struct chat_account *c = &j->bot->account;
    struct store *s = engine_store(engine_of(j->bot->all), e);
    const cJSON *change = NULL;
    struct store_card row;
    struct chat_card *card = s ? card_make(a, j->bot, &j->place, id, &row, &change, e) : NULL;
    if (!card || !store_keep_card(s, &row, e))
        return false;
    const char *message = NULL;
    bool shown = c->platform->show(c, a, &j->place, card, &message, e);
    say_outcome(j->bot, shown, e);
    struct err ignored = { 0 };
    if (!shown || !message) {
        store_drop_card(s, row.button, &ignored);
        return shown ? err_set(e, ERR_GATEWAY, "%s did not say which message it is",
                               c->platform->title)
                     : false;
    }
    bool kept = store_update_card(s, row.button, message, NULL, e);
    cards_renew(j->bot->all); /* it may have been decided while it was sent */
    return kept;
}

/* -- renewed --------------------------------------------------------------------------------------
 */

void card_renewal_failed(struct bot *b, const struct err *e)
{
    bool all = say_concerns_account(e);
    if (b->renew_at <= 0) {
        b->renew_wait = b->renew_wait > 0 ? b->renew_wait * 2 : FIRST_PAUSE;
        b->renew_wait = b->renew_wait < LONGEST_PAUSE ? b->renew_wait : LONGEST_PAUSE;
        b->renew_at = loop_now(b->account.loop) + b->renew_wait;
    }
    if (all)
        say_outcome(b, false, e);
    else if (++b->refused == REFUSED_MOST)
        b->all->begin += REFUSED_MOST;
    b->held = all || b->refused >= REFUSED_MOST;
    log_event(LOG_WARN, "chat", "a card could not be renewed: %s", e->text);
}

struct chat_card *card_now(struct arena *a, const struct bots *b, struct bot *x,
                           const struct store_card *row, const cJSON *change)
{
    struct err ignored = { 0 };
    if (strcmp(json_text(change, "state"), "pending") != 0)
        return card_tells(a, b, change);
    const struct rendering *r = engine_rendering(engine_of(b), a, row->id, &ignored);
    if (!r || (row->rendering && strcmp(r->digest, row->rendering) != 0))
        return card_tells(a, b, change); /* it is not what it showed: nothing is pressed there */
    struct chat_card *card = card_asks(a, b, r, change, row->rendering ? row->word : NULL);
    card->button = row->button;
    if (!row->rendering || !x->account.platform->card(a, card))
        card_shorten(a, card);
    return card;
}

/* False: it could not be told. */
static bool tell_card(struct arena *a, struct bot *b, const struct store_card *row,
                      const cJSON *change, struct err *e)
{
    struct chat_account *c = &b->account;
    const struct chat_place where = { row->channel, row->thread, NULL };
    const char *ignored = NULL;
    struct chat_card *card = card_now(a, b->all, b, row, change);
    if (c->platform->renews)
        return c->platform->renew(c, a, &where, row->message, card, e);
    return !card_is_over(change) ||
           c->platform->say(c, a, &where, approve_summary(a, change), &ignored, e);
}

void card_answer_press(struct chat_job *j, const struct store_card *row)
{
    struct bot *b = j->bot;
    struct err e = { 0 };
    const struct chat_platform *p = b->account.platform;
    const struct chat_place where = { row->channel, row->thread, j->event.reply };
    if (!p->renews_by_press || !where.reply)
        return;
    const cJSON *change = engine_show(engine_of(b->all), j->arena, row->id, false, &e);
    struct chat_card *card = change ? card_now(j->arena, b->all, b, row, change) : NULL;
    if (!card || !p->renew(&b->account, j->arena, &where, row->message,
                           alert_around(j->arena, b->all, b, row, card), &e))
        log_event(LOG_WARN, "chat", "a pressed card could not be changed: %s", e.text);
}

/* Will more come that we show there? What tells of an alert is its own (alert.c). */
static bool is_card_followed(const struct bot *x, const struct store_card *row)
{
    return x && !x->held && row->message && !text_starts(row->shown, over_mark) &&
           !text_starts(row->shown, CARD_OF_ALERT);
}

static void renew_card(struct bots *b, struct store *s, struct arena *a,
                       const struct store_card *row)
{
    struct err e = { 0 };
    struct bot *x = bot_named(b, row->platform, row->account);
    if (row->expires + KEPT_AFTER < when_now() || (!row->message && row->expires < when_now())) {
        store_drop_card(s, row->button, &e);
        return;
    }
    if (!is_card_followed(x, row))
        return;
    const cJSON *change = engine_show(engine_of(b), a, row->id, false, &e);
    const char *shows = change ? card_shows(a, change) : NULL;
    if (!change || !strcmp(shows, row->shown))
        return;
    if (!tell_card(a, x, row, change, &e)) {
        card_renewal_failed(x, &e);
        return;
    }
    x->renew_wait = 0;
    chat_back(&x->account);
    store_update_card(s, row->button, NULL, shows, &e);
}

/* What nobody decided in time expires now; the clock of the next is set. */
static void expire_cards(struct bots *b, struct store *s, const struct store_card *all, int n)
{
    struct err ignored = { 0 }; /* the next to look at the change is told */
    bool due = false;
    b->expires = 0;
    for (int i = 0; i < n; i++) {
        bool over = text_starts(all[i].shown, over_mark);
        due = due || (!over && all[i].expires <= when_now());
        if (!over && all[i].expires > when_now() &&
            (b->expires <= 0 || all[i].expires < b->expires))
            b->expires = all[i].expires;
    }
    if (due)
        store_expire(s, &ignored);
}

/* What failed before is tried again where its pause is over. */
static void begin_renewals(struct bots *b)
{
    double now = loop_now(b->service->loop);
    for (struct bot *x = b->first; x; x = x->next) {
        x->refused = 0;
        if (x->renew_at <= now)
            x->renew_at = 0;
        x->held = x->held && x->renew_at > 0;
    }
}

/* The store is looked at again when somebody asked for it meanwhile. */
static void renew_on_fiber(void *arg)
{
    struct bots *b = arg;
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct store *s = engine_store(engine_of(b), &e);
    struct store_card *all = NULL;
    int n = s ? store_cards(s, a, &all, &e) : 0;
    expire_cards(b, s, all, n);
    begin_renewals(b);
    for (int i = 0, from = n > 0 ? b->begin % n : 0; i < n && !b->stopping; i++) {
        struct arena *one = arena_new();
        renew_card(b, s, one, &all[(from + i) % n]);
        arena_free(one);
    }
    if (s && !b->stopping)
        alerts_follow(b, s);
    arena_free(a);
    b->renewing = false;
    if (b->again && !b->stopping)
        cards_renew(b);
}

static void start_renewing(void *arg)
{
    fiber_start(renew_on_fiber, arg);
}

void cards_renew(struct bots *b)
{
    b->again = b->renewing;
    if (b->renewing || b->stopping || !b->service->gateway || !b->first)
        return;
    b->renewing = true;
    loop_soon(b->service->loop, start_renewing, b);
}

/* A card that failed is due again? */
static bool is_retry_due(const struct bots *b)
{
    double now = loop_now(b->service->loop);
    for (const struct bot *x = b->first; x; x = x->next)
        if (x->renew_at > 0 && x->renew_at <= now)
            return true;
    return false;
}

void cards_tick(void *bots)
{
    struct bots *b = bots;
    struct arena *a = arena_new();
    const char *newest =
        b->service->engine && b->first ? engine_newest(b->service->engine, a) : b->news;
    bool news = strcmp(newest, b->news) != 0;
    snprintf(b->news, sizeof b->news, "%s", newest);
    bool expired = b->expires > 0 && b->expires <= when_now();
    bool due = b->alerts_due > 0 && b->alerts_due <= loop_now(b->service->loop);
    if (news || expired || due || is_retry_due(b))
        cards_renew(b);
    arena_free(a);
}
