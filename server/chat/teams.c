/* teams.c - Microsoft Teams: activities of the Bot Framework judged and read, its REST API.
 *
 * A token of the connector is judged by auth/connector.h with keys that are read when the account
 * begins, and again a day later, or when a token names one that is not among them (at most hourly).
 * Our own token goes only to the serviceUrl that such a token named, or to the configured one.
 * Sources: learn.microsoft.com (Bot Connector authentication, REST API reference, Universal
 * Actions), and docs/chatops/teams.md.
 */
#include "auth/connector.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "chat/platform_private.h"
#include "net/fetch.h"
#include "net/loop.h"

static const char teams_api[] = "https://smba.trafficmanager.net/teams";
static const char teams_login[] = "https://login.microsoftonline.com";
static const char teams_keys[] = "https://login.botframework.com";

enum {
    TEXT_BYTES = 12000,
    KEYS_SECONDS = 86400,
    KEYS_AGAIN = 3600,
    SERVICE_MAX = 512,
    MENTIONS = 50
};

struct teams {
    struct chat_token token;
    struct arena *keys_arena;
    const cJSON *keys;  /* NULL: never read */
    double read, tried; /* by loop_now */
    bool reading;
    struct err why;            /* they could not be read; unset: they could, or nobody tried */
    char service[SERVICE_MAX]; /* the newest that a good token named; "": none yet */
};

/* -- the connector's keys ------------------------------------------------------------------- */

static void free_teams(void *state)
{
    arena_free(((struct teams *)state)->keys_arena);
}

static struct teams *teams_of(struct chat_account *c)
{
    if (!c->state) {
        c->state = arena_make(c->arena, struct teams);
        arena_defer(c->arena, free_teams, c->state);
    }
    return c->state;
}

/* Where they are is said by a document, which is at a known address. */
static const cJSON *fetch_keys(struct chat_account *c, struct arena *a, struct err *e)
{
    const struct chat_ask where = { .method = "GET",
                                    .url = arena_printf(a, "%s/v1/.well-known/openidconfiguration",
                                                        chat_url(c, teams_keys)),
                                    .what = "openidconfiguration" };
    const cJSON *found = chat_call(c, a, &where, e);
    const char *url = json_text(found, "jwks_uri"), *own = c->config->url;
    if (found && !text_starts(url, "https://") && !(own && text_starts(url, own)))
        err_set(e, ERR_GATEWAY, "the openidconfiguration of the Bot Framework names no jwks_uri");
    const struct chat_ask keys = { .method = "GET", .url = url, .what = "its keys" };
    const cJSON *set = e->kind == ERR_NONE ? chat_call(c, a, &keys, e) : NULL;
    return cJSON_IsArray(json_get(set, "keys")) ? set : NULL;
}

static void read_teams_keys(void *arg)
{
    struct chat_account *c = arg;
    struct teams *t = c->state;
    struct err e = { 0 };
    struct arena *a = arena_new();
    const cJSON *keys = fetch_keys(c, a, &e);
    struct arena *unused = keys ? t->keys_arena : a;
    if (keys) {
        t->keys_arena = a;
        t->keys = keys;
        t->read = loop_now(c->loop);
    }
    if (!keys)
        err_set(&e, ERR_GATEWAY, "what stands there is no key set");
    t->why = e;
    t->reading = false;
    arena_free(unused);
}

static void refresh_teams_keys(struct chat_account *c, double after)
{
    struct teams *t = teams_of(c);
    double now = loop_now(c->loop);
    if (t->reading || (t->tried > 0 && now < t->tried + after))
        return;
    t->reading = true;
    t->tried = now;
    fiber_start(read_teams_keys, c);
}

static void teams_start(struct chat_account *c)
{
    refresh_teams_keys(c, 0);
}

/* -- what arrives --------------------------------------------------------------------------- */

/* Entities of HTML that Teams writes. */
static char *without_entities(struct arena *a, const char *text)
{
    static const char *const entities[][2] = {
        { "&lt;", "<" }, { "&gt;", ">" }, { "&nbsp;", " " }, { "&quot;", "\"" }, { "&amp;", "&" }
    };
    enum { ENTITIES = sizeof entities / sizeof *entities };
    struct buf *b = buf_in(a, strlen(text) + 1);
    while (*text) {
        size_t i = 0;
        while (i < ENTITIES && !text_starts(text, entities[i][0]))
            i++;
        buf_str(b, i < ENTITIES ? entities[i][1] : (char[]){ *text, '\0' });
        text += i < ENTITIES ? strlen(entities[i][0]) : 1;
    }
    return chat_trimmed(a, b->data);
}

/* "<at>bot</at> restart": the bot's own mention goes, of others the name stays. */
static char *words_of_activity(struct arena *a, const cJSON *activity)
{
    const char *text = json_text(activity, "text");
    const char *bot = json_text(json_get(activity, "recipient"), "id");
    const cJSON *m;
    int n = 0;
    cJSON_ArrayForEach(m, json_get(activity, "entities"))
    {
        if (n++ < MENTIONS && !strcmp(json_text(m, "type"), "mention") &&
            !strcmp(json_text(json_get(m, "mentioned"), "id"), bot))
            text = chat_without(a, text, json_text(m, "text"));
    }
    text = chat_without(a, text, "<at>");
    return without_entities(a, chat_without(a, text, "</at>"));
}

/* Who and where. "19:x@thread.tacv2;messageid=17": a channel, and the thread in it. */
static void put_activity(const struct chat_account *c, struct arena *a, const cJSON *activity,
                         struct chat_event *v)
{
    static const char mark[] = ";messageid=";
    const cJSON *from = json_get(activity, "from"), *place = json_get(activity, "conversation");
    const char *told = chat_text_of(place, "tenantId"), *id = chat_text_of(place, "id");
    const char *thread = id ? strstr(id, mark) : NULL;
    const char *tenant = json_str(json_path(activity, "channelData.tenant"), "id");
    v->id = chat_text_of(activity, "id");
    v->tenant = told ? told : tenant;
    v->user = chat_text_of(from, "aadObjectId");
    v->name = chat_text_of(from, "name");
    v->outsider =
        !v->user || !chat_has_tenant(c, v->tenant) || (tenant && !text_same(v->tenant, tenant));
    v->channel = thread ? arena_strndup(a, id, (size_t)(thread - id)) : id;
    v->thread = thread ? thread + sizeof mark - 1 : NULL;
    v->direct = !strcmp(json_text(place, "conversationType"), "personal");
    v->message = v->id;
    v->reply = chat_text_of(activity, "serviceUrl");
    v->at_ms = (int64_t)(when_parse(json_str(activity, "timestamp")) * 1000);
}

/* data: of the action that was executed, or of one that was submitted. */
static void read_teams_press(const struct chat_account *c, struct arena *a, const cJSON *activity,
                             const cJSON *data, struct chat_taken *out)
{
    enum chat_choice choice = chat_choice_named(json_str(data, "d"));
    if (choice == CHAT_NO_CHOICE)
        return;
    struct chat_event *v = chat_taken_add(a, out, CHAT_PRESS);
    put_activity(c, a, activity, v);
    v->message = chat_text_of(activity, "replyToId");
    v->button = chat_text_of(data, "id");
    v->choice = choice;
    v->typed = json_str(data, "typed");
}

static void read_activity(const struct chat_account *c, struct arena *a, const cJSON *activity,
                          struct chat_taken *out)
{
    const char *type = json_text(activity, "type");
    const cJSON *from = json_get(activity, "from"), *value = json_get(activity, "value");
    if (text_starts(json_text(from, "id"), "28:") || text_same(json_str(from, "role"), "bot") ||
        text_same(json_str(from, "role"), "skill"))
        return;
    if (!strcmp(type, "invoke") && !strcmp(json_text(activity, "name"), "adaptiveCard/action"))
        read_teams_press(c, a, activity, json_path(value, "action.data"), out);
    else if (!strcmp(type, "message") && json_members(value))
        read_teams_press(c, a, activity, value, out);
    else if (!strcmp(type, "message")) {
        struct chat_event *v = chat_taken_add(a, out, CHAT_MESSAGE);
        put_activity(c, a, activity, v);
        v->text = words_of_activity(a, activity);
    }
}

/* An invoke is answered for the one who pressed. What becomes of it is told later. */
static void answer_invoke(struct arena *a, const cJSON *activity, struct chat_taken *out)
{
    if (strcmp(json_text(activity, "type"), "invoke") != 0)
        return;
    cJSON *o = json_object(a);
    json_set_num(a, o, "statusCode", 200);
    json_set_str(a, o, "type", "application/vnd.microsoft.activity.message");
    json_set_str(a, o, "value", "Heard. What comes of it is said here.");
    chat_answer_json(a, out, o);
}

static const char *bearer_of(const struct chat_request *r)
{
    static const char bearer[] = "Bearer ";
    const char *said = r->header(r, "authorization");
    return said && text_starts(said, bearer) ? said + sizeof bearer - 1 : "";
}

static bool is_of_connector(struct chat_account *c, struct arena *a, const struct chat_request *r,
                            const cJSON *activity, struct chat_taken *out, struct err *e)
{
    struct teams *t = teams_of(c);
    const struct connector_rules rules = { .app = chat_id(c, "app"),
                                           .channel = json_str(activity, "channelId"),
                                           .service = json_str(activity, "serviceUrl"),
                                           .now = (double)r->now_ms / 1000 };
    const char *why = "";
    enum connector_verdict v = connector_check(a, t->keys, &rules, bearer_of(r), &why);
    if (!t->keys || v == CONNECTOR_NO_KEY)
        refresh_teams_keys(c, t->keys ? KEYS_AGAIN : CHAT_WAIT);
    else if (loop_now(c->loop) > t->read + KEYS_SECONDS)
        refresh_teams_keys(c, KEYS_AGAIN);
    if (!t->keys)
        return chat_refuse(out, 503, e,
                           arena_printf(a, "the keys of the Bot Framework are not read yet%s%s",
                                        *t->why.text ? ": " : "", t->why.text));
    if (v != CONNECTOR_GOOD)
        return chat_refuse(out, 403, e, why);
    if (strlen(rules.service) < sizeof t->service)
        memcpy(t->service, rules.service, strlen(rules.service) + 1);
    return true;
}

/* The token is not made over the body: the connector's TLS alone keeps it. */
static bool teams_take(struct chat_account *c, struct arena *a, const struct chat_request *r,
                       struct chat_taken *out, struct err *e)
{
    *out = (struct chat_taken){ .status = 200 };
    const cJSON *activity = json_parse(a, r->body, r->len, &(struct err){ 0 });
    if (!is_of_connector(c, a, r, activity, out, e))
        return false;
    read_activity(c, a, activity, out);
    answer_invoke(a, activity, out);
    return true;
}

/* -- the API -------------------------------------------------------------------------------- */

static const char *teams_token(struct chat_account *c, struct arena *a, struct err *e)
{
    const char *tenant = chat_id(c, "tenant"), *password = chat_key(c, "password");
    const char *form =
        arena_printf(a, "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s",
                     text_percent(a, chat_id(c, "app")), text_percent(a, password ? password : ""),
                     text_percent(a, "https://api.botframework.com/.default"));
    const struct chat_ask ask = { .url = arena_printf(a, "%s/%s/oauth2/v2.0/token",
                                                      chat_url(c, teams_login),
                                                      tenant ? tenant : "botframework.com"),
                                  .what = "oauth2/v2.0/token",
                                  .body = form,
                                  .len = strlen(form),
                                  .type = "application/x-www-form-urlencoded" };
    return chat_token_of(c, a, &teams_of(c)->token, &ask, "access_token", "expires_in", e);
}

/* The serviceUrl of the event that is answered, else the newest one, else the one that serves all.
 */
static const char *teams_service_of(struct chat_account *c, struct arena *a,
                                    const struct chat_place *where)
{
    const char *url = where->reply ? where->reply : teams_of(c)->service;
    size_t n = strlen(url);
    if (n == 0 || c->config->url)
        return chat_url(c, teams_api);
    return arena_strndup(a, url, url[n - 1] == '/' ? n - 1 : n);
}

static const cJSON *call_teams(struct chat_account *c, struct arena *a,
                               const struct chat_place *where, const char *method, const char *path,
                               const cJSON *json, struct err *e)
{
    const char *token = teams_token(c, a, e);
    const struct fetch_header headers[] = {
        { "Authorization", arena_printf(a, "Bearer %s", token ? token : "") }, { 0 }
    };
    const struct chat_ask ask = { .method = method,
                                  .url = arena_printf(a, "%s/v3/conversations%s",
                                                      teams_service_of(c, a, where), path),
                                  .what = "v3/conversations",
                                  .headers = headers,
                                  .json = json };
    return token ? chat_call_with(c, a, &teams_of(c)->token, &ask, e) : NULL;
}

/* message: the one that is replaced; NULL: a new one. */
static bool send_teams(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const char *message, const cJSON *activity, const char **id, struct err *e)
{
    const char *room = where->thread
                           ? arena_printf(a, "%s;messageid=%s", where->channel, where->thread)
                           : where->channel;
    const char *path = arena_printf(a, "/%s/activities%s%s", text_percent(a, room),
                                    message ? "/" : "", message ? text_percent(a, message) : "");
    const cJSON *answer = call_teams(c, a, where, message ? "PUT" : "POST", path, activity, e);
    if (answer && id)
        *id = chat_text_of(answer, "id");
    return answer != NULL;
}

static bool teams_say(struct chat_account *c, struct arena *a, const struct chat_place *where,
                      const char *text, const char **message, struct err *e)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "type", "message");
    json_set_str(a, o, "text", chat_visible(a, text));
    json_set_str(a, o, "textFormat", "plain");
    return chat_fits(text, TEXT_BYTES, e) && send_teams(c, a, where, NULL, o, message, e);
}

static const cJSON *card_activity(struct arena *a, const struct chat_card *card, struct err *e)
{
    cJSON *o = json_object(a), *made = teams_card(a, card);
    if (!made) {
        err_set(e, ERR_ARGS, "the card does not fit whole into a message of Teams");
        return NULL;
    }
    json_set_str(a, o, "type", "message");
    cJSON *attached = json_add(a, json_set_array(a, o, "attachments"), json_object(a));
    json_set_str(a, attached, "contentType", "application/vnd.microsoft.card.adaptive");
    json_set(a, attached, "content", made);
    return o;
}

static bool teams_show(struct chat_account *c, struct arena *a, const struct chat_place *where,
                       const struct chat_card *card, const char **message, struct err *e)
{
    const cJSON *o = card_activity(a, card, e);
    return o && send_teams(c, a, where, NULL, o, message, e);
}

static bool teams_renew(struct chat_account *c, struct arena *a, const struct chat_place *where,
                        const char *message, const struct chat_card *card, struct err *e)
{
    const cJSON *o = card_activity(a, card, e);
    return o && send_teams(c, a, where, message, o, NULL, e);
}

/* In a conversation of two, which is there or is made. */
static bool teams_whisper(struct chat_account *c, struct arena *a, const struct chat_place *where,
                          const char *user, const char *text, struct err *e)
{
    cJSON *o = json_object(a);
    const char *tenant = chat_id(c, "tenant"), *ignored;
    json_set_str(a, json_set_object(a, o, "bot"), "id",
                 arena_printf(a, "28:%s", chat_id(c, "app")));
    json_set_str(a, json_add(a, json_set_array(a, o, "members"), json_object(a)), "id", user);
    json_set_bool(a, o, "isGroup", false);
    json_set_str(a, json_set_object(a, json_set_object(a, o, "channelData"), "tenant"), "id",
                 tenant ? tenant : c->config->tenants[0]);
    const cJSON *made = call_teams(c, a, where, "POST", "", o, e);
    const char *room = made ? chat_text_of(made, "id") : NULL;
    if (!room)
        return err_set(e, ERR_GATEWAY, "Teams gave no conversation with that person");
    const struct chat_place alone = { .channel = room, .reply = where->reply };
    return teams_say(c, a, &alone, text, &ignored, e);
}

const struct chat_platform chat_teams = {
    .name = "teams",
    .title = "Teams",
    .text_max = TEXT_BYTES,
    .renews = true,
    .takes_typed = true,
    .start = teams_start,
    .take = teams_take,
    .card = teams_card,
    .say = teams_say,
    .show = teams_show,
    .renew = teams_renew,
    .whisper = teams_whisper,
};
