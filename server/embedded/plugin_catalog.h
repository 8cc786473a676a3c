/* plugin_catalog.h - the built-in wasm plugins: what they are called, where they run, what they
 * accept.
 *
 * One data file a plugin (server/embedded/plugins/NAME.yaml, linked into the binary), parsed when
 * the catalogue is first asked for and kept until the process ends. Everything given is borrowed.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct plugin_spec {
    const char *name, *title, *description;
    const char *category;      /* ai, auth, security, traffic, transform, transformation, o11y */
    const char *phase;         /* UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS */
    const char *version;       /* of the configuration: suffix of the object's name */
    const char *image;         /* repository with scheme: "oci://…/key-auth" */
    const char *image_version; /* its tag */
    const char *readme;        /* address of the plugin's documentation; NULL: none */
    int priority;              /* higher runs first within a phase */
    bool covered;              /* managed by consumers, AI routes or MCP servers */
    const cJSON *schema;       /* JSON Schema of the configuration */
    const cJSON *example;      /* a configuration; NULL: none */
};

size_t plugin_catalog_count(void);
const struct plugin_spec *plugin_catalog_at(size_t i);           /* sorted by name */
const struct plugin_spec *plugin_catalog_find(const char *name); /* NULL when there is none */
