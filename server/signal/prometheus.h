/* prometheus.h - the HTTP API of a Prometheus: one expression asked, its answer as data.
 *
 * https://prometheus.io/docs/prometheus/latest/querying/api/. Asked by POST, which reads here.
 * Values are texts ("NaN", "+Inf"), the labels of its answers were written by others: who shows
 * them cleans them.
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct buf;
struct cancel;
struct config_prometheus;
struct err;
struct loop;

struct prometheus_ask {
    const char *expression;
    double start, end; /* Unix seconds; of an instant: end */
    double step;       /* seconds; 0: an instant */
};

/* What its answer calls data: {"resultType", "result"}. NULL: ERR_NET (no answer), ERR_GATEWAY
 * (what it answered, in its words). Parks. */
const cJSON *prometheus_ask(struct loop *l, const struct config_prometheus *p, struct arena *a,
                            const struct prometheus_ask *ask, struct cancel *cancel, struct err *e);
/* A text of others inside the quotes of an expression; quote: as a regular expression that is this
 * text and no other. */
void prometheus_text(struct buf *b, const char *s);
void prometheus_quote(struct buf *b, const char *s);
/* A value as it stands in an answer; NAN: it is none, or no figure. */
double prometheus_value(const cJSON *text);
