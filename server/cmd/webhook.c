/* webhook.c - behind the mark, one message after the other: made, signed, sent, tried again. What
 * is told is a row of `told`. */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/sign.h"
#include "cmd/audit_private.h"
#include "cmd/mark_private.h"
#include "cmd/server_private.h"
#include "cmd/webhook_private.h"
#include "config/config.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "net/reach.h"
#include "store/store_search.h"
#include <math.h>
#include <unistd.h>

enum {
    BATCH = 500,        /* lines of the audit, for one look */
    BEHIND_MAX = 20000, /* lines: what is further behind is lost */
    OLDEST = 24 * 3600, /* seconds: what is older is lost */
    PATIENCE = 15,      /* seconds for one attempt */
    WAIT_MOST = 600,    /* seconds between two attempts, whatever Retry-After says */
    ID_DIGITS = 32,
    GONE = 410, /* the other side wants to hear no more */
};

struct webhook {
    struct server *server;
    struct loop_timer *timer;
    struct mark mark; /* lost are messages */
    struct cancel cancel;
    bool busy, ended;
    int attempts;      /* of the message that is next */
    double not_before; /* of the next attempt, by the loop's clock */
    const char *gone;  /* the URL that wants no more, until the configuration is read again */
};

/* -- the mark ------------------------------------------------------------------------------ */

static struct mark told_mark(struct arena *a, const struct config *c)
{
    return mark_of(a, c, "webhook.told", "told");
}

static void write_told(const struct webhook *x, struct store *s, struct mark_place p)
{
    struct err e = { 0 };
    if (!mark_write(&x->mark, s, p, &e))
        log_event(LOG_ERROR, "webhook", "%s", e.text);
}

static int newest_line(struct store *s, struct arena *a, struct err *e)
{
    const char *anchor = store_anchor_text(s, a, e);
    return anchor ? (int)strtol(anchor, NULL, 10) : 0;
}

/* -- what is told -------------------------------------------------------------------------- */

static const struct {
    const char *event, *channel; /* of the line; channel NULL: any */
    const char *type;
} told[] = {
    { "proposed", "pending", "change.decision_wanted" },
    { "pending", NULL, "change.decision_wanted" },
    { "agreed", NULL, "change.agreed" },
    { "approved", NULL, "change.approved" },
    { "rejected", NULL, "change.rejected" },
    { "cancelled", NULL, "change.cancelled" },
    { "expired", NULL, "change.expired" },
    { "applied", NULL, "change.applied" },
    { "failed", NULL, "change.failed" },
    { "unknown", NULL, "change.unknown" },
    { "void", NULL, "change.void" },
    { "guard reverted", NULL, "change.guard_reverted" },
};

/* NULL: nobody is told of that line. */
static const char *type_of(const cJSON *line)
{
    const char *event = json_text(line, "event"), *channel = json_text(line, "channel");
    for (size_t i = 0; i < sizeof told / sizeof *told && json_str(line, "id"); i++)
        if (!strcmp(told[i].event, event) &&
            (!told[i].channel || !strcmp(told[i].channel, channel)))
            return told[i].type;
    return NULL;
}

/* What people see of a change, as it is now. NULL + e. */
static const char *body_of(const struct webhook *x, struct arena *a, const cJSON *line,
                           struct err *e)
{
    static const char *const same[] = { "id", "title", "risk", "state", "gateway", "undoes" };
    struct service *service = x->server->service;
    const char *id = json_str(line, "id");
    const cJSON *change = engine_show(service_engine(service), a, id, false, e);
    if (!change)
        return NULL;
    cJSON *o = json_object(a), *data;
    json_set_str(a, o, "type", type_of(line));
    json_set_str(a, o, "timestamp", json_str(line, "at"));
    data = json_set_object(a, o, "data");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (json_str(change, same[i]))
            json_set_str(a, data, same[i], text_clean(a, json_str(change, same[i]), 1000));
    json_set_str(a, data, "asked_by", json_text(change, "owner"));
    const cJSON *decision = json_get(change, "decision");
    if (decision) {
        json_set_str(a, data, "decided_by", json_text(decision, "who"));
        json_set_str(a, data, "channel", json_text(decision, "channel"));
    }
    if (service_page(service, a, id))
        json_set_str(a, data, "page", service_page(service, a, id));
    secret_scrub_tree(a, NULL, o);
    return json_print(a, o);
}

/* -- one attempt --------------------------------------------------------------------------- */

static bool hear_nothing(void *arg, const char *bytes, size_t n)
{
    (void)arg, (void)bytes, (void)n;
    return false;
}

/* True: it was taken. Else *status is what was answered, 0: nothing, and e. */
static bool attempt(struct webhook *x, struct arena *a, const cJSON *line, const char *body,
                    struct fetch_answer *answer, struct err *e)
{
    const struct config *c = x->server->config;
    const char *id = arena_printf(a, "msg_%.*s", ID_DIGITS, json_text(line, "hash"));
    const char *time = arena_printf(a, "%.0f", floor(when_now()));
    const struct fetch_header headers[] = {
        { "Content-Type", "application/json" },
        { "webhook-id", id },
        { "webhook-timestamp", time },
        { "webhook-signature", sign_webhook(a, c->webhook.secret, id, time, body, strlen(body)) },
        { 0 },
    };
    const struct reach reach = { .loopback = true, .allow = c->probe };
    const struct fetch_request r = { .to = TO_WEBHOOK,
                                     .method = "POST",
                                     .url = c->webhook.url,
                                     .headers = headers,
                                     .body = body,
                                     .body_len = strlen(body),
                                     .timeout = PATIENCE,
                                     .max_body = 4096,
                                     .ca_file = c->webhook.ca_file,
                                     .sink = hear_nothing,
                                     .cancel = &x->cancel,
                                     .repeatable = true,
                                     .reach = &reach };
    if (!fetch(x->server->loop, a, &r, answer, e))
        return false;
    return (answer->status >= 200 && answer->status < 300) ||
           err_set(e, ERR_NET, "it was answered with %d", answer->status);
}

/* Twice as long after each attempt, a little less at random so that not all come at once. */
static double wait_after(int attempts, const struct fetch_answer *answer)
{
    const char *asked = answer->status ? fetch_answer_header(answer, "retry-after") : NULL;
    double own = exp2(2. * attempts - 2), theirs = asked ? strtod(asked, NULL) : 0;
    uint8_t part;
    crypto_random(&part, 1);
    own *= 1 - part / 1024.;
    double wait = theirs > own ? theirs : own;
    return wait < WAIT_MOST ? wait : WAIT_MOST;
}

static bool is_stale(const cJSON *line, int newest)
{
    return newest - json_num(line, "seq", 0) > BEHIND_MAX ||
           when_now() - when_parse(json_str(line, "at")) > OLDEST;
}

enum outcome { LATER = 0, TAKEN, LOST };

/* A message that cannot be made is lost, too: its change was tampered with. */
static enum outcome tell_of_line(struct webhook *x, const cJSON *line, double lost)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct fetch_answer answer = { 0 };
    const struct config *c = x->server->config;
    const char *body = body_of(x, a, line, &e), *url = c->webhook.url;
    bool taken = body && attempt(x, a, line, body, &answer, &e);
    enum outcome is = taken ? TAKEN : !body || ++x->attempts >= c->webhook.attempts ? LOST : LATER;
    if (is == LATER)
        x->not_before = loop_now(x->server->loop) + wait_after(x->attempts, &answer);
    else
        x->attempts = 0;
    if (!taken && !x->ended)
        log_event(is == LOST ? LOG_ERROR : LOG_WARN, "webhook",
                  "%s of change %s was not taken: %s; %s, %.0f lost so far", type_of(line),
                  json_str(line, "id"), secret_scrub(a, e.text),
                  is == LOST ? "it is lost" : "it is tried again", lost + (is == LOST));
    if (answer.status == GONE)
        x->gone = url;
    arena_free(a);
    return is;
}

/* -- a batch ------------------------------------------------------------------------------- */

struct batch {
    struct webhook *x;
    struct store *store;
    struct arena *arena;
    const cJSON *lines;
    struct mark_place place;
    int newest;
};

/* Lines that nobody is told of are passed over; the mark is kept after each message. */
static void tell_batch(struct batch *b)
{
    struct webhook *x = b->x;
    const cJSON *line;
    cJSON_ArrayForEach(line, b->lines)
    {
        enum outcome is = !type_of(line)              ? TAKEN
                          : is_stale(line, b->newest) ? LOST
                                                      : tell_of_line(x, line, b->place.lost);
        if (x->ended || is == LATER || (x->gone && x->gone == x->server->config->webhook.url))
            return;
        b->place.seq = (int)json_num(line, "seq", 0);
        b->place.lost += is == LOST;
        if (type_of(line) || !line->next)
            write_told(x, b->store, b->place);
    }
}

static void follow(void *arg)
{
    struct batch *b = arg;
    struct webhook *x = b->x;
    tell_batch(b);
    x->busy = false;
    arena_free(b->arena);
}

/* The first time it begins where the audit is now; where the mark is not ours, again. */
static void begin_at_end(const struct webhook *x, struct store *s, bool forged, struct err *e)
{
    struct arena *a = arena_new();
    const struct mark_place p = { .seq = newest_line(s, a, e) };
    arena_free(a);
    if (forged)
        log_event(LOG_ERROR, "webhook",
                  "'%s' is not what was written there: what came before line %d and was not told "
                  "yet is not told",
                  x->mark.path, p.seq);
    if (e->kind == ERR_NONE)
        write_told(x, s, p);
}

/* The lines behind the place. NULL: none, or e. */
static const cJSON *lines_behind(struct batch *b, struct err *e)
{
    b->newest = newest_line(b->store, b->arena, e);
    return b->newest > b->place.seq ? store_lines_after(b->store, b->arena, b->place.seq, BATCH, e)
                                    : NULL;
}

static void look_behind_mark(struct webhook *x, struct store *s)
{
    struct arena *a = arena_new();
    struct batch *b = arena_make(a, struct batch);
    struct err e = { 0 };
    bool forged = false;
    *b = (struct batch){ .x = x, .store = s, .arena = a };
    if (mark_read(&x->mark, s, &b->place, &forged))
        b->lines = lines_behind(b, &e);
    else
        begin_at_end(x, s, forged, &e);
    if (e.kind != ERR_NONE)
        log_event(LOG_ERROR, "webhook", "%s", e.text);
    if (!json_count(b->lines)) {
        arena_free(a);
        return;
    }
    x->busy = true;
    fiber_start(follow, b);
}

static void tick_webhook(void *arg)
{
    struct webhook *x = arg;
    const struct config *c = x->server->config;
    struct err e = { 0 };
    char path[1100];
    snprintf(path, sizeof path, "%s/state.db", c->state_dir);
    if (!c->webhook.url || x->busy || x->gone == c->webhook.url ||
        loop_now(x->server->loop) < x->not_before || access(path, F_OK) != 0 ||
        !mark_has_turn(&x->mark))
        return;
    struct store *s = engine_store(service_engine(x->server->service), &e);
    if (s)
        look_behind_mark(x, s);
}

struct webhook *webhook_begin(struct server *s)
{
    struct webhook *x = arena_make(s->arena, struct webhook);
    *x = (struct webhook){ .server = s, .mark = told_mark(s->arena, s->config) };
    x->timer = loop_timer(s->loop, 1, 1, tick_webhook, x);
    return x;
}

void webhook_end(struct webhook *x)
{
    x->ended = true;
    loop_untimer(x->timer);
    cancel_fire(&x->cancel);
    mark_end(&x->mark);
}

int audit_told(struct verb *v, struct store *s)
{
    struct err e = { 0 };
    bool forged = false;
    struct mark_place p = { 0 };
    const struct mark m = told_mark(v->arena, v->config);
    bool begun = mark_read(&m, s, &p, &forged);
    int last = newest_line(s, v->arena, &e);
    if (e.kind != ERR_NONE)
        return verb_failed(v, &e);
    if (begun)
        printf("told to line %d of %d: %d behind, %.0f messages lost\n", p.seq, last, last - p.seq,
               p.lost);
    else
        puts(forged ? "the mark of what was told is not what was written: it begins anew"
                    : "nobody was told of anything yet");
    return EXIT_DONE;
}
