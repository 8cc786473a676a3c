/* session.c - the table of sessions: find by id, end by age, cancel by request.
 *
 * Ids are hashed into a fixed table; a timer sweeps sessions that nobody used for http.session_ttl
 * and that have neither a request in flight nor an open stream.
 */
#include "mcp/session.h"
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "mcp/ask.h"
#include "mcp/mcp.h"
#include "mcp/watch_private.h"
#include "net/loop.h"

enum { BUCKETS = 4096, TRIM_FROM = 256, FORGOTTEN_SECONDS = 60 };

/* Seconds between two looks for idle sessions; a session may outlive its time by as much. */
static double idle_check_seconds(const struct mcp *m)
{
    double ttl = m->config->session_ttl;
    return ttl > 120 ? 60 : ttl / 2;
}

struct session_table {
    struct mcp *mcp;
    struct loop_timer *idle_timer;
    int count;
    unsigned long serials;
    struct session **buckets; /* of the table, made for the first that has an id; NULL: none has */
    struct session *alone;    /* without an id */
};

static struct session *first_in_bucket(const struct session_table *t, size_t i)
{
    return t->buckets ? t->buckets[i] : NULL;
}

static size_t session_bucket(const char *id)
{
    return text_hash(id, strlen(id)) % BUCKETS;
}

static bool idle(const struct session *s)
{
    return !s->requests && !(s->standalone && s->standalone->open);
}

static void end_idle(void *arg)
{
    struct session_table *t = arg;
    double oldest = loop_now(t->mcp->loop) - t->mcp->config->session_ttl;
    int ended = 0;
    for (int i = 0; i < BUCKETS; i++) {
        struct session *next = NULL;
        for (struct session *s = first_in_bucket(t, (size_t)i); s; s = next) {
            next = s->next;
            if (s->last_used >= oldest || !idle(s))
                continue;
            session_end(s);
            ended++;
        }
    }
    if (ended >= TRIM_FROM)
        arena_trim();
}

/* -- room for one more -------------------------------------------------------------------- */

enum { STAYS, LAST, GREEDY, FORGOTTEN }; /* may it go: the highest first */

/* An owner within its share takes from those that have more than theirs; one beyond it only gets
 * back what it has forgotten itself. */
static int may_go(const struct session *s, const struct owner *asks, bool fits)
{
    double limit = s->mcp->config->sessions;
    bool greedy = fits && s->owner != asks && !share_fits(s->owner, SHARE_SESSIONS, limit);
    bool forgotten = s->last_used < loop_now(s->mcp->loop) - FORGOTTEN_SECONDS;
    if (idle(s) && forgotten && (fits || s->owner == asks))
        return FORGOTTEN;
    if (greedy && idle(s))
        return GREEDY;
    return greedy && !s->requests ? LAST : STAYS;
}

/* When all places are taken, whoever opens the most must not keep the others out. */
static bool make_session_room(struct session_table *t, const struct owner *asks)
{
    struct session *found = NULL;
    int best = STAYS;
    bool fits = share_fits(asks, SHARE_SESSIONS, t->mcp->config->sessions);
    for (int i = 0; i < BUCKETS; i++)
        for (struct session *s = first_in_bucket(t, (size_t)i); s; s = s->next) {
            int rank = may_go(s, asks, fits);
            if (rank < best || rank == STAYS || (rank == best && s->last_used >= found->last_used))
                continue;
            found = s;
            best = rank;
        }
    if (found)
        session_end(found);
    return found;
}

struct session_table *session_table_new(struct mcp *m)
{
    struct session_table *t = arena_make(m->arena, struct session_table);
    t->mcp = m;
    return t;
}

void session_table_free(struct session_table *t)
{
    for (size_t i = 0; t->buckets && i < BUCKETS; i++)
        while (t->buckets[i])
            session_end(t->buckets[i]);
    loop_untimer(t->idle_timer);
    t->idle_timer = NULL;
}

int session_count(const struct session_table *t)
{
    return t->count;
}

static struct session *session_new(struct mcp *m, const char *principal, struct owner *owner)
{
    struct arena *a = arena_new_small();
    struct session *s = arena_make(a, struct session);
    s->mcp = m;
    s->owner = owner;
    s->arena = a;
    s->principal = arena_strdup(a, principal);
    s->asks_by = CHANNEL_FORM_HTTP; /* the weakest, unless its transport says more */
    s->level = LEVEL_NONE;
    s->last_used = loop_now(m->loop);
    s->serial = ++m->sessions->serials;
    return s;
}

static void link_session(struct session **head, struct session *s)
{
    s->next = *head;
    *head = s;
}

struct session *session_alone(struct mcp *m, const char *principal)
{
    struct session *s = session_new(m, principal, share_take(m, principal, SHARE_NOTHING));
    link_session(&m->sessions->alone, s);
    return s;
}

struct session *session_open(struct mcp *m, const char *principal, const char *owner, struct err *e)
{
    struct session_table *t = m->sessions;
    struct owner *o = share_take(m, owner, SHARE_SESSIONS);
    if (t->count >= m->config->sessions && !make_session_room(t, o)) {
        struct arena *a = arena_new();
        err_set(e, ERR_POLICY,
                "Too many sessions are open: %s. End some with DELETE, or try again in a minute",
                share_words(a, o, SHARE_SESSIONS, m->config->sessions));
        arena_free(a);
        share_give(o, SHARE_SESSIONS);
        return NULL;
    }
    if (!t->idle_timer)
        t->idle_timer =
            loop_timer(m->loop, idle_check_seconds(m), idle_check_seconds(m), end_idle, t);
    struct session *s = session_new(m, principal, o);
    s->id = crypto_token(s->arena, SESSION_ID_BYTES);
    if (!t->buckets)
        t->buckets = arena_array(m->arena, struct session *, BUCKETS);
    link_session(&t->buckets[session_bucket(s->id)], s);
    t->count++;
    log_event(LOG_DEBUG, "session", "%s opened one of %d", principal, t->count);
    return s;
}

struct session *session_find(struct mcp *m, const char *id, const char *principal)
{
    for (struct session *s = first_in_bucket(m->sessions, session_bucket(id)); s; s = s->next) {
        if (strcmp(s->id, id) || strcmp(s->principal, principal))
            continue;
        s->last_used = loop_now(m->loop);
        return s;
    }
    return NULL;
}

static void unlink_session(struct session *s)
{
    struct session_table *t = s->mcp->sessions;
    struct session **head = s->id ? &t->buckets[session_bucket(s->id)] : &t->alone;
    for (struct session **p = head; *p; p = &(*p)->next) {
        if (*p != s)
            continue;
        *p = s->next;
        t->count -= s->id != NULL;
        return;
    }
}

void session_end(struct session *s)
{
    unlink_session(s);
    log_event(LOG_DEBUG, "session", "one of %s ends", s->principal);
    watch_unsubscribe_all(s);
    if (s->standalone)
        s->standalone->close(s->standalone);
    while (s->asks)
        ask_abandon(s->asks);
    while (s->requests) {
        struct request *r = s->requests;
        session_leave(r);
        r->client = NULL; /* ends with the session's arena */
        r->gone = true;
        cancel_fire(&r->cancel);
    }
    share_give(s->owner, s->id ? SHARE_SESSIONS : SHARE_NOTHING);
    arena_free(s->arena);
}

struct request *session_request(struct session *s, struct arena *a, const struct rpc *rpc,
                                struct reply_to *to)
{
    struct request *r = request_new(s->mcp, a, to, s->owner->name);
    r->rpc = *rpc;
    r->principal = arena_strdup(a, s->principal);
    r->asks_by = s->asks_by;
    r->era = s->era;
    r->client = s->client;
    session_enter(s, r);
    return r;
}

void session_enter(struct session *s, struct request *r)
{
    r->session = s;
    r->next = s->requests;
    s->requests = r;
    s->last_used = loop_now(s->mcp->loop);
}

void session_leave(struct request *r)
{
    if (!r->session)
        return;
    for (struct request **p = &r->session->requests; *p; p = &(*p)->next) {
        if (*p != r)
            continue;
        *p = r->next;
        break;
    }
    r->session->last_used = loop_now(r->mcp->loop);
    r->session = NULL;
}

void session_cancel(struct session *s, const char *id)
{
    for (struct request *r = s->requests; r; r = r->next) {
        if (!r->rpc.id || !rpc_same_id(r->rpc.id, id))
            continue;
        r->gone = true;
        cancel_fire(&r->cancel);
        return;
    }
}

enum level session_level(const struct session *s)
{
    return s->level;
}

void session_set_standalone(struct session *s, struct standalone *now)
{
    struct standalone *old = s->standalone;
    s->standalone = now;
    if (old)
        old->close(old);
}

bool session_notify(struct session *s, const char *method, const char *params)
{
    if (!s->standalone)
        return false;
    struct arena *a = arena_new();
    const char *json = rpc_notification(a, method, params);
    bool sent = s->standalone->send(s->standalone, json, strlen(json));
    arena_free(a);
    return sent;
}

static void each_in_bucket(struct session *s, void (*fn)(const void *arg, struct session *s),
                           const void *arg)
{
    for (; s; s = s->next)
        if (s->era)
            fn(arg, s);
}

void session_each(struct mcp *m, void (*fn)(const void *arg, struct session *s), const void *arg)
{
    for (size_t i = 0; m->sessions->buckets && i < BUCKETS; i++)
        each_in_bucket(m->sessions->buckets[i], fn, arg);
    each_in_bucket(m->sessions->alone, fn, arg);
}
