/* metrics_private.h - figures, questions made of them, and the rows of an answer. */
#pragma once
#include "signal/metrics.h"
#include <stdint.h>

/* -- metric_table.c: what the gateway counts ----------------------------------------------- */

/* By which labels it is kept: those of a cluster, of the AI plugins, or of the whole gateway. */
enum metric_family { OF_CLUSTER = 1, OF_AI, OF_GATEWAY };
extern const unsigned metric_labels[]; /* by family: bits 1 << metric_label */

struct metric {
    enum metric_family family;
    const char *name;  /* in Prometheus; OF_AI: what follows "…_metric_" */
    const char *match; /* more label matchers, or NULL */
    const char *raw; /* at Envoy's admin page: of a cluster what follows its name, else all of it */
    bool histogram;
    bool first_use; /* made when it first counts */
};

enum column_how {
    GROWN = 1, /* how much it counted */
    PEAK,      /* the highest value of a gauge */
    LOW,       /* the lowest */
    QUANTILE,  /* of a histogram */
    RATIO,     /* of two other columns, times factor; under < 0: of one and the seconds */
    LIMIT,     /* max_…, of Envoy's page of clusters; Prometheus has none */
    COST       /* of the columns over (requests) and under (answers), by prices */
};

enum { COLUMNS = 12 };

struct column {
    const char *name; /* NULL: past the last */
    enum column_how how;
    const struct metric *metric;
    double factor; /* of a RATIO; the share of a QUANTILE */
    int over, under;
    bool hidden;  /* the others are made of it */
    bool ai_only; /* asked for only where a label wants it */
};

struct question {
    const char *name;
    int key;       /* the column by which rows are sorted, the highest first */
    unsigned also; /* labels that it is always reckoned by */
    struct column columns[COLUMNS];
};

const struct question *metric_question(const char *name); /* NULL: there is none */

/* -- metric_rows.c: an answer as it grows -------------------------------------------------- */

struct row {
    const char *label[BY_LABELS]; /* NULL: not asked for */
    uint64_t hash;
    double *value; /* points of each column, one after the other; NAN: not known */
};

struct rows {
    struct arena *arena;
    const struct metrics_ask *ask;
    const struct question *question;
    const struct config *config;
    unsigned by;    /* those asked for and those it is reckoned by */
    unsigned asked; /* columns, as bits, */
    unsigned there; /* and those of them whose figure is there */
    int points;
    double from, to, step; /* step 0: one value for all of it */
    double since;          /* the first sample, where it is younger than from; else 0 */
    struct row *list;
    int count, room, left_out;
    int *place, places;        /* of list, by hash, plus 1; 0: free */
    cJSON *not_there, *unread; /* names of figures; replicas, why */
};

enum { ROWS_KEPT = 20000 };

struct rows *rows_new(const struct metrics_means *m, const struct metrics_ask *ask,
                      const struct question *q);
/* The row with those labels, made where it is new. NULL: there are too many. */
struct row *rows_find(struct rows *r, const char *const label[BY_LABELS]);
/* The column's first point. */
double *row_value(const struct rows *r, const struct row *row, int column);
void rows_missing(struct rows *r, const char *name);
cJSON *rows_answer(struct rows *r, const char *source);

/* -- where they come from; false + e: it could not be read. Both park -------------------------- */

bool metrics_by_prometheus(const struct metrics_means *m, struct rows *r, struct err *e);
bool metrics_by_envoy(const struct metrics_means *m, struct rows *r, struct err *e);
/* The answer to an expression of others, of which so many rows are shown at most. */
struct prometheus_ask;
void metrics_show(struct arena *a, cJSON *answer, const cJSON *data,
                  const struct prometheus_ask *ask, int most);
/* What others call something: masked, cleaned and cut. */
const char *metric_label(struct arena *a, const char *name, const char *value, size_t max);
enum { METRIC_BYTES = 24 << 10 }; /* of rows, as JSON; the one that goes beyond is the last */
/* A figure as it is told: four digits that count, a whole number from 1000 on; no figure: null. */
cJSON *metric_figure(struct arena *a, double value);
