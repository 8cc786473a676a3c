/* card.c - a change as a card: all of a plan that waits, and what became of it. A card is made of
 * what people read elsewhere too (approve/); nothing of it is decided upon but by its digests.
 */
#include "approve/approve.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "call/service.h"
#include "chat/card_private.h"
#include "plan/rendering.h"
#include <ctype.h>
#include <string.h>

enum { BLOCKS = 8, TITLE_BYTES = 140 };

static void add_card_block(struct chat_card *card, enum chat_block_kind kind, const char *text)
{
    if (text && *text)
        ((struct chat_block *)card->blocks)[card->n++] = (struct chat_block){ kind, text };
}

static struct chat_card *new_card(struct arena *a, const struct bots *b, const char *id,
                                  const char *title)
{
    struct chat_card *card = arena_make(a, struct chat_card);
    card->blocks = arena_array(a, struct chat_block, BLOCKS);
    card->title = text_clean(a, title, TITLE_BYTES);
    card->page = service_page(b->service, a, id);
    return card;
}

/* The person's name for what they go by; the rest as it is. */
static const char *name_of(const struct bots *b, const char *who)
{
    return people_name(b->service->config, CHANNEL_NONE, who);
}

/* Those who have agreed so far, of several. */
static const char *approvals_text(struct arena *a, const struct bots *b, const cJSON *change)
{
    const char *text = "";
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get(change, "approvals")) text =
        arena_printf(a, "%s%s%s at %s", text, *text ? ", " : "Approved so far by ",
                     name_of(b, json_text(one, "who")), json_text(one, "at"));
    return text;
}

struct chat_card *card_asks(struct arena *a, const struct bots *b, const struct rendering *r,
                            const cJSON *change, const char *word)
{
    const char *id = json_str(r->head, "id"), *asks = json_text(r->head, "asks");
    const char *needs = json_str(change, "needs");
    struct chat_card *card = new_card(a, b, id, json_text(r->head, "title"));
    const struct approve_parts parts = approve_parts(a, r);
    card->mood = CHAT_WAITS;
    add_card_block(card, CHAT_TEXT, parts.head);
    add_card_block(card, CHAT_CODE, parts.plan);
    add_card_block(card, CHAT_TEXT, parts.warnings);
    if (word)
        add_card_block(card, CHAT_TEXT,
                       arena_printf(a, "It destroys something: type %s to approve it.", word));
    add_card_block(card, CHAT_NOTE,
                   arena_printf(a, "Asked by %s. Waits until %s%s%s.", name_of(b, asks),
                                json_text(change, "expires"), needs ? "; needs " : "",
                                needs ? needs : ""));
    add_card_block(card, CHAT_NOTE, approvals_text(a, b, change));
    card->types = word != NULL;
    card->approvable = true;
    return card;
}

void card_shorten(struct arena *a, struct chat_card *card)
{
    card->blocks = arena_array(a, struct chat_block, BLOCKS);
    card->n = 0;
    card->types = card->approvable = false;
    add_card_block(
        card, CHAT_TEXT,
        "This change cannot be shown whole here, so it is not approved here: the page shows "
        "all of it, or `higress-ops approve` at a terminal of the server.");
}

/* -- what became of it ----------------------------------------------------------------------------
 */

static enum chat_mood mood_of(const char *state)
{
    static const struct {
        const char *state;
        enum chat_mood mood;
    } moods[] = {
        { "pending", CHAT_WAITS }, { "approved", CHAT_WAITS }, { "applying", CHAT_WAITS },
        { "applied", CHAT_GOOD },  { "failed", CHAT_BAD },     { "unknown", CHAT_BAD },
        { "void", CHAT_BAD },      { "rejected", CHAT_BAD },
    };
    for (size_t i = 0; i < sizeof moods / sizeof *moods; i++)
        if (!strcmp(moods[i].state, state))
            return moods[i].mood;
    return CHAT_PLAIN;
}

const char *card_decision(struct arena *a, const struct bots *b, const cJSON *change)
{
    const cJSON *d = json_get(change, "decision");
    const char *note = json_str(d, "note");
    return d ? arena_printf(a, "%s by %s (%s) at %s%s%s", json_text(d, "verdict"),
                            name_of(b, json_text(d, "who")), json_text(d, "channel"),
                            json_text(d, "at"), note ? "; " : "", note ? note : "")
             : "";
}

static const char *outcome_text(struct arena *a, const cJSON *change)
{
    const char *state = json_text(change, "state"), *result = approve_result(change);
    if (!strcmp(state, "expired"))
        return "Nobody decided in time. That is no rejection: it can be asked for again.";
    return result ? arena_printf(a, "%s: %s", state, result) : state;
}

/* Begins as a sentence does. */
static const char *served_text(struct arena *a, const cJSON *change)
{
    const char *served = approve_served(change);
    return served ? arena_printf(a, "%c%s", toupper((unsigned char)*served), served + 1) : "";
}

static const char *guard_text(struct arena *a, const cJSON *change)
{
    const cJSON *g = json_get(change, "guard");
    const char *until = json_str(g, "until"), *text = json_str(g, "text");
    return g ? arena_printf(a, "Guard: %s%s%s%s%s", json_text(g, "state"), until ? " until " : "",
                            until ? until : "", text ? ": " : "", text ? text : "")
             : "";
}

struct chat_card *card_tells(struct arena *a, const struct bots *b, const cJSON *change)
{
    const char *id = json_text(change, "id");
    struct chat_card *card = new_card(a, b, id, json_text(change, "title"));
    card->mood = mood_of(json_text(change, "state"));
    add_card_block(card, CHAT_TEXT, card_decision(a, b, change));
    add_card_block(card, CHAT_TEXT, approvals_text(a, b, change));
    add_card_block(card, CHAT_TEXT, outcome_text(a, change));
    add_card_block(card, CHAT_TEXT, served_text(a, change));
    add_card_block(card, CHAT_TEXT, guard_text(a, change));
    add_card_block(
        card, CHAT_NOTE,
        arena_printf(a, "change %s, asked by %s", id, name_of(b, json_text(change, "owner"))));
    return card;
}

const char *card_shows(struct arena *a, const cJSON *change)
{
    const char *served = approve_served(change);
    return arena_printf(a, "%s%s %d %s%s%s", card_is_over(change) ? CARD_OVER : "",
                        json_text(change, "state"), json_count(json_get(change, "approvals")),
                        json_text(json_get(change, "guard"), "state"), served ? " " : "",
                        served ? served : "");
}

bool card_is_over(const cJSON *change)
{
    static const char going_on[] = "draft|pending|approved|applying",
                      at_work[] = "watching|reverting";
    const char *guard = json_str(json_get(change, "guard"), "state");
    return !text_has_word(going_on, json_text(change, "state")) &&
           !(guard && text_has_word(at_work, guard)) &&
           !json_true(json_path(change, "result.served"), "looking");
}
