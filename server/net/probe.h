/* probe.h - is somebody there? A TCP connect, and a TLS handshake, each within a bound, and what a
 * server shows of itself in one. Nothing is sent behind it. Parks. */
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
    char detail[256]; /* the library's words, cleaned */
};

/* True when a result is there, whatever it is; false only when cancelled (ERR_GONE) or when libcurl
 * is missing. host: a name, an IPv4 or an IPv6 address.
 * reach: the addresses that may be connected to (net/reach.h); NULL: all.
 * tls_name: NULL for TCP only, else the SNI and the name the certificate must have. */
bool probe(struct loop *l, struct arena *a, const char *host, int port, const char *tls_name,
           double timeout, const struct reach *reach, struct cancel *c, struct probe *out,
           struct err *e);
/* Is the text a host by its characters, and none that a URL would read as more than that? */
bool probe_is_host(const char *text);
const char *probe_name(enum probe_result r);
enum probe_result probe_result_of(int fetch_cause); /* enum fetch_cause */

struct probe_certificate {
    const char *subject, *issuer;
    char *const *names;                 /* of the subject, ended by NULL */
    char not_before[32], not_after[32]; /* "2026/11/24 00:03:55Z" */
};

struct probe_tls {
    struct probe shake;         /* PROBE_OK: it came about, and the server is who he should be */
    const char *version, *alpn; /* "TLSv1.3", "h2"; NULL: unknown, none was chosen */
    const struct probe_certificate *chain; /* as it was sent, the server's own first; also where it
                                              is not trusted */
    int count;
    bool named; /* the first certificate is for that name */
};

/* A handshake that offers h2 and HTTP/1.1. name: SNI, and who the server must be; ca_file: whom to
 * trust, NULL: the system's. As probe(). */
bool probe_tls(struct loop *l, struct arena *a, const char *host, int port, const char *name,
               double timeout, const struct reach *reach, const char *ca_file, struct cancel *c,
               struct probe_tls *out, struct err *e);
