/* report.h - an inspection as a document for people and pipelines. Pure. */
#pragma once
#include "inspect/inspect.h"
#include <stdbool.h>

struct buf;

struct report {
    const struct inspection *inspection;
    const char *gateway;    /* address */
    enum trap_risk fail_on; /* findings of this risk and worse fail */
};

/* "text", "json", "sarif" (2.1.0), "junit"; false for another word. */
bool report_is_format(const char *format);
void report_write(struct arena *a, struct buf *b, const char *format, const struct report *r);
int report_failures(const struct report *r); /* findings that fail */
/* "open", "broken", "dead", "note"; false for another word. */
bool report_risk(const char *word, enum trap_risk *out);
