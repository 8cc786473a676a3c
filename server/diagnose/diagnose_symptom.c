/* diagnose_symptom.c - one log line: did the request fail, and how does Envoy put it?
 *
 * A row a way of failing, the special before the general. Add a row to teach a new one; what a line
 * alone cannot tell (which endpoint, whose fault) is for diagnose_rules.c.
 */
#include "diagnose/diagnose_facts.h"
#include <string.h>

static const struct symptom symptoms[] = {
    { "RATE_LIMITED", "RL", NULL, 0, 0, false,
      "The gateway's own limit refused these. Look at it with get_resource (customConfigs "
      "route-limit-rps/-rpm); raise it with tune_rate_limit if it is too tight." },
    { "RATE_LIMITED", NULL, "local_rate_limited|key-rate-limit.rejected|Too_many_requests", 0, 0,
      false,
      "A rate-limit plugin refused these. Find its instance with list_resources "
      "plugin-instance; change it with tune_rate_limit." },
    { "TOKEN_LIMITED", NULL, "ai-token-ratelimit.rejected", 0, 0, false,
      "The token limit of ai-token-ratelimit was used up; look at its plugin instance." },
    { "QUOTA_EXHAUSTED", NULL, "ai-quota.", 0, 0, false,
      "The consumer's token balance is used up, or the plugin's Redis does not answer: check "
      "Redis first." },
    { "REQUEST_TOO_LARGE", NULL, "headers_too_large|payload_too_large|exceeded_retry_buffer", 0, 0,
      false,
      "The client sends more than the gateway takes. Shrink headers or body, or raise the "
      "gateway's limit." },
    { "REQUEST_TOO_LARGE", "DPE", NULL, 431, 431, false,
      "The client's headers are larger than the gateway takes: shrink cookies or tokens." },
    { "CLIENT_PROTOCOL_ERROR", "DPE", NULL, 0, 0, false,
      "The client does not speak valid HTTP: TLS sent to the plain port, or a broken client." },
    { "NO_ROUTE", "NR", "route_configuration_not_found", 0, 0, false,
      "The listener has no route table yet: check that the control plane is connected." },
    { "NO_ROUTE", "NR", NULL, 0, 0, false,
      "No route takes this host and path. Compare with list_routes; add or correct a route." },
    { "NO_CLUSTER", "NC", NULL, 0, 0, false,
      "The route points to a service the gateway does not know. Check the service name and its "
      "source with list_resources service." },
    { "CIRCUIT_BREAKER", "UO", NULL, 0, 0, false,
      "Too many requests at once for this service. Find out why it is slow first; then raise the "
      "breaker or add endpoints." },
    { "GATEWAY_OVERLOADED", "OM", NULL, 0, 0, false,
      "The gateway sheds load: look at its memory limit." },
    { "IDLE_TIMEOUT", "SI", NULL, 0, 0, false,
      "No byte moved for longer than the stream may be idle. Raise the idle timeout or let the "
      "service send something in between." },
    { "UPSTREAM_TIMEOUT", "UT", "per_try_timeout", 0, 0, false,
      "Each try is cut off before the service answers, and retries multiply its load. Raise the "
      "per-try timeout (proxyNextUpstream.timeout) or speed the service up." },
    { "UPSTREAM_TIMEOUT", "UT", NULL, 0, 0, false,
      "The service needs longer than the route allows. Raise higress.io/timeout with "
      "change_resource, or find out what is slow." },
    { "UPSTREAM_TIMEOUT", NULL, "response_timeout|max_stream_duration|max_duration_timeout", 500,
      599, false, "The service needs longer than the route allows." },
    { "TLS_TO_PLAINTEXT", "UF", "WRONG_VERSION_NUMBER", 0, 0, true,
      "The gateway speaks TLS to a port that speaks plain HTTP. Set the source's protocol to http "
      "(or backend-protocol HTTP on the route), or use the TLS port." },
    { "TLS_CERT_EXPIRED", "UF", "certificate_has_expired|CERTIFICATE_EXPIRED", 0, 0, true,
      "Renew the certificate of the service; the gateway refuses it rightly." },
    { "TLS_NAME_MISMATCH", "UF", "SAN_matcher|SAN_list|SUBJECT_ALT_NAME|HOSTNAME_MISMATCH", 0, 0,
      true,
      "The service's certificate is for another name. Set the source's sni to a name in the "
      "certificate, or get the right certificate." },
    { "TLS_UNKNOWN_CA", "UF", "local_issuer|self_signed|self-signed|UNKNOWN_CA|verify_cert_failed",
      0, 0, true,
      "The gateway does not trust who signed the service's certificate. Give the "
      "service a certificate of a known authority, or trust this one." },
    { "TLS_UNKNOWN_CA", "UF", "CERTIFICATE_VERIFY_FAILED", 0, 0, true,
      "The gateway cannot verify the service's certificate." },
    { "TLS_HANDSHAKE", "UF", "TLS_error", 0, 0, true,
      "The TLS handshake with the service fails: check sni, TLS versions, and whether it asks for "
      "a "
      "client certificate." },
    { "CONNECT_TIMEOUT", "UF", "connection_timeout", 0, 0, true,
      "Nothing answers at that address: firewall, network policy, wrong address, or host down." },
    { "UPSTREAM_REFUSED", "UF", "refused", 0, 0, true,
      "Nothing listens on that port. Start the service, or correct address and port of its "
      "source." },
    { "NETWORK_UNREACHABLE", "UF", "No_route_to_host|unreachable", 0, 0, true,
      "There is no network path to that address: check routing and the address itself." },
    { "UPSTREAM_CONNECT_FAILED", "UF", NULL, 0, 0, true,
      "The connection to the service does not come about; probe the endpoint." },
    { "NO_HEALTHY_UPSTREAM", "UH", NULL, 0, 0, false,
      "The service has no endpoint that may be used. Bring one back; look at its health check." },
    { "DNS_FAILURE", "DF", NULL, 0, 0, false,
      "The host name of the service does not resolve: correct the source's domain." },
    { "UPSTREAM_RESET", NULL, "reset_after_response_started", 0, 0, false,
      "The service breaks off in the middle of its answer: look at its log and its memory." },
    { "PROTOCOL_ERROR", "UPE", NULL, 0, 0, false,
      "What the service sends is not HTTP as the gateway expects it: check port and protocol." },
    { "UPSTREAM_RESET", "UC", NULL, 0, 0, false,
      "The service closes the connection instead of answering: look at its log; if it happens "
      "after idle time only, make the gateway's idle timeout shorter than the service's." },
    { "UPSTREAM_RESET", "UR", NULL, 0, 0, false,
      "The service resets the stream instead of answering: look at its log." },
    { "CLIENT_DISCONNECT", "DC", NULL, 0, 0, false,
      "Clients leave before the answer. If they time out, compare their timeout with the service's "
      "time." },
    { "CLIENT_DISCONNECT", "DR", NULL, 0, 0, false, "Clients reset the stream before the answer." },
    { "PLUGIN_FAILED", "NFCF", NULL, 0, 0, false,
      "A plugin's configuration or module did not arrive: check its image and the gateway's log." },
    { "PLUGIN_FAILED", NULL, "wasm_fail_stream|ai-proxy.", 0, 0, false,
      "A plugin failed on the request: check its configuration, or switch it off for this route." },
    { "ACCESS_DENIED", "UAEX", NULL, 0, 0, false, "External authorisation refused the request." },
    { "ACCESS_DENIED", NULL, "rbac_access_denied|ext_auth|auth.|oidc|request-block|ip-restriction",
      400, 499, false,
      "The gateway's access rules refused these: check consumers, credentials and allow lists." },
    { "UPSTREAM_429", NULL, "via_upstream", 429, 429, false,
      "The service itself limits: slow down before it, or get a higher limit there." },
    { "UPSTREAM_5XX", NULL, "via_upstream", 500, 599, false,
      "The service itself answers so; the gateway only passes it on. Look at the service's log." },
    { "UPSTREAM_AUTH", NULL, "via_upstream", 401, 403, false,
      "The service refuses the credentials it gets. For an LLM provider: check its key." },
    { "UPSTREAM_4XX_HOST", NULL, "via_upstream", 404, 404, false,
      "The route matched, but the service does not know this host or path. Compare the Host header "
      "it expects (rewrite.host) and the path after rewriting." },
    { "UPSTREAM_4XX_HOST", NULL, "via_upstream", 421, 421, false,
      "The service does not serve this host name: set rewrite.host." },
    { "UPSTREAM_4XX", NULL, "via_upstream", 400, 499, false,
      "The service itself answers so: it does not take these requests as they come." },
    { "GATEWAY_ERROR", NULL, "direct_response", 500, 599, false,
      "The route itself gives this answer and asks no service (a maintenance page, a fallback): "
      "see "
      "which one with explain_request, and who made it with list_changes." },
    { "GATEWAY_ERROR", NULL, NULL, 500, 599, false,
      "The gateway made this answer itself; look at the details in the evidence." },
    { 0 },
};

/* One of the comma-separated flags. */
static bool has_response_flag(const char *flags, const char *flag)
{
    size_t n = strlen(flag);

    for (const char *p = flags; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (!strncmp(p, flag, n) && (p[n] == ',' || p[n] == '\0'))
            return true;
    return false;
}

/* Any of "a|b" within text. */
static bool has_any(const char *text, const char *words)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, "|");
        if (memmem(text, strlen(text), p, n))
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

static bool symptom_fits(const struct symptom *s, const struct fact_row *r)
{
    if (s->flag && !has_response_flag(r->flags, s->flag))
        return false;
    if (s->code_max && (r->code < s->code_min || r->code > s->code_max))
        return false;
    if (!s->details || has_any(r->details, s->details) || has_any(r->reason, s->details))
        return true;
    return r->passed_on && has_any("via_upstream", s->details);
}

const struct symptom *symptom_of(const struct fact_row *r)
{
    for (const struct symptom *s = symptoms; s->code; s++)
        if (symptom_fits(s, r))
            return s;
    return NULL;
}
