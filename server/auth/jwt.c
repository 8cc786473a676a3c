/* jwt.c - one token against one set of keys. The signature is checked before a claim is read. */
#include "auth/jwt_private.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"

struct parts {
    const char *text;              /* the token */
    size_t head, payload, signed_; /* lengths; the signed part is head.payload */
    const uint8_t *signature;
    size_t signature_len;
};

static const struct {
    const char *alg, *kty, *crv, *x, *y;
    enum crypto_alg means;
} algs[] = {
    { "RS256", "RSA", NULL, "n", "e", CRYPTO_RS256 },
    { "ES256", "EC", "P-256", "x", "y", CRYPTO_ES256 },
    { "EdDSA", "OKP", "Ed25519", "x", NULL, CRYPTO_ED25519 },
};

static bool split_token(struct arena *a, const char *token, struct parts *p)
{
    p->text = token;
    p->head = strcspn(token, ".");
    if (p->head == 0 || p->head > JWT_PART_MAX || !token[p->head])
        return false;
    const char *payload = token + p->head + 1;
    p->payload = strcspn(payload, ".");
    p->signed_ = p->head + 1 + p->payload;
    if (p->payload == 0 || p->payload > JWT_PART_MAX || !token[p->signed_])
        return false;
    const char *signature = token + p->signed_ + 1;
    size_t n = strlen(signature);
    p->signature =
        n && n <= JWT_PART_MAX ? base64url_decode(a, signature, n, &p->signature_len) : NULL;
    return p->signature != NULL;
}

static const cJSON *decode_object(struct arena *a, const char *text, size_t n)
{
    struct err e = { 0 };
    size_t size = 0;
    const char *json = base64url_decode(a, text, n, &size);
    const cJSON *o = json ? json_parse(a, json, size, &e) : NULL;
    return cJSON_IsObject(o) ? o : NULL;
}

static bool equal(const cJSON *o, const char *member, const char *want)
{
    const char *is = json_str(o, member);
    return is && want && !strcmp(is, want);
}

static bool key_fits_alg(const cJSON *key, size_t i)
{
    if (!equal(key, "kty", algs[i].kty) || (algs[i].crv && !equal(key, "crv", algs[i].crv)))
        return false;
    return (!json_get(key, "use") || equal(key, "use", "sig")) &&
           (!json_get(key, "alg") || equal(key, "alg", algs[i].alg));
}

/* The key that the header names; without a kid the only one that fits. */
static const cJSON *find_key(const cJSON *jwks, const cJSON *head, size_t alg)
{
    const cJSON *kid = json_get(head, "kid"), *key, *found = NULL;
    cJSON_ArrayForEach(key, json_get(jwks, "keys"))
    {
        if (!key_fits_alg(key, alg) || (kid && !equal(key, "kid", json_str(head, "kid"))))
            continue;
        if (found)
            return NULL;
        found = key;
    }
    return found;
}

static const uint8_t *key_number(struct arena *a, const cJSON *key, const char *member, size_t *n)
{
    const char *text = member ? json_str(key, member) : NULL;
    if (!text)
        return NULL;
    return base64url_decode(a, text, strlen(text), n);
}

static bool signed_by(struct arena *a, const struct parts *p, const cJSON *key, size_t i)
{
    struct crypto_key k = { 0 };
    k.x = key_number(a, key, algs[i].x, &k.x_len);
    k.y = key_number(a, key, algs[i].y, &k.y_len);
    if (!k.x || (algs[i].y && !k.y))
        return false;
    return crypto_verify(algs[i].means, &k, p->text, p->signed_, p->signature, p->signature_len);
}

static bool is_for_audience(const cJSON *claims, const char *audience)
{
    const cJSON *aud = json_get(claims, "aud");
    if (cJSON_IsString(aud))
        return !strcmp(aud->valuestring, audience);
    return cJSON_IsArray(aud) && json_find_text(aud, audience);
}

const char *jwt_wrong_claim(const cJSON *claims, const struct jwt_rules *r)
{
    const cJSON *expires = json_get(claims, "exp"), *begins = json_get(claims, "nbf");
    if (!json_get(claims, "aud"))
        return "the token has no aud: it does not say whom it is for";
    if (!is_for_audience(claims, r->audience))
        return "the token is for another audience";
    if (!cJSON_IsNumber(expires))
        return "the token has no exp";
    if (r->now >= expires->valuedouble + r->skew)
        return "the token has expired";
    if (begins && (!cJSON_IsNumber(begins) || r->now < begins->valuedouble - r->skew))
        return "the token is not valid yet";
    return NULL;
}

/* NULL: all is well. */
static const char *wrong_access_claim(const cJSON *claims, const struct jwt_rules *r)
{
    if (!equal(claims, "iss", r->issuer))
        return "the token is of another issuer";
    const char *why = jwt_wrong_claim(claims, r);
    return why || json_str(claims, "sub") ? why : "the token has no sub";
}

static bool is_alg_taken(const struct jwt_rules *rules, const char *alg)
{
    if (!rules->algs)
        return true;
    for (const char *const *one = rules->algs; *one; one++)
        if (!strcmp(*one, alg))
            return true;
    return false;
}

enum jwt_verdict jwt_open(struct arena *a, const cJSON *jwks, const struct jwt_rules *rules,
                          const char *token, const cJSON **claims, const char **why)
{
    struct parts p = { 0 };
    *why = "the token is not a JWT";
    const cJSON *head = split_token(a, token, &p) ? decode_object(a, token, p.head) : NULL;
    if (!head)
        return JWT_OTHER;
    size_t alg = 0;
    while (alg < sizeof algs / sizeof algs[0] && !equal(head, "alg", algs[alg].alg))
        alg++;
    *why = "the token is not signed with RS256, ES256 or EdDSA, or has critical extensions";
    if (alg == sizeof algs / sizeof algs[0] || json_get(head, "crit"))
        return JWT_BAD;
    *why = "the token is signed in another way than is configured";
    if (!is_alg_taken(rules, algs[alg].alg))
        return JWT_BAD;
    *why = "the token is signed with a key that the issuer does not publish";
    const cJSON *key = find_key(jwks, head, alg);
    if (!key)
        return JWT_NO_KEY;
    *why = "the token's signature is wrong";
    if (!signed_by(a, &p, key, alg))
        return JWT_BAD;
    *why = "the token is not a JWT";
    *claims = decode_object(a, token + p.head + 1, p.payload);
    return *claims ? JWT_GOOD : JWT_BAD;
}

enum jwt_verdict jwt_check(struct arena *a, const cJSON *jwks, const struct jwt_rules *rules,
                           const char *token, const cJSON **claims, const char **why)
{
    enum jwt_verdict v = jwt_open(a, jwks, rules, token, claims, why);
    if (v != JWT_GOOD)
        return v;
    *why = wrong_access_claim(*claims, rules);
    return *why ? JWT_BAD : JWT_GOOD;
}
