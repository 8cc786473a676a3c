/* probe.c - a transfer of fetch() that connects, shakes hands where asked, and sends nothing: name
 * resolution off the loop, time limits, trust and words are then those of every other request. */
#include "net/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "net/probe_private.h"

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

bool probe_is_host(const char *text)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    static const char six[] = "abcdefABCDEF0123456789.:";
    return *text && !text[strspn(text, strchr(text, ':') ? six : name)];
}

struct fetch_request probe_request(struct arena *a, const char *host, int port, const char *name,
                                   double timeout, const struct reach *reach, struct cancel *c)
{
    bool v6 = strchr(host, ':') && host[0] != '[';
    const char *to = arena_printf(a, v6 ? "[%s]" : "%s", host);
    const char *as = name && !strchr(name, ':') ? name : to;
    return (struct fetch_request){
        .method = "GET",
        .url = arena_printf(a, "%s://%s:%d/", name ? "https" : "http", as, port),
        .timeout = timeout,
        .connect_timeout = timeout,
        .cancel = c,
        .connect_only = true,
        .probes = true,
        .reach = reach,
        .connect_to = name ? arena_printf(a, "%s:%d:%s:%d", as, port, to, port) : NULL,
    };
}

bool probe_fetch(struct loop *l, struct arena *a, const struct fetch_request *r,
                 struct fetch_answer *answer, struct probe *out, struct err *e)
{
    struct err why = { 0 };
    bool ok = fetch(l, a, r, answer, &why);
    if (!ok && why.kind != ERR_NET)
        return err_set(e, why.kind, "%s", why.text);
    const char *said = strstr(why.text, "/: ");
    *out = (struct probe){ .result = probe_result_of(ok ? FETCH_FINE : (int)answer->cause),
                           .seconds = answer->seconds };
    snprintf(out->detail, sizeof out->detail, "%.255s", said ? said + 3 : why.text);
    return true;
}

bool probe(struct loop *l, struct arena *a, const char *host, int port, const char *tls_name,
           double timeout, const struct reach *reach, struct cancel *c, struct probe *out,
           struct err *e)
{
    const struct fetch_request r = probe_request(a, host, port, tls_name, timeout, reach, c);
    struct fetch_answer answer;
    return probe_fetch(l, a, &r, &answer, out, e);
}
