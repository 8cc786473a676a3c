/* store.h - the folder behind the embedded control plane: one Kubernetes object a YAML file, in the
 * layout of Higress standalone (DIR/<kind plural>/<name>.yaml, namespace always higress-system).
 *
 * Everything is held in memory, each object in an arena of its own. One process owns a folder (lock
 * file with its pid). A file is only ever replaced as a whole, durably, before a write returns.
 * store_refresh takes in what others changed in the folder; call it before each answer. Trees that
 * store_get and store_at gave stay valid until the next store_refresh, even when replaced
 * meanwhile. A file that cannot be read is a problem (store_problem), the rest is served; writes to
 * it are refused, so that nobody's work is overwritten unseen. Versions are those of the standalone
 * API server: "1" on create, plus one a write.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct store;

enum store_result {
    STORE_OK = 0,
    STORE_EXISTS,   /* create: there is one of that name */
    STORE_MISSING,  /* replace, delete: there is none of that name */
    STORE_CONFLICT, /* replace: metadata.resourceVersion given is not the current one */
    STORE_FAILED,   /* err says why: disk, name that makes no file, unreadable file in the way */
};

/* Makes the folder if it is not there. ERR_SYSTEM names the path, or the process that holds it. */
struct store *store_open(const char *dir, struct err *e);
void store_close(struct store *s); /* NULL is fine */
const char *store_dir(const struct store *s);
/* True when something had changed. */
bool store_refresh(struct store *s);
/* Number of changes seen since the start (ours and others'): equal numbers, equal data. */
unsigned long store_generation(const struct store *s);

/* kind is the plural ("ingresses"). Borrowed; NULL when there is none. */
const cJSON *store_get(const struct store *s, const char *kind, const char *name);
/* Objects of a kind in code-unit order of their names: for (i = 0; i < store_count(…); i++). */
size_t store_count(const struct store *s, const char *kind);
const cJSON *store_at(const struct store *s, const char *kind, size_t i);

/* object: a whole Kubernetes object (metadata.name says which); it is copied, so it may live in any
 * arena and may share parts with stored trees. Sets apiVersion, kind, namespace, creationTimestamp,
 * resourceVersion and status, drops managedFields and null members, sorts keys. */
enum store_result store_create(struct store *s, const char *kind, const cJSON *object,
                               struct err *e);
/* With metadata.resourceVersion: only if it is the current one. */
enum store_result store_replace(struct store *s, const char *kind, const cJSON *object,
                                struct err *e);
enum store_result store_delete(struct store *s, const char *kind, const char *name, struct err *e);

/* Files that cannot be read: i counts from 0; NULL after the last. "ingresses/a.yaml: line 3: …" */
const char *store_problem(const struct store *s, size_t i);
