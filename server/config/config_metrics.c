/* config_metrics.c - `prometheus`: as whom it is asked, which figures are the gateway's, what
 * tokens cost; and where our own spans go. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/oidc.h"
#include <string.h>

enum { LABELS_MAX = 16, LABEL_VALUE_MAX = 256 };

static bool wrong_prometheus(struct err *e, const char *member, const char *why)
{
    return err_set(e, ERR_ARGS, "%s", why) || err_about(e, member);
}

/* NULL without an error where there is none. */
static const char *prometheus_secret(const struct config_prometheus *p, struct arena *a,
                                     const cJSON *tree, const char *path, struct err *e)
{
    const cJSON *where = json_path(tree, path);
    if (!where)
        return NULL;
    char *secret = config_read_secret(a, where, e);
    if (!secret)
        return err_about(e, path), NULL;
    secret_learn(secret);
    if (!config_is_trusted_url(p->url))
        return wrong_prometheus(e, path,
                                "this is a secret: prometheus.url must be https://…, or http:// on "
                                "a loopback address with its port"),
               NULL;
    if (strpbrk(secret, "\r\n"))
        return wrong_prometheus(e, path, "is more than one line"), NULL;
    return secret;
}

static bool read_prometheus_login(struct config_prometheus *p, struct arena *a, const cJSON *tree,
                                  struct err *e)
{
    p->token = prometheus_secret(p, a, tree, "prometheus.token", e);
    if (e->kind == ERR_NONE)
        p->password = prometheus_secret(p, a, tree, "prometheus.password", e);
    if (e->kind != ERR_NONE)
        return false;
    if (!p->username != !p->password)
        return wrong_prometheus(e, "prometheus.username", "is given together with the password");
    return !p->token || !p->username ||
           wrong_prometheus(e, "prometheus.token", "is given instead of username and password");
}

static bool is_label_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return *name && strchr(letters, *name) &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")];
}

static bool read_prometheus_select(struct config_prometheus *p, struct arena *a, const cJSON *tree,
                                   struct err *e)
{
    const cJSON *given = json_path(tree, "prometheus.select"), *one;
    struct config_label *out = arena_array(a, struct config_label, LABELS_MAX + 1);
    p->select = out;
    if (json_count(given) > LABELS_MAX)
        return wrong_prometheus(e, "prometheus.select", "are more than 16 labels");
    cJSON_ArrayForEach(one, given)
    {
        if (!is_label_name(one->string))
            return wrong_prometheus(e, "prometheus.select",
                                    "a label is letters, digits and '_', not a digit first");
        if (!cJSON_IsString(one) || strlen(one->valuestring) > LABEL_VALUE_MAX)
            return wrong_prometheus(e, "prometheus.select",
                                    "the value of a label is a text of at most 256 bytes");
        *out++ = (struct config_label){ arena_strdup(a, one->string),
                                        arena_strdup(a, one->valuestring) };
    }
    return true;
}

static void read_prometheus_prices(struct config_prometheus *p, struct arena *a, const cJSON *tree)
{
    const cJSON *given = json_path(tree, "prometheus.prices"), *one;
    struct config_price *out = arena_array(a, struct config_price, json_count(given) + 1);
    p->prices = out;
    cJSON_ArrayForEach(one, given) *out++ =
        (struct config_price){ .model = arena_strdup(a, json_str(one, "model")),
                               .input = json_num(one, "input", 0),
                               .output = json_num(one, "output", 0),
                               .currency = arena_strdup(a, json_text(one, "currency")) };
}

bool config_good_prometheus(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    struct config_prometheus *p = &c->prometheus;
    read_prometheus_prices(p, a, tree);
    if (!read_prometheus_select(p, a, tree, e))
        return false;
    if (p->replica && !is_label_name(p->replica))
        return wrong_prometheus(e, "prometheus.replica",
                                "a label is letters, digits and '_', not a digit first");
    if (!p->url)
        return (!json_path(tree, "prometheus.token") && !json_path(tree, "prometheus.password")) ||
               wrong_prometheus(e, "prometheus.url", "is missing: who is given the secret?");
    return read_prometheus_login(p, a, tree, e);
}

bool config_good_traces(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    return config_read_headers(a, tree, "traces", c->telemetry.traces, &c->telemetry.headers, e);
}
