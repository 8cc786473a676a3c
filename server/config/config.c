/* config.c - the configuration: three sources laid over one tree, one check, one struct.
 *
 * Environment and flags are set into the file's tree before it is checked, so a rule exists once. A
 * new setting: a row in `config_options`, one in the field table, a line in `bind`. Files are read
 * and lines found by config_file.c.
 */
#include "config/config.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config_file_private.h"
#include "net/reach.h"

#define PLATFORMS "unknown|standalone|kubernetes"

const struct config_option config_options[] = {
    { "gateway.url", "HIGRESS_OPS_URL", "gateway-url", "URL", "Higress console to operate.", NULL },
    { "gateway.username", "HIGRESS_OPS_USERNAME", "username", "NAME", "Console user.", "admin" },
    { "gateway.password", "HIGRESS_OPS_PASSWORD_FILE", "password-file", "PATH",
      "File with the console password (or the variable HIGRESS_OPS_PASSWORD).", NULL },
    { "gateway.login", "HIGRESS_OPS_LOGIN", "login", "auto|basic|session",
      "How to log in; auto is Basic unless the password holds a ':'.", "auto" },
    { "gateway.platform", "HIGRESS_OPS_PLATFORM", "platform", PLATFORMS,
      "What keeps its objects: a cluster refuses names that a standalone's files take.",
      "unknown" },
    { "gateway.ca_file", "HIGRESS_OPS_CA_FILE", "ca-file", "PATH",
      "Certificates to trust for https instead of the system's.", NULL },
    { "gateway.timeout", "HIGRESS_OPS_TIMEOUT", "timeout", "SECONDS",
      "Limit of one request to the console.", "30" },
    { "gateway.pause", "HIGRESS_OPS_PAUSE", "pause", "SECONDS",
      "Wait before a broken read, or a look after an unclear write, is repeated.", "0.2" },
    { "envoy.admin_url", "HIGRESS_OPS_ENVOY_ADMIN", "envoy-admin", "URL",
      "Envoy's admin interface, for diagnose.", NULL },
    { "envoy.access_log", "HIGRESS_OPS_ACCESS_LOG", "access-log", "PATH",
      "Access log of the gateway, for diagnose and tail_logs.", NULL },
    { "default_gateway", "HIGRESS_OPS_GATEWAY", "gateway", "NAME",
      "Which of `gateways` is meant where none is named.", "the first" },
    { "mode", "HIGRESS_OPS_MODE", "mode", "read-only|dry-run|approve|auto",
      "What may happen to a change.", "approve" },
    { "read_only", "HIGRESS_OPS_READ_ONLY", "read-only", NULL,
      "Only what reads is offered: mode read-only, whatever mode says.", NULL },
    { "approval.change", "HIGRESS_OPS_APPROVAL_CHANGE", "approval-change", STRENGTHS,
      "Least that approves a change: a form of a client over HTTP, of one over stdio, or a person "
      "at "
      "the page or a terminal.",
      "stdio-form where there are http.approvers, else http-form" },
    { "approval.destroy", "HIGRESS_OPS_APPROVAL_DESTROY", "approval-destroy", STRENGTHS,
      "The same for what deletes; http-form counts as stdio-form where there are http.approvers.",
      "person where there are http.approvers, else http-form" },
    { "toolsets", "HIGRESS_OPS_TOOLSETS", "toolsets", "NAME,…",
      "Offers the tools of these toolsets (and those of tools) only.", NULL },
    { "tools", "HIGRESS_OPS_TOOLS", "tools", "NAME,…",
      "Offers these tools (and those of toolsets) only.", NULL },
    { "state", "HIGRESS_OPS_STATE", "state", "DIR", "Plans, decisions, audit and their key.",
      "~/.local/state/higress-ops" },
    { "listen", "HIGRESS_OPS_LISTEN", "listen", "ADDRESS:PORT",
      "Where HTTP is served; or unix:/PATH, a socket that only this user can open.",
      "127.0.0.1:8470" },
    { "http.tokens", "HIGRESS_OPS_TOKENS", "tokens", "NAME:SHA256,…",
      "Bearer tokens by name, each as the SHA-256 of the token.", NULL },
    { "http.approvers", "HIGRESS_OPS_APPROVERS", "approvers", "NAME:SHA256,…",
      "People who decide about changes on the page /change, by tokens of their own.", NULL },
    { "http.page", "HIGRESS_OPS_PAGE", "page", "URL",
      "Where people reach this server: results link to URL/change.", "if local, where it listens" },
    { "http.oauth.issuer", "HIGRESS_OPS_OAUTH_ISSUER", "oauth-issuer", "URL",
      "Issuer of the OAuth access tokens that are taken beside http.tokens.", NULL },
    { "http.oauth.resource", "HIGRESS_OPS_OAUTH_RESOURCE", "oauth-resource", "URL",
      "This server as clients name it; tokens must be for it.", NULL },
    { "http.oauth.jwks", "HIGRESS_OPS_OAUTH_JWKS", "oauth-jwks", "URL|PATH",
      "Where the issuer's public keys are: its tokens are JWTs.", NULL },
    { "http.oauth.introspection.endpoint", "HIGRESS_OPS_OAUTH_INTROSPECTION", "oauth-introspection",
      "URL",
      "Where the issuer is asked about tokens that are not JWTs (RFC 7662); without jwks about "
      "all.",
      NULL },
    { "http.oauth.introspection.client_id", "HIGRESS_OPS_OAUTH_CLIENT_ID", "oauth-client-id", "ID",
      "This server's name at the introspection endpoint.", NULL },
    { "http.oauth.introspection.client_secret", "HIGRESS_OPS_OAUTH_CLIENT_SECRET_FILE",
      "oauth-client-secret-file", "PATH", "File with this server's secret there.", NULL },
    { "http.oauth.introspection.cache", "HIGRESS_OPS_OAUTH_CACHE", "oauth-cache", "SECONDS",
      "How long the issuer's word on a token is believed: a revoked one works as long.", "30" },
    { "http.oauth.read_scope", "HIGRESS_OPS_OAUTH_READ_SCOPE", "oauth-read-scope", "SCOPE",
      "Scope that may do what only reads.", "higress:read" },
    { "http.oauth.change_scope", "HIGRESS_OPS_OAUTH_CHANGE_SCOPE", "oauth-change-scope", "SCOPE",
      "Scope that may do everything.", "higress:change" },
    { "http.oauth.skew", "HIGRESS_OPS_OAUTH_SKEW", "oauth-skew", "SECONDS",
      "How far the issuer's clock may be off.", "60" },
    { "http.origins", "HIGRESS_OPS_ORIGINS", "origins", "ORIGIN,…",
      "Origins allowed beside the loopback ones.", NULL },
    { "http.hosts", "HIGRESS_OPS_HOSTS", "hosts", "HOST,…",
      "Host names allowed beside the loopback ones.", NULL },
    { "http.sessions", "HIGRESS_OPS_SESSIONS", "sessions", "N", "MCP sessions at once.", "10000" },
    { "http.session_ttl", "HIGRESS_OPS_SESSION_TTL", "session-ttl", "SECONDS",
      "Time until a session that nobody uses ends.", "3600" },
    { "http.heartbeat", "HIGRESS_OPS_HEARTBEAT", "heartbeat", "SECONDS",
      "Longest silence of an event stream.", "15" },
    { "tls.certificate", "HIGRESS_OPS_TLS_CERTIFICATE", "tls-certificate", "PATH",
      "Certificate chain (PEM): HTTP is served with TLS. Read again on SIGHUP.", NULL },
    { "tls.key", "HIGRESS_OPS_TLS_KEY", "tls-key", "PATH", "Private key of the certificate (PEM).",
      NULL },
    { "secrets.envs", "HIGRESS_OPS_SECRET_ENVS", "secret-envs", "PREFIX,…",
      "Beginnings of variables that a secret_ref may name.", "HIGRESS_OPS_SECRET_" },
    { "secrets.dirs", "HIGRESS_OPS_SECRET_DIRS", "secret-dirs", "DIR,…",
      "Folders whose files a secret_ref may name.", NULL },
    { "probe", "HIGRESS_OPS_PROBE", "probe", "ADDRESS[/BITS],…",
      "Addresses that diagnose may connect to although it would not: loopback, link-local, "
      "metadata.",
      NULL },
    { "prompts", "HIGRESS_OPS_PROMPTS", "prompts", "DIR",
      "Folder of *.md runbooks: each adds a prompt, or takes the place of one with its name.",
      NULL },
    { "plan_ttl", "HIGRESS_OPS_PLAN_TTL", "plan-ttl", "SECONDS",
      "Time until a change that nobody decided expires.", "3600" },
    { "limits.calls", "HIGRESS_OPS_MAX_CALLS", "max-calls", "N", "Tool calls at once.", "64" },
    { "limits.plans", "HIGRESS_OPS_MAX_PLANS", "max-plans", "N",
      "Changes of one client that wait undecided; the oldest that nobody was asked about gives "
      "way.",
      "100" },
    { "watch", "HIGRESS_OPS_WATCH", "watch", "SECONDS",
      "Time between two looks at resources that a client subscribed to; 0: only after own changes.",
      "0" },
    { "limits.answer_bytes", "HIGRESS_OPS_ANSWER_BYTES", "answer-bytes", "N",
      "Default size limit of one answer.", "4096" },
    { "log_level", "HIGRESS_OPS_LOG", "log", "debug|info|warn|error|off", "Events on stderr.",
      "warn" },
    { 0 },
};

static const struct field reference[] = {
    { "env", STR, OPT, "Name of an environment variable.", .min = 1, .max = 128 },
    { "file", STR, OPT, "Path of a file; a final newline is cut.", .min = 1, .max = 4096 },
    { 0 },
};
/* One console; `needed`: must its URL be given? */
#define CONSOLE_ROWS(needed)                                                                       \
    { "url", STR, needed, "Console URL.", .min = 8, .max = 1024 },                                 \
        { "username", STR, OPT, "Console user.", .min = 1, .max = 256 },                           \
        { "password", OBJ, OPT, "Where the password is: {env: NAME} or {file: PATH}.",             \
          .of = reference },                                                                       \
        { "login", STR, OPT, "How to log in.", .one_of = "auto|basic|session" },                   \
        { "platform", STR, OPT, "What keeps its objects.", .one_of = PLATFORMS },                  \
        { "ca_file", STR, OPT, "CA certificates.", .min = 1, .max = 4096 },                        \
        { "timeout", NUM, OPT, "Seconds.", .min = 0.1, .max = 600 },                               \
    {                                                                                              \
        "pause", NUM, OPT, "Seconds.", .min = 0.001, .max = 60                                     \
    }
static const struct field gateway_rows[] = { CONSOLE_ROWS(OPT), { 0 } };
#define MODES "read-only|dry-run|approve|auto"
static const struct field approval_rows[] = {
    { "change", STR, OPT, "Least that approves a change.", .one_of = STRENGTHS },
    { "destroy", STR, OPT, "Least that approves what deletes.", .one_of = STRENGTHS },
    { 0 },
};
static const struct field envoy_rows[] = {
    { "admin_url", STR, OPT, "Admin URL.", .min = 8, .max = 1024 },
    { "access_log", STR, OPT, "Log path.", .min = 1, .max = 4096 },
    { 0 },
};
static const struct field gateways_rows[] = {
    { "name", STR, REQ, "How tools and people call it.", .min = 1, .max = 40 },
    CONSOLE_ROWS(REQ),
    { "envoy", OBJ, OPT, "Its data plane.", .of = envoy_rows },
    { "mode", STR, OPT, "Mode, if it is to be stricter here.", .one_of = MODES },
    { "approval", OBJ, OPT, "What approves, if it is to be stricter here.", .of = approval_rows },
    { 0 },
};
static const struct field a_gateway = { "gateway", OBJ, OPT, "A gateway.", .of = gateways_rows };
static const struct field token_rows[] = {
    { "name", STR, REQ, "Who.", .min = 1, .max = 64 },
    { "sha256", STR, REQ, "64 hex digits.", .min = 64, .max = 64 },
    { 0 },
};
static const struct field a_token = { "token", OBJ, OPT, "A token.", .of = token_rows };
static const struct field introspection_rows[] = {
    { "endpoint", STR, REQ, "URL.", .min = 8, .max = 1024 },
    { "client_id", STR, REQ, "Client.", .min = 1, .max = 256 },
    { "client_secret", OBJ, REQ, "Where the secret is: {env: NAME} or {file: PATH}.",
      .of = reference },
    { "cache", NUM, OPT, "Seconds.", .min = 0, .max = 300 },
    { 0 },
};
static const struct field oauth_rows[] = {
    { "issuer", STR, REQ, "Issuer.", .min = 8, .max = 1024 },
    { "resource", STR, REQ, "Canonical URL of this server.", .min = 8, .max = 1024 },
    { "jwks", STR, OPT, "URL or path of the keys.", .min = 1, .max = 4096 },
    { "introspection", OBJ, OPT, "How to ask the issuer.", .of = introspection_rows },
    { "read_scope", STR, OPT, "Scope.", .min = 1, .max = 128 },
    { "change_scope", STR, OPT, "Scope.", .min = 1, .max = 128 },
    { "skew", NUM, OPT, "Seconds.", .min = 0, .max = 300 },
    { 0 },
};
static const struct field http_rows[] = {
    { "oauth", OBJ, OPT, "OAuth access tokens.", .of = oauth_rows },
    { "tokens", LIST, OPT, "Bearer tokens.", .max = 64, .of = &a_token },
    { "approvers", LIST, OPT, "Tokens of those who decide.", .max = 64, .of = &a_token },
    { "page", STR, OPT, "Where people reach this server.", .min = 8, .max = 1024 },
    { "origins", LIST, OPT, "Allowed origins.", .max = 64, .of = &a_string },
    { "hosts", LIST, OPT, "Allowed hosts.", .max = 64, .of = &a_string },
    { "sessions", INT, OPT, "Sessions at once.", .min = 1, .max = 1000000 },
    { "session_ttl", NUM, OPT, "Seconds.", .min = 1, .max = 7 * 86400 },
    { "heartbeat", NUM, OPT, "Seconds.", .min = 1, .max = 3600 },
    { 0 },
};
static const struct field tls_rows[] = {
    { "certificate", STR, REQ, "Certificate chain.", .min = 1, .max = 4096 },
    { "key", STR, REQ, "Private key.", .min = 1, .max = 4096 },
    { 0 },
};
static const struct field secret_rows[] = {
    { "envs", LIST, OPT, "Beginnings of variable names.", .max = 64, .of = &a_string },
    { "dirs", LIST, OPT, "Folders.", .max = 64, .of = &a_string },
    { 0 },
};
static const struct field limit_rows[] = {
    { "calls", INT, OPT, "Calls at once.", .min = 1, .max = 4096 },
    { "plans", INT, OPT, "Changes.", .min = 1, .max = 100000 },
    { "answer_bytes", INT, OPT, "Bytes.", .min = 512, .max = 1 << 20 },
    { 0 },
};
const struct field config_fields[] = {
    { "gateway", OBJ, OPT, "The console.", .of = gateway_rows },
    { "envoy", OBJ, OPT, "The data plane.", .of = envoy_rows },
    { "gateways", LIST, OPT, "Several consoles.", .min = 1, .max = CONFIG_GATEWAYS_MAX,
      .of = &a_gateway },
    { "default_gateway", STR, OPT, "Name.", .min = 1, .max = 40 },
    { "mode", STR, OPT, "Mode.", .one_of = MODES },
    { "read_only", BOOL, OPT, "Nothing that changes." },
    { "approval", OBJ, OPT, "What approves.", .of = approval_rows },
    { "toolsets", LIST, OPT, "Toolsets offered.", .max = 64, .of = &a_string },
    { "tools", LIST, OPT, "Tools offered.", .max = 256, .of = &a_string },
    { "state", STR, OPT, "State folder.", .min = 1, .max = 1024 },
    { "listen", STR, OPT, "Address.", .min = 1, .max = 256 },
    { "http", OBJ, OPT, "Access over HTTP.", .of = http_rows },
    { "tls", OBJ, OPT, "TLS for HTTP.", .of = tls_rows },
    { "secrets", OBJ, OPT, "What secret_ref may read.", .of = secret_rows },
    { "probe", LIST, OPT, "Networks.", .max = 64, .of = &a_string },
    { "prompts", STR, OPT, "Folder of runbooks.", .min = 1, .max = 1024 },
    { "plan_ttl", NUM, OPT, "Seconds.", .min = 1, .max = 30 * 86400 },
    { "watch", NUM, OPT, "Seconds.", .min = 0, .max = 86400 },
    { "limits", OBJ, OPT, "Limits.", .of = limit_rows },
    { "log_level", STR, OPT, "Level.", .one_of = "debug|info|warn|error|off" },
    { 0 },
};

static const char *const mode_names[] = { "", "read-only", "dry-run", "approve", "auto" };
static const char *const login_names[] = { "", "auto", "basic", "session" };
static const char *const platform_names[] = { "", "unknown", "standalone", "kubernetes" };

const char *config_mode_name(enum mode m)
{
    return mode_names[m];
}

static int index_of(const char *const *list, int n, const char *word, int otherwise)
{
    for (int i = 1; word && i < n; i++)
        if (!strcmp(list[i], word))
            return i;
    return otherwise;
}

static const char *const *strings(struct arena *a, const cJSON *list, const char *otherwise)
{
    int n = json_count(list), i = 0;
    const char **out = arena_array(a, const char *, n + 2);
    const cJSON *s;
    cJSON_ArrayForEach(s, list) out[i++] = arena_strdup(a, s->valuestring);
    if (!list && otherwise)
        out[i] = otherwise;
    return out;
}

static const struct config_token *token_list(struct arena *a, const cJSON *list)
{
    struct config_token *out = arena_array(a, struct config_token, json_count(list) + 1);
    const cJSON *t;
    int i = 0;
    cJSON_ArrayForEach(t, list)
    {
        out[i].name = arena_strdup(a, json_str(t, "name"));
        out[i++].sha256 = arena_strdup(a, json_str(t, "sha256"));
    }
    return out;
}

static const char *default_state(struct arena *a)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg)
        return arena_printf(a, "%s/higress-ops", xdg);
    return home && *home ? arena_printf(a, "%s/.local/state/higress-ops", home)
                         : "/var/lib/higress-ops";
}

static const char *text(struct arena *a, const cJSON *tree, const char *path, const char *otherwise)
{
    const cJSON *n = json_path(tree, path);
    return cJSON_IsString(n) ? arena_strdup(a, n->valuestring) : otherwise;
}

static double number(const cJSON *tree, const char *path, double otherwise)
{
    const cJSON *n = json_path(tree, path);
    return cJSON_IsNumber(n) ? n->valuedouble : otherwise;
}

static void bind_oauth(struct config *c, struct arena *a, const cJSON *t)
{
    c->oauth_issuer = text(a, t, "http.oauth.issuer", NULL);
    c->oauth_resource = text(a, t, "http.oauth.resource", NULL);
    c->oauth_jwks = text(a, t, "http.oauth.jwks", NULL);
    c->oauth_introspection = text(a, t, "http.oauth.introspection.endpoint", NULL);
    c->oauth_client = text(a, t, "http.oauth.introspection.client_id", NULL);
    c->oauth_cache = number(t, "http.oauth.introspection.cache", 30);
    c->oauth_read = text(a, t, "http.oauth.read_scope", "higress:read");
    c->oauth_change = text(a, t, "http.oauth.change_scope", "higress:change");
    c->oauth_skew = number(t, "http.oauth.skew", 60);
}

static void bind(struct config *c, struct arena *a, const cJSON *t)
{
    c->gateway_url = text(a, t, "gateway.url", NULL);
    c->username = text(a, t, "gateway.username", "admin");
    c->login = (enum login)index_of(login_names, 4, text(a, t, "gateway.login", NULL), LOGIN_AUTO);
    c->platform = (enum platform)index_of(platform_names, 4, text(a, t, "gateway.platform", NULL),
                                          PLATFORM_UNKNOWN);
    c->ca_file = text(a, t, "gateway.ca_file", NULL);
    c->timeout = number(t, "gateway.timeout", 30);
    c->pause = number(t, "gateway.pause", 0.2);
    c->envoy_admin = text(a, t, "envoy.admin_url", NULL);
    c->access_log = text(a, t, "envoy.access_log", NULL);
    c->mode = (enum mode)index_of(mode_names, 5, text(a, t, "mode", NULL), MODE_APPROVE);
    if (json_true(t, "read_only"))
        c->mode = MODE_READ_ONLY;
    c->approval_change = channel_strength_named(text(a, t, "approval.change", NULL));
    c->approval_destroy = channel_strength_named(text(a, t, "approval.destroy", NULL));
    c->toolsets = strings(a, json_path(t, "toolsets"), NULL);
    c->tools = strings(a, json_path(t, "tools"), NULL);
    c->state_dir = text(a, t, "state", NULL);
    c->state_dir = c->state_dir ? c->state_dir : default_state(a);
    c->listen = text(a, t, "listen", "127.0.0.1:8470");
    c->tokens = token_list(a, json_path(t, "http.tokens"));
    c->approvers = token_list(a, json_path(t, "http.approvers"));
    c->page = text(a, t, "http.page", NULL);
    bind_oauth(c, a, t);
    c->origins = strings(a, json_path(t, "http.origins"), NULL);
    c->hosts = strings(a, json_path(t, "http.hosts"), NULL);
    c->sessions = number(t, "http.sessions", 10000);
    c->session_ttl = number(t, "http.session_ttl", 3600);
    c->heartbeat = number(t, "http.heartbeat", 15);
    c->tls_certificate = text(a, t, "tls.certificate", NULL);
    c->tls_key = text(a, t, "tls.key", NULL);
    c->secret_envs = strings(a, json_path(t, "secrets.envs"), "HIGRESS_OPS_SECRET_");
    c->secret_dirs = strings(a, json_path(t, "secrets.dirs"), NULL);
    c->probe = strings(a, json_path(t, "probe"), NULL);
    c->prompts_dir = text(a, t, "prompts", NULL);
    c->plan_ttl = number(t, "plan_ttl", 3600);
    c->watch = number(t, "watch", 0);
    c->max_calls = number(t, "limits.calls", 64);
    c->max_plans = number(t, "limits.plans", 100);
    c->answer_bytes = number(t, "limits.answer_bytes", 4096);
    c->log_level = text(a, t, "log_level", "warn");
}

void config_reload(struct config *c, const struct config *now)
{
    c->mode = now->mode;
    c->approval_change = now->approval_change;
    c->approval_destroy = now->approval_destroy;
    c->toolsets = now->toolsets;
    c->tools = now->tools;
    c->tokens = now->tokens;
    c->approvers = now->approvers;
    c->origins = now->origins;
    c->hosts = now->hosts;
    c->sessions = now->sessions;
    c->session_ttl = now->session_ttl;
    c->heartbeat = now->heartbeat;
    c->tls_certificate = now->tls_certificate;
    c->tls_key = now->tls_key;
    c->probe = now->probe;
    c->prompts_dir = now->prompts_dir;
    c->watch = now->watch;
    c->max_calls = now->max_calls;
    c->max_plans = now->max_plans;
    c->answer_bytes = now->answer_bytes;
    c->log_level = now->log_level;
    /* What may change of gateways, by name; which gateways there are is fixed at start. */
    for (int i = 0; config_several(now) && config_several(c) && c->gateways[i]; i++) {
        struct err ignored = { 0 };
        const struct config *g = config_gateway(now, c->gateways[i]->name, &ignored);
        if (!g)
            continue;
        c->gateways[i]->mode = g->mode;
        c->gateways[i]->approvers = g->approvers;
        c->gateways[i]->approval_change = g->approval_change;
        c->gateways[i]->approval_destroy = g->approval_destroy;
        c->gateways[i]->probe = g->probe;
    }
}

/* http(s), a host, no user information; the trailing slash is cut. */
static bool good_url(struct arena *a, const char **url, const char *path, struct err *e)
{
    if (!*url)
        return true;
    const char *host = text_starts(*url, "http://")    ? *url + 7
                       : text_starts(*url, "https://") ? *url + 8
                                                       : NULL;
    if (!host || !*host || *host == '/' || strpbrk(host, "@?# \t\r\n"))
        return err_set(e, ERR_ARGS,
                       "%s: must be http://HOST[:PORT] or https://…, without user, query or blanks",
                       path);
    size_t n = strlen(*url);
    while ((*url)[n - 1] == '/')
        n--;
    *url = arena_strndup(a, *url, n);
    return true;
}

static bool good_tokens(const struct config_token *t, const char *path, struct err *e)
{
    for (; t->name; t++)
        if (strspn(t->sha256, "0123456789abcdef") != 64)
            return err_set(e, ERR_ARGS, "%s: '%s' must be 64 lower-case hex digits", path, t->name);
    return true;
}

/* Who decides must not be who asks. */
static bool good_approvers(const struct config *c, struct err *e)
{
    for (const struct config_token *t = c->approvers; t->name; t++)
        for (const struct config_token *client = c->tokens; client->name; client++)
            if (!strcmp(t->sha256, client->sha256))
                return err_set(e, ERR_ARGS,
                               "http.approvers: the token of '%s' is that of the client '%s' in "
                               "http.tokens, which could approve its own changes; make another",
                               t->name, client->name);
    return good_tokens(c->approvers, "http.approvers", e);
}

static bool good_networks(const char *const *list, const char *path, struct err *e)
{
    for (; *list; list++)
        if (!reach_is_network(*list, e))
            return err_at(e, "%s", path);
    return true;
}

struct config *config_bind_one(struct arena *a, const cJSON *tree, struct err *e)
{
    struct config *c = arena_make(a, struct config);
    bind(c, a, tree);
    if (!good_url(a, &c->gateway_url, "gateway.url", e) ||
        !good_url(a, &c->envoy_admin, "envoy.admin_url", e) ||
        !good_url(a, &c->page, "http.page", e) || !good_tokens(c->tokens, "http.tokens", e) ||
        !good_approvers(c, e) || !good_networks(c->probe, "probe", e) ||
        !config_good_oauth(c, a, tree, e))
        return NULL;
    const cJSON *where = json_path(tree, "gateway.password");
    if (!where)
        return c;
    char *password = config_read_secret(a, where, e);
    if (!password)
        return err_at(e, "gateway.password"), NULL;
    secret_learn(password);
    c->password = password;
    return c;
}

struct config *config_bind(struct arena *a, const cJSON *tree, struct err *e)
{
    return field_check(config_fields, tree, e) ? config_bind_gateways(a, tree, e) : NULL;
}
