/* cert.h - X.509 certificates by libcrypto: what one says, a self-signed one, and whether a
 * chain of them leads to one that is trusted. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

struct cert_info {
    char **names; /* subject's common name, then DNS alternative names; no name twice */
    size_t count;
    const char *subject, *issuer;       /* common name, else organization, else "" */
    char not_before[32], not_after[32]; /* "2026/11/24 00:03:55Z" */
};

/* The first certificate of a PEM text. False (ERR_ARGS) when there is none. */
bool cert_read(struct arena *a, const char *pem, size_t len, struct cert_info *out, struct err *e);
/* Is the first certificate of a PEM text for that host, a name or an address? */
bool cert_is_for(const char *pem, size_t len, const char *host);
/* Is cert valid at `now` (Unix seconds) and key its private key? ERR_ARGS says what is wrong, with
 * neither text in it. */
bool cert_check_pair(struct arena *a, const char *cert, const char *key, double now, struct err *e);
struct cert_der {
    const unsigned char *at;
    size_t len;
};
/* Is chain[0] the certificate of an authenticator of that model (AAGUID), and do the others lead
 * from it to one in roots (PEM)? False: ERR_POLICY. */
bool cert_leads(const struct cert_der *chain, size_t count, const char *roots,
                const unsigned char model[16], struct err *e);
/* RSA 2048, SHA-256, valid from now; both texts are PEM in the arena. */
bool cert_make(struct arena *a, const char *name, int days, char **cert, char **key, struct err *e);
