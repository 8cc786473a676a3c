/* fuzz_reply.c - any bytes as the stream of a model, over both APIs: the reply that comes of it is
 * the same however the bytes are split, its calls have names and ids that can be answered, and the
 * message that goes back is JSON.
 * fuzz: -runs=20000 -max_len=2048 -timeout=20
 */
#include "agent/api_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "net/sse.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stream {
    const struct api *api;
    struct reply *reply;
    struct arena *arena;
};

static void take_any_event(void *arg, const char *name, const char *data, size_t n)
{
    struct stream *s = arg;
    const cJSON *tree = json_parse(s->arena, data, n, &(struct err){ 0 });
    if (tree)
        s->api->event(s->reply, name, tree);
}

/* All of the reply, as text. */
static const char *reply_text(struct arena *a, const struct api *api, const uint8_t *data,
                              size_t size, size_t piece)
{
    struct reply *r = arena_make(a, struct reply);
    struct stream s = { api, r, a };
    *r = (struct reply){ .arena = a, .text = buf_in(a, REPLY_MAX) };
    struct sse *events = sse_new(a, 4096, take_any_event, &s);
    for (size_t at = 0; at < size; at += piece)
        if (!sse_feed(events, (const char *)data + at, piece < size - at ? piece : size - at))
            break;
    sse_end(events);
    api->finish(r);
    struct buf *b = buf_in(a, 1 << 24);
    buf_printf(b, "%d %.0f %.0f %s\n%s\n", r->end, r->usage.input, r->usage.output, r->text->data,
               json_print(a, r->message));
    for (int i = 0; i < r->call_count; i++) {
        if (!r->calls[i].id || !*r->calls[i].id)
            bug("fuzz_reply: a call without an id");
        buf_printf(b, "%s %s %s\n", r->calls[i].id, r->calls[i].name ? r->calls[i].name : "-",
                   reply_arguments(&r->calls[i]));
    }
    return b->data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int which = MODEL_OPENAI; which <= MODEL_ANTHROPIC; which++) {
        struct arena *a = arena_new();
        const struct api *api = api_of((enum model_api)which);
        const char *whole = reply_text(a, api, data, size, size ? size : 1);
        for (size_t piece = 1; piece < 8; piece += 3)
            if (strcmp(whole, reply_text(a, api, data, size, piece)) != 0)
                bug("fuzz_reply: another reply in pieces of %zu bytes", piece);
        arena_free(a);
    }
    return 0;
}
