/* fuzz_chat.c - requests and payloads of chat platforms. The first byte says which platform, and
 * whether the rest is a request that nobody signed (of which nothing is ever heard), one that is
 * signed with the account's keys, a payload of its socket, or the text of a card (which is whole or
 * not made). Teams' requests need keys that are fetched: tests/chat/teams.py has those.
 * fuzz: -runs=100000 -max_len=2048 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "chat/platform_private.h"
#include "chat/sign.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_ms = 1700000000000;
#define NOW "1700000000"
static const char aes[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
static const struct config_named keys[] = {
    { "signing", "k" }, { "secret", "k" }, { "bot", "k" }, { "encrypt", "k" },
    { "token", "k" },   { "aes", aes },    { 0 }
};
static const struct config_named ids[] = { { 0 } };
static const char *const tenants[] = { "T1", NULL };
static const struct config_chat config = { .keys = keys, .ids = ids, .tenants = tenants };

/* Of one request, as its platform wants them. */
struct headers {
    const char *list[5][2];
};

static const char *header_of_input(const struct chat_request *r, const char *name)
{
    const struct headers *h = r->arg;
    for (size_t i = 0; i < 5 && h->list[i][0]; i++)
        if (!strcmp(h->list[i][0], name))
            return h->list[i][1];
    return NULL;
}

static struct headers signed_by(struct arena *a, const struct chat_platform *p, const char *body,
                                size_t n)
{
    if (p == &chat_slack)
        return (struct headers){ { { "x-slack-request-timestamp", NOW },
                                   { "x-slack-signature", sign_slack(a, "k", NOW, body, n) } } };
    if (p == &chat_feishu)
        return (
            struct headers){ { { "x-lark-request-timestamp", NOW },
                               { "x-lark-request-nonce", "n" },
                               { "x-lark-signature", sign_feishu(a, "k", NOW, "n", body, n) } } };
    return (struct headers){ { { "timestamp", NOW "000" },
                               { "sign", sign_dingtalk(a, "k", NOW "000") } } };
}

static void must_hold(bool ok, const struct chat_taken *t, const struct err *e)
{
    if (ok != (e->kind == ERR_NONE))
        bug("fuzz_chat: %d with '%s'", ok, e->text);
    for (size_t i = 0; i < t->n; i++) {
        const struct chat_event *v = &t->events[i];
        if ((v->kind == CHAT_PRESS) != (v->choice != CHAT_NO_CHOICE))
            bug("fuzz_chat: a press without a choice, or a choice without a press");
        if (!v->outsider && (!v->tenant || strcmp(v->tenant, "T1") != 0))
            bug("fuzz_chat: of another tenant, and no outsider");
        if (v->kind == CHAT_MESSAGE && !v->text)
            bug("fuzz_chat: a message without text");
    }
}

static void take_input(struct chat_account *c, struct arena *a, const char *text, size_t n,
                       bool is_signed)
{
    struct headers h =
        is_signed ? signed_by(a, c->platform, text, n) : (struct headers){ { { NULL } } };
    struct chat_taken t = { 0 };
    struct err e = { 0 };
    const char *query = "timestamp=" NOW "&nonce=n&msg_signature=x";
    const struct chat_request r = { "POST", "/", query, header_of_input, text, n, now_ms, &h };
    bool ok = c->platform->take(c, a, &r, &t, &e);
    must_hold(ok, &t, &e);
    if ((!ok || !is_signed) && t.n)
        bug("fuzz_chat: something is heard of a request that is refused, or that nobody signed");
}

static void read_input(const struct chat_account *c, struct arena *a, const char *text, size_t n)
{
    struct chat_taken t = { 0 };
    struct err e = { 0 };
    const cJSON *o = json_parse(a, text, n, &(struct err){ 0 });
    const struct chat_platform *p = c->platform;
    if (!o || p == &chat_teams)
        return;
    bool ok = p == &chat_slack      ? slack_read(c, a, o, &t, &e)
              : p == &chat_feishu   ? feishu_read(c, a, o, &t, &e)
              : p == &chat_dingtalk ? dingtalk_read(c, a, o, "f", &t, &e)
                                    : wecom_read(c, a, o, "r", &t, &e);
    must_hold(ok, &t, &e);
}

static void show_input(const struct chat_account *c, struct arena *a, const char *text)
{
    const struct chat_block blocks[] = { { CHAT_TEXT, text }, { CHAT_CODE, text } };
    const struct chat_card card = {
        .title = text, .blocks = blocks, .n = 2, .button = "b", .approvable = true
    };
    const cJSON *made = c->platform->card(a, &card);
    if (made && json_count(made) == 0)
        bug("fuzz_chat: a card of nothing");
    size_t n = 0;
    sign_open_wecom(a, aes, text, "", &n, &(struct err){ 0 });
    sign_open_feishu(a, "k", text, &n, &(struct err){ 0 });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct chat_platform *const rows[] = { &chat_slack, &chat_feishu, &chat_dingtalk,
                                                        &chat_wecom, &chat_teams };
    if (size < 1)
        return 0;
    struct arena *a = arena_new();
    struct chat_account c = { .config = &config, .platform = rows[data[0] % 5], .arena = a };
    const char *text = arena_strndup(a, (const char *)data + 1, size - 1);
    int what = data[0] / 5 % 4;
    if (what < 2 && c.platform != &chat_teams)
        take_input(&c, a, text, size - 1, what == 1 && c.platform != &chat_wecom);
    else if (what == 2)
        read_input(&c, a, text, size - 1);
    else if (strlen(text) == size - 1)
        show_input(&c, a, text);
    arena_free(a);
    return 0;
}
