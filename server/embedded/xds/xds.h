/* xds.h - Kubernetes objects of a Higress data folder to the files that a stock Envoy watches.
 *
 * A pure function: arrays of objects in, three discovery documents (listeners, routes, clusters)
 * and a list of notes out. Requests go where Higress itself sends them: the same virtual hosts, the
 * same order of routes, the same matches (tests/routing holds both against recordings of the real
 * thing). What stock Envoy cannot do, or what is not rendered, is said in a note and never hidden.
 * Secrets are not read: provider keys and certificates do not occur in the documents.
 * Everything returned lives in the arena given.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;

struct xds_input {
    /* Arrays of objects as the data folder holds them; NULL counts as empty. */
    const cJSON *ingresses, *mcpbridges, *wasmplugins, *envoyfilters, *http2rpcs, *services;
    const char *address; /* where Envoy listens for requests: "127.0.0.1" */
    int port;
    const char *folder;     /* absolute path of the folder that Envoy watches */
    const char *access_log; /* absolute path */
};

struct xds_output {
    cJSON *listeners, *routes, *clusters; /* each {"resources":[…]} */
    cJSON *notes; /* [{"object":"ingress/orders","reason":"…"}], the objects in their order */
};

void xds_render(struct arena *a, const struct xds_input *in, struct xds_output *out);

/* The Envoy routes of one host's rule, while they are told. */
struct xds_told {
    const char *name; /* of the route; a default backend and a root have names of their own */
    const char *host; /* lower case; "*": any */
    const cJSON *routes;
    const char *unrendered; /* an annotation that acts on the route and is not rendered, or NULL */
};
/* Each rule alone, in Envoy's order, so that a hundred thousand never exist at once. Their
 * destinations name ports. */
void xds_each_rule(struct arena *a, const cJSON *ingresses,
                   void (*tell)(void *arg, const struct xds_told *told), void *arg);

/* Fills the arrays of `in` from the folders ingresses/, mcpbridges/, … below `data`. A file that is
 * not YAML is an error that names it (ERR_ARGS): nothing half-read is ever rendered. */
bool xds_read_folder(struct arena *a, const char *data, struct xds_input *in, struct err *e);

/* Replaces cds.json, rds.json, lds.json in `folder`, in that order and each atomically, so that no
 * route is seen before its cluster. Files whose text is the same stay untouched. */
bool xds_write(struct arena *a, const char *folder, const struct xds_output *out, struct err *e);

/* Envoy's own start file: admin interface on loopback, the folder as source of everything else. */
cJSON *xds_bootstrap(struct arena *a, const char *folder, int admin_port);
