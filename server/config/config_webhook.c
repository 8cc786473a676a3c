/* config_webhook.c - `webhook`: what goes beyond one row of settings.c. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"
#include "config/oidc.h"

enum { KEY_LEAST = 24, KEY_MOST = 64 };

static bool good_webhook_url(const struct config_webhook *w, struct err *e)
{
    bool plain = text_starts(w->url, "http://") && !strpbrk(w->url, "@# \t\r\n");
    if (config_is_trusted_url(w->url) || (w->clear_text && plain))
        return true;
    return err_set(e, ERR_ARGS,
                   "must be https://…, or http:// on a loopback address with its port, without "
                   "user, fragment or blanks (webhook.clear_text allows http elsewhere)") ||
           err_about(e, "webhook.url");
}

/* As Standard Webhooks writes it. */
static bool good_webhook_secret(struct arena *a, const char *secret, struct err *e)
{
    static const char prefix[] = "whsec_";
    size_t n = 0;
    bool named = text_starts(secret, prefix);
    const char *key = secret + (named ? sizeof prefix - 1 : 0);
    if (named && base64_decode(a, key, strlen(key), &n) && n >= KEY_LEAST && n <= KEY_MOST) {
        secret_learn(key);
        return true;
    }
    return err_set(e, ERR_ARGS,
                   "must be whsec_ and the base64 of 24 to 64 random bytes (echo whsec_$(openssl "
                   "rand -base64 32))") ||
           err_about(e, "webhook.secret");
}

bool config_good_webhook(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    struct config_webhook *w = &c->webhook;
    const cJSON *where = json_path(tree, "webhook.secret");
    if (!w->url && !where)
        return true;
    if (!w->url)
        return err_set(e, ERR_ARGS, "is missing: who is told?") || err_about(e, "webhook.url");
    secret_learn(w->url);
    if (!good_webhook_url(w, e))
        return false;
    char *secret = where ? config_read_secret(a, where, e) : NULL;
    if (!where)
        err_set(e, ERR_ARGS, "is missing: messages are signed with it");
    if (!secret)
        return err_about(e, "webhook.secret");
    secret_learn(secret);
    w->secret = secret;
    return good_webhook_secret(a, secret, e);
}
