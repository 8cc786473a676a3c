/* kstore.h - the folder behind the embedded control plane: one Kubernetes object a YAML file, in
 * the layout of Higress standalone (DIR/<kind plural>/<name>.yaml, namespace always
 * higress-system).
 *
 * Everything is held in memory, each object in an arena of its own. One process owns a folder (lock
 * file with its pid). A file is only ever replaced as a whole, durably, before a write returns or,
 * between kstore_begin and kstore_commit, by the commit, which writes all files or none.
 * kstore_refresh takes in what others changed in the folder; call it before each answer. Trees that
 * kstore_get and kstore_at gave stay valid until the next kstore_refresh, even when replaced
 * meanwhile. A file that cannot be read is a problem (kstore_problem), the rest is served; writes
 * to it are refused, so that nobody's work is overwritten unseen. Versions are those of the
 * standalone API server: "1" on create, plus one a write.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct kstore;

enum kstore_result {
    KSTORE_OK = 0,
    KSTORE_EXISTS,   /* create: there is one of that name */
    KSTORE_MISSING,  /* replace, delete: there is none of that name */
    KSTORE_CONFLICT, /* replace: metadata.resourceVersion given is not the current one */
    KSTORE_FAILED,   /* err says why: disk, name that makes no file, unreadable file in the way */
};

/* Makes the folder if it is not there. ERR_SYSTEM names the path, or the process that holds it. */
struct kstore *kstore_open(const char *dir, struct err *e);
void kstore_close(struct kstore *s); /* NULL is fine */
/* True when something had changed. */
bool kstore_refresh(struct kstore *s);
/* Number of changes seen since the start (ours and others'): equal numbers, equal data. */
unsigned long kstore_generation(const struct kstore *s);

/* kind is the plural ("ingresses"). Borrowed; NULL when there is none. */
const cJSON *kstore_get(const struct kstore *s, const char *kind, const char *name);
/* Objects of a kind in code-unit order of their names: for (i = 0; i < kstore_count(…); i++). */
size_t kstore_count(const struct kstore *s, const char *kind);
const cJSON *kstore_at(const struct kstore *s, const char *kind, size_t i);

/* object: a whole Kubernetes object (metadata.name says which); it is copied, so it may live in any
 * arena and may share parts with stored trees. Sets apiVersion, kind, namespace, creationTimestamp,
 * resourceVersion and status, drops managedFields and null members, sorts keys. */
enum kstore_result kstore_create(struct kstore *s, const char *kind, const cJSON *object,
                                 struct err *e);
/* With metadata.resourceVersion: only if it is the current one. */
enum kstore_result kstore_replace(struct kstore *s, const char *kind, const cJSON *object,
                                  struct err *e);
/* One write that stands for several: the version moves by `writes`, whatever it was. */
enum kstore_result kstore_replace_many(struct kstore *s, const char *kind, const cJSON *object,
                                       unsigned writes, struct err *e);
enum kstore_result kstore_delete(struct kstore *s, const char *kind, const char *name,
                                 struct err *e);

/* A write that changes nothing but the version: true when writing the object again would give the
 * same, as of one that this process wrote; else the caller writes it whole. What somebody else
 * wrote keeps its comments and its order then. */
bool kstore_touch(struct kstore *s, const char *kind, const char *name, struct err *e);
/* A place for what was derived from a tree: ends with it, holds NULL when the tree is new. *a: its
 * arena. One module a kind uses it. NULL: there is no such object. */
void **kstore_memo_at(const struct kstore *s, const char *kind, size_t i, struct arena **a);
void **kstore_memo(const struct kstore *s, const char *kind, const char *name, struct arena **a);

/* A transaction: what is written from here on is in memory at once, and on disk with the commit; a
 * sudden death leaves all of it or nothing after the next kstore_open. Do not refresh inside. */
void kstore_begin(struct kstore *s);
/* False: the disk refused (err names the file); the objects are as they were before kstore_begin,
 * except when err says that the write will be finished later. */
bool kstore_commit(struct kstore *s, struct err *e);

/* Files that cannot be read: i counts from 0; NULL after the last. "ingresses/a.yaml: line 3: …" */
const char *kstore_problem(const struct kstore *s, size_t i);
/* Is that a member Higress has for a registry or a proxy of an McpBridge? Any other is kept as it
 * is. */
bool kstore_bridge_has(const char *member);
