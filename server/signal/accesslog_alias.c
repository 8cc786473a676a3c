/* accesslog_alias.c - JSON logs that name the same things otherwise.
 *
 * Operators write formats of their own; a key of this table is read as the one of Higress' format.
 * A line's own key of that name comes first, and of two other names neither is believed. A new name
 * is a word in the table.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "signal/accesslog_line_private.h"
#include <stdlib.h>
#include <string.h>

static const struct alias {
    const char *key;
    const char *const names[8];
} aliases[] = {
    { "response_code", { "status", "status_code", "code", "http_status", "responseCode" } },
    { "start_time", { "time", "timestamp", "@timestamp", "ts", "startTime", "time_iso8601" } },
    { "method", { "request_method", "req_method", "http_method", "verb", "requestMethod" } },
    { "path",
      { "uri", "url", "request_uri", "request_path", "req_path", "http_path", "original_path",
        "requestPath" } },
    { "authority", { "host", "http_host", "req_authority", "domain", "vhost" } },
    { "response_flags", { "flags", "responseFlags", "envoy_flags" } },
    { "response_code_details", { "details", "code_details", "responseCodeDetails" } },
    { "route_name", { "route", "routeName" } },
    { "upstream_cluster", { "cluster", "upstreamCluster", "upstream_cluster_raw" } },
    { "upstream_host",
      { "upstream", "upstream_addr", "upstream_address", "backend", "upstreamHost" } },
    { "duration", { "latency", "duration_ms", "latency_ms", "total_duration", "elapsed_ms" } },
    { "upstream_transport_failure_reason", { "failure_reason", "transport_failure_reason" } },
    { "user_agent", { "ua", "http_user_agent", "agent", "userAgent" } },
    { "x_forwarded_for", { "xff", "http_x_forwarded_for", "forwarded_for" } },
    { "request_id", { "req_id", "x_request_id", "requestId" } },
    { "downstream_remote_address",
      { "remote_addr", "client_ip", "client", "remote_address", "peer" } },
    { "downstream_local_address", { "local_addr", "local_address" } },
    { "bytes_sent", { "body_bytes_sent", "resp_bytes", "response_bytes" } },
    { "bytes_received", { "req_bytes", "request_bytes" } },
    { "protocol", { "http_version", "proto" } },
};

static const struct alias *alias_of(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        for (size_t k = 0; k < 8 && aliases[i].names[k]; k++)
            if (!strcmp(aliases[i].names[k], name))
                return &aliases[i];
    return NULL;
}

const char *log_alias(const char *name)
{
    const struct alias *found = alias_of(name);

    return found ? found->key : NULL;
}

/* The member that stands for the key: its own, or the only one of another name. */
static const cJSON *member_for(const cJSON *o, const char *key)
{
    const cJSON *m, *found = json_get(o, key);

    if (found)
        return found;
    cJSON_ArrayForEach(m, o)
    {
        const struct alias *a = m->string ? alias_of(m->string) : NULL;
        if (!a || strcmp(a->key, key) != 0)
            continue;
        if (found)
            return NULL;
        found = m;
    }
    return found;
}

static bool is_status(const cJSON *m)
{
    const char *text = cJSON_IsString(m) ? m->valuestring : "";
    double code = cJSON_IsNumber(m) ? m->valuedouble : strtod(text, NULL);

    return code == 0 ? cJSON_IsNumber(m) || !strcmp(text, "0") || !strcmp(text, "-")
                     : code >= 100 && code <= 599;
}

bool log_is_record(const cJSON *o)
{
    static const char *const others[] = { "method", "path", "authority", "start_time" };
    int found = 0;

    if (json_get(o, "response_code"))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        found += member_for(o, others[i]) != NULL;
    return found >= 2 && is_status(member_for(o, "response_code"));
}

const char *log_authority(const cJSON *o)
{
    const cJSON *m = member_for(o, "authority");

    return cJSON_IsString(m) ? m->valuestring : NULL;
}

/* Seconds since 1970 as every other time is shown. */
static cJSON *as_time(struct arena *a, cJSON *value)
{
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    double at = strtod(text, NULL);

    if (!*text || text[strspn(text, "0123456789.")] != '\0')
        return value;
    return json_string(a, when_text(a, at > 1e11 ? at / 1000 : at, true));
}

const cJSON *log_canonical(struct arena *a, const cJSON *record)
{
    cJSON *out;
    const cJSON *m;
    bool other = false;

    for (m = record ? record->child : NULL; m && !other; m = m->next)
        other = alias_of(m->string) != NULL;
    if (!other)
        return record;
    out = json_object(a);
    cJSON_ArrayForEach(m, record)
    {
        const struct alias *alias = alias_of(m->string);
        bool stands = alias && member_for(record, alias->key) == m;
        const char *key = stands ? alias->key : m->string;
        cJSON *value = json_clone(a, m);
        json_put(out, key, !strcmp(key, "start_time") ? as_time(a, value) : value);
    }
    return out;
}
