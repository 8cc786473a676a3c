/* ai_url_private.h - the addresses people give for their own LLM endpoints, taken apart as
 * java.net.URI takes them: a host that it does not know as one (a_b.example.org, 例子.org) is NULL,
 * not an error.
 */
#pragma once
#include <stdbool.h>

struct arena;

struct ai_url {
    const char *scheme; /* as written; NULL when there is none */
    const char *host;   /* with the brackets of IPv6; NULL */
    int port;           /* -1: not given */
    const char *path;   /* "" when there is none */
    const char *query;  /* NULL when there is none */
};

/* False: the text is no URI. */
bool ai_url_parse(struct arena *a, const char *text, struct ai_url *out);
bool ai_url_is_http(const struct ai_url *u); /* http or https, in any case */
/* The port given, or the console's default: 443 for exactly "https", else 80. */
int ai_url_port(const struct ai_url *u);
const char *ai_url_path(const struct ai_url *u); /* "/" when there is none */
/* Scheme, host, port and path, without a port that goes without saying and a path of slashes. */
char *ai_url_print(struct arena *a, const struct ai_url *u);
/* The value of a query parameter, raw; NULL when absent. */
const char *ai_url_parameter(struct arena *a, const struct ai_url *u, const char *name);
