/* probe_private.h - one question to one place (a knock), and the party of those that are asked side
 * by side. */
#pragma once
#include "net/reach.h"
#include "probe/probe.h"
#include <stdbool.h>

struct cancel;
struct fetch_answer;
struct fetch_request;
struct party;

enum probe_by { BY_TCP = 1, BY_TLS, BY_HTTP, BY_GRPC, BY_MODELS, BY_MCP };

struct knock {
    struct party *party;
    enum probe_by by;
    bool gateway; /* through it, not at host and port */
    const char *host;
    int port;
    struct reach reach;
    const char *tls_name; /* SNI, and who the server must be; NULL: no TLS */
    const char *as;       /* Host header; NULL: host and port */
    const char *path;     /* of HTTP and MCP */
    bool stream;          /* MCP: by the older transport, GET of an event stream */
    const cJSON *provider;
    struct cancel *cancel;
    cJSON *row; /* what came of it */
};

struct party {
    struct arena *a;
    const struct probing *m;
    const struct probe_ask *ask;
    struct err *e; /* why there is no target */
    struct knock **knocks;
    int count, room, left_out;
    cJSON *notes;
};

/* probe_target.c: the knocks that the target asks for; false: p->e. */
bool party_gather(struct party *p);

/* probe_http.c: sends to host and port, or through the gateway: url is made of k; method, headers
 * (Host is added), body and bounds are r's. */
bool knock_send(struct knock *k, const struct fetch_request *r, struct fetch_answer *out,
                struct err *e);
/* The row of a request to which no answer came. */
void knock_failed(struct knock *k, const struct fetch_answer *answer, const struct err *e);
void knock_http(struct knock *k);
void knock_grpc(struct knock *k);
void knock_models(struct knock *k);               /* probe_models.c */
void knock_mcp(struct knock *k);                  /* probe_mcp.c */
void knock_took(struct knock *k, double seconds); /* says so, in milliseconds */
/* A text of a stranger: masked by form, cleaned, cut. */
void knock_said(struct knock *k, const char *text);

/* probe_envoy.c: what each replica says of the endpoints that were asked; parks. */
void party_ask_envoy(struct party *p);
