/* dingtalk.c - DingTalk: messages and presses of its Stream, messages of signed requests, the API.
 *
 * A direct conversation is known by its person here ("@USERID"), a group by its conversation id: so
 * the API wants them. The signature of a request is made over its time alone, so that what it holds
 * is not proven: presses come by the Stream only, and no address out of a body is written to.
 * Sources: open.dingtalk.com (robot, card instances), dingtalk-stream, and
 * docs/chatops/dingtalk.md.
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

const char dingtalk_api[] = "https://api.dingtalk.com";
static const char dingtalk_media[] = "https://oapi.dingtalk.com";

enum {
    TEXT_BYTES = 6000, /* of a message */
    CARD_BYTES = 8000, /* of all variables; the platform names no limit */
    WORDS_BYTES = 64000,
    WINDOW = 3600 /* seconds that a signature is good, by the platform's rule */
};

/* -- what arrives --------------------------------------------------------------------------- */

static const char *robot_code(const struct chat_account *c)
{
    const char *robot = chat_id(c, "robot");
    return robot ? robot : chat_id(c, "client");
}

/* The words of a message: of a rich text those of its pieces. */
static const char *words_of_message(struct arena *a, const cJSON *m)
{
    const char *type = json_text(m, "msgtype");
    if (!strcmp(type, "text"))
        return json_text(json_get(m, "text"), "content");
    if (strcmp(type, "richText") != 0)
        return NULL;
    struct buf *b = buf_in(a, WORDS_BYTES);
    const cJSON *piece;
    cJSON_ArrayForEach(piece, json_path(m, "content.richText"))
        buf_str(b, json_text(piece, "text"));
    return b->data;
}

static bool read_dingtalk_message(const struct chat_account *c, struct arena *a, const cJSON *m,
                                  struct chat_taken *out, struct err *e)
{
    const char *words = words_of_message(a, m), *robot = json_str(m, "robotCode");
    const char *staff = chat_text_of(m, "senderStaffId"), *corp = chat_text_of(m, "senderCorpId");
    const char *bot = json_str(m, "chatbotUserId"), *sender = json_str(m, "senderId");
    if (robot && strcmp(robot, robot_code(c)) != 0)
        return err_set(e, ERR_POLICY, "the message is for another robot than ids.robot");
    if (!words || (bot && sender && !strcmp(bot, sender)))
        return true;
    bool direct = !strcmp(json_text(m, "conversationType"), "1");
    struct chat_event *v = chat_taken_add(a, out, CHAT_MESSAGE);
    v->id = v->message = chat_text_of(m, "msgId");
    v->tenant = corp;
    v->user = staff;
    v->name = chat_text_of(m, "senderNick");
    v->outsider = !staff || !chat_has_tenant(c, corp);
    v->direct = direct;
    v->channel = !direct ? chat_text_of(m, "conversationId")
                 : staff ? arena_printf(a, "@%s", staff)
                         : NULL;
    v->text = chat_trimmed(a, words);
    v->at_ms = (int64_t)json_num(m, "createAt", 0);
    return true;
}

static bool read_dingtalk_press(const struct chat_account *c, struct arena *a, const cJSON *p,
                                const char *frame, struct chat_taken *out, struct err *e)
{
    const cJSON *content = chat_nested(a, json_str(p, "content"), "the press's content", e);
    if (!content)
        return false;
    const cJSON *private = json_get(content, "cardPrivateData");
    const cJSON *first = cJSON_GetArrayItem(json_get(private, "actionIds"), 0);
    const char *action = json_str(json_get(private, "params"), "action");
    enum chat_choice choice = chat_choice_named(action                  ? action
                                                : cJSON_IsString(first) ? first->valuestring
                                                                        : NULL);
    if (choice == CHAT_NO_CHOICE)
        return true;
    bool by_user_id = json_num(p, "userIdType", 1) == 1;
    bool direct = !strcmp(json_text(p, "spaceType"), "IM_ROBOT");
    struct chat_event *v = chat_taken_add(a, out, CHAT_PRESS);
    v->id = frame;
    v->tenant = chat_text_of(p, "corpId");
    v->user = by_user_id ? chat_text_of(p, "userId") : NULL;
    v->outsider = !v->user || !chat_has_tenant(c, v->tenant);
    v->direct = direct;
    v->channel = !direct   ? chat_text_of(p, "spaceId")
                 : v->user ? arena_printf(a, "@%s", v->user)
                           : NULL;
    v->message = v->button = chat_text_of(p, "outTrackId");
    v->choice = choice;
    return true;
}

bool dingtalk_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                   const char *frame, struct chat_taken *out, struct err *e)
{
    if (!json_members(payload))
        return err_set(e, ERR_PROTO, "DingTalk's data is no JSON object");
    if (json_str(payload, "msgtype"))
        return read_dingtalk_message(c, a, payload, out, e);
    if (json_str(payload, "outTrackId"))
        return read_dingtalk_press(c, a, payload, frame, out, e);
    return true;
}

/* "1700000000000": of milliseconds, the seconds. */
static bool is_timely(struct arena *a, const char *at, int64_t now_ms)
{
    size_t n = at ? strlen(at) : 0;
    return n > 3 && strspn(at, "0123456789") == n &&
           sign_fresh(arena_strndup(a, at, n - 3), now_ms, WINDOW);
}

static bool dingtalk_take(struct chat_account *c, struct arena *a, const struct chat_request *r,
                          struct chat_taken *out, struct err *e)
{
    const char *at = r->header(r, "timestamp");
    *out = (struct chat_taken){ .status = 200 };
    if (!is_timely(a, at, r->now_ms))
        return chat_refuse(out, 401, e,
                           "the request's timestamp is not within an hour of now: it is old, or a "
                           "clock is wrong");
    if (!sign_same(sign_dingtalk(a, chat_key(c, "secret"), at), r->header(r, "sign")))
        return chat_refuse(out, 401, e,
                           "the request's sign is not made with the AppSecret in "
                           "keys.secret");
    const cJSON *payload = json_parse(a, r->body, r->len, e);
    if (json_str(payload, "outTrackId"))
        return chat_refuse(out, 403, e,
                           "a press by a request is not taken: DingTalk's sign says nothing about "
                           "what the request holds. Presses come by the Stream");
    if (payload && dingtalk_read(c, a, payload, NULL, out, e))
        return true;
    *out = (struct chat_taken){ .status = e->kind == ERR_POLICY ? 403 : 400 };
    return false;
}

/* -- the API -------------------------------------------------------------------------------- */

static const char *dingtalk_token(struct chat_account *c, struct arena *a, struct err *e)
{
    c->state = c->state ? c->state : arena_make(c->arena, struct chat_token);
    cJSON *o = json_object(a);
    json_set_str(a, o, "appKey", chat_id(c, "client"));
    json_set_str(a, o, "appSecret", chat_key(c, "secret"));
    const struct chat_ask ask = { .url = arena_printf(a, "%s/v1.0/oauth2/accessToken",
                                                      chat_url(c, dingtalk_api)),
                                  .what = "oauth2/accessToken",
                                  .json = o };
    return chat_token_of(c, a, c->state, &ask, "accessToken", "expireIn", e);
}

static const cJSON *call_dingtalk(struct chat_account *c, struct arena *a, const char *method,
                                  const char *path, const cJSON *json, struct err *e)
{
    const char *token = dingtalk_token(c, a, e);
    const struct fetch_header headers[] = { { "x-acs-dingtalk-access-token", token }, { 0 } };
    const struct chat_ask ask = { .method = method,
                                  .url = arena_printf(a, "%s/v1.0/%s", chat_url(c, dingtalk_api),
                                                      path),
                                  .what = path,
                                  .headers = headers,
                                  .json = json };
    return token ? chat_call_with(c, a, c->state, &ask, e) : NULL;
}

/* By msgKey, whose parameters are JSON in a text. */
static bool send_dingtalk(struct chat_account *c, struct arena *a, const char *channel,
                          const char *key, const cJSON *parameters, struct err *e)
{
    cJSON *o = json_object(a);
    bool direct = *channel == '@';
    json_set_str(a, o, "robotCode", robot_code(c));
    json_set_str(a, o, "msgKey", key);
    json_set_str(a, o, "msgParam", json_print(a, parameters));
    if (direct)
        json_add_str(a, json_set_array(a, o, "userIds"), channel + 1);
    else
        json_set_str(a, o, "openConversationId", channel);
    const char *path = direct ? "robot/oToMessages/batchSend" : "robot/groupMessages/send";
    return call_dingtalk(c, a, "POST", path, o, e) != NULL;
}

/* sampleText is plain, which sampleMarkdown is not. A message that was sent cannot be changed, so
 * that it needs no name. */
static bool dingtalk_say(struct chat_account *c, struct arena *a, const struct chat_place *where,
                         const char *text, const char **message, struct err *e)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "content", chat_visible(a, text));
    *message = NULL;
    return chat_fits(text, TEXT_BYTES, e) &&
           send_dingtalk(c, a, where->channel, "sampleText", o, e);
}

static bool dingtalk_whisper(struct chat_account *c, struct arena *a,
                             const struct chat_place *where, const char *user, const char *text,
                             struct err *e)
{
    const struct chat_place alone = { .channel = arena_printf(a, "@%s", user) };
    const char *ignored;
    (void)where;
    return dingtalk_say(c, a, &alone, text, &ignored, e);
}

static bool dingtalk_file(struct chat_account *c, struct arena *a, const struct chat_place *where,
                          const char *name, const char *text, size_t len, struct err *e)
{
    const char *token = dingtalk_token(c, a, e), *end = strrchr(name, '.');
    if (!token)
        return false;
    struct chat_ask ask = { .url =
                                arena_printf(a, "%s/media/upload?access_token=%s&type=file",
                                             chat_url(c, dingtalk_media), text_percent(a, token)),
                            .what = "media/upload",
                            .proof = "errcode" };
    const struct fetch_header none[] = { { 0 } };
    struct buf *form = chat_multipart(a, none, "media", name, text, len, &ask.type);
    ask.body = form->data;
    ask.len = form->len;
    const cJSON *kept = chat_call_with(c, a, c->state, &ask, e);
    const char *media = chat_text_of(kept, "media_id");
    if (!media)
        return err_set(e, ERR_GATEWAY, "DingTalk kept the file '%s' under no media_id", name);
    cJSON *o = json_object(a);
    json_set_str(a, o, "mediaId", media);
    json_set_str(a, o, "fileName", name);
    json_set_str(a, o, "fileType", end ? end + 1 : "txt");
    return send_dingtalk(c, a, where->channel, "sampleFile", o, e);
}

/* -- cards ---------------------------------------------------------------------------------- */

/* The blocks of one kind, one below the other. NULL: they are too long. */
static const char *texts_of_kind(struct arena *a, const struct chat_card *card,
                                 enum chat_block_kind kind)
{
    struct buf *b = buf_in(a, CARD_BYTES);
    for (size_t i = 0; i < card->n; i++)
        if (card->blocks[i].kind == kind)
            buf_printf(b, "%s%s", b->len ? "\n" : "", chat_visible(a, card->blocks[i].text));
    return b->over ? NULL : b->data;
}

/* The variables of the template in docs/chatops/dingtalk.md, each a text. It shows them by elements
 * of plain text, its buttons by the variables that are "true", and has no input. */
static cJSON *dingtalk_card(struct arena *a, const struct chat_card *card)
{
    static const char *const moods[] = { "plain", "pending", "good", "bad" };
    bool approves = card->button && card->approvable;
    const char *text = texts_of_kind(a, card, CHAT_TEXT);
    const char *code = texts_of_kind(a, card, CHAT_CODE);
    const char *note = texts_of_kind(a, card, CHAT_NOTE);
    if (!text || !code || !note || (approves && card->types))
        return NULL;
    cJSON *out = json_object(a), *map = json_set_object(a, out, "cardParamMap");
    json_set_str(a, map, "title", text_visible(a, card->title));
    json_set_str(a, map, "status", moods[card->mood]);
    json_set_str(a, map, "text", text);
    json_set_str(a, map, "code", code);
    json_set_str(a, map, "note", note);
    json_set_str(a, map, "page", card->page ? text_visible(a, card->page) : "");
    json_set_str(a, map, "decides", card->button ? "true" : "false");
    json_set_str(a, map, "approves", approves ? "true" : "false");
    return strlen(json_print(a, map)) <= CARD_BYTES ? out : NULL;
}

/* The answer is 200 when the card was made; whether it came where it should is said inside. */
static bool is_delivered(struct arena *a, const cJSON *answer, struct err *e)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_path(answer, "result.deliverResults"))
    {
        if (cJSON_IsFalse(json_get(one, "success")))
            return err_set(e, ERR_GATEWAY, "DingTalk did not deliver the card: %s",
                           text_clean(a, json_text(one, "errorMsg"), 300));
    }
    return true;
}

static bool dingtalk_show(struct chat_account *c, struct arena *a, const struct chat_place *where,
                          const struct chat_card *card, const char **message, struct err *e)
{
    cJSON *o = json_object(a), *data = dingtalk_card(a, card);
    bool direct = *where->channel == '@';
    const char *template = chat_id(c, "template");
    if (!template)
        return err_set(e, ERR_ARGS,
                       "DingTalk shows cards by a template of the card platform: put "
                       "its id into ids.template");
    if (!data)
        return err_set(e, ERR_ARGS, "the card does not fit whole into a card of DingTalk");
    *message = card->button ? card->button : crypto_token(a, 16);
    json_set_str(a, o, "cardTemplateId", template);
    json_set_str(a, o, "outTrackId", *message);
    json_set_str(a, o, "callbackType", "STREAM");
    json_set_num(a, o, "userIdType", 1);
    json_set(a, o, "cardData", data);
    json_set_str(a, o, "openSpaceId",
                 arena_printf(a, "dtv1.card//%s.%s", direct ? "IM_ROBOT" : "IM_GROUP",
                              where->channel + direct));
    json_set_bool(a,
                  json_set_object(a, o, direct ? "imRobotOpenSpaceModel" : "imGroupOpenSpaceModel"),
                  "supportForward", false);
    cJSON *deliver =
        json_set_object(a, o, direct ? "imRobotOpenDeliverModel" : "imGroupOpenDeliverModel");
    json_set_str(a, deliver, direct ? "spaceType" : "robotCode",
                 direct ? "IM_ROBOT" : robot_code(c));
    const cJSON *answer = call_dingtalk(c, a, "POST", "card/instances/createAndDeliver", o, e);
    return answer && is_delivered(a, answer, e);
}

static bool dingtalk_renew(struct chat_account *c, struct arena *a, const struct chat_place *where,
                           const char *message, const struct chat_card *card, struct err *e)
{
    cJSON *o = json_object(a), *data = dingtalk_card(a, card);
    (void)where;
    if (!data)
        return err_set(e, ERR_ARGS, "the card does not fit whole into a card of DingTalk");
    json_set_str(a, o, "outTrackId", message);
    json_set(a, o, "cardData", data);
    json_set_bool(a, json_set_object(a, o, "cardUpdateOptions"), "updateCardDataByKey", true);
    return call_dingtalk(c, a, "PUT", "card/instances", o, e) != NULL;
}

const struct chat_platform chat_dingtalk = {
    .name = "dingtalk",
    .title = "DingTalk",
    .text_max = TEXT_BYTES,
    .renews = true,
    .socket = &socket_dingtalk,
    .take = dingtalk_take,
    .card = dingtalk_card,
    .say = dingtalk_say,
    .show = dingtalk_show,
    .renew = dingtalk_renew,
    .whisper = dingtalk_whisper,
    .file = dingtalk_file,
};
