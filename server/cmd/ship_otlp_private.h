/* ship_otlp_private.h - lines of the audit sent to a collector: OTLP logs over HTTP, as JSON. Only
 * ship*.c includes this.
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
struct config;
struct loop;

enum otlp_verdict { OTLP_TAKEN, OTLP_SMALLER, OTLP_LATER, OTLP_GONE };

struct otlp_request {
    struct loop *loop;
    const struct config *config;
    int tries; /* that came to OTLP_LATER right before this one */
};
struct otlp_sent {
    enum otlp_verdict verdict;
    int lines;       /* of the batch, from its first on, that were in the request */
    int rejected;    /* OTLP_TAKEN: of those, as the other side says; they are not sent again */
    double wait;     /* OTLP_LATER: seconds */
    const char *why; /* in the other side's words; NULL: nothing to be said */
};
/* Parks. bare: without their details. */
void otlp_send(const struct otlp_request *q, struct arena *a, const cJSON *lines, bool bare,
               struct otlp_sent *out);
