/* oauth.c - the keys, and the tokens that were good lately. Each remembered token has an arena of
 * its own; the table is small and replaced in turn. */
#include "auth/oauth.h"
#include "auth/introspect_private.h"
#include "auth/jwt_private.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "net/fetch.h"
#include "net/loop.h"

enum {
    KEYS_SECONDS = 600,
    AGAIN_SECONDS = 60,
    FIRST_AGAIN_SECONDS = 5,
    KEYS_MAX = 1 << 20,
    REMEMBERED = 256
};

struct good {
    struct arena *arena; /* NULL: free */
    uint8_t digest[SHA256_SIZE];
    struct oauth_grant grant;
};

struct oauth {
    struct arena *arena;
    struct loop *loop;
    const struct config *config;
    struct arena *keys_arena;
    const cJSON *keys;        /* NULL: never read */
    struct loop_timer *timer; /* NULL: there are no keys to read */
    struct cancel cancel;
    bool reading, gone;
    struct introspect *introspect; /* NULL: not configured */
    double tried;                  /* loop_now of the last attempt */
    struct good good[REMEMBERED];
    int next;
};

/* -- keys -------------------------------------------------------------------------------- */

static void forget_good(struct good *g)
{
    arena_free(g->arena);
    *g = (struct good){ 0 };
}

static const char *read_key_set(struct oauth *o, struct arena *a, size_t *n, struct err *e)
{
    const char *where = o->config->oauth_jwks;
    if (where[0] == '/')
        return file_read(a, where, KEYS_MAX, n, e);
    const struct fetch_request r = { .to = TO_ISSUER,
                                     .method = "GET",
                                     .url = where,
                                     .timeout = 10,
                                     .max_body = KEYS_MAX,
                                     .cancel = &o->cancel };
    struct fetch_answer answer;
    if (!fetch(o->loop, a, &r, &answer, e))
        return NULL;
    *n = answer.len;
    if (answer.status != 200)
        err_set(e, ERR_NET, "the status was %d", answer.status);
    return answer.status == 200 ? answer.body : NULL;
}

static bool take_keys(struct oauth *o, struct arena *a, struct err *e)
{
    size_t n = 0;
    const char *text = read_key_set(o, a, &n, e);
    const cJSON *keys = text ? json_parse(a, text, n, e) : NULL;
    if (!keys)
        return false;
    if (!cJSON_IsArray(json_get(keys, "keys")))
        return err_set(e, ERR_ARGS, "there is no array \"keys\"");
    arena_free(o->keys_arena);
    o->keys_arena = a;
    o->keys = keys;
    for (int i = 0; i < REMEMBERED; i++)
        forget_good(&o->good[i]);
    return true;
}

static void end_oauth(struct oauth *o)
{
    for (int i = 0; i < REMEMBERED; i++)
        forget_good(&o->good[i]);
    arena_free(o->keys_arena);
    arena_free(o->arena);
}

static void read_keys(void *arg)
{
    struct oauth *o = arg;
    struct err e = { 0 };
    struct arena *a = arena_new();
    if (!take_keys(o, a, &e)) {
        arena_free(a);
        log_event(LOG_ERROR, "oauth", "keys of %s: %s", o->config->oauth_jwks, e.text);
    }
    o->reading = false;
    if (o->gone)
        end_oauth(o);
}

static void refresh(void *arg)
{
    struct oauth *o = arg;
    if (o->reading)
        return;
    o->reading = true;
    o->tried = loop_now(o->loop);
    fiber_start(read_keys, o);
}

/* -- tokens ------------------------------------------------------------------------------ */

static bool has_scope(const cJSON *claims, const char *scope)
{
    const char *words = json_str(claims, "scope");
    size_t n = strlen(scope);
    for (; words && *words; words += strspn(words, " ")) {
        size_t m = strcspn(words, " ");
        if (m == n && !memcmp(words, scope, n))
            return true;
        words += m;
    }
    return json_find_text(json_get(claims, "scp"), scope) != NULL;
}

static struct good *remembered(struct oauth *o, const uint8_t digest[SHA256_SIZE])
{
    for (int i = 0; i < REMEMBERED; i++)
        if (o->good[i].arena && crypto_equal(o->good[i].digest, digest, SHA256_SIZE))
            return &o->good[i];
    return NULL;
}

struct oauth_grant oauth_grant_of(struct arena *a, const struct config *c, const cJSON *claims,
                                  const char *who)
{
    bool change = has_scope(claims, c->oauth_change);
    return (struct oauth_grant){
        .principal = text_clean(a, arena_printf(a, "%s|%s", c->oauth_issuer, who), 512),
        .change = change,
        .read = change || has_scope(claims, c->oauth_read),
        .until = json_get(claims, "exp")->valuedouble + c->oauth_skew,
    };
}

static struct good *remember_good(struct oauth *o, struct arena *a, const cJSON *claims)
{
    struct good *g = &o->good[o->next];
    o->next = (o->next + 1) % REMEMBERED;
    forget_good(g);
    g->arena = a;
    g->grant = oauth_grant_of(a, o->config, claims, json_str(claims, "sub"));
    return g;
}

/* No key fits: they may have changed since they were read. */
static enum oauth_verdict no_key(struct oauth *o, const char **why)
{
    double wait = o->keys ? AGAIN_SECONDS : FIRST_AGAIN_SECONDS;
    bool again = !o->reading && loop_now(o->loop) - o->tried >= wait;
    if (again)
        refresh(o);
    if (!again && !o->reading && o->keys)
        return OAUTH_BAD;
    *why = "the issuer's keys are not known yet; ask again in a second";
    return OAUTH_LATER;
}

static enum oauth_verdict check_new_token(struct oauth *o, const char *token, struct good **g,
                                          const char **why)
{
    const struct jwt_rules rules = { .issuer = o->config->oauth_issuer,
                                     .audience = o->config->oauth_resource,
                                     .now = when_now(),
                                     .skew = o->config->oauth_skew };
    const cJSON *claims = NULL;
    struct arena *a = arena_new();
    enum jwt_verdict v = jwt_check(a, o->keys, &rules, token, &claims, why);
    if (v == JWT_GOOD) {
        *g = remember_good(o, a, claims);
        return OAUTH_GOOD;
    }
    arena_free(a);
    if (v == JWT_OTHER && o->introspect)
        return OAUTH_ASKED;
    return v == JWT_NO_KEY ? no_key(o, why) : OAUTH_BAD;
}

enum oauth_verdict oauth_check(struct oauth *o, const char *token, struct oauth_wait *wait,
                               struct oauth_grant *out, const char **why)
{
    if (!o->timer)
        return introspect_check(o->introspect, token, wait, out, why);
    uint8_t digest[SHA256_SIZE];
    crypto_sha256(token, strlen(token), digest);
    struct good *g = remembered(o, digest);
    if (g && when_now() >= g->grant.until) {
        forget_good(g);
        g = NULL;
    }
    enum oauth_verdict v = g ? OAUTH_GOOD : check_new_token(o, token, &g, why);
    if (v == OAUTH_ASKED)
        return introspect_check(o->introspect, token, wait, out, why);
    if (v != OAUTH_GOOD)
        return v;
    memcpy(g->digest, digest, sizeof digest);
    *out = g->grant;
    return OAUTH_GOOD;
}

/* -- life -------------------------------------------------------------------------------- */

struct oauth *oauth_new(struct loop *l, const struct config *c)
{
    struct arena *a = arena_new();
    struct oauth *o = arena_make(a, struct oauth);
    o->arena = a;
    o->loop = l;
    o->config = c;
    if (c->oauth_introspection)
        o->introspect = introspect_new(l, c);
    if (!c->oauth_jwks)
        return o;
    o->timer = loop_timer(l, KEYS_SECONDS, KEYS_SECONDS, refresh, o);
    refresh(o);
    return o;
}

void oauth_free(struct oauth *o)
{
    if (!o)
        return;
    introspect_free(o->introspect);
    loop_untimer(o->timer);
    o->gone = true;
    if (o->reading)
        cancel_fire(&o->cancel); /* read_keys ends it */
    else
        end_oauth(o);
}
