/* gate.h - Host and Origin of a request: one rule for every listener of this program.
 *
 * A page in somebody's browser must not speak to a server of this machine: neither across origins
 * nor by a DNS name of its own that it lets point here (the browser then sends that name as Host).
 * Loopback names always pass as Host; of Origins those of loopback pass where the listener is
 * loopback itself; everything else only when it is listed.
 */
#pragma once
#include <stdbool.h>

struct http_exchange;

struct gate {
    bool loopback;              /* listens where only this machine comes in */
    const char *const *hosts;   /* also allowed, with or without port; ended by NULL; NULL: none */
    const char *const *origins; /* likewise: "https://app.example" */
};

/* NULL: it may go on. Else a sentence for a 403. */
const char *gate_refuses(const struct gate *g, const struct http_exchange *x);
/* Is the value one of the list, whatever the case of its letters? */
bool gate_lists(const char *const *list, const char *value);
