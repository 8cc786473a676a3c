/* socket_wecom.c - the long connection of WeCom's AI bot: JSON frames in both directions, paired by
 * headers.req_id. What the bot says goes through it too (struct wecom_way).
 *
 * There is exactly one connection of a bot: a newer one is told to the older, which then must not
 * come back, or two processes would throw each other out for ever. Source:
 * developer.work.weixin.qq.com 101463, @wecom/aibot-node-sdk. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/socket_private.h"
#include "net/loop.h"

static const char wecom_socket[] = "wss://openws.work.weixin.qq.com";
static const char subscription[] = "aibot_subscribe";
static const double ANSWER_SECONDS = 5.;
enum { UNANSWERED_MOST = 2, WAITING_MOST = 64 };

/* A frame of ours that is to be answered; on the stack of its fiber. */
struct wecom_wait {
    struct wecom_wait *next;
    const char *req_id;
    struct arena *arena;
    const cJSON *answer;
    struct cancel come; /* fires when it was answered, or never will be */
};

/* By account: what its line keeps while it is subscribed. way comes first: account->state. */
struct wecom_line {
    struct wecom_way way;
    struct chat_link *link;
    struct wecom_wait *waits;
    int waiting;
};

/* -- frames out ----------------------------------------------------------------------------------
 */

static bool send_frame(struct chat_link *k, struct arena *a, const char *cmd, const char *req_id,
                       const cJSON *body, struct err *e)
{
    cJSON *o = json_object(a), *headers = json_object(a);
    json_set_str(a, o, "cmd", cmd);
    json_set(a, o, "headers", headers);
    json_set_str(a, headers, "req_id", req_id);
    if (body)
        json_set(a, o, "body", json_clone(a, body));
    return link_send(k, a, o, e);
}

/* Waits its turn: the same req_id takes one frame after the other. */
static const struct wecom_wait *wait_of(const struct wecom_line *l, const char *req_id)
{
    const struct wecom_wait *x = l->waits;
    while (x && strcmp(x->req_id, req_id) != 0)
        x = x->next;
    return x;
}

static void delist_wait(struct wecom_line *l, const struct wecom_wait *gone)
{
    struct wecom_wait **at = &l->waits;
    while (*at && *at != gone)
        at = &(*at)->next;
    if (*at)
        *at = gone->next;
    l->waiting--;
}

static bool judge_wecom_answer(const cJSON *answer, const char *cmd, struct err *e)
{
    const cJSON *code = json_get(answer, "errcode");
    if (cJSON_IsNumber(code) && code->valuedouble == 0)
        return true;
    struct arena *a = arena_new();
    err_status(e, ERR_GATEWAY, chat_is_too_many(code) ? CHAT_TOO_MANY : 0,
               "WeCom refused %s: %s (errcode %.0f)", cmd,
               text_clean(a, json_text(answer, "errmsg"), 200), json_num(answer, "errcode", -1));
    arena_free(a);
    return false;
}

static bool may_send(const struct wecom_line *l, const char *req_id, struct err *e)
{
    if (l->waiting >= WAITING_MOST)
        return err_set(e, ERR_NET, "too many messages to WeCom wait for its answer");
    if (wait_of(l, req_id))
        return err_set(e, ERR_NET, "an answer to the same message of WeCom is still under way");
    return true;
}

static bool send_and_wait(struct chat_account *c, struct arena *a, const char *cmd,
                          const char *req_id, const cJSON *body, const cJSON **answer,
                          struct err *e)
{
    struct wecom_line *l = c->state;
    req_id = req_id ? req_id : arena_printf(a, "%s_%s", cmd, crypto_token(a, 12));
    if (!may_send(l, req_id, e))
        return false;
    struct wecom_wait wait = { .next = l->waits, .req_id = req_id, .arena = a };
    l->waits = &wait;
    l->waiting++;
    struct err nothing = { 0 };
    bool sent = send_frame(l->link, a, cmd, req_id, body, e);
    if (sent && !wait.come.fired)
        nap_for(c->loop, ANSWER_SECONDS, "the answer of", "WeCom", &wait.come, &nothing);
    delist_wait(l, &wait);
    if (!sent)
        return false;
    if (!wait.answer)
        return err_set(e, ERR_UNKNOWN, "WeCom did not answer %s: it may have come, or not", cmd);
    if (answer)
        *answer = wait.answer;
    return judge_wecom_answer(wait.answer, cmd, e);
}

/* -- frames in -----------------------------------------------------------------------------------
 */

static bool take_subscribed(struct chat_link *k, const cJSON *frame, struct err *e)
{
    struct wecom_line *l = link_kept(k, sizeof *l);
    if (!judge_wecom_answer(frame, subscription, e)) {
        k->fate = LINK_REFUSED;
        return false;
    }
    l->way.send = send_and_wait;
    l->link = k;
    k->account->state = l;
    link_is_up(k);
    return true;
}

static void take_wecom_answer(struct chat_link *k, const char *req_id, const cJSON *frame)
{
    struct wecom_line *l = k->account->state;
    for (struct wecom_wait *x = l ? l->waits : NULL; x; x = x->next) {
        if (x->answer || strcmp(x->req_id, req_id) != 0)
            continue;
        x->answer = json_clone(x->arena, frame);
        cancel_fire(&x->come);
        return;
    }
}

static bool is_thrown_out(const cJSON *body)
{
    return !strcmp(json_text(json_get(body, "event"), "eventtype"), "disconnected_event");
}

static bool take_wecom(struct chat_link *k, struct arena *a, const struct ws_message *m,
                       struct err *e)
{
    const cJSON *frame = link_parse(k, a, m->data, m->len), *body = json_get(frame, "body");
    const char *cmd = chat_text_of(frame, "cmd");
    const char *req_id = json_text(json_get(frame, "headers"), "req_id");
    k->unanswered = 0;
    if (!cmd && text_starts(req_id, subscription))
        return take_subscribed(k, frame, e);
    if (!cmd) {
        take_wecom_answer(k, req_id, frame);
        return true;
    }
    if (is_thrown_out(body)) {
        k->fate = LINK_OVER;
        return err_set(e, ERR_GONE,
                       "another connection of the same bot has taken over at WeCom: end the other "
                       "process, then restart this one");
    }
    if (strcmp(cmd, "aibot_msg_callback") != 0 && strcmp(cmd, "aibot_event_callback") != 0)
        return true;
    struct chat_taken taken = { 0 };
    struct err why = { 0 };
    bool read = wecom_read(k->account, a, body, req_id, &taken, &why);
    link_hear(k, read, &taken, &why);
    return true;
}

/* -- the rest ------------------------------------------------------------------------------------
 */

static bool wecom_wants_socket(const struct chat_account *c)
{
    return chat_key(c, "secret") && chat_id(c, "bot");
}

static const char *find_wecom(struct chat_link *k, struct arena *a, struct err *e)
{
    (void)e;
    const char *url = chat_url(k->account, wecom_socket);
    if (text_starts(url, "http"))
        url = arena_printf(a, "ws%s", url + 4);
    return url;
}

static bool greet_wecom(struct chat_link *k, struct arena *a, struct err *e)
{
    cJSON *body = json_object(a);
    json_set_str(a, body, "bot_id", chat_id(k->account, "bot"));
    json_set_str(a, body, "secret", chat_key(k->account, "secret"));
    const char *req_id = arena_printf(a, "%s_%s", subscription, crypto_token(a, 12));
    return send_frame(k, a, subscription, req_id, body, e);
}

static bool beat_wecom(struct chat_link *k, struct arena *a, struct err *e)
{
    if (k->unanswered >= UNANSWERED_MOST)
        return err_set(e, ERR_NET, "WeCom left %d pings unanswered", k->unanswered);
    k->unanswered++;
    return send_frame(k, a, "ping", arena_printf(a, "ping_%s", crypto_token(a, 12)), NULL, e);
}

/* Nothing is said through it any more; who waits for an answer gets none. */
static void end_wecom(struct chat_link *k)
{
    struct wecom_line *l = k->account->state;
    if (!l || l->link != k)
        return;
    k->account->state = NULL;
    for (struct wecom_wait *x = l->waits; x; x = x->next)
        cancel_fire(&x->come);
}

const struct chat_socket socket_wecom = {
    .title = "WeCom's long connection",
    .beat = 30,
    .silence = 95,
    .max_message = 1 << 20,
    .wanted = wecom_wants_socket,
    .find = find_wecom,
    .greet = greet_wecom,
    .take = take_wecom,
    .beats = beat_wecom,
    .ended = end_wecom,
};
