/* accesslog_line.c - one line of the access log as an object of clean strings.
 *
 * The format is Higress': text that spells JSON, with keys in a fixed order and values that Envoy
 * does not escape. A key added to the format must be added to `keys` in its place.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/accesslog.h"
#include "gateway/mask.h"
#include <string.h>

enum { MAX_VALUE = 512 };

static const char *const keys[] = {
    "ai_log",
    "authority",
    "bytes_received",
    "bytes_sent",
    "downstream_local_address",
    "downstream_remote_address",
    "duration",
    "istio_policy_status",
    "method",
    "path",
    "protocol",
    "request_id",
    "requested_server_name",
    "response_code",
    "response_flags",
    "route_name",
    "start_time",
    "trace_id",
    "upstream_cluster",
    "upstream_host",
    "upstream_local_address",
    "upstream_service_time",
    "upstream_transport_failure_reason",
    "user_agent",
    "x_forwarded_for",
    "response_code_details",
    NULL,
};

/* What of ai_log is told: figures and names, nothing that a person or a model wrote. */
static const char *const ai_keys[] = {
    "model",
    "request_model",
    "consumer",
    "input_token",
    "output_token",
    "total_token",
    "llm_first_token_duration",
    "llm_service_duration",
    "response_type",
    "token_ratelimit_status",
    "chat_round",
    "cached_tokens",
    "reasoning_tokens",
    NULL,
};

static void add_ai(struct arena *a, cJSON *row, const char *text)
{
    struct err e = { 0 };
    const cJSON *log = strlen(text) > 2 ? json_parse(a, text, strlen(text), &e) : NULL;
    cJSON *ai = cJSON_IsObject(log) ? json_object(a) : NULL;

    for (int i = 0; ai && ai_keys[i]; i++) {
        const cJSON *v = json_get(log, ai_keys[i]);
        if (cJSON_IsNumber(v))
            json_set(a, ai, ai_keys[i], json_clone(a, v));
        else if (cJSON_IsString(v))
            json_set_str(a, ai, ai_keys[i], text_clean(a, v->valuestring, 80));
    }
    if (ai && json_count(ai) > 0)
        json_set(a, row, "ai", ai);
}

/* "/a?key=abc&b=1" as "/a?key=***&b=1": parameters whose name says that they are secret. */
static const char *hide_query(struct arena *a, const char *path)
{
    const char *at = strchr(path, '?');
    char *out;

    if (!at)
        return path;
    out = arena_strndup(a, path, (size_t)(at - path) + 1);
    for (at++; *at;) {
        size_t n = strcspn(at, "&"), name = strcspn(at, "=&");
        char *word = arena_strndup(a, at, name);
        bool secret = name < n && at[name] == '=' && mask_name_is_secret(word);
        out = arena_printf(a, "%s%.*s%s%s", out, (int)(secret ? name : n), at, secret ? "=***" : "",
                           at[n] ? "&" : "");
        at += n + (at[n] == '&');
    }
    return out;
}

static void add_value(struct arena *a, cJSON *row, const char *key, const char *value)
{
    if (!strcmp(key, "ai_log")) {
        add_ai(a, row, value);
        return;
    }
    if (!strcmp(key, "path"))
        value = hide_query(a, value);
    json_set_str(a, row, key, text_clean(a, value, MAX_VALUE));
}

static cJSON *from_json(struct arena *a, const char *line, size_t n)
{
    struct err e = { 0 };
    const cJSON *o = json_parse(a, line, n, &e);
    cJSON *row = cJSON_IsObject(o) && json_get(o, "response_code") ? json_object(a) : NULL;
    const cJSON *m;

    if (!row)
        return NULL;
    cJSON_ArrayForEach(m, o)
    {
        char *name = text_clean(a, m->string, 64);
        if (cJSON_IsString(m))
            add_value(a, row, name, m->valuestring);
        else if (cJSON_IsNumber(m))
            json_set_str(a, row, name, arena_printf(a, "%.15g", m->valuedouble));
        else if (cJSON_IsObject(m) && !strcmp(name, "ai_log"))
            add_ai(a, row, json_print(a, m));
    }
    return row;
}

/* Where "<key>":" begins at or after p; *value is set behind it. */
static const char *find_key(struct arena *a, const char *p, const char *key, const char **value)
{
    char *mark = arena_printf(a, "\"%s\":\"", key);
    const char *at = strstr(p, mark);

    if (at)
        *value = at + strlen(mark);
    return at;
}

/* Stray quotes broke the JSON: every value reaches to the next key in its place. */
static cJSON *from_order(struct arena *a, const char *line, size_t n)
{
    char *copy = arena_strndup(a, line, n);
    cJSON *row = json_object(a);
    const char *last_key = NULL, *value = NULL, *from = copy;

    for (int i = 0; keys[i]; i++) {
        const char *next = NULL;
        const char *at = find_key(a, from, keys[i], &next);
        if (!at)
            continue;
        if (last_key && at - value >= 2)
            add_value(a, row, last_key, arena_strndup(a, value, (size_t)(at - value) - 2));
        last_key = keys[i];
        value = from = next;
    }
    if (last_key && strlen(value) >= 2)
        add_value(a, row, last_key, arena_strndup(a, value, strlen(value) - 2));
    return json_get(row, "response_code") ? row : NULL;
}

cJSON *accesslog_parse(struct arena *a, const char *line, size_t n)
{
    cJSON *row;

    while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
        n--;
    if (n < 2 || line[0] != '{' || line[n - 1] != '}')
        return NULL;
    row = from_json(a, line, n);
    return row ? row : from_order(a, line, n);
}
