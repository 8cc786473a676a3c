/* mask_names.c - what the name of a header, a parameter, an annotation or a member says of its
 * value.
 *
 * The lists are sorted (a test asks for each name of the reference): add one at its place. What no
 * list has is judged by the words in it.
 */
#include "base/secret.h"
#include "base/text.h"
#include "mask/mask.h"
#include "mask/mask_rule.h"
#include <ctype.h>

static const char *const secret_headers[] = { "anthropic-api-key",
                                              "api-key",
                                              "apikey",
                                              "authorization",
                                              "cf-access-jwt-assertion",
                                              "cookie",
                                              "cookie2",
                                              "dashvector-auth-token",
                                              "dd-api-key",
                                              "dd-application-key",
                                              "job-token",
                                              "ocp-apim-subscription-key",
                                              "private-token",
                                              "proxy-authorization",
                                              "set-cookie",
                                              "signature",
                                              "stripe-signature",
                                              "webhook-signature",
                                              "x-access-token",
                                              "x-acs-dingtalk-access-token",
                                              "x-acs-security-token",
                                              "x-acs-signature",
                                              "x-amz-security-token",
                                              "x-amz-signature",
                                              "x-amzn-oidc-accesstoken",
                                              "x-amzn-oidc-data",
                                              "x-api-key",
                                              "x-apikey",
                                              "x-app-key",
                                              "x-auth-request-access-token",
                                              "x-auth-token",
                                              "x-ca-key",
                                              "x-ca-signature",
                                              "x-consul-token",
                                              "x-cos-security-token",
                                              "x-csrf-token",
                                              "x-forwarded-access-token",
                                              "x-forwarded-authorization",
                                              "x-functions-key",
                                              "x-gitlab-token",
                                              "x-goog-api-key",
                                              "x-goog-authenticated-user-jwt",
                                              "x-goog-iam-authorization-token",
                                              "x-hi-original-auth",
                                              "x-higress-mcpserver-config",
                                              "x-honeycomb-team",
                                              "x-hub-signature",
                                              "x-hub-signature-256",
                                              "x-id-token",
                                              "x-istiod-token",
                                              "x-jwt-payload",
                                              "x-lark-signature",
                                              "x-ms-authorization-auxiliary",
                                              "x-ms-token-aad-id-token",
                                              "x-nacos-token",
                                              "x-original-authorization",
                                              "x-oss-security-token",
                                              "x-rapidapi-key",
                                              "x-refresh-token",
                                              "x-serverless-authorization",
                                              "x-session-id",
                                              "x-session-token",
                                              "x-shopify-access-token",
                                              "x-slack-signature",
                                              "x-subscription-token",
                                              "x-tenant-token",
                                              "x-ti-secret-code",
                                              "x-userinfo",
                                              "x-vault-token",
                                              "x-xsrf-token",
                                              "xi-api-key" };
static const char *const url_headers[] = { ":path",          "content-location",
                                           "link",           "location",
                                           "referer",        "x-envoy-original-path",
                                           "x-original-url", "x-rewrite-url" };
static const char *const text_headers[] = { "ssl-client-cert",
                                            "x-client-cert",
                                            "x-envoy-jsonrpc-params",
                                            "x-envoy-jsonrpc-result",
                                            "x-envoy-mcp-tool-arguments",
                                            "x-envoy-mcp-tool-response",
                                            "x-forwarded-client-cert" };
static const char *const shown_headers[] = { ":authority",
                                             ":method",
                                             ":scheme",
                                             "accept",
                                             "accept-encoding",
                                             "accept-language",
                                             "access-control-allow-origin",
                                             "anthropic-beta",
                                             "anthropic-version",
                                             "cache-control",
                                             "cf-connecting-ip",
                                             "connection",
                                             "content-encoding",
                                             "content-length",
                                             "content-type",
                                             "date",
                                             "etag",
                                             "expect",
                                             "forwarded",
                                             "host",
                                             "mcp-protocol-version",
                                             "mcp-session-id",
                                             "openai-organization",
                                             "openai-project",
                                             "origin",
                                             "range",
                                             "retry-after",
                                             "sw8",
                                             "te",
                                             "template-enable",
                                             "traceparent",
                                             "tracestate",
                                             "true-client-ip",
                                             "upgrade",
                                             "user-agent",
                                             "via",
                                             "www-authenticate",
                                             "x-acs-action",
                                             "x-acs-date",
                                             "x-acs-signature-nonce",
                                             "x-acs-version",
                                             "x-amz-content-sha256",
                                             "x-amz-date",
                                             "x-b3-sampled",
                                             "x-b3-spanid",
                                             "x-b3-traceid",
                                             "x-ca-nonce",
                                             "x-ca-signature-headers",
                                             "x-ca-timestamp",
                                             "x-dashscope-sse",
                                             "x-envoy-allow-mcp-tools",
                                             "x-envoy-attempt-count",
                                             "x-envoy-decorator-operation",
                                             "x-envoy-external-address",
                                             "x-envoy-internal",
                                             "x-envoy-internal-route",
                                             "x-envoy-upstream-service-time",
                                             "x-forwarded-for",
                                             "x-forwarded-host",
                                             "x-forwarded-port",
                                             "x-forwarded-proto",
                                             "x-higress-fallback-from",
                                             "x-higress-llm-model",
                                             "x-higress-llm-model-final",
                                             "x-higress-nonce",
                                             "x-higress-skip-response-cache",
                                             "x-higress-target-cluster",
                                             "x-higress-uid",
                                             "x-mse-consumer",
                                             "x-mse-tag",
                                             "x-ratelimit-limit",
                                             "x-ratelimit-remaining",
                                             "x-real-ip",
                                             "x-request-id",
                                             "x-ti-app-id" };
static const char *const secret_queries[] = { "access_token",
                                              "api-key",
                                              "api_key",
                                              "apikey",
                                              "app_secret",
                                              "appkey",
                                              "appsecret",
                                              "assertion",
                                              "auth",
                                              "auth_token",
                                              "authkey",
                                              "client_assertion",
                                              "client_secret",
                                              "code",
                                              "code_verifier",
                                              "corpsecret",
                                              "device_code",
                                              "h-sign",
                                              "hmac",
                                              "id_token",
                                              "jr-api-key",
                                              "jwt",
                                              "key",
                                              "otp",
                                              "passwd",
                                              "password",
                                              "pwd",
                                              "q-signature",
                                              "refresh_token",
                                              "request_token",
                                              "samlresponse",
                                              "secret",
                                              "security-token",
                                              "session",
                                              "session_id",
                                              "sessionid",
                                              "sid",
                                              "sig",
                                              "sign",
                                              "signature",
                                              "subscription-key",
                                              "ticket",
                                              "token",
                                              "user_code",
                                              "x-amz-security-token",
                                              "x-amz-signature",
                                              "x-cos-security-token",
                                              "x-goog-signature",
                                              "x-oss-security-token",
                                              "x-oss-signature" };
static const char *const shown_queries[] = { "alt",
                                             "api-version",
                                             "aud",
                                             "awsaccesskeyid",
                                             "client_id",
                                             "code_challenge",
                                             "expires",
                                             "format",
                                             "grant_type",
                                             "iss",
                                             "lang",
                                             "login_hint",
                                             "model",
                                             "nonce",
                                             "ossaccesskeyid",
                                             "page",
                                             "pagenum",
                                             "pagesize",
                                             "q",
                                             "q-ak",
                                             "q-key-time",
                                             "q-sign-time",
                                             "query",
                                             "redirect_uri",
                                             "response_type",
                                             "scope",
                                             "se",
                                             "sip",
                                             "skoid",
                                             "sktid",
                                             "sp",
                                             "spr",
                                             "sr",
                                             "srt",
                                             "ss",
                                             "st",
                                             "state",
                                             "stream",
                                             "sv",
                                             "version",
                                             "x-amz-algorithm",
                                             "x-amz-credential",
                                             "x-amz-date",
                                             "x-amz-expires",
                                             "x-amz-signedheaders",
                                             "x-goog-credential",
                                             "x-goog-date",
                                             "x-goog-expires",
                                             "x-oss-credential",
                                             "x-oss-date",
                                             "x-oss-expires" };
static const char *const shown_cookies[] = { "_ga",     "_gid",  "awsalb",        "awsalbcors",
                                             "graykey", "i18n",  "ingresscookie", "lang",
                                             "locale",  "route", "theme",         "x-higress-uid" };

static int compare_name_to_row(const void *key, const void *row)
{
    return strcmp(key, *(const char *const *)row);
}

#define IN(list, name) is_in_names(list, sizeof(list) / sizeof *(list), name)
static bool is_in_names(const char *const *list, size_t n, const char *name)
{
    return bsearch(name, list, n, sizeof *list, compare_name_to_row) != NULL;
}

enum { NAME_MAX_LEN = 96 };

static const char *lower_name(char out[NAME_MAX_LEN], const char *name)
{
    size_t n = 0;
    for (; *name && n < NAME_MAX_LEN - 1; name++)
        out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
    return out;
}

/* -- members ---------------------------------------------------------------------------------- */

/* Of a name without '-', '_' and '.': what makes it a secret's, … */
static const char *const telling[] = {
    "password",  "passwd",     "passphrase",       "pwd",          "secret",    "apikey",
    "appkey",    "authkey",    "privatekey",       "signingkey",   "sharedkey", "encryptionkey",
    "accesskey", "accountkey", "subscriptionkey",  "functionskey", "token",     "credential",
    "cookie",    "signature",  "authorization",    "jwt",          "assertion", "appcode",
    "dsn",       "webhook",    "connectionstring", "sessionid",    "sastoken",  "hmackey",
};
static const char *const telling_alone[] = { "auth", "pass", "pin",     "otp", "sid",
                                             "sig",  "sign", "session", "sk",  "ticket" };
/* … what makes it the name, the place or the bound of one, … */
static const char *const ends[] = {
    "id",        "name",     "names",      "type",      "types",      "url",
    "uri",       "endpoint", "path",       "header",    "headers",    "prefix",
    "suffix",    "ttl",      "expire",     "expires",   "timeout",    "ahead",
    "count",     "limit",    "enable",     "enabled",   "domain",     "domains",
    "secure",    "httponly", "samesite",   "refresh",   "ref",        "algorithm",
    "nonce",     "config",   "pullsecret", "tlssecret", "authsecret", "passwordsecret",
    "sslsecret",
};
static const char *const counts[] = { "maxtoken",    "inputtoken",     "outputtoken",
                                      "totaltoken",  "cachedtoken",    "reasoningtoken",
                                      "tokenper",    "tokenratelimit", "firsttoken",
                                      "contexttoken" };
static const char *const begins[] = { "hide", "keep", "allowed", "validate" };
/* … and what is one even as a number of few digits. */
static const char *const weighty[] = { "password", "passwd", "passphrase", "pwd", "secret", "pin" };

static const char *fold(char out[NAME_MAX_LEN], const char *name)
{
    size_t n = 0;
    for (; *name && n < NAME_MAX_LEN - 1; name++) {
        if (secret_starts_mask(name)) /* of a key that held one; no word of the name */
            name += strlen(SECRET_MASK) - 1;
        else if (!strchr("-_. ", *name))
            out[n++] = (char)tolower((unsigned char)*name);
    }
    out[n] = '\0';
    return out;
}

#define ANY(list, test, name) any(list, sizeof(list) / sizeof *(list), test, name)
typedef bool test_fn(const char *name, const char *word);

static bool any(const char *const *list, size_t n, test_fn *test, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (test(name, list[i]))
            return true;
    return false;
}

static bool name_holds(const char *name, const char *word)
{
    return strstr(name, word) != NULL;
}

static bool is(const char *name, const char *word)
{
    return !strcmp(name, word);
}

static bool tells(const char *s)
{
    if (ANY(telling_alone, is, s))
        return true;
    if (!ANY(telling, name_holds, s))
        return false;
    if (text_ends(s, "sessionid"))
        return true;
    return !ANY(ends, text_ends, s) && !ANY(counts, name_holds, s) && !ANY(begins, text_starts, s);
}

enum mask_rule mask_member_rule(const char *name)
{
    char s[NAME_MAX_LEN];
    return tells(fold(s, name)) ? MASK_HIDE : MASK_SHOW;
}

bool mask_name_is_weighty(const char *name)
{
    char s[NAME_MAX_LEN];
    fold(s, name);
    return ANY(weighty, name_holds, s) && tells(s);
}

bool mask_name_is_secret(const char *member)
{
    return mask_member_rule(member) == MASK_HIDE;
}

/* -- headers, parameters, annotations --------------------------------------------------------- */

enum mask_rule mask_header_rule(const char *name)
{
    char s[NAME_MAX_LEN];
    lower_name(s, name);
    if (IN(secret_headers, s))
        return MASK_HIDE;
    if (IN(shown_headers, s))
        return MASK_SHOW;
    if (IN(url_headers, s))
        return MASK_URL;
    return IN(text_headers, s) ? MASK_TEXT : mask_member_rule(s);
}

bool mask_header_is_secret(const char *name)
{
    return mask_header_rule(name) == MASK_HIDE;
}

enum mask_rule mask_query_rule(const char *name)
{
    char s[NAME_MAX_LEN];
    lower_name(s, name);
    if (IN(secret_queries, s))
        return MASK_HIDE;
    return IN(shown_queries, s) ? MASK_SHOW : mask_member_rule(s);
}

bool mask_query_is_secret(const char *name)
{
    return mask_query_rule(name) == MASK_HIDE;
}

bool mask_query_is_shown(const char *name)
{
    char s[NAME_MAX_LEN];
    return IN(shown_queries, lower_name(s, name));
}

bool mask_name_is_harmless(const char *name)
{
    char s[NAME_MAX_LEN];
    lower_name(s, name);
    return IN(shown_headers, s) || IN(shown_queries, s);
}

bool mask_cookie_is_shown(const char *name)
{
    char s[NAME_MAX_LEN];
    return IN(shown_cookies, lower_name(s, name));
}

static const struct {
    const char *begin; /* of the name behind its prefix; what follows is `with` where it ends so */
    enum mask_rule rule;
} annotations[] = {
    { "request-header-control-add", MASK_LINE },
    { "request-header-control-update", MASK_LINE },
    { "response-header-control-add", MASK_LINE },
    { "response-header-control-update", MASK_LINE },
    { "exact-match-header-", MASK_NAMED },
    { "prefix-match-header-", MASK_NAMED },
    { "regex-match-header-", MASK_NAMED },
    { "exact-match-query-", MASK_NAMED },
    { "prefix-match-query-", MASK_NAMED },
    { "regex-match-query-", MASK_NAMED },
    { "exact-match-pseudo-header-", MASK_NAMED },
    { "prefix-match-pseudo-header-", MASK_NAMED },
    { "regex-match-pseudo-header-", MASK_NAMED },
    { "canary-by-header-value", MASK_KEY },
    { "canary-by-header-pattern", MASK_KEY },
    { "auth-url", MASK_URL },
    { "auth-signin", MASK_URL },
    { "permanent-redirect", MASK_URL },
    { "temporal-redirect", MASK_URL },
    { "app-root", MASK_URL },
    { "mirror-host", MASK_URL },
    { "mirror-target", MASK_URL },
    { "proxy-redirect-to", MASK_URL },
    { "configuration-snippet", MASK_TEXT },
    { "server-snippet", MASK_TEXT },
    { "stream-snippet", MASK_TEXT },
    { "auth-snippet", MASK_TEXT },
    { "modsecurity-snippet", MASK_TEXT },
    { "last-applied-configuration", MASK_TREE },
};

enum mask_rule mask_annotation_rule(const char *name, const char **with)
{
    const char *slash = strrchr(name, '/');
    const char *own = slash ? slash + 1 : name;
    *with = NULL;
    for (size_t i = 0; i < sizeof annotations / sizeof *annotations; i++) {
        size_t n = strlen(annotations[i].begin);
        if (strncmp(own, annotations[i].begin, n) != 0)
            continue;
        if (annotations[i].rule == MASK_NAMED)
            *with = own + n;
        else if (own[n])
            continue;
        return annotations[i].rule;
    }
    return MASK_SHOW;
}
