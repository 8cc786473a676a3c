/* feishu.c - Feishu and Lark: events of the long connection and of requests read, the API. One file
 * for both: Lark is the same at another url.
 *
 * A further event is a row of kinds[], its cards are feishu_card.c's. Sources: open.feishu.cn
 * (event subscription, im.message.receive_v1, card.action.trigger, im/v1), and
 * docs/chatops/feishu.md.
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
#include <stdlib.h>

const char feishu_api[] = "https://open.feishu.cn";

enum {
    TEXT_BYTES = 6000,  /* of a message */
    POST_BYTES = 30000, /* of its content, as JSON */
    PARAGRAPH_BYTES = 32,
    TEXT_CONTENT = 160000, /* of a message that somebody wrote */
    MENTIONS = 50,         /* that are read of one message */
    WINDOW = 300,          /* seconds that a signature is good */
};

/* -- what arrives --------------------------------------------------------------------------- */

/* Milliseconds, or microseconds where there are more digits. */
static int64_t feishu_ms(const char *digits)
{
    int64_t n = digits ? strtoll(digits, NULL, 10) : 0;
    return n > (int64_t)1e14 ? n / 1000 : n;
}

/* The words of a `post`: its title, and the texts and links of its lines. */
static const char *words_of_post(struct arena *a, const cJSON *content)
{
    struct buf *b = buf_in(a, TEXT_CONTENT);
    const cJSON *line, *piece;
    buf_str(b, json_text(content, "title"));
    cJSON_ArrayForEach(line, json_get(content, "content"))
    {
        buf_char(b, '\n');
        cJSON_ArrayForEach(piece, line) if (strcmp(json_text(piece, "tag"), "at") != 0)
            buf_str(b, json_text(piece, "text"));
        else buf_str(b, json_text(piece, "user_id")); /* the mention's key */
    }
    return b->data;
}

/* Mentions are placeholders ("@_user_1"): that of the bot goes, the others are names. */
static char *named_mentions(struct arena *a, const char *text, const cJSON *mentions)
{
    const cJSON *m;
    int n = 0;
    cJSON_ArrayForEach(m, mentions)
    {
        if (n++ == MENTIONS)
            break;
        const char *key = chat_text_of(m, "key"), *at = key ? strstr(text, key) : NULL;
        bool leads = at && at == text + strspn(text, " \n");
        if (!at)
            continue;
        const char *name =
            leads || json_count(mentions) == 1 ? "" : arena_printf(a, "@%s", json_text(m, "name"));
        text = arena_printf(a, "%.*s%s%s", (int)(at - text), text, name, at + strlen(key));
    }
    return chat_trimmed(a, text);
}

/* A message that a person wrote in words. In groups one that mentions somebody: of those that do
 * not mention the bot Feishu sends none, unless the app may read all. */
static bool read_feishu_message(const struct chat_account *c, struct arena *a, const cJSON *payload,
                                struct chat_taken *out, struct err *e)
{
    const cJSON *event = json_get(payload, "event"), *m = json_get(event, "message");
    const cJSON *sender = json_get(event, "sender"), *mentions = json_get(m, "mentions");
    const char *type = json_text(m, "message_type");
    bool post = !strcmp(type, "post"), direct = !strcmp(json_text(m, "chat_type"), "p2p");
    if (strcmp(json_text(sender, "sender_type"), "user") != 0 ||
        (!post && strcmp(type, "text") != 0) || (!direct && !json_count(mentions)))
        return true;
    const cJSON *content = chat_nested(a, json_str(m, "content"), "the message's content", e);
    if (!content)
        return false;
    const char *root = chat_text_of(m, "root_id");
    struct chat_event *v = chat_taken_add(a, out, CHAT_MESSAGE);
    v->id = v->message = chat_text_of(m, "message_id");
    v->tenant = chat_text_of(sender, "tenant_key");
    v->user = chat_text_of(json_get(sender, "sender_id"), "open_id");
    v->outsider = !chat_has_tenant(c, v->tenant);
    v->channel = chat_text_of(m, "chat_id");
    v->thread = root || direct ? root : v->message;
    v->direct = direct;
    v->text =
        named_mentions(a, post ? words_of_post(a, content) : json_text(content, "text"), mentions);
    v->at_ms = feishu_ms(json_str(m, "create_time"));
    return true;
}

/* The button's value: an object, or a text that holds one. */
static bool read_feishu_press(const struct chat_account *c, struct arena *a, const cJSON *payload,
                              struct chat_taken *out, struct err *e)
{
    const cJSON *event = json_get(payload, "event"), *who = json_get(event, "operator");
    const cJSON *action = json_get(event, "action"), *value = json_get(action, "value");
    const cJSON *header = json_get(payload, "header"), *where = json_get(event, "context");
    if (cJSON_IsString(value))
        value = chat_nested(a, value->valuestring, "the button's value", e);
    if (!value)
        return e->kind == ERR_NONE;
    enum chat_choice choice = chat_choice_named(json_str(value, "d"));
    if (choice == CHAT_NO_CHOICE)
        return true;
    struct chat_event *v = chat_taken_add(a, out, CHAT_PRESS);
    v->id = chat_text_of(header, "event_id");
    v->tenant = chat_text_of(who, "tenant_key");
    v->user = chat_text_of(who, "open_id");
    v->outsider = !chat_has_tenant(c, v->tenant);
    v->channel = chat_text_of(where, "open_chat_id");
    v->message = chat_text_of(where, "open_message_id");
    v->button = chat_text_of(value, "id");
    v->choice = choice;
    v->typed = json_str(json_get(action, "form_value"), "typed");
    v->at_ms = feishu_ms(json_str(header, "create_time"));
    return true;
}

static const struct {
    const char *type;
    bool (*read)(const struct chat_account *c, struct arena *a, const cJSON *payload,
                 struct chat_taken *out, struct err *e);
} kinds[] = {
    { "im.message.receive_v1", read_feishu_message },
    { "card.action.trigger", read_feishu_press },
};

bool feishu_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                 struct chat_taken *out, struct err *e)
{
    const cJSON *header = json_get(payload, "header");
    const char *type = json_str(header, "event_type"), *app = chat_id(c, "app");
    if (!type)
        return err_set(e, ERR_PROTO,
                       "Feishu's payload has no header.event_type: only events of "
                       "schema 2.0 are read");
    if (app && strcmp(json_text(header, "app_id"), app) != 0)
        return err_set(e, ERR_POLICY, "the event is for another app than ids.app");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].type, type))
            return kinds[i].read(c, a, payload, out, e);
    return true;
}

/* By the signature over the body as it came. */
static bool is_signed_by_feishu(const struct chat_account *c, struct arena *a,
                                const struct chat_request *r)
{
    const char *at = r->header(r, "x-lark-request-timestamp");
    const char *nonce = r->header(r, "x-lark-request-nonce");
    const char *signature = r->header(r, "x-lark-signature"), *key = chat_key(c, "encrypt");
    return key && nonce && sign_fresh(at, r->now_ms, WINDOW) &&
           sign_same(sign_feishu(a, key, at, nonce, r->body, r->len), signature);
}

/* What the body says, opened where it is encrypted. NULL: it is not what it should be. */
static const cJSON *feishu_payload(const struct chat_account *c, struct arena *a,
                                   const struct chat_request *r)
{
    struct err quiet = { 0 };
    const char *key = chat_key(c, "encrypt");
    const cJSON *body = json_parse(a, r->body, r->len, &quiet);
    const char *sealed = json_str(body, "encrypt");
    size_t n = 0;
    if (!key || !body)
        return sealed ? NULL : body;
    const char *text = sealed ? sign_open_feishu(a, key, sealed, &n, &quiet) : NULL;
    return text ? json_parse(a, text, n, &quiet) : NULL;
}

/* Of an event the signature counts; where no Encrypt Key is configured, and for the check of the
 * address, which is not signed, the verification token. */
static bool is_of_feishu(const struct chat_account *c, bool is_signed, bool is_check,
                         const cJSON *payload)
{
    const char *token = json_str(json_get(payload, "header"), "token"), *ours;
    ours = chat_key(c, "verification");
    token = token ? token : json_str(payload, "token");
    if (ours && !sign_same(token, ours))
        return false;
    return is_signed || (chat_key(c, "encrypt") ? is_check : ours != NULL);
}

static bool feishu_take(struct chat_account *c, struct arena *a, const struct chat_request *r,
                        struct chat_taken *out, struct err *e)
{
    *out = (struct chat_taken){ .status = 200 };
    if (!chat_key(c, "encrypt") && !chat_key(c, "verification"))
        return chat_refuse(out, 403, e,
                           "requests of Feishu are taken only with keys.encrypt (the Encrypt Key) "
                           "or keys.verification; without them the bot listens by the long "
                           "connection");
    bool is_signed = is_signed_by_feishu(c, a, r);
    const cJSON *payload = feishu_payload(c, a, r);
    const char *challenge = json_str(payload, "challenge");
    if (is_signed && !payload)
        return chat_refuse(out, 400, e, "the request is Feishu's, and holds no JSON that is read");
    bool is_check = challenge && !strcmp(json_text(payload, "type"), "url_verification");
    if (!is_of_feishu(c, is_signed, is_check, payload))
        return chat_refuse(out, 401, e,
                           "the request is not signed with the Encrypt Key of keys.encrypt within "
                           "five minutes of now, or its token is not that of keys.verification");
    cJSON *answer = json_object(a);
    if (is_check)
        json_set_str(a, answer, "challenge", challenge);
    chat_answer_json(a, out, answer);
    if (is_check || feishu_read(c, a, payload, out, e))
        return true;
    *out = (struct chat_taken){ .status = e->kind == ERR_POLICY ? 403 : 400 };
    return false;
}

/* -- the API -------------------------------------------------------------------------------- */

static const struct fetch_header *feishu_headers(struct chat_account *c, struct arena *a,
                                                 struct err *e)
{
    c->state = c->state ? c->state : arena_make(c->arena, struct chat_token);
    cJSON *o = json_object(a);
    json_set_str(a, o, "app_id", chat_id(c, "app"));
    json_set_str(a, o, "app_secret", chat_key(c, "secret"));
    const struct chat_ask ask = {
        .url = arena_printf(a, "%s/open-apis/auth/v3/tenant_access_token/internal",
                            chat_url(c, feishu_api)),
        .what = "auth/v3/tenant_access_token",
        .json = o,
        .proof = "code",
    };
    const char *token = chat_token_of(c, a, c->state, &ask, "tenant_access_token", "expire", e);
    struct fetch_header *h = arena_array(a, struct fetch_header, 2);
    if (token)
        h[0] = (struct fetch_header){ "Authorization", arena_printf(a, "Bearer %s", token) };
    return token ? h : NULL;
}

/* path: behind /open-apis/. */
static const cJSON *call_feishu(struct chat_account *c, struct arena *a, const char *path,
                                struct chat_ask ask, struct err *e)
{
    ask.url = arena_printf(a, "%s/open-apis/%s", chat_url(c, feishu_api), path);
    ask.headers = feishu_headers(c, a, e);
    ask.proof = "code";
    return ask.headers ? chat_call_with(c, a, c->state, &ask, e) : NULL;
}

/* As an answer to the thread's message, in its thread; else into the chat, or to a person. Repeated
 * with the same uuid it is sent once. */
static bool send_feishu(struct chat_account *c, struct arena *a, const char *thread,
                        const char *to_type, const char *to, const char *type, const cJSON *content,
                        const char **message, struct err *e)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "msg_type", type);
    json_set_str(a, o, "content", json_print(a, content));
    json_set_str(a, o, "uuid", crypto_token(a, 16));
    if (thread)
        json_set_bool(a, o, "reply_in_thread", true);
    else
        json_set_str(a, o, "receive_id", to);
    const char *path = thread ? arena_printf(a, "im/v1/messages/%s/reply", text_percent(a, thread))
                              : arena_printf(a, "im/v1/messages?receive_id_type=%s", to_type);
    const cJSON *answer =
        call_feishu(c, a, path, (struct chat_ask){ .what = "im/v1/messages", .json = o }, e);
    if (answer && message)
        *message = chat_text_of(json_get(answer, "data"), "message_id");
    return answer != NULL;
}

/* A `post`, in which a text is no markup (in msg_type text, <at> is). A paragraph a line; where
 * that would be too large, the text is one. */
static const cJSON *post_of_text(struct arena *a, const char *text)
{
    cJSON *post = json_object(a), *lines = json_array(a);
    json_set(a, json_set_object(a, post, "zh_cn"), "content", lines);
    const char *at = chat_visible(a, text);
    size_t size = 2 * strlen(at);
    for (const char *line = at; (line = strchr(line, '\n')); line++)
        size += PARAGRAPH_BYTES;
    bool many = size > POST_BYTES;
    while (at) {
        const char *end = strchr(at, '\n');
        size_t n = end && !many ? (size_t)(end - at) : strlen(at);
        cJSON *piece = json_add(a, json_add(a, lines, json_array(a)), json_object(a));
        json_set_str(a, piece, "tag", "text");
        json_set(a, piece, "text", json_stringn(a, at, n));
        at = at[n] ? at + n + 1 : NULL;
    }
    return post;
}

static bool say_feishu(struct chat_account *c, struct arena *a, const char *thread,
                       const char *to_type, const char *to, const char *text, const char **message,
                       struct err *e)
{
    return chat_fits(text, TEXT_BYTES, e) &&
           send_feishu(c, a, thread, to_type, to, "post", post_of_text(a, text), message, e);
}

static bool feishu_say(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const char *text, const char **message, struct err *e)
{
    return say_feishu(c, a, where->thread, "chat_id", where->channel, text, message, e);
}

static bool feishu_whisper(struct chat_account *c, struct arena *a, const struct chat_place *where,
                           const char *user, const char *text, struct err *e)
{
    (void)where;
    return say_feishu(c, a, NULL, "open_id", user, text, NULL, e);
}

static cJSON *whole_feishu_card(struct arena *a, const struct chat_card *card, struct err *e)
{
    cJSON *o = feishu_card(a, card);
    if (!o)
        err_set(e, ERR_ARGS, "the card does not fit whole into a message of Feishu");
    return o;
}

static bool feishu_show(struct chat_account *c, struct arena *a, const struct chat_place *where,
                        const struct chat_card *card, const char **message, struct err *e)
{
    const cJSON *o = whole_feishu_card(a, card, e);
    return o && send_feishu(c, a, where->thread, "chat_id", where->channel, "interactive", o,
                            message, e);
}

static bool feishu_renew(struct chat_account *c, struct arena *a, const struct chat_place *where,
                         const char *message, const struct chat_card *card, struct err *e)
{
    (void)where;
    const cJSON *made = whole_feishu_card(a, card, e);
    if (!made)
        return false;
    cJSON *o = json_object(a);
    json_set_str(a, o, "content", json_print(a, made));
    const struct chat_ask ask = { .method = "PATCH", .what = "im/v1/messages", .json = o };
    const char *path = arena_printf(a, "im/v1/messages/%s", text_percent(a, message));
    return call_feishu(c, a, path, ask, e) != NULL;
}

static bool feishu_file(struct chat_account *c, struct arena *a, const struct chat_place *where,
                        const char *name, const char *text, size_t len, struct err *e)
{
    struct chat_ask ask = { .what = "im/v1/files" };
    const struct fetch_header fields[] = { { "file_type", "stream" },
                                           { "file_name", name },
                                           { 0 } };
    struct buf *form = chat_multipart(a, fields, "file", name, text, len, &ask.type);
    ask.body = form->data;
    ask.len = form->len;
    const cJSON *kept = call_feishu(c, a, "im/v1/files", ask, e);
    const char *key = chat_text_of(json_get(kept, "data"), "file_key");
    if (!key)
        return err_set(e, ERR_GATEWAY, "Feishu kept the file '%s' under no key", name);
    cJSON *content = json_object(a);
    json_set_str(a, content, "file_key", key);
    return send_feishu(c, a, where->thread, "chat_id", where->channel, "file", content, NULL, e);
}

const struct chat_platform chat_feishu = {
    .name = "feishu",
    .title = "Feishu",
    .text_max = TEXT_BYTES,
    .renews = true,
    .takes_typed = true,
    .socket = &socket_feishu,
    .take = feishu_take,
    .card = feishu_card,
    .say = feishu_say,
    .show = feishu_show,
    .renew = feishu_renew,
    .whisper = feishu_whisper,
    .file = feishu_file,
};
