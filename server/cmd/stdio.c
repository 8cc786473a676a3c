/* stdio.c - `higress-ops stdio`: MCP on standard input and output, for an assistant on this
 * machine. Only what an `initialize` needs is loaded before it is answered. */
#include "mcp/stdio.h"
#include "cmd/server_private.h"
#include "net/loop.h"

enum { ENGINE_AFTER = 1 }; /* seconds */

static void ended(void *arg)
{
    loop_stop(arg);
}

static void start_engine(void *arg)
{
    server_engine(arg);
}

static int run_stdio(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    server_speak(&s);
    struct pipe *p = pipe_open(s.mcp, ended, s.loop);
    struct loop_timer *t = loop_timer(s.loop, ENGINE_AFTER, 0, start_engine, &s);
    server_run(&s);
    loop_untimer(t);
    pipe_close(p);
    server_close(&s);
    return EXIT_DONE;
}

const struct command cmd_stdio = {
    .name = "stdio",
    .about = "MCP server on standard input and output, for an assistant on this machine.",
    .config = true,
    .run = run_stdio,
};
