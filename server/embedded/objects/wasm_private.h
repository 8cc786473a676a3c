/* wasm_private.h - WasmPlugin objects: how they are made, what their fields mean, how they are
 * found.
 *
 * A built-in plugin lives in NAME-VERSION (what people configure) and, for those that the console
 * manages itself, in NAME.internal. Match rules are rules.h's business.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct plugin_spec;
struct rest_request;

extern const char wasm_kind[];     /* "wasmplugins" */
extern const char wasm_key_auth[]; /* "key-auth.internal" */

/* A new object of a built-in plugin, disabled globally, without rules. */
cJSON *wasm_new(struct arena *a, const struct plugin_spec *spec, bool internal);
/* NAME.internal as stored, copied, or a new one. NULL: the catalogue has no such plugin (the
 * request has been answered). */
cJSON *wasm_internal(struct rest_request *r, const char *plugin);

const char *wasm_plugin_name(const cJSON *object);    /* label; "" when absent */
const char *wasm_plugin_version(const cJSON *object); /* label; "" when absent */
bool wasm_is_internal(const cJSON *object);
bool wasm_is_custom(const cJSON *object);

/* spec, made when it is missing or something else than an object (files edited by hand). */
cJSON *wasm_spec(struct arena *a, cJSON *object);
/* The global configuration where it hangs, or a new loose one: to change, then wasm_set_config. */
cJSON *wasm_edit_config(struct arena *a, cJSON *object);
/* The global configuration and its switch. config is attached (same arena) unless it is the
 * one that hangs there already; NULL takes it away. */
void wasm_set_config(struct arena *a, cJSON *object, cJSON *config, bool enabled);
const cJSON *wasm_config(const cJSON *object);
bool wasm_enabled(const cJSON *object);

/* spec.url from repository (with or without scheme) and tag, and back. */
char *wasm_url(struct arena *a, const char *repository, const char *tag);
void wasm_url_split(struct arena *a, const char *url, char **repository, char **tag);
/* Are pull policy and phase words that the console knows? False: answered (400). */
bool wasm_check_image(struct rest_request *r, const cJSON *plugin);
/* Sets phase, priority, pull policy and pull secret from an API object; enums left out when they
 * are the default, as the API server stores them. False: unknown value, request answered (400). */
bool wasm_set_image(struct rest_request *r, cJSON *object, const cJSON *plugin);
