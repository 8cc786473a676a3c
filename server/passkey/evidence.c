/* evidence.c - a record of a signature: written, and verified again. */
#include "passkey/evidence.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

enum { PREIMAGE_MAX = 64 << 10 };

/* Each part with its length before it: no two lists of parts look alike. */
void passkey_challenge(const struct passkey_question *q, uint8_t out[WEBAUTHN_CHALLENGE])
{
    struct arena *a = arena_new();
    struct buf *b = buf_in(a, PREIMAGE_MAX);
    const char *const parts[] = {
        "higress-ops passkey 2", q->deed, q->who, q->session, q->change, q->plan, q->rendering
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_printf(b, "%zu:%s,", strlen(parts[i]), parts[i]);
    buf_printf(b, "%.17g,", q->until);
    buf_add(b, (const char *)q->nonce, PASSKEY_NONCE);
    crypto_sha256(b->data, b->len, out);
    arena_free(a);
}

static void set_evidence_bytes(struct arena *a, cJSON *o, const char *name, struct webauthn_bytes b)
{
    json_set_str(a, o, name, base64url_encode(a, b.at, b.len));
}

static struct webauthn_bytes evidence_bytes(struct arena *a, const cJSON *o, const char *name)
{
    struct webauthn_bytes b = { 0 };
    const char *text = json_str(o, name);
    b.at = text ? base64url_decode(a, text, strlen(text), &b.len) : NULL;
    return b;
}

cJSON *passkey_evidence(struct arena *a, const struct passkey_question *q,
                        const struct webauthn_wanted *w, const char *key_id,
                        const struct webauthn_key *key, const struct webauthn_signed *s)
{
    cJSON *o = json_object(a), *about = json_set_object(a, o, "about"), *k;
    const struct {
        const char *name, *value;
    } texts[] = { { "deed", q->deed },
                  { "who", q->who },
                  { "session", q->session },
                  { "change", q->change },
                  { "plan", q->plan },
                  { "rendering", q->rendering },
                  { "until", arena_printf(a, "%.17g", q->until) },
                  { "nonce", base64url_encode(a, q->nonce, PASSKEY_NONCE) } };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_set_str(a, about, texts[i].name, texts[i].value);
    json_set_str(a, o, "origin", w->site.origin);
    json_set_str(a, o, "site", w->site.name);
    k = json_set_object(a, o, "key");
    json_set_str(a, k, "id", key_id);
    json_set_num(a, k, "algorithm", key->algorithm);
    json_set_bool(a, k, "eligible", key->backup_eligible);
    set_evidence_bytes(a, k, "public", key->public);
    json_set_str(a, k, "public_sha256", crypto_sha256_hex(a, key->public.at, key->public.len));
    set_evidence_bytes(a, o, "client", s->client);
    set_evidence_bytes(a, o, "authenticator", s->authenticator);
    set_evidence_bytes(a, o, "signature", s->signature);
    return o;
}

/* False: a part of it is missing. */
static bool read_question(struct arena *a, const cJSON *about, struct passkey_question *q)
{
    struct webauthn_bytes nonce = evidence_bytes(a, about, "nonce");
    const char *until = json_str(about, "until");
    *q = (struct passkey_question){ .deed = json_str(about, "deed"),
                                    .who = json_str(about, "who"),
                                    .session = json_str(about, "session"),
                                    .change = json_str(about, "change"),
                                    .plan = json_str(about, "plan"),
                                    .rendering = json_str(about, "rendering") };
    if (!q->deed || !q->who || !q->session || !q->change || !q->plan || !q->rendering || !until ||
        !nonce.at || nonce.len != PASSKEY_NONCE)
        return false;
    q->until = strtod(until, NULL);
    memcpy(q->nonce, nonce.at, PASSKEY_NONCE);
    return true;
}

bool passkey_evidence_holds(struct arena *a, const cJSON *evidence, struct err *e)
{
    struct passkey_question q;
    const cJSON *k = json_get(evidence, "key");
    struct webauthn_wanted w = { .site = { json_str(evidence, "origin"),
                                           json_str(evidence, "site") } };
    const struct webauthn_key key = { .algorithm = (int)json_num(k, "algorithm", 0),
                                      .public = evidence_bytes(a, k, "public"),
                                      .backup_eligible = json_true(k, "eligible") };
    const struct webauthn_signed s = { evidence_bytes(a, evidence, "client"),
                                       evidence_bytes(a, evidence, "authenticator"),
                                       evidence_bytes(a, evidence, "signature") };
    const char *digest = json_str(k, "public_sha256");
    uint32_t count = 0;
    if (!read_question(a, json_get(evidence, "about"), &q) || !w.site.origin || !w.site.name ||
        !key.public.at || !digest || !s.client.at || !s.authenticator.at || !s.signature.at)
        return err_set(e, ERR_POLICY, "a part of the evidence is missing");
    if (strcmp(digest, crypto_sha256_hex(a, key.public.at, key.public.len)) != 0)
        return err_set(e, ERR_POLICY, "the public key in the evidence is not that of its digest");
    passkey_challenge(&q, w.challenge);
    return webauthn_assert(a, &w, &key, &s, &count, e);
}
