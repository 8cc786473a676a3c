/* probe.h - what an object of the gateway points to is asked, from this server, whether it answers:
 * a connect, a handshake, a GET, gRPC's health check, a provider's models, an MCP server's tools.
 *
 * Where to is said by the console's objects alone: a host that none of them names is refused unless
 * it is an address of `probe` in the configuration, and net/reach.h judges each address that is
 * connected to. Nothing else is ever sent: GET of the route's own path, POST of the calls named
 * above. Answers of upstreams are texts of strangers. A provider's key goes to the provider's own
 * address over verified TLS (or this host's loopback) and is in no answer. Source: docs/probes.md.
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct cancel;
struct config;
struct err;
struct gateway;
struct loop;

struct probing {
    struct loop *loop;
    struct gateway *gateway;
    const struct config *config;
    struct cancel *cancel;
};

struct probe_ask {
    const char *kind; /* route, service, ai-provider, mcp-server, domain; NULL: address is set */
    const char *name;
    const char *address; /* "HOST:PORT" */
    const char *by;      /* tcp, tls, http, grpc; NULL: what the object asks for */
};

/* {"target","from","counts":{"ok":2,…},"probes":[{"at","by","sent","result","ms","status"?,"said"?,
 * "tls"?,"envoy"?}],"left_out"?,"notes"?}, what did not answer first. NULL: e. Parks; all endpoints
 * are asked side by side, each within 10 s. */
cJSON *probing_run(struct arena *a, const struct probing *m, const struct probe_ask *ask,
                   struct err *e);
