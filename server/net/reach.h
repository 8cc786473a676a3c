/* reach.h - which addresses of an outbound connection are not anybody's service.
 *
 * Where text that others can write (a service source, an endpoint list) decides what is connected
 * to, the address itself is judged, after the name was resolved and right before connect: no name,
 * no notation of a number, no IPv6 wrapping of an IPv4 address leads around it.
 */
#pragma once
#include <stdbool.h>

struct err;
struct sockaddr;

struct reach {
    bool loopback;            /* this host's own loopback ports may be connected to */
    const char *const *allow; /* "ADDRESS[/BITS]" that may be, whatever they are; NULL: none */
};

/* NULL: may be connected to. Else what it is: "a link-local address", … */
const char *reach_refuses(const struct reach *r, const struct sockaddr *to);
/* Is the text an address, and of loopback? Also "localhost" and names below it. */
bool reach_is_loopback(const char *host);
/* Does the URL name this host's loopback? */
bool reach_is_here(const char *url);
/* Is the text an address of one of those networks (as `allow` above)? */
bool reach_is_allowed(const char *const *allow, const char *host);
/* Is the text "ADDRESS" or "ADDRESS/BITS"? ERR_ARGS. */
bool reach_is_network(const char *text, struct err *e);
