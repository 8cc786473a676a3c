/* certificate_private.h - /v1/tls-certificates: Secrets of type kubernetes.io/tls. */
#pragma once
#include "embedded/rest/rest.h"

extern const struct rest_route certificate_rest[];

/* The Secret for a certificate and its key, labelled with the certificate's names. */
cJSON *certificate_secret(struct arena *a, const char *name, const char *cert, const char *key);
