/* ask_state.c - makes and checks request states. Parsing is strict: exact structure, exact length
 * of the MAC, canonical base64url, constant-time comparison over all that comes before it.
 */
#include "mcp/ask_state.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "gateway/config.h"
#include "gateway/engine.h"
#include "gateway/store.h"
#include "mcp/ask.h"
#include "mcp/mcp.h"
#include <unistd.h>

enum { MAC_CHARS = 43, MAX_STATE = 4096 };

/* The state folder's key, so that a restart, or another process over the same folder, still takes
 * what was signed; without a folder one of this process. Nothing is made for a state that only
 * claims to be ours. */
static const uint8_t *key(struct mcp *m)
{
    struct err ignored = { 0 };
    struct store *s;
    if (m->has_state_key)
        return m->state_key;
    s = m->gateway ? engine_store(mcp_engine(m), &ignored) : NULL;
    if (s)
        store_key(s, "request state", m->state_key);
    else
        crypto_random(m->state_key, sizeof m->state_key);
    m->has_state_key = true;
    return m->state_key;
}

static bool may_be_ours(const struct mcp *m)
{
    char path[1100];
    if (m->has_state_key || !m->config || !m->config->state_dir)
        return m->has_state_key;
    snprintf(path, sizeof path, "%s/state.key", m->config->state_dir);
    return access(path, F_OK) == 0;
}

static char *mac(struct question *q, const char *text, size_t n)
{
    uint8_t out[SHA256_SIZE];
    crypto_hmac(key(q->request->mcp), sizeof q->request->mcp->state_key, text, n, out);
    return base64url_encode(q->request->arena, out, sizeof out);
}

static char *args_digest(struct question *q)
{
    struct arena *a = q->request->arena;
    const char *canonical = q->args ? json_canonical(a, q->args) : "{}";
    return crypto_sha256_hex(a, canonical, strlen(canonical));
}

const char *ask_state_make(struct question *q, const char *id, const char *digest)
{
    struct arena *a = q->request->arena;
    cJSON *payload = json_object(a);
    json_set_str(a, payload, "t", q->tool);
    json_set_str(a, payload, "a", args_digest(q));
    json_set_str(a, payload, "p", q->request->principal);
    json_set_str(a, payload, "i", id);
    json_set_str(a, payload, "d", digest);
    json_set_num(a, payload, "x", (double)time(NULL) + ASK_STATE_SECONDS);
    json_set_str(a, payload, "n", crypto_token(a, 12));
    const char *text = json_print(a, payload);
    const char *head = arena_printf(a, "v1.%s", base64url_encode(a, text, strlen(text)));
    return arena_printf(a, "%s.%s", head, mac(q, head, strlen(head)));
}

static bool same(const cJSON *payload, const char *member, const char *expected)
{
    const char *value = json_str(payload, member);
    return value && !strcmp(value, expected);
}

/* The payload of a state that this server signed, or NULL. */
static const cJSON *signed_payload(struct question *q, const char *text)
{
    struct arena *a = q->request->arena;
    size_t n = strnlen(text, MAX_STATE);
    const char *dot = n < MAX_STATE ? strrchr(text, '.') : NULL;
    if (!dot || strncmp(text, "v1.", 3) || dot < text + 3 || strlen(dot + 1) != MAC_CHARS)
        return NULL;
    if (!may_be_ours(q->request->mcp))
        return NULL;
    const char *expected = mac(q, text, (size_t)(dot - text));
    if (!crypto_equal(expected, dot + 1, MAC_CHARS))
        return NULL;
    size_t len = 0;
    const char *raw = base64url_decode(a, text + 3, (size_t)(dot - text - 3), &len);
    return raw ? json_parse(a, raw, len, NULL) : NULL;
}

bool ask_state_read(struct question *q, const char *text)
{
    const cJSON *payload = signed_payload(q, text);
    if (!payload || json_num(payload, "x", 0) < (double)time(NULL))
        return false;
    if (!same(payload, "t", q->tool) || !same(payload, "a", args_digest(q)) ||
        !same(payload, "p", q->request->principal))
        return false;
    q->retry_id = json_str(payload, "i");
    q->retry_digest = json_str(payload, "d");
    return q->retry_id && q->retry_digest;
}
