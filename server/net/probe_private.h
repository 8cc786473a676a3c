/* probe_private.h - what both kinds of probe do. For probe*.c. */
#pragma once
#include "net/fetch.h"
#include "net/probe.h"

/* A request that connects to host and port and sends nothing; name: of the server in TLS, NULL:
 * none. Texts in a. */
struct fetch_request probe_request(struct arena *a, const char *host, int port, const char *name,
                                   double timeout, const struct reach *reach, struct cancel *c);
/* Sends it: what came of it, in words without the URL. False, parks: as probe(). */
bool probe_fetch(struct loop *l, struct arena *a, const struct fetch_request *r,
                 struct fetch_answer *answer, struct probe *out, struct err *e);
