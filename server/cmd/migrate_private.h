/* migrate_private.h - where `higress-ops migrate` gets its texts from. */
#pragma once
#include <stdbool.h>

struct err;
struct manifest;

/* Reads a file, a folder or "-" into the manifest, and finishes it. False: e names the file. */
bool migrate_read(struct manifest *m, const char *path, struct err *e);
