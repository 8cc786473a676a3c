/* request.c - makes requests, answers them, and speaks to their client meanwhile.
 *
 * What differs between revisions in the shape of a result is decided in request_envelope only.
 */
#include "mcp/request.h"
#include "base/arena.h"
#include "base/json.h"
#include "config/config.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/session.h"
#include "version.h"

#include <stdarg.h>

static const char *const level_names[] = { "debug", "info",     "notice", "warning",
                                           "error", "critical", "alert",  "emergency" };

const cJSON *client_extension(const cJSON *client, const char *name)
{
    return json_get(json_get(client, "extensions"), name);
}

struct request *request_new(struct mcp *m, struct arena *a, struct reply_to *to, const char *owner)
{
    struct request *r = arena_make(a, struct request);
    *r = (struct request){
        .mcp = m, .arena = a, .reply = to, .principal = "local", .level = LEVEL_NONE
    };
    r->asks_by = CHANNEL_FORM_HTTP; /* the weakest, unless its transport says more */
    r->owner = share_take(m, owner, SHARE_CALLS);
    r->counted = SHARE_CALLS;
    mcp_request_begins(m);
    return r;
}

void request_counts(struct request *r, enum share_of what)
{
    share_move(r->owner, r->counted, what);
    r->counted = what;
}

const char *request_busy(const struct request *r)
{
    double limit = r->mcp->config->max_calls;
    bool fits = share_fits(r->owner, SHARE_CALLS, limit);
    return fits ? NULL : share_words(r->arena, r->owner, SHARE_CALLS, limit);
}

const char *request_fail(struct request *r, int http_status, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(r->arena, format, args);
    va_end(args);
    if (r->err.kind == ERR_NONE)
        r->http_status = http_status;
    err_status(&r->err, ERR_PROTO, code, "%s", text);
    return NULL;
}

cJSON *request_server_info(struct arena *a, const struct era *era)
{
    cJSON *info = json_object(a);
    json_set_str(a, info, "name", "higress-ops");
    if (era->titles)
        json_set_str(a, info, "title", "Higress operations");
    json_set_str(a, info, "version", HIGRESS_OPS_VERSION);
    return info;
}

const char *request_envelope(struct request *r, cJSON *result)
{
    if (r->era && r->era->modern) {
        if (!json_get(result, "resultType"))
            json_set_str(r->arena, result, "resultType", "complete");
        cJSON *meta = json_get(result, "_meta");
        if (!meta)
            meta = json_set_object(r->arena, result, "_meta");
        json_set(r->arena, meta, MCP_META "serverInfo", request_server_info(r->arena, r->era));
    }
    return json_print(r->arena, result);
}

/* The last act: the transport gets the text, then everything of the request ends. */
static void finish_request(struct request *r, int status, const char *json)
{
    struct mcp *m = r->mcp;
    struct reply_to *to = r->reply;
    session_leave(r);
    r->reply = NULL;
    mcp_request_ended(m);
    share_give(r->owner, r->counted);
    to->done(to, status, json, json ? strlen(json) : 0);
    arena_free(r->arena);
    if (m->requests == 0 && m->quiet)
        m->quiet(m->quiet_arg);
}

void request_result(struct request *r, const char *result)
{
    finish_request(r, 200, rpc_result(r->arena, r->rpc.id, result));
}

void request_error(struct request *r)
{
    int code = r->err.kind == ERR_PROTO && r->err.status ? r->err.status : RPC_INTERNAL;
    int status = r->http_status ? r->http_status : 200;
    finish_request(r, status, rpc_error(r->arena, r->rpc.id, code, r->err.text, r->err_data));
}

void request_gone(struct request *r)
{
    finish_request(r, 202, NULL);
}

bool request_notify(struct request *r, const char *method, cJSON *params)
{
    if (!r->reply)
        return false;
    const char *json = rpc_notification(r->arena, method, json_print(r->arena, params));
    return r->reply->send(r->reply, json, strlen(json));
}

void request_log(struct request *r, enum level level, const char *format, ...)
{
    enum level least = r->session && !r->era->modern ? session_level(r->session) : r->level;
    if (least == LEVEL_NONE || level < least)
        return;
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(r->arena, format, args);
    va_end(args);
    cJSON *params = json_object(r->arena);
    json_set_str(r->arena, params, "level", level_names[level]);
    json_set_str(r->arena, params, "logger", "higress-ops");
    json_set_str(r->arena, params, "data", text);
    request_notify(r, "notifications/message", params);
}

enum level level_find(const char *name)
{
    for (int i = 0; name && i < LEVEL_NONE; i++)
        if (!strcmp(level_names[i], name))
            return (enum level)i;
    return LEVEL_NONE;
}

static const cJSON *claimed_version(const struct rpc *rpc)
{
    return json_get(json_get(rpc->params, "_meta"), MCP_META "protocolVersion");
}

bool modern_claimed(const struct rpc *rpc)
{
    return claimed_version(rpc) != NULL;
}

const char *modern_version(const struct rpc *rpc)
{
    const cJSON *version = claimed_version(rpc);
    return cJSON_IsString(version) ? version->valuestring : "";
}

bool modern_meta(struct request *r)
{
    const cJSON *meta = json_get(r->rpc.params, "_meta");
    r->era = era_modern();
    if (!cJSON_IsObject(meta) || !cJSON_IsString(claimed_version(&r->rpc)))
        return request_fail(r, 400, RPC_INVALID_PARAMS,
                            "Invalid params: _meta." MCP_META "protocolVersion must be a string");
    r->client = json_get(meta, MCP_META "clientCapabilities");
    if (!cJSON_IsObject(r->client))
        return request_fail(r, 400, RPC_INVALID_PARAMS,
                            "Invalid params: _meta." MCP_META
                            "clientCapabilities must be an object");
    const cJSON *level = json_get(meta, MCP_META "logLevel");
    if (!level)
        return true;
    r->level = level_find(cJSON_IsString(level) ? level->valuestring : NULL);
    if (r->level == LEVEL_NONE)
        return request_fail(r, 400, RPC_INVALID_PARAMS, "Invalid params: unknown log level");
    return true;
}

bool modern_served(struct request *r)
{
    const char *version = modern_version(&r->rpc);
    const struct era *era = era_find(version);
    if (era && era->modern)
        return true;
    cJSON *data = json_object(r->arena);
    json_set(r->arena, data, "supported", json_raw(r->arena, era_supported()));
    json_set_str(r->arena, data, "requested", version);
    r->err_data = json_print(r->arena, data);
    return request_fail(r, 400, RPC_BAD_VERSION, "Unsupported protocol version");
}
