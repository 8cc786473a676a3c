/* kind.h - what a gateway holds: one const row for each kind of resource, with the console's traps.
 *
 * The rows are the only place that knows paths, keys, versions and what an update loses; what is
 * secret is said by mask_rows_object.c.
 * Lists inside a row are texts with '|' between members; a path is "a.b[].c", [] being each
 * element.
 */
#pragma once
#include "kind/derived.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct field;

enum kind_version {
    VERSION_NONE = 1, /* the object has no version: compare content */
    VERSION_ENFORCED, /* the console refuses a stale one (409) */
    VERSION_LATE,     /* refused only after live objects were changed: compare before writing */
    VERSION_ECHOED,   /* shown, belongs to a shared object, never compared: compare content */
};

enum kind_flag {
    KIND_SCOPED = 1,      /* lives at global, domain:X, route:X or service:X */
    KIND_READ_ONLY = 2,   /* cannot be written */
    KIND_UPSERT = 4,      /* POST overwrites, PUT creates: existence must be checked before */
    KIND_PUT_CREATES = 8, /* there is no POST */
    KIND_PUT_LIST = 16,   /* PUT goes to the list's path, not to the object's */
    KIND_THIN_LIST = 32,  /* the list leaves members out that the object has */
    KIND_FIXED = 64,      /* always there: neither created nor deleted */
    KIND_SINGLE = 128,    /* the only one, named as its kind */
    KIND_SPECIAL = 256,   /* read, and where need be written, by console/special.c */
    KIND_LIST_KNOWS = 512 /* of an object that `lasts` only the list shows what was changed */
};

struct kind {
    const char *name;   /* "route" */
    const char *about;  /* one sentence for people and models */
    const char *list;   /* "/v1/routes"; scoped kinds begin with "{scope}" */
    const char *object; /* "/v1/routes/{name}"; NULL: only in the list */
    const char *key;    /* member that names the object */
    enum kind_version version;
    unsigned flags;
    const char *carry; /* members kept from `before` when an update omits them */
    const char *needs; /* members an update must bring, because reading never shows them */
    const char *strip; /* "a" or "a.b" never sent: obeyed against the URL, or told anew */
    const char *made; /* "a" or "a.b" the console makes: not compared, not part of a content hash */
    const char *guarded; /* names that must not be written; one that starts with '.' is a suffix */
    const char *kept;    /* names that must not be deleted */
    const char *lasts;   /* member that, when true, forbids deleting the object */
    const char *loss;    /* what an update loses or a delete takes along, one sentence, or NULL */
    /* The objects of which the console makes it, those first that are written first; ended by 0. */
    enum derived parts[3];
    const char *yaml; /* member that is YAML text: compared, shown and masked as the tree it is */
    /* What it points to, "path>kind": "services[].name>service". The scope of a plugin instance is
     * a reference, too. kind_refs walks them. */
    const char *refs;
    const struct field *fields; /* every member the console knows: types, bounds, sentences */
    const char *example;        /* one object that passes every rule, JSON text */
};
extern const struct kind kinds[]; /* ended by { 0 } */

const struct kind *kind_find(const char *name); /* NULL: unknown */
const char *kind_names(void);                   /* "route|domain|…" */

/* What a plugin instance can be for, beside "global": scope "route:NAME". Ended by NULL. */
extern const char *const kind_scopes[];
/* Percent-encoded console paths. NULL with ERR_ARGS: a name that is empty, ".", "..", holds '/' or
 * control characters; a scope that is missing, misspelt or not for this kind. */
char *kind_list_path(struct arena *a, const struct kind *k, const char *scope, struct err *e);
char *kind_object_path(struct arena *a, const struct kind *k, const char *name, const char *scope,
                       struct err *e);
/* Is that route a part of the object? */
bool kind_makes_route(struct arena *a, const struct kind *k, const char *name, const char *route);
/* The routes that the console makes for an AI route or an MCP server of that name, ended by NULL.
 */
const char *const *kind_made_routes(struct arena *a, const char *name);
char *kind_mcp_of(struct arena *a, const char *route); /* "weather"; NULL: no MCP server's */
char *kind_ai_of(struct arena *a, const char *route);  /* "chat"; NULL: no AI route's */
const char *kind_name_of(const struct kind *k, const cJSON *o); /* NULL: none */
bool kind_exists(const struct kind *k, const cJSON *o); /* false for a made-up plugin instance */

/* The object as its content: without made members, nulls and empty objects. What hashes and
 * comparisons are made of. */
cJSON *kind_content(struct arena *a, const struct kind *k, const cJSON *o);
void kind_strip(const struct kind *k, cJSON *o); /* takes `strip` out of o */
/* SHA-256 (hex) of the content, and of the version where the console enforces it. "absent" for
 * NULL. */
char *kind_hash(struct arena *a, const struct kind *k, const cJSON *o);
const char *kind_version_of(const struct kind *k, const cJSON *o); /* NULL: none or not enforced */

/* Calls fn for each reference of an object: path "services[0].name", kind and name of what it
 * points to; scope NULL unless the kind is scoped. False when fn said so: a stop. */
typedef bool kind_ref_fn(void *arg, const char *path, const char *kind, const char *name);
bool kind_refs(struct arena *a, const struct kind *k, const char *scope, const cJSON *o,
               kind_ref_fn *fn, void *arg);
