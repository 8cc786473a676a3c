/* fetch_error.c - a CURLcode becomes a sentence. One row per code that has something better to say
 * than libcurl's own words; the rest go through the last line. */
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "net/fetch_error_private.h"
#include <curl/curl.h>
#include <errno.h>

const char *fetch_shown_url(struct arena *a, const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    const char *from = at ? at + 1 : host;
    char *shown =
        arena_printf(a, "%.*s%.*s", (int)(host - url), url, (int)strcspn(from, "?#"), from);
    return text_clean(a, shown, 200);
}

/* OpenSSL's and libcurl's words, and what they mean. The first that occurs counts. */
static const struct {
    const char *words;
    enum fetch_cause cause;
} tls_words[] = {
    { "expired", FETCH_TLS_EXPIRED },
    { "subject name", FETCH_TLS_NAME },
    { "hostname", FETCH_TLS_NAME },
    { "self", FETCH_TLS_UNKNOWN_CA },
    { "unable to get", FETCH_TLS_UNKNOWN_CA },
    { "wrong version", FETCH_NOT_TLS },
    { "packet length", FETCH_NOT_TLS },
    { "http request", FETCH_NOT_TLS },
};

static enum fetch_cause tls_cause(const char *detail)
{
    for (size_t i = 0; i < sizeof tls_words / sizeof tls_words[0]; i++)
        if (text_contains_nocase(detail, tls_words[i].words))
            return tls_words[i].cause;
    return FETCH_TLS_OTHER;
}

static enum fetch_cause connect_cause(int os_errno)
{
    if (os_errno == ECONNREFUSED)
        return FETCH_REFUSED;
    bool unreachable = os_errno == ENETUNREACH || os_errno == EHOSTUNREACH;
    return unreachable ? FETCH_NO_ROUTE : FETCH_OTHER;
}

static enum fetch_cause cause_of_code(const struct fetch_facts *f)
{
    switch (f->code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return FETCH_DNS;
    case CURLE_COULDNT_CONNECT:
        return connect_cause(f->os_errno);
    case CURLE_OPERATION_TIMEDOUT:
        return FETCH_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        return tls_cause(f->detail);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return FETCH_RESET;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
        return FETCH_TOO_LARGE;
    default:
        return FETCH_OTHER;
    }
}

enum fetch_cause fetch_why(const struct fetch_facts *f)
{
    if (f->out_of_reach)
        return FETCH_OUT_OF_REACH;
    return f->proxy_status >= 300 ? FETCH_PROXY : cause_of_code(f);
}

static const char *timeout_words(struct arena *a, const struct fetch_facts *f)
{
    if (!f->connected)
        return arena_printf(a, "no connection within %.1f s", f->waited);
    if (f->received > 0)
        return arena_printf(a, "the answer was not whole after %.1f s (%zu bytes came)", f->waited,
                            f->received);
    return arena_printf(a, "no answer within %.1f s", f->waited);
}

static const char *failure_in_words(struct arena *a, const struct fetch_facts *f,
                                    const char *detail)
{
    switch (fetch_why(f)) {
    case FETCH_DNS:
        return "the host name has no address";
    case FETCH_REFUSED:
        return "connection refused. Is the server running there?";
    case FETCH_TIMEOUT:
        return timeout_words(a, f);
    case FETCH_TLS_EXPIRED:
        return "the server's certificate has expired. Nothing was sent.";
    case FETCH_TLS_NAME:
        return arena_printf(a,
                            "the server's certificate is for another name (%s). "
                            "Nothing was sent.",
                            detail);
    case FETCH_TLS_UNKNOWN_CA:
        return arena_printf(a,
                            "the server's certificate is not signed by a trusted authority (%s). "
                            "Nothing was sent; name its CA file in the configuration.",
                            detail);
    case FETCH_NOT_TLS:
        return "the server does not speak TLS on this port. Nothing was sent.";
    case FETCH_TLS_OTHER:
        return arena_printf(a, "no TLS connection: %s. Nothing was sent.", detail);
    case FETCH_RESET:
        if (f->code == CURLE_GOT_NOTHING)
            return "the server closed the connection without an answer";
        return arena_printf(a, "the connection broke after %zu bytes of the answer", f->received);
    case FETCH_TOO_LARGE:
        return arena_printf(a, "the answer is larger than %zu bytes", f->max_body);
    default:
        return detail;
    }
}

static const char *proxy_in_words(struct arena *a, const struct fetch_facts *f, const char *detail)
{
    const char *proxy = fetch_shown_url(a, f->proxy);
    if (fetch_why(f) != FETCH_PROXY)
        return arena_printf(a, "through the proxy %s: %s", proxy, failure_in_words(a, f, detail));
    return arena_printf(a, "the proxy %s answered CONNECT with %d%s. Nothing was sent.", proxy,
                        f->proxy_status,
                        f->proxy_status == 407 ? ": it wants another user and password" : "");
}

bool fetch_error(struct arena *a, const struct fetch_facts *f, struct err *e)
{
    if (f->out_of_reach)
        return err_set(e, ERR_NET, "%s %s: %s, which is not connected to from here", f->method,
                       fetch_shown_url(a, f->url), f->out_of_reach);
    if (f->code == CURLE_SSL_CACERT_BADFILE)
        return err_set(e, ERR_NET, "%s %s: the CA file '%s' cannot be read", f->method,
                       fetch_shown_url(a, f->url), f->ca_file ? f->ca_file : "of the system");
    const char *detail = text_clean(a, f->detail[0] ? f->detail : f->reason, 200);
    if (f->proxy && strstr(detail, "nsupported proxy")) /* it quotes the URL, with its password */
        detail = "libcurl takes no proxy of that form";
    const char *words = f->proxy ? proxy_in_words(a, f, detail) : failure_in_words(a, f, detail);
    return err_set(e, ERR_NET, "%s %s: %s", f->method, fetch_shown_url(a, f->url), words);
}
