/* watch.c - a table of wanted URIs with their last known state, a timer, and one fiber that looks.
 *
 * The fiber parks while it reads, and the table may change meanwhile: it goes through a copy of the
 * URIs and finds each one again.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "mcp/listen.h"
#include "mcp/mcp.h"
#include "mcp/resource.h"
#include "mcp/session.h"
#include "mcp/watch_private.h"
#include "net/loop.h"

enum { BUCKETS = 256, TICK_SECONDS = 1, DIGEST = 2 * SHA256_SIZE + 1 };

struct watched {
    struct arena *arena;
    const char *uri;
    int wanted;
    char state[DIGEST]; /* "" before the first look */
    struct watched *next;
};

/* A subscription of one session, in an arena of its own: they come and go. */
struct subscription {
    struct arena *arena;
    const char *uri;
    struct subscription *next;
};

struct watch {
    struct mcp *mcp;
    struct watched *buckets[BUCKETS];
    int count;
    struct loop_timer *timer;
    double next_remote; /* when objects of the gateway are looked at anyway */
    char audit[DIGEST];
    struct cancel cancel;
    bool looking, again, local, remote; /* local, remote: what the next look is about */
};

static struct watched **watched_place(struct watch *w, const char *uri)
{
    struct watched **p = &w->buckets[text_hash(uri, strlen(uri)) % BUCKETS];
    while (*p && strcmp((*p)->uri, uri) != 0)
        p = &(*p)->next;
    return p;
}

/* -- looking ----------------------------------------------------------------------------- */

static void notify_subscribed(const void *arg, struct session *s)
{
    const char *uri = arg;
    for (const struct subscription *one = s->subscriptions; one; one = one->next) {
        if (strcmp(one->uri, uri))
            continue;
        struct arena *a = arena_new();
        cJSON *params = json_object(a);
        json_set_str(a, params, "uri", uri);
        session_notify(s, "notifications/resources/updated", json_print(a, params));
        arena_free(a);
        return;
    }
}

/* The digest of what it is now; false: not known. Parks. */
static bool resource_state_digest(struct watch *w, const struct resource_provider *p,
                                  const char *uri, char out[DIGEST])
{
    struct arena *a = arena_new();
    const char *text = p && p->state ? p->state(w->mcp, a, uri, &w->cancel) : NULL;
    if (text)
        snprintf(out, DIGEST, "%s", crypto_sha256_hex(a, text, strlen(text)));
    arena_free(a);
    return text != NULL;
}

static bool due(const struct watch *w, const struct watched *one)
{
    const struct resource_provider *p = resource_provider_of(w->mcp, one->uri);
    if (!p || !p->state)
        return false;
    return !one->state[0] || (p->remote ? w->remote : w->local);
}

static void look_at_resource(struct watch *w, const char *uri)
{
    char now[DIGEST];
    if (w->cancel.fired || !*watched_place(w, uri) ||
        !resource_state_digest(w, resource_provider_of(w->mcp, uri), uri, now))
        return;
    struct watched *one = *watched_place(w, uri); /* it may have gone meanwhile */
    if (!one || !strcmp(one->state, now))
        return;
    bool known = one->state[0];
    memcpy(one->state, now, DIGEST);
    if (!known)
        return;
    session_each(w->mcp, notify_subscribed, uri);
    listen_updated(w->mcp, uri);
}

static void look_at_all(void *arg)
{
    struct watch *w = arg;
    struct arena *a = arena_new();
    w->looking = true;
    do {
        const char **uris = arena_array(a, const char *, w->count + 1);
        int n = 0;
        w->again = false;
        for (int i = 0; i < BUCKETS; i++)
            for (const struct watched *one = w->buckets[i]; one; one = one->next)
                if (due(w, one))
                    uris[n++] = arena_strdup(a, one->uri);
        w->local = w->remote = false;
        for (int i = 0; i < n; i++)
            look_at_resource(w, uris[i]);
    } while (w->again && !w->cancel.fired);
    w->looking = false;
    arena_free(a);
}

static void look_soon(void *arg)
{
    struct watch *w = arg;
    w->again = true;
    if (!w->looking && !w->cancel.fired)
        fiber_start(look_at_all, w);
}

static void watch_tick(void *arg)
{
    struct watch *w = arg;
    char audit[DIGEST] = "";
    double every = w->mcp->config->watch;
    double now = loop_now(w->mcp->loop);
    if (resource_state_digest(w, &resource_audit, "higress://audit", audit) &&
        strcmp(audit, w->audit) != 0) {
        w->local = w->remote = w->audit[0] != '\0';
        memcpy(w->audit, audit, DIGEST);
    }
    if (every > 0 && now >= w->next_remote) {
        w->next_remote = now + every;
        w->remote = true;
    }
    if (w->local || w->remote)
        look_soon(w);
}

/* -- who wants to hear ------------------------------------------------------------------- */

static struct watch *watch_of(struct mcp *m)
{
    if (!m->watch) {
        m->watch = arena_make(m->arena, struct watch);
        m->watch->mcp = m;
    }
    return m->watch;
}

static void want_resource(struct mcp *m, const char *uri)
{
    struct watch *w = watch_of(m);
    struct watched **p = watched_place(w, uri);
    if (*p) {
        (*p)->wanted++;
        return;
    }
    struct arena *a = arena_new();
    *p = arena_make(a, struct watched);
    **p = (struct watched){ .arena = a, .uri = arena_strdup(a, uri), .wanted = 1 };
    if (w->count++ == 0) {
        w->timer = loop_timer(m->loop, TICK_SECONDS, TICK_SECONDS, watch_tick, w);
        w->next_remote = loop_now(m->loop) + m->config->watch;
        watch_tick(w); /* the audit as it is now */
    }
    loop_soon(m->loop, look_soon, w);
}

bool watch_want(struct owner *o, const char *uri)
{
    share_take(o->mcp, o->name, SHARE_WATCHES);
    if (share_fits(o, SHARE_WATCHES, WATCH_MAX)) {
        want_resource(o->mcp, uri);
        return true;
    }
    share_give(o, SHARE_WATCHES);
    return false;
}

const char *watch_words(const struct owner *o, struct arena *a)
{
    struct owner one_more = *o;
    one_more.held[SHARE_WATCHES]++;
    return share_words(a, &one_more, SHARE_WATCHES, WATCH_MAX);
}

void watch_unwant(struct owner *o, const char *uri)
{
    struct watch *w = o->mcp->watch;
    struct watched **p = w ? watched_place(w, uri) : NULL;
    if (!p || !*p)
        return;
    share_give(o, SHARE_WATCHES);
    if (--(*p)->wanted > 0)
        return;
    struct watched *gone = *p;
    *p = gone->next;
    arena_free(gone->arena);
    if (--w->count > 0)
        return;
    loop_untimer(w->timer);
    w->timer = NULL;
    w->audit[0] = '\0';
}

bool watch_subscribe(struct session *s, const char *uri)
{
    int n = 0;
    for (const struct subscription *one = s->subscriptions; one; one = one->next, n++)
        if (!strcmp(one->uri, uri))
            return true;
    if (n == WATCH_MAX_EACH || !watch_want(s->owner, uri))
        return false;
    struct arena *a = arena_new();
    struct subscription *one = arena_make(a, struct subscription);
    *one = (struct subscription){ a, arena_strdup(a, uri), s->subscriptions };
    s->subscriptions = one;
    return true;
}

static void drop_subscription(struct session *s, struct subscription **p)
{
    struct subscription *gone = *p;
    *p = gone->next;
    watch_unwant(s->owner, gone->uri);
    arena_free(gone->arena);
}

void watch_unsubscribe(struct session *s, const char *uri)
{
    for (struct subscription **p = &s->subscriptions; *p; p = &(*p)->next) {
        if (strcmp((*p)->uri, uri))
            continue;
        drop_subscription(s, p);
        return;
    }
}

void watch_unsubscribe_all(struct session *s)
{
    while (s->subscriptions)
        drop_subscription(s, &s->subscriptions);
}

void watch_stop(struct mcp *m)
{
    if (m->watch)
        cancel_fire(&m->watch->cancel);
}

void watch_free(struct mcp *m)
{
    struct watch *w = m->watch;
    if (!w)
        return;
    loop_untimer(w->timer);
    for (int i = 0; i < BUCKETS; i++)
        while (w->buckets[i]) {
            struct watched *gone = w->buckets[i];
            w->buckets[i] = gone->next;
            arena_free(gone->arena);
        }
}
