/* fetch_error_private.h - how a transfer of fetch.c ended, in words. Internal to net. */
#pragma once
#include "net/fetch.h"

/* What is known of a transfer that brought no whole answer. */
struct fetch_facts {
    const char *method;
    const char *url;
    const char *proxy;  /* NULL: none */
    int proxy_status;   /* its answer to CONNECT; 0: none */
    int code;           /* CURLcode */
    const char *reason; /* libcurl's own words for the code */
    const char *detail; /* what libcurl wrote about this transfer; may be "" */
    int os_errno;       /* of connect(); 0: unknown */
    bool connected;     /* the TCP connection stood */
    size_t received;    /* body bytes */
    double waited;      /* seconds */
    size_t max_body;
    const char *ca_file;      /* may be NULL */
    const char *out_of_reach; /* what every address was that it could have gone to; NULL: not so */
};

enum fetch_cause fetch_why(const struct fetch_facts *f);
/* The URL without user, password and query: it is shown to people and models. */
const char *fetch_shown_url(struct arena *a, const char *url);
/* Sets ERR_NET: what happened, to which URL, what to check. Always false. */
bool fetch_error(struct arena *a, const struct fetch_facts *f, struct err *e);
