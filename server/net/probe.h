/* probe.h - is somebody there? A TCP connect, and a TLS handshake, each within a bound. Parks. */
#pragma once
#include <stdbool.h>

struct arena;
struct cancel;
struct err;
struct loop;
struct reach;

enum probe_result {
    PROBE_OK = 1,
    PROBE_REFUSED,
    PROBE_TIMEOUT,
    PROBE_NO_ROUTE,
    PROBE_DNS,
    PROBE_RESET,
    PROBE_NOT_TLS,
    PROBE_TLS_EXPIRED,
    PROBE_TLS_NAME,
    PROBE_TLS_UNKNOWN_CA,
    PROBE_TLS_OTHER,
    PROBE_OTHER,
    PROBE_NOT_PROBED, /* nothing was sent there: the address is out of reach; detail says why */
};

struct probe {
    enum probe_result result;
    double seconds;
    char detail[256];   /* the library's words, cleaned */
    char not_after[32]; /* TLS: end of the certificate's validity, ISO 8601; "" when unknown */
};

/* True when a result is there, whatever it is; false only when cancelled (ERR_GONE) or when libcurl
 * is missing. host: a name, an IPv4 or an IPv6 address.
 * reach: the addresses that may be connected to (net/reach.h); NULL: all.
 * tls_name: NULL for TCP only, else the SNI and the name the certificate must have. */
bool probe(struct loop *l, struct arena *a, const char *host, int port, const char *tls_name,
           double timeout, const struct reach *reach, struct cancel *c, struct probe *out,
           struct err *e);
const char *probe_name(enum probe_result r);
