/* diagnose_window_private.h - the log in two windows: whose errors changed, and when. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct diagnose_window;

struct diagnose_window *window_new(struct arena *a, double from, double to);
/* A row of the access log; those outside are not counted. It need not outlive the call. */
void window_take(struct diagnose_window *w, const cJSON *row);
/* ["5xx of pay.static: 0.2 % (3 of 1500) -> 38 % (57 of 150) since …, when plan c-… was applied"],
 * the surest first; one line too where nothing changed. changes: [{id, title, at}]. */
cJSON *window_lines(struct diagnose_window *w, const cJSON *changes);
