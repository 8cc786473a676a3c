/* fetch.h - outbound HTTP by libcurl's multi socket interface on our loop. fetch() parks its
 * caller.
 *
 * One multi handle a process, easy handles pooled. No redirects are followed, no proxy is taken
 * from the environment unless asked, only http and https, TLS verified always (a CA file may
 * replace the system's bundle). Admission is ours: at most FETCH_MAX run, and beside them
 * FETCH_PROBES that probe or last, so that knocking at dead doors, or following, keeps nobody from
 * the console; more wait in order.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cancel;
struct err;
struct loop;
struct reach;

enum { FETCH_MAX = 128, FETCH_PROBES = 256 };

struct fetch_header {
    const char *name, *value;
};

/* Who is asked, for our own figures and spans; fetch_meter.c names them. */
enum fetch_to {
    TO_OTHER,
    TO_CONSOLE,
    TO_ENVOY,
    TO_KUBERNETES,
    TO_PROMETHEUS,
    TO_LOKI,
    TO_CONTROLLER,
    TO_COLLECTOR,
    TO_MODEL,
    TO_ISSUER,
    TO_CHAT,
    TO_WEBHOOK,
    TO_ENDS
};

struct fetch_request;
struct fetch_answer;

/* Another way than a connection to the URL's host; fetch() hands the request over as it is. */
struct fetch_via {
    bool (*fetch)(void *arg, struct loop *l, struct arena *a, const struct fetch_request *r,
                  struct fetch_answer *out, struct err *e);
    void *arg;
};

/* Who the other side must be and who we are, where a file of certificates does not say it all. */
struct fetch_tls {
    const char *ca_text;               /* certificates to trust, PEM; NULL: see ca_file */
    const char *cert_file, *cert_text; /* ours, PEM; both NULL: none */
    const char *key_file, *key_text;   /* its key */
};

enum fetch_http {
    FETCH_HTTP_1_1 = 0,
    FETCH_H2,  /* where the server chooses it (ALPN) */
    FETCH_H2C, /* without TLS, known beforehand */
};

struct fetch_request {
    const char *method; /* "GET", "PUT", … */
    const char *url;
    /* What errors and traces say instead of an url that is a secret itself; NULL: the url. */
    const char *shown;
    const struct fetch_header *headers; /* ended by { 0 }; may be NULL */
    const char *body;                   /* NULL: none */
    size_t body_len;
    double timeout;                                /* whole transfer, seconds; 0: 30 */
    double connect_timeout;                        /* seconds; 0: 5 */
    size_t max_body;                               /* answer body ceiling, bytes; 0: 16 MiB */
    const char *ca_file;                           /* NULL: the system's */
    const struct fetch_tls *tls;                   /* NULL: nothing beyond that */
    const char *user_pwd_user, *user_pwd_password; /* Basic; NULL: none */
    /* When set, body bytes of a 2xx answer go here instead of into answer.body; false stops the
     * transfer (which then counts as whole). Runs on the main stack: must not park. */
    bool (*sink)(void *arg, const char *bytes, size_t n);
    void *sink_arg;
    struct cancel *cancel;
    bool repeatable; /* a write that does no harm when it is sent twice: may reuse a connection */
    enum fetch_http http;
    bool trickles; /* little comes, for long: small buffers */
    bool probes;   /* or lasts: counts among FETCH_PROBES */
    /* For probe(): connect (and shake hands, for https) and send nothing. */
    bool connect_only;
    /* With connect_only: whatever the certificate. What is wrong with it is the caller's to say. */
    bool any_certificate;
    /* "URLHOST:PORT:HOST:PORT": connect there instead; NULL: the URL's */
    const char *connect_to;
    /* "http://[USER:PASSWORD@]HOST:PORT", by CONNECT whatever the URL's scheme; NULL: none */
    const char *proxy;
    const struct reach *reach; /* judges each address before it is connected to; NULL: all may be */
    const struct fetch_via *via; /* NULL: none */
    enum fetch_to to;
    const char *local_name; /* abstract Unix socket, used in place of the URL's host; NULL: none */
};

/* Why no whole answer came. */
enum fetch_cause {
    FETCH_FINE = 0,
    FETCH_REFUSED,
    FETCH_TIMEOUT,
    FETCH_NO_ROUTE,
    FETCH_OUT_OF_REACH, /* `reach` refused every address */
    FETCH_DNS,
    FETCH_RESET,
    FETCH_NOT_TLS,
    FETCH_TLS_EXPIRED,
    FETCH_TLS_NAME,
    FETCH_TLS_UNKNOWN_CA,
    FETCH_TLS_OTHER,
    FETCH_TOO_LARGE,
    FETCH_PROXY, /* the proxy did not let it through */
    FETCH_OTHER,
};

struct fetch_answer {
    int status;                   /* HTTP status; 0: no answer */
    struct fetch_header *headers; /* names in lower case; ended by { 0 } */
    char *body;                   /* never NULL on success; ends with NUL */
    size_t len;
    bool stopped; /* the sink said stop */
    enum fetch_cause cause;
    /* connect_only and TLS: what the server sent, PEM, its own first, ended by NULL; NULL: the
     * handshake did not come about. Version and ALPN ("TLSv1.3", "h2"): NULL: unknown, none. */
    const char *const *chain;
    const char *tls_version, *alpn;
    /* On failure: may the server have received the request? false only when that is impossible
     * (refused, no DNS, TLS refused before the request was sent). */
    bool maybe_sent;
    double seconds;
    const char *way; /* of fetch_via, in words; NULL: directly, or there is one only */
};

/* True when an HTTP answer arrived whole, whatever its status. Else ERR_NET (or ERR_GONE) with a
 * sentence that says what happened: refused, name not found, timed out after N s, certificate is
 * for another name, reset after N bytes, answer over N bytes. */
bool fetch(struct loop *l, struct arena *a, const struct fetch_request *r, struct fetch_answer *out,
           struct err *e);
const char *fetch_answer_header(const struct fetch_answer *a, const char *name);
/* How many are under way, and how many wait for their turn. */
void fetch_count(int *running, int *waiting);
void fetch_stop(struct loop *l); /* ends all transfers with ERR_GONE; at exit */
/* What more than so many at once left behind goes: handles, and where nothing runs connections. */
void fetch_trim(int keep);
