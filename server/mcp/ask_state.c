/* ask_state.c - makes and opens request states. What is not exactly a text that was sealed here
 * does not open.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "mcp/ask.h"
#include "mcp/ask_state_private.h"
#include "mcp/mcp.h"
#include "store/store.h"
#include <unistd.h>

enum { MAX_STATE = 4096 };
static const char begin[] = "v2.", context[] = "request state";

/* The state folder's key, so that a restart, or another process over the same folder, still takes
 * what was sealed; without a folder one of this process. Nothing is made for a state that only
 * claims to be ours. */
static const uint8_t *key(struct mcp *m)
{
    struct err ignored = { 0 };
    struct store *s;
    if (m->has_state_key)
        return m->state_key;
    s = m->service->gateway ? engine_store(service_engine(m->service), &ignored) : NULL;
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

static char *args_digest(struct question *q)
{
    struct arena *a = q->request->arena;
    const char *canonical = q->args ? json_canonical(a, q->args) : "{}";
    return crypto_sha256_hex(a, canonical, strlen(canonical));
}

const char *ask_state_make(struct question *q, const struct shown *what)
{
    struct arena *a = q->request->arena;
    cJSON *payload = json_object(a);
    json_set_str(a, payload, "t", q->tool);
    json_set_str(a, payload, "a", args_digest(q));
    json_set_str(a, payload, "p", q->request->principal);
    json_set_str(a, payload, "i", what->id);
    json_set_str(a, payload, "d", what->plan);
    json_set_str(a, payload, "r", what->rendering);
    json_set_str(a, payload, "w", what->word);
    json_set_num(a, payload, "x", (double)time(NULL) + ASK_STATE_SECONDS);
    json_set_str(a, payload, "n", crypto_token(a, 12));
    const char *text = json_print(a, payload);
    return arena_printf(a, "%s%s", begin,
                        crypto_seal(a, key(q->request->mcp), context, text, strlen(text)));
}

static bool payload_has(const cJSON *payload, const char *member, const char *expected)
{
    const char *value = json_str(payload, member);
    return value && !strcmp(value, expected);
}

/* The payload of a state that this server sealed, or NULL. */
static const cJSON *sealed_payload(struct question *q, const char *text)
{
    struct arena *a = q->request->arena;
    if (strnlen(text, MAX_STATE) == MAX_STATE || !text_starts(text, begin) ||
        !may_be_ours(q->request->mcp))
        return NULL;
    size_t n = 0;
    const char *raw = crypto_open(a, key(q->request->mcp), context, text + strlen(begin), &n);
    return raw ? json_parse(a, raw, n, NULL) : NULL;
}

bool ask_state_read(struct question *q, const char *text)
{
    const cJSON *payload = sealed_payload(q, text);
    if (!payload || json_num(payload, "x", 0) < (double)time(NULL))
        return false;
    if (!payload_has(payload, "t", q->tool) || !payload_has(payload, "a", args_digest(q)) ||
        !payload_has(payload, "p", q->request->principal))
        return false;
    q->retry = (struct shown){ json_str(payload, "i"), json_str(payload, "d"),
                               json_str(payload, "r"), json_str(payload, "w") };
    return q->retry.id && q->retry.plan;
}
