/* feishu_card.c - a card as card JSON 2.0. Texts of strangers are plain_text, in which nothing is
 * markup, a diff too: what a fence of markdown holds can end it, and <at> works in markdown.
 * Source: open.feishu.cn, card JSON 2.0 structure. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/platform_private.h"

enum { CARD_BYTES = 30000, ELEMENTS = 200 };

static cJSON *tagged(struct arena *a, const char *tag, const char *content)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "tag", tag);
    if (content)
        json_set_str(a, o, "content", content);
    return o;
}

static void put_feishu_block(struct arena *a, cJSON *elements, const struct chat_block *b)
{
    cJSON *div = json_add(a, elements, tagged(a, "div", NULL));
    cJSON *text = json_set(a, div, "text", tagged(a, "plain_text", chat_visible(a, b->text)));
    if (b->kind == CHAT_NOTE) {
        json_set_str(a, text, "text_size", "notation");
        json_set_str(a, text, "text_color", "grey");
    }
}

static void put_feishu_button(struct arena *a, cJSON *columns, const struct chat_card *card,
                              enum chat_choice choice, const char *label, const char *type)
{
    cJSON *column = json_add(a, columns, tagged(a, "column", NULL));
    json_set_str(a, column, "width", "auto");
    cJSON *button = json_add(a, json_set_array(a, column, "elements"), tagged(a, "button", NULL));
    json_set_str(a, button, "type", type);
    json_set_str(a, button, "name", chat_choice_word(choice));
    json_set(a, button, "text", tagged(a, "plain_text", label));
    if (card->types)
        json_set_str(a, button, "form_action_type", "submit");
    cJSON *does = json_add(a, json_set_array(a, button, "behaviors"), json_object(a));
    json_set_str(a, does, "type", "callback");
    cJSON *value = json_set_object(a, does, "value");
    json_set_str(a, value, "id", card->button);
    json_set_str(a, value, "d", chat_choice_word(choice));
}

/* A word is typed into a form, which its buttons submit. */
static cJSON *form_of_word(struct arena *a, cJSON *elements)
{
    cJSON *form = json_add(a, elements, tagged(a, "form", NULL));
    json_set_str(a, form, "name", "decide");
    cJSON *inside = json_set_array(a, form, "elements");
    cJSON *input = json_add(a, inside, tagged(a, "input", NULL));
    json_set_str(a, input, "name", "typed");
    json_set(a, input, "placeholder", tagged(a, "plain_text", "The word that approves it"));
    return inside;
}

static void put_feishu_buttons(struct arena *a, cJSON *elements, const struct chat_card *card)
{
    cJSON *into = card->types ? form_of_word(a, elements) : elements;
    cJSON *row = json_add(a, into, tagged(a, "column_set", NULL));
    cJSON *columns = json_set_array(a, row, "columns");
    if (card->approvable)
        put_feishu_button(a, columns, card, CHAT_APPROVE, "Approve", "primary");
    put_feishu_button(a, columns, card, CHAT_REJECT, "Reject", "danger");
    put_feishu_button(a, columns, card, CHAT_DETAILS, "Details", "default");
}

static const char *link_in_markdown(struct arena *a, const char *url)
{
    const char *shown = text_visible(a, url);
    if (strpbrk(shown, "()<>[] \"\n"))
        return NULL;
    return arena_printf(a, "[Open its page](%s)", shown);
}

cJSON *feishu_card(struct arena *a, const struct chat_card *card)
{
    static const char *const colours[] = { "blue", "orange", "green", "red" };
    cJSON *out = json_object(a);
    json_set_str(a, out, "schema", "2.0");
    json_set_bool(a, json_set_object(a, out, "config"), "update_multi", true);
    cJSON *header = json_set_object(a, out, "header");
    json_set(a, header, "title", tagged(a, "plain_text", text_visible(a, card->title)));
    json_set_str(a, header, "template", colours[card->mood]);
    cJSON *elements = json_set_array(a, json_set_object(a, out, "body"), "elements");
    for (size_t i = 0; i < card->n; i++)
        put_feishu_block(a, elements, &card->blocks[i]);
    if (card->button)
        put_feishu_buttons(a, elements, card);
    const char *link = card->page ? link_in_markdown(a, card->page) : NULL;
    if (link)
        json_add(a, elements, tagged(a, "markdown", link));
    bool fits = json_count(elements) < ELEMENTS && strlen(json_print(a, out)) <= CARD_BYTES;
    return fits && (link || !card->page) ? out : NULL;
}
