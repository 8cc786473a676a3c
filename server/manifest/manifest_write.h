/* manifest_write.h - a whole gateway as a manifest: every object in our form, in the order of
 * dependencies, by name within a kind, without what the gateway makes by itself.
 *
 * Secrets become references "${env:HIGRESS_SECRET_…}"; their values go to `secrets`, a flat object,
 * and only there. What the console never shows (private keys, passwords of registries) is a
 * reference without a value. Parks. Equal gateways give equal texts.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct buf;
struct cancel;
struct err;
struct gateway;

#define MANIFEST_SECRET "HIGRESS_SECRET_"

struct manifest_written {
    int objects, secrets, unknown; /* secrets whose value could not be read */
    cJSON *values;                 /* {"HIGRESS_SECRET_…": value} */
};

bool manifest_write(struct gateway *g, struct arena *a, struct buf *to,
                    struct manifest_written *out, struct cancel *c, struct err *e);
