/* wecom.c - WeCom's AI bot: frames of its long connection and encrypted callbacks read; what it
 * says goes through the connection.
 *
 * A template card holds a few words, so that a plan is two messages: all of it in words, and below
 * it the card with the buttons. By callbacks alone the bot can answer a message once, in words: the
 * platform has no other way to it. Sources: developer.work.weixin.qq.com 101031 and 101463, the
 * types of @wecom/aibot-node-sdk, and docs/chatops/wecom.md.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/platform_private.h"
#include "chat/sign.h"
#include "chat/socket.h"
#include "net/fetch.h"

static const char wecom_api[] = "https://qyapi.weixin.qq.com/";
/* chat_event.reply is one of these and a req_id, or a response_url. A press's takes an update of
 * its card alone, and only for five seconds. */
static const char of_message[] = "msg:", of_press[] = "press:";

enum {
    TEXT_BYTES = 6000,
    MARKDOWN_BYTES = 20480,
    SUBTITLE_UNITS = 112,
    TASK_BYTES = 128,
    CHUNK = 512 << 10,
    CHUNKS = 100,
    WINDOW = 300, /* seconds that a signature is good */
    PAUSE = 1     /* seconds, after "too many" */
};

/* -- what arrives --------------------------------------------------------------------------- */

static const char *words_of_wecom(struct arena *a, const cJSON *m)
{
    const char *type = json_text(m, "msgtype");
    if (!strcmp(type, "text"))
        return json_text(json_get(m, "text"), "content");
    if (strcmp(type, "mixed") != 0)
        return NULL;
    struct buf *b = buf_in(a, MARKDOWN_BYTES);
    const cJSON *item;
    cJSON_ArrayForEach(item, json_path(m, "mixed.msg_item"))
        buf_str(b, json_text(json_get(item, "text"), "content"));
    return b->data;
}

/* Who and where, of a message and of a press. */
static void put_wecom_person(const struct chat_account *c, const cJSON *m, struct chat_event *v)
{
    const cJSON *from = json_get(m, "from");
    const char *corp = chat_text_of(from, "corpid"), *chat = chat_text_of(m, "chatid");
    v->id = chat_text_of(m, "msgid");
    v->tenant = corp ? corp : chat_id(c, "corp");
    v->user = chat_text_of(from, "userid");
    v->outsider = !chat_has_tenant(c, v->tenant);
    v->direct = strcmp(json_text(m, "chattype"), "group") != 0;
    v->channel = v->direct ? v->user : chat;
    v->at_ms = (int64_t)json_num(m, "create_time", 0) * 1000;
}

/* "BUTTON:approve". The official page nests the press, the SDK's type shows it flat. */
static bool read_wecom_press(const struct chat_account *c, struct arena *a, const cJSON *m,
                             const char *reply, struct chat_taken *out)
{
    const cJSON *event = json_get(m, "event"), *nested = json_get(event, "template_card_event");
    const cJSON *press = nested ? nested : event;
    const char *key = json_text(press, "event_key"), *colon = strrchr(key, ':');
    enum chat_choice choice = colon ? chat_choice_named(colon + 1) : CHAT_NO_CHOICE;
    if (strcmp(json_text(event, "eventtype"), "template_card_event") != 0 ||
        choice == CHAT_NO_CHOICE)
        return true;
    struct chat_event *v = chat_taken_add(a, out, CHAT_PRESS);
    put_wecom_person(c, m, v);
    v->message = chat_text_of(press, "task_id");
    v->button = arena_strndup(a, key, (size_t)(colon - key));
    v->choice = choice;
    v->reply = reply ? arena_printf(a, "%s%s", of_press, reply) : NULL;
    return true;
}

bool wecom_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                const char *reply, struct chat_taken *out, struct err *e)
{
    const char *type = json_str(payload, "msgtype"), *bot = chat_id(c, "bot");
    if (!type)
        return err_set(e, ERR_PROTO, "WeCom's payload has no msgtype");
    if (bot && strcmp(json_text(payload, "aibotid"), bot) != 0)
        return err_set(e, ERR_POLICY, "the payload is for another bot than ids.bot");
    if (!strcmp(type, "event"))
        return read_wecom_press(c, a, payload, reply, out);
    const char *words = words_of_wecom(a, payload);
    if (!words)
        return true;
    struct chat_event *v = chat_taken_add(a, out, CHAT_MESSAGE);
    put_wecom_person(c, payload, v);
    const char *text = words + strspn(words, " \n");
    v->message = v->id;
    v->text = chat_trimmed(a, *text == '@' && !v->direct ? text + strcspn(text, " \n\t") : text);
    v->reply =
        reply ? arena_printf(a, "%s%s", of_message, reply) : chat_text_of(payload, "response_url");
    return true;
}

/* The text of a callback, signed and opened. NULL: refused. */
static const char *open_wecom(const struct chat_account *c, struct arena *a,
                              const struct chat_request *r, const char *sealed,
                              struct chat_taken *out, struct err *e)
{
    const char *query = r->query ? r->query : "";
    size_t n = strlen(query);
    const char *signature = chat_form_value(a, query, n, "msg_signature");
    const char *at = chat_form_value(a, query, n, "timestamp");
    const char *nonce = chat_form_value(a, query, n, "nonce");
    const char *token = chat_key(c, "token"), *key = chat_key(c, "aes");
    if (!token || !key) {
        chat_refuse(out, 403, e,
                    "callbacks of WeCom are taken only with keys.token and keys.aes "
                    "(Token and EncodingAESKey); without them the bot listens by the "
                    "long connection");
        return NULL;
    }
    if (!sealed || !nonce || !sign_fresh(at, r->now_ms, WINDOW) ||
        !sign_same(sign_wecom(a, token, at, nonce, sealed), signature)) {
        chat_refuse(out, 401, e,
                    "the callback is not signed with the Token in keys.token within "
                    "five minutes of now");
        return NULL;
    }
    const char *text = sign_open_wecom(a, key, sealed, "", &n, e);
    out->status = text ? 200 : 401;
    return text;
}

static bool wecom_take(struct chat_account *c, struct arena *a, const struct chat_request *r,
                       struct chat_taken *out, struct err *e)
{
    *out = (struct chat_taken){ .status = 200 };
    bool is_check = !strcmp(r->method, "GET");
    const cJSON *body = is_check ? NULL : json_parse(a, r->body, r->len, &(struct err){ 0 });
    const char *query = r->query ? r->query : "";
    const char *sealed =
        is_check ? chat_form_value(a, query, strlen(query), "echostr") : json_str(body, "encrypt");
    const char *text = open_wecom(c, a, r, sealed, out, e);
    if (!text)
        return false;
    if (is_check) {
        out->body = text;
        return true;
    }
    const cJSON *payload = json_parse(a, text, strlen(text), e);
    if (payload && wecom_read(c, a, payload, NULL, out, e))
        return true;
    *out = (struct chat_taken){ .status = e->kind == ERR_POLICY ? 403 : 400 };
    return false;
}

/* -- cards ---------------------------------------------------------------------------------- */

/* In a fence of markdown nothing is markup. A fence inside, and the mark of a mention, are broken
 * up by a character that has no width. */
static const char *fenced(struct arena *a, const char *text)
{
    static const char nothing[] = "\xe2\x80\x8b";
    struct buf *b = buf_in(a, MARKDOWN_BYTES);
    buf_str(b, "```\n");
    for (const char *p = chat_visible(a, text); *p; p++) {
        buf_char(b, *p);
        if ((*p == '`' && p[1] == '`') || (*p == '<' && p[1] == '@'))
            buf_str(b, nothing);
    }
    buf_str(b, "\n```\n");
    return b->over ? NULL : b->data;
}

static cJSON *markdown_message(struct arena *a, const char *markdown)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "msgtype", "markdown");
    json_set_str(a, json_set_object(a, o, "markdown"), "content", markdown);
    return o;
}

/* All of the card in words; NULL: it is too long. */
static const char *words_of_card(struct arena *a, const struct chat_card *card)
{
    struct buf *b = buf_in(a, MARKDOWN_BYTES);
    buf_str(b, card->title);
    for (size_t i = 0; i < card->n; i++)
        buf_printf(b, "\n%s", card->blocks[i].text);
    const char *words = b->over ? NULL : fenced(a, b->data);
    const char *page = card->page ? text_visible(a, card->page) : NULL;
    if (!words || (page && strpbrk(page, "()<>[] \"\n")))
        return NULL;
    words = page ? arena_printf(a, "%s[Open its page](%s)", words, page) : words;
    return strlen(words) <= MARKDOWN_BYTES ? words : NULL;
}

static void put_wecom_button(struct arena *a, cJSON *list, const struct chat_card *card,
                             enum chat_choice choice, const char *label, int style)
{
    cJSON *o = json_add(a, list, json_object(a));
    json_set_str(a, o, "text", label);
    json_set_num(a, o, "style", style);
    json_set_str(a, o, "key", arena_printf(a, "%s:%s", card->button, chat_choice_word(choice)));
}

/* task: what names it when it is pressed or changed. */
static cJSON *template_card(struct arena *a, const struct chat_card *card, const char *task)
{
    static const char *const moods[] = { "Gateway", "A change waits for you", "Done", "Not done" };
    cJSON *o = json_object(a), *title = json_set_object(a, o, "main_title");
    json_set_str(a, o, "card_type", card->button ? "button_interaction" : "text_notice");
    json_set_str(a, title, "title", moods[card->mood]);
    if (card->button)
        json_set_str(a, title, "desc", "All of it stands above");
    json_set_str(a, o, "sub_title_text", text_visible(a, card->title));
    json_set_str(a, o, "task_id", task);
    cJSON *list = card->button ? json_set_array(a, o, "button_list") : NULL;
    if (list && card->approvable)
        put_wecom_button(a, list, card, CHAT_APPROVE, "Approve", 1);
    if (list) {
        put_wecom_button(a, list, card, CHAT_REJECT, "Reject", 2);
        put_wecom_button(a, list, card, CHAT_DETAILS, "Details", 3);
    } else {
        cJSON *click = json_set_object(a, o, "card_action");
        json_set_num(a, click, "type", card->page ? 1 : 0);
        if (card->page)
            json_set_str(a, click, "url", card->page);
    }
    return o;
}

/* {"markdown", "template_card"}: the two messages that it is. */
static cJSON *wecom_card(struct arena *a, const struct chat_card *card)
{
    const char *words = words_of_card(a, card);
    const char *task = card->button ? card->button : crypto_token(a, 16);
    bool typed = card->button && card->approvable && card->types;
    if (!words || typed || strlen(task) > TASK_BYTES ||
        chat_units(text_visible(a, card->title)) > SUBTITLE_UNITS)
        return NULL;
    cJSON *out = json_object(a);
    json_set_str(a, json_set_object(a, out, "markdown"), "content", words);
    json_set(a, out, "template_card", template_card(a, card, task));
    return out;
}

/* -- what is said --------------------------------------------------------------------------- */

static bool send_wecom_once(struct chat_account *c, struct arena *a, const char *cmd,
                            const char *req_id, const cJSON *body, const cJSON **answer,
                            struct err *e)
{
    const struct wecom_way *way = c->state;
    if (!way)
        return err_set(e, ERR_NET,
                       "WeCom's long connection does not stand: nothing can be said "
                       "there");
    return way->send(c, a, cmd, req_id, body, answer, e);
}

/* "Too many" is waited for once: WeCom does not say how long. */
static bool send_wecom(struct chat_account *c, struct arena *a, const char *cmd, const char *req_id,
                       const cJSON *body, const cJSON **answer, struct err *e)
{
    struct err first = { 0 };
    if (send_wecom_once(c, a, cmd, req_id, body, answer, &first))
        return true;
    if (first.status == CHAT_TOO_MANY)
        return chat_wait(c, PAUSE, e) && send_wecom_once(c, a, cmd, req_id, body, answer, e);
    *e = first;
    return false;
}

/* To a chat that wrote before. */
static bool send_wecom_message(struct chat_account *c, struct arena *a, const char *chat,
                               cJSON *message, struct err *e)
{
    json_set_str(a, message, "chatid", chat);
    return send_wecom(c, a, "aibot_send_msg", NULL, message, NULL, e);
}

/* As the answer to that message; it counts against a larger quota than what is sent unasked. */
static bool answer_wecom(struct chat_account *c, struct arena *a, const char *req_id,
                         const char *markdown, struct err *e)
{
    cJSON *o = json_object(a), *stream = json_set_object(a, o, "stream");
    json_set_str(a, o, "msgtype", "stream");
    json_set_str(a, stream, "id", crypto_token(a, 16));
    json_set_bool(a, stream, "finish", true);
    json_set_str(a, stream, "content", markdown);
    return send_wecom(c, a, "aibot_respond_msg", req_id, o, NULL, e);
}

/* A response_url takes one answer; only WeCom's own is written to. */
static bool post_wecom(struct chat_account *c, struct arena *a, const char *url,
                       const char *markdown, struct err *e)
{
    const char *own = c->config->url;
    if (!text_starts(url, wecom_api) && (!own || !text_starts(url, arena_printf(a, "%s/", own))))
        return err_set(e, ERR_POLICY,
                       "the response_url of the message is not at WeCom: nothing "
                       "was sent there");
    const struct chat_ask ask = { .url = url,
                                  .what = "the answer to a message",
                                  .json = markdown_message(a, markdown),
                                  .proof = "errcode" };
    return chat_call(c, a, &ask, e) != NULL;
}

static bool say_wecom(struct chat_account *c, struct arena *a, const struct chat_place *where,
                      const char *markdown, struct err *e)
{
    const char *reply = where->reply;
    if (reply && !c->state && !strncmp(reply, "http", 4))
        return post_wecom(c, a, reply, markdown, e);
    if (reply && text_starts(reply, of_message) &&
        answer_wecom(c, a, reply + sizeof of_message - 1, markdown, &(struct err){ 0 }))
        return true;
    return send_wecom_message(c, a, where->channel, markdown_message(a, markdown), e);
}

static bool wecom_say(struct chat_account *c, struct arena *a, const struct chat_place *where,
                      const char *text, const char **message, struct err *e)
{
    const char *markdown = fenced(a, text);
    *message = NULL;
    return chat_fits(text, TEXT_BYTES, e) && markdown && say_wecom(c, a, where, markdown, e);
}

static bool wecom_whisper(struct chat_account *c, struct arena *a, const struct chat_place *where,
                          const char *user, const char *text, struct err *e)
{
    const struct chat_place alone = { .channel = user };
    const char *ignored;
    (void)where;
    return wecom_say(c, a, &alone, text, &ignored, e);
}

static cJSON *whole_wecom_card(struct arena *a, const struct chat_card *card, struct err *e)
{
    cJSON *o = wecom_card(a, card);
    if (!o)
        err_set(e, ERR_ARGS, "the card does not fit whole into messages of WeCom");
    return o;
}

static bool wecom_show(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const struct chat_card *card, const char **message, struct err *e)
{
    cJSON *made = whole_wecom_card(a, card, e), *o = json_object(a);
    if (!made)
        return false;
    if (!c->state)
        return err_set(e, ERR_NET,
                       "WeCom takes cards through the long connection only, which does "
                       "not stand");
    const cJSON *template = json_get(made, "template_card");
    *message = json_str(template, "task_id");
    json_set_str(a, o, "msgtype", "template_card");
    json_set(a, o, "template_card", json_clone(a, template));
    return say_wecom(c, a, where, json_str(json_get(made, "markdown"), "content"), e) &&
           send_wecom_message(c, a, where->channel, o, e);
}

/* Within five seconds of a press the card itself is changed; at any other time WeCom takes no
 * change of it, so that what became of it is said. */
static bool wecom_renew(struct chat_account *c, struct arena *a, const struct chat_place *where,
                        const char *message, const struct chat_card *card, struct err *e)
{
    const cJSON *made = whole_wecom_card(a, card, e);
    if (!made)
        return false;
    if (where->reply && text_starts(where->reply, of_press)) {
        cJSON *o = json_object(a);
        json_set_str(a, o, "response_type", "update_template_card");
        json_set(a, o, "template_card", template_card(a, card, message));
        return send_wecom(c, a, "aibot_respond_update_msg", where->reply + sizeof of_press - 1, o,
                          NULL, e);
    }
    const char *words = json_str(json_get(made, "markdown"), "content");
    return send_wecom_message(c, a, where->channel, markdown_message(a, words), e);
}

/* The pieces of a file, each acknowledged. */
static bool send_wecom_pieces(struct chat_account *c, const char *upload, const char *bytes,
                              size_t len, struct err *e)
{
    for (size_t at = 0, i = 0; at < len; at += CHUNK, i++) {
        struct arena *piece = arena_new();
        cJSON *o = json_object(piece);
        json_set_str(piece, o, "upload_id", upload);
        json_set_num(piece, o, "chunk_index", (double)i);
        json_set_str(piece, o, "base64_data",
                     base64_encode(piece, bytes + at, len - at < CHUNK ? len - at : CHUNK));
        bool ok = send_wecom(c, piece, "aibot_upload_media_chunk", NULL, o, NULL, e);
        arena_free(piece);
        if (!ok)
            return false;
    }
    return true;
}

static bool wecom_file(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const char *name, const char *text, size_t len, struct err *e)
{
    const cJSON *answer = NULL;
    size_t chunks = (len + CHUNK - 1) / CHUNK;
    cJSON *o = json_object(a);
    json_set_str(a, o, "type", "file");
    json_set_str(a, o, "filename", name);
    json_set_num(a, o, "total_size", (double)len);
    json_set_num(a, o, "total_chunks", (double)chunks);
    if (chunks > CHUNKS)
        return err_set(e, ERR_ARGS, "the file '%s' is longer than WeCom takes", name);
    if (!send_wecom(c, a, "aibot_upload_media_init", NULL, o, &answer, e))
        return false;
    const char *upload = json_str(json_get(answer, "body"), "upload_id");
    cJSON *finish = json_object(a);
    json_set_str(a, finish, "upload_id", upload);
    if (!upload || !send_wecom_pieces(c, upload, text, len, e) ||
        !send_wecom(c, a, "aibot_upload_media_finish", NULL, finish, &answer, e))
        return err_set(e, ERR_GATEWAY, "WeCom did not take the file '%s'", name);
    const char *media = json_str(json_get(answer, "body"), "media_id");
    if (!media)
        return err_set(e, ERR_GATEWAY, "WeCom kept the file '%s' under no media_id", name);
    cJSON *message = json_object(a);
    json_set_str(a, message, "msgtype", "file");
    json_set_str(a, json_set_object(a, message, "file"), "media_id", media);
    return send_wecom_message(c, a, where->channel, message, e);
}

const struct chat_platform chat_wecom = {
    .name = "wecom",
    .title = "WeCom",
    .text_max = TEXT_BYTES,
    .renews = true,
    .renews_by_press = true,
    .socket = &socket_wecom,
    .take = wecom_take,
    .card = wecom_card,
    .say = wecom_say,
    .show = wecom_show,
    .renew = wecom_renew,
    .whisper = wecom_whisper,
    .file = wecom_file,
};
