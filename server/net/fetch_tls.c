/* fetch_tls.c - what a handshake showed, for those who only shake hands. libcurl tells of the
 * session while the connection is the handle's, which ends with a transfer that sends nothing. */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "net/fetch_transfer_private.h"
#include <openssl/ssl.h>

enum { CHAIN_MAX = 8 };

#define PEER_API(X)                                                                                \
    X(SSL_get_version)                                                                             \
    X(SSL_get0_alpn_selected)
LIB_TABLE(peer, PEER_API);

/* Right after the handshake; libcurl's own libssl is the one that is loaded. */
static int read_session(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct transfer *t = arg;
    const struct curl_tlssessioninfo *session = NULL;
    struct err ignored = { 0 };
    const unsigned char *alpn = NULL;
    unsigned n = 0;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    lib.curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &session);
    if (!session || session->backend != CURLSSLBACKEND_OPENSSL || !session->internals ||
        !LIB_LOAD(peer, PEER_API, "libssl.so.3", "libssl3", &ignored))
        return CURL_PREREQFUNC_OK;
    t->answer->tls_version = arena_strdup(t->arena, peer.SSL_get_version(session->internals));
    peer.SSL_get0_alpn_selected(session->internals, &alpn, &n);
    t->answer->alpn = n ? arena_strndup(t->arena, (const char *)alpn, n) : NULL;
    return CURL_PREREQFUNC_OK;
}

void fetch_watch_session(struct transfer *t)
{
    lib.curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, read_session);
    lib.curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
}

void fetch_read_chain(struct transfer *t)
{
    static const char label[] = "Cert:";
    const struct curl_certinfo *sent = NULL;
    lib.curl_easy_getinfo(t->easy, CURLINFO_CERTINFO, &sent);
    if (!sent || sent->num_of_certs < 1)
        return;
    const char **chain = arena_array(t->arena, const char *, CHAIN_MAX + 1);
    int n = 0;
    for (int i = 0; i < sent->num_of_certs && n < CHAIN_MAX; i++)
        for (const struct curl_slist *line = sent->certinfo[i]; line; line = line->next)
            if (text_starts(line->data, label))
                chain[n++] = arena_strdup(t->arena, line->data + sizeof label - 1);
    t->answer->chain = chain;
}
