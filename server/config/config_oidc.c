/* config_oidc.c - http.oidc: what goes beyond one row of it. Without people nobody could log in by
 * it, and without http.page the provider would not know where to send them back. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_file_private.h"

static bool is_plain(const char *s)
{
    for (; *s; s++)
        if (*s <= ' ' || *s > '~' || strchr("\"<>\\^`{|}", *s))
            return false;
    return true;
}

bool config_is_trusted_url(const char *url)
{
    static const char *const begins[] = { "https://", "http://127.0.0.1:", "http://[::1]:",
                                          "http://localhost:" };
    if (!is_plain(url) || strpbrk(url, "@#")) /* http://localhost:x@elsewhere */
        return false;
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (text_starts(url, begins[i]) && url[strlen(begins[i])])
            return true;
    return false;
}

static bool refuse_oidc(struct err *e, const char *path, const char *why)
{
    return err_set(e, ERR_ARGS, "%s", why) || err_about(e, path);
}

static bool are_scopes(const char *const *scopes)
{
    for (; *scopes; scopes++)
        if (!**scopes || !is_plain(*scopes))
            return false;
    return true;
}

static const char *host_of_issuer(struct arena *a, const char *issuer)
{
    const char *host = strstr(issuer, "://") + 3;
    return arena_strndup(a, host, strcspn(host, "/?"));
}

static bool read_client_secret(struct config *c, struct arena *a, const cJSON *ref, struct err *e)
{
    char *value = ref ? config_read_secret(a, ref, e) : NULL;
    if (ref && !value)
        return err_about(e, "http.oidc.client_secret");
    if (value)
        secret_learn(value);
    c->oidc.secret = value;
    return true;
}

bool config_good_oidc(struct config *c, struct arena *a, const cJSON *tree, struct err *e)
{
    static const char url[] = "must be https://…, or http:// on a loopback address with its port, "
                              "without user, fragment or blanks";
    struct config_oidc *o = &c->oidc;
    if (!o->issuer)
        return true;
    if (!config_is_trusted_url(o->issuer) || strchr(o->issuer, '?'))
        return refuse_oidc(e, "http.oidc.issuer", url);
    if (!c->page || !config_is_trusted_url(c->page))
        return refuse_oidc(e, "http.oidc",
                           "needs http.page, the https:// address under which people reach this "
                           "server: the provider sends them back to it + /login/oidc");
    if (!c->people)
        return refuse_oidc(e, "http.oidc",
                           "needs people: who is not in that table is nobody here, whatever a "
                           "provider says");
    if (!are_scopes(o->scopes))
        return refuse_oidc(e, "http.oidc.scopes", "must be words without blanks or quotes");
    o->name = o->name ? o->name : host_of_issuer(a, o->issuer);
    return read_client_secret(c, a, json_path(tree, "http.oidc.client_secret"), e);
}
