/* resource.h - resources: what a client may read by URI, as a table of providers.
 *
 * A provider owns the URIs that begin with its prefix. To add resources: a const struct
 * resource_provider, and a line in the table of resource.c, or `resources` of a toolset (these come
 * first). list, templates and read run on the request's fiber and may park; what they make lives in
 * r->arena. A read that finds nothing returns false and sets no error: the revision's own "not
 * found" is answered.
 * What a tool would show is a resource only while that tool is offered (--toolsets, --tools): not
 * listed, read, completed or watched otherwise. The provider's row says which tool it is.
 */
#pragma once
#include "mcp/request.h"

struct arena;
struct catalog;
struct kind;

enum { RESOURCE_PAGE = 200, RESOURCE_URI_MAX = 2048, RESOURCE_VALUES_MAX = 100 };

/* A line of resources/list (uri) or of resources/templates/list (uri holds {variables}). */
struct resource {
    const char *uri, *name;
    const char *title, *about, *mime; /* each may be NULL */
};

struct resource_list; /* one page being filled */
/* False: the page is full, stop. The row is not needed afterwards. */
bool resource_add(struct resource_list *l, const struct resource *row);

struct resource_content {
    const char *mime;
    const char *text; /* one of text and blob; blob is base64 */
    const char *blob;
    cJSON *meta;    /* _meta of the content, or NULL */
    double ttl_ms;  /* how long 2026-07-28 clients may keep it */
    bool for_every; /* the same for every caller */
};

struct resource_completion; /* values for one variable of a template */
/* Takes the value if it goes with what was typed. */
void resource_suggest(struct resource_completion *c, const char *value);
/* What was given for another variable of the template; NULL: nothing. */
const char *resource_given(const struct resource_completion *c, const char *variable);

struct resource_provider {
    const char *prefix;                                            /* "higress://gateway/" */
    bool (*list)(struct request *r, struct resource_list *l);      /* false: r->err says why */
    bool (*templates)(struct request *r, struct resource_list *l); /* NULL: none */
    bool (*read)(struct request *r, const char *uri, struct resource_content *out);
    /* Names for {variable} of the template; NULL: none. */
    void (*complete)(struct request *r, const char *uri_template, const char *variable,
                     struct resource_completion *c);
    /* A text that differs when the resource does, in arena a; NULL: not known now. May park. NULL
     * function: the resource never changes. `remote`: it costs the gateway a read. */
    char *(*state)(struct mcp *m, struct arena *a, const char *uri, struct cancel *c);
    bool remote;
    /* The tool that shows the same. NULL: any of its toolset; of a provider of ours, any that plans
     * a change. */
    const char *tool;
};

/* Who serves this URI; NULL: nobody, or its tool is switched off. */
const struct resource_provider *resource_provider_of(struct mcp *m, const char *uri);
/* Is it its tool that keeps it from being served? */
bool resource_is_off(struct mcp *m, const char *uri);
/* May the names of that kind be told: does a tool that is offered list them? */
bool resource_names_shown(const struct mcp *m, const struct kind *k);

/* Takes the next segment off a path, decoded. NULL: none, empty, or badly encoded. */
const char *resource_segment(struct arena *a, const char **rest);

/* The revision's own "not found"; NULL, so that it can be returned. */
const char *resource_missing(struct request *r, const char *uri);
/* params.uri; NULL after request_fail. */
const char *resource_uri(struct request *r);

/* Each answers r. */
void resource_list(struct request *r);
void resource_templates(struct request *r);
void resource_read(struct request *r);
/* Do the rules let who asks read? They know resources, their lists and completion by RESOURCE_READ.
 * False: e. */
#define RESOURCE_READ "resources/read"
bool resource_is_admitted(const struct request *r, struct err *e);

#define RESOURCE_PLAN_VIEW "ui://higress-ops/plan2"
#define RESOURCE_MAP_VIEW "ui://higress-ops/map1"
#define RESOURCE_MAP_TOOL "gateway_overview"
extern const struct resource_provider resource_gateway, resource_audit, resource_change,
    resource_map, resource_map_view, resource_app;
/* Is there a map to be shown? It names routes, hosts and services: only beside a tool that names
 * routes, too. */
bool resource_map_offered(const struct catalog *c);
/* The page of a view as an MCP Apps host wants it: may do nothing but show. */
void resource_view(struct arena *a, const char *html, struct resource_content *out);
extern const char resource_view_mime[];
