/* accesslog.h - the last matching records of the gateway's access log, read from the end backwards,
 * wherever it is (log_source.h); and lines of its other logs.
 *
 * One line is one record, and no client writes a second one: a line that holds a key twice, or keys
 * as the format cannot give them, is `forged`. Every filter is judged on the record as it is handed
 * out: strings, clean, cut and masked, query values and unknown fields as "***" (accesslog_mask.c).
 * So no search can tell anything about what is hidden. The file is read in blocks of 128 KiB, never
 * whole; lines that cannot match are not parsed. Where it does not reach back far enough, what a
 * rotation made of older lines follows, gzip'd or not.
 *
 * Forms: Higress' and other JSON, also with other names (accesslog_alias.c), Envoy's and Istio's
 * default text. A line in no known form is told raw where nothing is asked for that it cannot have.
 */
#pragma once
#include "signal/log_source.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

enum accesslog_lines {
    ACCESSLOG_ALL,
    ACCESSLOG_SOUND, /* records that their line proves */
    ACCESSLOG_FORGED /* the others; ends where sound ones are too old */
};

/* Filters that are about requests: of other lines than LOG_ACCESS nobody may ask for them. */
#define ACCESSLOG_REQUEST_FILTERS "route|host|path|status|flag"

struct accesslog_query {
    enum log_what what; /* of others than LOG_ACCESS, `text`, since, limit and cursor count */
    bool previous;      /* of pods: of the container that ran before */
    const char *route;  /* NULL: any */
    const char *const *also_routes;        /* ended by NULL, each with `route` within; NULL: none */
    const char *host, *path_prefix, *flag; /* NULL: any */
    const char *text;                      /* within any value; NULL: any */
    enum accesslog_lines lines;
    int status_class;   /* 2..5; 0: any */
    double since;       /* Unix seconds; 0: any */
    int limit;          /* matching lines; 0: 100 */
    size_t max_scan;    /* bytes read at most; 0: 64 MiB of lines that a filter's words do not leave
                           out, 4 GiB of files */
    const char *cursor; /* of an earlier answer: goes on behind what that one looked at; NULL */
    bool newest_file;   /* no rotated ones */
    /* Keys that fn looks at, ended by NULL: rows live only until fn returns, and may have no more
     * than these and how a request was answered (start_time, response_code, response_flags,
     * route_name). NULL: whole rows, which stay. */
    const char *const *only;
};

struct accesslog_seen {
    int matched;
    size_t scanned;     /* bytes */
    int lines;          /* in them */
    size_t left;        /* bytes of the same file, older, that were not looked at */
    bool cut;           /* older lines are left that were not looked at */
    char cursor[48];    /* where those begin; "" when there are none */
    char oldest[40];    /* the time of the oldest record looked at; "" when none was seen */
    int known, unknown; /* lines of samples: records and the gateway's own words, and others */
    int raw;            /* lines in no known form, where no filter leaves lines out; else 0 */
    const char *note;   /* what could not be read of the source, in words; NULL: all was */
    const char *line;   /* one of them, masked; NULL: none */
};

/* row, of the access log: {"path": "/a?key=***", …, "ai": {"model": "…"}}, of a forged line also
 * "forged": true and only what stands before the forgery; {"raw": "…"} for a line that is no
 * record. Of others: {"time", "level", "component", "text"}, where known. With "replica" where
 * lines have one. False: stop. */
typedef bool accesslog_fn(void *arg, const cJSON *row);
/* Newest first. False when it cannot be read (e says why). seen may be NULL. Parks; others run
 * every 10 ms while files are read. */
bool accesslog_read(struct arena *a, struct log_source *from, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg, struct accesslog_seen *seen, struct err *e);
/* One line as a row; NULL when it is no record. */
cJSON *accesslog_parse(struct arena *a, const char *line, size_t n);
/* Is the route of a line the wanted one? "shop/orders" is "orders" too. */
bool accesslog_route_is(const char *route, const char *wanted);
