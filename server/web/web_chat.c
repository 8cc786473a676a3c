/* web_chat.c - /chat/PLATFORM/ACCOUNT: the way in for the servers of chat platforms, and
 * /alerts/NAME, that for alerts. Whether one of them sent it is judged by the platform's file, or
 * by the source's key; what is not genuine is slowed and audited as a wrong token is. Cookies and
 * tokens of ours say nothing here. The answer goes out first, what was in the request is worked on
 * then.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/meter.h"
#include "base/when.h"
#include "chat/alert.h"
#include "chat/bot.h"
#include "chat/platform.h"
#include "net/listen.h"
#include "web/pages_private.h"
#include "web/source_private.h"
#include "web/web_private.h"
#include <stdlib.h>
#include <string.h>

bool web_chat_fits(struct http_exchange *x)
{
    const char *length = http_header(x, "content-length");
    if (!length || strtod(length, NULL) <= BOTS_BODY_MAX)
        return true;
    web_refuse(x, 413, NULL, RPC_INVALID_REQUEST, "That is longer than a request may be here");
    return false;
}

static const char *header_of_exchange(const struct chat_request *r, const char *name)
{
    return http_header(r->arg, name);
}

static void answer_platform(struct http_exchange *x, const struct chat_taken *t)
{
    const struct http_header headers[] = {
        { "Content-Type", t->type ? t->type : "text/plain; charset=utf-8" },
        { "Cache-Control", "no-store" },
        { 0 },
    };
    http_reply(x, t->status, headers, t->body, t->body ? strlen(t->body) : 0);
}

/* One who guesses signatures waits; who sent a right one lately from there does not. */
static bool must_platform_wait(struct web *w, struct http_exchange *x)
{
    double wait = source_wait(w->sources, x->peer, x->path);
    if (wait <= 0)
        return false;
    const struct http_header headers[] = {
        { "Retry-After", arena_printf(x->arena, "%d", (int)wait + 1) },
        { 0 },
    };
    http_reply(x, 429, headers, NULL, 0);
    return true;
}

struct way_in {
    enum bots_verdict (*take)(struct bots *b, struct arena *a, const struct chat_request *r,
                              struct chat_taken *out, struct err *e);
    const char *door; /* for the audit of what is forged */
    const char *none; /* said where there is nobody of that name */
};

static void take_for_bots(struct web *w, struct http_exchange *x, const struct way_in *in)
{
    struct err e = { 0 };
    struct chat_taken taken = { 0 };
    const struct chat_request r = {
        .method = x->method,
        .path = x->path,
        .query = x->query,
        .header = header_of_exchange,
        .body = x->body,
        .len = x->body_len,
        .now_ms = (int64_t)(when_now() * 1000),
        .arg = x,
    };
    if (x->body_len > BOTS_BODY_MAX) {
        web_refuse(x, 413, NULL, RPC_INVALID_REQUEST, "That is longer than a request may be here");
        return;
    }
    if (must_platform_wait(w, x))
        return;
    static const char *const became[] = { [BOTS_NONE] = "no such bot",
                                          [BOTS_FORGED] = "forged",
                                          [BOTS_UNREAD] = "unread",
                                          [BOTS_TAKEN] = "taken" };
    enum bots_verdict v = w->bots ? in->take(w->bots, x->arena, &r, &taken, &e) : BOTS_NONE;
    meter_count(METER_CHATS, in->door, became[v], 1);
    if (v == BOTS_NONE)
        web_refuse(x, 404, NULL, RPC_INVALID_REQUEST, in->none);
    if (v == BOTS_FORGED)
        source_wrong(w->sources, x->peer, in->door, false);
    if (v == BOTS_TAKEN && !taken.unproven)
        source_right(w->sources, x->peer, x->path);
    if (v != BOTS_NONE)
        answer_platform(x, &taken);
}

void web_chat(struct web *w, struct http_exchange *x)
{
    take_for_bots(w, x, &(struct way_in){ bots_take, "chat", "There is no such bot here" });
}

void web_alert(struct web *w, struct http_exchange *x)
{
    take_for_bots(
        w, x, &(struct way_in){ alerts_take, "alerts", "There is no such source of alerts here" });
}
