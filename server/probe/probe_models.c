/* probe_models.c - a provider's list of models, asked for with each of its keys: is the key good?
 *
 * The key goes out only over verified TLS, or to this host's loopback, and in no answer: of what
 * comes back the status, the number of models and, where it repeats no part of a key, the words of
 * a refusal are told. A type whose call is known is a row of `calls`. Sources: the providers'
 * documents; Higress' ai-proxy.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "mask/mask.h"
#include "net/fetch.h"
#include "probe/probe_private.h"
#include <string.h>

enum { KEYS = 8, PART = 6, HEADERS = 4 };

static const struct model_call {
    const char *type, *path;
    const char *header;  /* that carries the key */
    const char *before;  /* the key in it */
    const char *setting; /* of rawConfigs: a URL or path whose path takes the place of path's first
                            part; NULL: none */
} calls[] = {
    { "openai", "/v1/models", "Authorization", "Bearer ", "openaiCustomUrl" },
    { "vllm", "/v1/models", "Authorization", "Bearer ", "vllmCustomUrl" },
    { "claude", "/v1/models", "x-api-key", "", NULL },
    { "gemini", "/v1beta/models", "x-goog-api-key", "", NULL },
    { "qwen", "/compatible-mode/v1/models", "Authorization", "Bearer ", NULL },
    { "moonshot", "/v1/models", "Authorization", "Bearer ", NULL },
    { "deepseek", "/models", "Authorization", "Bearer ", NULL },
    { "groq", "/openai/v1/models", "Authorization", "Bearer ", NULL },
    { "mistral", "/v1/models", "Authorization", "Bearer ", NULL },
    { "grok", "/v1/models", "Authorization", "Bearer ", NULL },
    { "ollama", "/v1/models", "Authorization", "Bearer ", NULL },
};

static const struct model_call *call_of(const cJSON *provider)
{
    const char *type = json_text(provider, "type");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(calls[i].type, type))
            return &calls[i];
    return NULL;
}

/* "https://h/base/v1/chat/completions" and "https://h/base/v1": /base/v1/models. */
static const char *models_path(struct arena *a, const struct model_call *call,
                               const cJSON *provider)
{
    static const char chat[] = "/chat/completions";
    const char *url =
        call->setting ? json_str(json_get(provider, "rawConfigs"), call->setting) : NULL;
    const char *host = url ? strstr(url, "://") : NULL;
    const char *path = host ? strchr(host + 3, '/') : NULL;
    size_t n = path ? strcspn(path, "?#") : 0;
    char *base = arena_strndup(a, path ? path : "", n);
    if (text_ends(base, chat))
        base[strlen(base) - strlen(chat)] = '\0';
    while (text_ends(base, "/"))
        base[strlen(base) - 1] = '\0';
    return *base ? arena_printf(a, "%s/models", base) : call->path;
}

/* -- what may be said of an answer ---------------------------------------------------------------
 */

static bool repeats_part(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i + PART <= n; i++)
        if (memmem(text, strlen(text), key + i, PART))
            return true;
    return n > 0 && n < PART && strstr(text, key);
}

static const char *refusal_in_words(struct arena *a, const cJSON *provider,
                                    const struct fetch_answer *answer)
{
    struct err ignored = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &ignored), *key;
    const cJSON *error = json_get(o, "error");
    const char *said = json_str(error, "message");
    if (!said)
        said = cJSON_IsString(error) ? error->valuestring : json_str(o, "message");
    if (!said)
        return arena_printf(a, "%zu bytes without a message", answer->len);
    cJSON_ArrayForEach(key, json_get(provider, "tokens"))
    {
        if (cJSON_IsString(key) && repeats_part(said, key->valuestring))
            return "its words repeat a part of the key and are not shown";
    }
    return mask_shapes(a, secret_scrub(a, said));
}

/* Of {"data":[…]} or {"models":[…]}; -1: it is no list of models. */
static int count_models(struct arena *a, const struct fetch_answer *answer)
{
    struct err ignored = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &ignored);
    const cJSON *list = json_get(o, "data") ? json_get(o, "data") : json_get(o, "models");
    return cJSON_IsArray(list) ? json_count(list) : -1;
}

static const char *models_outcome(struct arena *a, const struct fetch_answer *answer, int models)
{
    switch (answer->status) {
    case 200:
        return models >= 0 ? "ok" : "no-models";
    case 401:
    case 403:
        return "key-refused";
    case 402:
    case 429:
        return "limited";
    default:
        return arena_printf(a, "http-%d", answer->status);
    }
}

/* -- the calls -----------------------------------------------------------------------------------
 */

/* key NULL: without one. The outcome; NULL: no answer came, which the row says. */
static const char *ask_models(struct knock *k, const struct model_call *call, const char *key,
                              struct fetch_answer *answer, int *models)
{
    struct arena *a = k->party->a;
    const char *version = json_str(json_get(k->provider, "rawConfigs"), "claudeVersion");
    struct fetch_header headers[HEADERS] = { { "Accept", "application/json" } };
    int n = 1;
    if (!strcmp(call->type, "claude"))
        headers[n++] = (struct fetch_header){ "anthropic-version",
                                              version && *version ? version : "2023-06-01" };
    if (key)
        headers[n++] =
            (struct fetch_header){ call->header, arena_printf(a, "%s%s", call->before, key) };
    struct fetch_request r = { .method = "GET", .headers = headers };
    struct err e = { 0 };
    if (!knock_send(k, &r, answer, &e)) {
        knock_failed(k, answer, &e);
        return NULL;
    }
    *models = count_models(a, answer);
    return models_outcome(a, answer, *models);
}

static bool may_carry_keys(const struct knock *k)
{
    return k->tls_name || (k->reach.loopback && reach_is_loopback(k->host));
}

/* A row tells of all keys: the worst of them is its result. */
static bool tell_key(struct knock *k, cJSON *keys, const char *shown, const char *outcome,
                     const struct fetch_answer *answer, int models)
{
    struct arena *a = k->party->a;
    cJSON *o = json_add(a, keys, json_object(a));
    bool good = text_same(outcome, "ok");
    json_set_str(a, o, "key", shown);
    json_set_str(a, o, "result", outcome);
    json_set_num(a, o, "status", answer->status);
    if (good)
        json_set_num(a, o, "models", models);
    else
        json_set_str(a, o, "said", text_clean(a, refusal_in_words(a, k->provider, answer), 200));
    if (!json_str(k->row, "result") || !good)
        json_set_str(a, k->row, "result", outcome);
    return good;
}

static void ask_with_keys(struct knock *k, const struct model_call *call)
{
    struct arena *a = k->party->a;
    cJSON *keys = json_set_array(a, k->row, "keys");
    const cJSON *key, *tokens = json_get(k->provider, "tokens");
    struct fetch_answer answer = { 0 };
    int models = -1, tried = 0;
    bool good = false;
    cJSON_ArrayForEach(key, tokens)
    {
        if (!cJSON_IsString(key) || !key->valuestring[0] || tried++ == KEYS)
            continue;
        const char *outcome = ask_models(k, call, key->valuestring, &answer, &models);
        if (!outcome)
            return;
        good =
            tell_key(k, keys, secret_mask(a, key->valuestring), outcome, &answer, models) || good;
    }
    if (tried && !good)
        return;
    const char *outcome = ask_models(k, call, NULL, &answer, &models);
    if (!outcome)
        return;
    if (!tried)
        tell_key(k, keys, "none", outcome, &answer, models);
    else if (text_same(outcome, "ok"))
        knock_said(k, "it lists its models without a key, too: whether a key is good is not known");
}

void knock_models(struct knock *k)
{
    struct arena *a = k->party->a;
    const struct model_call *call = call_of(k->provider);
    if (!call) {
        json_set_str(a, k->row, "result", "not-probed");
        knock_said(k, arena_printf(a,
                                   "no call that lists models is known of type %s; probe its "
                                   "service by tls",
                                   json_text(k->provider, "type")));
        return;
    }
    k->path = models_path(a, call, k->provider);
    json_set_str(a, k->row, "sent", text_clean(a, arena_printf(a, "GET %s", k->path), 300));
    if (!may_carry_keys(k) && json_count(json_get(k->provider, "tokens")) > 0) {
        json_set_str(a, k->row, "result", "not-probed");
        knock_said(k, "its keys are not sent without TLS");
        return;
    }
    ask_with_keys(k, call);
}
