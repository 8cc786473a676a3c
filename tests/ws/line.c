/* line.c - drives server/chat/socket.h without a bot, for tests/ws/lines.py: `chat_line JSON` is
 * one account
 * {"platform", "url", "keys": {}, "ids": {}, "tenants": []} whose socket it keeps. Prints a JSON
 * line for each event that came in and each time the line was lost or is back. Commands on stdin, a
 * line each:
 * {"do":"say","channel","text","reply"} and {"do":"stop"}; the end of stdin stops too.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/trace.h"
#include "chat/platform_private.h"
#include "chat/socket.h"
#include "net/fetch.h"
#include "net/loop.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const struct chat_platform *const rows[] = { &chat_slack, &chat_dingtalk, &chat_feishu,
                                                    &chat_wecom };
static struct config_chat config;
static struct cancel ended;
static struct chat_account account = { .config = &config, .ended = &ended };
static struct arena *arena;
static struct loop_watch *input;
static struct buf typed;

static void print_line(struct arena *a, const cJSON *line)
{
    printf("%s\n", json_print(a, line));
    fflush(stdout);
}

/* -- what a bot is to its socket -- */

void chat_hear(struct chat_account *c, const struct chat_event *events, size_t n)
{
    (void)c;
    for (size_t i = 0; i < n; i++) {
        struct arena *a = arena_new();
        cJSON *line = json_object(a);
        json_set_str(a, line, "event", events[i].kind == CHAT_PRESS ? "press" : "message");
        json_set_str(a, line, "id", events[i].id);
        json_set_str(a, line, "user", events[i].user);
        json_set_str(a, line, "tenant", events[i].tenant);
        json_set_str(a, line, "channel", events[i].channel);
        json_set_str(a, line, "text", events[i].text);
        json_set_str(a, line, "button", events[i].button);
        json_set_str(a, line, "reply", events[i].reply);
        json_set_num(a, line, "choice", events[i].choice);
        print_line(a, line);
        arena_free(a);
    }
}

static void print_news(const char *what, const char *why)
{
    struct arena *a = arena_new();
    cJSON *line = json_object(a);
    json_set_str(a, line, "event", what);
    json_set_str(a, line, "why", why);
    print_line(a, line);
    arena_free(a);
}

void chat_lost(struct chat_account *c, const char *why)
{
    (void)c;
    print_news("lost", why);
}

void chat_back(struct chat_account *c)
{
    (void)c;
    print_news("back", NULL);
}

/* -- commands -- */

struct saying {
    struct arena *arena;
    const cJSON *command;
};

static void say(void *arg)
{
    struct saying *s = arg;
    const char *message = NULL;
    struct err e = { 0 };
    const struct chat_place where = { .channel = json_str(s->command, "channel"),
                                      .reply = json_str(s->command, "reply") };
    bool ok = account.platform->say(&account, s->arena, &where, json_text(s->command, "text"),
                                    &message, &e);
    print_news(ok ? "said" : "not said", e.text);
    arena_free(s->arena);
}

static void stop_line(void)
{
    loop_unwatch(input);
    input = NULL;
    chat_line_stop(&account);
}

static void take_command(const char *text, size_t n)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct saying *s = arena_make(a, struct saying);
    *s = (struct saying){ .arena = a, .command = json_parse(a, text, n, &e) };
    if (!strcmp(json_text(s->command, "do"), "say")) {
        fiber_start(say, s);
        return;
    }
    arena_free(a);
    stop_line();
}

static void on_input(void *arg, int fd, int events)
{
    (void)arg, (void)events;
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0) {
        stop_line();
        return;
    }
    buf_add(&typed, bytes, (size_t)n);
    for (char *end; input && (end = memchr(typed.data, '\n', typed.len));) {
        size_t len = (size_t)(end - typed.data);
        take_command(typed.data, len);
        buf_consume(&typed, len + 1);
    }
}

/* -- the account -- */

static const struct config_named *named(const cJSON *o)
{
    struct config_named *list = arena_array(arena, struct config_named, json_count(o) + 1);
    const cJSON *m;
    int n = 0;
    cJSON_ArrayForEach(m, o) list[n++] = (struct config_named){ m->string, m->valuestring };
    return list;
}

static bool make_account(const cJSON *in, struct loop *l)
{
    const cJSON *tenants = json_get(in, "tenants"), *t;
    const char **list = arena_array(arena, const char *, json_count(tenants) + 1);
    int n = 0;
    cJSON_ArrayForEach(t, tenants) list[n++] = t->valuestring;
    config = (struct config_chat){ .platform = json_text(in, "platform"),
                                   .name = "test",
                                   .url = json_str(in, "url"),
                                   .keys = named(json_get(in, "keys")),
                                   .ids = named(json_get(in, "ids")),
                                   .tenants = list };
    account.arena = arena_new();
    account.loop = l;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i]->name, config.platform))
            account.platform = rows[i];
    return account.platform != NULL;
}

static void work(struct loop *l, void *arg)
{
    struct err e = { 0 };
    if (!make_account(arg, l)) {
        fprintf(stderr, "chat_line: no such platform\n");
        return;
    }
    input = loop_watch(l, 0, LOOP_READ, on_input, NULL);
    chat_line_start(&account);
    print_news(account.line ? "started" : "not wanted", NULL);
    while (input || fiber_count() > 1)
        nap(l, 0.01, NULL, &e);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    arena = arena_new();
    cJSON *in = argc > 1 ? json_parse(arena, argv[1], strlen(argv[1]), &e) : NULL;
    if (!in) {
        fprintf(stderr, "usage: chat_line JSON: %s\n", e.text);
        return 2;
    }
    if (argc > 2)
        trace_open((const char *const[]){ argv[2], NULL });
    buf_init(&typed, 1 << 20);
    fcntl(0, F_SETFL, O_NONBLOCK);
    loop_main(work, in);
    fiber_drain_pool();
    buf_free(&typed);
    arena_free(account.arena);
    arena_free(arena);
    return 0;
}
