/* slack_card.c - a card as Block Kit. Texts of strangers stand in plain_text and rich_text alone,
 * where nothing is markup; only our own link is mrkdwn. Source: docs.slack.dev, Block Kit. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/platform_private.h"

enum {
    HEADER_UNITS = 150,
    SECTION_UNITS = 3000,
    CARD_UNITS = 12000, /* of all blocks: beyond about 13,200 it is msg_blocks_too_long */
    CARD_BLOCKS = 50,
    BUTTON_VALUE = 2000,
    LINK_UNITS = 2500
};

static cJSON *slack_text(struct arena *a, const char *text)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "type", "plain_text");
    json_set_str(a, o, "text", text);
    json_set_bool(a, o, "emoji", false);
    return o;
}

static cJSON *add_slack_block(struct arena *a, cJSON *blocks, const char *type)
{
    cJSON *o = json_add(a, blocks, json_object(a));
    json_set_str(a, o, "type", type);
    return o;
}

static void put_slack_code(struct arena *a, cJSON *block, const char *text)
{
    cJSON *code = json_add(a, json_set_array(a, block, "elements"), json_object(a));
    json_set_str(a, code, "type", "rich_text_preformatted");
    cJSON *element = json_add(a, json_set_array(a, code, "elements"), json_object(a));
    json_set_str(a, element, "type", "text");
    json_set_str(a, element, "text", text);
}

static void put_slack_block(struct arena *a, cJSON *blocks, enum chat_block_kind kind,
                            const char *text)
{
    const char *rest = chat_visible(a, text);
    for (const char *piece; (piece = chat_piece(a, &rest, SECTION_UNITS));) {
        if (!*piece)
            continue;
        if (kind == CHAT_CODE)
            put_slack_code(a, add_slack_block(a, blocks, "rich_text"), piece);
        else if (kind == CHAT_NOTE)
            json_add(a, json_set_array(a, add_slack_block(a, blocks, "context"), "elements"),
                     slack_text(a, piece));
        else
            json_set(a, add_slack_block(a, blocks, "section"), "text", slack_text(a, piece));
    }
}

static void put_slack_button(struct arena *a, cJSON *elements, enum chat_choice choice,
                             const char *label, const char *style, const char *value)
{
    cJSON *o = json_add(a, elements, json_object(a));
    json_set_str(a, o, "type", "button");
    json_set_str(a, o, "action_id", chat_choice_word(choice));
    json_set(a, o, "text", slack_text(a, label));
    json_set_str(a, o, "value", value);
    if (style)
        json_set_str(a, o, "style", style);
}

static void put_slack_buttons(struct arena *a, cJSON *blocks, const struct chat_card *card)
{
    if (card->approvable && card->types) {
        cJSON *input = add_slack_block(a, blocks, "input");
        json_set_str(a, input, "block_id", "typed");
        json_set(a, input, "label", slack_text(a, "The word that approves it"));
        cJSON *element = json_set_object(a, input, "element");
        json_set_str(a, element, "type", "plain_text_input");
        json_set_str(a, element, "action_id", "typed");
        json_set_bool(a, input, "optional", true);
    }
    cJSON *row = json_set_array(a, add_slack_block(a, blocks, "actions"), "elements");
    if (card->approvable)
        put_slack_button(a, row, CHAT_APPROVE, "Approve", "primary", card->button);
    put_slack_button(a, row, CHAT_REJECT, "Reject", "danger", card->button);
    put_slack_button(a, row, CHAT_DETAILS, "Details", NULL, card->button);
}

char *slack_escaped(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, 5 * strlen(text) + 1);
    for (; *text; text++)
        buf_str(b, *text == '&'   ? "&amp;"
                   : *text == '<' ? "&lt;"
                   : *text == '>' ? "&gt;"
                                  : (char[]){ *text, '\0' });
    return b->data;
}

static void put_slack_page(struct arena *a, cJSON *blocks, const char *page)
{
    cJSON *o = json_add(a, json_set_array(a, add_slack_block(a, blocks, "context"), "elements"),
                        json_object(a));
    json_set_str(a, o, "type", "mrkdwn");
    json_set_str(a, o, "text",
                 arena_printf(a, "<%s|Open its page>", slack_escaped(a, text_visible(a, page))));
}

cJSON *slack_card(struct arena *a, const struct chat_card *card)
{
    cJSON *out = json_object(a), *blocks = json_array(a);
    const char *title = text_visible(a, card->title);
    size_t units = chat_units(title);
    if (units <= HEADER_UNITS)
        json_set(a, add_slack_block(a, blocks, "header"), "text", slack_text(a, title));
    else
        put_slack_block(a, blocks, CHAT_TEXT, title);
    for (size_t i = 0; i < card->n; i++) {
        units += chat_units(chat_visible(a, card->blocks[i].text));
        put_slack_block(a, blocks, card->blocks[i].kind, card->blocks[i].text);
    }
    if (card->button)
        put_slack_buttons(a, blocks, card);
    if (card->page)
        put_slack_page(a, blocks, card->page);
    if (units > CARD_UNITS || json_count(blocks) > CARD_BLOCKS ||
        (card->button && strlen(card->button) > BUTTON_VALUE) ||
        (card->page && chat_units(slack_escaped(a, card->page)) > LINK_UNITS))
        return NULL;
    json_set_str(a, out, "text", slack_escaped(a, title));
    json_set(a, out, "blocks", blocks);
    return out;
}
