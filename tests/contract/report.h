/* report.h - what differs between a console and the recordings, by rule.
 *
 * A rule is a row of rules.tsv, or what differs said in general: method, path without its names,
 * and the first thing that is not as recorded.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct report;

struct report_item {
    const char *file; /* "console2/routes" */
    const cJSON *exchange;
    int status;              /* of the answer that came; 0: none */
    const char *differences; /* lines of differ() */
    bool follows;            /* something in this file differed before, and its state was kept */
};

/* rules: path of rules.tsv; an unreadable one has no rows. */
struct report *report_new(struct arena *a, const char *rules);
void report_add(struct report *r, const struct report_item *item);
void report_print(const struct report *r); /* nothing when nothing differs */
