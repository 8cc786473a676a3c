/* settings.c - every setting of the configuration, one row each: where it stands in the file, its
 * variable and flag, what it says, its default, which values it takes, where it goes, and whether a
 * running server takes a new value (SIGHUP). A new setting is one row, and a member of struct
 * config.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/trace.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"
#include <stdlib.h>
#include <string.h>

static const struct field reference[] = {
    { "env", STR, OPT, "Name of an environment variable.", .min = 1, .max = 128 },
    { "file", STR, OPT, "Path of a file; a final newline is cut.", .min = 1, .max = 4096 },
    { 0 },
};
static const struct field header_rows[] = {
    { "name", STR, REQ, "Its name.", .min = 1, .max = 128 },
    { "env", STR, OPT, "Variable with its value.", .min = 1, .max = 128 },
    { "file", STR, OPT, "File with its value.", .min = 1, .max = 4096 },
    { 0 },
};
static const struct field a_header = { "header", OBJ, OPT, "A header.", .of = header_rows };
static const struct field token_rows[] = {
    { "name", STR, REQ, "Who.", .min = 1, .max = 64 },
    { "sha256", STR, REQ, "64 hex digits.", .min = 64, .max = 64 },
    { 0 },
};
static const struct field role = { "role", STR, OPT, "A role.", .one_of = ROLES };
static const struct field person_rows[] = {
    { "name", STR, REQ, "Who.", .min = 1, .max = 64 },
    { "roles", LIST, REQ, "What they are here for.", .max = 4, .of = &role },
    { "os", LIST, OPT, "Their users on this machine.", .min = 1, .max = 16, .of = &a_string },
    { "tokens", LIST, OPT, "Their names in http.tokens and http.approvers.", .min = 1, .max = 16,
      .of = &a_string },
    { "oauth", LIST, OPT, "Their subjects at http.oauth.issuer.", .min = 1, .max = 16,
      .of = &a_string },
    { "oidc", LIST, OPT, "What http.oidc.person says of them at http.oidc.issuer.", .min = 1,
      .max = 16, .of = &a_string },
    { "chat", LIST, OPT, "Who they are in chats: PLATFORM:TENANT/USER.", .min = 1, .max = 16,
      .of = &a_string },
    { "passphrase", STR, OPT, "As scrypt.", .min = 8, .max = 256, .flags = FIELD_SECRET },
    { 0 },
};
static const struct field a_person = { "person", OBJ, OPT, "A person.", .of = person_rows };
static const struct field model_prices[] = {
    { "input", NUM, OPT, "A million tokens of requests.", .max = 1e6 },
    { "output", NUM, OPT, "A million tokens of replies.", .max = 1e6 },
    { "cache_read", NUM, OPT, "A million tokens read from a cache.", .max = 1e6 },
    { "cache_write", NUM, OPT, "A million tokens written to a cache.", .max = 1e6 },
    { "currency", STR, OPT, "Their currency.", .min = 1, .max = 8 },
    { 0 },
};
static const struct field model_limits[] = {
    { "steps", INT, OPT, "Requests to the model.", .min = 1, .max = 1000 },
    { "tokens", INT, OPT, "Tokens of all requests and replies.", .min = 1, .max = 1e9 },
    { "seconds", NUM, OPT, "Time.", .min = 1, .max = 86400 },
    { "cost", NUM, OPT, "Money, by the prices.", .max = 1e9 },
    { "result_bytes", INT, OPT, "Of an answer of a tool; the rest is read by page.", .min = 512,
      .max = 1 << 20 },
    { 0 },
};
static const struct field an_area = { "area", STR, OPT, "What is traced.", .one_of = TRACE_AREAS };
static const struct field an_alg = { "alg", STR, OPT, "A signature.", .one_of = OIDC_ALGS };
static const struct field a_token = { "token", OBJ, OPT, "A token.", .of = token_rows };

/* -- from the file's value to the member of struct config -------------------------------------- */

/* The value, or what the row says is there without one. */
static const char *text_or_default(const struct setting *row, const cJSON *value)
{
    if (cJSON_IsString(value))
        return value->valuestring;
    return row->flags & SAID ? NULL : row->otherwise;
}

static void set_text_member(void *member, struct arena *a, const struct setting *row,
                            const cJSON *value)
{
    *(const char **)member = arena_strdup(a, text_or_default(row, value));
}

static void take_number(void *member, struct arena *a, const struct setting *row,
                        const cJSON *value)
{
    (void)a;
    *(double *)member = cJSON_IsNumber(value) ? value->valuedouble : strtod(row->otherwise, NULL);
}

static void take_texts(void *member, struct arena *a, const struct setting *row, const cJSON *value)
{
    const char **out = arena_array(a, const char *, json_count(value) + 2);
    const cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, value) out[i++] = arena_strdup(a, item->valuestring);
    if (!value)
        out[0] = row->otherwise;
    *(const char *const **)member = out;
}

static void take_tokens(void *member, struct arena *a, const struct setting *row,
                        const cJSON *value)
{
    struct config_token *out = arena_array(a, struct config_token, json_count(value) + 1);
    const cJSON *item;
    int i = 0;
    (void)row;
    cJSON_ArrayForEach(item, value)
    {
        out[i].name = arena_strdup(a, json_str(item, "name"));
        out[i++].sha256 = arena_strdup(a, json_str(item, "sha256"));
    }
    *(const struct config_token **)member = out;
}

static void take_people(void *member, struct arena *a, const struct setting *row,
                        const cJSON *value)
{
    (void)row;
    *(const struct config_person **)member = config_people_of(a, value);
}

static void take_bool(void *member, struct arena *a, const struct setting *row, const cJSON *value)
{
    (void)a;
    *(bool *)member = value ? cJSON_IsTrue(value) : !strcmp(row->otherwise, "true");
}

static void take_model_api(void *member, struct arena *a, const struct setting *row,
                           const cJSON *value)
{
    (void)a;
    *(enum model_api *)member =
        (enum model_api)text_word_place(row->value, text_or_default(row, value));
}

static void take_mode(void *member, struct arena *a, const struct setting *row, const cJSON *value)
{
    (void)a;
    *(enum mode *)member = (enum mode)text_word_place(row->value, text_or_default(row, value));
}

static void take_login(void *member, struct arena *a, const struct setting *row, const cJSON *value)
{
    (void)a;
    *(enum login *)member = (enum login)text_word_place(row->value, text_or_default(row, value));
}

static void take_outside(void *member, struct arena *a, const struct setting *row,
                         const cJSON *value)
{
    (void)a;
    *(bool *)member = !strcmp(text_or_default(row, value), "snapshot");
}

static void take_platform(void *member, struct arena *a, const struct setting *row,
                          const cJSON *value)
{
    (void)a;
    *(enum platform *)member =
        (enum platform)text_word_place(row->value, text_or_default(row, value));
}

static void take_oidc_auth(void *member, struct arena *a, const struct setting *row,
                           const cJSON *value)
{
    (void)a;
    *(enum oidc_auth *)member =
        (enum oidc_auth)text_word_place(row->value, text_or_default(row, value));
}

static void take_oidc_claim(void *member, struct arena *a, const struct setting *row,
                            const cJSON *value)
{
    (void)a;
    *(enum oidc_claim *)member =
        (enum oidc_claim)text_word_place(row->value, text_or_default(row, value));
}

static void take_read_only(void *member, struct arena *a, const struct setting *row,
                           const cJSON *value)
{
    (void)a, (void)row;
    if (cJSON_IsTrue(value))
        *(enum mode *)member = MODE_READ_ONLY;
}

static void take_strength(void *member, struct arena *a, const struct setting *row,
                          const cJSON *value)
{
    (void)a;
    *(enum strength *)member = channel_strength_named(text_or_default(row, value));
}

/* -- the rows -----------------------------------------------------------------------------------
 */

#define PUT(how, m) how, offsetof(struct config, m), sizeof((struct config *)0)->m
#define TEXT(m) PUT(set_text_member, m)
#define NUMBER(m) PUT(take_number, m)
#define TEXTS(m) PUT(take_texts, m)
#define TOKENS(m) PUT(take_tokens, m)
#define STRENGTH(m) PUT(take_strength, m)

const struct setting settings[] = {
    { "gateway.url", "HIGRESS_OPS_URL", "gateway-url", "URL", "Higress console to operate.", NULL,
      STR, TEXT(gateway_url), .flags = EACH, .min = 8, .max = 1024 },
    { "gateway.username", "HIGRESS_OPS_USERNAME", "username", "NAME", "Console user.", "admin", STR,
      TEXT(username), .flags = EACH, .min = 1, .max = 256 },
    { "gateway.password", "HIGRESS_OPS_PASSWORD_FILE", "password-file", "PATH",
      "File with the console password (or the variable HIGRESS_OPS_PASSWORD).", NULL, OBJ,
      .flags = EACH, .of = reference },
    { "gateway.login", "HIGRESS_OPS_LOGIN", "login", "auto|basic|session",
      "How to log in; auto is Basic unless the password holds a ':'.", "auto", STR,
      PUT(take_login, login), .flags = ONE_OF | EACH },
    { "gateway.platform", "HIGRESS_OPS_PLATFORM", "platform", "unknown|standalone|kubernetes",
      "What keeps its objects: a cluster refuses names that a standalone's files take.", "unknown",
      STR, PUT(take_platform, platform), .flags = ONE_OF | EACH | RELOAD },
    { "gateway.ca_file", "HIGRESS_OPS_CA_FILE", "ca-file", "PATH",
      "Certificates to trust for https instead of the system's.", NULL, STR, TEXT(ca_file),
      .flags = EACH, .min = 1, .max = 4096 },
    { "gateway.timeout", "HIGRESS_OPS_TIMEOUT", "timeout", "SECONDS",
      "Limit of one request to the console.", "30", NUM, NUMBER(timeout), .flags = EACH, .min = 0.1,
      .max = 600 },
    { "gateway.pause", "HIGRESS_OPS_PAUSE", "pause", "SECONDS",
      "Wait before a broken read, or a look after an unclear write, is repeated.", "0.2", NUM,
      NUMBER(pause), .flags = EACH, .min = 0.001, .max = 60 },
    { "kubernetes.kubeconfig", "HIGRESS_OPS_KUBECONFIG", "kubeconfig", "PATH",
      "Higress is on the cluster of this kubeconfig, or of KUBECONFIG and ~/.kube/config where "
      "only "
      "a context or a namespace is given.",
      NULL, STR, TEXT(kube.kubeconfig), .flags = EACH, .min = 1, .max = 4096 },
    { "kubernetes.context", "HIGRESS_OPS_KUBE_CONTEXT", "kube-context", "NAME",
      "Context of the kubeconfig; none: its current one.", NULL, STR, TEXT(kube.context),
      .flags = EACH, .min = 1, .max = 253 },
    { "kubernetes.namespace", "HIGRESS_OPS_KUBE_NAMESPACE", "kube-namespace", "NAME",
      "Where Higress is installed; none: the context's.", NULL, STR, TEXT(kube.namespace),
      .flags = EACH, .min = 1, .max = 63 },
    { "kubernetes.console", NULL, NULL, NULL, "Labels of the console's pod; none: the chart's.",
      NULL, STR, TEXT(kube.console), .flags = EACH, .min = 1, .max = 512 },
    { "kubernetes.gateway", NULL, NULL, NULL, "Labels of the gateway's pods; none: the chart's.",
      NULL, STR, TEXT(kube.gateway), .flags = EACH, .min = 1, .max = 512 },
    { "envoy.admin_url", "HIGRESS_OPS_ENVOY_ADMIN", "envoy-admin", "URL",
      "Envoy's admin interface, for diagnose.", NULL, STR, TEXT(envoy_admin), .flags = EACH,
      .min = 8, .max = 1024 },
    { "envoy.access_log", "HIGRESS_OPS_ACCESS_LOG", "access-log", "PATH",
      "Access log of the gateway, for diagnose and tail_logs.", NULL, STR, TEXT(access_log),
      .flags = EACH, .min = 1, .max = 4096 },
    { "default_gateway", "HIGRESS_OPS_GATEWAY", "gateway", "NAME",
      "Which of `gateways` is meant where none is named.", "the first", STR, .flags = SAID,
      .min = 1, .max = 40 },
    { "mode", "HIGRESS_OPS_MODE", "mode", "read-only|dry-run|approve|auto",
      "What may happen to a change.", "approve", STR, PUT(take_mode, mode),
      .flags = ONE_OF | EACH | RELOAD },
    { "read_only", "HIGRESS_OPS_READ_ONLY", "read-only", NULL,
      "Only what reads is offered: mode read-only, whatever mode says.", NULL, BOOL,
      PUT(take_read_only, mode) },
    { "approval.change", "HIGRESS_OPS_APPROVAL_CHANGE", "approval-change", STRENGTHS,
      "Least that approves a change: a form of a client over HTTP, of one over stdio, a person "
      "at the page or a terminal, or one with a passkey.",
      "stdio-form where there are http.approvers, else http-form", STR, STRENGTH(approval_change),
      .flags = ONE_OF | EACH | RELOAD | SAID },
    { "approval.destroy", "HIGRESS_OPS_APPROVAL_DESTROY", "approval-destroy", STRENGTHS,
      "The same for what deletes; http-form counts as stdio-form where there are http.approvers.",
      "person where there are http.approvers, else http-form", STR, STRENGTH(approval_destroy),
      .flags = ONE_OF | EACH | RELOAD | SAID },
    { "guard", "HIGRESS_OPS_GUARD", "guard", "FOR: CONDITION,…",
      "Watches each change that names no guard, and takes it back: \"5m: 5xx > 2 %, no traffic\".",
      NULL, STR, TEXT(guard), .flags = EACH, .min = 4, .max = 400 },
    { "outside", "HIGRESS_OPS_OUTSIDE", "outside", "off|snapshot",
      "Whether a server keeps what the gateway holds and tells what others change there.", "off",
      STR, PUT(take_outside, outside), .flags = ONE_OF | EACH | RELOAD },
    { "outside_every", "HIGRESS_OPS_OUTSIDE_EVERY", "outside-every", "SECONDS",
      "Time between two such looks at the gateway.", "60", NUM, NUMBER(outside_every),
      .flags = EACH | RELOAD, .min = 1, .max = 86400 },
    { "audit.ship", "HIGRESS_OPS_AUDIT_SHIP", "audit-ship", "file:PATH|syslog[:SOCKET]|otlp:URL",
      "Where a server sends each line of the audit, too.", NULL, STR, TEXT(audit.ship), .min = 6,
      .max = 1024 },
    { "webhook.url", "HIGRESS_OPS_WEBHOOK", "webhook", "URL",
      "Who is told that a decision is wanted, and what became of changes; Standard Webhooks.", NULL,
      STR, TEXT(webhook.url), .flags = RELOAD, .min = 8, .max = 1024 },
    { "webhook.secret", "HIGRESS_OPS_WEBHOOK_SECRET_FILE", "webhook-secret-file", "PATH",
      "File with the secret (whsec_…) that signs what is told.", NULL, OBJ,
      PUT(NULL, webhook.secret), .flags = RELOAD, .of = reference },
    { "webhook.ca_file", "HIGRESS_OPS_WEBHOOK_CA_FILE", NULL, "PATH",
      "Certificates to trust there instead of the system's.", NULL, STR, TEXT(webhook.ca_file),
      .flags = RELOAD, .min = 1, .max = 4096 },
    { "webhook.clear_text", "HIGRESS_OPS_WEBHOOK_CLEAR_TEXT", NULL, "true|false",
      "Allow http to other machines.", "false", BOOL, PUT(take_bool, webhook.clear_text),
      .flags = RELOAD },
    { "webhook.attempts", "HIGRESS_OPS_WEBHOOK_ATTEMPTS", NULL, "N",
      "Times that a message is tried before it is counted as lost.", "6", INT,
      NUMBER(webhook.attempts), .flags = RELOAD, .min = 1, .max = 10 },
    { "audit.headers", NULL, NULL, NULL, "Headers for otlp, their values by reference.", NULL, LIST,
      .max = 16, .of = &a_header },
    { "audit.ca_file", "HIGRESS_OPS_AUDIT_CA_FILE", NULL, "PATH",
      "Certificates to trust there instead of the system's.", NULL, STR, TEXT(audit.ca_file),
      .min = 1, .max = 4096 },
    { "audit.segment_lines", "HIGRESS_OPS_AUDIT_SEGMENT_LINES", NULL, "N",
      "Lines with which a segment of the audit is closed.", "10000", INT,
      NUMBER(audit.segment_lines), .flags = RELOAD, .min = 10, .max = 100000 },
    { "audit.segment_days", "HIGRESS_OPS_AUDIT_SEGMENT_DAYS", NULL, "DAYS",
      "Age at which it is closed before that; 0: never.", "30", NUM, NUMBER(audit.segment_days),
      .flags = RELOAD, .max = 3660 },
    { "audit.keep_days", NULL, NULL, NULL,
      "Closed segments of the audit whose last line is older are removed; 0: never.", "0", NUM,
      NUMBER(audit.keep_days), .flags = RELOAD, .max = 36600 },
    { "toolsets", "HIGRESS_OPS_TOOLSETS", "toolsets", "NAME,…",
      "Offers the tools of these toolsets (and those of tools) only.", NULL, LIST, TEXTS(toolsets),
      .flags = RELOAD, .max = 64, .of = &a_string },
    { "tools", "HIGRESS_OPS_TOOLS", "tools", "NAME,…",
      "Offers these tools (and those of toolsets) only.", NULL, LIST, TEXTS(tools), .flags = RELOAD,
      .max = 256, .of = &a_string },
    { "state", "HIGRESS_OPS_STATE", "state", "DIR", "Plans, decisions, audit and their key.",
      "~/.local/state/higress-ops", STR, TEXT(state_dir), .flags = SAID, .min = 1, .max = 1024 },
    { "listen", "HIGRESS_OPS_LISTEN", "listen", "ADDRESS:PORT",
      "Where HTTP is served; or unix:/PATH, a socket that only this user can open.",
      "127.0.0.1:8470", STR, TEXT(listen), .min = 1, .max = 256 },
    { "http.tokens", "HIGRESS_OPS_TOKENS", "tokens", "NAME:SHA256,…",
      "Bearer tokens by name, each as the SHA-256 of the token.", NULL, LIST, TOKENS(tokens),
      .flags = RELOAD, .max = 64, .of = &a_token },
    { "http.approvers", "HIGRESS_OPS_APPROVERS", "approvers", "NAME:SHA256,…",
      "People who decide about changes on the page /change, by tokens of their own.", NULL, LIST,
      TOKENS(approvers), .flags = RELOAD, .max = 64, .of = &a_token },
    { "people", NULL, NULL, NULL,
      "Who is who in each channel, and their roles; who is not in it may read and no more.", NULL,
      LIST, PUT(take_people, people), .flags = RELOAD, .max = 1000, .of = &a_person },
    { "chat", NULL, NULL, NULL, "Bots at chat platforms (docs/chatops).", NULL, LIST,
      PUT(NULL, chat), .flags = RELOAD, .max = 32, .of = &config_chat_field },
    { "policy.file", "HIGRESS_OPS_POLICY", "policy", "PATH",
      "Rules on who may change what, when and with whom; read again on SIGHUP.", NULL, STR,
      TEXT(policy_file), .flags = RELOAD, .min = 1, .max = 4096 },
    { "http.page", "HIGRESS_OPS_PAGE", "page", "URL",
      "Where people reach this server: results link to URL/change.", "if local, where it listens",
      STR, TEXT(page), .flags = SAID, .min = 8, .max = 1024 },
    { "passkeys.attestation", "HIGRESS_OPS_PASSKEYS", "passkeys", "AAGUID,…",
      "Models of keys that may be enrolled as passkeys, which their maker must vouch for.", NULL,
      LIST, TEXTS(passkey_models), .flags = RELOAD, .max = 64, .of = &a_string },
    { "passkeys.roots", "HIGRESS_OPS_PASSKEY_ROOTS", "passkey-roots", "PATH",
      "Certificates (PEM) of the makers of those models.", NULL, STR, TEXT(passkey_roots),
      .flags = RELOAD, .min = 1, .max = 4096 },
    { "http.oauth.issuer", "HIGRESS_OPS_OAUTH_ISSUER", "oauth-issuer", "URL",
      "Issuer of the OAuth access tokens that are taken beside http.tokens.", NULL, STR,
      TEXT(oauth_issuer), .flags = NEEDED, .min = 8, .max = 1024 },
    { "http.oauth.resource", "HIGRESS_OPS_OAUTH_RESOURCE", "oauth-resource", "URL",
      "This server as clients name it; tokens must be for it.", NULL, STR, TEXT(oauth_resource),
      .flags = NEEDED, .min = 8, .max = 1024 },
    { "http.oauth.jwks", "HIGRESS_OPS_OAUTH_JWKS", "oauth-jwks", "URL|PATH",
      "Where the issuer's public keys are: its tokens are JWTs.", NULL, STR, TEXT(oauth_jwks),
      .min = 1, .max = 4096 },
    { "http.oauth.introspection.endpoint", "HIGRESS_OPS_OAUTH_INTROSPECTION", "oauth-introspection",
      "URL",
      "Where the issuer is asked about tokens that are not JWTs (RFC 7662); without jwks about "
      "all.",
      NULL, STR, TEXT(oauth_introspection), .flags = NEEDED, .min = 8, .max = 1024 },
    { "http.oauth.introspection.client_id", "HIGRESS_OPS_OAUTH_CLIENT_ID", "oauth-client-id", "ID",
      "This server's name at the introspection endpoint.", NULL, STR, TEXT(oauth_client),
      .flags = NEEDED, .min = 1, .max = 256 },
    { "http.oauth.introspection.client_secret", "HIGRESS_OPS_OAUTH_CLIENT_SECRET_FILE",
      "oauth-client-secret-file", "PATH", "File with this server's secret there.", NULL, OBJ,
      .flags = NEEDED, .of = reference },
    { "http.oauth.introspection.cache", "HIGRESS_OPS_OAUTH_CACHE", "oauth-cache", "SECONDS",
      "How long the issuer's word on a token is believed: a revoked one works as long.", "30", NUM,
      NUMBER(oauth_cache), .max = 300 },
    { "http.oauth.read_scope", "HIGRESS_OPS_OAUTH_READ_SCOPE", "oauth-read-scope", "SCOPE",
      "Scope that may do what only reads.", "higress:read", STR, TEXT(oauth_read), .min = 1,
      .max = 128 },
    { "http.oauth.change_scope", "HIGRESS_OPS_OAUTH_CHANGE_SCOPE", "oauth-change-scope", "SCOPE",
      "Scope that may do everything.", "higress:change", STR, TEXT(oauth_change), .min = 1,
      .max = 128 },
    { "http.oauth.skew", "HIGRESS_OPS_OAUTH_SKEW", "oauth-skew", "SECONDS",
      "How far the issuer's clock may be off.", "60", NUM, NUMBER(oauth_skew), .max = 300 },
    { "http.oidc.issuer", "HIGRESS_OPS_OIDC_ISSUER", "oidc-issuer", "URL",
      "OpenID provider where people log in for the pages; who is not in people is nobody.", NULL,
      STR, TEXT(oidc.issuer), .flags = NEEDED, .min = 8, .max = 1024 },
    { "http.oidc.client_id", "HIGRESS_OPS_OIDC_CLIENT_ID", "oidc-client-id", "ID",
      "This server's name there.", NULL, STR, TEXT(oidc.client_id), .flags = NEEDED, .min = 1,
      .max = 256 },
    { "http.oidc.client_secret", "HIGRESS_OPS_OIDC_CLIENT_SECRET_FILE", "oidc-client-secret-file",
      "PATH", "File with this server's secret there; without one it is a public client.", NULL, OBJ,
      .of = reference },
    { "http.oidc.client_auth", "HIGRESS_OPS_OIDC_CLIENT_AUTH", "oidc-client-auth", "basic|post",
      "How that secret is sent: client_secret_basic or client_secret_post.", "basic", STR,
      PUT(take_oidc_auth, oidc.auth), .flags = ONE_OF },
    { "http.oidc.scopes", "HIGRESS_OPS_OIDC_SCOPES", "oidc-scopes", "SCOPE,…",
      "Scopes asked for beside openid.", NULL, LIST, TEXTS(oidc.scopes), .max = 16,
      .of = &a_string },
    { "http.oidc.person", "HIGRESS_OPS_OIDC_PERSON", "oidc-person", "sub|email",
      "Claim that names people in `oidc` of people: the subject, or a verified e-mail address.",
      "sub", STR, PUT(take_oidc_claim, oidc.person), .flags = ONE_OF },
    { "http.oidc.algs", "HIGRESS_OPS_OIDC_ALGS", "oidc-algs", "ALG,…",
      "Signatures that its tokens may have: RS256, ES256, EdDSA.", "RS256", LIST, TEXTS(oidc.algs),
      .min = 1, .max = 3, .of = &an_alg },
    { "http.oidc.name", "HIGRESS_OPS_OIDC_NAME", "oidc-name", "NAME",
      "What the login page calls it.", "its host", STR, TEXT(oidc.name), .flags = SAID, .min = 1,
      .max = 64 },
    { "http.oidc.ca_file", "HIGRESS_OPS_OIDC_CA_FILE", "oidc-ca-file", "PATH",
      "Certificates to trust there instead of the system's.", NULL, STR, TEXT(oidc.ca_file),
      .min = 1, .max = 4096 },
    { "http.oidc.skew", "HIGRESS_OPS_OIDC_SKEW", "oidc-skew", "SECONDS",
      "How far its clock may be off.", "60", NUM, NUMBER(oidc.skew), .max = 300 },
    { "http.origins", "HIGRESS_OPS_ORIGINS", "origins", "ORIGIN,…",
      "Origins allowed beside the loopback ones.", NULL, LIST, TEXTS(origins), .flags = RELOAD,
      .max = 64, .of = &a_string },
    { "http.hosts", "HIGRESS_OPS_HOSTS", "hosts", "HOST,…",
      "Host names allowed beside the loopback ones.", NULL, LIST, TEXTS(hosts), .flags = RELOAD,
      .max = 64, .of = &a_string },
    { "http.sessions", "HIGRESS_OPS_SESSIONS", "sessions", "N", "MCP sessions at once.", "10000",
      INT, NUMBER(sessions), .flags = RELOAD, .min = 1, .max = 1000000 },
    { "http.session_ttl", "HIGRESS_OPS_SESSION_TTL", "session-ttl", "SECONDS",
      "Time until a session that nobody uses ends.", "3600", NUM, NUMBER(session_ttl),
      .flags = RELOAD, .min = 1, .max = 7 * 86400 },
    { "http.heartbeat", "HIGRESS_OPS_HEARTBEAT", "heartbeat", "SECONDS",
      "Longest silence of an event stream.", "15", NUM, NUMBER(heartbeat), .flags = RELOAD,
      .min = 1, .max = 3600 },
    { "tls.certificate", "HIGRESS_OPS_TLS_CERTIFICATE", "tls-certificate", "PATH",
      "Certificate chain (PEM): HTTP is served with TLS. Read again on SIGHUP.", NULL, STR,
      TEXT(tls_certificate), .flags = NEEDED | RELOAD, .min = 1, .max = 4096 },
    { "tls.key", "HIGRESS_OPS_TLS_KEY", "tls-key", "PATH", "Private key of the certificate (PEM).",
      NULL, STR, TEXT(tls_key), .flags = NEEDED | RELOAD, .min = 1, .max = 4096 },
    { "secrets.envs", "HIGRESS_OPS_SECRET_ENVS", "secret-envs", "PREFIX,…",
      "Beginnings of variables that a secret_ref may name.", "HIGRESS_OPS_SECRET_", LIST,
      TEXTS(secret_envs), .max = 64, .of = &a_string },
    { "secrets.dirs", "HIGRESS_OPS_SECRET_DIRS", "secret-dirs", "DIR,…",
      "Folders whose files a secret_ref may name.", NULL, LIST, TEXTS(secret_dirs), .max = 64,
      .of = &a_string },
    { "probe", "HIGRESS_OPS_PROBE", "probe", "ADDRESS[/BITS],…",
      "Addresses that diagnose may connect to although it would not: loopback, link-local, "
      "metadata.",
      NULL, LIST, TEXTS(probe), .flags = RELOAD, .max = 64, .of = &a_string },
    { "prompts", "HIGRESS_OPS_PROMPTS", "prompts", "DIR",
      "Folder of *.md runbooks: each adds a prompt, or takes the place of one with its name.", NULL,
      STR, TEXT(prompts_dir), .flags = RELOAD, .min = 1, .max = 1024 },
    { "model.api", "HIGRESS_OPS_MODEL_API", "model-api", "openai|anthropic",
      "What the model of ask and chat speaks: chat completions, or messages.", "openai", STR,
      PUT(take_model_api, model.api), .flags = ONE_OF },
    { "model.url", "HIGRESS_OPS_MODEL_URL", "model-url", "URL",
      "Base of its API (https://api.openai.com/v1, https://api.anthropic.com, an AI gateway's).",
      NULL, STR, TEXT(model.url), .min = 8, .max = 1024 },
    { "model.name", "HIGRESS_OPS_MODEL", "model", "NAME", "The model's name there.", NULL, STR,
      TEXT(model.name), .min = 1, .max = 256 },
    { "model.key", "HIGRESS_OPS_MODEL_KEY_FILE", "model-key-file", "PATH",
      "File with the key of that API.", NULL, OBJ, .of = reference },
    { "model.key_header", "HIGRESS_OPS_MODEL_KEY_HEADER", NULL, "NAME",
      "Header that carries the key; authorization: as Bearer.",
      "x-api-key for anthropic, else authorization", STR, TEXT(model.key_header), .flags = SAID,
      .min = 1, .max = 64 },
    { "model.ca_file", "HIGRESS_OPS_MODEL_CA_FILE", NULL, "PATH",
      "Certificates to trust there instead of the system's.", NULL, STR, TEXT(model.ca_file),
      .min = 1, .max = 4096 },
    { "model.timeout", "HIGRESS_OPS_MODEL_TIMEOUT", NULL, "SECONDS", "Limit of one request to it.",
      "600", NUM, NUMBER(model.timeout), .min = 0.1, .max = 3600 },
    { "model.answer_tokens", "HIGRESS_OPS_MODEL_ANSWER_TOKENS", NULL, "N",
      "Most tokens of one reply.", "8192", INT, NUMBER(model.answer_tokens), .min = 1, .max = 1e6 },
    { "model.window", "HIGRESS_OPS_MODEL_WINDOW", NULL, "N",
      "Tokens that the model takes in: older answers of tools give way.", "128000", INT,
      NUMBER(model.window), .min = 4096, .max = 1e8 },
    { "model.cache", "HIGRESS_OPS_MODEL_CACHE", NULL, "true|false",
      "Ask for prompt caching where the API has words for it.", "true", BOOL,
      PUT(take_bool, model.cache) },
    { "model.request", NULL, NULL, NULL, "Merged into each request (RFC 7396).", NULL, OBJ },
    { "model.price", NULL, NULL, NULL, "What a million tokens cost.", NULL, OBJ,
      .of = model_prices },
    { "model.limits", NULL, NULL, NULL, "How far one question may go.", NULL, OBJ,
      .of = model_limits },
    { "plan_ttl", "HIGRESS_OPS_PLAN_TTL", "plan-ttl", "SECONDS",
      "Time until a change that nobody decided expires.", "3600", NUM, NUMBER(plan_ttl), .min = 1,
      .max = 30 * 86400 },
    { "limits.calls", "HIGRESS_OPS_MAX_CALLS", "max-calls", "N", "Tool calls at once.", "64", INT,
      NUMBER(max_calls), .flags = RELOAD, .min = 1, .max = 4096 },
    { "limits.plans", "HIGRESS_OPS_MAX_PLANS", "max-plans", "N",
      "Changes of one client that wait undecided; the oldest that nobody was asked about gives "
      "way.",
      "100", INT, NUMBER(max_plans), .flags = RELOAD, .min = 1, .max = 100000 },
    { "limits.plans_hour", "HIGRESS_OPS_PLANS_HOUR", "plans-hour", "N",
      "Changes that one client may plan within an hour.", "10000", INT, NUMBER(plans_hour),
      .flags = RELOAD, .min = 1, .max = 1000000 },
    { "limits.repeats", "HIGRESS_OPS_REPEATS", "repeats", "N",
      "Times that the same reading call of a client is run within limits.repeat_seconds; more are "
      "answered from the last, which says so. 0: any.",
      "5", INT, NUMBER(repeats), .flags = RELOAD, .max = 10000 },
    { "limits.repeat_seconds", "HIGRESS_OPS_REPEAT_SECONDS", "repeat-seconds", "SECONDS",
      "For how long the same call counts as the same.", "30", NUM, NUMBER(repeat_seconds),
      .flags = RELOAD, .min = 1, .max = 3600 },
    { "watch", "HIGRESS_OPS_WATCH", "watch", "SECONDS",
      "Time between two looks at resources that a client subscribed to; 0: only after own changes.",
      "0", NUM, NUMBER(watch), .flags = RELOAD, .max = 86400 },
    { "limits.answer_bytes", "HIGRESS_OPS_ANSWER_BYTES", "answer-bytes", "N",
      "Default size limit of one answer.", "4096", INT, NUMBER(answer_bytes), .flags = RELOAD,
      .min = 512, .max = 1 << 20 },
    { "trace", "HIGRESS_OPS_TRACE", "trace", "AREA,…",
      "Also on stderr, one line an event: fetch, call, change, fiber, http, ws, or all.", NULL,
      LIST, TEXTS(trace), .flags = RELOAD, .max = 16, .of = &an_area },
    { "log_level", "HIGRESS_OPS_LOG", "log", "debug|info|warn|error|off", "Events on stderr.",
      "warn", STR, TEXT(log_level), .flags = ONE_OF | RELOAD },
    { 0 },
};
