/* manifest_private.h - what the readers of Kubernetes objects share; only manifest_*.c include it.
 *
 * Each reader turns one object into items and returns false with an ERR_ARGS that names the field.
 */
#pragma once
#include "manifest/manifest.h"

#define MANIFEST_PORT_NAME "portName"   /* beside a service until its port is looked up */
#define MANIFEST_SPACE "higress-system" /* where the console's objects live */

/* manifest_kube.c: one Kubernetes object into items. */
bool manifest_kube(struct manifest *m, const cJSON *o, struct err *e);
const char *manifest_meta(const cJSON *o, const char *group, const char *key); /* metadata.G[K] */
const char *manifest_space(const struct manifest *m, const cJSON *o);          /* its namespace */

bool manifest_refers(const cJSON *node); /* does a reference to a secret stand in it still? */

/* manifest_delete.c. An object of our form that is to go, and what becomes of it in a plan; parks.
 */
bool manifest_is_delete(const cJSON *o);
bool manifest_take_delete(struct manifest *m, const struct kind *k, const cJSON *o,
                          const char *name, struct err *e);
bool manifest_plan_delete(struct gateway *g, struct plan *p, struct manifest *m,
                          const struct manifest_item *i, struct cancel *c);
const char *manifest_deleted(const struct plan *p, int *count);
bool manifest_ingress(struct manifest *m, const cJSON *o, struct err *e);
bool manifest_wasm(struct manifest *m, const cJSON *o, struct err *e);
bool manifest_bridge(struct manifest *m, const cJSON *o, struct err *e);

/* -- findings (manifest_finding.c) ------------------------------------------------------------ */

/* What becomes of a member of the object being read: a sentence. NULL: of the object, which the
 * sentence is about ("is left out: …"). */
void manifest_account(struct manifest *m, const char *member, enum manifest_status status,
                      enum annotation_danger danger, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool manifest_refuses(const struct manifest *m,
                      int first);                          /* is a finding from there on REFUSED? */
bool manifest_refusals(struct manifest *m, struct err *e); /* ERR_ARGS that names what is refused */
void manifest_warn(struct manifest *m, struct plan *p);

/* -- names (manifest_finish.c) ---------------------------------------------------------------- */

/* Objects of several namespaces become items of one console: what a Kubernetes object is called
 * there. The first of a name keeps it, the next ones get their namespace before it. */
struct made {
    struct made *next;
    int index; /* in the list of items: a route that an Ingress became */
    const char *label;
    const cJSON *ingress;
    bool is_default; /* of its default backend: annotations do not act on it */
};
struct named {
    struct named *next;
    const char *kind, *space, *name, *item;
    const cJSON *service; /* of a Service: its spec */
    struct made *made;    /* of an Ingress */
};
struct named *manifest_named(struct manifest *m, const char *kind, const char *space,
                             const char *name);
/* The same, when it was asked for or read already; else NULL. */
struct named *manifest_named_there(const struct manifest *m, const char *kind, const char *space,
                                   const char *name);
/* Forgets the items from there on, and what points to them. */
void manifest_forget(struct manifest *m, int count);
/* A name that no item of the kind has: base, "base-2", …. */
const char *manifest_unique(struct manifest *m, const char *kind, const char *base);
/* A service of an item whose port is a name; the item's newest object holds it. */
struct port_name {
    struct port_name *next;
    int item, service; /* by their places in the list of items and in `services` */
    const char *port;
};
void manifest_port(struct manifest *m, int item, int service, const char *port);
/* Ports that are names: looked up in Services of the manifest, then in the gateway's list. */
bool manifest_ports(struct gateway *g, struct manifest *m, struct cancel *c, struct err *e);

/* -- an Ingress (manifest_ingress.c, manifest_annotation.c, manifest_path.c) ------------------- */

struct ingress {
    struct manifest *m;
    struct arena *a;
    const cJSON *o;
    const char *space, *name;
    cJSON *route;     /* what its annotations say: the same for each of its routes */
    cJSON *customs;   /* annotations that stay, or NULL */
    const char *port; /* of the backend read last: its name, or NULL */
};
/* Every annotation of it, into `route`, `customs` and findings. */
bool manifest_annotations(struct ingress *in, struct err *e);
/* One path of it, with `at` its place: match, rewrite, services, into a route. */
bool manifest_path(struct ingress *in, const cJSON *path, const char *at, cJSON *route,
                   struct err *e);
bool manifest_backend(struct ingress *in, const cJSON *backend, const char *at, cJSON *route,
                      struct err *e);
