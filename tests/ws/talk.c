/* talk.c - drives net/ws.h for the programs beside it: `ws_talk JSON` opens one WebSocket, takes
 * the steps one after the other, and prints one JSON line for each thing that happened.
 *
 * {"url", "ca_file", "proxy", "protocols": [], "headers": {}, "timeout", "max_message",
 * "max_unsent", "max_unread", "steps": [STEP…]}; a STEP is one of
 *   {"read": N}               N messages, or until the end; "within": seconds
 *   {"echo": N}               the same, each sent back
 *   {"write": TEXT} {"bytes": HEX} {"fill": BYTES, "times": N}
 *   {"ping": 1} {"nap": S} {"state": 1} {"close": CODE, "reason": TEXT, "timeout": S}
 *   {"both": N}               a fiber reads N messages while this one writes as many of "fill"
 * bytes
 *   {"cancel": S}             a read that is cancelled after S seconds
 *   {"cut": S}                a read while the connection is freed after S seconds
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/trace.h"
#include "net/loop.h"
#include "net/ws.h"
#include <stdio.h>

struct talk {
    struct arena *arena;
    struct loop *loop;
    const cJSON *plan;
    struct ws *ws;
    struct cancel cancel;
    int left;
    bool read_all;
};

static void say(struct talk *t, cJSON *line)
{
    printf("%s\n", json_print(t->arena, line));
    fflush(stdout);
}

static void say_error(struct talk *t, const char *what, const struct err *e)
{
    cJSON *line = json_object(t->arena);
    json_set_str(t->arena, line, "event", what);
    json_set_str(t->arena, line, "kind", err_kind_name(e->kind));
    json_set_str(t->arena, line, "error", e->text);
    json_set_num(t->arena, line, "status", e->status);
    say(t, line);
}

static void say_event(struct talk *t, const char *what)
{
    cJSON *line = json_object(t->arena);
    json_set_str(t->arena, line, "event", what);
    say(t, line);
}

static void say_message(struct talk *t, const struct ws_message *m)
{
    cJSON *line = json_object(t->arena);
    json_set_str(t->arena, line, "event", "message");
    json_set_str(t->arena, line, "kind", m->kind == WS_TEXT ? "text" : "binary");
    json_set_num(t->arena, line, "len", (double)m->len);
    json_set_str(t->arena, line, "sha256", crypto_sha256_hex(t->arena, m->data, m->len));
    if (m->kind == WS_TEXT && m->len < 200 && strlen(m->data) == m->len)
        json_set_str(t->arena, line, "text", m->data);
    say(t, line);
}

static void say_state(struct talk *t, const char *what)
{
    const struct ws_state *s = ws_state(t->ws);
    cJSON *line = json_object(t->arena);
    json_set_str(t->arena, line, "event", what);
    json_set_str(t->arena, line, "protocol", s->protocol);
    json_set_str(t->arena, line, "shown", s->shown);
    json_set_bool(t->arena, line, "ended", s->ended);
    json_set_num(t->arena, line, "code", s->close_code);
    json_set_str(t->arena, line, "reason", s->close_reason);
    json_set_num(t->arena, line, "unsent", (double)s->unsent);
    json_set_num(t->arena, line, "unread", (double)s->unread);
    json_set_num(t->arena, line, "pings", s->pings);
    json_set_bool(t->arena, line, "pinged", s->ping > 0);
    json_set_bool(t->arena, line, "ponged", s->pong > 0);
    say(t, line);
}

/* False: there will be no more. */
static bool read_one(struct talk *t, double within, bool echo)
{
    struct err e = { 0 };
    struct ws_message m;
    enum ws_got got = ws_read(t->ws, t->arena, within, &t->cancel, &m, &e);
    if (got == WS_MESSAGE) {
        say_message(t, &m);
        if (echo && !ws_write(t->ws, m.kind, m.data, m.len, NULL, &e))
            say_error(t, "unwritten", &e);
        return e.kind == ERR_NONE;
    }
    if (got == WS_FAILED)
        say_error(t, "failed", &e);
    else if (got == WS_CLOSED)
        say_state(t, "closed");
    else
        say_event(t, "quiet");
    return false;
}

static void write_one(struct talk *t, enum ws_kind kind, const void *bytes, size_t n)
{
    struct err e = { 0 };
    if (!ws_write(t->ws, kind, bytes, n, NULL, &e))
        say_error(t, "unwritten", &e);
}

static void write_hex(struct talk *t, const char *hex)
{
    size_t n = strlen(hex) / 2;
    unsigned char *raw = arena_alloc(t->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        sscanf(hex + 2 * i, "%2hhx", &raw[i]);
    write_one(t, WS_BINARY, raw, n);
}

static void read_beside(void *arg)
{
    struct talk *t = arg;
    while (t->left-- > 0 && read_one(t, 0, false))
        ;
    t->read_all = true;
}

static void wait_for_reader(struct talk *t)
{
    struct err e = { 0 };
    while (!t->read_all)
        nap(t->loop, 0.005, NULL, &e);
}

static void fire(void *arg)
{
    struct talk *t = arg;
    cancel_fire(&t->cancel);
}

static void cut(void *arg)
{
    struct talk *t = arg;
    ws_free(t->ws);
}

static void begin_beside(struct talk *t, int count)
{
    t->left = count;
    t->read_all = false;
    fiber_start(read_beside, t);
}

static void write_filled(struct talk *t, const cJSON *step)
{
    size_t n = (size_t)json_num(step, "fill", 0);
    char *bytes = arena_alloc(t->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)('a' + i % 26);
    int times = (int)json_num(step, "times", json_num(step, "both", 1));
    size_t most = 0;
    for (int i = 0; i < times; i++) {
        write_one(t, WS_BINARY, bytes, n);
        most = ws_state(t->ws)->unsent > most ? ws_state(t->ws)->unsent : most;
    }
    cJSON *line = json_object(t->arena);
    json_set_str(t->arena, line, "event", "filled");
    json_set_num(t->arena, line, "most_unsent", (double)most);
    say(t, line);
}

static void take_write_step(struct talk *t, const cJSON *step)
{
    const char *text = json_str(step, "write");
    if (json_get(step, "both"))
        begin_beside(t, (int)json_num(step, "both", 0));
    if (text)
        write_one(t, WS_TEXT, text, strlen(text));
    if (json_str(step, "bytes"))
        write_hex(t, json_str(step, "bytes"));
    if (json_get(step, "fill"))
        write_filled(t, step);
    if (json_get(step, "both"))
        wait_for_reader(t);
}

static void take_end_step(struct talk *t, const cJSON *step)
{
    if (json_get(step, "close"))
        say_event(t, ws_close(t->ws, (int)json_num(step, "close", 0), json_str(step, "reason"),
                              json_num(step, "timeout", 0))
                         ? "close answered"
                         : "close unanswered");
    if (json_get(step, "cancel")) {
        struct loop_timer *timer = loop_timer(t->loop, json_num(step, "cancel", 0), 0, fire, t);
        read_one(t, 0, false);
        loop_untimer(timer);
        t->cancel.fired = false;
    }
    if (json_get(step, "cut")) {
        struct loop_timer *timer = loop_timer(t->loop, json_num(step, "cut", 0), 0, cut, t);
        read_one(t, 0, false);
        loop_untimer(timer);
        t->ws = NULL;
    }
}

static void take_step(struct talk *t, const cJSON *step)
{
    struct err e = { 0 };
    bool echo = json_get(step, "echo") != NULL;
    int count = (int)json_num(step, echo ? "echo" : "read", 0);
    while (count-- > 0 && read_one(t, json_num(step, "within", 0), echo))
        ;
    if (json_get(step, "nap"))
        nap(t->loop, json_num(step, "nap", 0), NULL, &e);
    if (json_get(step, "ping") && !ws_ping(t->ws, &e))
        say_error(t, "unpinged", &e);
    if (json_get(step, "state"))
        say_state(t, "state");
    take_write_step(t, step);
    take_end_step(t, step);
}

static const char *const *protocols_of(struct talk *t)
{
    const cJSON *list = json_get(t->plan, "protocols");
    const char **out = arena_array(t->arena, const char *, json_count(list) + 1), **at = out;
    const cJSON *p;
    cJSON_ArrayForEach(p, list) *at++ = p->valuestring;
    return list ? out : NULL;
}

static const struct fetch_header *headers_of(struct talk *t)
{
    const cJSON *members = json_get(t->plan, "headers");
    struct fetch_header *out = arena_array(t->arena, struct fetch_header, json_count(members) + 1);
    struct fetch_header *at = out;
    const cJSON *h;
    cJSON_ArrayForEach(h, members) *at++ = (struct fetch_header){ h->string, h->valuestring };
    return out;
}

static void talk(struct loop *l, void *arg)
{
    struct talk *t = arg;
    t->loop = l;
    struct ws_options o = {
        .request = { .url = json_str(t->plan, "url"),
                     .ca_file = json_str(t->plan, "ca_file"),
                     .proxy = json_str(t->plan, "proxy"),
                     .headers = headers_of(t),
                     .timeout = json_num(t->plan, "timeout", 10),
                     .cancel = &t->cancel },
        .protocols = protocols_of(t),
        .max_message = (size_t)json_num(t->plan, "max_message", 0),
        .max_unsent = (size_t)json_num(t->plan, "max_unsent", 0),
        .max_unread = (size_t)json_num(t->plan, "max_unread", 0),
    };
    struct err e = { 0 };
    struct loop_timer *timer = NULL;
    if (json_get(t->plan, "cancel"))
        timer = loop_timer(l, json_num(t->plan, "cancel", 0), 0, fire, t);
    t->ws = ws_open(l, t->arena, &o, NULL, &e);
    loop_untimer(timer);
    if (!t->ws) {
        say_error(t, "not open", &e);
        return;
    }
    say_state(t, "open");
    const cJSON *step;
    cJSON_ArrayForEach(step, json_get(t->plan, "steps")) if (t->ws) take_step(t, step);
    ws_free(t->ws);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct talk t = { .arena = arena_new() };
    t.plan = argc > 1 ? json_parse(t.arena, argv[1], strlen(argv[1]), &e) : NULL;
    if (!t.plan) {
        fprintf(stderr, "usage: ws_talk JSON: %s\n", e.text);
        return 2;
    }
    if (argc > 2)
        trace_open((const char *const[]){ argv[2], NULL });
    loop_main(talk, &t);
    printf("{\"event\":\"fibers\",\"left\":%d}\n", fiber_count());
    fiber_drain_pool();
    arena_free(t.arena);
    return 0;
}
