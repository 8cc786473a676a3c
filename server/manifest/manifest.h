/* manifest.h - several objects as one text: read, ordered by dependency, made one plan.
 *
 * Two forms, mixed freely: ours ({kind, name, scope?, members of the object}, alone, in a list or
 * as YAML documents) and Kubernetes' (Ingress, McpBridge, WasmPlugin, ConfigMap, TLS Secret, as
 * Higress writes them), told apart by apiVersion. What the console derives by itself (*.internal)
 * is left out with a note. Errors (ERR_ARGS) name the document, its line, and the field.
 * All lives in the manifest's arena.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cancel;
struct err;
struct gateway;
struct kind;
struct plan;

enum { MANIFEST_MAX = 2000, MANIFEST_BYTES = 8 << 20, MANIFEST_NOTES = 12 };

struct manifest_item {
    const struct kind *kind;
    const char *name, *scope;
    cJSON *object;
    const char *where;   /* "document 2 (line 14)" */
    const char *unknown; /* why a secret of it is not known, or NULL */
    bool removed;        /* it is to go (manifest_delete.c) … */
    bool pattern;        /* … and its name is a pattern of names */
};

struct manifest {
    struct arena *arena;
    struct manifest_item *list;
    int count, room;
    const char *notes[MANIFEST_NOTES]; /* what was left out, and why */
    int note_count;
    bool skip_unknown; /* an object with a secret that is not known is left out, with a note */
    const char *where; /* of the document being read */
};

/* Every kind that a manifest may hold, "A|B|…": what others point to comes first. */
extern const char manifest_order[];

struct manifest *manifest_new(struct arena *a);
bool manifest_read(struct manifest *m, const char *text, size_t len, struct err *e);
/* The same from a tree: one object or a list of them. */
bool manifest_take(struct manifest *m, const cJSON *root, struct err *e);

/* The item of that name, made when there is none yet; NULL + e: too many, or no such kind. */
struct manifest_item *manifest_item(struct manifest *m, const char *kind, const char *name,
                                    const char *scope, struct err *e);
void manifest_note(struct manifest *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "${env:NAME}", "${file:PATH}" and "${secret:NAME}" become what fn returns (NULL + e: none). An
 * object that is there already may do without (a certificate that looks the same, a registry whose
 * password stays); else manifest_plan says which secret is missing. */
typedef const char *manifest_secret_fn(void *arg, const char *from, const char *name,
                                       struct err *e);
void manifest_resolve(struct manifest *m, manifest_secret_fn *fn, void *arg);

/* One plan of it all: creates what is not there, changes what differs. whole: an object is replaced
 * by what the manifest says; else what the manifest leaves out stays. What it refers to is for
 * verify_plan to judge. Parks. False: p->err. */
bool manifest_plan(struct gateway *g, struct plan *p, struct manifest *m, bool whole,
                   struct cancel *c);

/* manifest_kube.c: one Kubernetes object into items. */
bool manifest_kube(struct manifest *m, const cJSON *o, struct err *e);
