/* diagnose_facts.h - the signals of a diagnosis, digested once for the rules.
 *
 * Only what belongs to the target is kept: rows of its route or cluster, clusters it leads to. All
 * texts are borrowed from the signals or live in the arena. Counts are of the rows at hand.
 */
#pragma once
#include "diagnose/diagnose.h"
#include <stddef.h>

struct symptom;

/* What a request may meet at an endpoint; each is counted by endpoint. */
enum fact_trouble {
    TROUBLE_NONE,
    TROUBLE_CONNECT, /* no connection came about */
    TROUBLE_TIMEOUT, /* cut off before the answer, or the client left */
    TROUBLE_RESET,   /* the connection or the stream broke */
    TROUBLE_4XX,     /* answered so by the endpoint itself */
    TROUBLE_5XX,
    TROUBLE_SLOW, /* answered well, but late beside the other endpoints */
    TROUBLES
};

struct fact_host {
    const char *address; /* "ip:port" */
    bool counted;        /* Envoy's own figures were read */
    bool told_down;      /* a finding says that nothing connects there */
    bool failed_check, ejected, eds_bad;
    double connect_fail, errors, successes, requests, timeouts; /* since Envoy's start */
    int ok, failed, rows;                                       /* rows; ok + failed <= rows */
    int troubles[TROUBLES];                                     /* rows */
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
    const char *host_name;   /* after the last '|' */
    bool listed;             /* /clusters has it */
    bool wanted;             /* belongs to the target; all do without one */
    const cJSON *config;     /* of config_dump, or NULL */
    const cJSON *breakers;   /* default priority thresholds of /clusters, or NULL */
    struct fact_host *hosts; /* of /clusters, then those that only rows name */
    int host_count, host_room;
    int listed_hosts;                      /* of /clusters */
    struct fact_stats stats, stats_before; /* before: of an earlier reading, if there was one */
    int ok, failed;                        /* rows */
};

struct fact_route {
    const char *name;
    bool wanted;                 /* belongs to the target; all do without one */
    const char *table;           /* name of the route configuration */
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
    const char *method;
    bool passed_on;  /* the endpoint's own answer, as far as a log without details tells */
    int port;        /* of the listener; 0: unknown */
    int order;       /* in which it was read */
    double at;       /* Unix seconds; 0: unknown */
    double duration; /* ms; -1: unknown */
    const struct symptom *symptom; /* NULL: nothing wrong */
    enum fact_trouble trouble;
    struct fact_cluster *of; /* or NULL */
    struct fact_host *met;   /* or NULL */
    bool explained; /* by a finding about its endpoint or its route: no symptom of the service */
};

struct facts {
    struct arena *arena;
    const struct diagnose_target *target;
    const struct diagnose_signals *in;
    struct fact_cluster *clusters; /* that Envoy or the console knows, then those of rows only */
    int cluster_count, known_clusters, cluster_room;
    struct fact_route *routes;
    int route_count;
    struct fact_row *rows; /* newest first, of the target only */
    int row_count, failed_rows;
    cJSON *history;    /* texts: what went wrong once and is over */
    bool config_lost;  /* a finding says that something configured did not arrive */
    int forged_rows;   /* lines that clients wrote parts of: counted for nobody */
    bool target_found; /* Envoy knows the target (true without one) */
};

struct facts *facts_make(struct arena *a, const struct diagnose_target *t,
                         const struct diagnose_signals *s);
struct fact_cluster *facts_cluster(const struct facts *f, const char *name); /* NULL: none */
/* As a row names them: added where they are new and there is room. */
struct fact_cluster *facts_add_cluster(struct facts *f, const char *name);
struct fact_host *facts_add_host(struct facts *f, struct fact_cluster *c, const char *address);
struct fact_route *facts_route(const struct facts *f, const char *name);
struct fact_host *facts_host(const struct fact_cluster *c, const char *address);
/* The part of config_dump whose @type ends with `type` ("RoutesConfigDump"); NULL: none. */
const cJSON *facts_config_part(const struct facts *f, const char *type);

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
