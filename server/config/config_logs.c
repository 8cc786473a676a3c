/* config_logs.c - `logs`: what goes beyond one row of settings.c. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include <string.h>

enum logs_from config_logs_from(const struct config *c)
{
    if (c->logs.from > LOGS_AUTO)
        return c->logs.from;
    if (c->logs.loki.url)
        return LOGS_LOKI;
    if (c->access_log)
        return LOGS_FILE;
    return c->kube.higress ? LOGS_PODS : LOGS_NOWHERE;
}

static bool good_selector(const char *selector, const char *path, struct err *e)
{
    if (!selector || (text_starts(selector, "{") && strchr(selector, '}')))
        return true;
    return err_set(e, ERR_ARGS, "must be LogQL that selects streams: {app=\"higress-gateway\"}") ||
           err_about(e, path);
}

static bool good_selectors(const struct config_loki *l, struct err *e)
{
    return good_selector(l->selector, "logs.loki.selector", e) &&
           good_selector(l->gateway, "logs.loki.gateway", e) &&
           good_selector(l->controller, "logs.loki.controller", e) &&
           good_selector(l->pilot, "logs.loki.pilot", e) &&
           good_selector(l->console, "logs.loki.console", e);
}

static bool good_tenant(const char *tenant, struct err *e)
{
    for (const char *p = tenant; p && *p; p++)
        if (*p < '!' || *p > '~')
            return err_set(e, ERR_ARGS, "goes into a header: no blanks, ASCII only") ||
                   err_about(e, "logs.loki.tenant");
    return true;
}

/* One member that is a secret by reference; *out stays NULL where it is not there. */
static bool take_loki_secret(struct arena *a, const cJSON *loki, const char *name, const char **out,
                             struct err *e)
{
    const cJSON *where = json_get(loki, name);
    char *secret = where ? config_read_secret(a, where, e) : NULL;
    if (where && !secret)
        return err_about(e, arena_printf(a, "logs.loki.%s", name));
    if (secret && strpbrk(secret, "\r\n"))
        return err_set(e, ERR_ARGS, "must be one line") ||
               err_about(e, arena_printf(a, "logs.loki.%s", name));
    secret_learn(secret);
    *out = secret;
    return true;
}

/* Is there what the file says the lines are read from? */
static bool good_from(const struct config *c, struct err *e)
{
    const struct config_kube *k = &c->kube;
    const char *missing = NULL;
    if (c->logs.from == LOGS_LOKI && !c->logs.loki.url)
        missing = "loki: logs.loki.url is missing";
    if (c->logs.from == LOGS_FILE && !c->access_log)
        missing = "file: envoy.access_log is missing";
    if (c->logs.from == LOGS_PODS && !k->kubeconfig && !k->context && !k->namespace)
        missing = "pods: kubernetes is missing";
    return !missing || err_set(e, ERR_ARGS, "%s", missing) || err_about(e, "logs.from");
}

bool config_good_logs(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    struct config_loki *l = &c->logs.loki;
    const cJSON *loki = json_path(tree, "logs.loki");
    if (!take_loki_secret(a, loki, "token", &l->token, e) ||
        !take_loki_secret(a, loki, "password", &l->password, e))
        return false;
    if (l->token && l->password)
        return err_set(e, ERR_ARGS, "is one of two ways to log in: leave out token or password") ||
               err_about(e, "logs.loki.token");
    if (l->url && !l->selector)
        return err_set(e, ERR_ARGS,
                       "is missing: which streams are the access log? {app=\"higress-gateway\"}") ||
               err_about(e, "logs.loki.selector");
    return good_from(c, e) && good_selectors(l, e) && good_tenant(l->tenant, e);
}
