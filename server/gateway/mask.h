/* mask.h - secrets of gateway objects: hidden on the way out, put back on the way in.
 *
 * What is secret: the paths of the kind's row, and in free-form parts (plugin configurations, raw
 * provider settings, header values) every string under a name that says so (token, apiKey,
 * password, …). Each value hidden is learnt by secret_scrub.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct kind;

/* A masked copy in arena a. k may be NULL: names alone decide. */
cJSON *mask_object(struct arena *a, const struct kind *k, const cJSON *o);
/* Masked values in `after` (shown to a model and sent back) become the values of `before` with that
 * fingerprint. False with ERR_ARGS when one matches nothing there. In place; before may be NULL. */
bool mask_restore(struct arena *a, const struct kind *k, const cJSON *before, cJSON *after,
                  struct err *e);
bool mask_name_is_secret(const char *member); /* "apiKey", "x-api-key", "password", … */

/* Is what stands under such a header or query parameter a credential? In any case. */
bool mask_header_is_secret(const char *name);
bool mask_query_is_secret(const char *name);
/* Any text: tokens known by their form (ghp_…, "Bearer x", PEM keys, passwords and keys in URLs)
 * become fingerprints; a URL keeps scheme, host and path. */
char *mask_shapes(struct arena *a, const char *text);
