/* accesslog_filter.c - does a record answer the question? Judged on what is shown of it. */
#include "base/json.h"
#include "base/text.h"
#include "signal/accesslog.h"
#include "signal/accesslog_line_private.h"
#include <string.h>
#include <strings.h>

const char *log_value(const cJSON *row, const char *key)
{
    const char *s = json_str(row, key);

    return s ? s : "-";
}

static bool row_has_flag(const char *flags, const char *flag)
{
    size_t n = strlen(flag);

    for (const char *p = flags; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && !strncasecmp(p, flag, n))
            return true;
    return false;
}

static bool host_is(const char *authority, const char *host)
{
    size_t n = strcspn(authority, ":"), m = strcspn(host, ":");

    return n == m && !strncasecmp(authority, host, n);
}

static bool row_has_text(const cJSON *row, const char *text)
{
    const cJSON *m, *in;

    cJSON_ArrayForEach(m, row)
    {
        if (cJSON_IsString(m) && strstr(m->valuestring, text))
            return true;
        cJSON_ArrayForEach(in,
                           m) if (cJSON_IsString(in) && strstr(in->valuestring, text)) return true;
    }
    return false;
}

bool accesslog_route_is(const char *route, const char *wanted)
{
    const char *slash = strrchr(route, '/');

    return !strcmp(route, wanted) || (slash && !strcmp(slash + 1, wanted));
}

static bool route_fits(const struct accesslog_query *q, const char *route)
{
    if (accesslog_route_is(route, q->route))
        return true;
    for (int i = 0; q->also_routes && q->also_routes[i]; i++)
        if (accesslog_route_is(route, q->also_routes[i]))
            return true;
    return false;
}

/* The filters on what the gateway alone writes. */
bool log_outcome_fits(const struct accesslog_query *q, const char *route, const char *flags,
                      const char *code)
{
    return (!q->route || route_fits(q, route)) && (!q->flag || row_has_flag(flags, q->flag)) &&
           (!q->status_class || code[0] == '0' + q->status_class);
}

bool log_row_fits(const struct accesslog_query *q, const cJSON *row)
{
    if (!log_outcome_fits(q, log_value(row, "route_name"), log_value(row, "response_flags"),
                          log_value(row, "response_code")))
        return false;
    if (q->host && !host_is(log_value(row, "authority"), q->host))
        return false;
    if (q->path_prefix && !text_starts(log_value(row, "path"), q->path_prefix))
        return false;
    return !q->text || row_has_text(row, q->text);
}

static void want_key(bool wanted[LOG_KEYS], const char *key)
{
    int place = log_key_place(key, strlen(key), 0);

    if (place >= 0)
        wanted[place] = true;
}

bool log_choose_keys(const struct accesslog_query *q, bool wanted[LOG_KEYS])
{
    const char *const *only = q->only;

    wanted[LOG_RESPONSE_CODE] = wanted[LOG_RESPONSE_FLAGS] = wanted[LOG_ROUTE_NAME] = true;
    wanted[LOG_START_TIME] = true;
    for (; only && *only; only++)
        want_key(wanted, *only);
    wanted[LOG_PATH] = wanted[LOG_PATH] || q->path_prefix;
    wanted[LOG_AUTHORITY] = wanted[LOG_AUTHORITY] || q->host || wanted[LOG_PATH];
    return q->only && !q->text;
}
