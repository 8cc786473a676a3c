/* metrics.h - figures in the configuration: `prometheus`, who keeps those of the gateway and what
 * tokens cost there (signal/metrics.h); `http.metrics` and `traces`, who may have our own. */
#pragma once
#include <stdbool.h>

struct config_label {
    const char *name, *value;
};

/* What a million tokens of a model cost. */
struct config_price {
    const char *model; /* as ai_model says it; "*": every other one */
    double input, output;
    const char *currency; /* "": not said */
};

struct config_prometheus {
    const char *url;                 /* its API is URL/api/v1; NULL: there is none */
    const char *username, *password; /* Basic; the password is resolved and learnt; both or none */
    const char *token;               /* Bearer; resolved and learnt; NULL: none */
    const char *tenant;              /* X-Scope-OrgID; NULL: none */
    const char *ca_file;             /* NULL: the system's */
    const char *replica;             /* label that tells replicas apart; NULL: the usual ones */
    double timeout;                  /* seconds for one query */
    bool promql;                     /* may expressions of others be asked? */
    /* Labels that the figures of this gateway carry, and of no other; ended by { 0 }. */
    const struct config_label *select;
    const struct config_price *prices; /* ended by { 0 } */
};

/* Who may read /metrics: nobody; who has a bearer token; this machine without one; everybody. */
enum metrics_readers { METRICS_OFF = 1, METRICS_TOKEN, METRICS_LOCAL, METRICS_ANY };
#define METRICS_READERS "off|token|local|any"

struct config_header;

struct config_telemetry {
    enum metrics_readers metrics;
    const char *traces; /* URL that takes spans as OTLP/HTTP JSON; NULL: nobody gets any */
    const struct config_header *headers; /* for it; ended by { 0 }; never NULL */
    const char *ca_file;                 /* NULL: the system's */
    double ratio; /* share of the calls without a parent that is traced, 0 to 1 */
};
