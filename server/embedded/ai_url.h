/* ai_url.h - the addresses people give for their own LLM endpoints. */
#pragma once
#include <stdbool.h>

struct arena;

struct ai_url {
    const char *scheme; /* "http" or "https" */
    const char *host;
    int port;          /* explicit, or the scheme's */
    const char *path;  /* "" when there is none */
    const char *query; /* NULL when there is none */
};

/* False: not an absolute http(s) address with a host. */
bool ai_url_parse(struct arena *a, const char *text, struct ai_url *out);
/* The value of a query parameter, raw; NULL when absent. */
const char *ai_url_parameter(struct arena *a, const struct ai_url *u, const char *name);
