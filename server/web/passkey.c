/* passkey.c - options out, answers in: what is asked is kept in ceremony.c, what comes back is
 * judged by passkey/, kept and counted by the store. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/text.h"
#include "change/engine.h"
#include "config/config.h"
#include "net/loop.h"
#include "passkey/trust.h"
#include "policy/people.h"
#include "store/store.h"
#include "store/store_passkey.h"
#include "web/ceremony_private.h"
#include "web/passkey_private.h"

enum { NAME_SHOWN = 60 };

static const struct config *visit_config(const struct visit *v)
{
    return v->web->mcp->config;
}

static struct store *visit_store(const struct visit *v, struct err *e)
{
    return engine_store(visit_engine(v), e);
}

const char *passkey_person(const struct visit *v)
{
    return people_name(visit_config(v), CHANNEL_PAGE, v->login->who);
}

static const char *said(const struct visit *v, const char *field)
{
    const char *text = json_str(v->form, field);
    return text ? text : "";
}

static struct passkey_question ceremony_of(const struct visit *v, const char *change)
{
    return (struct passkey_question){
        .deed = change ? "approve" : "enrol",
        .who = passkey_person(v),
        .session = crypto_sha256_hex(v->arena, v->login->form, strlen(v->login->form)),
        .change = change ? change : "",
        .plan = change ? said(v, "digest") : "",
        .rendering = change ? said(v, "rendering") : "",
    };
}

cJSON *passkey_list(const struct visit *v, struct err *e)
{
    struct store *s = visit_store(v, e);
    cJSON *all = s ? store_passkeys(s, v->arena, passkey_person(v), e) : NULL, *k, *next;
    for (k = all ? all->child : NULL; k; k = next) {
        next = k->next;
        if (json_get(k, "copied"))
            json_detach(all, k);
    }
    return all;
}

/* -- what a browser is asked ---------------------------------------------------------------- */

static void add_keys(struct arena *a, cJSON *options, const char *member, const cJSON *keys)
{
    cJSON *list = json_set_array(a, options, member);
    const cJSON *k;
    cJSON_ArrayForEach(k, keys)
    {
        cJSON *one = json_add(a, list, json_object(a));
        json_set_str(a, one, "type", "public-key");
        json_set_str(a, one, "id", json_str(k, "id"));
    }
}

static cJSON *options_for(const struct visit *v, const char *change)
{
    uint8_t challenge[WEBAUTHN_CHALLENGE];
    const struct passkey_question c = ceremony_of(v, change);
    cJSON *o = json_object(v->arena);
    ceremony_open(v->web->ceremonies, &c, loop_now(v->web->mcp->loop), challenge);
    json_set_str(v->arena, o, "challenge", base64url_encode(v->arena, challenge, sizeof challenge));
    json_set_num(v->arena, o, "timeout", CEREMONY_LASTS * 1000);
    return o;
}

/* The same for a person always, and nothing that says who they are. */
static const char *handle_of(const struct visit *v, const struct store *s)
{
    uint8_t key[SHA256_SIZE], handle[SHA256_SIZE];
    const char *who = passkey_person(v);
    store_key(s, "passkey user", key);
    crypto_hmac(key, sizeof key, who, strlen(who), handle);
    return base64url_encode(v->arena, handle, sizeof handle);
}

static void describe_new(const struct visit *v, const struct store *s,
                         const struct webauthn_site *site, cJSON *o)
{
    struct arena *a = v->arena;
    cJSON *rp = json_set_object(a, o, "rp"), *user = json_set_object(a, o, "user");
    json_set_str(a, rp, "id", site->name);
    json_set_str(a, rp, "name", "higress-ops");
    json_set_str(a, user, "id", handle_of(v, s));
    json_set_str(a, user, "name", passkey_person(v));
    json_set_str(a, user, "displayName", passkey_person(v));
    cJSON *algorithms = json_set_array(a, o, "pubKeyCredParams");
    for (const int *alg = webauthn_algorithms; *alg; alg++) {
        cJSON *one = json_add(a, algorithms, json_object(a));
        json_set_str(a, one, "type", "public-key");
        json_set_num(a, one, "alg", *alg);
    }
    cJSON *wants = json_set_object(a, o, "authenticatorSelection");
    json_set_str(a, wants, "residentKey", "discouraged");
    json_set_str(a, wants, "userVerification", "required");
    json_set_str(a, o, "attestation", "direct");
}

cJSON *passkey_ask_new(const struct visit *v, const char *code, struct err *e)
{
    struct webauthn_site site;
    struct store *s = visit_store(v, e);
    if (!s || !webauthn_site_of(v->arena, visit_config(v)->page, &site, e) ||
        !store_try_passkey_code(s, passkey_person(v), code, e))
        return NULL;
    cJSON *keys = store_passkeys(s, v->arena, passkey_person(v), e);
    if (!keys)
        return NULL;
    cJSON *o = options_for(v, NULL);
    describe_new(v, s, &site, o);
    add_keys(v->arena, o, "excludeCredentials", keys);
    return o;
}

cJSON *passkey_ask_sign(const struct visit *v, const char *change, struct err *e)
{
    struct webauthn_site site;
    if (!webauthn_site_of(v->arena, visit_config(v)->page, &site, e))
        return NULL;
    cJSON *keys = passkey_list(v, e);
    if (keys && !json_count(keys))
        err_set(e, ERR_POLICY, "'%.100s' has no passkey: enrol one at /passkeys",
                passkey_person(v));
    if (e->kind != ERR_NONE)
        return NULL;
    cJSON *o = options_for(v, change);
    json_set_str(v->arena, o, "rpId", site.name);
    json_set_str(v->arena, o, "userVerification", "required");
    add_keys(v->arena, o, "allowCredentials", keys);
    return o;
}

/* -- what comes back ------------------------------------------------------------------------ */

static struct webauthn_bytes decode_member(struct arena *a, const char *text)
{
    struct webauthn_bytes b = { 0 };
    b.at = text ? base64url_decode(a, text, strlen(text), &b.len) : NULL;
    return b;
}

/* The question that this answers, which is open no more. */
static bool take_question(const struct visit *v, const char *change, struct webauthn_bytes client,
                          struct passkey_question *q, struct webauthn_wanted *w, struct err *e)
{
    *q = ceremony_of(v, change);
    if (!client.at || !webauthn_challenge(v->arena, client, w->challenge))
        return err_set(e, ERR_POLICY, "what the browser says about the key cannot be read");
    return ceremony_take(v->web->ceremonies, q, w->challenge, loop_now(v->web->mcp->loop), e) &&
           webauthn_site_of(v->arena, visit_config(v)->page, &w->site, e);
}

static void note_refusal(const struct visit *v, const char *change, const struct err *why)
{
    struct err e = { 0 };
    struct store *s = visit_store(v, &e);
    cJSON *detail = json_object(v->arena);
    json_set_str(v->arena, detail, "why", why->text);
    if (s)
        store_audit(s, "passkey refused", change, v->login->who, channel_name(CHANNEL_PASSKEY),
                    detail, &e);
}

static cJSON *passkey_record(const struct visit *v, const struct webauthn_made *made)
{
    struct arena *a = v->arena;
    cJSON *o = json_object(a);
    json_set_str(a, o, "id", base64url_encode(a, made->id.at, made->id.len));
    json_set_str(a, o, "who", passkey_person(v));
    json_set_str(a, o, "name", text_clean(a, said(v, "name"), NAME_SHOWN));
    json_set_num(a, o, "algorithm", made->key.algorithm);
    json_set_str(a, o, "public", base64url_encode(a, made->key.public.at, made->key.public.len));
    json_set_num(a, o, "count", made->key.count);
    json_set_bool(a, o, "eligible", made->key.backup_eligible);
    json_set_str(a, o, "aaguid", trust_model(a, made->aaguid));
    json_set_bool(a, o, "attested", made->attested);
    return o;
}

static bool enrol(const struct visit *v, struct err *e)
{
    struct webauthn_wanted w;
    struct webauthn_made made;
    const struct config *c = visit_config(v);
    struct webauthn_bytes client = decode_member(v->arena, said(v, "client"));
    struct webauthn_bytes attestation = decode_member(v->arena, said(v, "attestation"));
    struct store *s = visit_store(v, e);
    const struct trust t = { c->passkey_models, c->passkey_roots };
    struct passkey_question q;
    return s && take_question(v, NULL, client, &q, &w, e) &&
           webauthn_register(v->arena, &w, client, attestation, &made, e) &&
           trust_takes(v->arena, &t, &made, e) &&
           store_add_passkey(s, passkey_record(v, &made), said(v, "code"), e);
}

bool passkey_enrol(const struct visit *v, struct err *e)
{
    if (enrol(v, e))
        return true;
    note_refusal(v, NULL, e);
    return false;
}

/* One of theirs; NULL: none is called so. */
static const cJSON *key_named(const cJSON *keys, const char *id)
{
    const cJSON *k;
    cJSON_ArrayForEach(k, keys) if (id && !strcmp(json_str(k, "id"), id)) return k;
    return NULL;
}

static bool is_theirs(const struct visit *v, const struct store *s, const cJSON *response)
{
    const char *handle = json_str(response, "userHandle");
    return !handle || !strcmp(handle, handle_of(v, s));
}

static bool verify_signature(const struct visit *v, const char *change, const cJSON *answer,
                             struct err *e)
{
    struct arena *a = v->arena;
    const cJSON *r = json_get(answer, "response"), *k;
    const struct webauthn_signed is = { decode_member(a, json_str(r, "clientDataJSON")),
                                        decode_member(a, json_str(r, "authenticatorData")),
                                        decode_member(a, json_str(r, "signature")) };
    struct passkey_question q;
    struct webauthn_wanted w;
    uint32_t count = 0;
    struct store *s = visit_store(v, e);
    if (!s || !take_question(v, change, is.client, &q, &w, e))
        return false;
    const cJSON *keys = store_passkeys(s, a, passkey_person(v), e);
    if (!keys)
        return false;
    k = key_named(keys, json_str(answer, "id"));
    if (!k || !is.authenticator.at || !is.signature.at || !is_theirs(v, s, r))
        return err_set(e, ERR_POLICY, "that is no key of '%.100s'", passkey_person(v));
    const struct webauthn_key key = { .algorithm = (int)json_num(k, "algorithm", 0),
                                      .public = decode_member(a, json_str(k, "public")),
                                      .backup_eligible = json_true(k, "eligible") };
    return webauthn_assert(a, &w, &key, &is, &count, e) &&
           store_use_passkey(s, json_str(k, "id"), count, change,
                             passkey_evidence(a, &q, &w, json_str(k, "id"), &key, &is), e);
}

bool passkey_signed(const struct visit *v, const char *change, struct err *e)
{
    const char *text = said(v, "passkey");
    const cJSON *answer = json_parse(v->arena, text, strlen(text), NULL);
    bool ok = answer ? verify_signature(v, change, answer, e)
                     : err_set(e, ERR_POLICY, "what the browser says about the key cannot be read");
    if (!ok)
        note_refusal(v, change, e);
    return ok;
}
