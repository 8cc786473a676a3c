/* serve.c - `higress-ops serve`: MCP over Streamable HTTP, for several clients. */
#include "base/err.h"
#include "base/log.h"
#include "call/counting.h"
#include "call/service.h"
#include "change/engine.h"
#include "change/outside.h"
#include "chat/bot.h"
#include "chat/platform.h"
#include "cmd/server_private.h"
#include "config/config.h"
#include "web/web.h"

static void print_listening(const struct server *s)
{
    const char *listen = s->config->listen;
    const char *colon = strrchr(listen, ':');
    if (!strncmp(listen, "unix:", 5))
        printf("listening on %s (/mcp)\n", listen);
    else
        printf("listening on http%s://%.*s:%d/mcp\n", s->config->tls_certificate ? "s" : "",
               (int)(colon - listen), listen, web_port(s->web));
    fflush(stdout);
}

static void log_outside(const char *gateway, const char *text)
{
    log_event(LOG_WARN, "outside", "%s: %s", gateway, text);
}

static int run_serve(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    server_speak(&s);
    struct err e = { 0 };
    /* Before anybody can send them something: what was signed earlier is not taken. */
    s.bots = bots_new(s.service, chat_platforms, chat_platforms_n);
    s.web = web_listen(s.mcp, &e);
    if (s.web) {
        server_engine(&s);
        counting_start(s.service);
        if (s.service->engine) {
            engine_note_policy(s.service->engine);
            engine_watch_outside(s.service->engine, log_outside);
        }
        web_serve_bots(s.web, s.bots);
        bots_start(s.bots);
        print_listening(&s);
        server_run(&s);
    } else {
        fprintf(stderr, "higress-ops serve: %s\n", e.text);
        code = e.kind == ERR_ARGS ? EXIT_CONFIG : EXIT_FAILED;
    }
    if (s.web)
        web_serve_bots(s.web, NULL);
    web_close(s.web);
    server_close(&s);
    return code;
}

const struct command cmd_serve = {
    .name = "serve",
    .about = "MCP server over Streamable HTTP on /mcp, with the pages, and the bots of `chat`.",
    .config = true,
    .run = run_serve,
};
