/* platforms.c - the platforms of server/chat without the bot, for the tests in Python: one JSON
 * command a line on stdin, one JSON answer a line on stdout.
 *
 * {"do":"account","platform","url","keys","ids","tenants"}: the account of all that follows.
 * {"do":"take","method","path","query","headers","body","now"}: {ok,status,type,body,events,error}.
 * {"do":"read","payload","reply"}: what a socket's payload holds. {"do":"card","card"}: its JSON.
 * {"do":"say"|"show"|"renew"|"whisper"|"file","where",…}: {ok,message,error}, by the API at url;
 * with "line" by WeCom's socket, and {sent} besides.
 * {"do":"wait","seconds"}: the loop turns, and what was begun goes on.
 * {"do":"open"|"sign",…}: the functions of sign.h.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "chat/platform_private.h"
#include "chat/sign.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <stdio.h>
#include <stdlib.h>

static const char *beside; /* what came with the payload: {"reply"} of the command */

typedef bool read_fn(const struct chat_account *c, struct arena *a, const cJSON *payload,
                     struct chat_taken *out, struct err *e);

static bool read_wecom(const struct chat_account *c, struct arena *a, const cJSON *payload,
                       struct chat_taken *out, struct err *e)
{
    return wecom_read(c, a, payload, beside, out, e);
}

static bool read_dingtalk(const struct chat_account *c, struct arena *a, const cJSON *payload,
                          struct chat_taken *out, struct err *e)
{
    return dingtalk_read(c, a, payload, beside, out, e);
}

static const struct {
    const struct chat_platform *platform;
    read_fn *read;
} rows[] = {
    { &chat_slack, slack_read }, { &chat_feishu, feishu_read }, { &chat_dingtalk, read_dingtalk },
    { &chat_wecom, read_wecom }, { &chat_teams, NULL },
};
static read_fn *reads;
static struct config_chat config;
static struct cancel ended;
static struct chat_account account = { .config = &config, .ended = &ended };

static const struct config_named *named(const cJSON *o)
{
    struct arena *a = account.arena;
    struct config_named *list = arena_array(a, struct config_named, json_count(o) + 1);
    const cJSON *m;
    int n = 0;
    cJSON_ArrayForEach(m, o) list[n++] =
        (struct config_named){ arena_strdup(a, m->string), arena_strdup(a, m->valuestring) };
    return list;
}

static void make_account(const cJSON *in)
{
    arena_free(account.arena);
    account.arena = arena_new();
    const cJSON *tenants = json_get(in, "tenants"), *t;
    const char **list = arena_array(account.arena, const char *, json_count(tenants) + 1);
    int n = 0;
    cJSON_ArrayForEach(t, tenants) list[n++] = arena_strdup(account.arena, t->valuestring);
    config =
        (struct config_chat){ .platform = arena_strdup(account.arena, json_str(in, "platform")),
                              .name = "test",
                              .url = arena_strdup(account.arena, json_str(in, "url")),
                              .keys = named(json_get(in, "keys")),
                              .ids = named(json_get(in, "ids")),
                              .tenants = list };
    account.state = NULL;
    account.platform = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].platform->name, config.platform)) {
            account.platform = rows[i].platform;
            reads = rows[i].read;
        }
    if (account.platform && account.platform->start)
        account.platform->start(&account);
    for (const struct config_named *k = config.keys; k->name; k++)
        secret_learn(k->value);
}

/* What WeCom's platform sends by its socket is kept in `sent` and answered as the command said:
 * {"line": {"CMD": frame}}; a command that is not there fails. */
static cJSON *sent;
static const cJSON *line_answers;

static bool send_by_line(struct chat_account *c, struct arena *a, const char *cmd,
                         const char *req_id, const cJSON *body, const cJSON **answer, struct err *e)
{
    struct arena *kept = c->arena;
    const cJSON *answers = json_get(line_answers, cmd);
    cJSON *frame = json_add(kept, sent, json_object(kept));
    (void)a;
    json_set_str(kept, frame, "cmd", cmd);
    json_set_str(kept, frame, "req_id", req_id);
    json_set(kept, frame, "body", json_clone(kept, body));
    if (answer)
        *answer = answers;
    return answers || err_set(e, ERR_GATEWAY, "WeCom refused %s", cmd);
}

static struct wecom_way way = { send_by_line };

static const char *header_of(const struct chat_request *r, const char *name)
{
    return json_str(r->arg, name);
}

static void put_text(struct arena *a, cJSON *o, const char *key, const char *text)
{
    if (text)
        json_set_str(a, o, key, text);
}

static cJSON *event_json(struct arena *a, const struct chat_event *v)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "kind", v->kind == CHAT_PRESS ? "press" : "message");
    const char *const texts[][2] = {
        { "id", v->id },           { "tenant", v->tenant },
        { "user", v->user },       { "name", v->name },
        { "channel", v->channel }, { "thread", v->thread },
        { "message", v->message }, { "text", v->text },
        { "button", v->button },   { "typed", v->typed },
        { "reply", v->reply },     { "choice", chat_choice_word(v->choice) }
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put_text(a, o, texts[i][0], texts[i][1]);
    if (v->outsider)
        json_set_bool(a, o, "outsider", true);
    if (v->direct)
        json_set_bool(a, o, "direct", true);
    json_set_num(a, o, "at_ms", (double)v->at_ms);
    return o;
}

static void put_taken(struct arena *a, cJSON *out, const struct chat_taken *t)
{
    cJSON *events = json_set_array(a, out, "events");
    for (size_t i = 0; i < t->n; i++)
        json_add(a, events, event_json(a, &t->events[i]));
    json_set_num(a, out, "status", t->status);
    put_text(a, out, "type", t->type);
    put_text(a, out, "body", t->body);
}

static bool take_request(struct arena *a, const cJSON *in, cJSON *out, struct err *e)
{
    const char *body = json_text(in, "body");
    const struct chat_request r = { .method = json_text(in, "method"),
                                    .path = "/",
                                    .query = json_text(in, "query"),
                                    .header = header_of,
                                    .body = body,
                                    .len = strlen(body),
                                    .now_ms = (int64_t)json_num(in, "now", 0),
                                    .arg = json_get(in, "headers") };
    struct chat_taken t = { 0 };
    bool ok = account.platform->take(&account, a, &r, &t, e);
    put_taken(a, out, &t);
    return ok;
}

static bool read_payload(struct arena *a, const cJSON *in, cJSON *out, struct err *e)
{
    const cJSON *payload = json_get(in, "payload");
    struct chat_taken t = { 0 };
    beside = json_str(in, "reply");
    bool ok = reads(&account, a, payload, &t, e);
    put_taken(a, out, &t);
    return ok;
}

static struct chat_card card_of(struct arena *a, const cJSON *in)
{
    static const char *const kinds[] = { "", "text", "code", "note" };
    const cJSON *list = json_get(in, "blocks"), *b;
    struct chat_block *blocks = arena_array(a, struct chat_block, json_count(list) + 1);
    int n = 0;
    cJSON_ArrayForEach(b, list)
    {
        for (enum chat_block_kind k = CHAT_TEXT; k <= CHAT_NOTE; k++)
            if (json_str(b, kinds[k]))
                blocks[n++] = (struct chat_block){ k, json_str(b, kinds[k]) };
    }
    return (struct chat_card){ .title = json_text(in, "title"),
                               .mood = (enum chat_mood)json_num(in, "mood", 0),
                               .blocks = blocks,
                               .n = (size_t)n,
                               .button = json_str(in, "button"),
                               .approvable = json_true(in, "approvable"),
                               .types = json_true(in, "types"),
                               .page = json_str(in, "page") };
}

static bool call_platform(struct arena *a, const char *what, const cJSON *in, cJSON *out,
                          struct err *e)
{
    const struct chat_platform *p = account.platform;
    const cJSON *w = json_get(in, "where");
    const struct chat_place where = { json_str(w, "channel"), json_str(w, "thread"),
                                      json_str(w, "reply") };
    const char *text = json_text(in, "text"), *message = NULL;
    struct chat_card card = card_of(a, json_get(in, "card"));
    bool ok = false;
    line_answers = json_get(in, "line");
    sent = json_array(account.arena);
    account.state = line_answers ? (void *)&way : account.state;
    if (!strcmp(what, "say"))
        ok = p->say(&account, a, &where, text, &message, e);
    else if (!strcmp(what, "show"))
        ok = p->show(&account, a, &where, &card, &message, e);
    else if (!strcmp(what, "renew"))
        ok = p->renew(&account, a, &where, json_text(in, "message"), &card, e);
    else if (!strcmp(what, "whisper"))
        ok = p->whisper(&account, a, &where, json_text(in, "user"), text, e);
    else if (p->file)
        ok = p->file(&account, a, &where, json_text(in, "name"), text, strlen(text), e);
    if (line_answers)
        json_set(a, out, "sent", json_clone(a, sent));
    account.state = line_answers ? NULL : account.state;
    put_text(a, out, "message", message);
    return ok;
}

/* {"do":"sign","how","args":[…]}, {"do":"open","how","key","text","id"}. */
static bool run_crypto(struct arena *a, const char *what, const cJSON *in, cJSON *out,
                       struct err *e)
{
    const char *key = json_text(in, "key"), *text = json_text(in, "text");
    const char *id = json_text(in, "id"), *how = json_text(in, "how"), *got = NULL;
    const char *at = json_text(in, "at"), *nonce = json_text(in, "nonce");
    size_t n = 0;
    if (!strcmp(what, "open"))
        got = !strcmp(how, "feishu") ? sign_open_feishu(a, key, text, &n, e)
                                     : sign_open_wecom(a, key, text, id, &n, e);
    else if (!strcmp(how, "slack"))
        got = sign_slack(a, key, at, text, strlen(text));
    else if (!strcmp(how, "dingtalk"))
        got = sign_dingtalk(a, key, at);
    else if (!strcmp(how, "feishu"))
        got = sign_feishu(a, key, at, nonce, text, strlen(text));
    else
        got = sign_wecom(a, key, at, nonce, text);
    put_text(a, out, "text", got);
    return got != NULL;
}

static bool obey(struct arena *a, const cJSON *in, cJSON *out, struct err *e)
{
    const char *what = json_text(in, "do");
    if (!strcmp(what, "account")) {
        make_account(in);
        return account.platform != NULL;
    }
    if (!strcmp(what, "wait"))
        return nap(account.loop, json_num(in, "seconds", 0), NULL, e);
    if (!strcmp(what, "take"))
        return take_request(a, in, out, e);
    if (!strcmp(what, "read"))
        return read_payload(a, in, out, e);
    if (!strcmp(what, "open") || !strcmp(what, "sign"))
        return run_crypto(a, what, in, out, e);
    if (strcmp(what, "card") != 0)
        return call_platform(a, what, in, out, e);
    struct chat_card card = card_of(a, json_get(in, "card"));
    cJSON *made = account.platform->card(a, &card);
    json_set(a, out, "card", made ? made : json_null(a));
    return true;
}

static void serve_lines(struct loop *l, void *arg)
{
    char *line = NULL;
    size_t room = 0;
    (void)arg;
    account.loop = l;
    for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
        struct arena *a = arena_new();
        struct err e = { 0 };
        cJSON *out = json_object(a);
        const cJSON *in = json_parse(a, line, (size_t)n, &e);
        bool ok = in && obey(a, in, out, &e);
        json_set_bool(a, out, "ok", ok);
        if (!ok)
            json_set_str(a, out, "error", e.text);
        puts(json_print(a, out));
        fflush(stdout);
        arena_free(a);
    }
    free(line);
    cancel_fire(&ended);
    fetch_stop(l);
    while (fiber_count() > 1)
        nap(l, 0.01, NULL, &(struct err){ 0 });
    arena_free(account.arena);
}

int main(void)
{
    secret_init("test", 4);
    loop_main(serve_lines, NULL);
    return 0;
}
