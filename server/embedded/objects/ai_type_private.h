/* ai_type_private.h - what the console knows about each kind of LLM provider: default endpoint, its
 * own settings with their checks and defaults.
 *
 * ai_type_resolve works on the provider's stored entry (the raw settings of the request), adds the
 * defaults that the console writes, and says where the provider is reached.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct rest_request;

struct ai_type;

struct ai_endpoint {
    const char *domain;   /* host, or for static "ip:port,ip:port" */
    const char *type;     /* "dns" or "static" */
    const char *protocol; /* "http" or "https" */
    int port;             /* of the registry: 80 for static */
    const char *service;  /* an existing service to bind instead; NULL: make a registry */
};

const struct ai_type *ai_type_find(const char *name); /* NULL: not supported */
/* False: the request has been answered (400). */
bool ai_type_resolve(struct rest_request *r, const struct ai_type *t, cJSON *entry,
                     struct ai_endpoint *to);
/* Members that are worked out on every read, from the other settings (claudeCustomUrl). */
void ai_type_read(struct rest_request *r, cJSON *entry);
/* True when saving a provider of this type rewrites the AI routes that use it. */
bool ai_type_moves(const struct ai_type *t);
bool ai_type_needs_token_service(const struct ai_type *t); /* vertex: oauth2.googleapis.com */
