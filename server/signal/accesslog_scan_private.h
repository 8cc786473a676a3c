/* accesslog_scan_private.h - one reading under way: what it looks for, and what became of a line.
 * For accesslog.c and accesslog_scan.c.
 */
#pragma once
#include "signal/accesslog_line_private.h"
#include "signal/log_follow_private.h"

enum { LOG_LITERALS = 5, LOG_LINE_MAX = 256 * 1024 };

struct scan {
    struct log_source *from;
    double began;          /* when others had their turn last: loop_now */
    struct arena *arena;   /* of the answer */
    struct arena *scratch; /* of lines looked at; renewed now and then */
    int in_scratch;
    const struct accesslog_query *q;
    const char *literals[LOG_LITERALS]; /* each is in every plain line that matches */
    bool skips;                         /* by those, far more is read than is looked at */
    size_t spent;                       /* of max_scan */
    const char *flag;                   /* of the query, in capitals */
    bool by_outcome; /* how a request was answered, or by what route, may leave its line out */
    bool some, wanted[LOG_KEYS]; /* rows need only the wanted keys */
    bool counts; /* every line is looked at, so that counting them tells of no guess */
    accesslog_fn *fn;
    void *arg;
    bool passes; /* rows live only until fn returns */
    struct accesslog_seen seen;
    int limit;
    bool done;
    size_t resume; /* once done: where the lines begin that were not looked at end */
    bool too_old;  /* done because older lines are of no interest */
    struct log_formats *formats;
    const struct log_part *part;
    char *block, *sample; /* of any part, one after the other; sample NULL: none was read yet */
    bool at_end;          /* nothing but the end of the file was seen */
    bool line_lost;       /* the line under way is too long for one of ours */
};

struct log_judge {
    struct scan scan;
};

void log_scan_begin(struct scan *s, struct arena *a, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg);
/* Does the text hold what every plain line holds that matches? */
bool log_scan_has_literals(const struct scan *s, const char *text, size_t n);
/* No line is left out any more: the format has fields that are hidden whole. */
void log_scan_skip_none(struct scan *s);
/* Of lines that were left out, the first of which begins at `place`, behind a line break: the age
 * of the last one may end the scan. */
void log_scan_age(struct scan *s, const char *lines, size_t n, size_t place);
/* A line that ends before a byte that may be read; plain: the whole text around it is. place: where
 * it begins in its part. */
void log_scan_line(struct scan *s, char *line, size_t n, bool plain, size_t place);
