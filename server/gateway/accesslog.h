/* accesslog.h - the last matching lines of the gateway's access log, read from the end backwards.
 *
 * The file is read in blocks of 64 KiB, never whole; lines that cannot match are never parsed. Each
 * row is an object of strings in the arena given, control characters gone, long values cut; the
 * parts of ai_log that hold what people wrote are dropped. A line with stray quotes is taken apart
 * by the known order of its keys (data-plane: the format is text that looks like JSON).
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

struct accesslog_query {
    const char *route, *host, *path_prefix, *flag, *text; /* NULL: any; text: as it stands */
    int status_class;                                     /* 2..5; 0: any */
    double since;                                         /* Unix seconds; 0: any */
    int limit;                                            /* matching lines; 0: 100 */
    size_t max_scan;                                      /* bytes read at most; 0: 64 MiB */
};

struct accesslog_seen {
    int matched;
    size_t scanned; /* bytes */
    bool cut;       /* stopped at max_scan before the beginning of the file */
};

typedef bool accesslog_fn(void *arg, const cJSON *row); /* false: stop */
/* Newest first. False when the file cannot be read (ERR_SYSTEM says why). seen may be NULL. */
bool accesslog_read(struct arena *a, const char *path, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg, struct accesslog_seen *seen, struct err *e);
/* One line as an object; NULL when it is no access-log line. */
cJSON *accesslog_parse(struct arena *a, const char *line, size_t n);
