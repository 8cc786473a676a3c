/* socket_dingtalk.c - DingTalk's Stream: JSON frames, whose data is JSON in a text; each is
 * answered by its messageId. Source: opendingtalk/developerpedia (Stream protocol),
 * dingtalk-stream. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/socket_private.h"

static const char messages_topic[] = "/v1.0/im/bot/messages/get";
static const char presses_topic[] = "/v1.0/card/instances/callback";

enum { ANSWER_OK = 200, ANSWER_UNREADABLE = 400, ANSWER_NOBODY = 404 };

static bool dingtalk_wants_socket(const struct chat_account *c)
{
    return chat_key(c, "secret") && chat_id(c, "client");
}

static void subscribe_topic(struct arena *a, cJSON *list, const char *topic)
{
    cJSON *o = json_add(a, list, json_object(a));
    json_set_str(a, o, "type", "CALLBACK");
    json_set_str(a, o, "topic", topic);
}

static const char *find_dingtalk(struct chat_link *k, struct arena *a, struct err *e)
{
    struct chat_account *c = k->account;
    cJSON *o = json_object(a);
    json_set_str(a, o, "clientId", chat_id(c, "client"));
    json_set_str(a, o, "clientSecret", chat_key(c, "secret"));
    json_set_str(a, o, "ua", "higress-ops");
    cJSON *list = json_set_array(a, o, "subscriptions");
    subscribe_topic(a, list, messages_topic);
    subscribe_topic(a, list, presses_topic);
    const struct chat_ask ask = {
        .url = arena_printf(a, "%s/v1.0/gateway/connections/open", chat_url(c, dingtalk_api)),
        .what = "gateway/connections/open",
        .json = o,
    };
    const cJSON *answer = chat_call(c, a, &ask, e);
    const char *endpoint = chat_text_of(answer, "endpoint"),
               *ticket = chat_text_of(answer, "ticket");
    if (!answer && (e->status == 401 || e->status == 403))
        k->fate = LINK_REFUSED;
    if (answer && (!endpoint || !ticket))
        err_set(e, ERR_GATEWAY, "DingTalk's gateway/connections/open named no endpoint and ticket");
    return endpoint && ticket ? arena_printf(a, "%s?ticket=%s", endpoint, text_percent(a, ticket))
                              : NULL;
}

static bool greet_dingtalk(struct chat_link *k, struct arena *a, struct err *e)
{
    (void)a, (void)e;
    link_is_up(k); /* the ticket was the proof */
    return true;
}

static bool answer_dingtalk(struct chat_link *k, struct arena *a, const char *id, int code,
                            const char *data, struct err *e)
{
    cJSON *o = json_object(a), *headers = json_object(a);
    json_set_num(a, o, "code", code);
    json_set(a, o, "headers", headers);
    json_set_str(a, headers, "messageId", id);
    json_set_str(a, headers, "contentType", "application/json");
    json_set_str(a, o, "message", code == ANSWER_OK ? "OK" : "not for this client");
    json_set_str(a, o, "data", data);
    return link_send(k, a, o, e);
}

static bool take_system(struct chat_link *k, struct arena *a, const char *topic, const char *id,
                        const char *data, struct err *e)
{
    if (!strcmp(topic, "disconnect"))
        k->fate = LINK_LEAVES; /* it ends in ten seconds */
    return answer_dingtalk(k, a, id, ANSWER_OK, data, e);
}

static bool take_dingtalk(struct chat_link *k, struct arena *a, const struct ws_message *m,
                          struct err *e)
{
    const cJSON *frame = link_parse(k, a, m->data, m->len), *headers = json_get(frame, "headers");
    const char *type = json_text(frame, "type"), *topic = json_text(headers, "topic");
    const char *id = chat_text_of(headers, "messageId"), *data = json_text(frame, "data");
    if (!id)
        return true;
    if (!strcmp(type, "SYSTEM"))
        return take_system(k, a, topic, id, data, e);
    if (!strcmp(type, "EVENT"))
        return answer_dingtalk(k, a, id, ANSWER_OK, "{\"status\":\"SUCCESS\",\"message\":\"ok\"}",
                               e);
    if (strcmp(topic, messages_topic) != 0 && strcmp(topic, presses_topic) != 0)
        return answer_dingtalk(k, a, id, ANSWER_NOBODY, "{}", e);

    struct chat_taken taken = { 0 };
    struct err why = { 0 };
    const cJSON *payload = json_parse(a, data, strlen(data), &why);
    bool read = payload && dingtalk_read(k->account, a, payload, id, &taken, &why);
    int code = payload ? ANSWER_OK : ANSWER_UNREADABLE;
    if (!answer_dingtalk(k, a, id, code, "{\"response\":null}", e))
        return false;
    link_hear(k, read, &taken, &why);
    return true;
}

const struct chat_socket socket_dingtalk = {
    .title = "DingTalk's Stream",
    .beat = 20,
    .silence = 65,
    .max_message = 1 << 20,
    .wanted = dingtalk_wants_socket,
    .find = find_dingtalk,
    .greet = greet_dingtalk,
    .take = take_dingtalk,
    .beats = link_ping,
};
