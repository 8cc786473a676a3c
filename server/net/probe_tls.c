/* probe_tls.c - a handshake with whoever is there, and what is to be said of his certificates. One
 * that is refused is begun again without judging them, to read what was sent: an expired
 * certificate for another name of an unknown issuer is all three. */
#include "base/arena.h"
#include "base/cert.h"
#include "base/err.h"
#include "net/fetch.h"
#include "net/probe.h"
#include <stdio.h>
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
    bool v6 = strchr(host, ':') && host[0] != '[';
    const char *to = arena_printf(a, v6 ? "[%s]" : "%s", host);
    const char *as = strchr(name, ':') ? to : name;
    struct fetch_request r = {
        .method = "GET",
        .url = arena_printf(a, "https://%s:%d/", as, port),
        .timeout = timeout,
        .connect_timeout = timeout,
        .cancel = c,
        .ca_file = ca_file,
        .http = FETCH_H2,
        .connect_only = true,
        .probes = true,
        .reach = reach,
        .connect_to = arena_printf(a, "%s:%d:%s:%d", as, port, to, port),
    };
    struct fetch_answer answer;
    struct err why = { 0 };
    *out = (struct probe_tls){ .result = PROBE_OK };
    bool ok = fetch(l, a, &r, &answer, &why);
    if (!ok && why.kind != ERR_NET)
        return err_set(e, why.kind, "%s", why.text);
    out->seconds = answer.seconds;
    if (!ok) {
        out->result = probe_result_of((int)answer.cause);
        probe_say(why.text, out->detail, sizeof out->detail);
    }
    r.any_certificate = true;
    struct err ignored = { 0 };
    if (!ok && is_about_trust(out->result))
        ok = fetch(l, a, &r, &answer, &ignored);
    if (ok)
        read_peer(a, &answer, name, out);
    return true;
}
