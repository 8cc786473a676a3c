/* config.c - the configuration: three sources laid over one tree, one check, one struct.
 *
 * Variables and flags are set into the file's tree before it is checked, so a rule exists once.
 * settings.c has a row for each setting; here is what goes beyond one row. config_file.c reads.
 */
#include "config/config.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config_file_private.h"
#include "config/settings_private.h"
#include "net/reach.h"

const char *config_mode_name(enum mode m)
{
    static const char *const names[] = { "", "read-only", "dry-run", "approve", "auto" };
    return names[m];
}

bool config_refuse_row(struct err *e, const char *list, int i, const char *member, const char *what,
                       const char *name)
{
    char path[sizeof e->path];
    snprintf(path, sizeof path, "%s[%d].%s", list, i, member);
    return err_set(e, ERR_ARGS, "'%.80s' %s", name, what) || err_about(e, path);
}

static const char *default_state(struct arena *a)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg)
        return arena_printf(a, "%s/higress-ops", xdg);
    return home && *home ? arena_printf(a, "%s/.local/state/higress-ops", home)
                         : "/var/lib/higress-ops";
}

static void mode_without_auto(struct config *c)
{
    c->mode = c->mode == MODE_AUTO ? MODE_APPROVE : c->mode;
}

void config_never_auto(struct config *c)
{
    c->never_auto = true;
    mode_without_auto(c);
    for (int i = 0; c->gateways[i]; i++)
        mode_without_auto(c->gateways[i]);
}

void config_reload(struct config *c, const struct config *now)
{
    settings_reload(c, now);
    c->rules = now->rules;
    /* Which gateways there are is fixed at start; of each its own settings are taken, by name. */
    for (int i = 0; config_several(now) && config_several(c) && c->gateways[i]; i++) {
        struct err ignored = { 0 };
        const struct config *g = config_gateway(now, c->gateways[i]->name, &ignored);
        if (g)
            settings_reload(c->gateways[i], g);
    }
    if (c->never_auto)
        config_never_auto(c);
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
                       "must be http://HOST[:PORT] or https://…, without user, query or blanks") ||
               err_about(e, path);
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
            return err_set(e, ERR_ARGS, "'%s' must be 64 lower-case hex digits", t->name) ||
                   err_about(e, path);
    return true;
}

/* Who decides must not be who asks. */
static bool good_approvers(const struct config *c, struct err *e)
{
    for (const struct config_token *t = c->approvers; t->name; t++)
        for (const struct config_token *client = c->tokens; client->name; client++)
            if (!strcmp(t->sha256, client->sha256))
                return err_set(e, ERR_ARGS,
                               "the token of '%s' is that of the client '%s' in http.tokens, which "
                               "could approve its own changes; make another",
                               t->name, client->name) ||
                       err_about(e, "http.approvers");
    return good_tokens(c->approvers, "http.approvers", e);
}

static bool good_networks(const char *const *list, const char *path, struct err *e)
{
    for (; *list; list++)
        if (!reach_is_network(*list, e))
            return err_about(e, path);
    return true;
}

static bool good_passkeys(const struct config *c, struct err *e)
{
    for (const char *const *m = c->passkey_models; *m; m++)
        if (strlen(*m) != 36 || strspn(*m, "0123456789abcdefABCDEF-") != 36)
            return err_set(e, ERR_ARGS,
                           "'%.60s' is no AAGUID (00112233-4455-6677-8899-aabbccddeeff)", *m) ||
                   err_about(e, "passkeys.attestation");
    return !c->passkey_models[0] || c->passkey_roots ||
           err_set(e, ERR_ARGS,
                   "anybody can write a model's number: passkeys.roots names the certificates of "
                   "the makers who vouch for it") ||
           err_about(e, "passkeys.attestation");
}

/* The same Envoy twice would be counted twice. */
static bool good_admins(struct arena *a, struct config *c, struct err *e)
{
    int n = 0;
    while (c->envoy_admins[n])
        n++;
    const char **list = arena_array(a, const char *, n + 1);
    for (n = 0; c->envoy_admins[n]; n++) {
        list[n] = c->envoy_admins[n];
        if (!good_url(a, &list[n], "envoy.admin_urls", e))
            return false;
        for (int i = 0; i < n; i++)
            if (!strcmp(list[i], list[n]))
                return err_set(e, ERR_ARGS, "'%s' is there twice", list[n]) ||
                       err_about(e, "envoy.admin_urls");
    }
    if (n && c->envoy_admin)
        return err_set(e, ERR_ARGS, "put the one of envoy.admin_url into this list, too") ||
               err_about(e, "envoy.admin_urls");
    c->envoy_admins = list;
    c->envoy_admin = n ? list[0] : c->envoy_admin;
    return true;
}

static bool good_urls(struct arena *a, struct config *c, struct err *e)
{
    return good_url(a, &c->gateway_url, "gateway.url", e) &&
           good_url(a, &c->envoy_admin, "envoy.admin_url", e) && good_admins(a, c, e) &&
           good_url(a, &c->traffic_url, "envoy.traffic_url", e) &&
           good_url(a, &c->control.pilot, "pilot.url", e) &&
           good_url(a, &c->control.controller, "pilot.controller_url", e) &&
           good_url(a, &c->page, "http.page", e) && good_url(a, &c->model.url, "model.url", e) &&
           good_url(a, &c->logs.loki.url, "logs.loki.url", e) &&
           good_url(a, &c->prometheus.url, "prometheus.url", e) &&
           good_url(a, &c->telemetry.traces, "traces.url", e);
}

/* Where probes and lines of the audit may go, and logs come from. */
static bool good_reach(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    return good_networks(c->probe, "probe", e) && config_good_audit(c, a, tree, e) &&
           config_good_logs(c, a, tree, e);
}

/* Whom we ask, and whom we tell, beside the gateway. */
static bool good_others(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    return config_good_model(c, a, tree, e) && config_good_webhook(c, a, tree, e) &&
           config_good_prometheus(c, a, tree, e) && config_good_traces(c, a, tree, e);
}

/* Who somebody is, and who says so. */
static bool good_identities(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    return config_good_people(c, e) && config_good_oauth(c, a, tree, e) &&
           config_good_oidc(c, a, tree, e);
}

struct config *config_bind_one(struct arena *a, const cJSON *tree, struct err *e)
{
    struct config *c = arena_make(a, struct config);
    settings_take(c, a, tree);
    c->state_dir = c->state_dir ? c->state_dir : default_state(a);
    if (!good_urls(a, c, e) || !good_tokens(c->tokens, "http.tokens", e) || !good_approvers(c, e) ||
        !good_reach(c, a, tree, e) || !good_passkeys(c, e) || !good_identities(c, a, tree, e) ||
        !good_others(c, a, tree, e))
        return NULL;
    const cJSON *where = json_path(tree, "gateway.password");
    if (!where)
        return c;
    char *password = config_read_secret(a, where, e);
    if (!password)
        return err_about(e, "gateway.password"), NULL;
    secret_learn(password);
    c->password = password;
    return c;
}

struct config *config_bind(struct arena *a, const cJSON *tree, struct err *e)
{
    struct config *c = settings_check(tree, e) ? config_bind_gateways(a, tree, e) : NULL;
    return c && config_good_chat(c, a, tree, e) && config_good_alerts(c, a, tree, e) &&
                   config_good_schedules(c, a, tree, e)
               ? c
               : NULL;
}
