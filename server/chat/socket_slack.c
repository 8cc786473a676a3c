/* socket_slack.c - Slack's Socket Mode: envelopes over a WebSocket, each answered by its id within
 * three seconds. Needs the app-level token (keys.app). Source: docs.slack.dev "Using Socket Mode",
 * @slack/socket-mode. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/socket_private.h"

static bool slack_wants_socket(const struct chat_account *c)
{
    return chat_key(c, "app") != NULL;
}

/* Words of apps.connections.open after which no attempt makes sense, as the SDK has them. */
static const char *const final_words[] = { "not_authed", "invalid_auth", "account_inactive",
                                           "user_removed_from_team", "team_disabled" };

static const char *find_slack(struct chat_link *k, struct arena *a, struct err *e)
{
    struct chat_account *c = k->account;
    const struct fetch_header headers[] = {
        { "Authorization", arena_printf(a, "Bearer %s", chat_key(c, "app")) }, { 0 }
    };
    const struct chat_ask ask = {
        .url = arena_printf(a, "%s/apps.connections.open", chat_url(c, slack_api)),
        .what = "apps.connections.open",
        .headers = headers,
        .body = "",
        .type = "application/x-www-form-urlencoded",
        .proof = "ok",
    };
    const cJSON *answer = chat_call(c, a, &ask, e);
    for (size_t i = 0; !answer && i < sizeof final_words / sizeof *final_words; i++)
        if (text_contains_nocase(e->text, final_words[i]))
            k->fate = LINK_REFUSED;
    const char *url = chat_text_of(answer, "url");
    if (answer && !url)
        err_set(e, ERR_GATEWAY, "Slack's apps.connections.open named no address");
    return url;
}

/* Said by Slack before it ends the connection. */
static bool take_goodbye(struct chat_link *k, const char *reason, struct err *e)
{
    if (!strcmp(reason, "link_disabled")) {
        k->fate = LINK_REFUSED;
        return err_set(e, ERR_GATEWAY, "Socket Mode of the app is switched off at Slack");
    }
    if (!strcmp(reason, "too_many_websockets"))
        return err_set(e, ERR_GATEWAY, "the app has too many connections at Slack already");
    k->fate = LINK_LEAVES; /* warning, refresh_requested */
    return true;
}

static bool take_slack(struct chat_link *k, struct arena *a, const struct ws_message *m,
                       struct err *e)
{
    const cJSON *frame = link_parse(k, a, m->data, m->len);
    const char *type = json_text(frame, "type"), *id = chat_text_of(frame, "envelope_id");
    if (!strcmp(type, "hello"))
        link_is_up(k);
    if (!strcmp(type, "disconnect"))
        return take_goodbye(k, json_text(frame, "reason"), e);
    if (!id)
        return true;
    cJSON *ack = json_object(a);
    json_set_str(a, ack, "envelope_id", id);
    if (!link_send(k, a, ack, e))
        return false;
    struct chat_taken taken = { 0 };
    struct err why = { 0 };
    bool read = slack_read(k->account, a, json_get(frame, "payload"), &taken, &why);
    link_hear(k, read, &taken, &why);
    return true;
}

const struct chat_socket socket_slack = {
    .title = "Slack's Socket Mode",
    .beat = 10,
    .silence = 35,
    .max_message = 4 << 20,
    .wanted = slack_wants_socket,
    .find = find_slack,
    .take = take_slack,
    .beats = link_ping,
};
