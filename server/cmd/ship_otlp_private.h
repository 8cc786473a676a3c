/* ship_otlp_private.h - lines of the audit sent to a collector, as logs (otlp_private.h). Only
 * ship*.c includes this. */
#pragma once
#include "cmd/otlp_private.h"

struct config;

struct otlp_request {
    struct loop *loop;
    const struct config *config;
    int tries; /* that came to OTLP_LATER right before this one */
};
/* Parks. bare: without their details. */
void otlp_send(const struct otlp_request *q, struct arena *a, const cJSON *lines, bool bare,
               struct otlp_sent *out);
