/* screen_private.h - what an agent tells, shown: its words and steps on a terminal as they come, or
 * its answer alone; as JSON; kept as a transcript. */
#pragma once
#include "agent/agent.h"
#include <stdio.h>

struct screen {
    struct arena *arena; /* of the question */
    struct agent_report *report;
    FILE *transcript;           /* NULL: none is kept */
    bool streams;               /* words are shown as they come */
    bool steps;                 /* what it does is shown, on stderr */
    bool json;                  /* nothing is shown but the report, at the end */
    bool in_line;               /* the last word did not end its line */
    bool spoke;                 /* words of this reply were shown */
    enum agent_outcome outcome; /* of the end that was told */
};

/* For `--json`, or text on whatever stdout is. */
void screen_open(struct screen *s, struct arena *a, bool json);
void screen_told(void *screen, const cJSON *event); /* struct agent_listener */
void screen_said(void *screen, const char *text);
void screen_close(struct screen *s); /* prints what is printed at the end */
