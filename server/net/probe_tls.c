/* probe_tls.c - a handshake with whoever is there, and what is to be said of his certificates. One
 * that is refused is begun again without judging them, to read what was sent: an expired
 * certificate for another name of an unknown issuer is all three. */
#include "base/arena.h"
#include "base/cert.h"
#include "base/err.h"
#include "net/probe_private.h"
#include <string.h>

static void read_certificate(struct arena *a, const char *pem, struct probe_certificate *to)
{
    struct cert_info info;
    struct err ignored = { 0 };
    if (!cert_read(a, pem, strlen(pem), &info, &ignored))
        return;
    char **names = arena_array(a, char *, info.count + 1);
    memcpy(names, info.names, info.count * sizeof *names);
    to->subject = info.subject;
    to->issuer = info.issuer;
    to->names = names;
    memcpy(to->not_before, info.not_before, sizeof to->not_before);
    memcpy(to->not_after, info.not_after, sizeof to->not_after);
}

static void read_peer(struct arena *a, const struct fetch_answer *answer, const char *name,
                      struct probe_tls *out)
{
    int n = 0;
    out->version = answer->tls_version;
    out->alpn = answer->alpn;
    while (answer->chain && answer->chain[n])
        n++;
    struct probe_certificate *chain = arena_array(a, struct probe_certificate, n + 1);
    for (int i = 0; i < n; i++) {
        read_certificate(a, answer->chain[i], &chain[out->count]);
        out->count += chain[out->count].names != NULL;
    }
    out->chain = chain;
    out->named = n && cert_is_for(answer->chain[0], strlen(answer->chain[0]), name);
}

static bool is_about_trust(enum probe_result r)
{
    return r == PROBE_TLS_EXPIRED || r == PROBE_TLS_NAME || r == PROBE_TLS_UNKNOWN_CA ||
           r == PROBE_TLS_OTHER;
}

bool probe_tls(struct loop *l, struct arena *a, const char *host, int port, const char *name,
               double timeout, const struct reach *reach, const char *ca_file, struct cancel *c,
               struct probe_tls *out, struct err *e)
{
    struct fetch_request r = probe_request(a, host, port, name, timeout, reach, c);
    struct fetch_answer answer;
    struct err ignored = { 0 };
    r.ca_file = ca_file;
    r.http = FETCH_H2;
    *out = (struct probe_tls){ 0 };
    if (!probe_fetch(l, a, &r, &answer, &out->shake, e))
        return false;
    bool ok = out->shake.result == PROBE_OK;
    r.any_certificate = true;
    if (!ok && is_about_trust(out->shake.result))
        ok = fetch(l, a, &r, &answer, &ignored);
    if (ok)
        read_peer(a, &answer, name, out);
    return true;
}
