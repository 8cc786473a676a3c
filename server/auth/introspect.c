/* introspect.c - one question to the issuer a token, on a fiber of its own, and what is known of
 * the tokens that were asked about lately. A new rule for answers belongs into introspect_judge. */
#include "auth/introspect_private.h"
#include "auth/jwt_private.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "net/fetch.h"
#include "net/loop.h"

enum {
    ASK_SECONDS = 5,
    BAD_SECONDS = 10,
    AGAIN_SECONDS = 1,
    LOG_SECONDS = 1,
    ASKING_MAX = 16, /* of the FETCH_MAX transfers, which the console needs too */
    ANSWER_MAX = 64 << 10,
    TOKEN_MAX = 8192,
    KNOWN = 256
};
static const char unknown[] =
    "the issuer could not be asked about the token; ask again in a second";

struct known {
    struct arena *arena; /* of the principal; NULL: none */
    uint8_t digest[SHA256_SIZE];
    double until; /* loop_now; 0: free */
    enum oauth_verdict verdict;
    struct oauth_grant grant;
    const char *why;
};

struct table {
    struct known rows[KNOWN];
    int next;
};

struct question {
    struct introspect *owner; /* NULL: it has ended */
    struct arena *arena;
    struct question *next;
    struct oauth_wait *waiting;
    struct cancel cancel;
    const char *token;
    uint8_t digest[SHA256_SIZE];
};

struct introspect {
    struct arena *arena;
    struct loop *loop;
    const struct config *config;
    struct question *asking;
    struct table good, bad; /* bad: also what could not be found out */
    double logged;          /* loop_now */
};

/* -- what the issuer says ---------------------------------------------------------------- */

static const char *owner_of(struct arena *a, const cJSON *answer)
{
    const char *sub = json_str(answer, "sub"), *user = json_str(answer, "username");
    const char *client = json_str(answer, "client_id");
    if (sub || user)
        return sub ? sub : arena_printf(a, "username=%s", user);
    return client ? arena_printf(a, "client_id=%s", client) : NULL;
}

/* NULL: all is well. */
static const char *why_not_active(const cJSON *answer, const struct jwt_rules *rules)
{
    const char *type = json_str(answer, "token_type"), *issuer = json_str(answer, "iss");
    if (!cJSON_IsTrue(json_get(answer, "active")))
        return "the issuer says that the token is not active";
    if (json_get(answer, "token_type") && !(type && text_equal_nocase(type, "Bearer")))
        return "the token is not a bearer token";
    if (json_get(answer, "iss") && !(issuer && !strcmp(issuer, rules->issuer)))
        return "the token is of another issuer";
    return jwt_wrong_claim(answer, rules);
}

enum oauth_verdict introspect_judge(struct arena *a, const cJSON *answer,
                                    const struct jwt_rules *rules, const char **who,
                                    const char **why)
{
    *why = unknown;
    if (!cJSON_IsBool(json_get(answer, "active")))
        return OAUTH_LATER;
    *who = owner_of(a, answer);
    *why = why_not_active(answer, rules);
    if (!*why && !*who)
        *why = "the token has neither sub nor username nor client_id";
    return *why ? OAUTH_BAD : OAUTH_GOOD;
}

/* NULL: e says why; the answer is not quoted, for it may hold what it was asked about. */
static const cJSON *ask_issuer(struct question *q, const struct config *c, struct loop *l,
                               struct err *e)
{
    struct arena *a = q->arena;
    const char *body =
        arena_printf(a, "token=%s&token_type_hint=access_token", text_percent(a, q->token));
    const struct fetch_header headers[] = { { "Content-Type", "application/x-www-form-urlencoded" },
                                            { "Accept", "application/json" },
                                            { 0 } };
    const struct fetch_request r = { .to = TO_ISSUER,
                                     .method = "POST",
                                     .url = c->oauth_introspection,
                                     .headers = headers,
                                     .body = body,
                                     .body_len = strlen(body),
                                     .timeout = ASK_SECONDS,
                                     .max_body = ANSWER_MAX,
                                     .user_pwd_user = text_percent(a, c->oauth_client),
                                     .user_pwd_password = text_percent(a, c->oauth_secret),
                                     .cancel = &q->cancel };
    struct fetch_answer answer;
    struct err quoting = { 0 };
    if (!fetch(l, a, &r, &answer, e))
        return NULL;
    if (answer.status != 200) {
        err_set(e, ERR_NET, "the status was %d", answer.status);
        return NULL;
    }
    const cJSON *o = json_parse(a, answer.body, answer.len, &quoting);
    if (!cJSON_IsBool(json_get(o, "active"))) {
        err_set(e, ERR_NET, "the answer is not an object with a boolean \"active\"");
        return NULL;
    }
    return o;
}

/* -- what is known ----------------------------------------------------------------------- */

static struct known *find_known_token(struct table *t, const uint8_t digest[SHA256_SIZE],
                                      double now)
{
    for (int i = 0; i < KNOWN; i++)
        if (now < t->rows[i].until && crypto_equal(t->rows[i].digest, digest, SHA256_SIZE))
            return &t->rows[i];
    return NULL;
}

static void forget_known_tokens(struct table *t)
{
    for (int i = 0; i < KNOWN; i++)
        arena_free(t->rows[i].arena);
}

/* Seconds for which k may be believed. */
static double lasts(const struct config *c, const struct known *k)
{
    double most = k->verdict == OAUTH_LATER ? AGAIN_SECONDS : BAD_SECONDS;
    if (k->verdict == OAUTH_GOOD)
        most = k->grant.until - when_now();
    return k->verdict == OAUTH_LATER || most < c->oauth_cache ? most : c->oauth_cache;
}

static void remember_verdict(struct introspect *i, const struct question *q, struct known *k)
{
    struct table *t = k->verdict == OAUTH_GOOD ? &i->good : &i->bad;
    struct known *row = &t->rows[t->next];
    t->next = (t->next + 1) % KNOWN;
    arena_free(row->arena);
    memcpy(k->digest, q->digest, sizeof k->digest);
    k->until = loop_now(i->loop) + lasts(i->config, k);
    *row = *k;
}

/* -- questions --------------------------------------------------------------------------- */

static void tell_waiting(struct question *q, const struct known *k)
{
    while (q->waiting) {
        struct oauth_wait *w = q->waiting;
        oauth_leave(w);
        w->verdict = k->verdict;
        w->grant = k->grant;
        w->why = k->why;
        w->told(w);
    }
}

static void unlink_question(struct question *q)
{
    struct question **at = &q->owner->asking;
    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    q->owner = NULL;
}

static struct known learn(struct introspect *i, const struct question *q, const cJSON *answer)
{
    const struct config *c = i->config;
    const struct jwt_rules rules = { .issuer = c->oauth_issuer,
                                     .audience = c->oauth_resource,
                                     .now = when_now(),
                                     .skew = c->oauth_skew };
    struct known k = { .verdict = OAUTH_LATER, .why = unknown };
    const char *who = NULL;
    if (answer)
        k.verdict = introspect_judge(q->arena, answer, &rules, &who, &k.why);
    if (k.verdict == OAUTH_GOOD) {
        k.arena = arena_new();
        k.grant = oauth_grant_of(k.arena, c, answer, who);
    }
    return k;
}

static void complain(struct introspect *i, const struct err *e)
{
    double now = loop_now(i->loop);
    if (i->logged > 0 && now - i->logged < LOG_SECONDS)
        return;
    i->logged = now;
    log_event(LOG_ERROR, "oauth", "introspection at %s: %s", i->config->oauth_introspection,
              e->text);
}

static void run_question(void *arg)
{
    struct question *q = arg;
    struct introspect *i = q->owner;
    struct err e = { 0 };
    const cJSON *answer = ask_issuer(q, i->config, i->loop, &e);
    if (q->owner) {
        struct known k = learn(i, q, answer);
        if (!answer)
            complain(i, &e);
        remember_verdict(i, q, &k);
        unlink_question(q);
        tell_waiting(q, &k);
    }
    arena_free(q->arena);
}

static void wait_for_question(struct question *q, struct oauth_wait *w)
{
    w->next = q->waiting;
    w->at = &q->waiting;
    if (w->next)
        w->next->at = &w->next;
    q->waiting = w;
}

/* NULL: too many are under way. */
static struct question *open_question(struct introspect *i, const char *token,
                                      const uint8_t digest[SHA256_SIZE], bool *is_new)
{
    int count = 0;
    for (struct question *q = i->asking; q; q = q->next, count++)
        if (crypto_equal(q->digest, digest, SHA256_SIZE))
            return q;
    if (count == ASKING_MAX)
        return NULL;
    struct arena *a = arena_new();
    struct question *q = arena_make(a, struct question);
    *q = (struct question){
        .owner = i, .arena = a, .next = i->asking, .token = arena_strdup(a, token)
    };
    memcpy(q->digest, digest, SHA256_SIZE);
    i->asking = q;
    *is_new = true;
    return q;
}

/* RFC 6750 §2.1: b64token. */
static bool is_bearer_token(const char *token)
{
    size_t n =
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
    return n && n <= TOKEN_MAX && !token[n + strspn(token + n, "=")];
}

enum oauth_verdict introspect_check(struct introspect *i, const char *token,
                                    struct oauth_wait *wait, struct oauth_grant *out,
                                    const char **why)
{
    uint8_t digest[SHA256_SIZE];
    *why = "the token is not one that could be asked about";
    if (!is_bearer_token(token))
        return OAUTH_BAD;
    crypto_sha256(token, strlen(token), digest);
    double now = loop_now(i->loop);
    const struct known *k = find_known_token(&i->good, digest, now);
    k = k && when_now() < k->grant.until ? k : find_known_token(&i->bad, digest, now);
    if (k) {
        *out = k->grant;
        *why = k->why;
        return k->verdict;
    }
    bool is_new = false;
    struct question *q = open_question(i, token, digest, &is_new);
    *why = "too many tokens are being asked about; ask again in a second";
    if (!q)
        return OAUTH_LATER;
    wait_for_question(q, wait);
    if (is_new)
        fiber_start(run_question, q);
    return OAUTH_ASKED;
}

void oauth_leave(struct oauth_wait *w)
{
    if (!w->at)
        return;
    *w->at = w->next;
    if (w->next)
        w->next->at = w->at;
    w->at = NULL;
}

/* -- life -------------------------------------------------------------------------------- */

struct introspect *introspect_new(struct loop *l, const struct config *c)
{
    struct arena *a = arena_new();
    struct introspect *i = arena_make(a, struct introspect);
    i->arena = a;
    i->loop = l;
    i->config = c;
    return i;
}

void introspect_free(struct introspect *i)
{
    if (!i)
        return;
    const struct known later = { .verdict = OAUTH_LATER, .why = unknown };
    while (i->asking) {
        struct question *q = i->asking;
        unlink_question(q);
        tell_waiting(q, &later);
        cancel_fire(&q->cancel); /* run_question() frees it */
    }
    forget_known_tokens(&i->good);
    forget_known_tokens(&i->bad);
    arena_free(i->arena);
}
