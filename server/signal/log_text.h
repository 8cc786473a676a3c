/* log_text.h - a row of a log (accesslog.h) as one line for people and models. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

/* "TIME 503 GET host/path UH no_healthy_upstream route=pay - client=10.1.1.1 curl/8", "TIME warning
 * [wasm key-auth] text"; behind it the replica. All values are clean already. colours: escape codes
 * of terminals around what matters. */
char *log_row_text(struct arena *a, const cJSON *row, bool colours);
/* Whom the gateway takes for the client, as analyze_traffic counts it; behind it what the request
 * itself says of that, which anybody can write. */
const char *log_row_client(struct arena *a, const cJSON *row);
