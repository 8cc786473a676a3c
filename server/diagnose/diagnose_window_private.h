/* diagnose_window_private.h - the log in two windows: whose errors and whose latency changed, and
 * when. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct diagnose_window;

enum { WINDOW_SLICES = 120 }; /* of time */

/* The slice before which, and from which on, two shares explain the slices best. */
struct window_split {
    int at; /* the first of the later part; 0: there are no two parts */
    int bad[2], all[2];
};
struct window_split window_split(const int all[WINDOW_SLICES], const int bad[WINDOW_SLICES]);

struct diagnose_window *window_new(struct arena *a, double from, double to);
/* A row of the access log; those outside are not counted. It need not outlive the call. */
void window_take(struct diagnose_window *w, const cJSON *row);
/* ["5xx of pay.static: 0.2 % (3 of 1500) -> 38 % (57 of 150) since …, when plan c-… was applied"],
 * the surest first, then "latency of route reports: p50 about 12 -> 410 ms, …"; one line too where
 * nothing changed. changes: of diagnose.h. */
cJSON *window_lines(struct diagnose_window *w, const cJSON *changes);
