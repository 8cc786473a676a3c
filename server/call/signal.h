/* signal.h - what a tool's handler reads of the data plane. Every function here may park. */
#pragma once
#include "call/read.h"
#include "signal/metrics.h" /* METRIC_QUESTIONS, what is asked */
#include "signal/proxy.h"   /* PROXY_WHATS */
#include "signal/traffic.h" /* TRAFFIC_NAMES */

/* How far a reading went. */
struct log_seen {
    size_t scanned;     /* bytes */
    const char *cursor; /* where older lines begin that were not looked at; NULL: none are left */
    const char *oldest; /* the time of the oldest record looked at; NULL: none was seen */
    int raw;            /* lines in no known form that were looked at */
    bool unreadable;    /* most lines of the log are in no known form; */
    const char *line;   /* one of them; NULL: none */
    const char *note;   /* what could not be read of the source; NULL: all was */
};

/* Lines of the gateway's log, wherever it is, newest first, each parsed (forms:
 * signal/accesslog.h); fn returns false to stop. False when no log is configured or readable (fail
 * says which). */
struct log_query {
    enum log_what what;
    bool previous;
    const char *route; /* also the name of an AI route or an MCP server */
    const char *host, *path_prefix, *flag, *text;
    int status_class;      /* 2..5; 0: any */
    double since;          /* Unix seconds; 0: any */
    int limit;             /* matching lines */
    size_t max_scan;       /* bytes read at most; 0: as accesslog.h has it */
    const char *cursor;    /* of an earlier reading; NULL: from the newest line */
    struct log_seen *seen; /* NULL, or filled */
};
/* What the arguments route, host, path, flag, text, status, minutes and cursor ask for. */
struct log_query log_asked(struct call *c);
/* Where it is, in words. */
const char *log_where(struct call *c, enum log_what what);
bool log_each(struct call *c, const struct log_query *q, gw_each_fn *fn, void *arg);
/* The same of lines that are written while `seconds` pass, oldest first; rows live only until fn
 * returns. */
bool log_follow_each(struct call *c, const struct log_query *q, double seconds, gw_each_fn *fn,
                     void *arg);
/* A row as one line (signal/log_text.h), and the client of a request. */
const char *log_line_text(struct call *c, const cJSON *row);
const char *log_line_client(struct call *c, const cJSON *row);
/* Counts over the log (signal/traffic.h): by up to TRAFFIC_BY of TRAFFIC_NAMES, ended by NULL;
 * `log` gives the filters. AI routes and MCP servers have their own names. NULL after fail(). */
const cJSON *traffic(struct call *c, const struct log_query *log, bool errors,
                     const char *const *by, int rows);
/* A question about figures, and an expression (signal/metrics.h). NULL after fail(). */
const cJSON *metrics(struct call *c, struct metrics_ask *ask);
const cJSON *metrics_promql(struct call *c, const struct metrics_ask *ask, const char *promql);
/* A page of Envoy's admin interface: parsed JSON, or text as a JSON string. NULL after fail(). */
const cJSON *envoy_admin(struct call *c, const char *path);
/* What the gateway's Envoys run by (signal/proxy.h), a line each: of one replica "KEY: …", of all
 * what is not the same, and figures added up: {"lines":[…],"count","cursor"?,"same"?,"replicas":
 * [{"name","items"|"error","version"?,"updated"?,"refused"?,"restarts"?,"not_ready"?}],
 * "unread"?,"more_replicas"?,"not_looked_at"?,"left_out"?}. NULL after fail(): none could be read.
 */
struct proxy_ask {
    const char *what;    /* of PROXY_WHATS */
    const char *replica; /* its name; NULL: all */
    const char *text, *cursor;
    double limit; /* 0: a short page */
};
const cJSON *inspect_proxies(struct call *c, const struct proxy_ask *ask);
/* The same of the control plane, whose controllers stand in "replicas": its faults, controllers,
 * and how each gateway stands with them. NULL after fail(). */
#define CONTROL_WHAT "control_plane"
const cJSON *control_plane(struct call *c, const struct proxy_ask *ask);
/* In what several replicas are not alike, and why one could not be read: ["LINE"], a few of them;
 * only items with that text. Empty where they are alike, or there is but one; the call does not
 * fail. */
const cJSON *replica_differences(struct call *c, const char *what, const char *text);
/* What is wrong with how the gateway is configured, the worst first; see inspect/inspect.h:
 * {"findings":[…],"counts":{…},"envoy"?,"left_out"?,"unread"?}. NULL after fail(). */
struct inspect_ask {
    const char *kind, *name; /* of this object only; NULL: of the whole gateway */
    double days;             /* within how many the end of a certificate is near */
    bool quick;              /* not all places are asked for plugin instances */
};
const cJSON *inspect(struct call *c, const struct inspect_ask *ask);
/* One finding as a line: "open VERDICT object, path: what happens". */
void inspect_line(struct buf *b, const cJSON *finding);
/* The whole walk: target kind "route", "service", "ai-route", "mcp-server", "domain" or NULL; see
 * diagnose/diagnose.h. */
const cJSON *diagnose(struct call *c, const char *kind, const char *name);
/* An object's endpoints asked, or one address; see probe/probe.h. NULL after fail(). */
struct probe_asked {
    const char *kind, *name; /* NULL: address is set */
    const char *address;     /* "HOST:PORT" of an object of the gateway */
    const char *by;          /* tcp, tls, http, grpc; NULL: as the object says */
};
const cJSON *probe_endpoints(struct call *c, const struct probe_asked *asked);
/* The same over a window of the log that begins at since ("30m", a time; NULL: 15 minutes), and
 * where wanted compared with as long a one before it. */
const cJSON *diagnose_since(struct call *c, const char *kind, const char *name, const char *since,
                            bool compare);
