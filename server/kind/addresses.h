/* addresses.h - the addresses of a static or dns service source, as Higress' controller reads them.
 * Pure.
 *
 * The console cuts blanks off each member of the comma list before it looks, and overlooks an empty
 * last one; it stores the text as it came. The controller splits at the commas and no more, and
 * drops the source whole for one member that is not an address: its service does not exist, its
 * traffic is 503 NC, and only the controller's log says so.
 */
#pragma once
#include <stdbool.h>

struct arena;

/* What the controller stumbles over. */
struct addresses_fault {
    const char *member; /* as it stands there: maybe empty, with blanks, with any character */
    const char *why;    /* "holds a blank", "is empty", "is not …" */
};

/* Does the controller make a service of it? False: *fault says why not. Types but static and dns
 * have one address each, which is the registry's: true. */
bool addresses_taken(struct arena *a, const char *type, const char *domain,
                     struct addresses_fault *fault);
