/* probe.c - a transfer of fetch() that connects, shakes hands where asked, and sends nothing: name
 * resolution off the loop, time limits, trust and words are then those of every other request. */
#include "net/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "net/fetch.h"

static const struct {
    enum probe_result result;
    const char *name;
} results[] = {
    [FETCH_FINE] = { PROBE_OK, "ok" },
    [FETCH_REFUSED] = { PROBE_REFUSED, "refused" },
    [FETCH_TIMEOUT] = { PROBE_TIMEOUT, "timeout" },
    [FETCH_NO_ROUTE] = { PROBE_NO_ROUTE, "no-route" },
    [FETCH_DNS] = { PROBE_DNS, "dns" },
    [FETCH_RESET] = { PROBE_RESET, "reset" },
    [FETCH_NOT_TLS] = { PROBE_NOT_TLS, "not-tls" },
    [FETCH_TLS_EXPIRED] = { PROBE_TLS_EXPIRED, "tls-expired" },
    [FETCH_TLS_NAME] = { PROBE_TLS_NAME, "tls-name" },
    [FETCH_TLS_UNKNOWN_CA] = { PROBE_TLS_UNKNOWN_CA, "tls-unknown-ca" },
    [FETCH_TLS_OTHER] = { PROBE_TLS_OTHER, "tls-other" },
    [FETCH_OUT_OF_REACH] = { PROBE_NOT_PROBED, "not-probed" },
    [FETCH_PROXY] = { PROBE_OTHER, "other" },
    [FETCH_TOO_LARGE] = { PROBE_OTHER, "other" },
    [FETCH_OTHER] = { PROBE_OTHER, "other" },
};

enum probe_result probe_result_of(int fetch_cause)
{
    return results[fetch_cause].result;
}

const char *probe_name(enum probe_result r)
{
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i].result == r)
            return results[i].name;
    return "unset";
}

void probe_say(const char *error, char *out, size_t size)
{
    const char *said = strstr(error, "/: ");
    snprintf(out, size, "%.*s", (int)size - 1, said ? said + 3 : error);
}

bool probe_is_host(const char *text)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    static const char six[] = "abcdefABCDEF0123456789.:";
    return *text && !text[strspn(text, strchr(text, ':') ? six : name)];
}

bool probe(struct loop *l, struct arena *a, const char *host, int port, const char *tls_name,
           double timeout, const struct reach *reach, struct cancel *c, struct probe *out,
           struct err *e)
{
    bool v6 = strchr(host, ':') && host[0] != '[';
    const char *to = arena_printf(a, v6 ? "[%s]" : "%s", host);
    struct fetch_request r = {
        .method = "GET",
        .url = arena_printf(a, "%s://%s:%d/", tls_name ? "https" : "http", tls_name ? tls_name : to,
                            port),
        .timeout = timeout,
        .connect_timeout = timeout,
        .cancel = c,
        .connect_only = true,
        .probes = true,
        .reach = reach,
        .connect_to = tls_name ? arena_printf(a, "%s:%d:%s:%d", tls_name, port, to, port) : NULL,
    };
    struct fetch_answer answer;
    struct err why = { 0 };
    *out = (struct probe){ .result = PROBE_OK };
    bool ok = fetch(l, a, &r, &answer, &why);
    if (!ok && why.kind != ERR_NET)
        return err_set(e, why.kind, "%s", why.text);

    out->seconds = answer.seconds;
    out->result = results[ok ? FETCH_FINE : answer.cause].result;
    probe_say(why.text, out->detail, sizeof out->detail);
    return true;
}
