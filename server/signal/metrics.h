/* metrics.h - questions about a gateway that figures answer: of a Prometheus that scrapes it, or
 * where none is configured of the counters of all its Envoys, read twice some seconds apart.
 *
 * Which figures there are, and what they are called where, says metric_table.c. What counts up is
 * told as what came on top; Prometheus reckons that from samples, so it need not be whole. Labels
 * were written by others and are cleaned. A figure that is not there is said to be not there, with
 * the name that was looked for: that is never 0.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct err;
struct loop;

/* metric_table.c has a row each; labels in the order of enum metric_label. */
#define METRIC_QUESTIONS "requests|error_rate|latency|saturation|tokens|cost|refusals|first_token"
#define METRIC_LABELS "route|service|consumer|model|replica"
enum metric_label { BY_ROUTE, BY_SERVICE, BY_CONSUMER, BY_MODEL, BY_REPLICA, BY_LABELS };
enum { METRIC_POINTS = 120, METRIC_ROWS = 100, METRIC_STEP = 60, METRIC_WAIT = 5 };

struct metrics_means {
    struct loop *loop;
    const struct config *config; /* of the gateway */
    struct arena *arena;
    struct cancel *cancel;
};

struct metrics_ask {
    const char *question;        /* one of METRIC_QUESTIONS */
    unsigned by;                 /* bits 1 << metric_label */
    const char *only[BY_LABELS]; /* that one alone; NULL: all */
    const char *also[BY_LABELS]; /* another name of the same; NULL: it has none */
    double seconds;              /* of time that is looked at */
    int points;                  /* values told of each figure; 1: one for all of the time */
    int rows;                    /* told; what comes after them is counted */
};

/* {"source", "from", "to", "step"? (seconds, with several points), "since"? (the first sample,
 * where it is younger), "rows": [{"service", …, FIGURE: number or list of numbers and nulls}],
 * "currency"?, "not_there"?: names, "not_by"?: figures that are not kept so, "without_price"?:
 * models, "unread"?: replicas that could not be read, and why; "note"?, "truncated"?: {"rows",
 * "how"}}. NULL + e: it could not be read. Parks. */
cJSON *metrics_answer(const struct metrics_means *m, const struct metrics_ask *ask, struct err *e);
/* The same of an expression: rows are {"labels": {…}, "value": number or list}. Of the ask only
 * seconds, points and rows count. ERR_POLICY: the configuration takes none. */
cJSON *metrics_expression(const struct metrics_means *m, const struct metrics_ask *ask,
                          const char *promql, struct err *e);
