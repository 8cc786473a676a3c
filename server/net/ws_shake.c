/* ws_shake.c - the upgrade: a request, and what the server makes of it. A refusal is an answer like
 * any other: it is read and quoted, without what the request held in secret. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/text.h"
#include "net/fetch_error_private.h"
#include "net/ws_private.h"

enum { ANSWER_HEAD_MAX = 16 << 10, REFUSAL_MAX = 4 << 10, WORDS_MAX = 300, NONCE_SIZE = 16 };
enum { STATUS_AT = sizeof "HTTP/1.1 " - 1 };

/* -- the URL -------------------------------------------------------------------------------------
 */

static char *url_part(struct arena *a, CURLU *u, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    if (lib.curl_url_get(u, part, &text, flags) != CURLUE_OK)
        return NULL;
    char *copy = arena_strdup(a, text);
    lib.curl_free(text);
    return copy;
}

/* libcurl of Debian 12 does not know ws: the same address with http's name. */
static const char *http_url(struct arena *a, const char *url)
{
    if (text_starts(url, "ws://"))
        return arena_printf(a, "http%s", url + 2);
    if (text_starts(url, "wss://"))
        return arena_printf(a, "https%s", url + 3);
    return text_starts(url, "http://") || text_starts(url, "https://") ? url : NULL;
}

static void add_secret(struct ws_shake *s, const char *value)
{
    if (value)
        secret_set_add(s->secrets, value);
}

/* The values of the query, as they stand there and as they are meant. */
static void add_query_secrets(struct ws_shake *s, const char *query)
{
    for (const char *at = query; at && *at;) {
        size_t n = strcspn(at, "&");
        const char *is = memchr(at, '=', n);
        const char *value = is ? is + 1 : at;
        size_t len = n - (size_t)(value - at);
        add_secret(s, arena_strndup(s->arena, value, len));
        add_secret(s, text_unpercent(s->arena, value, len));
        at += n + (at[n] == '&');
    }
}

static const char *basic_authorization(struct ws_shake *s, const char *user, const char *password)
{
    if (!user)
        return NULL;
    char *pair = arena_printf(s->arena, "%s:%s", user, password ? password : "");
    char *coded = base64_encode(s->arena, pair, strlen(pair));
    add_secret(s, password);
    add_secret(s, coded);
    return arena_printf(s->arena, "Basic %s", coded);
}

static bool read_url(struct ws_shake *s, CURLU *u, struct err *e)
{
    struct arena *a = s->arena;
    const struct fetch_request *r = &s->options->request;
    const char *url = http_url(a, r->url);
    if (!url || lib.curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK)
        return err_set(e, ERR_ARGS, "%s is no URL of a WebSocket: wss://HOST[:PORT]/PATH is",
                       fetch_shown_url(a, r->url));
    const char *scheme = url_part(a, u, CURLUPART_SCHEME, 0);
    const char *host = url_part(a, u, CURLUPART_HOST, 0);
    const char *port = url_part(a, u, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    const char *path = url_part(a, u, CURLUPART_PATH, 0);
    const char *query = url_part(a, u, CURLUPART_QUERY, 0);
    const char *user = url_part(a, u, CURLUPART_USER, CURLU_URLDECODE);
    const char *password = url_part(a, u, CURLUPART_PASSWORD, CURLU_URLDECODE);
    add_query_secrets(s, query);
    s->target.host = port ? arena_printf(a, "%s:%s", host, port) : host;
    s->target.path = query ? arena_printf(a, "%s?%s", path, query) : path;
    s->target.connect = arena_printf(a, "%s://%s%s", scheme, s->target.host, path);
    s->target.authorization = r->user_pwd_user
                                  ? basic_authorization(s, r->user_pwd_user, r->user_pwd_password)
                                  : basic_authorization(s, user, password);
    return true;
}

/* -- the request ---------------------------------------------------------------------------------
 */

static bool may_be_sent(struct ws_shake *s, struct err *e)
{
    if (!fetch_may_send(s->arena, s->options->request.headers, e))
        return false;
    for (const struct fetch_header *h = s->options->request.headers; h && h->name; h++) {
        add_secret(s, h->value);
        const char *space = strchr(h->value, ' '); /* behind "Bearer" */
        add_secret(s, space ? space + 1 : NULL);
    }
    for (const char *const *p = s->options->protocols; p && *p; p++)
        if (!fetch_is_token(*p))
            return err_set(e, ERR_ARGS, "the subprotocol %s cannot be sent: it is no token",
                           text_clean(s->arena, *p, 60));
    return true;
}

static void *sha1(struct arena *a, const char *text)
{
    const char *hex = crypto_sha1_hex(a, text, strlen(text));
    unsigned char *raw = arena_alloc(a, SHA1_SIZE);
    for (int i = 0; i < SHA1_SIZE; i++)
        sscanf(hex + (ptrdiff_t)2 * i, "%2hhx", &raw[i]);
    return raw;
}

bool ws_shake_begin(struct ws_shake *s, struct err *e)
{
    s->raw = buf_in(s->arena, ANSWER_HEAD_MAX + (1 << 16));
    s->body_len = -1;
    CURLU *u = lib.curl_url();
    if (!u)
        bug("libcurl made no URL");
    bool ok = read_url(s, u, e);
    lib.curl_url_cleanup(u);
    return ok && may_be_sent(s, e);
}

const char *ws_shake_request(struct ws_shake *s, size_t *n)
{
    struct arena *a = s->arena;
    unsigned char nonce[NONCE_SIZE];
    crypto_random(nonce, sizeof nonce);
    const char *key = base64_encode(a, nonce, sizeof nonce);
    const char *proof = arena_printf(a, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    s->accept = base64_encode(a, sha1(a, proof), SHA1_SIZE);

    struct buf *b = buf_in(a, 1 << 20);
    buf_printf(b, "GET %s HTTP/1.1\r\nHost: %s\r\n", s->target.path, s->target.host);
    buf_printf(b,
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
               "Sec-WebSocket-Version: 13\r\n",
               key);
    for (const char *const *p = s->options->protocols; p && *p; p++)
        buf_printf(b, "%s%s", p == s->options->protocols ? "Sec-WebSocket-Protocol: " : ", ", *p);
    if (s->options->protocols && s->options->protocols[0])
        buf_str(b, "\r\n");
    if (s->target.authorization)
        buf_printf(b, "Authorization: %s\r\n", s->target.authorization);
    for (const struct fetch_header *h = s->options->request.headers; h && h->name; h++)
        buf_printf(b, "%s: %s\r\n", h->name, h->value);
    buf_str(b, "\r\n");
    *n = b->len;
    return b->data;
}

/* -- the answer's head ---------------------------------------------------------------------------
 */

static enum ws_shake_got bad_answer(struct err *e, const char *what)
{
    err_set(e, ERR_NET, "%s", what);
    return WS_SHAKE_BAD;
}

static char *bare_value(struct arena *a, const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && strchr(" \t\r\n", end[-1]))
        end--;
    return arena_strndup(a, from, (size_t)(end - from));
}

/* Of "HTTP/1.1 101" and a blank or the line's end; 0: it is another line. */
static int status_in_line(const char *line)
{
    bool begins = text_starts(line, "HTTP/1.1 ") || text_starts(line, "HTTP/1.0 ");
    const char *digits = begins ? line + STATUS_AT : "";
    if (strspn(digits, "0123456789") != 3 || *digits == '0' || !strchr(" \r\n", digits[3]))
        return 0;
    return (int)strtol(digits, NULL, 10);
}

/* "HTTP/1.1 101 …", then lines; false: it is no HTTP. */
static bool read_head(struct ws_shake *s, const char *head, const char *end)
{
    struct arena *a = s->arena;
    int count = 0;
    s->answer->status = status_in_line(head);
    if (s->answer->status == 0)
        return false;
    const char *line = head + strcspn(head, "\n") + 1;
    for (const char *stop; line < end && count < HEADERS_MAX; line = stop + 1) {
        stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        const char *colon = memchr(line, ':', (size_t)(stop - line));
        if (colon)
            s->answer->headers[count++] =
                (struct fetch_header){ text_lower(a, line, (size_t)(colon - line)),
                                       bare_value(a, colon + 1, stop) };
    }
    s->answer->headers[count] = (struct fetch_header){ 0 };
    return true;
}

/* A word of a comma-separated list, in any case of letters. */
static bool lists_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; at && *at;) {
        at += strspn(at, ", \t");
        size_t len = strcspn(at, ", \t");
        if (len == n && strncasecmp(at, word, n) == 0)
            return true;
        at += len;
    }
    return false;
}

static bool judge_protocol(struct ws_shake *s, struct err *e)
{
    const char *chosen = fetch_answer_header(s->answer, "sec-websocket-protocol");
    const char *const *p = s->options->protocols;
    bool offered = p && p[0];
    if (!chosen && !offered)
        return true;
    if (!chosen)
        return err_set(e, ERR_NET,
                       "the server speaks none of the subprotocols that it was offered");
    for (; offered && *p; p++)
        if (strcmp(*p, chosen) == 0) {
            s->chosen = *p;
            return true;
        }
    return err_set(e, ERR_NET, "the server chose the subprotocol '%s', which it was not offered",
                   text_clean(s->arena, chosen, 60));
}

static bool judge_upgrade(struct ws_shake *s, struct err *e)
{
    const char *accept = fetch_answer_header(s->answer, "sec-websocket-accept");
    const char *extensions = fetch_answer_header(s->answer, "sec-websocket-extensions");
    if (!lists_word(fetch_answer_header(s->answer, "upgrade"), "websocket") ||
        !lists_word(fetch_answer_header(s->answer, "connection"), "upgrade"))
        return err_set(e, ERR_NET, "the server answered 101, but to no WebSocket");
    if (!accept || strcmp(accept, s->accept) != 0)
        return err_set(e, ERR_NET,
                       "the server's Sec-WebSocket-Accept does not fit the key that it was sent: "
                       "a cache or another server may have answered");
    if (extensions && *extensions)
        return err_set(e, ERR_NET, "the server uses an extension that nobody asked for");
    return judge_protocol(s, e);
}

static void note_body(struct ws_shake *s)
{
    const char *length = fetch_answer_header(s->answer, "content-length");
    s->chunked = lists_word(fetch_answer_header(s->answer, "transfer-encoding"), "chunked");
    if (length && !s->chunked)
        s->body_len = strtol(length, NULL, 10);
    if (s->answer->status == 204 || s->answer->status == 304)
        s->body_len = 0;
}

static enum ws_shake_got judge_upgrade_answer(struct ws_shake *s, struct err *e)
{
    if (s->answer->status == 101)
        return judge_upgrade(s, e) ? WS_SHAKE_DONE : WS_SHAKE_BAD;
    note_body(s);
    s->refused = true;
    return WS_SHAKE_REFUSED;
}

/* Where the head ends, behind its empty line; 0: not yet. */
static size_t end_of_head(const struct buf *b)
{
    const char *end = memmem(b->data, b->len, "\r\n\r\n", 4);
    return end ? (size_t)(end - b->data) + 4 : 0;
}

/* The head of the final answer, or of an interim one, which is dropped: then MORE. */
static enum ws_shake_got take_answer_head(struct ws_shake *s, size_t end, struct err *e)
{
    if (!read_head(s, s->raw->data, s->raw->data + end))
        return bad_answer(e, "the server's answer is no HTTP/1.1");
    int status = s->answer->status;
    if (status < 200 && status != 101) {
        buf_consume(s->raw, end);
        return WS_SHAKE_MORE;
    }
    s->body_at = end;
    return judge_upgrade_answer(s, e);
}

enum ws_shake_got ws_shake_feed(struct ws_shake *s, const char *bytes, size_t n, struct err *e)
{
    bool fits = buf_add(s->raw, bytes, n);
    if (s->refused)
        return WS_SHAKE_REFUSED;
    size_t end = 0;
    enum ws_shake_got got = WS_SHAKE_MORE;
    do {
        end = end_of_head(s->raw);
        if (!fits || end > ANSWER_HEAD_MAX || (!end && s->raw->len > ANSWER_HEAD_MAX))
            return bad_answer(e, "the head of the server's answer is too large");
        if (memcmp(s->raw->data, "HTTP/", s->raw->len < 5 ? s->raw->len : 5) != 0)
            return bad_answer(e, "the server does not speak HTTP on this port");
        if (end)
            got = take_answer_head(s, end, e);
    } while (end && got == WS_SHAKE_MORE);
    return got;
}

/* -- a refusal -----------------------------------------------------------------------------------
 */

/* What chunks hold, as far as they came; *whole: also the last one. */
static struct buf *unchunked(struct arena *a, const char *at, const char *end, bool *whole)
{
    struct buf *b = buf_in(a, 1 << 16);
    *whole = false;
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        char *stop = NULL;
        long n = line ? strtol(at, &stop, 16) : -1;
        if (n < 0 || stop == at)
            break;
        if (n == 0) {
            *whole = true;
            break;
        }
        at = line + 1;
        size_t piece = n < end - at ? (size_t)n : (size_t)(end - at);
        buf_add(b, at, piece);
        at += piece + 2 < (size_t)(end - at) ? piece + 2 : (size_t)(end - at);
    }
    return b;
}

static size_t wanted_body(const struct ws_shake *s)
{
    size_t max = s->options->request.max_body;
    return max && max < REFUSAL_MAX ? max : REFUSAL_MAX;
}

bool ws_shake_has_body(const struct ws_shake *s)
{
    size_t came = s->raw->len - s->body_at;
    if (s->raw->over || came >= wanted_body(s))
        return true;
    if (s->body_len >= 0)
        return came >= (size_t)s->body_len;
    bool whole = false;
    if (s->chunked)
        unchunked(s->arena, s->raw->data + s->body_at, s->raw->data + s->raw->len, &whole);
    return whole;
}

static void take_refusal_body(struct ws_shake *s)
{
    const char *from = s->raw->data + s->body_at;
    size_t n = s->raw->len - s->body_at;
    bool whole;
    if (s->chunked) {
        struct buf *b = unchunked(s->arena, from, from + n, &whole);
        from = b->data;
        n = b->len;
    }
    n = n < wanted_body(s) ? n : wanted_body(s);
    if (s->body_len >= 0 && (size_t)s->body_len < n)
        n = (size_t)s->body_len;
    s->answer->body = arena_strndup(s->arena, from, n);
    s->answer->len = strlen(s->answer->body);
}

static const char *hint_of(struct ws_shake *s)
{
    struct arena *a = s->arena;
    const char *where = fetch_answer_header(s->answer, "location");
    const char *wait = fetch_answer_header(s->answer, "retry-after");
    int status = s->answer->status;
    if (status >= 300 && status < 400 && where)
        return arena_printf(a, " (to %s; redirects are not followed)", fetch_shown_url(a, where));
    if (wait)
        return arena_printf(a, " (Retry-After: %s)", text_clean(a, wait, 40));
    return "";
}

bool ws_shake_say_refused(struct ws_shake *s, const char *shown, struct err *e)
{
    take_refusal_body(s);
    struct arena *a = s->arena;
    const char *line_end = memchr(s->raw->data, '\r', s->raw->len);
    const char *line = arena_strndup(a, s->raw->data, (size_t)(line_end - s->raw->data));
    const char *reason = strlen(line) > STATUS_AT + 4 ? line + STATUS_AT + 4 : "";
    const char *words = text_clean(a, s->answer->body, WORDS_MAX);
    const char *said =
        arena_printf(a, "%d%s%s%s%s%s", s->answer->status, *reason ? " " : "",
                     text_clean(a, reason, 80), hint_of(s), *words ? ": " : "", words);
    return err_status(e, ERR_NET, s->answer->status,
                      "%s: the server did not upgrade, it answered %s", shown,
                      secret_scrub_with(a, s->secrets, said));
}
