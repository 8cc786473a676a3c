/* kube.h - Kubernetes objects as the console writes them: metadata helpers, and writes whose
 * failure is already the right answer.
 *
 * Trees made here live in the request's arena. Every write puts the label
 * higress.io/resource-definer: higress on the object (not on McpBridge); names ending in .internal
 * also get the label higress.io/internal and the comment annotation.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct rest_request;

/* {"metadata":{"name":…}} with labels and annotations to be filled by the caller. */
cJSON *kube_new(struct arena *a, const char *name);
const char *kube_name(const cJSON *object);
const char *kube_version(const cJSON *object); /* metadata.resourceVersion or NULL */
void kube_set_version(struct arena *a, cJSON *object, const char *version); /* NULL: none */
const char *kube_label(const cJSON *object, const char *key);               /* NULL when absent */
const char *kube_annotation(const cJSON *object, const char *key);
void kube_set_label(struct arena *a, cJSON *object, const char *key, const char *value);
void kube_set_annotation(struct arena *a, cJSON *object, const char *key, const char *value);
bool kube_is_internal(const char *name);        /* ends in ".internal" */
bool kube_is_defined_here(const cJSON *object); /* carries the console's label */

/* The stored object, copied into the request's arena so that it may be changed; NULL: none. */
cJSON *kube_load(struct rest_request *r, const char *kind, const char *name);
/* The write; on failure the request has been answered (409 conflict, 500 ApiException). The result
 * is the stored object (borrowed from the store). */
const cJSON *kube_create(struct rest_request *r, const char *kind, cJSON *object);
const cJSON *kube_replace(struct rest_request *r, const char *kind, cJSON *object);
/* Create, or replace whatever is there, unconditionally. */
const cJSON *kube_save(struct rest_request *r, const char *kind, cJSON *object);
/* For a handler that writes other objects first: would the last write go through? Asked only when
 * the console may be better than the real one (else true); false has been answered. */
bool kube_would_create(struct rest_request *r, const char *kind, const char *name);
bool kube_would_replace(struct rest_request *r, const char *kind, const char *name,
                        const char *version);
/* kube_save for an object that is there: one write that stands for several. */
const cJSON *kube_save_many(struct rest_request *r, const char *kind, cJSON *object,
                            unsigned writes);
/* Before replacing an object that was built anew: takes over what the console does not know of the
 * stored one (kube_keep.c). */
void kube_keep_unknown(struct rest_request *r, const char *kind, cJSON *object);
bool kube_delete(struct rest_request *r, const char *kind, const char *name); /* missing is fine */

/* The API server's Status object of a failure, to which details may be added, and the answer that
 * quotes it. kube_fail_status returns false. */
cJSON *kube_status(struct arena *a, const char *message, const char *reason, int code);
bool kube_fail_status(struct rest_request *r, int http_status, const cJSON *status);
/* The API server could not store something: 500 with its words. Returns false. */
bool kube_fail_storage(struct rest_request *r, const struct err *e);
