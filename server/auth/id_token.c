/* id_token.c - what an ID token must say beyond what every JWT must. */
#include "auth/id_token_private.h"
#include "base/crypto.h"
#include "base/json.h"

static bool is_printable_ascii(const char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            return false;
    return true;
}

/* More than one audience: azp says for which of them it was made. */
static const char *wrong_party(const cJSON *claims, const char *client)
{
    const char *azp = json_str(claims, "azp");
    const cJSON *aud = json_get(claims, "aud");
    if (cJSON_IsArray(aud) && json_count(aud) > 1 && !azp)
        return "the token has several audiences and no azp";
    if (json_get(claims, "azp") && !(azp && !strcmp(azp, client)))
        return "the token was made for another client (azp)";
    return NULL;
}

static const char *wrong_time(const cJSON *claims, const struct id_token_rules *r)
{
    const cJSON *issued = json_get(claims, "iat");
    if (!cJSON_IsNumber(issued))
        return "the token has no iat";
    if (issued->valuedouble > r->jwt.now + r->jwt.skew)
        return "the token was issued in the future: the clocks differ";
    if (issued->valuedouble < r->began - r->jwt.skew)
        return "the token was issued before this login began: it is an old one, or the clocks "
               "differ";
    return NULL;
}

static bool is_nonce(const cJSON *claims, const char *nonce)
{
    const char *said = json_str(claims, "nonce");
    return said && strlen(said) == strlen(nonce) && crypto_equal(said, nonce, strlen(nonce));
}

/* NULL: all is well. */
static const char *wrong_id_claim(const cJSON *claims, const struct id_token_rules *r)
{
    const char *issuer = json_str(claims, "iss"), *sub = json_str(claims, "sub");
    if (!issuer || strcmp(issuer, r->jwt.issuer) != 0)
        return "the token is of another issuer";
    const char *why = jwt_wrong_claim(claims, &r->jwt);
    why = why ? why : wrong_party(claims, r->jwt.audience);
    why = why ? why : wrong_time(claims, r);
    if (why)
        return why;
    if (!is_nonce(claims, r->nonce))
        return "the token answers another login (nonce)";
    return sub && *sub && strlen(sub) <= SUBJECT_MAX && is_printable_ascii(sub)
               ? NULL
               : "the token has no sub of 1 to 255 ASCII characters";
}

enum jwt_verdict id_token_check(struct arena *a, const cJSON *jwks,
                                const struct id_token_rules *rules, const char *token,
                                const cJSON **claims, const char **why)
{
    enum jwt_verdict v = jwt_open(a, jwks, &rules->jwt, token, claims, why);
    if (v != JWT_GOOD)
        return v;
    *why = wrong_id_claim(*claims, rules);
    return *why ? JWT_BAD : JWT_GOOD;
}

const char *id_token_person(const cJSON *claims, bool email, const char **why)
{
    const char *address = json_str(claims, "email");
    if (!email)
        return json_str(claims, "sub");
    *why = "the token has no email: ask for it (http.oidc.scopes) and let the provider put it into "
           "the ID token";
    if (!address || !*address || strlen(address) > SUBJECT_MAX)
        return NULL;
    *why = "the provider has not verified the email (email_verified is not true)";
    return cJSON_IsTrue(json_get(claims, "email_verified")) ? address : NULL;
}
