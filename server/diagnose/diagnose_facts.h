/* diagnose_facts.h - the signals of a diagnosis, digested once for the rules.
 *
 * Only what belongs to the target is kept: rows of its route or cluster, clusters it leads to. All
 * texts are borrowed from the signals or live in the arena. Counts are of the rows at hand.
 */
#pragma once
#include "diagnose/diagnose.h"
#include <stddef.h>

struct symptom;

struct fact_host {
    const char *address; /* "ip:port" */
    bool failed_check, ejected, eds_bad;
    double connect_fail, errors, successes, requests, timeouts; /* since Envoy's start */
    int ok, failed, connect_failed, answered_5xx;               /* rows */
    const cJSON *probe;                                         /* or NULL */
};

/* Counters since Envoy's start, by suffix (see stat_rows in diagnose_facts.c). */
struct fact_stats {
    double check_failure, check_network_failure, panic, ejections, overflow, connect_fail,
        connect_timeout, timeout, per_try_timeout, none_healthy, retry, retry_success,
        update_failure, protocol_error, destroy_remote, ssl_error, rx_bytes, rq_5xx, rq_429;
};

struct fact_cluster {
    const char *name;
    const char *host_name; /* after the last '|' */
    bool listed;           /* /clusters has it */
    const cJSON *config;   /* of config_dump, or NULL */
    const cJSON *breakers; /* default priority thresholds of /clusters, or NULL */
    struct fact_host *hosts;
    int host_count;
    struct fact_stats stats;
    int ok, failed; /* rows */
};

struct fact_route {
    const char *name;
    const cJSON *match, *action; /* of config_dump */
    const cJSON *route;          /* the whole entry */
    const char *vhost;
    const cJSON *domains;
    int place; /* order within its virtual host */
    int ok, failed;
};

struct fact_row {
    int code;
    const char *flags, *details, *reason, *route, *cluster, *host, *authority, *path, *start;
    double duration;               /* ms; -1: unknown */
    const struct symptom *symptom; /* NULL: nothing wrong */
};

struct facts {
    struct arena *arena;
    const struct diagnose_target *target;
    const struct diagnose_signals *in;
    struct fact_cluster *clusters;
    int cluster_count;
    struct fact_route *routes;
    int route_count;
    struct fact_row *rows; /* newest first, of the target only */
    int row_count, failed_rows;
    int forged_rows;   /* lines that clients wrote parts of: counted for nobody */
    bool target_found; /* Envoy knows the target (true without one) */
};

struct facts *facts_make(struct arena *a, const struct diagnose_target *t,
                         const struct diagnose_signals *s);
struct fact_cluster *facts_cluster(const struct facts *f, const char *name); /* NULL: none */
struct fact_route *facts_route(const struct facts *f, const char *name);
struct fact_host *facts_host(const struct fact_cluster *c, const char *address);
/* The part of config_dump whose @type ends with `type` ("RoutesConfigDump"); NULL: none. */
const cJSON *facts_config_part(const struct facts *f, const char *type);
/* Does Envoy's match entry take this path (query cut)? Predicates beside the path are not judged.
 */
bool facts_path_matches(const cJSON *match, const char *path);
/* Does a virtual host's domain list take this Host? */
bool facts_host_matches(const cJSON *domains, const char *host);

/* One way for a request to go wrong, told from its log line; the first row that fits counts. */
struct symptom {
    const char *code; /* verdict */
    const char *flag; /* one of the response flags; NULL: any */
    const char
        *details; /* in response_code_details or the failure reason, any of "a|b"; NULL: any */
    int code_min, code_max; /* HTTP status; 0,0: any */
    bool connect;           /* no connection came about */
    const char *next;
};
const struct symptom *symptom_of(const struct fact_row *r);
