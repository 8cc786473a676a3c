/* teams_card.c - a card as an Adaptive Card 1.4. Texts of strangers are text runs, in which nothing
 * is markup (a TextBlock reads Markdown). Source: adaptivecards.io, the explorer;
 * learn.microsoft.com, Universal Actions. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/platform_private.h"

enum { CARD_BYTES = 27000 /* a message with a card may have about 28 KB */ };

static cJSON *typed_object(struct arena *a, const char *type)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "type", type);
    return o;
}

/* A line. Blanks at its beginning are kept as such that are not joined. */
static cJSON *run_of_line(struct arena *a, cJSON *items, const char *line, size_t n)
{
    static const char blank[] = "\xc2\xa0";
    struct buf *b = buf_in(a, 2 * n + sizeof blank);
    size_t indent = strspn(line, " ");
    indent = indent < n ? indent : n;
    for (size_t i = 0; i < indent; i++)
        buf_str(b, blank);
    buf_add(b, line + indent, n - indent);
    cJSON *block = json_add(a, items, typed_object(a, "RichTextBlock"));
    cJSON *run = json_add(a, json_set_array(a, block, "inlines"), typed_object(a, "TextRun"));
    json_set_str(a, run, "text", b->len ? b->data : blank);
    return run;
}

static void put_teams_block(struct arena *a, cJSON *items, const struct chat_block *b)
{
    cJSON *box = json_add(a, items, typed_object(a, "Container"));
    cJSON *lines = json_set_array(a, box, "items");
    for (const char *at = chat_visible(a, b->text); at;) {
        size_t n = strcspn(at, "\n");
        cJSON *run = run_of_line(a, lines, at, n);
        if (b->kind == CHAT_CODE)
            json_set_str(a, run, "fontType", "Monospace");
        if (b->kind == CHAT_NOTE)
            json_set_bool(a, run, "isSubtle", true);
        if (json_count(lines) > 1)
            json_set_str(a, lines->child->prev, "spacing", "None");
        at = at[n] ? at + n + 1 : NULL;
    }
}

static cJSON *teams_action(struct arena *a, const char *type, const char *label, const char *style)
{
    cJSON *o = typed_object(a, type);
    json_set_str(a, o, "title", label);
    if (style)
        json_set_str(a, o, "style", style);
    return o;
}

/* Clients that do not know Action.Execute submit the same as a message. */
static void put_teams_button(struct arena *a, cJSON *actions, const struct chat_card *card,
                             enum chat_choice choice, const char *label, const char *style)
{
    cJSON *data = json_object(a);
    json_set_str(a, data, "id", card->button);
    json_set_str(a, data, "d", chat_choice_word(choice));
    cJSON *o = json_add(a, actions, teams_action(a, "Action.Execute", label, style));
    json_set_str(a, o, "verb", chat_choice_word(choice));
    json_set(a, o, "data", data);
    cJSON *fallback = json_set(a, o, "fallback", teams_action(a, "Action.Submit", label, style));
    json_set(a, fallback, "data", json_clone(a, data));
}

static void put_teams_buttons(struct arena *a, cJSON *body, cJSON *actions,
                              const struct chat_card *card)
{
    if (card->approvable && card->types) {
        cJSON *input = json_add(a, body, typed_object(a, "Input.Text"));
        json_set_str(a, input, "id", "typed");
        json_set_str(a, input, "label", "The word that approves it");
    }
    if (card->approvable)
        put_teams_button(a, actions, card, CHAT_APPROVE, "Approve", "positive");
    put_teams_button(a, actions, card, CHAT_REJECT, "Reject", "destructive");
    put_teams_button(a, actions, card, CHAT_DETAILS, "Details", NULL);
}

cJSON *teams_card(struct arena *a, const struct chat_card *card)
{
    static const char *const styles[] = { "emphasis", "warning", "good", "attention" };
    cJSON *out = typed_object(a, "AdaptiveCard");
    json_set_str(a, out, "version", "1.4");
    cJSON *body = json_set_array(a, out, "body"), *actions = json_array(a);
    cJSON *head = json_add(a, body, typed_object(a, "Container"));
    json_set_str(a, head, "style", styles[card->mood]);
    const char *title = text_visible(a, card->title);
    cJSON *run = run_of_line(a, json_set_array(a, head, "items"), title, strlen(title));
    json_set_str(a, run, "weight", "Bolder");
    json_set_str(a, run, "size", "Large");
    for (size_t i = 0; i < card->n; i++)
        put_teams_block(a, body, &card->blocks[i]);
    if (card->button)
        put_teams_buttons(a, body, actions, card);
    if (card->page)
        json_set_str(a,
                     json_add(a, actions, teams_action(a, "Action.OpenUrl", "Open its page", NULL)),
                     "url", text_visible(a, card->page));
    if (json_count(actions))
        json_set(a, out, "actions", actions);
    return strlen(json_print(a, out)) <= CARD_BYTES ? out : NULL;
}
