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
struct kind;

#define MANIFEST_SECRET "HIGRESS_SECRET_"
/* The variable that export asks for, for a member that reading never shows (a user's name at a
 * registry); NULL: reading shows it. */
char *manifest_unseen(struct arena *a, const struct kind *k, const char *name, const char *member);

struct manifest_written {
    int objects, secrets, unknown; /* secrets whose value could not be read */
    cJSON *values;                 /* {"HIGRESS_SECRET_…": value} */
};

bool manifest_write(struct gateway *g, struct arena *a, struct buf *to,
                    struct manifest_written *out, struct cancel *c, struct err *e);
