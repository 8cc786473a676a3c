/* fetch_meter_private.h - what our own figures and spans hold of a request. */
#pragma once
#include "base/span.h"

struct fetch_answer;
struct fetch_request;

struct fetch_seen {
    double began; /* fiber_clock */
    struct span span;
};

void fetch_begin(struct fetch_seen *s, const struct fetch_request *r);
void fetch_end(struct fetch_seen *s, const struct fetch_request *r, const struct fetch_answer *out);
