/* alert_card.c - an incident as a card: what fires in the source's own words, quoted; the likely
 * cause; the changes before it; and, below, the plan that would help as every plan is shown.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "chat/alert_private.h"
#include "policy/people.h"
#include <string.h>

enum {
    BLOCKS = 16,
    SHOWN = 10,       /* alerts, one by one */
    SHOWN_STORM = 20, /* the same, of a storm */
    LABELS_SHOWN = 12,
    TITLE_BYTES = 140,
    LINES_BYTES = 6 << 10, /* of alerts; the rest is counted */
    PART_MAX = 64 << 10,
};

struct wording {
    struct arena *a;
    const struct bot *bot;
    const struct store_incident *incident;
    const struct store_alert *alerts;
    int count, firing, all;
    const cJSON *found;
};

static void add_block(struct chat_card *card, enum chat_block_kind kind, const char *text)
{
    if (text && *text && card->n < BLOCKS)
        ((struct chat_block *)card->blocks)[card->n++] = (struct chat_block){ kind, text };
}

static const cJSON *parsed(struct arena *a, const char *text)
{
    struct err ignored = { 0 };
    return text ? json_parse(a, text, strlen(text), &ignored) : NULL;
}

/* -- what fires ---------------------------------------------------------------------------------
 */

static const char *alert_title(struct wording *w)
{
    const cJSON *shown = w->count ? parsed(w->a, w->alerts[0].shown) : NULL;
    const char *what = !strcmp(w->incident->group, ALERT_STORM) ? "many alerts at once"
                                                                : json_text(shown, "title");
    const char *begins = w->firing ? "Alert" : "Alert over";
    if (!w->all)
        return begins;
    return text_clean(w->a, arena_printf(w->a, "%s: %s", begins, *what ? what : "(no name)"),
                      TITLE_BYTES);
}

/* In our words. */
static const char *alert_head(struct wording *w)
{
    struct buf *b = buf_in(w->a, PART_MAX);
    const struct store_incident *i = w->incident;
    if (!w->all)
        buf_printf(b,
                   "Nothing of it fires here any more since %s: its alerts are told by a later "
                   "card, or were kept for their time.",
                   when_text(w->a, i->closed, false));
    else if (!w->firing)
        buf_printf(b, "Nothing of it fires any more since %s (%d alert%s of %s).",
                   when_text(w->a, i->closed, false), w->all, w->all == 1 ? "" : "s", i->source);
    else
        buf_printf(b, "%d of %d alert%s of %s fire%s, heard of since %s.", w->firing, w->all,
                   w->all == 1 ? "" : "s", i->source, w->firing == 1 ? "s" : "",
                   when_text(w->a, i->opened, false));
    if (!strcmp(i->group, ALERT_STORM))
        buf_printf(b,
                   "\nSo many began at once that the %d beyond the first cards are told here "
                   "together, not diagnosed one by one.",
                   w->all);
    if (i->left_out > 0)
        buf_printf(b, "\n%.0f more of this group were not sent or not read, and may fire still.",
                   i->left_out);
    return b->data;
}

/* name="value", …: quoted as JSON quotes, so that no value ends before its end. */
static void say_labels(struct wording *w, struct buf *b, const cJSON *labels)
{
    const cJSON *l;
    int n = 0;
    cJSON_ArrayForEach(l, labels)
    {
        if (n++ < LABELS_SHOWN)
            buf_printf(b, " %s=%s", l->string, json_print(w->a, l));
    }
    if (n > LABELS_SHOWN)
        buf_printf(b, " and %d labels more", n - LABELS_SHOWN);
}

static void say_quoted(struct wording *w, struct buf *b, const cJSON *shown, const char *member)
{
    const cJSON *text = json_get(shown, member);
    if (text)
        buf_printf(b, "  %s: %s\n", member, json_print(w->a, text));
}

/* Theirs: one alert a line, its words below it. */
static const char *alert_lines(struct wording *w)
{
    struct buf *b = buf_in(w->a, PART_MAX);
    int n = 0;
    for (; n < w->count && b->len < LINES_BYTES; n++) {
        const struct store_alert *x = &w->alerts[n];
        const cJSON *shown = parsed(w->a, x->shown);
        buf_printf(b, "%s %s: %s", x->ends > 0 ? "over since" : "fires since",
                   when_text(w->a, x->ends > 0 ? x->ends : x->starts, false),
                   json_text(shown, "title"));
        say_labels(w, b, json_get(shown, "labels"));
        buf_char(b, '\n');
        say_quoted(w, b, shown, "summary");
        say_quoted(w, b, shown, "description");
    }
    if (w->all > n)
        buf_printf(b, "and %d more\n", w->all - n);
    return b->data;
}

/* -- what was found out -------------------------------------------------------------------------
 */

static const char *cause_text(struct wording *w)
{
    struct buf *b = buf_in(w->a, PART_MAX);
    const cJSON *causes = json_get(w->found, "causes"), *c, *fact;
    cJSON_ArrayForEach(c, causes)
    {
        bool well = !strcmp(json_text(c, "code"), "OK"), first = c == causes->child;
        const char *begins = first ? "Likely cause" : "Also";
        buf_printf(b, "%s: %s (%s) %s\n", well ? "Nothing wrong was seen" : begins,
                   json_text(c, "code"), json_text(c, "confidence"), json_text(c, "object"));
        cJSON_ArrayForEach(fact, json_get(c, "facts"))
            buf_printf(b, "  %s\n", cJSON_GetStringValue(fact));
    }
    cJSON_ArrayForEach(c, json_get(w->found, "unread"))
        buf_printf(b, "Not looked at: %s\n", cJSON_GetStringValue(c));
    return b->data;
}

static const char *person(const struct wording *w, const char *who)
{
    return people_name(w->bot->all->service->config, CHANNEL_NONE, who);
}

static const char *changes_text(struct wording *w)
{
    struct buf *b = buf_in(w->a, PART_MAX);
    const cJSON *changes = json_get(w->found, "changes"), *c, *undo = json_get(w->found, "undo");
    if (w->found && !json_count(changes))
        buf_str(b, json_count(json_get(w->found, "about"))
                       ? "No change of ours to it precedes the alert."
                       : "The alert names nothing that this gateway has, so no change is held "
                         "against it.");
    cJSON_ArrayForEach(c, changes)
    {
        const char *by = json_str(c, "by"), *note = json_str(c, "note");
        buf_printf(b, "%s%s: %s, asked by %s%s%s, applied %s%s%s\n",
                   c == changes->child ? "Changed before it: " : "and before: ", json_text(c, "id"),
                   json_text(c, "title"), person(w, json_text(c, "owner")),
                   by ? ", approved by " : "", by ? person(w, by) : "", json_text(c, "at"),
                   note ? "; " : "", note ? note : "");
    }
    if (json_str(undo, "why"))
        buf_printf(b, "It is not offered to be undone here: %s", json_str(undo, "why"));
    return b->data;
}

/* -- the card -----------------------------------------------------------------------------------
 */

/* What becomes of the undo when the alert is over by itself. */
static const char *over_note(const struct wording *w, const struct chat_card *plan)
{
    return !w->firing && plan && plan->button
               ? "The alert is over. The undo below was not decided and waits on until it expires: "
                 "approve it if it is wanted still, else reject it."
               : "";
}

static enum chat_mood mood_now(const struct wording *w, const struct chat_card *plan)
{
    if (plan && plan->button)
        return CHAT_WAITS;
    return w->firing ? CHAT_BAD : CHAT_GOOD;
}

static struct chat_card *compose(struct wording *w, const struct chat_card *plan, bool brief)
{
    struct arena *a = w->a;
    struct chat_card *card = arena_make(a, struct chat_card);
    card->blocks = arena_array(a, struct chat_block, BLOCKS);
    card->title = alert_title(w);
    card->mood = mood_now(w, plan);
    add_block(card, CHAT_TEXT, alert_head(w));
    if (!brief) {
        add_block(card, CHAT_NOTE, !w->all ? "" : "In the words of the source, quoted:");
        add_block(card, CHAT_CODE, alert_lines(w));
        add_block(card, CHAT_TEXT, cause_text(w));
    }
    add_block(card, CHAT_TEXT, changes_text(w));
    add_block(card, CHAT_TEXT, over_note(w, plan));
    if (!plan)
        return card;
    add_block(card, CHAT_TEXT, "What would help:");
    for (size_t i = 0; i < plan->n; i++)
        add_block(card, plan->blocks[i].kind, plan->blocks[i].text);
    card->button = plan->button;
    card->approvable = plan->approvable;
    card->types = plan->types;
    card->page = plan->page;
    return card;
}

/* Whole where that fits; else the alert is told in brief, before anything of the plan is cut. */
static struct chat_card *card_that_fits(struct wording *w, const struct bot *x,
                                        struct chat_card *plan)
{
    const struct chat_platform *p = x->account.platform;
    struct chat_card *card = compose(w, plan, false);
    if (p->card(w->a, card))
        return card;
    card = compose(w, plan, true);
    if (p->card(w->a, card) || !plan)
        return card;
    card_shorten(w->a, plan);
    return compose(w, plan, true);
}

struct chat_card *alert_card(struct arena *a, struct bot *x, struct store *s,
                             const struct store_incident *i, struct chat_card *plan, struct err *e)
{
    struct wording w = { .a = a, .bot = x, .incident = i, .found = parsed(a, i->found) };
    struct store_alert *alerts = NULL;
    int most = strcmp(i->group, ALERT_STORM) ? SHOWN : SHOWN_STORM;
    w.count = store_alerts_of(s, a, i->id, most, &alerts, &w.firing, &w.all, e);
    w.alerts = alerts;
    return w.count < 0 ? NULL : card_that_fits(&w, x, plan);
}

const char *alert_shows(struct arena *a, const struct store_incident *i, const cJSON *change)
{
    return arena_printf(a, "%.0f %s", i->revision, change ? card_shows(a, change) : "-");
}
