/* manifest.h - several objects as one text: read, ordered by dependency, made one plan.
 *
 * Two forms, mixed freely: ours ({kind, name, scope?, members of the object}, alone, in a list or
 * as YAML documents) and Kubernetes' (Ingress, McpBridge, WasmPlugin, ConfigMap, TLS Secret, as
 * Higress or people write them), told apart by apiVersion. Errors (ERR_ARGS) name the document, its
 * line, and the field. Of a Kubernetes object each member that does not stay as it is is accounted
 * for by a finding; one that kept somebody out and would be lost is a mistake.
 * All lives in the manifest's arena.
 */
#pragma once
#include "kind/annotation.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cancel;
struct err;
struct gateway;
struct kind;
struct plan;

enum { MANIFEST_MAX = 2000, MANIFEST_BYTES = 8 << 20 };

struct manifest_item {
    const struct kind *kind;
    const char *name, *scope;
    cJSON *object;
    const char *where;   /* "document 2 (line 14)" */
    const char *unknown; /* why a secret of it is not known, or NULL */
    bool if_absent;      /* made only where the gateway has none */
    bool of_tls;         /* a domain that only the tls of Ingresses asked for */
    bool removed;        /* it is to go (manifest_delete.c) … */
    bool pattern;        /* … and its name is a pattern of names */
};

enum manifest_status {
    MANIFEST_WORKS = 1,  /* stays as it is */
    MANIFEST_TRANSLATED, /* becomes something else that does the same, or as `text` says */
    MANIFEST_IGNORED,    /* lost */
    MANIFEST_PLUGIN,     /* lost, and a plugin can do it */
    MANIFEST_REFUSED,    /* not taken: it would let somebody in, or break the gateway */
};

struct manifest_finding {
    const char *object; /* "Ingress shop/web" */
    const char *member; /* "higress.io/timeout", "spec.tls"; NULL: the whole object */
    enum manifest_status status;
    enum annotation_danger danger; /* what is at stake */
    const char *text;              /* one sentence, without values that may be secret */
    int number;                    /* in the order in which they were found */
};

struct manifest {
    struct arena *arena;
    struct manifest_item *list;
    int count, room;
    struct manifest_finding *findings;
    int finding_count, finding_room;
    /* A survey: what cannot be taken is left out with a finding instead of being a mistake. */
    bool survey;
    bool whole_secrets;  /* a reference goes only where its value is hidden whole */
    bool skip_unknown;   /* an object with a secret that is not known is left out, with a note */
    const char *space;   /* the namespace of objects that name none; NULL: the console's */
    const char *file;    /* of what is read, or NULL: told before the document */
    const char *where;   /* of the document being read */
    const char *object;  /* "Ingress shop/web", while one of Kubernetes is read */
    struct named *named; /* manifest_private.h */
    struct port_name *ports;
};

/* Every kind that a manifest may hold, "A|B|…": what others point to comes first. */
extern const char manifest_order[];

struct manifest *manifest_new(struct arena *a);
bool manifest_read(struct manifest *m, const char *text, size_t len, struct err *e);
/* The same from a tree: one object or a list of them. */
bool manifest_take(struct manifest *m, const cJSON *root, struct err *e);
/* One text of several; after the last, manifest_finish. */
bool manifest_add(struct manifest *m, const char *text, size_t len, struct err *e);
bool manifest_finish(struct manifest *m, struct err *e);

/* The item of that name, made when there is none yet; NULL + e: too many, or no such kind. */
struct manifest_item *manifest_item(struct manifest *m, const char *kind, const char *name,
                                    const char *scope, struct err *e);
/* The object being read, or that item, is left out: why. */
void manifest_note(struct manifest *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "${env:NAME}", "${file:PATH}" and "${secret:NAME}" become what fn returns (NULL + e: none). An
 * object that is there already may do without (a certificate that looks the same, a registry whose
 * password stays); else manifest_plan says which secret is missing. */
typedef const char *manifest_secret_fn(void *arg, const char *from, const char *name,
                                       struct err *e);
void manifest_resolve(struct manifest *m, manifest_secret_fn *fn, void *arg);

/* One plan of it all: creates what is not there, changes what differs. whole: an object is replaced
 * by what the manifest says; else what the manifest leaves out stays. Findings become warnings.
 * What it refers to is for verify_plan to judge. Parks. False: p->err. */
bool manifest_plan(struct gateway *g, struct plan *p, struct manifest *m, bool whole,
                   struct cancel *c);

/* What became of it all, for people and for programs: a line for each object and member. */
const char *manifest_status_name(enum manifest_status s); /* "needs plugin" */
char *manifest_markdown(struct manifest *m);
cJSON *manifest_json(struct manifest *m);
