/* login.c - one GET of one Secret. */
#include "kube/login.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "kube/api.h"
#include <string.h>

static bool take_login_key(struct arena *a, const cJSON *secret, const char *key,
                           char out[KUBE_LOGIN_MAX], struct err *e)
{
    const char *text = json_text(json_get(secret, "data"), key);
    size_t n = 0;
    const char *bytes = base64_decode(a, text, strlen(text), &n);
    if (!bytes || n == 0)
        return err_set(e, ERR_GATEWAY,
                       "Secret %s has no %s: is the console initialised? gateway.username and "
                       "gateway.password say a login, too",
                       KUBE_LOGIN_SECRET, key);
    if (n >= KUBE_LOGIN_MAX || memchr(bytes, '\0', n))
        return err_set(e, ERR_GATEWAY, "%s of Secret %s cannot be a login", key, KUBE_LOGIN_SECRET);
    memcpy(out, bytes, n);
    out[n] = '\0';
    return true;
}

bool kube_login_read(struct kube_api *k, struct cancel *c, struct kube_login *out, struct err *e)
{
    struct arena *a = arena_new();
    const char *path =
        arena_printf(a, "/api/v1/namespaces/%s/secrets/%s",
                     text_percent(a, kube_api_access(k)->namespace), KUBE_LOGIN_SECRET);
    const cJSON *secret = kube_api_get(k, a, path, c, e);
    bool ok = secret && take_login_key(a, secret, "adminUsername", out->user, e) &&
              take_login_key(a, secret, "adminPassword", out->password, e);
    if (ok)
        secret_learn(out->password);
    if (ok && strchr(out->user, ':'))
        ok = err_set(e, ERR_GATEWAY, "the user of Secret %s has a colon: Basic cannot carry it",
                     KUBE_LOGIN_SECRET);
    arena_free(a);
    return ok || err_at(e, "kubernetes.login_from_secret");
}
