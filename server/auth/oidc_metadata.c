/* oidc_metadata.c - the provider's document, judged member by member. */
#include "auth/oidc_metadata.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "config/oidc.h"

enum { SHOWN = 200, URL_MOST = 2048 };

static bool is_good_endpoint(const char *url, const char *issuer)
{
    bool safe = text_starts(issuer, "https://");
    return url && strlen(url) <= URL_MOST && config_is_trusted_url(url) &&
           (!safe || text_starts(url, "https://"));
}

static bool read_endpoint(struct arena *a, const cJSON *o, const char *member, const char *issuer,
                          const char **out, struct err *e)
{
    const char *url = json_str(o, member);
    if (!is_good_endpoint(url, issuer))
        return err_set(e, ERR_NET,
                       "the provider's discovery document has no usable %s (%s): an https:// "
                       "address, or one of this machine where the issuer is one",
                       member, url ? text_clean(a, url, SHOWN) : "absent");
    *out = arena_strdup(a, url);
    return true;
}

/* What is not said of the list is not held against it. */
static bool is_said_to_support(const cJSON *o, const char *member, const char *value)
{
    const cJSON *list = json_get(o, member);
    return !cJSON_IsArray(list) || json_find_text(list, value);
}

static bool is_alg_offered(const cJSON *o, const struct config_oidc *c)
{
    for (const char *const *alg = c->algs; *alg; alg++)
        if (is_said_to_support(o, "id_token_signing_alg_values_supported", *alg))
            return true;
    return false;
}

static bool can_do(const cJSON *o, const struct config_oidc *c, struct err *e)
{
    if (!is_said_to_support(o, "code_challenge_methods_supported", "S256"))
        return err_set(e, ERR_NET, "the provider says that it cannot do PKCE with S256");
    if (!is_said_to_support(o, "response_types_supported", "code"))
        return err_set(e, ERR_NET, "the provider says that it has no authorization code flow");
    return is_alg_offered(o, c) ||
           err_set(e, ERR_NET,
                   "the provider signs ID tokens in none of the ways of http.oidc.algs");
}

bool oidc_read_metadata(struct arena *a, const cJSON *document, const struct config_oidc *c,
                        struct oidc_metadata *out, struct err *e)
{
    const char *issuer = json_str(document, "issuer");
    const char *leave = json_str(document, "end_session_endpoint");
    if (!issuer || strcmp(issuer, c->issuer) != 0)
        return err_set(e, ERR_NET,
                       "the discovery document is of the issuer '%s', not of http.oidc.issuer "
                       "'%.200s': they must be equal to the last character",
                       issuer ? text_clean(a, issuer, SHOWN) : "", c->issuer);
    if (!can_do(document, c, e))
        return false;
    out->says_iss = json_true(document, "authorization_response_iss_parameter_supported");
    out->end_session = is_good_endpoint(leave, c->issuer) ? arena_strdup(a, leave) : NULL;
    return read_endpoint(a, document, "authorization_endpoint", c->issuer, &out->authorize, e) &&
           read_endpoint(a, document, "token_endpoint", c->issuer, &out->token, e) &&
           read_endpoint(a, document, "jwks_uri", c->issuer, &out->jwks, e);
}
