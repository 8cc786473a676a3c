/* traffic.h - counts over the access log: how many requests, by what, how long they took.
 *
 * Groups are made of what accesslog.h shows of a line, so nothing can be counted that is not shown:
 * hidden values are "***" and count as one. Paths lose their query and the segments that name one
 * thing (/orders/123 is /orders/{id}). Percentiles are exact (nearest rank). Everything is bounded:
 * groups beyond TRAFFIC_GROUPS are counted together, rows beyond the limit are said to be left out.
 */
#pragma once
#include "signal/accesslog.h"

enum { TRAFFIC_BY = 3, TRAFFIC_GROUPS = 20000 };

#define TRAFFIC_NAMES                                                                              \
    "path|route|host|status|flag|upstream|service|method|client|forwarded|user_agent|consumer|"    \
    "model|replica"

struct traffic_query {
    struct accesslog_query log; /* filters; limit is not read */
    bool errors;                /* 4xx, 5xx and no answer only */
    const char *by[TRAFFIC_BY]; /* of TRAFFIC_NAMES; NULL: no more */
    int rows;                   /* told; 0: 20 */
};

/* {"matched", "of" (with errors: how many the other filters let through), "window": {"from", "to",
 * "lines_read", "bytes_read"}, "newest", "duration": {"p50", "p95", "p99"}, "first_token",
 * "tokens": {"input", "output", "total", and of a request "p50", …}, "rows": [{"path", …, "count",
 * "share", "ms": [p50, p95, p99], …}], "left_out": {"rows", "requests"}, "not_looked_at": {"bytes",
 * "cursor"}, "forged", "unreadable"}; what is 0 or unknown is absent. NULL with e: the log
 * cannot be read. */
cJSON *traffic_count(struct arena *a, struct log_source *from, const struct traffic_query *q,
                     struct err *e);
/* Is a row of the access log a request that failed: 4xx, 5xx, or no answer? */
bool traffic_is_error(const cJSON *row);
/* "/orders/123?x" -> "/orders/{id}". */
char *traffic_fold(struct arena *a, const char *path);
