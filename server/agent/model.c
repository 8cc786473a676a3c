/* model.c - a request to the model's API, the stream that answers it, and when it is repeated. */
#include "agent/model_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "mask/mask.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "net/sse.h"
#include <stdlib.h>

enum {
    ATTEMPTS = 4,
    EVENT_MAX = 4 << 20,   /* bytes of one event */
    STREAM_MAX = 64 << 20, /* of one stream */
    WORDS_MAX = 600,       /* of what an API says, in our errors */
};

/* One attempt. */
struct exchange {
    struct model *model;
    struct arena *arena;
    struct fetch_answer answer;
    struct reply *reply;
    struct sse *events;
    struct buf *plain; /* of an answer that is no stream */
    size_t received;
    bool too_long;
    bool again;     /* it may be repeated */
    double seconds; /* after these; negative: the API does not say */
};

/* -- what comes ---------------------------------------------------------------------------------
 */

static void take_stream_event(void *arg, const char *name, const char *data, size_t n)
{
    struct exchange *x = arg;
    struct arena *a = arena_new_small();
    const cJSON *tree = json_parse(a, data, n, &(struct err){ 0 });
    if (tree) {
        x->model->api->event(x->reply, name, tree);
    } else if (strcmp(data, "[DONE]") != 0) {
        x->reply->wrong = "one of its events is not JSON";
        x->reply->wrong_passes = true;
    }
    arena_free(a);
}

static bool is_stream(const struct exchange *x)
{
    const char *type = fetch_answer_header(&x->answer, "content-type");
    return type && text_contains_nocase(type, "event-stream");
}

static bool take_bytes(void *arg, const char *bytes, size_t n)
{
    struct exchange *x = arg;
    x->received += n;
    bool fits = x->received <= STREAM_MAX;
    fits = fits && (is_stream(x) ? sse_feed(x->events, bytes, n) : buf_add(x->plain, bytes, n));
    x->too_long = !fits || x->reply->too_long;
    return !x->too_long;
}

/* -- what went wrong ----------------------------------------------------------------------------
 */

/* The API's own words, harmless and without the key. */
static const char *words_of_api(const struct exchange *x, const char *body, size_t n)
{
    struct arena *a = x->arena;
    struct secret_set *key = secret_set_new(a);
    const cJSON *tree = json_parse(a, body, n, &(struct err){ 0 });
    const cJSON *error = json_get(tree, "error");
    const char *text = json_str(error, "message");
    text = text ? text : cJSON_IsString(error) ? error->valuestring : json_str(tree, "message");
    const char *code = json_str(error, "code"), *type = json_str(error, "type");
    code = code ? code : type;
    text = text ? text : arena_strndup(a, body, n < 4 * WORDS_MAX ? n : 4 * WORDS_MAX);
    if (x->model->config->key)
        secret_set_add(key, x->model->config->key);
    if (code)
        text = arena_printf(a, "%s (%s)", text, code);
    return text_clean(a, mask_shapes(a, mask_quoting(a, key, text)), WORDS_MAX);
}

static void judge_retry(struct exchange *x)
{
    const char *should = fetch_answer_header(&x->answer, "x-should-retry");
    const char *ms = fetch_answer_header(&x->answer, "retry-after-ms");
    int status = x->answer.status;
    x->again = status == 408 || status == 409 || status == 429 || status >= 500;
    if (should)
        x->again = !strcmp(should, "true");
    x->seconds =
        ms ? strtod(ms, NULL) / 1000 : when_retry(fetch_answer_header(&x->answer, "retry-after"));
}

static bool is_too_long(const char *words)
{
    static const char *const signs[] = { "context_length_exceeded", "maximum context length",
                                         "prompt is too long", "context window" };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (text_contains_nocase(words, signs[i]))
            return true;
    return false;
}

static bool explain_refusal(struct exchange *x, bool *full, struct err *e)
{
    const char *body = x->answer.body ? x->answer.body : "";
    const char *words = words_of_api(x, body, x->answer.len), *host = x->model->config->url;
    int status = x->answer.status;
    judge_retry(x);
    if (strstr(body, "insufficient_quota"))
        x->again = false;
    *full = (status == 400 || status == 413) && is_too_long(words);
    if (*words)
        return err_status(e, ERR_GATEWAY, status, "the model's API at %s answered %d: %s", host,
                          status, words);
    return err_status(e, ERR_GATEWAY, status, "the model's API at %s answered %d without a word",
                      host, status);
}

/* A 2xx answer: is there a whole reply in it? */
static bool take_reply(struct exchange *x, struct err *e)
{
    struct reply *r = x->reply;
    const char *host = x->model->config->url;
    if (x->too_long)
        return err_set(e, ERR_GATEWAY, "the reply of the model at %s is longer than is taken",
                       host);
    if (is_stream(x)) {
        sse_end(x->events);
    } else {
        const cJSON *tree = json_parse(x->arena, x->plain->data, x->plain->len, &(struct err){ 0 });
        if (tree)
            x->model->api->whole(r, tree);
    }
    if (r->wrong) {
        x->again = r->wrong_passes;
        return err_set(e, ERR_GATEWAY, "the model at %s gave up: %s", host,
                       words_of_api(x, r->wrong, strlen(r->wrong)));
    }
    if (!r->begun && !is_stream(x))
        return err_set(e, ERR_GATEWAY,
                       "%s answered 200, but no reply of a model: %s; is model.url the base of its "
                       "API, and model.api what it speaks?",
                       host, words_of_api(x, x->plain->data, x->plain->len));
    x->again = true;
    if (r->end == REPLY_CUT)
        return err_set(e, ERR_NET, "the reply of the model at %s broke off", host);
    return true;
}

/* -- one attempt ----------------------------------------------------------------------------------
 */

static const struct fetch_header *headers_of(const struct model *m, struct arena *a)
{
    struct fetch_header *h = arena_array(a, struct fetch_header, 8);
    const char *name = m->config->key_header ? m->config->key_header : m->api->key_header;
    int n = 0;
    h[n++] = (struct fetch_header){ "content-type", "application/json" };
    h[n++] = (struct fetch_header){ "accept", "text/event-stream, application/json" };
    for (const struct fetch_header *own = m->api->headers; own->name; own++)
        h[n++] = *own;
    bool bearer = text_equal_nocase(name, "authorization");
    if (m->config->key)
        h[n] = (struct fetch_header){ name, bearer ? arena_printf(a, "Bearer %s", m->config->key)
                                                   : m->config->key };
    return h;
}

static struct exchange *exchange_new(struct model *m, struct arena *a)
{
    struct exchange *x = arena_make(a, struct exchange);
    struct reply *r = arena_make(a, struct reply);
    *x = (struct exchange){ .model = m, .arena = a, .reply = r, .seconds = -1 };
    *r = (struct reply){ .arena = a, .text = buf_in(a, REPLY_MAX), .said = m->said };
    r->said_arg = m->arg;
    x->events = sse_new(a, EVENT_MAX, take_stream_event, x);
    x->plain = buf_in(a, EVENT_MAX);
    return x;
}

static bool send_exchange(struct exchange *x, const char *body, struct err *e)
{
    struct model *m = x->model;
    double left = m->until - loop_now(m->loop);
    struct fetch_request r = {
        .to = TO_MODEL,
        .method = "POST",
        .url = arena_printf(x->arena, "%s%s", m->config->url, m->api->path),
        .headers = headers_of(m, x->arena),
        .body = body,
        .body_len = strlen(body),
        .timeout = left < m->config->timeout ? left : m->config->timeout,
        .max_body = EVENT_MAX,
        .ca_file = m->config->ca_file,
        .sink = take_bytes,
        .sink_arg = x,
        .cancel = m->cancel,
        .repeatable = true,
    };
    if (fetch(m->loop, x->arena, &r, &x->answer, e))
        return true;
    x->again = e->kind == ERR_NET;
    return err_at(e, "the model");
}

static bool attempt_exchange(struct exchange *x, const char *body, bool *full, struct err *e)
{
    bool taken = send_exchange(x, body, e) &&
                 (x->answer.status / 100 == 2 ? take_reply(x, e) : explain_refusal(x, full, e));
    if (!taken && x->reply->begun)
        x->model->lost(x->model->arg, &x->reply->usage);
    return taken;
}

/* -- and again ------------------------------------------------------------------------------------
 */

/* Doubled each time, up to 8 seconds, and up to a quarter less, so that many do not come at once.
 */
static double pause_after(int tries)
{
    unsigned char dice;
    crypto_random(&dice, 1);
    double seconds = 0.5 * (1 << tries);
    return (seconds < 8 ? seconds : 8) * (1 - dice / 1024.0);
}

struct reply *model_reply(struct model *m, struct arena *a, const struct history *h, bool *full,
                          struct err *e)
{
    const char *body = json_print(a, m->api->request(a, m->config, h));
    *full = false;
    for (int tries = 0;; tries++) {
        struct exchange *x = exchange_new(m, a);
        struct err why = { 0 };
        if (attempt_exchange(x, body, full, &why)) {
            m->api->finish(x->reply);
            return x->reply;
        }
        double seconds = x->seconds >= 0 ? x->seconds : pause_after(tries);
        bool late = loop_now(m->loop) + seconds >= m->until;
        if (!x->again || *full || m->cancel->fired || tries + 1 == ATTEMPTS || late) {
            const char *more = late && x->again ? "; there is no time left to ask again" : "";
            err_status(e, why.kind, why.status, "%s%s", why.text, more);
            return NULL;
        }
        m->again(m->arg, seconds, why.text);
        if (!nap(m->loop, seconds, m->cancel, e))
            return NULL;
    }
}
