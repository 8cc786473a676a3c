/* slack.c - Slack: signed requests and envelopes of Socket Mode read, the Web API.
 *
 * A further event is a row of kinds[], its cards are slack_card.c's. Sources: docs.slack.dev
 * (Events API, block_actions, chat.*, files.*), and docs/chatops/slack.md.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/platform_private.h"
#include "chat/sign.h"
#include "chat/socket.h"
#include "net/fetch.h"
#include <stdlib.h>

const char slack_api[] = "https://slack.com/api";

enum {
    TEXT_BYTES = 4000, /* of a message; more is advised against */
    WINDOW = 300,      /* seconds that a signature is good */
};

/* -- what arrives --------------------------------------------------------------------------- */

/* What stands between < and >: a link by its label or its address, a name by its words. */
static void put_reference(struct buf *b, const char *in, size_t n)
{
    const char *label = memchr(in, '|', n);
    const char *sign = *in == '@' ? "@" : *in == '#' ? "#" : *in == '!' ? "@" : "";
    if (label)
        buf_printf(b, "%s%.*s", sign, (int)(n - (size_t)(label - in) - 1), label + 1);
    else
        buf_printf(b, "%s%.*s", sign, (int)(n - strlen(sign)), in + strlen(sign));
}

/* Slack's marks taken out: <@U1>, <https://x|x>, &lt; … */
static char *slack_plain(struct arena *a, const char *text)
{
    static const char *const entities[][2] = { { "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" } };
    struct buf *b = buf_in(a, 2 * strlen(text) + 64);
    while (*text) {
        const char *end = *text == '<' ? strchr(text, '>') : NULL;
        size_t i = 0;
        while (i < 3 && !text_starts(text, entities[i][0]))
            i++;
        if (end && end > text + 1)
            put_reference(b, text + 1, (size_t)(end - text - 1));
        else
            buf_str(b, i < 3 ? entities[i][1] : (char[]){ *text, '\0' });
        text = end && end > text + 1 ? end + 1 : text + (i < 3 ? strlen(entities[i][0]) : 1);
    }
    return chat_trimmed(a, b->data);
}

/* Without the bot's own name, wherever it stands; the first mention where its name is not told. */
static char *without_slack_bot(struct arena *a, const cJSON *payload, const char *text)
{
    const cJSON *first = cJSON_GetArrayItem(json_get(payload, "authorizations"), 0);
    const char *bot = chat_text_of(first, "user_id");
    const char *end = text_starts(text, "<@") ? strchr(text, '>') : NULL;
    if (bot)
        text = chat_without(a, text, arena_printf(a, "<@%s>", bot));
    else if (end)
        text = end + 1;
    return slack_plain(a, text);
}

/* "1700000000.000100": microseconds. */
static int64_t slack_ms(const char *ts)
{
    return ts ? (int64_t)(strtod(ts, NULL) * 1000) : 0;
}

/* A message that a person wrote: mentions in channels, everything in a conversation of two. Of
 * subtypes none is on the list: edits, deletions, joins and broadcasts are no messages. */
static bool is_for_bot(const cJSON *m, bool direct)
{
    static const char *const others[] = { "bot_id", "bot_profile", "subtype", "hidden" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (json_get(m, others[i]))
            return false;
    const char *type = json_text(m, "type");
    return !strcmp(type, "app_mention") || (direct && !strcmp(type, "message"));
}

/* The team of who wrote. In a channel that several companies share it must be told. */
static const char *team_of_writer(const cJSON *payload, const cJSON *m)
{
    const char *team = chat_text_of(m, "user_team");
    team = team ? team : chat_text_of(m, "team");
    bool shared = json_true(payload, "is_ext_shared_channel");
    return team || shared ? team : chat_text_of(payload, "team_id");
}

static bool read_slack_message(const struct chat_account *c, struct arena *a, const cJSON *payload,
                               struct chat_taken *out)
{
    const cJSON *m = json_get(payload, "event");
    const char *ts = chat_text_of(m, "ts"), *thread = chat_text_of(m, "thread_ts");
    bool direct = !strcmp(json_text(m, "channel_type"), "im");
    if (!is_for_bot(m, direct) || !chat_text_of(m, "user"))
        return true;
    struct chat_event *v = chat_taken_add(a, out, CHAT_MESSAGE);
    v->id = chat_text_of(payload, "event_id");
    v->tenant = team_of_writer(payload, m);
    v->user = chat_text_of(m, "user");
    v->outsider = !chat_has_tenant(c, v->tenant);
    v->channel = chat_text_of(m, "channel");
    v->thread = thread || direct ? thread : ts;
    v->message = ts;
    v->direct = direct;
    v->text = without_slack_bot(a, payload, json_text(m, "text"));
    v->at_ms = slack_ms(ts);
    return true;
}

/* /command words: the text is what follows the command. */
static bool read_slack_command(const struct chat_account *c, struct arena *a, const cJSON *payload,
                               struct chat_taken *out)
{
    struct chat_event *v = chat_taken_add(a, out, CHAT_MESSAGE);
    v->id = chat_text_of(payload, "trigger_id");
    v->tenant = chat_text_of(payload, "team_id");
    v->user = chat_text_of(payload, "user_id");
    v->name = chat_text_of(payload, "user_name");
    v->outsider = !chat_has_tenant(c, v->tenant);
    v->channel = chat_text_of(payload, "channel_id");
    v->direct = v->channel && *v->channel == 'D';
    v->text = slack_plain(a, json_text(payload, "text"));
    v->reply = chat_text_of(payload, "response_url");
    return true;
}

static bool read_slack_press(const struct chat_account *c, struct arena *a, const cJSON *payload,
                             struct chat_taken *out)
{
    const cJSON *action = cJSON_GetArrayItem(json_get(payload, "actions"), 0);
    const cJSON *user = json_get(payload, "user"), *box = json_get(payload, "container");
    enum chat_choice choice = chat_choice_named(json_str(action, "action_id"));
    const char *team = chat_text_of(user, "team_id"), *ts = chat_text_of(action, "action_ts");
    if (choice == CHAT_NO_CHOICE || strcmp(json_text(action, "type"), "button") != 0)
        return true;
    team = team ? team : json_str(json_get(payload, "team"), "id");
    struct chat_event *v = chat_taken_add(a, out, CHAT_PRESS);
    v->tenant = team;
    v->user = chat_text_of(user, "id");
    v->name = chat_text_of(user, "username");
    v->outsider = !chat_has_tenant(c, team);
    v->channel = chat_text_of(box, "channel_id");
    v->thread = chat_text_of(box, "thread_ts");
    v->message = chat_text_of(box, "message_ts");
    v->direct = v->channel && *v->channel == 'D';
    v->button = chat_text_of(action, "value");
    v->choice = choice;
    v->typed = json_str(json_path(payload, "state.values.typed.typed"), "value");
    v->reply = chat_text_of(payload, "response_url");
    v->at_ms = slack_ms(ts);
    v->id = arena_printf(a, "%s/%s/%s", ts ? ts : "", v->user ? v->user : "",
                         v->message ? v->message : "");
    return true;
}

static const struct {
    const char *type, *app; /* member that names the app */
    bool (*read)(const struct chat_account *c, struct arena *a, const cJSON *payload,
                 struct chat_taken *out);
} kinds[] = {
    { "event_callback", "api_app_id", read_slack_message },
    { "block_actions", "api_app_id", read_slack_press },
};

bool slack_read(const struct chat_account *c, struct arena *a, const cJSON *payload,
                struct chat_taken *out, struct err *e)
{
    const char *type = json_str(payload, "type"), *app = chat_id(c, "app");
    const char *sent_to = json_str(payload, "api_app_id");
    if (!json_members(payload))
        return err_set(e, ERR_PROTO, "Slack's payload is no JSON object");
    if (app && sent_to && strcmp(app, sent_to) != 0)
        return err_set(e, ERR_POLICY, "the payload is for another app than ids.app");
    if (!type && json_str(payload, "command"))
        return read_slack_command(c, a, payload, out);
    for (size_t i = 0; type && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].type, type))
            return kinds[i].read(c, a, payload, out);
    return type != NULL || err_set(e, ERR_PROTO, "Slack's payload has no type");
}

/* A form of a slash command, as the object that Socket Mode sends. */
static const cJSON *slack_command(struct arena *a, const struct chat_request *r)
{
    static const char *const members[] = { "command",    "text",       "user_id",
                                           "user_name",  "team_id",    "channel_id",
                                           "trigger_id", "api_app_id", "response_url" };
    cJSON *o = json_object(a);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *value = chat_form_value(a, r->body, r->len, members[i]);
        if (value)
            json_put(o, members[i], json_string(a, value));
    }
    return o;
}

static const cJSON *slack_payload(struct arena *a, const struct chat_request *r, struct err *e)
{
    if (r->len && *r->body == '{')
        return json_parse(a, r->body, r->len, e);
    const char *payload = chat_form_value(a, r->body, r->len, "payload");
    return payload ? chat_nested(a, payload, "the field payload", e) : slack_command(a, r);
}

static bool is_signed_by_slack(const struct chat_account *c, struct arena *a,
                               const struct chat_request *r, struct chat_taken *out, struct err *e)
{
    const char *secret = chat_key(c, "signing");
    const char *at = r->header(r, "x-slack-request-timestamp");
    if (!secret)
        return chat_refuse(out, 403, e,
                           "requests of Slack are taken only with keys.signing (the app's Signing "
                           "Secret); without it the bot listens by Socket Mode (keys.app)");
    if (!sign_fresh(at, r->now_ms, WINDOW))
        return chat_refuse(out, 401, e,
                           "the request's X-Slack-Request-Timestamp is not within five minutes of "
                           "now: it is old, or a clock is wrong");
    if (!sign_same(sign_slack(a, secret, at, r->body, r->len), r->header(r, "x-slack-signature")))
        return chat_refuse(out, 401, e,
                           "the request's X-Slack-Signature is not made with the "
                           "Signing Secret in keys.signing");
    return true;
}

static bool slack_take(struct chat_account *c, struct arena *a, const struct chat_request *r,
                       struct chat_taken *out, struct err *e)
{
    *out = (struct chat_taken){ .status = 200 };
    const char *ssl_check = chat_form_value(a, r->body, r->len, "ssl_check");
    if (ssl_check && !strcmp(ssl_check, "1"))
        return out->unproven = true;
    if (!is_signed_by_slack(c, a, r, out, e))
        return false;
    const cJSON *payload = slack_payload(a, r, e);
    const char *challenge = json_str(payload, "challenge");
    if (challenge && !strcmp(json_text(payload, "type"), "url_verification")) {
        cJSON *answer = json_object(a);
        json_set_str(a, answer, "challenge", challenge);
        chat_answer_json(a, out, answer);
        return true;
    }
    if (payload && slack_read(c, a, payload, out, e))
        return true;
    out->status = e->kind == ERR_POLICY ? 403 : 400;
    out->n = 0;
    return false;
}

/* -- the Web API ---------------------------------------------------------------------------- */

/* With its JSON, or with a form. */
static const cJSON *call_slack(struct chat_account *c, struct arena *a, const char *method,
                               const cJSON *json, const char *form, struct err *e)
{
    const char *token = chat_key(c, "bot");
    const struct fetch_header headers[] = {
        { "Authorization", arena_printf(a, "Bearer %s", token ? token : "") }, { 0 }
    };
    const struct chat_ask ask = { .url = arena_printf(a, "%s/%s", chat_url(c, slack_api), method),
                                  .what = method,
                                  .headers = headers,
                                  .json = json,
                                  .body = form,
                                  .len = form ? strlen(form) : 0,
                                  .type = "application/x-www-form-urlencoded",
                                  .proof = "ok" };
    return chat_call(c, a, &ask, e);
}

/* Where it is said, and that nothing in it is made a link, a name or a preview. */
static cJSON *slack_message(struct arena *a, cJSON *o, const struct chat_place *where)
{
    json_set_str(a, o, "channel", where->channel);
    if (where->thread)
        json_set_str(a, o, "thread_ts", where->thread);
    json_set_bool(a, o, "mrkdwn", false);
    json_set_bool(a, o, "unfurl_links", false);
    json_set_bool(a, o, "unfurl_media", false);
    return o;
}

static bool post_slack(struct chat_account *c, struct arena *a, const char *method,
                       const cJSON *json, const char **message, struct err *e)
{
    const cJSON *answer = call_slack(c, a, method, json, NULL, e);
    if (answer && message)
        *message = chat_text_of(answer, "ts");
    return answer != NULL;
}

/* A /command may be written where the bot is no member: there Slack takes the answer at the address
 * that came with it, for half an hour. Only Slack's own is written to. */
static bool answer_command(struct chat_account *c, struct arena *a, const char *url,
                           const char *text, struct err *e)
{
    static const char hooks[] = "https://hooks.slack.com/";
    const char *own = c->config->url;
    cJSON *o = json_object(a);
    json_set_str(a, o, "response_type", "in_channel");
    json_set_str(a, o, "text", text);
    json_set_bool(a, o, "mrkdwn", false);
    if (!text_starts(url, hooks) && !(own && text_starts(url, arena_printf(a, "%s/", own))))
        return err_set(e, ERR_POLICY, "the response_url is not at Slack: nothing was sent there");
    const struct chat_ask ask = { .url = url, .what = "the answer to a command", .json = o };
    return chat_call(c, a, &ask, e) != NULL;
}

static bool slack_say(struct chat_account *c, struct arena *a, const struct chat_place *where,
                      const char *text, const char **message, struct err *e)
{
    cJSON *o = slack_message(a, json_object(a), where);
    const char *escaped = slack_escaped(a, chat_visible(a, text));
    struct err why = { 0 };
    *message = NULL;
    json_set_str(a, o, "text", escaped);
    if (!chat_fits(text, TEXT_BYTES, e))
        return false;
    if (post_slack(c, a, "chat.postMessage", o, message, &why))
        return true;
    bool outside = strstr(why.text, "not_in_channel") || strstr(why.text, "channel_not_found");
    if (outside && where->reply)
        return answer_command(c, a, where->reply, escaped, e);
    return err_status(e, why.kind, why.status, "%s", why.text);
}

static bool slack_show(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const struct chat_card *card, const char **message, struct err *e)
{
    cJSON *o = slack_card(a, card);
    if (!o)
        return err_set(e, ERR_ARGS, "the card does not fit whole into a message of Slack");
    return post_slack(c, a, "chat.postMessage", slack_message(a, o, where), message, e);
}

static bool slack_renew(struct chat_account *c, struct arena *a, const struct chat_place *where,
                        const char *message, const struct chat_card *card, struct err *e)
{
    cJSON *o = slack_card(a, card);
    if (!o)
        return err_set(e, ERR_ARGS, "the card does not fit whole into a message of Slack");
    json_set_str(a, o, "channel", where->channel);
    json_set_str(a, o, "ts", message);
    return post_slack(c, a, "chat.update", o, NULL, e);
}

static bool slack_whisper(struct chat_account *c, struct arena *a, const struct chat_place *where,
                          const char *user, const char *text, struct err *e)
{
    cJSON *o = slack_message(a, json_object(a), where);
    json_set_str(a, o, "user", user);
    json_set_str(a, o, "text", slack_escaped(a, chat_visible(a, text)));
    return chat_fits(text, TEXT_BYTES, e) && post_slack(c, a, "chat.postEphemeral", o, NULL, e);
}

/* Three steps: an address to put it, the bytes, and where it belongs. */
static bool slack_file(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const char *name, const char *text, size_t len, struct err *e)
{
    const char *form = arena_printf(a, "filename=%s&length=%zu", text_percent(a, name), len);
    const cJSON *place = call_slack(c, a, "files.getUploadURLExternal", NULL, form, e);
    const char *url = place ? chat_text_of(place, "upload_url") : NULL;
    const char *id = place ? chat_text_of(place, "file_id") : NULL;
    if (!place || !url || !id)
        return err_set(e, ERR_GATEWAY, "Slack gave no place to put the file '%s'", name);
    const struct chat_ask bytes = { .url = url,
                                    .what = "the upload of a file",
                                    .body = text,
                                    .len = len,
                                    .type = "application/octet-stream" };
    if (!chat_call(c, a, &bytes, e))
        return false;
    cJSON *o = json_object(a);
    cJSON *file = json_add(a, json_set_array(a, o, "files"), json_object(a));
    json_set_str(a, file, "id", id);
    json_set_str(a, file, "title", name);
    json_set_str(a, o, "channel_id", where->channel);
    if (where->thread)
        json_set_str(a, o, "thread_ts", where->thread);
    return post_slack(c, a, "files.completeUploadExternal", o, NULL, e);
}

const struct chat_platform chat_slack = {
    .name = "slack",
    .title = "Slack",
    .text_max = TEXT_BYTES,
    .renews = true,
    .takes_typed = true,
    .socket = &socket_slack,
    .take = slack_take,
    .card = slack_card,
    .say = slack_say,
    .show = slack_show,
    .renew = slack_renew,
    .whisper = slack_whisper,
    .file = slack_file,
};
