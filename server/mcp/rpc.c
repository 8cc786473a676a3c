/* rpc.c - reads and prints JSON-RPC messages.
 *
 * The tree comes from json_parse; only ids and progress tokens are taken from the raw text as well,
 * because the tree holds numbers as doubles. What is printed is put together from texts that are
 * JSON already.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "mcp/rpc_private.h"

#include <math.h>

enum { MAX_ID = 256, MAX_MESSAGE = 64 << 20 };

/* s is at a quote: the closing one, or the end. */
static const char *string_end(const char *s, const char *end)
{
    for (s++; s < end && *s != '"'; s++)
        if (*s == '\\')
            s++;
    return s;
}

/* The end of the JSON value that begins at s; the text is known to be well-formed. */
static const char *json_value_end(const char *s, const char *end)
{
    int depth = 0;
    for (; s < end; s++) {
        if (*s == '"') {
            s = string_end(s, end);
        } else if (*s == '{' || *s == '[') {
            depth++;
        } else if (*s == '}' || *s == ']') {
            if (depth-- == 0)
                return s;
        } else if (*s == ',' && depth == 0) {
            return s;
        }
    }
    return end;
}

static const char *skip_blanks(const char *s, const char *end)
{
    while (s < end && (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n'))
        s++;
    return s;
}

/* The raw text of a member of the object that begins at s: [*from, *to). The last one of that name
 * counts, as in the tree; once: there are no two. */
static bool raw_member(const char *s, const char *end, const char *key, bool once,
                       const char **from, const char **to)
{
    size_t n = strlen(key);
    bool found = false;
    s = skip_blanks(s, end);
    if (s == end || *s != '{')
        return false;
    for (s = skip_blanks(s + 1, end); s < end && *s == '"'; s = skip_blanks(s + 1, end)) {
        const char *name = s + 1;
        for (s++; s < end && *s != '"'; s++)
            s += *s == '\\';
        bool here = (size_t)(s - name) == n && !memcmp(name, key, n);
        const char *value = skip_blanks(skip_blanks(s + 1, end) + 1, end);
        s = json_value_end(value, end);
        if (here) {
            found = true;
            *from = value;
            *to = s;
            end = once ? s : end;
        }
        if (s == end || *s == '}')
            break;
    }
    return found;
}

/* A string or a whole number, as its raw text; NULL when it is neither, or too long. */
static char *token_text(struct arena *a, const cJSON *node, const char *from, const char *to)
{
    if (!cJSON_IsString(node) && !cJSON_IsNumber(node))
        return NULL;
    if (cJSON_IsNumber(node) && floor(node->valuedouble) != node->valuedouble)
        return NULL;
    if (!from)
        return json_print(a, node);
    while (to > from && strchr(" \t\r\n", to[-1]))
        to--;
    return to - from > MAX_ID ? NULL : arena_strndup(a, from, (size_t)(to - from));
}

const char *rpc_next(const char *text, const char *end, const char **from)
{
    text = skip_blanks(text, end);
    if (text == end || *text == ']')
        return NULL;
    text = skip_blanks(text + 1, end); /* behind the bracket or the comma */
    if (text == end || *text == ']')
        return NULL;
    *from = text;
    return json_value_end(text, end);
}

static bool invalid(struct err *e, int code, const char *what)
{
    return err_status(e, ERR_PROTO, code, "%s", what);
}

static void find_progress_token(struct arena *a, const char *text, size_t n, struct rpc *out)
{
    const cJSON *token = json_get(json_get(out->params, "_meta"), "progressToken");
    const char *from = text;
    const char *to = text + n;
    if (!token)
        return;
    if (!raw_member(from, to, "params", true, &from, &to) ||
        !raw_member(from, to, "_meta", true, &from, &to) ||
        !raw_member(from, to, "progressToken", true, &from, &to))
        from = NULL;
    out->progress_token = token_text(a, token, from, to);
}

static void find_request_id(struct arena *a, const char *text, size_t n, struct rpc *out)
{
    const cJSON *id = out->kind == RPC_NOTIFICATION ? json_get(out->params, "requestId") : NULL;
    const char *from = text;
    const char *to = text + n;
    if (id && raw_member(from, to, "params", true, &from, &to) &&
        raw_member(from, to, "requestId", true, &from, &to))
        out->about = token_text(a, id, from, to);
}

bool rpc_same_id(const char *x, const char *y)
{
    if (!strcmp(x, y))
        return true;
    if (*x != '"' || *y != '"')
        return false;
    struct arena *a = arena_new();
    const cJSON *one = json_parse(a, x, strlen(x), NULL),
                *other = json_parse(a, y, strlen(y), NULL);
    bool same = one && other && json_equal(one, other);
    arena_free(a);
    return same;
}

/* What kind of message, once it is known to be an object with a readable id (or none). */
static bool classify(const cJSON *root, const cJSON *id, struct rpc *out, struct err *e)
{
    const cJSON *method = json_get(root, "method");
    const char *version = json_str(root, "jsonrpc");
    if (!version || strcmp(version, "2.0"))
        return invalid(e, RPC_INVALID_REQUEST, "Invalid request: \"jsonrpc\" must be \"2.0\"");
    if (id && !out->id)
        return invalid(e, RPC_INVALID_REQUEST,
                       "Invalid request: \"id\" must be a string or a whole number, of at most "
                       "256 bytes");
    out->result = json_get(root, "result");
    out->error = json_get(root, "error");
    if (!method && out->id && (out->result || out->error)) {
        out->kind = RPC_RESPONSE;
        return true;
    }
    out->method = json_str(root, "method");
    if (!out->method)
        return invalid(e, RPC_INVALID_REQUEST, "Invalid request: \"method\" must be a string");
    out->kind = out->id ? RPC_REQUEST : RPC_NOTIFICATION;
    return true;
}

static const char *read_id(struct arena *a, const cJSON *id, const char *text, size_t n, bool once)
{
    const char *from = NULL;
    const char *to = NULL;
    raw_member(text, text + n, "id", once, &from, &to);
    return token_text(a, id, from, to);
}

/* Somebody between the client and us may have judged the other one. An answer to a question of ours
 * has our id: it is refused without. */
static bool refuse_twice(struct arena *a, const char *key, struct rpc *out, struct err *e)
{
    if (out->kind == RPC_RESPONSE)
        out->id = NULL;
    return err_status(e, ERR_PROTO, RPC_INVALID_REQUEST,
                      "Invalid request: an object of it has the member \"%s\" twice",
                      text_clean(a, key, 64));
}

bool rpc_parse(struct arena *a, const char *text, size_t n, struct rpc *out, struct err *e)
{
    *out = (struct rpc){ 0 };
    struct err why = { 0 };
    const char *twice = NULL;
    const cJSON *root = json_parse_telling(a, text, n, &twice, &why);
    if (!root)
        return err_status(e, ERR_PROTO, RPC_PARSE_ERROR, "Parse error: %s", why.text);
    if (cJSON_IsArray(root))
        return invalid(e, RPC_INVALID_REQUEST,
                       "Invalid request: batches are not part of this protocol revision");
    if (!cJSON_IsObject(root))
        return invalid(e, RPC_INVALID_REQUEST, "Invalid request: not a JSON object");
    const cJSON *id = json_get(root, "id");
    if (id)
        out->id = read_id(a, id, text, n, !twice);
    if (!classify(root, id, out, e))
        return false;
    if (twice)
        return refuse_twice(a, twice, out, e);
    const cJSON *params = json_get(root, "params");
    if (params && !cJSON_IsObject(params) && !cJSON_IsNull(params))
        return invalid(e, RPC_INVALID_PARAMS, "Invalid params: \"params\" must be an object");
    out->params = cJSON_IsObject(params) ? params : NULL;
    find_progress_token(a, text, n, out);
    find_request_id(a, text, n, out);
    return true;
}

/* Put together by copies into one block: answers are long, and this is the way of each. */
char *rpc_result(struct arena *a, const char *id, const char *result)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":", middle[] = ",\"result\":";
    size_t id_n = strlen(id), result_n = strlen(result);
    if (result_n > MAX_MESSAGE)
        return rpc_error(a, id, RPC_INTERNAL, "The answer is over 64 MiB", NULL);
    char *text = arena_alloc(a, sizeof head + id_n + sizeof middle + result_n);
    char *at = mempcpy(text, head, sizeof head - 1);
    at = mempcpy(at, id, id_n);
    at = mempcpy(at, middle, sizeof middle - 1);
    at = mempcpy(at, result, result_n);
    *at = '}'; /* the block is zeroed: the NUL stands behind it */
    return text;
}

char *rpc_error(struct arena *a, const char *id, int code, const char *message, const char *data)
{
    struct buf *b = buf_in(a, MAX_MESSAGE);
    buf_str(b, "{\"jsonrpc\":\"2.0\",");
    if (id)
        buf_printf(b, "\"id\":%s,", id);
    buf_printf(b, "\"error\":{\"code\":%d,\"message\":", code);
    buf_json_string(b, message, strlen(message));
    if (data)
        buf_printf(b, ",\"data\":%s", data);
    buf_str(b, "}}");
    return b->data;
}

static char *outgoing(struct arena *a, const char *id, const char *method, const char *params)
{
    struct buf *b = buf_in(a, MAX_MESSAGE);
    buf_str(b, "{\"jsonrpc\":\"2.0\",");
    if (id)
        buf_printf(b, "\"id\":%s,", id);
    buf_printf(b, "\"method\":\"%s\",\"params\":", method);
    buf_str(b, params);
    buf_char(b, '}');
    return b->data;
}

char *rpc_notification(struct arena *a, const char *method, const char *params)
{
    return outgoing(a, NULL, method, params);
}

char *rpc_request(struct arena *a, const char *id, const char *method, const char *params)
{
    return outgoing(a, id, method, params);
}
