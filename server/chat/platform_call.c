/* platform_call.c - a call of a platform's API, and tokens that are given for a time. What counts
 * as success and where an API puts its words is the same few members everywhere: failure_words. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "chat/platform_private.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <stdlib.h>

static const double SLICE = 0.25; /* seconds */
enum { WORDS = 300 };

/* By which platforms say "too many", beside HTTP 429: Feishu; DingTalk's older calls; WeCom: calls
 * in a time, calls at once. */
static const double too_many_codes[] = { 99991400, 90018, CHAT_WECOM_OFTEN, CHAT_WECOM_AT_ONCE };
/* DingTalk: "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi" with 403, for a second. */
static const char too_many_word[] = ".QpsLimitFor";

bool chat_is_too_many(const cJSON *code)
{
    if (cJSON_IsString(code))
        return strstr(code->valuestring, too_many_word) != NULL;
    for (size_t i = 0; i < sizeof too_many_codes / sizeof *too_many_codes; i++)
        if (cJSON_IsNumber(code) && code->valuedouble == too_many_codes[i])
            return true;
    return false;
}

/* A code or a text, as words. */
static const char *as_words(struct arena *a, const cJSON *node)
{
    if (cJSON_IsNumber(node))
        return arena_printf(a, "%.0f", node->valuedouble);
    return cJSON_IsString(node) && *node->valuestring ? node->valuestring : NULL;
}

static const char *first_words(struct arena *a, const cJSON *o, const char *const *members)
{
    for (; *members; members++) {
        const char *words = as_words(a, json_get(o, *members));
        if (words)
            return words;
    }
    return NULL;
}

/* {"ok":false,"error","response_metadata":{"messages"}}, {"code","msg"}, {"code","message"},
 * {"errcode","errmsg"},
 * {"error":{"code","message"}}, {"error","error_description"}. Its words quote what it was sent:
 * known secrets and this call's are taken out. */
static const char *failure_words(struct arena *a, const struct chat_ask *q, const cJSON *tree)
{
    static const char *const said[] = { "msg", "message", "errmsg", "error_description", NULL };
    static const char *const coded[] = { "code", "errcode", "error", NULL };
    const cJSON *nested = json_get(tree, "error");
    const cJSON *o = cJSON_IsObject(nested) ? nested : tree;
    const char *words = first_words(a, o, said), *code = first_words(a, o, coded);
    if (words && code)
        words = arena_printf(a, "%s (%s)", words, code);
    words = words ? words : code ? code : "no word";
    const cJSON *more = cJSON_GetArrayItem(json_path(tree, "response_metadata.messages"), 0);
    if (cJSON_IsString(more))
        words = arena_printf(a, "%s: %s", words, more->valuestring);
    struct secret_set *sent = secret_set_new(a);
    for (const struct fetch_header *h = q->headers; h && h->name; h++) {
        const char *blank = strchr(h->value, ' ');
        secret_set_add(sent, blank ? blank + 1 : h->value);
    }
    secret_set_add(sent, q->url);
    return text_clean(a, secret_scrub_with(a, sent, words), WORDS);
}

static bool call_succeeded(const struct chat_ask *q, int status, const cJSON *tree)
{
    const cJSON *proof = q->proof ? json_get(tree, q->proof) : NULL;
    if (!q->proof)
        return status / 100 == 2;
    return !strcmp(q->proof, "ok") ? cJSON_IsTrue(proof)
                                   : cJSON_IsNumber(proof) && proof->valuedouble == 0;
}

/* Seconds until it may be asked again; negative: that is not why it failed. */
static double seconds_to_wait(const struct fetch_answer *answer, const cJSON *tree)
{
    if (answer->status != CHAT_TOO_MANY && !chat_is_too_many(json_get(tree, "code")) &&
        !chat_is_too_many(json_get(tree, "errcode")))
        return -1;
    const char *after = fetch_answer_header(answer, "retry-after");
    after = after ? after : fetch_answer_header(answer, "x-ogw-ratelimit-reset");
    double seconds = after ? strtod(after, NULL) : 1;
    return seconds >= 0 ? seconds : 1;
}

static bool send_ask(struct chat_account *c, struct arena *a, const struct chat_ask *q,
                     struct fetch_answer *answer, struct err *e)
{
    struct fetch_header headers[8] = { 0 };
    int n = 0;
    const char *body = q->body;
    size_t len = q->len;
    if (q->json) {
        body = json_print(a, q->json);
        len = strlen(body);
    }
    for (const struct fetch_header *h = q->headers; h && h->name && n < 5; h++)
        headers[n++] = *h;
    headers[n++] = (struct fetch_header){ "Accept", "application/json" };
    if (body)
        headers[n] = (struct fetch_header){ "Content-Type",
                                            q->json ? "application/json; charset=utf-8" : q->type };
    const struct fetch_request r = {
        .to = TO_CHAT,
        .method = q->method ? q->method : "POST",
        .url = q->url,
        .shown = arena_printf(a, "%s of %s", q->what, c->platform->title),
        .headers = headers,
        .body = body,
        .body_len = len,
        .timeout = CHAT_SECONDS,
        .max_body = CHAT_ANSWER_MAX,
        .ca_file = c->config->ca_file,
        .proxy = c->config->proxy,
    };
    return fetch(c->loop, a, &r, answer, e);
}

/* One attempt. *wait: seconds after which another makes sense; negative: none does. */
static const cJSON *try_ask(struct chat_account *c, struct arena *a, const struct chat_ask *q,
                            double *wait, struct err *e)
{
    struct fetch_answer answer = { 0 };
    *wait = -1;
    if (!send_ask(c, a, q, &answer, e))
        return NULL;
    const cJSON *tree = json_parse(a, answer.body, answer.len, &(struct err){ 0 });
    if (call_succeeded(q, answer.status, tree))
        return tree ? tree : json_object(a);
    *wait = seconds_to_wait(&answer, tree);
    err_status(e, ERR_GATEWAY, *wait < 0 ? answer.status : CHAT_TOO_MANY,
               "%s refused %s with HTTP %d: %s", c->platform->title, q->what, answer.status,
               failure_words(a, q, tree));
    return NULL;
}

/* In slices: several wait at a time, and one alone would be woken when the account ends. */
bool chat_wait(struct chat_account *c, double seconds, struct err *e)
{
    double until = loop_now(c->loop) + seconds;
    for (double left; (left = until - loop_now(c->loop)) > 0;) {
        if (c->ended->fired)
            return err_set(e, ERR_GONE, "the account ended while %s was waited for",
                           c->platform->title);
        if (!nap_for(c->loop, left < SLICE ? left : SLICE, "waits for", c->platform->title, NULL,
                     e))
            return false;
    }
    return true;
}

const cJSON *chat_call(struct chat_account *c, struct arena *a, const struct chat_ask *q,
                       struct err *e)
{
    double wait, again;
    struct err first = { 0 };
    const cJSON *answer = try_ask(c, a, q, &wait, &first);
    if (answer)
        return answer;
    if (wait >= 0 && wait <= CHAT_WAIT) {
        if (!chat_wait(c, wait, e))
            return NULL;
        first = (struct err){ 0 };
        answer = try_ask(c, a, q, &again, &first);
    }
    if (!answer)
        err_status(e, first.kind, first.status, "%s%s", first.text,
                   wait > CHAT_WAIT ? "; it asks for a longer pause than is waited here" : "");
    return answer;
}

struct buf *chat_multipart(struct arena *a, const struct fetch_header *fields, const char *part,
                           const char *name, const char *bytes, size_t len, const char **type)
{
    const char *boundary = crypto_token(a, 18);
    char *safe = text_clean(a, name, 200);
    struct buf *b = buf_in(a, len + 4096);
    for (char *c; (c = strpbrk(safe, "\"\\"));)
        *c = '_';
    for (; fields->name; fields++)
        buf_printf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary,
                   fields->name, fields->value);
    buf_printf(b,
               "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
               "Content-Type: application/octet-stream\r\n\r\n",
               boundary, part, safe);
    buf_add(b, bytes, len);
    buf_printf(b, "\r\n--%s--\r\n", boundary);
    *type = arena_printf(a, "multipart/form-data; boundary=%s", boundary);
    return b;
}

/* -- tokens that are given for a time --------------------------------------------------------- */

const char *chat_token_of(struct chat_account *c, struct arena *a, struct chat_token *t,
                          const struct chat_ask *q, const char *text, const char *seconds,
                          struct err *e)
{
    if (loop_now(c->loop) < t->until)
        return t->text;
    const cJSON *answer = chat_call(c, a, q, e);
    const char *token = answer ? chat_text_of(answer, text) : NULL;
    if (answer && (!token || strlen(token) >= CHAT_TOKEN_MAX))
        err_set(e, ERR_GATEWAY, "%s answered %s without a token that can be used",
                c->platform->title, q->what);
    if (!token || strlen(token) >= CHAT_TOKEN_MAX)
        return NULL;
    double lasts = json_num(answer, seconds, 0);
    memcpy(t->text, token, strlen(token) + 1);
    t->until =
        loop_now(c->loop) + (lasts > 2 * CHAT_TOKEN_EARLY ? lasts - CHAT_TOKEN_EARLY : lasts / 2);
    return t->text;
}

const cJSON *chat_call_with(struct chat_account *c, struct arena *a, struct chat_token *t,
                            const struct chat_ask *q, struct err *e)
{
    const cJSON *answer = chat_call(c, a, q, e);
    if (!answer && e->status >= 400 && e->status <= 403)
        t->until = 0;
    return answer;
}
