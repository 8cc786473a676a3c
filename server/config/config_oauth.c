/* config_oauth.c - http.oauth: how tokens of an issuer are judged. Where keys and answers come from
 * must be beyond doubt: https, or this very machine. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"

static bool good_client(struct config *c, struct arena *a, const cJSON *secret, struct err *e)
{
    if (!config_is_trusted_url(c->oauth_introspection))
        return err_set(e, ERR_ARGS,
                       "must be https://…, or http:// on a loopback address with its port, "
                       "without user, fragment or blanks") ||
               err_about(e, "http.oauth.introspection.endpoint");
    char *value = config_read_secret(a, secret, e);
    if (!value)
        return err_about(e, "http.oauth.introspection.client_secret");
    secret_learn(value);
    c->oauth_secret = value;
    return true;
}

bool config_good_oauth(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    if (!c->oauth_issuer)
        return true;
    if (!c->oauth_jwks && !c->oauth_introspection)
        return err_set(e, ERR_ARGS, "give jwks, or introspection, or both") ||
               err_about(e, "http.oauth");
    if (c->oauth_jwks && c->oauth_jwks[0] != '/' && !config_is_trusted_url(c->oauth_jwks))
        return err_set(e, ERR_ARGS,
                       "must be https://…, http:// on a loopback address with its port, or an "
                       "absolute path") ||
               err_about(e, "http.oauth.jwks");
    return !c->oauth_introspection ||
           good_client(c, a, json_path(tree, "http.oauth.introspection.client_secret"), e);
}
