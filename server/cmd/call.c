/* call.c - `higress-ops call TOOL [JSON]`: one tool from a shell, through the same life as a
 * client's call; and `higress-ops tools`, what there is to call. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/service.h"
#include "cmd/server_private.h"
#include "mcp/era.h"
#include "mcp/tool_list.h"
#include "net/loop.h"

/* The command line as the caller of a tool: nobody hears of progress, nobody can be asked. */
struct command_call {
    struct caller caller; /* first */
    struct cancel cancel;
    struct server *server;
    const struct catalog_tool *tool;
    const cJSON *args;
    bool json; /* wants the structured answer */
    int code;
};

static void print_call_end(struct caller *caller, const struct call_end *end)
{
    struct command_call *c = (struct command_call *)(void *)caller;
    const char *text = end->text ? end->text : "";
    if (end->answer) {
        bool shaped = cJSON_IsObject(end->answer);
        const char *status = shaped ? json_str(end->answer, "status") : NULL;
        puts(c->json && shaped ? json_print(caller->arena, end->answer) : text);
        c->code = status && !strcmp(status, "approval_required") ? EXIT_PENDING : EXIT_DONE;
    } else {
        fprintf(stderr, "%s\n", c->cancel.fired ? "higress-ops call: stopped" : text);
        c->code = EXIT_FAILED;
    }
    loop_stop(c->server->loop);
}

static const struct caller_ops command_line = { .kind = "command line", .done = print_call_end };

static void begin_call(void *arg)
{
    struct command_call *c = arg;
    call_start(c->server->service, &c->caller, c->tool, c->args);
}

static int call(struct server *s, const struct options *o)
{
    struct err e = { 0 };
    const char *name = o->argv[0], *text = o->argc > 1 ? o->argv[1] : "{}";
    struct command_call *c = arena_make(s->arena, struct command_call);
    *c = (struct command_call){ .server = s, .json = options_has(o, "json") };
    c->caller =
        (struct caller){ .ops = &command_line,
                         .arena = s->arena,
                         .cancel = &c->cancel,
                         .principal = s->config->people ? s->service->who : "command line" };
    c->args = json_parse(s->arena, text, strlen(text), &e);
    if (!c->args) {
        fprintf(stderr, "higress-ops call: the arguments are not JSON: %s\n", e.text);
        return EXIT_USAGE;
    }
    c->tool = catalog_find(s->service->catalog, name);
    if (!c->tool) {
        fprintf(stderr, "higress-ops call: Unknown tool: %s\n", text_clean(s->arena, name, 80));
        return EXIT_FAILED;
    }
    c->code = EXIT_FAILED;
    loop_soon(s->loop, begin_call, c);
    server_run(s);
    cancel_fire(&c->cancel); /* stopped by a signal: it says so when it has ended */
    return c->code;
}

static int run_call(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    code = call(&s, o);
    server_close(&s);
    return code;
}

static int run_tools(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    if (options_has(o, "json"))
        printf("%s\n", tool_list_print(s.arena, s.service->catalog, era_find("2025-11-25")));
    const struct catalog_tool *t;
    for (int i = 0; !options_has(o, "json") && (t = catalog_at(s.service->catalog, i)); i++)
        if (t->listed)
            printf("%-18s %s\n", t->tool->name, t->tool->about);
    server_close(&s);
    return EXIT_DONE;
}

static const struct option_row json_row[] = {
    { "json", NULL, "Print JSON (the structured answer) instead of text." },
    { 0 },
};

const struct command cmd_call = {
    .name = "call",
    .args = "TOOL [JSON]",
    .about = "Calls one tool and prints its answer.",
    .min_args = 1,
    .max_args = 2,
    .rows = json_row,
    .config = true,
    .run = run_call,
};

const struct command cmd_tools = {
    .name = "tools",
    .about = "Lists the tools of this mode.",
    .rows = json_row,
    .config = true,
    .run = run_tools,
};
