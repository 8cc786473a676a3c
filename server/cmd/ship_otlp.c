/* ship_otlp.c - one request of OTLP logs: the envelope, the records, and what the answer means. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "cmd/ship_otlp_private.h"
#include "config/config.h"
#include "net/fetch.h"
#include "version.h"
#include <math.h>
#include <string.h>

enum { BODY_MAX = 1 << 20, ANSWER_MAX = 64 << 10, TIMEOUT = 10, WAIT_MAX = 60, HEADERS_MAX = 18 };
enum { RETRY_AFTER_MAX = 3600, SEVERITY_INFO = 9, SEVERITY_WARN = 13 };

/* -- the request --------------------------------------------------------------------------- */

static void add_attribute(struct arena *a, cJSON *list, const char *key, const char *type,
                          const char *value)
{
    if (!value)
        return;
    cJSON *o = json_add(a, list, json_object(a));
    json_set_str(a, o, "key", key);
    json_set_str(a, json_set_object(a, o, "value"), type, value);
}

static const char *nanoseconds(struct arena *a, double at)
{
    return arena_printf(a, "%.0f000000", floor(at * 1000));
}

/* What somebody should look at. */
static bool is_warning(const char *event)
{
    static const char *const events[] = { "failed",           "unknown",        "wrong_token",
                                          "wrong passphrase", "passkey copied", "segment removed",
                                          "guard reverted",   "passkey refused" };
    for (size_t i = 0; event && i < sizeof events / sizeof *events; i++)
        if (!strcmp(events[i], event))
            return true;
    return false;
}

static cJSON *otlp_record(struct arena *a, const cJSON *line, bool bare)
{
    cJSON *o = json_object(a), *attributes, *said = json_clone(a, line);
    const char *at = json_str(line, "at"), *event = json_str(line, "event");
    bool warning = is_warning(event);
    if (bare) {
        json_remove(said, "detail");
        json_set_bool(a, said, "detail_left_out", true);
    }
    json_set_str(a, o, "timeUnixNano", nanoseconds(a, at ? when_parse(at) : 0));
    json_set_str(a, o, "observedTimeUnixNano", nanoseconds(a, when_now()));
    json_set_num(a, o, "severityNumber", warning ? SEVERITY_WARN : SEVERITY_INFO);
    json_set_str(a, o, "severityText", warning ? "WARN" : "INFO");
    json_set_str(a, json_set_object(a, o, "body"), "stringValue", json_print(a, said));
    attributes = json_set_array(a, o, "attributes");
    add_attribute(a, attributes, "audit.line", "intValue",
                  arena_printf(a, "%.0f", json_num(line, "seq", 0)));
    add_attribute(a, attributes, "audit.hash", "stringValue", json_str(line, "hash"));
    add_attribute(a, attributes, "audit.event", "stringValue", event);
    add_attribute(a, attributes, "audit.change", "stringValue", json_str(line, "id"));
    add_attribute(a, attributes, "audit.who", "stringValue", json_str(line, "who"));
    add_attribute(a, attributes, "audit.channel", "stringValue", json_str(line, "channel"));
    return o;
}

/* As many lines as fit into BODY_MAX, one at least. */
static const char *request_body(struct arena *a, const cJSON *lines, bool bare, int *count)
{
    cJSON *o = json_object(a), *one, *resource, *scope, *records;
    const cJSON *line;
    size_t size = 0;
    one = json_add(a, json_set_array(a, o, "resourceLogs"), json_object(a));
    resource = json_set_array(a, json_set_object(a, one, "resource"), "attributes");
    add_attribute(a, resource, "service.name", "stringValue", "higress-ops");
    add_attribute(a, resource, "service.version", "stringValue", HIGRESS_OPS_VERSION);
    scope = json_add(a, json_set_array(a, one, "scopeLogs"), json_object(a));
    json_set_str(a, json_set_object(a, scope, "scope"), "name", "higress-ops.audit");
    records = json_set_array(a, scope, "logRecords");
    *count = 0;
    cJSON_ArrayForEach(line, lines)
    {
        cJSON *record = otlp_record(a, line, bare);
        size += strlen(json_print(a, record));
        if (*count > 0 && size > BODY_MAX)
            break;
        json_add(a, records, record);
        ++*count;
    }
    return json_print(a, o);
}

static const struct fetch_header *request_headers(struct arena *a, const struct config *c)
{
    struct fetch_header *out = arena_array(a, struct fetch_header, HEADERS_MAX);
    int n = 0;
    out[n++] = (struct fetch_header){ "Content-Type", "application/json" };
    for (const struct config_header *h = c->audit.headers; h->name && n < HEADERS_MAX - 1; h++)
        out[n++] = (struct fetch_header){ h->name, h->value };
    return out;
}

/* -- the answer ---------------------------------------------------------------------------- */

/* 1, 2, 4, … seconds, up to a minute, each shorter or longer by up to a half. */
static double backoff(int tries)
{
    uint8_t chance = 0;
    crypto_random(&chance, sizeof chance);
    return fmin(WAIT_MAX, ldexp(1, tries < 6 ? tries : 6)) * (0.5 + chance / 255.0);
}

static void put_off(const struct otlp_request *q, double wanted, struct otlp_sent *out)
{
    out->verdict = OTLP_LATER;
    out->wait = wanted > 0 ? wanted : backoff(q->tries);
}

static const char *collector_words(struct arena *a, const struct fetch_answer *answer)
{
    struct err not_json = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &not_json);
    const char *said = json_str(o, "message");
    return arena_printf(a, "the collector answered %d%s%s", answer->status, said ? ": " : "",
                        said ? text_clean(a, said, 300) : "");
}

/* The count is a text, or a number. */
static void read_partial(struct arena *a, const struct fetch_answer *answer, struct otlp_sent *out)
{
    struct err not_json = { 0 };
    const cJSON *o = json_parse(a, answer->body, answer->len, &not_json);
    const cJSON *partial = json_get(o, "partialSuccess");
    const char *count = json_str(partial, "rejectedLogRecords");
    const char *said = json_str(partial, "errorMessage");
    double n = count ? strtod(count, NULL) : json_num(partial, "rejectedLogRecords", 0);
    out->verdict = OTLP_TAKEN;
    out->rejected = n > out->lines ? out->lines : n > 0 ? (int)n : 0;
    if (out->rejected || (said && *said))
        out->why =
            arena_printf(a, "the collector took %d of %d: %s", out->lines - out->rejected,
                         out->lines, said ? text_clean(a, said, 300) : "it does not say why");
}

static void judge_collector(const struct otlp_request *q, struct arena *a,
                            const struct fetch_answer *answer, struct otlp_sent *out)
{
    int s = answer->status;
    if (s >= 200 && s < 300) {
        read_partial(a, answer, out);
        return;
    }
    out->why = collector_words(a, answer);
    if (s == 400 || s == 413 || s == 422)
        out->verdict = OTLP_SMALLER;
    else if (s == 429 || s == 502 || s == 503 || s == 504)
        put_off(q, fmin(RETRY_AFTER_MAX, when_retry(fetch_answer_header(answer, "retry-after"))),
                out);
    else
        put_off(q, WAIT_MAX, out); /* not the lines' fault: somebody has to look at it */
}

void otlp_send(const struct otlp_request *q, struct arena *a, const cJSON *lines, bool bare,
               struct otlp_sent *out)
{
    struct err e = { 0 };
    struct fetch_answer answer = { 0 };
    *out = (struct otlp_sent){ 0 };
    const char *body = request_body(a, lines, bare, &out->lines);
    const struct fetch_request r = { .to = TO_COLLECTOR,
                                     .method = "POST",
                                     .url = q->config->audit.ship + strlen("otlp:"),
                                     .headers = request_headers(a, q->config),
                                     .body = body,
                                     .body_len = strlen(body),
                                     .timeout = TIMEOUT,
                                     .max_body = ANSWER_MAX,
                                     .ca_file = q->config->audit.ca_file,
                                     .repeatable = true };
    if (fetch(q->loop, a, &r, &answer, &e)) {
        judge_collector(q, a, &answer, out);
        return;
    }
    put_off(q, 0, out);
    out->why = arena_strdup(a, e.text);
    if (e.kind == ERR_GONE)
        out->verdict = OTLP_GONE;
}
