/* source.c - a table of sources, SETS sets of WAYS places each: a new source takes the place of the
 * one in its set that was seen least lately. Nothing grows with what clients send. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "mcp/mcp.h"
#include "net/listen.h"
#include "net/loop.h"
#include "store/store.h"
#include "web/source_private.h"
#include <math.h>

enum {
    SETS = 128,
    WAYS = 8,
    RIGHT_MAX = 8,     /* tokens remembered of a source */
    RIGHT_KEEP = 3600, /* seconds */
    TOKEN_BYTES = 16,  /* of a token's digest */
    SAY_EVERY = 60,    /* seconds between two lines of one source */
    LINES_MAX = 60,    /* of all sources in a minute; the rest is one line */
};

struct right {
    unsigned char token[TOKEN_BYTES];
    double until;
};

struct source {
    char name[LISTEN_SOURCE]; /* "" : free */
    double seen;
    double wrong, wrong_at; /* how many, as of then: they are forgotten with time */
    double until;           /* tokens are not judged before */
    double said_at;         /* the last audit line; 0: none */
    int unsaid;             /* wrong ones since */
    const char *door;
    struct right right[RIGHT_MAX];
};

struct sources {
    struct mcp *mcp;
    struct arena *arena;
    struct source table[SETS][WAYS];
    double minute; /* when the current one began */
    int lines;     /* written in it */
    int others;    /* wrong ones that got no line in it */
    int unsaid;    /* sources that have something to say */
    struct {
        double minute;
        int lines, others; /* written in it; without a line since the last one */
    } refused;
};

struct sources *sources_new(struct mcp *m)
{
    struct arena *a = arena_new();
    struct sources *s = arena_make(a, struct sources);
    s->arena = a;
    s->mcp = m;
    return s;
}

/* -- which source ------------------------------------------------------------------------ */

static struct source *set_of(struct sources *s, const char *name)
{
    return s->table[text_hash(name, strlen(name)) % SETS];
}

/* NULL: nothing is known of it. */
static struct source *find_source(struct sources *s, const char *peer)
{
    char name[LISTEN_SOURCE];
    listen_source(peer, name);
    struct source *set = set_of(s, name);
    for (int i = 0; i < WAYS; i++)
        if (!strcmp(set[i].name, name))
            return &set[i];
    return NULL;
}

static struct source *take_source(struct sources *s, const char *peer)
{
    struct source *found = find_source(s, peer);
    if (!found) {
        char name[LISTEN_SOURCE];
        listen_source(peer, name);
        struct source *set = found = set_of(s, name);
        for (int i = 1; i < WAYS; i++)
            if (set[i].seen < found->seen)
                found = &set[i];
        s->others += found->unsaid;
        s->unsaid -= found->unsaid > 0;
        *found = (struct source){ .door = "mcp" };
        memcpy(found->name, name, sizeof name);
    }
    found->seen = loop_now(s->mcp->loop);
    return found;
}

/* -- the audit --------------------------------------------------------------------------- */

static void audit_wrong_tokens(struct sources *s, const char *who, const char *door, int count)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    cJSON *detail = json_object(a);
    json_set_num(a, detail, "count", count);
    log_event(LOG_WARN, "token", "%d wrong tokens for /%s from %s", count, door, who);
    struct store *store =
        s->mcp->service->gateway ? engine_store(service_engine(s->mcp->service), &e) : NULL;
    if (store && !store_audit(store, "wrong_token", NULL, who, door, detail, &e))
        store = NULL;
    if (!store && s->mcp->service->gateway)
        log_event(LOG_ERROR, "token", "the audit could not be written: %s", e.text);
    arena_free(a);
}

/* False: the minute is full, and it was added to the others. */
static bool report_source(struct sources *s, struct source *one)
{
    double now = loop_now(s->mcp->loop);
    int count = one->unsaid;
    one->unsaid = 0;
    one->said_at = now;
    s->unsaid--;
    if (s->lines == LINES_MAX) {
        s->others += count;
        return false;
    }
    s->lines++;
    audit_wrong_tokens(s, one->name, one->door, count);
    return true;
}

static void next_minute(struct sources *s, double now)
{
    if (now - s->minute < SAY_EVERY)
        return;
    s->minute = now;
    s->lines = 0;
    if (s->others)
        audit_wrong_tokens(s, "other sources", "mcp", s->others);
    s->others = 0;
}

static void say_all(struct sources *s, double before)
{
    for (int i = 0; s->unsaid && i < SETS * WAYS; i++) {
        struct source *one = &s->table[i / WAYS][i % WAYS];
        if (one->unsaid && one->said_at <= before)
            report_source(s, one);
    }
}

void sources_tick(struct sources *s)
{
    double now = loop_now(s->mcp->loop);
    next_minute(s, now);
    say_all(s, now - SAY_EVERY);
}

void sources_free(struct sources *s)
{
    say_all(s, HUGE_VAL);
    if (s->others)
        audit_wrong_tokens(s, "other sources", "mcp", s->others);
    arena_free(s->arena);
}

/* -- refusals ---------------------------------------------------------------------------- */

static bool has_line_left(struct sources *s)
{
    double now = loop_now(s->mcp->loop);
    if (now - s->refused.minute >= SAY_EVERY) {
        s->refused.minute = now;
        s->refused.lines = 0;
    }
    return s->refused.lines++ < LINES_MAX;
}

void source_refused(struct sources *s, const char *what, const char *id, const char *who,
                    const char *channel, const char *why)
{
    struct err e = { 0 };
    if (!has_line_left(s)) {
        s->refused.others++;
        return;
    }
    struct arena *a = arena_new();
    cJSON *detail = json_object(a);
    json_set_str(a, detail, "asked", what);
    json_set_str(a, detail, "why", why);
    if (s->refused.others)
        json_set_num(a, detail, "others", s->refused.others);
    struct store *store = engine_store(service_engine(s->mcp->service), &e);
    if (store && store_audit(store, "refused", id, who, channel, detail, &e))
        s->refused.others = 0;
    else
        log_event(LOG_ERROR, "refused", "the audit could not be written: %s", e.text);
    arena_free(a);
}

/* -- judging ----------------------------------------------------------------------------- */

static void digest_token(const char *token, unsigned char out[TOKEN_BYTES])
{
    uint8_t whole[SHA256_SIZE];
    crypto_sha256(token, strlen(token), whole);
    memcpy(out, whole, TOKEN_BYTES);
}

/* The place of that token, else the one that ends first; *known: it was right lately. */
static struct right *right_of(struct source *one, const unsigned char token[TOKEN_BYTES],
                              double now, bool *known)
{
    struct right *place = one->right;
    *known = false;
    for (struct right *r = one->right; r < one->right + RIGHT_MAX; r++) {
        *known = r->until > now && crypto_equal(r->token, token, TOKEN_BYTES);
        if (*known)
            return r;
        place = r->until < place->until ? r : place;
    }
    return place;
}

double source_wait(struct sources *s, const char *peer, const char *token)
{
    double now = loop_now(s->mcp->loop);
    struct source *one = find_source(s, peer);
    if (!one || one->until <= now)
        return 0;
    unsigned char key[TOKEN_BYTES];
    bool known = false;
    digest_token(token, key);
    right_of(one, key, now, &known);
    if (known)
        return 0;
    s->unsaid += one->unsaid++ == 0;
    return one->until - now;
}

void source_right(struct sources *s, const char *peer, const char *token)
{
    struct source *one = take_source(s, peer);
    unsigned char key[TOKEN_BYTES];
    bool known = false;
    digest_token(token, key);
    struct right *r = right_of(one, key, one->seen, &known);
    memcpy(r->token, key, TOKEN_BYTES);
    r->until = one->seen + RIGHT_KEEP;
}

void source_wrong(struct sources *s, const char *peer, const char *door, bool by_issuer)
{
    struct source *one = take_source(s, peer);
    double now = one->seen;
    double left = one->wrong - (now - one->wrong_at) / SOURCE_FORGET;
    one->wrong = (left > 0 ? left : 0) + (by_issuer ? 0.125 : 1);
    one->wrong_at = now;
    one->door = door;
    if (one->wrong > SOURCE_FREE) {
        double wait = exp2(floor(one->wrong - SOURCE_FREE));
        one->until = now + (wait < SOURCE_WAIT_MOST ? wait : SOURCE_WAIT_MOST);
    }
    s->unsaid += one->unsaid++ == 0;
    next_minute(s, now);
    if (!one->said_at || now - one->said_at >= SAY_EVERY)
        report_source(s, one);
}
