/* mcp_text_private.h - the text of an MCP server (rawConfigurations, or the settings of the plugin
 * mcp-server), looked at as the plugin reads it.
 *
 * A look is one rule: it says every place that breaks it. Rows of trap_mcp_text.c carry looks, so
 * that what stands in a gateway and what is about to be written are judged by the same ones.
 * Sentences hold names of members, tools and arguments, never values.
 */
#pragma once
#include "rule/trap.h"

struct err;

struct mcp_look {
    struct arena *a;
    const cJSON *text; /* the tree; an object */
    void *arg;
    void (*say)(void *arg, const char *path, const char *what);
};

/* What a row of trap_mcp_text_rows carries. */
struct mcp_text_rule {
    void (*look)(struct mcp_look *l);
    bool refused; /* the plugin takes no such server: not written either */
};

void mcp_say(struct mcp_look *l, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *mcp_name(struct mcp_look *l, const char *name); /* cleaned and short */
const char *mcp_place(struct mcp_look *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The tree of an MCP server's text; NULL with ERR_ARGS where it is no YAML, NULL without where
 * there is none. */
const cJSON *mcp_text_tree(struct arena *a, const cJSON *raw, struct err *e);
bool mcp_is_proxy(const cJSON *text);                       /* server.type is mcp-proxy */
const cJSON *mcp_scheme(const cJSON *text, const char *id); /* of server.securitySchemes */

const char *mcp_text_of(const cJSON *object, const char *member); /* "" where there is none */

/* Looks at members by the table of mcp_text.c: wrong types; names that nobody reads. */
void mcp_look_types(struct mcp_look *l);
void mcp_look_unknown(struct mcp_look *l);
/* mcp_server.c, mcp_tool.c */
void mcp_look_server(struct mcp_look *l);
void mcp_look_name(struct mcp_look *l);
void mcp_look_both(struct mcp_look *l);
void mcp_look_tools(struct mcp_look *l);
void mcp_look_allowed(struct mcp_look *l);
void mcp_look_type(struct mcp_look *l);
void mcp_look_proxy(struct mcp_look *l);
void mcp_look_schemes(struct mcp_look *l);
void mcp_look_upstream(struct mcp_look *l);
void mcp_look_names(struct mcp_look *l);
void mcp_look_url(struct mcp_look *l);
void mcp_look_ways(struct mcp_look *l);
void mcp_look_response(struct mcp_look *l);
void mcp_look_templates(struct mcp_look *l);
void mcp_look_headers(struct mcp_look *l);
void mcp_look_address(struct mcp_look *l);
void mcp_look_args(struct mcp_look *l);
void mcp_look_holes(struct mcp_look *l);
void mcp_look_escapes(struct mcp_look *l);
/* The words of a JSON Schema that the plugin takes from 2.2.4 on (mcp_schema.c). */
void mcp_look_schemas(struct mcp_look *l);

extern const struct trap trap_mcp_text_rows[];
