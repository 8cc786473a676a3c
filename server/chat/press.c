/* press.c - a button was pressed: from the platform's word about who it was to a decision, or to a
 * sentence that says why not. Read press() from below.
 *
 * The button says no more than which card it was on. What that card showed, where, and until when
 * stands in the store; approve/ decides by its digests, policy/ who may.
 */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/card_private.h"
#include "net/loop.h"
#include "store/store_card.h"
#include <string.h>

/* A press may be faster than the answer to the sending of its card. */
static const double SENDING_SECONDS = 3, SENDING_PAUSE = 0.05;

static struct engine *press_engine(const struct chat_job *j)
{
    return service_engine(j->bot->all->service);
}

/* The row of the card; NULL: why says why it is none that can be pressed. */
static const struct store_card *card_pressed(struct chat_job *j, const char **why)
{
    struct err e = { 0 };
    struct loop *l = j->bot->account.loop;
    struct store *s = engine_store(press_engine(j), &e);
    struct store_card *row = arena_make(j->arena, struct store_card);
    double until = loop_now(l) + SENDING_SECONDS;
    *why = "That card is not known here (any more): ask for the change again.";
    bool there = s && j->event.button && store_find_card(s, j->arena, j->event.button, row, &e);
    while (there && !row->message && loop_now(l) < until &&
           nap_for(l, SENDING_PAUSE, "the sending of card", row->id, &j->cancel, &e))
        there = store_find_card(s, j->arena, j->event.button, row, &e);
    if (e.kind != ERR_NONE)
        *why = arena_strdup(j->arena, e.text);
    return there && row->message ? row : NULL;
}

/* Was it pressed where it was shown? */
static bool is_its_place(const struct chat_job *j, const struct store_card *row)
{
    const struct config_chat *c = j->bot->account.config;
    return !strcmp(row->platform, c->platform) && !strcmp(row->account, c->name) &&
           !strcmp(row->channel, j->event.channel) && text_same(row->message, j->event.message);
}

/* May a change of that gateway be spoken of here? */
static bool is_its_gateway(const struct chat_who *w, const cJSON *change)
{
    const char *gateway = json_str(change, "gateway");
    return !w->bound || !w->bound->gateway || !gateway || !strcmp(w->bound->gateway, gateway);
}

/* Why nothing is decided by this press, before the policy is asked; NULL: it is. */
static const char *press_fails(struct chat_job *j, const struct chat_who *w,
                               const struct store_card *row, const cJSON *change)
{
    if (!who_may(w, DEED_DECIDE))
        return arena_printf(
            j->arena, "You may not decide about changes here: you have the role %s%s.",
            people_roles_text(j->arena, w->roles), w->bound ? ", and this channel is bound" : "");
    if (strcmp(json_text(change, "state"), "pending") != 0)
        return arena_printf(j->arena, "There is nothing to decide any more: the change is %s%s%s.",
                            json_text(change, "state"), json_get(change, "decision") ? ", " : "",
                            card_decision(j->arena, j->bot->all, change));
    if (row->expires < when_now())
        return "That came too late: the card has expired. Ask for the change again.";
    if (j->event.choice == CHAT_APPROVE && !row->rendering)
        return "This card does not show the whole change, so it approves nothing: use the page, or "
               "`higress-ops approve`.";
    return NULL;
}

/* -- what is pressed ------------------------------------------------------------------------------
 */

/* All of the plan, or of what became of it, in the thread. */
static void show_details(struct chat_job *j, const struct chat_who *w, const struct store_card *row)
{
    struct err e = { 0 };
    struct arena *a = j->arena;
    struct engine *g = press_engine(j);
    const struct rendering *r = engine_rendering(g, a, row->id, &e);
    const cJSON *change = r ? engine_show(g, a, row->id, false, &e) : NULL;
    if (!change) {
        who_refuse(j, w->identity, row->id, arena_strdup(a, e.text));
        return;
    }
    bool waits = !strcmp(json_text(change, "state"), "pending");
    say_answer(j, waits ? approve_text(a, r, APPROVE_UNBOUNDED) : approve_summary(a, change));
    note_event(j, "chat_press", w->identity, row->id, "shown");
}

static void apply_approved(struct chat_job *j, const struct store_card *row)
{
    struct err e = { 0 };
    cards_renew(j->bot->all); /* that it is being applied */
    const cJSON *o = engine_apply(press_engine(j), j->arena, row->id, &j->cancel, &e);
    if (!o)
        say_to_one(j, arena_strdup(j->arena, e.text));
    cards_renew(j->bot->all);
}

static void decide_by_press(struct chat_job *j, const struct chat_who *w,
                            const struct store_card *row)
{
    struct err e = { 0 };
    struct engine *g = press_engine(j);
    bool yes = j->event.choice == CHAT_APPROVE;
    const struct channel by = { .kind = CHANNEL_CHAT, .who = w->identity };
    const struct shown shown = { .id = row->id,
                                 .plan = row->plan,
                                 .rendering = row->rendering,
                                 .word = row->word,
                                 .typed = j->event.typed };
    if (!approve_decide(g, &by, yes, &shown, &e)) {
        who_refuse(j, w->identity, row->id, arena_strdup(j->arena, e.text));
        cards_renew(j->bot->all);
        return;
    }
    const char *missing = yes ? approve_missing(g, j->arena, row->id, &e) : NULL;
    note_event(j, "chat_press", w->identity, row->id,
               missing ? "kept"
               : yes   ? "approved"
                       : "rejected");
    card_answer_press(j, row);
    if (missing)
        say_to_one(j, missing);
    if (yes && !missing && e.kind == ERR_NONE)
        apply_approved(j, row);
    cards_renew(j->bot->all);
}

/* Why nothing comes of a press of that card; NULL: it is looked at what was pressed. */
static const char *card_fails(struct chat_job *j, const struct chat_who *w,
                              const struct store_card *row)
{
    struct err e = { 0 };
    if (j->bot->gone)
        return "The bot's account ended meanwhile: nothing is decided by it. Press again.";
    if (!is_its_place(j, row))
        return "That button belongs to a card somewhere else: nothing is decided by it.";
    if (j->event.choice == CHAT_NO_CHOICE || j->event.choice >= CHAT_CHOICES)
        return "That button is none of Approve, Reject and Details.";
    const cJSON *change = engine_show(press_engine(j), j->arena, row->id, false, &e);
    if (!change)
        return arena_strdup(j->arena, e.text);
    if (!is_its_gateway(w, change))
        return "That change is for another gateway than this channel is about.";
    return j->event.choice == CHAT_DETAILS ? NULL : press_fails(j, w, row, change);
}

void press(struct chat_job *j, const struct chat_who *w)
{
    const char *why = NULL;
    const struct store_card *row = card_pressed(j, &why);
    why = row ? card_fails(j, w, row) : why;
    if (why || !row)
        who_refuse(j, w->identity, row ? row->id : NULL, why);
    else if (j->event.choice == CHAT_DETAILS)
        show_details(j, w, row);
    else
        decide_by_press(j, w, row);
}
