/* jackson_private.h - a request's body as Jackson reads it: the encoding is found by its first
 * bytes, what follows the first value is not looked at, half a surrogate pair counts as a question
 * mark. */
#pragma once
#include <cjson/cJSON.h>
#include <stddef.h>

struct arena;

/* charset: of the Content-Type, NULL when it names none. NULL: unreadable. */
/* A number keeps its text (1.0, 1e2) in valuestring, for a field that is one. */
cJSON *jackson_read(struct arena *a, const char *body, size_t len, const char *charset);
