/* batch.c - splits an array into its messages, runs each in its session, gathers the answers. */
#include "mcp/batch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "mcp/ask.h"
#include "mcp/era.h"
#include "mcp/method.h"
#include "mcp/session.h"

enum { ANSWER_MAX = 64 << 20 };

struct item {
    struct reply_to to;
    struct batch *batch;
    const char *text;
};

struct batch {
    struct arena *arena;
    struct reply_to *to;
    struct buf *answers;
    struct item *items;
    int count, left;
};

bool batch_looks(const char *text, size_t n)
{
    size_t blanks = strspn(text, " \t\r\n");
    return blanks < n && text[blanks] == '[';
}

static const char *refusal(const struct session *s, const cJSON *list)
{
    if (!s->era || !s->era->batches)
        return "Invalid request: batches are not part of this protocol revision";
    if (json_count(list) == 0)
        return "Invalid request: an empty batch";
    if (json_count(list) > BATCH_MAX)
        return "Invalid request: more than 100 messages in one batch";
    const cJSON *message;
    cJSON_ArrayForEach(message, list)
    {
        const struct rpc rpc = { .params = json_get(message, "params") };
        if (modern_claimed(&rpc))
            return "Invalid request: 2026-07-28 has no batches";
    }
    return NULL;
}

struct batch *batch_read(const struct session *s, const char *text, size_t n, struct err *e)
{
    struct arena *a = arena_new();
    struct err why = { 0 };
    const cJSON *list = json_parse(a, text, n, &why);
    const char *wrong = list ? refusal(s, list) : NULL;
    if (!list)
        err_status(e, ERR_PROTO, RPC_PARSE_ERROR, "Parse error: %s", why.text);
    else if (wrong)
        err_status(e, ERR_PROTO, RPC_INVALID_REQUEST, "%s", wrong);
    if (!list || wrong) {
        arena_free(a);
        return NULL;
    }
    struct batch *b = arena_make(a, struct batch);
    *b = (struct batch){ .arena = a, .answers = buf_in(a, ANSWER_MAX) };
    b->items = arena_array(a, struct item, json_count(list));
    const char *end = text + n;
    for (const char *from = NULL; (text = rpc_next(text, end, &from));)
        b->items[b->count++].text = arena_strndup(a, from, (size_t)(text - from));
    return b;
}

static void add_answer(struct batch *b, const char *json)
{
    buf_char(b->answers, b->answers->len ? ',' : '[');
    buf_str(b->answers, json);
}

static void one_less(struct batch *b)
{
    if (--b->left)
        return;
    if (b->answers->len)
        buf_char(b->answers, ']');
    bool any = b->answers->len && !b->answers->over;
    b->to->done(b->to, any ? 200 : 202, any ? b->answers->data : NULL, any ? b->answers->len : 0);
    arena_free(b->arena);
}

static bool batch_send(struct reply_to *to, const char *json, size_t n)
{
    struct batch *b = ((struct item *)(void *)to)->batch;
    return b->to->send(b->to, json, n);
}

static void batch_item_done(struct reply_to *to, int status, const char *json, size_t n)
{
    struct batch *b = ((struct item *)(void *)to)->batch;
    (void)status, (void)n;
    if (json)
        add_answer(b, json);
    one_less(b);
}

static void run_item(struct batch *b, struct session *s, struct item *i)
{
    struct arena *a = arena_new();
    struct rpc rpc = { 0 };
    struct err e = { 0 };
    bool readable = rpc_parse(a, i->text, strlen(i->text), &rpc, &e);
    if (readable && rpc.kind == RPC_REQUEST && strcmp(rpc.method, "initialize")) {
        b->left++;
        method_run(session_request(s, a, &rpc, &i->to));
        return; /* the arena is the request's now */
    }
    if (!readable && rpc.kind == RPC_NOTIFICATION)
        ; /* is never answered */
    else if (!readable)
        add_answer(b, rpc_error(b->arena, rpc.id, e.status, e.text, NULL));
    else if (rpc.kind == RPC_REQUEST)
        add_answer(b, rpc_error(b->arena, rpc.id, RPC_INVALID_REQUEST,
                                "Invalid request: initialize cannot be part of a batch", NULL));
    else if (rpc.kind == RPC_RESPONSE)
        ask_answer(s, &rpc);
    else
        method_notified(s, &rpc);
    arena_free(a);
}

void batch_run(struct batch *b, struct session *s, struct reply_to *to)
{
    b->to = to;
    b->left = 1;
    for (int i = 0; i < b->count; i++) {
        b->items[i].to = (struct reply_to){ .send = batch_send, .done = batch_item_done };
        b->items[i].batch = b;
        run_item(b, s, &b->items[i]);
    }
    one_less(b);
}
