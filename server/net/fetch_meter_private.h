/* fetch_meter_private.h - what our own figures and spans hold of a request. */
#pragma once

struct fetch_answer;
struct fetch_request;

struct fetch_seen {
    double began; /* fiber_clock */
};

struct fetch_seen fetch_begin(void);
void fetch_end(const struct fetch_seen *s, const struct fetch_request *r,
               const struct fetch_answer *out);
