/* otlp_private.h - a collector: OTLP over HTTP, as JSON; what is the same of logs and of traces.
 *
 * https://opentelemetry.io/docs/specs/otlp/: 64-bit numbers are texts, enumerations numbers. One
 * request at a time. What its data are at fault for is sent in smaller parts, and at last lost and
 * counted; what the way or the server is at fault for is sent later: after Retry-After, else after
 * a time that doubles, up to a minute.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct config_header;
struct loop;

enum otlp_verdict { OTLP_TAKEN, OTLP_SMALLER, OTLP_LATER, OTLP_GONE };

struct otlp_collector {
    struct loop *loop;
    const char *url;
    const struct config_header *headers;
    const char *ca_file;
    const char *rejected; /* member of partialSuccess: "rejectedLogRecords" */
    int tries;            /* that came to OTLP_LATER right before this one */
};
struct otlp_sent {
    enum otlp_verdict verdict;
    int lines;       /* of the batch, from its first on, that were in the request */
    int rejected;    /* OTLP_TAKEN: of those, as the other side says; they are not sent again */
    double wait;     /* OTLP_LATER: seconds */
    const char *why; /* in the other side's words; NULL: nothing to be said */
};

/* body holds out->lines of them. Parks. */
void otlp_post(const struct otlp_collector *c, struct arena *a, const char *body,
               struct otlp_sent *out);

/* {"key", "value": {type: value}}; a value of NULL is left out. */
void otlp_attribute(struct arena *a, cJSON *list, const char *key, const char *type,
                    const char *value);
const char *otlp_nanoseconds(struct arena *a, double unix_time);
/* The list that records go into: what sends them (this program), under that scope. */
cJSON *otlp_envelope(struct arena *a, cJSON *body, const char *resources, const char *scopes,
                     const char *scope, const char *records);
