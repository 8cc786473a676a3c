/* alert_take.c - a request to /alerts/NAME: whose it is, that it is theirs, how often, what it
 * says, and that this is kept. A way to prove that is a function and a row of proofs[] in
 * config_alert.c.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "chat/alert_private.h"
#include "chat/sign.h"
#include "net/loop.h"
#include <string.h>

static const char folder[] = "/alerts/";
static const double MINUTE = 60;

const struct config_alert *alert_configured(const struct bots *b, const char *name)
{
    for (const struct config_alert *c = b->service->config->alerts; c && c->name; c++)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

struct alert_source *alert_source(struct bots *b, const char *name)
{
    struct alert_source *s = b->sources;
    while (s && strcmp(s->name, name) != 0)
        s = s->next;
    if (s)
        return s;
    s = arena_make(b->arena, struct alert_source);
    *s = (struct alert_source){ .next = b->sources, .name = arena_strdup(b->arena, name) };
    return b->sources = s;
}

/* -- whose it is ------------------------------------------------------------------------------- */

/* What follows the scheme's name in the Authorization header; NULL: it is of another. */
static const char *authorization(const struct chat_request *r, const char *scheme)
{
    const char *given = r->header(r, "authorization");
    size_t n = strlen(scheme);
    if (!given || strncasecmp(given, scheme, n) != 0 || given[n] != ' ')
        return NULL;
    return given + n + strspn(given + n, " ");
}

static bool is_basic_pair(struct arena *a, const char *wanted, const char *given)
{
    size_t n = 0;
    const char *pair = given ? base64_decode(a, given, strlen(given), &n) : NULL;
    return pair && sign_same(wanted, arena_strndup(a, pair, n));
}

/* Of Grafana: hex, over the time, a colon and the body. Without a time it would be good for ever.
 */
static bool is_signed_by_grafana(struct arena *a, const struct config_alert *c,
                                 const struct chat_request *r, struct err *e)
{
    const char *at = r->header(r, "x-grafana-alerting-timestamp");
    const char *given = r->header(r, "x-grafana-alerting-signature");
    if (!at || !given)
        return err_set(e, ERR_POLICY,
                       "it is not signed, or without its time: name X-Grafana-Alerting-Timestamp "
                       "as the timestamp header of the contact point");
    if (!sign_same(sign_grafana(a, c->hmac, at, r->body, r->len), given))
        return err_set(e, ERR_POLICY, "its signature is not right");
    return sign_fresh(at, r->now_ms, SIGN_WEBHOOK_WINDOW) ||
           err_set(e, ERR_POLICY, "its time is not of now");
}

static bool is_genuine_alert(struct arena *a, const struct config_alert *c,
                             const struct chat_request *r, struct err *e)
{
    if (c->bearer)
        return sign_same(c->bearer, authorization(r, "Bearer")) ||
               err_set(e, ERR_POLICY, "its bearer token is not right");
    if (c->basic)
        return is_basic_pair(a, c->basic, authorization(r, "Basic")) ||
               err_set(e, ERR_POLICY, "its user or password is not right");
    if (c->from == ALERT_FROM_GRAFANA)
        return is_signed_by_grafana(a, c, r, e);
    const struct sign_headers h = { r->header(r, "webhook-id"), r->header(r, "webhook-timestamp"),
                                    r->header(r, "webhook-signature") };
    return sign_webhook_holds(a, c->hmac, &h, r->body, r->len, r->now_ms, e);
}

/* Did this very request come before? */
static bool is_sent_twice(struct bots *b, struct alert_source *s, const struct config_alert *c,
                          const struct chat_request *r)
{
    const char *id = r->header(r, "webhook-id");
    if (c->from != ALERT_FROM_JSON || !id)
        return false;
    s->seen = s->seen ? s->seen : seen_events(b->arena);
    return !seen_first(s->seen, id, loop_now(b->service->loop));
}

/* -- what it says ------------------------------------------------------------------------------ */

static bool may_come_now(struct bots *b, struct alert_source *s)
{
    double now = loop_now(b->service->loop);
    if (now - s->minute >= MINUTE) {
        s->minute = now;
        s->requests = 0;
    }
    if (s->requests == ALERT_REQUESTS)
        log_event(LOG_WARN, "alerts", "%s: more than %d requests within a minute", s->name,
                  ALERT_REQUESTS);
    return ++s->requests <= ALERT_REQUESTS;
}

/* Why, for whoever configured it, once a minute; that it was forged is audited where it came in. */
static void log_alert_refused(struct bots *b, struct alert_source *s, const char *why)
{
    double now = loop_now(b->service->loop);
    if (s->refused_said > 0 && now < s->refused_said + MINUTE)
        return;
    s->refused_said = now;
    log_event(LOG_WARN, "alerts", "%s: a request was refused: %s", s->name, why);
}

static bool refuse_alerts(struct arena *a, struct chat_taken *out, int status, const char *why)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "error", text_clean(a, why, 300));
    out->status = status;
    out->type = "application/json";
    out->body = json_print(a, o);
    return false;
}

static void say_taken(struct arena *a, struct chat_taken *out, const struct store_alerts_taken *t)
{
    cJSON *o = json_object(a);
    json_set_num(a, o, "begun", t->begun);
    json_set_num(a, o, "again", t->again);
    json_set_num(a, o, "ended", t->ended);
    json_set_num(a, o, "ignored", t->ignored);
    out->status = 200;
    out->type = "application/json";
    out->body = json_print(a, o);
}

/* Kept once it is true. What cannot be kept now may come again. */
static bool keep_batch(struct bots *b, struct arena *a, const struct config_alert *c,
                       const struct alert_batch *batch, struct chat_taken *out)
{
    struct err e = { 0 };
    struct store_alerts_taken taken;
    struct store *s = engine_store(service_engine(b->service), &e);
    const struct store_alerts in = { .source = c->name,
                                     .group = batch->group,
                                     .alerts = batch->alerts,
                                     .count = batch->count,
                                     .left_out = batch->left_out,
                                     .most = (int)c->cards,
                                     .within = MINUTE,
                                     .platform = c->chat->platform,
                                     .account = c->chat->name,
                                     .channel = c->channel };
    if (!s || !store_take_alerts(s, &in, &taken, &e)) {
        log_event(LOG_ERROR, "alerts", "%s: what came could not be kept: %s", c->name, e.text);
        return refuse_alerts(a, out, 503, "it could not be kept; send it again");
    }
    say_taken(a, out, &taken);
    if (taken.begun || taken.ended)
        cards_renew(b);
    return true;
}

static bool take_alerts_said(struct bots *b, struct arena *a, const struct config_alert *c,
                             const struct chat_request *r, struct chat_taken *out, struct err *e)
{
    struct err why = { 0 };
    struct alert_batch batch = { 0 };
    const cJSON *payload = json_parse(a, r->body, r->len, &why);
    if (!payload || !alert_read(a, c, payload, (double)r->now_ms / 1000, &batch, &why)) {
        err_set(e, ERR_PROTO, "%s", why.text);
        return refuse_alerts(a, out, 400, why.text);
    }
    return keep_batch(b, a, c, &batch, out);
}

enum bots_verdict alerts_take(struct bots *b, struct arena *a, const struct chat_request *r,
                              struct chat_taken *out, struct err *e)
{
    const char *name = text_starts(r->path, folder) ? r->path + strlen(folder) : "";
    const struct config_alert *c = b->stopping ? NULL : alert_configured(b, name);
    if (!c || !b->service->gateway)
        return BOTS_NONE;
    struct alert_source *s = alert_source(b, c->name);
    *out = (struct chat_taken){ 0 };
    if (!is_genuine_alert(a, c, r, e)) {
        refuse_alerts(a, out, 401, e->text);
        log_alert_refused(b, s, e->text);
        return BOTS_FORGED;
    }
    if (!may_come_now(b, s)) {
        refuse_alerts(a, out, 503, "more requests came within a minute than are taken");
        return BOTS_UNREAD;
    }
    if (is_sent_twice(b, s, c, r)) {
        say_taken(a, out, &(struct store_alerts_taken){ 0 });
        return BOTS_TAKEN;
    }
    if (take_alerts_said(b, a, c, r, out, e))
        return BOTS_TAKEN;
    const char *id = r->header(r, "webhook-id");
    if (s->seen && id) /* nothing of it is kept: it may come again */
        seen_forget(s->seen, id);
    return BOTS_UNREAD;
}
