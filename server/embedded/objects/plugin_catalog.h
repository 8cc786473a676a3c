/* plugin_catalog.h - the built-in wasm plugins: what they are called, where they run, what they
 * accept.
 *
 * One data file a plugin: server/embedded/plugins/NAME.yaml, linked into the binary and parsed when
 * the catalogue is first asked for, then those of a folder. Kept until plugin_catalog_reset.
 * Everything given is borrowed.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

struct plugin_spec {
    const char *name, *title, *description;
    const char *category;      /* ai, auth, security, traffic, transform, transformation, o11y */
    const char *phase;         /* UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS */
    const char *version;       /* of the configuration: suffix of the object's name */
    const char *image;         /* repository with scheme: "oci://…/key-auth" */
    const char *image_version; /* its tag */
    const char *readme;        /* address of the plugin's documentation; NULL: none */
    const char *file;          /* of a folder; NULL: linked in */
    int priority;              /* higher runs first within a phase */
    bool covered;              /* managed by consumers, AI routes or MCP servers */
    const cJSON *schema;       /* JSON Schema of the configuration */
    const cJSON *example;      /* a configuration; NULL: none */
};

/* Every *.yaml in the folder: in place of the plugin of its name, or as a further one. False: the
 * folder cannot be read, or a file has a mistake; e names file and line, and the process should not
 * go on with what was taken so far. */
bool plugin_catalog_add(const char *dir, struct err *e);
void plugin_catalog_reset(void); /* to what is linked in */
size_t plugin_catalog_count(void);
const struct plugin_spec *plugin_catalog_at(size_t i);           /* sorted by name */
const struct plugin_spec *plugin_catalog_find(const char *name); /* NULL when there is none */
