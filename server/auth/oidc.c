/* oidc.c - the questions to the provider: its metadata, its keys, and what a code stands for. */
#include "auth/oidc.h"
#include "auth/id_token_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "net/fetch.h"
#include "net/loop.h"

enum {
    METADATA_SECONDS = 3600,
    KEYS_SECONDS = 300,
    AGAIN_SECONDS = 5, /* after a failure to read the metadata */
    ASK_SECONDS = 10,
    ANSWER_MAX = 256 << 10,
    KEYS_MOST = 64,
    BODY_MAX = 16 << 10,
    SHOWN = 200,
};

/* What was read last, in an arena of its own. */
struct reading {
    struct arena *arena; /* NULL: nothing yet */
    double at;           /* loop_now */
};

struct oidc {
    struct arena *arena;
    struct loop *loop;
    const struct config *config;
    int users; /* it ends with the last */
    struct reading described, published;
    struct oidc_metadata metadata;
    const cJSON *keys;
    double failed_at; /* to read the metadata; 0: it did not */
    struct err failure;
};

/* -- life -------------------------------------------------------------------------------- */

struct oidc *oidc_new(struct loop *l, const struct config *c)
{
    struct arena *a = arena_new();
    struct oidc *o = arena_make(a, struct oidc);
    *o = (struct oidc){ .arena = a, .loop = l, .config = c, .users = 1 };
    return o;
}

void oidc_free(struct oidc *o)
{
    if (!o || --o->users > 0)
        return;
    arena_free(o->described.arena);
    arena_free(o->published.arena);
    arena_free(o->arena);
}

static bool reading_is_fresh(const struct oidc *o, const struct reading *r, double seconds)
{
    return r->arena && loop_now(o->loop) - r->at < seconds;
}

static void keep_reading(const struct oidc *o, struct reading *r, struct arena *a)
{
    arena_free(r->arena);
    *r = (struct reading){ a, loop_now(o->loop) };
}

/* -- asking ------------------------------------------------------------------------------ */

/* A JSON object in a. NULL: e; status: of the answer, 0: none. */
static const cJSON *ask_provider(struct oidc *o, struct arena *a, struct fetch_request r,
                                 int *status, struct err *e)
{
    struct fetch_answer answer;
    *status = 0;
    r.timeout = ASK_SECONDS;
    r.max_body = ANSWER_MAX;
    r.ca_file = o->config->oidc.ca_file;
    if (!fetch(o->loop, a, &r, &answer, e))
        return NULL;
    *status = answer.status;
    struct err wrong = { 0 };
    const cJSON *said = json_parse(a, answer.body, answer.len, &wrong);
    if (cJSON_IsObject(said))
        return said;
    err_set(e, ERR_NET, "%.200s answered with status %d and no JSON object", r.url, answer.status);
    return NULL;
}

static const cJSON *read_document(struct oidc *o, struct arena *a, const char *url,
                                  struct cancel *c, struct err *e)
{
    static const struct fetch_header headers[] = { { "Accept", "application/json" }, { 0 } };
    const struct fetch_request r = {
        .method = "GET", .url = url, .headers = headers, .cancel = c, .to = TO_ISSUER
    };
    int status = 0;
    const cJSON *said = ask_provider(o, a, r, &status, e);
    if (said && status == 200)
        return said;
    if (said)
        err_set(e, ERR_NET, "%.200s answered with status %d", url, status);
    return NULL;
}

static bool read_described(struct oidc *o, struct cancel *c, struct err *e)
{
    struct arena *a = arena_new();
    const char *issuer = o->config->oidc.issuer;
    const char *between = text_ends(issuer, "/") ? "" : "/";
    const char *url = arena_printf(a, "%s%s.well-known/openid-configuration", issuer, between);
    struct oidc_metadata found = { 0 };
    const cJSON *document = read_document(o, a, url, c, e);
    if (!document || !oidc_read_metadata(a, document, &o->config->oidc, &found, e)) {
        arena_free(a);
        return false;
    }
    keep_reading(o, &o->described, a);
    o->metadata = found;
    return true;
}

/* Is it known what the provider says of itself? Parks when it has to be asked. */
static bool is_described(struct oidc *o, struct cancel *c, struct err *e)
{
    if (reading_is_fresh(o, &o->described, METADATA_SECONDS))
        return true;
    if (o->failed_at > 0 && loop_now(o->loop) - o->failed_at < AGAIN_SECONDS) {
        *e = o->failure;
        return false;
    }
    bool read = read_described(o, c, e);
    o->failed_at = read || e->kind == ERR_GONE ? 0 : loop_now(o->loop);
    o->failure = *e;
    return read;
}

static bool read_published(struct oidc *o, const char *url, struct cancel *c, struct err *e)
{
    struct arena *a = arena_new();
    const cJSON *document = read_document(o, a, url, c, e);
    const cJSON *keys = json_get(document, "keys");
    if (document && (!cJSON_IsArray(keys) || json_count(keys) > KEYS_MOST))
        err_set(e, ERR_NET, "%.200s holds no list of at most %d keys", url, KEYS_MOST);
    if (e->kind != ERR_NONE) {
        arena_free(a);
        return false;
    }
    keep_reading(o, &o->published, a);
    o->keys = document;
    return true;
}

/* -- the way there ----------------------------------------------------------------------- */

static const char *return_address(const struct oidc *o, struct arena *a)
{
    return arena_printf(a, "%s/login/oidc", o->config->page);
}

static void add_query(struct buf *b, struct arena *a, const char *name, const char *value)
{
    buf_printf(b, "%s%s=%s", b->len ? "&" : "", name, text_percent(a, value));
}

static const char *scopes_asked_for(const struct oidc *o, struct arena *a)
{
    const char *scope = "openid";
    for (const char *const *s = o->config->oidc.scopes; *s; s++)
        if (strcmp(*s, "openid") != 0)
            scope = arena_printf(a, "%s %s", scope, *s);
    return scope;
}

static const char *pkce_challenge_of(struct arena *a, const struct oidc_secrets *s)
{
    uint8_t digest[SHA256_SIZE];
    crypto_sha256(s->verifier, strlen(s->verifier), digest);
    return base64url_encode(a, digest, sizeof digest);
}

static const char *with_query(struct arena *a, const char *url, const char *query)
{
    return arena_printf(a, "%s%s%s", url, strchr(url, '?') ? "&" : "?", query);
}

static const char *authorize_url(const struct oidc *o, struct arena *a,
                                 const struct oidc_secrets *s)
{
    struct buf *b = buf_in(a, BODY_MAX);
    add_query(b, a, "response_type", "code");
    add_query(b, a, "client_id", o->config->oidc.client_id);
    add_query(b, a, "redirect_uri", return_address(o, a));
    add_query(b, a, "scope", scopes_asked_for(o, a));
    add_query(b, a, "state", s->state);
    add_query(b, a, "nonce", s->nonce);
    add_query(b, a, "code_challenge", pkce_challenge_of(a, s));
    add_query(b, a, "code_challenge_method", "S256");
    return with_query(a, o->metadata.authorize, b->data);
}

const char *oidc_begin(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                       struct cancel *c, struct err *e)
{
    o->users++;
    const char *url = is_described(o, c, e) ? authorize_url(o, a, s) : NULL;
    oidc_free(o);
    return url;
}

const char *oidc_end_session(const struct oidc *o, struct arena *a)
{
    struct buf *b = buf_in(a, BODY_MAX);
    if (!o->described.arena || !o->metadata.end_session)
        return NULL;
    add_query(b, a, "client_id", o->config->oidc.client_id);
    return with_query(a, o->metadata.end_session, b->data);
}

/* -- the way back ------------------------------------------------------------------------ */

bool oidc_is_answer_of(const struct oidc *o, const char *iss, struct err *e)
{
    if (!iss)
        return !o->metadata.says_iss ||
               err_set(e, ERR_POLICY,
                       "the answer does not say which provider it is of (iss), though this one "
                       "says that it does; nobody was logged in");
    return !strcmp(iss, o->config->oidc.issuer) ||
           err_set(
               e, ERR_POLICY,
               "the answer is of another provider than the one that was asked (iss); nobody was "
               "logged in");
}

/* The form that is posted; the secret stands in it only where that is configured. */
static const char *code_form(const struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                             const char *code)
{
    const struct config_oidc *c = &o->config->oidc;
    struct buf *b = buf_in(a, BODY_MAX + 3 * OIDC_CODE_MAX);
    add_query(b, a, "grant_type", "authorization_code");
    add_query(b, a, "code", code);
    add_query(b, a, "redirect_uri", return_address(o, a));
    add_query(b, a, "code_verifier", s->verifier);
    if (!c->secret || c->auth == OIDC_AUTH_POST)
        add_query(b, a, "client_id", c->client_id);
    if (c->secret && c->auth == OIDC_AUTH_POST)
        add_query(b, a, "client_secret", c->secret);
    return b->data;
}

/* Its own words, cleaned; it may know nothing that we keep secret but by our telling it. */
static bool say_refusal(struct arena *a, const cJSON *said, int status, struct err *e)
{
    const char *error = json_str(said, "error"), *more = json_str(said, "error_description");
    if (!error)
        return err_set(e, ERR_NET, "the provider's token endpoint answered with status %d", status);
    return err_set(e, ERR_GATEWAY, "the provider refused this login: %s%s%s",
                   text_clean(a, error, SHOWN), more ? ": " : "",
                   more ? text_clean(a, more, SHOWN) : "");
}

/* The ID token that the code stands for. NULL: e. */
static const char *swap_code(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                             const char *code, struct cancel *c, struct err *e)
{
    static const struct fetch_header headers[] = { { "Content-Type",
                                                     "application/x-www-form-urlencoded" },
                                                   { "Accept", "application/json" },
                                                   { 0 } };
    const struct config_oidc *conf = &o->config->oidc;
    const char *form = code_form(o, a, s, code);
    bool basic = conf->secret && conf->auth == OIDC_AUTH_BASIC;
    const struct fetch_request r = { .to = TO_ISSUER,
                                     .method = "POST",
                                     .url = arena_strdup(a, o->metadata.token),
                                     .headers = headers,
                                     .body = form,
                                     .body_len = strlen(form),
                                     .user_pwd_user =
                                         basic ? text_percent(a, conf->client_id) : NULL,
                                     .user_pwd_password =
                                         basic ? text_percent(a, conf->secret) : NULL,
                                     .cancel = c };
    int status = 0;
    const cJSON *said = ask_provider(o, a, r, &status, e);
    if (said && status != 200)
        say_refusal(a, said, status, e);
    if (!said || status != 200)
        return NULL;
    if (!json_str(said, "id_token"))
        err_set(e, ERR_NET, "the provider's token endpoint gave no id_token");
    return json_str(said, "id_token");
}

/* A key that is not there may be new: the set is read once more, then that is that. */
static const cJSON *judge_id_token(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                                   const char *token, struct cancel *c, struct err *e)
{
    const char *why = NULL, *jwks = arena_strdup(a, o->metadata.jwks);
    const struct config_oidc *conf = &o->config->oidc;
    const cJSON *claims = NULL;
    bool fresh = reading_is_fresh(o, &o->published, KEYS_SECONDS);
    if (!fresh && !read_published(o, jwks, c, e))
        return NULL;
    struct id_token_rules rules = { .jwt = { .issuer = conf->issuer,
                                             .audience = conf->client_id,
                                             .algs = conf->algs,
                                             .now = when_now(),
                                             .skew = conf->skew },
                                    .nonce = s->nonce,
                                    .began = s->began };
    enum jwt_verdict v = id_token_check(a, o->keys, &rules, token, &claims, &why);
    if (v == JWT_NO_KEY && fresh) {
        if (!read_published(o, jwks, c, e))
            return NULL;
        v = id_token_check(a, o->keys, &rules, token, &claims, &why);
    }
    if (v == JWT_GOOD)
        return claims;
    err_set(e, ERR_POLICY, "the provider's ID token does not hold: %s; nobody was logged in", why);
    return NULL;
}

static const char *person_of_code(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                                  const char *code, struct cancel *c, struct err *e)
{
    const char *why = NULL;
    const char *token = is_described(o, c, e) ? swap_code(o, a, s, code, c, e) : NULL;
    const cJSON *claims = token ? judge_id_token(o, a, s, token, c, e) : NULL;
    if (!claims)
        return NULL;
    const char *person = id_token_person(claims, o->config->oidc.person == OIDC_CLAIM_EMAIL, &why);
    if (!person)
        err_set(e, ERR_POLICY, "%s; nobody was logged in", why);
    return person;
}

const char *oidc_redeem(struct oidc *o, struct arena *a, const struct oidc_secrets *s,
                        const char *code, struct cancel *c, struct err *e)
{
    o->users++;
    const char *person = person_of_code(o, a, s, code, c, e);
    oidc_free(o);
    return person;
}
