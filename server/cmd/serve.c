/* serve.c - `higress-ops serve`: MCP over Streamable HTTP, for several clients. */
#include "base/err.h"
#include "cmd/server.h"
#include "gateway/config.h"
#include "mcp/web.h"

static int run(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    struct err e = { 0 };
    struct web *w = web_listen(s.mcp, &e);
    if (w) {
        server_engine(&s);
        printf("listening on http://%.*s:%d/mcp\n",
               (int)(strrchr(s.config->listen, ':') - s.config->listen), s.config->listen,
               web_port(w));
        fflush(stdout);
        server_run(&s);
    } else {
        fprintf(stderr, "higress-ops serve: %s\n", e.text);
        code = e.kind == ERR_ARGS ? EXIT_CONFIG : EXIT_FAILED;
    }
    web_close(w);
    server_close(&s);
    return code;
}

const struct command cmd_serve = {
    .name = "serve",
    .about = "MCP server over Streamable HTTP on /mcp.",
    .config = true,
    .run = run,
};
