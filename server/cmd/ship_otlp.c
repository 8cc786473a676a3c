/* ship_otlp.c - one request of OTLP logs: lines of the audit as records. */
#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "cmd/ship_otlp_private.h"
#include "config/config.h"
#include <string.h>

enum { BODY_MAX = 1 << 20, SEVERITY_INFO = 9, SEVERITY_WARN = 13 };

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
    json_set_str(a, o, "timeUnixNano", otlp_nanoseconds(a, at ? when_parse(at) : 0));
    json_set_str(a, o, "observedTimeUnixNano", otlp_nanoseconds(a, when_now()));
    json_set_num(a, o, "severityNumber", warning ? SEVERITY_WARN : SEVERITY_INFO);
    json_set_str(a, o, "severityText", warning ? "WARN" : "INFO");
    json_set_str(a, json_set_object(a, o, "body"), "stringValue", json_print(a, said));
    attributes = json_set_array(a, o, "attributes");
    otlp_attribute(a, attributes, "audit.line", "intValue",
                   arena_printf(a, "%.0f", json_num(line, "seq", 0)));
    otlp_attribute(a, attributes, "audit.hash", "stringValue", json_str(line, "hash"));
    otlp_attribute(a, attributes, "audit.event", "stringValue", event);
    otlp_attribute(a, attributes, "audit.change", "stringValue", json_str(line, "id"));
    otlp_attribute(a, attributes, "audit.who", "stringValue", json_str(line, "who"));
    otlp_attribute(a, attributes, "audit.channel", "stringValue", json_str(line, "channel"));
    return o;
}

/* As many lines as fit into BODY_MAX, one at least. */
static const char *request_body(struct arena *a, const cJSON *lines, bool bare, int *count)
{
    cJSON *o = json_object(a);
    cJSON *records =
        otlp_envelope(a, o, "resourceLogs", "scopeLogs", "higress-ops.audit", "logRecords");
    const cJSON *line;
    size_t size = 0;
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

void otlp_send(const struct otlp_request *q, struct arena *a, const cJSON *lines, bool bare,
               struct otlp_sent *out)
{
    const struct config_audit *to = &q->config->audit;
    const struct otlp_collector c = { q->loop,     to->ship + strlen("otlp:"), to->headers,
                                      to->ca_file, "rejectedLogRecords",       q->tries };
    *out = (struct otlp_sent){ 0 };
    const char *body = request_body(a, lines, bare, &out->lines);
    otlp_post(&c, a, body, out);
}
