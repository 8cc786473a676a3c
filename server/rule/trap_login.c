/* trap_login.c - traps of the other plugins that ask who somebody is: hmac dates, simple-jwt-auth,
 * ext-auth, opa, oidc, oauth, replay-protection, and the header that carries the consumer. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/trap_private.h"
#include <string.h>

/* -- plugin-config 8: oauth, hmac ------------------------------------------------------------- */

static void oauth_header(struct trap_walk *t, const struct trap_object *o)
{
    if (json_get(trap_settings(o), "auth_header_name") &&
        !json_get(trap_settings(o), "auth_header"))
        trap_add(t, o, "configurations.auth_header_name",
                 "is not read: the token is looked for in Authorization; write auth_header");
}

static void hmac_no_date(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    bool apisix = !strcmp(o->name, "hmac-auth-apisix");
    const char *member = apisix ? "clock_skew" : "date_offset";
    const cJSON *m = json_get(s, member);
    bool given = cJSON_IsNumber(m) && m->valuedouble > 0;
    bool judged = apisix ? m != NULL : json_count(json_get(s, "consumers")) > 0;
    if (judged && !given && !trap_true(s, "_disable_"))
        trap_add(t, o, arena_printf(trap_arena(t), "configurations.%s", member),
                 "%s: the date of a request is not looked at, a signed request that was recorded "
                 "can be sent again for ever",
                 m ? "is not above 0" : "is absent");
}

static void anonymous(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_has(trap_settings(o), "anonymous_consumer"))
        trap_add(t, o, "configurations.anonymous_consumer",
                 "is set: whoever fails authentication goes on as consumer %s",
                 trap_name(t, trap_text(trap_settings(o), "anonymous_consumer")));
}

static void apisix_allow(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *allow = json_get(trap_settings(o), "allow"), *m, *c;
    struct trap_object global;
    if (!trap_lookup(trap_of(t), "plugin-instance", o->name, "global", &global))
        return;
    cJSON_ArrayForEach(m, allow)
    {
        bool known = !cJSON_IsString(m);
        cJSON_ArrayForEach(c, json_get(trap_settings(&global), "consumers"))
        {
            const char *name = json_str(c, "name");
            name = name && *name ? name : json_str(c, "access_key");
            known = known || (name && !strcmp(name, m->valuestring));
        }
        if (!known)
            trap_add(t, o, "configurations.allow",
                     "names a consumer that the plugin does not know");
    }
}

/* -- plugin-config 8.1: simple-jwt-auth ------------------------------------------------------- */

static void simple_jwt(struct trap_walk *t, const struct trap_object *o)
{
    trap_add(t, o, "",
             "is switched on: a token that is not three parts between dots makes it stop, and the "
             "request passes without authentication; use jwt-auth instead");
}

static void simple_jwt_empty(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o);
    const char *missing = !trap_has(s, "token_secret_key") ? "token_secret_key"
                          : !trap_has(s, "token_headers")  ? "token_headers"
                                                           : NULL;
    if (missing)
        trap_add(t, o, arena_printf(trap_arena(t), "configurations.%s", missing),
                 "is empty: requests with a well-formed token are answered 401");
}

/* -- ext-auth --------------------------------------------------------------------------------- */

static void ext_auth_open(struct trap_walk *t, const struct trap_object *o)
{
    if (trap_true(trap_settings(o), "failure_mode_allow"))
        trap_add(t, o, "configurations.failure_mode_allow",
                 "is true: while the auth service answers 5xx or cannot be reached, requests pass");
}

static const char *endpoint_fault(const cJSON *http, bool forward)
{
    const char *mode = trap_text(http, "endpoint_mode");
    if (*mode && !forward && strcmp(mode, "envoy") != 0)
        return "endpoint_mode is neither envoy nor forward_auth";
    if (!trap_has(http, "endpoint.service_name"))
        return "has no service_name";
    if (trap_has(http, forward ? "endpoint.path" : "endpoint.path_prefix"))
        return NULL;
    return forward ? "has no path, which forward_auth needs"
                   : "has no path_prefix, which the mode envoy needs";
}

static const char *request_fault(const cJSON *http, bool forward)
{
    const char *method = trap_text(http, "endpoint.request_method");
    const cJSON *p;
    if (forward && trap_true(http, "authorization_request.with_request_body") &&
        (!*method || text_has_word("GET|HEAD|OPTIONS", method)))
        return "sends the body with a method that has none";
    cJSON_ArrayForEach(p, json_path(http, "authorization_request.allowed_properties"))
    {
        if (!json_get(p, "path") || !json_get(p, "header"))
            return "has a property without path or header";
    }
    return NULL;
}

/* What the plugin refuses; *path where. */
static const char *ext_auth_fault(const cJSON *s, const char **path)
{
    const cJSON *http = json_get(s, "http_service");
    bool forward = !strcmp(trap_text(http, "endpoint_mode"), "forward_auth");
    const char *why = endpoint_fault(http, forward);
    *path = "configurations.http_service.endpoint";
    if (why)
        return why;
    *path = "configurations.http_service.authorization_request";
    if ((why = request_fault(http, forward)))
        return why;
    *path = "configurations.match_type";
    bool known = text_has_word("whitelist|blacklist", trap_text(s, "match_type"));
    return json_get(s, "match_list") && !known
               ? "is neither whitelist nor blacklist, and match_list needs it"
               : NULL;
}

static void ext_auth_refused(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = NULL;
    if (json_count(trap_settings(o)) > 0)
        why = ext_auth_fault(trap_settings(o), &path);
    if (why)
        trap_refused(t, o, path, "%s", why);
}

static void ext_auth_cleaned(struct trap_walk *t, const struct trap_object *o)
{
    const char *mode = trap_text(trap_settings(o), "http_service.endpoint_mode");
    if (json_count(trap_settings(o)) > 0 && strcmp(mode, "forward_auth") != 0)
        trap_add(t, o, "configurations.http_service.endpoint_mode",
                 "is envoy: the auth service is asked about the path with '..' and '//' resolved, "
                 "the backend gets it as it came");
}

/* -- opa -------------------------------------------------------------------------------------- */

static const char *opa_fault(const cJSON *s, const char **path)
{
    static const char sources[] = "k8s|nacos|ip|dns|route";
    const char *source = trap_text(s, "serviceSource");
    *path = "configurations.policy";
    if (!trap_has(s, "policy"))
        return "is absent";
    *path = "configurations.serviceSource";
    if (!text_has_word(sources, source))
        return "is none of k8s, nacos, ip, dns, route";
    *path = "configurations.namespace";
    if (text_has_word("k8s|nacos", source) && !trap_has(s, "namespace"))
        return "is absent, and this serviceSource needs it";
    *path = "configurations.serviceName";
    if (!trap_has(s, "host") && (!trap_has(s, "serviceName") || !trap_has(s, "servicePort")))
        return "and servicePort are needed where no host is given";
    return NULL;
}

static void opa_refused(struct trap_walk *t, const struct trap_object *o)
{
    const char *path, *why = NULL;
    if (json_count(trap_settings(o)) > 0)
        why = opa_fault(trap_settings(o), &path);
    if (why)
        trap_refused(t, o, path, "%s", why);
}

static void opa_timeout(struct trap_walk *t, const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *m = json_get(s, "timeout");
    bool good = cJSON_IsString(m) && trap_duration(m->valuestring);
    if (json_count(s) > 0 && !good)
        trap_refused(t, o, "configurations.timeout", "is no duration with a unit, such as 5s");
}

/* -- oidc, replay-protection ------------------------------------------------------------------ */

static void oidc_cookie(struct trap_walk *t, const struct trap_object *o)
{
    const char *secret = trap_text(trap_settings(o), "cookie_secret");
    size_t n = strlen(secret);
    if (json_count(trap_settings(o)) > 0 && !strchr(secret, '$') && n != 16 && n != 24 && n != 32)
        trap_add(t, o, "configurations.cookie_secret",
                 "has %zu bytes; 16, 24 or 32 are needed, else no login works", n);
}

static void replay_without_nonce(struct trap_walk *t, const struct trap_object *o)
{
    if (!trap_true(trap_settings(o), "force_nonce"))
        trap_add(t, o, "configurations.force_nonce",
                 "is not true: a request without a nonce passes, so that leaving it out is enough");
}

/* -- plugin-config 8.0: the header that names the consumer ------------------------------------ */

static bool by_consumer(const struct trap_object *o)
{
    const cJSON *s = trap_settings(o), *m;
    if (text_has_word("ai-quota", o->name))
        return true;
    if (!strcmp(o->name, "ai-security-guard"))
        return json_get(s, "consumerRequestCheckService") || json_get(s, "consumerRiskLevel");
    cJSON_ArrayForEach(m, json_get(s, "rule_items"))
    {
        if (json_get(m, "limit_by_consumer") || json_get(m, "limit_by_per_consumer"))
            return true;
    }
    return false;
}

/* Does the transformer take the header off requests there? */
static bool removes_header(const struct trap_world *w, const char *scope)
{
    struct trap_object o;
    return trap_lookup(w, "plugin-instance", "transformer", scope, &o) && trap_enabled(&o) &&
           trap_removes_header(trap_settings(&o), "x-mse-consumer");
}

static void forgeable(struct trap_walk *t, const struct trap_object *o)
{
    const struct trap_world *w = trap_of(t);
    if (by_consumer(o) && trap_runs_on(t, ACCESS_BY_CONSUMER, o->scope) &&
        !removes_header(w, o->scope) && !removes_header(w, "global"))
        trap_add(t, o, "configurations",
                 "goes by the consumer, and a client that sends x-mse-consumer itself may choose "
                 "it: nothing takes the header off; remove it with the plugin transformer");
}

static void without_auth(struct trap_walk *t, const struct trap_object *o)
{
    bool quota = !strcmp(o->name, "ai-quota");
    if (!by_consumer(o) || trap_runs_on(t, ACCESS_BY_CONSUMER "|hmac-auth-apisix", o->scope))
        return;
    trap_add(t, o, "configurations",
             quota ? "counts by consumer, and no auth plugin runs there: each request is answered "
                     "401, unless the client names a consumer of its choice in x-mse-consumer"
                   : "goes by the consumer, and no auth plugin runs there: without the header "
                     "x-mse-consumer nothing counts, with it the client chooses");
}

#define OF(names) .about = "plugin-instance", .plugins = names
#define CONSUMER_READERS                                                                           \
    OF("cluster-key-rate-limit|ai-token-ratelimit|ai-quota|ai-security-guard"),                    \
        .beside = "plugin-instance|route"

const struct trap trap_login_rows[] = {
    { "plugin-config 8.1", "SIMPLE_JWT_OPEN", "simple-jwt-auth lets malformed tokens pass",
      "A header value that is not three parts makes the plugin panic, which is recovered: the "
      "request goes on.",
      TRAP_OPEN, OF("simple-jwt-auth"), .judge = simple_jwt },
    { "plugin-config 8.1", "SIMPLE_JWT_EMPTY", "simple-jwt-auth without secret or header",
      "An empty secret or header name answers every request 401.", TRAP_BROKEN,
      OF("simple-jwt-auth"), .judge = simple_jwt_empty },
    { "plugin-config 13.6", "OAUTH_HEADER_IGNORED", "An OAuth header name that is not read",
      "oauth reads auth_header; the console's auth_header_name is ignored.", TRAP_DEAD, OF("oauth"),
      .judge = oauth_header },
    { "plugin-config 8", "HMAC_REPLAY", "Signed requests that can be sent again",
      "Without date_offset (hmac-auth), or with a clock_skew of 0 or less (hmac-auth-apisix), "
      "dates "
      "are not checked.",
      TRAP_OPEN, OF("hmac-auth|hmac-auth-apisix"), .judge = hmac_no_date },
    { "plugin-config 8.1", "ANONYMOUS_CONSUMER", "Whoever fails goes on as somebody",
      "anonymous_consumer names the consumer that everybody becomes on failure.", TRAP_OPEN,
      OF("hmac-auth-apisix"), .judge = anonymous },
    { "plugin-config 8.1", "APISIX_ALLOW_UNKNOWN", "An allowed consumer that does not exist",
      "A name in allow that no consumer has is a warning in the log only.", TRAP_DEAD,
      OF("hmac-auth-apisix"), .beside = "plugin-instance", .judge = apisix_allow },
    { "plugin-config 8.1", "EXT_AUTH_FAILS_OPEN", "Authorization that fails open",
      "failure_mode_allow lets requests pass while the auth service fails.", TRAP_OPEN,
      OF("ext-auth"), .judge = ext_auth_open },
    { "plugin-config 8.1", "EXT_AUTH_REFUSED", "ext-auth settings that the plugin refuses",
      "Mode envoy needs path_prefix, forward_auth path; match_list needs match_type.", TRAP_OPEN,
      OF("ext-auth"), .beside = "plugin-instance", .judge = ext_auth_refused },
    { "plugin-config 8.1", "EXT_AUTH_PATH_CLEANED", "Another path is judged than is served",
      "In mode envoy the auth service gets a cleaned path.", TRAP_NOTE, OF("ext-auth"),
      .judge = ext_auth_cleaned },
    { "plugin-config 8.1", "OPA_REFUSED", "opa settings that the plugin refuses",
      "policy, serviceSource, a namespace for k8s and nacos, a service or host are required.",
      TRAP_OPEN, OF("opa"), .beside = "plugin-instance", .judge = opa_refused },
    { "plugin-config 13.6", "OPA_TIMEOUT", "opa's timeout has no unit",
      "timeout is a Go duration as text; a bare number is refused.", TRAP_OPEN, OF("opa"),
      .beside = "plugin-instance", .judge = opa_timeout },
    { "plugin-config 8.1", "OIDC_COOKIE_SECRET", "A cookie secret of another length",
      "cookie_secret must be 16, 24 or 32 bytes (as in oauth2-proxy).", TRAP_BROKEN, OF("oidc"),
      .judge = oidc_cookie },
    { "plugin-config 11", "REPLAY_WITHOUT_NONCE", "Replay protection that asks for no nonce",
      "force_nonce is false by default: without a nonce the request passes.", TRAP_OPEN,
      OF("replay-protection"), .judge = replay_without_nonce },
    { "plugin-config 8.0", "CONSUMER_HEADER_FORGEABLE", "A client can choose its consumer",
      "The consumer is added as x-mse-consumer; a value that the client sent is not removed first "
      "(by reading of the code).",
      TRAP_OPEN, CONSUMER_READERS, .judge = forgeable },
    { "plugin-config 13.5", "CONSUMER_WITHOUT_AUTH", "Counting by consumer where nobody is asked",
      "x-mse-consumer is set by auth plugins only; where none runs it is what the client sends.",
      TRAP_OPEN, CONSUMER_READERS, .judge = without_auth },
    { 0 },
};
