/* log_loki_private.h - one question to Loki, and its entries in the order of time. */
#pragma once
#include "signal/log_source_private.h"

struct loki_query {
    enum log_what what;
    long long start, end; /* Unix nanoseconds; from start on, before end */
    int limit;            /* entries */
    bool backwards;       /* the newest count; else the oldest */
};

enum { LOKI_PAGE = 1000 }; /* entries that are asked for first */

struct loki_entry {
    long long ns;
    int order;
    const char *line;    /* without breaks */
    const char *replica; /* NULL: no label says it */
};

struct loki_answer {
    struct loki_entry *entries; /* the oldest first */
    int count, room;
};

/* Parks. */
bool log_loki_ask(struct log_source *s, struct arena *a, const struct loki_query *q,
                  struct loki_answer *out, struct err *e);
/* Entries [from, to) as lines, in a. */
void log_loki_part(struct arena *a, const struct loki_answer *x, int from, int to,
                   struct log_part *out);
