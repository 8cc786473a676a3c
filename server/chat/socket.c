/* socket.c - a line: one fiber that opens connections one after the other and reads them. A
 * connection that leaves gets a fiber of its own, which reads it until it has ended. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "chat/socket_private.h"
#include "net/loop.h"

static const double FIRST_WAIT = 1., MOST_WAIT = 60., REFUSED_WAIT = 300., PATIENCE_MOST = 600.;
static const double OPEN_SECONDS = 15., CLOSE_SECONDS = 2.;
static const double LEAVING_SECONDS = 30.; /* for which a connection that leaves is read */
static const double STEADY_SECONDS = 60.;  /* one that stood so long was no failure */
enum { LEAVING_MOST = 4 };

struct chat_line {
    struct chat_account *account;
    struct cancel stop; /* of the pauses, and of opening */
    struct chat_link *link;
    struct chat_link *leaving[LEAVING_MOST];
    int failures;         /* one after the other */
    double up;            /* since when the platform has let us in; 0: it has not */
    void *kept;           /* the row's */
    double spread, every; /* patience that the platform asks for; 0: ours */
    bool stopped;
};

static const struct chat_socket *socket_of(const struct chat_link *k)
{
    return k->account->platform->socket;
}

/* -- for rows ------------------------------------------------------------------------------------
 */

void *link_kept(struct chat_link *k, size_t size)
{
    if (!k->line->kept)
        k->line->kept = arena_alloc(k->account->arena, size);
    return k->line->kept;
}

void link_is_up(struct chat_link *k)
{
    k->line->up = loop_now(k->account->loop);
    chat_back(k->account);
}

bool link_send(struct chat_link *k, struct arena *a, const cJSON *frame, struct err *e)
{
    const char *text = json_print(a, frame);
    /* Others that write are woken when the connection is freed. */
    struct cancel *stop = fiber_self() == k->reader ? &k->stop : NULL;
    return ws_write(k->ws, WS_TEXT, text, strlen(text), stop, e);
}

static void log_not_read(struct chat_link *k, const char *why)
{
    struct arena *a = arena_new();
    log_event(LOG_WARN, "chat", "%s/%s: a frame of %s was passed over: %s",
              k->account->config->platform, k->account->config->name, socket_of(k)->title,
              text_clean(a, why, 200));
    arena_free(a);
}

void link_hear(struct chat_link *k, bool read, const struct chat_taken *taken, const struct err *e)
{
    if (read)
        chat_hear(k->account, taken->events, taken->n);
    else
        log_not_read(k, e->text);
}

bool link_ping(struct chat_link *k, struct arena *a, struct err *e)
{
    (void)a;
    return ws_ping(k->ws, e);
}

static double at_most(double seconds, double most)
{
    return seconds > 0 ? (seconds < most ? seconds : most) : 0;
}

void link_ask_patience(struct chat_link *k, double spread, double every)
{
    k->line->spread = at_most(spread, PATIENCE_MOST);
    k->line->every = at_most(every, PATIENCE_MOST);
}

bool link_may_connect(const struct chat_account *c, const char *url)
{
    bool plain = c->config->url && text_starts(c->config->url, "http://");
    return text_starts(url, "wss://") || (plain && text_starts(url, "ws://"));
}

const cJSON *link_parse(struct chat_link *k, struct arena *a, const char *text, size_t n)
{
    struct err e = { 0 };
    const cJSON *tree = json_members(json_parse(a, text, n, &e));
    if (!tree)
        log_not_read(k, e.kind ? e.text : "it is no JSON object");
    return tree;
}

/* -- one connection ------------------------------------------------------------------------------
 */

static struct chat_link *new_link(struct chat_line *l, struct arena *a)
{
    const struct chat_socket *s = l->account->platform->socket;
    struct chat_link *k = arena_make(a, struct chat_link);
    *k = (struct chat_link){ .account = l->account,
                             .line = l,
                             .reader = fiber_self(),
                             .beat = s->beat,
                             .silence = s->silence };
    return k;
}

static bool open_link(struct chat_link *k, struct arena *a, struct err *e)
{
    const struct chat_socket *s = socket_of(k);
    const char *url = s->find(k, a, e);
    if (!url)
        return false;
    if (!link_may_connect(k->account, url))
        return err_set(e, ERR_POLICY, "%s named an address that is not wss:// to connect to",
                       k->account->platform->title);
    const struct ws_options o = {
        .request = { .url = url,
                     .timeout = OPEN_SECONDS,
                     .cancel = &k->line->stop,
                     .ca_file = k->account->config->ca_file,
                     .proxy = k->account->config->proxy },
        .max_message = s->max_message,
    };
    k->ws = ws_open(k->account->loop, a, &o, NULL, e);
    return k->ws && (!s->greet || s->greet(k, a, e));
}

/* When the next thing is due: a beat, or the end of patience. */
static double seconds_left(struct chat_link *k, double beaten, double now)
{
    const struct ws_state *s = ws_state(k->ws);
    double beat = beaten + k->beat - now, dead = s->heard + k->silence - now;
    double left = beat < dead ? beat : dead;
    return left > 0.001 ? left : 0.001;
}

static bool link_is_silent(struct chat_link *k, double now, struct err *e)
{
    double since = now - ws_state(k->ws)->heard;
    if (since < k->silence)
        return false;
    err_set(e, ERR_NET, "%s was silent for %.0f s", socket_of(k)->title, since);
    return true;
}

static void say_closed(struct chat_link *k, struct err *e)
{
    const struct ws_state *s = ws_state(k->ws);
    err_set(e, ERR_NET, "%s closed the connection with %d%s%s", socket_of(k)->title, s->close_code,
            *s->close_reason ? ": " : "", s->close_reason);
}

/* What one wait brought. False: the connection has ended, and e says why. */
static bool take_message(struct chat_link *k, double left, struct err *e)
{
    struct arena *a = arena_new();
    struct ws_message m;
    bool ok = true;
    switch (ws_read(k->ws, a, left, &k->stop, &m, e)) {
    case WS_MESSAGE:
        ok = socket_of(k)->take(k, a, &m, e);
        break;
    case WS_QUIET:
        break;
    case WS_CLOSED:
        say_closed(k, e);
        ok = false;
        break;
    case WS_FAILED:
        ok = false;
        break;
    }
    arena_free(a);
    return ok;
}

static bool beat_once(struct chat_link *k, struct err *e)
{
    struct arena *a = arena_new();
    bool ok = socket_of(k)->beats(k, a, e);
    arena_free(a);
    return ok;
}

/* Until it ends, the fate changes, or `until` (0: no such time). */
static void serve_link(struct chat_link *k, double until, struct err *e)
{
    enum chat_fate fate = k->fate;
    double now = loop_now(k->account->loop), beaten = now;
    while (k->fate == fate && (until <= 0 || now < until)) {
        double left = seconds_left(k, beaten, now);
        if (until > 0 && until - now < left)
            left = until - now;
        if (!take_message(k, left, e))
            return;
        now = loop_now(k->account->loop);
        if (link_is_silent(k, now, e))
            return;
        if (now < beaten + k->beat)
            continue;
        beaten = now;
        if (!beat_once(k, e))
            return;
    }
}

static void end_link(struct chat_link *k)
{
    if (k->ws && !ws_state(k->ws)->ended)
        ws_close(k->ws, 1000, NULL, CLOSE_SECONDS);
    if (socket_of(k)->ended)
        socket_of(k)->ended(k);
    ws_free(k->ws);
    k->ws = NULL;
}

/* -- one that leaves -----------------------------------------------------------------------------
 */

struct leaver {
    struct arena *arena;
    struct chat_link *link;
    int place;
};

static void read_leaving(void *arg)
{
    struct leaver *x = arg;
    struct chat_line *l = x->link->line;
    struct err e = { 0 };
    x->link->reader = fiber_self();
    serve_link(x->link, loop_now(l->account->loop) + LEAVING_SECONDS, &e);
    end_link(x->link);
    l->leaving[x->place] = NULL;
    arena_free(x->arena);
}

/* False: too many leave already. */
static bool let_leave(struct chat_line *l, struct chat_link *k, struct arena *a)
{
    int place = 0;
    while (place < LEAVING_MOST && l->leaving[place])
        place++;
    if (place == LEAVING_MOST)
        return false;
    struct leaver *x = arena_make(a, struct leaver);
    *x = (struct leaver){ .arena = a, .link = k, .place = place };
    l->leaving[place] = k;
    fiber_start(read_leaving, x);
    return true;
}

/* -- the line ------------------------------------------------------------------------------------
 */

/* From half to all of it, so that many do not come back at the same moment. */
static double jittered(double seconds)
{
    unsigned char byte;
    crypto_random(&byte, 1);
    return seconds * (0.5 + byte / 510.);
}

static double pause_before_next(const struct chat_line *l, enum chat_fate fate)
{
    if (fate == LINK_REFUSED)
        return jittered(REFUSED_WAIT);
    if (l->failures <= 1 && l->spread > 0)
        return jittered(l->spread);
    if (l->every > 0)
        return jittered(l->every);
    double wait = FIRST_WAIT;
    for (int i = 1; i < l->failures && wait < MOST_WAIT; i++)
        wait *= 2;
    return jittered(wait < MOST_WAIT ? wait : MOST_WAIT);
}

/* A connection that stood and ended is no news while the next one stands at once. */
static void note_end(struct chat_line *l, const struct chat_link *k, const struct err *e)
{
    double now = loop_now(l->account->loop);
    bool was_up = l->up > 0;
    l->failures = was_up && now - l->up > STEADY_SECONDS ? 1 : l->failures + 1;
    l->up = 0;
    if (!was_up || l->failures > 1 || k->fate == LINK_REFUSED || k->fate == LINK_OVER)
        chat_lost(l->account, e->kind ? e->text : "the platform ends one connection after another");
}

/* One connection, from finding to its end. How it ended: the fate of the line. */
static enum chat_fate run_link(struct chat_line *l, struct err *e)
{
    struct arena *a = arena_new();
    struct chat_link *k = new_link(l, a);
    l->link = k;
    if (open_link(k, a, e))
        serve_link(k, 0, e);
    l->link = NULL;
    enum chat_fate fate = l->stopped ? LINK_OVER : k->fate;
    if (!l->stopped && fate == LINK_LEAVES && let_leave(l, k, a))
        return fate;
    if (!l->stopped)
        note_end(l, k, e);
    end_link(k);
    arena_free(a);
    return fate == LINK_LEAVES ? LINK_STANDS : fate;
}

static void run_line(void *arg)
{
    struct chat_line *l = arg;
    enum chat_fate fate = LINK_STANDS;
    while (fate != LINK_OVER) {
        struct err e = { 0 }, gone = { 0 };
        fate = run_link(l, &e);
        if (fate == LINK_STANDS || fate == LINK_REFUSED)
            nap_for(l->account->loop, pause_before_next(l, fate), "the next connection to",
                    l->account->platform->title, &l->stop, &gone);
        if (l->stopped)
            fate = LINK_OVER;
    }
}

void chat_line_start(struct chat_account *c)
{
    const struct chat_socket *s = c->platform->socket;
    if (c->line || !s || !s->wanted(c))
        return;
    struct chat_line *l = arena_make(c->arena, struct chat_line);
    l->account = c;
    c->line = l;
    fiber_start(run_line, l);
}

void chat_line_stop(struct chat_account *c)
{
    struct chat_line *l = c->line;
    if (!l || l->stopped)
        return;
    l->stopped = true;
    cancel_fire(&l->stop);
    if (l->link)
        cancel_fire(&l->link->stop);
    for (int i = 0; i < LEAVING_MOST; i++)
        if (l->leaving[i])
            cancel_fire(&l->leaving[i]->stop);
}
