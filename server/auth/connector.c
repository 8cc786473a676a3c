/* connector.c - what such a token must say beyond what every JWT must. It has no sub: it speaks for
 * the service. The signature is judged before anything is read. */
#include "auth/connector.h"
#include "auth/jwt_private.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

enum { SKEW = 300 };
static const char issuer[] = "https://api.botframework.com";

/* The key that the token's head names. */
static const cJSON *key_of_token(struct arena *a, const cJSON *jwks, const char *token)
{
    size_t n = 0;
    const char *head = base64url_decode(a, token, strcspn(token, "."), &n);
    const cJSON *o = head ? json_parse(a, head, n, &(struct err){ 0 }) : NULL;
    const char *kid = json_str(o, "kid");
    return kid ? json_find(json_get(jwks, "keys"), "kid", kid) : NULL;
}

static const char *wrong_connector_claim(const cJSON *claims, const struct jwt_rules *jwt,
                                         const struct connector_rules *r, const cJSON *key)
{
    const char *why = jwt_wrong_claim(claims, jwt);
    if (!text_same(json_str(claims, "iss"), issuer))
        return "the token is not of the Bot Framework";
    if (why)
        return why;
    if (!r->channel || !json_find_text(json_get(key, "endorsements"), r->channel))
        return "the token's key is not endorsed for the activity's channel";
    if (!r->service || !text_same(json_str(claims, "serviceurl"), r->service))
        return "the token names another serviceUrl than the activity";
    return NULL;
}

enum connector_verdict connector_check(struct arena *a, const cJSON *jwks,
                                       const struct connector_rules *r, const char *token,
                                       const char **why)
{
    static const char *const algs[] = { "RS256", NULL };
    const struct jwt_rules jwt = {
        .issuer = issuer, .audience = r->app, .now = r->now, .skew = SKEW, .algs = algs
    };
    const cJSON *claims = NULL;
    enum jwt_verdict v = jwt_open(a, jwks, &jwt, token, &claims, why);
    if (v == JWT_NO_KEY)
        return CONNECTOR_NO_KEY;
    if (v != JWT_GOOD)
        return CONNECTOR_BAD;
    *why = wrong_connector_claim(claims, &jwt, r, key_of_token(a, jwks, token));
    return *why ? CONNECTOR_BAD : CONNECTOR_GOOD;
}
