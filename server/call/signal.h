/* signal.h - what a tool's handler reads of the data plane. Every function here may park. */
#pragma once
#include "call/read.h"

/* Lines of the configured access log, newest first, each parsed (JSON or Higress' text format);
 * fn returns false to stop. False when no log is configured or readable (fail says which). */
struct log_query {
    const char *route, *host, *path_prefix, *flag, *text;
    int status_class; /* 2..5; 0: any */
    double since;     /* Unix seconds; 0: any */
    int limit;        /* matching lines */
    size_t max_scan;  /* bytes read at most; 0: 64 MiB */
};
bool log_each(struct call *c, const struct log_query *q, gw_each_fn *fn, void *arg);
/* A page of Envoy's admin interface: parsed JSON, or text as a JSON string. NULL after fail(). */
const cJSON *envoy_admin(struct call *c, const char *path);
/* What is wrong with how the gateway is configured, the worst first; see inspect/inspect.h:
 * {"findings":[…],"counts":{…},"left_out"?,"unread"?}. NULL after fail(). */
struct inspect_ask {
    const char *kind, *name; /* of this object only; NULL: of the whole gateway */
    double days;             /* within how many the end of a certificate is near */
    bool quick;              /* not all places are asked for plugin instances */
};
const cJSON *inspect(struct call *c, const struct inspect_ask *ask);
/* One finding as a line: "open VERDICT object, path: what happens". */
void inspect_line(struct buf *b, const cJSON *finding);
/* The whole walk: target kind "route", "service" or NULL; see diagnose/diagnose.h. */
const cJSON *diagnose(struct call *c, const char *kind, const char *name);
