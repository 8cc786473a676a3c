/* webhook.c - a system of somebody's own: Standard Webhooks, signed, in and out.
 *
 * In: POST {"type":"message"|"press", "channel", "thread"?, "text"?, "message"?, "button"?,
 * "choice"?: approve|reject|details, "typed"?, "direct"?, "tenant"?, "user"?, "name"?}.
 * Out: POST to the account's url {"type":"message"|"card"|"card.update"|"whisper"|"file",
 * "timestamp","data"}; an answer {"message": ID} names what was sent, else its webhook-id does.
 * Only the sender's key is behind what it says: unless `ids: {users: trusted}` takes its word for
 * who somebody is, everything is said by the one user "system" of the tenant that is configured.
 * Source: the Standard Webhooks specification.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "chat/platform_private.h"
#include "chat/sign.h"
#include "net/fetch.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_BYTES = 16 << 10,
    CARD_BYTES = 64 << 10,
    ID_BYTES = 18,
};

/* -- what arrives ---------------------------------------------------------------------------------
 */

static bool is_genuine(const struct chat_account *c, struct arena *a, const struct chat_request *r,
                       struct err *e)
{
    const struct sign_headers h = { r->header(r, "webhook-id"), r->header(r, "webhook-timestamp"),
                                    r->header(r, "webhook-signature") };
    if (!sign_webhook_holds(a, chat_key(c, "in"), &h, r->body, r->len, r->now_ms, e))
        return false;
    /* What another process of ours heard before this one began is not heard again. */
    return strtod(h.at, NULL) >= floor(c->started) ||
           err_set(e, ERR_POLICY, "its time is not of now: sign it anew");
}

static bool trusts_users(const struct chat_account *c)
{
    return text_same(chat_id(c, "users"), "trusted");
}

/* Who: by the sender's word where that is trusted, else the sender as such. */
static void set_user(const struct chat_account *c, const cJSON *o, struct chat_event *x)
{
    bool trusted = trusts_users(c);
    x->tenant = trusted ? chat_text_of(o, "tenant") : c->config->tenants[0];
    x->user = trusted ? chat_text_of(o, "user") : "system";
    x->name = trusted ? chat_text_of(o, "name") : c->config->name;
    x->outsider = !chat_has_tenant(c, x->tenant);
}

static bool read_webhook(const struct chat_account *c, struct arena *a, const cJSON *o,
                         const char *id, struct chat_taken *out, struct err *e)
{
    const char *type = json_text(o, "type");
    bool press = !strcmp(type, "press");
    if (!press && strcmp(type, "message") != 0)
        return err_set(e, ERR_PROTO, "type must be message or press");
    if (!chat_text_of(o, "channel"))
        return err_set(e, ERR_PROTO, "channel is missing");
    struct chat_event *x = chat_taken_add(a, out, press ? CHAT_PRESS : CHAT_MESSAGE);
    set_user(c, o, x);
    x->id = id;
    x->channel = chat_text_of(o, "channel");
    x->thread = chat_text_of(o, "thread");
    x->message = chat_text_of(o, "message");
    x->direct = json_true(o, "direct");
    x->text = press ? NULL : chat_text_of(o, "text");
    x->button = press ? chat_text_of(o, "button") : NULL;
    x->choice = press ? chat_choice_named(json_text(o, "choice")) : CHAT_NO_CHOICE;
    x->typed = press ? chat_text_of(o, "typed") : NULL;
    return true;
}

static bool take_webhook(struct chat_account *c, struct arena *a, const struct chat_request *r,
                         struct chat_taken *out, struct err *e)
{
    struct err why = { 0 };
    if (!is_genuine(c, a, r, &why))
        return chat_refuse(out, 401, e, why.text);
    const cJSON *o = json_parse(a, r->body, r->len, &why);
    if (!o || !read_webhook(c, a, o, arena_strdup(a, r->header(r, "webhook-id")), out, &why)) {
        out->status = 400;
        out->type = "text/plain";
        out->body = arena_strdup(a, why.text);
        out->n = 0;
        return true; /* it is the sender's, and nothing is done with it */
    }
    out->status = 202;
    return true;
}

/* -- what is said ---------------------------------------------------------------------------------
 */

static cJSON *place_as_json(struct arena *a, const struct chat_place *where)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "channel", where->channel);
    if (where->thread)
        json_set_str(a, o, "thread", where->thread);
    return o;
}

/* Parks. *message: what the other side calls it, else the id under which it was sent. */
static bool send_webhook(struct chat_account *c, struct arena *a, const char *type,
                         const cJSON *data, const char **message, struct err *e)
{
    const char *url = chat_url(c, NULL);
    if (!url)
        return err_set(e, ERR_ARGS, "chat: %s has no url: there is nowhere to answer",
                       c->config->name);
    cJSON *body = json_object(a);
    json_set_str(a, body, "type", type);
    json_set_str(a, body, "timestamp", when_text(a, when_now(), true));
    json_set(a, body, "data", json_clone(a, data));
    const char *text = json_print(a, body);
    const char *id = arena_printf(a, "msg_%s", crypto_token(a, ID_BYTES));
    const char *at = arena_printf(a, "%.0f", floor(when_now()));
    const char *signature = sign_webhook(a, chat_key(c, "out"), id, at, text, strlen(text));
    if (!signature)
        return err_set(e, ERR_ARGS, "chat: the key `out` of %s is not whsec_ and base64",
                       c->config->name);
    const struct fetch_header headers[] = {
        { "webhook-id", id }, { "webhook-timestamp", at }, { "webhook-signature", signature }, { 0 }
    };
    const struct chat_ask q = { .url = url,
                                .what = type,
                                .headers = headers,
                                .body = text,
                                .len = strlen(text),
                                .type = "application/json" };
    const cJSON *answer = chat_call(c, a, &q, e);
    const char *named = answer ? chat_text_of(answer, "message") : NULL;
    if (message)
        *message = named ? named : id;
    return answer != NULL;
}

static const char *block_kind(enum chat_block_kind kind)
{
    static const char *const kinds[] = {
        [CHAT_TEXT] = "text", [CHAT_CODE] = "code", [CHAT_NOTE] = "note"
    };
    return kinds[kind];
}

static void add_buttons(struct arena *a, cJSON *o, const struct chat_card *card)
{
    cJSON *choices = json_set_array(a, o, "choices");
    json_set_str(a, o, "button", card->button);
    if (card->approvable)
        json_add_str(a, choices, chat_choice_word(CHAT_APPROVE));
    json_add_str(a, choices, chat_choice_word(CHAT_REJECT));
    json_add_str(a, choices, chat_choice_word(CHAT_DETAILS));
    json_set_bool(a, o, "types", card->types);
}

static cJSON *webhook_card(struct arena *a, const struct chat_card *card)
{
    static const char *const moods[] = {
        [CHAT_PLAIN] = "plain", [CHAT_WAITS] = "waits", [CHAT_GOOD] = "good", [CHAT_BAD] = "bad"
    };
    cJSON *o = json_object(a), *blocks = json_set_array(a, o, "blocks");
    json_set_str(a, o, "title", card->title);
    json_set_str(a, o, "mood", moods[card->mood]);
    size_t bytes = 0;
    for (size_t i = 0; i < card->n; i++) {
        cJSON *block = json_add(a, blocks, json_object(a));
        json_set_str(a, block, "kind", block_kind(card->blocks[i].kind));
        json_set_str(a, block, "text", card->blocks[i].text);
        bytes += strlen(card->blocks[i].text);
    }
    if (card->button)
        add_buttons(a, o, card);
    if (card->page)
        json_set_str(a, o, "page", card->page);
    return bytes > CARD_BYTES ? NULL : o;
}

static bool say_by_webhook(struct chat_account *c, struct arena *a, const struct chat_place *where,
                           const char *text, const char **message, struct err *e)
{
    cJSON *data = place_as_json(a, where);
    json_set_str(a, data, "text", text);
    return send_webhook(c, a, "message", data, message, e);
}

static bool send_card(struct chat_account *c, struct arena *a, const char *type, cJSON *data,
                      const struct chat_card *card, const char **message, struct err *e)
{
    cJSON *o = webhook_card(a, card);
    if (!o)
        return err_set(e, ERR_POLICY, "the card is longer than %d bytes", CARD_BYTES);
    json_set(a, data, "card", o);
    return send_webhook(c, a, type, data, message, e);
}

static bool show_by_webhook(struct chat_account *c, struct arena *a, const struct chat_place *where,
                            const struct chat_card *card, const char **message, struct err *e)
{
    return send_card(c, a, "card", place_as_json(a, where), card, message, e);
}

static bool renew_by_webhook(struct chat_account *c, struct arena *a,
                             const struct chat_place *where, const char *message,
                             const struct chat_card *card, struct err *e)
{
    cJSON *data = place_as_json(a, where);
    json_set_str(a, data, "message", message);
    return send_card(c, a, "card.update", data, card, NULL, e);
}

static bool whisper_by_webhook(struct chat_account *c, struct arena *a,
                               const struct chat_place *where, const char *user, const char *text,
                               struct err *e)
{
    cJSON *data = place_as_json(a, where);
    json_set_str(a, data, "user", user);
    json_set_str(a, data, "text", text);
    return send_webhook(c, a, "whisper", data, NULL, e);
}

static bool file_by_webhook(struct chat_account *c, struct arena *a, const struct chat_place *where,
                            const char *name, const char *text, size_t len, struct err *e)
{
    cJSON *data = place_as_json(a, where);
    json_set_str(a, data, "name", name);
    json_set(a, data, "text", json_stringn(a, text, len));
    return send_webhook(c, a, "file", data, NULL, e);
}

const struct chat_platform chat_webhook = {
    .name = "webhook",
    .title = "the webhook",
    .text_max = TEXT_BYTES,
    .renews = true,
    .takes_typed = true,
    .take = take_webhook,
    .card = webhook_card,
    .say = say_by_webhook,
    .show = show_by_webhook,
    .renew = renew_by_webhook,
    .whisper = whisper_by_webhook,
    .file = file_by_webhook,
};
