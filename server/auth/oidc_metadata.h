/* oidc_metadata.h - what an OpenID provider says of itself (OpenID Connect Discovery 1.0), as far
 * as a login needs it.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct config_oidc;
struct err;

struct oidc_metadata {
    const char *authorize, *token, *jwks; /* URLs, each beyond doubt (config/oidc.h) */
    const char *end_session;              /* NULL: none */
    bool says_iss;                        /* its answers carry `iss` (RFC 9207) */
};

/* In a. False, ERR_NET: it is not of that issuer, byte by byte; lacks an endpoint, or leads from
 * https to http; cannot do PKCE with S256; signs with nothing that is taken. */
bool oidc_read_metadata(struct arena *a, const cJSON *document, const struct config_oidc *c,
                        struct oidc_metadata *out, struct err *e);
