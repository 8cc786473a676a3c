/* logs.h - `logs` of the configuration: where the lines of a gateway's logs are read.
 *
 * Files are those of this machine; pods are those of `kubernetes`; Loki is asked over HTTP.
 */
#pragma once

struct config;

enum logs_from { LOGS_AUTO = 1, LOGS_FILE, LOGS_PODS, LOGS_LOKI, LOGS_NOWHERE };

/* A Loki, or what speaks its API. What is sent there and nowhere else: token or password. */
struct config_loki {
    const char *url; /* base, without a trailing slash; NULL: none */
    const char *tenant;
    /* LogQL that selects lines: of the access log, and of those components. NULL: the access log's
     * for the gateway, none for the others. */
    const char *selector, *gateway, *controller, *pilot, *console;
    const char *ca_file;                     /* NULL: the system's bundle */
    const char *username, *password, *token; /* resolved, learnt by the scrubber; NULL: none */
};

struct config_logs {
    enum logs_from from;
    const char *gateway, *controller, *pilot,
        *console; /* files beside envoy.access_log; NULL: none */
    struct config_loki loki;
};

/* What LOGS_AUTO comes to: Loki where one is named, else the file, else pods. */
enum logs_from config_logs_from(const struct config *c);
