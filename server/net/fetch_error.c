/* fetch_error.c - a CURLcode becomes a sentence. One row per code that has something better to say
 * than libcurl's own words; the rest go through the last line. */
#include "net/fetch_error.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include <curl/curl.h>
#include <errno.h>

/* The URL without user, password and query: it is shown to people and models. */
static const char *shown_url(struct arena *a, const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t authority = strcspn(host, "/?#");
    const char *at = memchr(host, '@', authority);
    const char *from = at ? at + 1 : host;
    char *shown =
        arena_printf(a, "%.*s%.*s", (int)(host - url), url, (int)strcspn(from, "?#"), from);
    return text_clean(a, shown, 200);
}

static bool tls_error(const struct fetch_facts *f, const char *who, const char *detail,
                      struct err *e)
{
    if (text_contains_nocase(detail, "expired"))
        return err_set(e, ERR_NET, "%s: the server's certificate has expired. Nothing was sent.",
                       who);
    if (text_contains_nocase(detail, "subject name") || text_contains_nocase(detail, "hostname"))
        return err_set(e, ERR_NET,
                       "%s: the server's certificate is for another name (%s). Nothing was sent.",
                       who, detail);
    if (text_contains_nocase(detail, "self") || text_contains_nocase(detail, "unable to get"))
        return err_set(e, ERR_NET,
                       "%s: the server's certificate is not signed by a trusted authority (%s). "
                       "Nothing was sent; name its CA file in the configuration.",
                       who, detail);
    if (text_contains_nocase(detail, "wrong version") ||
        text_contains_nocase(detail, "packet length"))
        return err_set(e, ERR_NET,
                       "%s: the server does not speak TLS on this port. Nothing was sent.", who);
    return err_set(e, ERR_NET, "%s: no TLS connection: %s. Nothing was sent.", who,
                   detail[0] ? detail : f->reason);
}

static bool connect_error(const struct fetch_facts *f, const char *who, const char *detail,
                          struct err *e)
{
    if (f->os_errno == ECONNREFUSED)
        return err_set(e, ERR_NET, "%s: connection refused. Is the server running there?", who);
    return err_set(e, ERR_NET, "%s: no connection: %s", who, detail[0] ? detail : f->reason);
}

static bool timeout_error(const struct fetch_facts *f, const char *who, struct err *e)
{
    if (!f->connected)
        return err_set(e, ERR_NET, "%s: no connection within %.1f s", who, f->waited);
    if (f->received > 0)
        return err_set(e, ERR_NET, "%s: the answer was not whole after %.1f s (%zu bytes came)",
                       who, f->waited, f->received);
    return err_set(e, ERR_NET, "%s: no answer within %.1f s", who, f->waited);
}

bool fetch_error(struct arena *a, const struct fetch_facts *f, struct err *e)
{
    const char *who = arena_printf(a, "%s %s", f->method, shown_url(a, f->url));
    const char *detail = text_clean(a, f->detail, 200);
    switch (f->code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(e, ERR_NET, "%s: the host name has no address", who);
    case CURLE_COULDNT_CONNECT:
        return connect_error(f, who, detail, e);
    case CURLE_OPERATION_TIMEDOUT:
        return timeout_error(f, who, e);
    case CURLE_GOT_NOTHING:
        return err_set(e, ERR_NET, "%s: the server closed the connection without an answer", who);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        return tls_error(f, who, detail, e);
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(e, ERR_NET, "%s: the CA file '%s' cannot be read", who,
                       f->ca_file ? f->ca_file : "of the system");
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return err_set(e, ERR_NET, "%s: the connection broke after %zu bytes of the answer", who,
                       f->received);
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
        return err_set(e, ERR_NET, "%s: the answer is larger than %zu bytes", who, f->max_body);
    default:
        return err_set(e, ERR_NET, "%s: %s", who, detail[0] ? detail : f->reason);
    }
}
