/* diagnose.h - what is wrong with a gateway, told from what it says about itself.
 *
 * The core is pure: signals in, ranked verdicts out, so that it can be held against recordings. A
 * signal that could not be had is NULL and named in `unavailable`; no rule needs all of them. The
 * rules speak Envoy (flags, response code details, transport failure reasons, health flags,
 * counters, configuration); they know no case by name.
 * The walk (diagnose_walk.c) collects the signals: console object, Envoy's admin pages, the access
 * log, probes of endpoints. Every part may be missing.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct err;
struct gateway;
struct loop;

struct diagnose_target {
    /* "route", "service", "ai-route", "mcp-server", "domain"; NULL: whatever fails. */
    const char *kind;
    const char *name; /* its own; a service's may carry a port: "web.static:80" */
};

/* One Envoy of several. */
struct diagnose_replica {
    const char *name;
    const char *down;  /* why it is not ready; NULL: it is, or is no pod */
    int restarts;      /* of its containers */
    const char *error; /* why its pages could not be read; NULL: they were */
    /* Where it is down and began again, what it said last before that: rows of LOG_GATEWAY
     * (accesslog.h), newest first; NULL: they were not read, before_unread says why. */
    const cJSON *before;
    const char *before_unread;
    const cJSON *clusters, *stats, *stats_before, *config, *certs, *listeners, *server;
};

struct diagnose_signals {
    /* Where there are several: what Envoy says below is of the first that could be read, with the
     * counters of clusters and endpoints of all added up (diagnose_join). NULL: it is the only one.
     */
    const struct diagnose_replica *replicas;
    int replica_count;
    const char *unlisted;      /* why it is not known which there are, or how many more; or NULL */
    const cJSON *clusters;     /* /clusters?format=json */
    bool from_console;         /* Envoy was not asked: `clusters` holds what the console knows */
    const cJSON *stats;        /* /stats?format=json */
    const cJSON *stats_before; /* the same, some seconds earlier; NULL: read once */
    const cJSON *config;       /* /config_dump?include_eds */
    const cJSON *certs;        /* /certs */
    const cJSON *listeners;    /* /listeners?format=json */
    const cJSON *server;       /* /server_info */
    const cJSON *rows; /* of the access log (accesslog.h), newest first; forged ones anywhere */
    int unread;        /* lines of the log in no known form, where they are most of it */
    const char *unread_line; /* one of them */
    const char *log_unread;  /* why no log was read, where it is not of this machine; else NULL */
    const cJSON *words;      /* ["…"]: the gateway's own log lines about refused updates */
    const cJSON *probes;     /* [{cluster, address, tls, result, detail}]; result: probe_name() */
    bool console_asked;      /* it answered whether it has the target */
    const cJSON *object;     /* the console's object behind the target */
    const cJSON *settings;   /* section `higress` of higress-config; NULL: not read */
    const cJSON *elsewhere;  /* rows like `rows`, but of whatever; NULL: `rows` has them all */
    const cJSON *compared;   /* ["…"]: now against before; NULL: not asked for */
    const cJSON *changes;    /* [{id, title, at, since?}]: plans applied of late and, with
                                since, edits made elsewhere between the two; newest first */
    const cJSON *routes;     /* the console's, of hosts that lost requests; NULL: not asked */
    const cJSON *issues;     /* contradictions in the console, faults of the control plane:
                                [{code, object, fact, next, covers?, source?, note?}] */
    bool control_unread;     /* it is configured where the control plane is; not all was read */
    double now;              /* Unix seconds */
};

/* {"target","about":["…"],"verdicts":[{"code","confidence","object","requests","evidence":
 * [{"source","fact"}],"next","replicas":"1 of 3: gw-2"}],"replicas":["why one was not read"],
 * "noise","elsewhere","compared":["…"],"timeline":["…"],
 * "history":["…"],"unavailable":[],"looked_at":{},"note"}, the likeliest cause first; at least one
 * verdict: OK when enough was seen and is well, UNKNOWN when it was not. What has nothing to say is
 * absent. */
cJSON *diagnose_judge(struct arena *a, const struct diagnose_target *t,
                      const struct diagnose_signals *s);

/* Fills what Envoy says from these replicas, of which there is one at least: the pages of one as
 * they are, of several added up, in a. */
void diagnose_join(struct arena *a, const struct diagnose_replica *replicas, int count,
                   struct diagnose_signals *s);

/* What the walk may use; any may be NULL but loop and config. */
struct diagnose_means {
    struct loop *loop;
    struct gateway *gateway;
    const struct config *config;
    struct cancel *cancel;
    /* Before each step of the walk, and once at the end; NULL: nobody listens. */
    void (*told)(void *arg, int done, int total, const char *step);
    void *arg;
    const char *since;    /* "30m" or a time: where the log's window begins; NULL: 15 minutes */
    bool compare;         /* the window against as long a one before it */
    const cJSON *changes; /* as in the signals */
};
/* Collects and judges. Parks. NULL only when the target cannot exist (ERR_ARGS) or on ERR_GONE. */
cJSON *diagnose_run(struct arena *a, const struct diagnose_means *m,
                    const struct diagnose_target *t, struct err *e);
