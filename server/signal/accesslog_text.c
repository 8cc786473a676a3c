/* accesslog_text.c - Envoy's and Istio's default text formats.
 *
 * Both begin alike; what stands behind the flags, which the gateway alone writes, tells them apart.
 * A client can put quotes and blanks into its own fields and so add fields, but never take one
 * away: a line is a record only if it has exactly the fields of its format, none with a quote in
 * it. A new format is a table of its fields and a line in `formats`.
 */
#include "base/arena.h"
#include "base/json.h"
#include "signal/accesslog_line_private.h"
#include <ctype.h>
#include <string.h>

struct field {
    const char *key;
    bool quoted;
};

static const struct field head[] = {
    { "start_time", false }, /* in brackets */
    { "method", false },     /* the three within one pair of quotes */
    { "path", false },          { "protocol", false },
    { "response_code", false }, { "response_flags", false },
};

static const struct field envoy[] = {
    { "bytes_received", false }, { "bytes_sent", false },
    { "duration", false },       { "upstream_service_time", false },
    { "x_forwarded_for", true }, { "user_agent", true },
    { "request_id", true },      { "authority", true },
    { "upstream_host", true },
};

static const struct field istio[] = {
    { "response_code_details", false },
    { "connection_termination_details", false },
    { "upstream_transport_failure_reason", true },
    { "bytes_received", false },
    { "bytes_sent", false },
    { "duration", false },
    { "upstream_service_time", false },
    { "x_forwarded_for", true },
    { "user_agent", true },
    { "request_id", true },
    { "authority", true },
    { "upstream_host", true },
    { "upstream_cluster", false },
    { "upstream_local_address", false },
    { "downstream_local_address", false },
    { "downstream_remote_address", false },
    { "requested_server_name", false },
    { "route_name", false },
};

enum { HEAD = sizeof head / sizeof *head, MOST = 32 };

static const struct {
    const struct field *fields;
    size_t count;
} formats[] = {
    { envoy, sizeof envoy / sizeof *envoy },
    { istio, sizeof istio / sizeof *istio },
};

struct cut {
    struct arena *a;
    const char *at, *end;
    const char *keys[MOST];
    const char *values[MOST];
    size_t count;
};

static bool skip_literal(struct cut *c, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(c->end - c->at) < n || memcmp(c->at, text, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* Up to the stop, which must be there, or the end of the line; without quotes. */
static bool take_until(struct cut *c, const char *key, char stop)
{
    size_t n = 0;

    while (c->at + n < c->end && c->at[n] != stop && c->at[n] != '"')
        n++;
    if ((c->at + n < c->end && c->at[n] != stop) || n == 0 || c->count == MOST)
        return false;
    c->keys[c->count] = key;
    c->values[c->count++] = arena_strndup(c->a, c->at, n);
    c->at += n;
    return true;
}

static bool take_field(struct cut *c, const struct field *f)
{
    if (!f->quoted)
        return take_until(c, f->key, ' ');
    if (skip_literal(c, "\"\"")) { /* an empty value */
        c->keys[c->count] = f->key;
        c->values[c->count++] = "-";
        return c->count < MOST;
    }
    return skip_literal(c, "\"") && take_until(c, f->key, '"') && skip_literal(c, "\"");
}

/* [2026-11-29T16:02:14.000Z] "GET /orders/1 HTTP/1.1" 503 UH */
static bool take_head(struct cut *c)
{
    if (!skip_literal(c, "[") || !take_until(c, head[0].key, ']') || !skip_literal(c, "] \""))
        return false;
    return take_until(c, head[1].key, ' ') && skip_literal(c, " ") &&
           take_until(c, head[2].key, ' ') && skip_literal(c, " ") &&
           take_until(c, head[3].key, '"') && skip_literal(c, "\" ") &&
           take_until(c, head[4].key, ' ') && skip_literal(c, " ") &&
           take_until(c, head[5].key, ' ');
}

static bool is_time(const char *s)
{
    return strlen(s) >= 19 && isdigit((unsigned char)s[0]) && s[4] == '-' && s[10] == 'T';
}

static bool is_code(const char *s)
{
    return s[strspn(s, "0123456789")] == '\0' && strlen(s) <= 3;
}

static bool take_tail(struct cut *c, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!skip_literal(c, " ") || !take_field(c, &fields[i]))
            return false;
    return c->at == c->end;
}

/* The host comes first: it says which of the path is secret. */
static cJSON *record_of(struct arena *a, const struct cut *c)
{
    cJSON *record = json_object(a);
    int expect = 0;

    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->keys[i], "authority"))
            log_put(a, record, c->keys[i], c->values[i], &expect);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->keys[i], "authority") != 0)
            log_put(a, record, c->keys[i], c->values[i], &expect);
    return record;
}

cJSON *log_text_record(struct arena *a, const char *line, size_t n)
{
    struct cut c = { .a = a, .at = line, .end = line + n };

    if (n < 20 || line[0] != '[' || !take_head(&c) || !is_time(c.values[0]) ||
        !is_code(c.values[4]))
        return NULL;
    bool counts = c.at + 1 < c.end && isdigit((unsigned char)c.at[1]);
    size_t which = counts ? 0 : 1;
    return take_tail(&c, formats[which].fields, formats[which].count) ? record_of(a, &c) : NULL;
}
