/* call.c - `higress-ops call TOOL [JSON]`: one tool from a shell, through the same life as a
 * client's call; and `higress-ops tools`, what there is to call. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "call/catalog.h"
#include "cmd/server_private.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/method.h"
#include "mcp/session.h"
#include "net/loop.h"

/* The way back of the one call: keeps the answer and ends the loop. */
struct catcher {
    struct reply_to to;
    struct arena *arena;
    struct loop *loop;
    char *json;
};

static bool send(struct reply_to *to, const char *json, size_t n)
{
    (void)to;
    (void)json;
    (void)n;
    return false; /* nobody listens to progress, nobody can be asked */
}

static void done(struct reply_to *to, int status, const char *json, size_t n)
{
    struct catcher *c = (struct catcher *)(void *)to;
    (void)status;
    c->json = json ? arena_strndup(c->arena, json, n) : NULL;
    loop_stop(c->loop);
}

struct job {
    struct server *server;
    struct session *session;
    struct request *request;
};

static void begin(void *arg)
{
    struct job *j = arg;
    session_enter(j->session, j->request);
    method_run(j->request);
}

static int print_result(const cJSON *result, bool json, struct arena *a)
{
    const cJSON *shaped = json_get(result, "structuredContent");
    const cJSON *block = json_path(result, "content[0]");
    const char *text = json_str(block, "text");
    if (json_true(result, "isError")) {
        fprintf(stderr, "%s\n", text ? text : "");
        return EXIT_FAILED;
    }
    puts(json && shaped ? json_print(a, shaped) : text ? text : "");
    const char *status = json_str(shaped, "status");
    return status && !strcmp(status, "approval_required") ? EXIT_PENDING : EXIT_DONE;
}

static int print_answer(const char *answer, bool json, struct arena *a)
{
    struct err e = { 0 };
    const cJSON *o = answer ? json_parse(a, answer, strlen(answer), &e) : NULL;
    const cJSON *result = json_get(o, "result");
    if (result)
        return print_result(result, json, a);
    const char *message = json_str(json_get(o, "error"), "message");
    fprintf(stderr, "higress-ops call: %s\n", message ? message : "stopped");
    return EXIT_FAILED;
}

static cJSON *params_of(const struct options *o, struct arena *a, struct err *e)
{
    const char *text = o->argc > 1 ? o->argv[1] : "{}";
    cJSON *arguments = json_parse(a, text, strlen(text), e);
    if (!arguments)
        return NULL;
    cJSON *params = json_object(a);
    json_set_str(a, params, "name", o->argv[0]);
    json_set(a, params, "arguments", arguments);
    return params;
}

static int call(struct server *s, const struct options *o)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    struct catcher c = { .to = { .send = send, .done = done }, .arena = s->arena, .loop = s->loop };
    struct request *r = request_new(s->mcp, a, &c.to, "command line");
    struct session *session = session_alone(s->mcp, "command line");
    session->era = era_find("2025-11-25");
    r->era = session->era;
    r->principal = "command line";
    r->rpc = (struct rpc){ .kind = RPC_REQUEST, .id = "1", .method = "tools/call" };
    r->rpc.params = params_of(o, a, &e);
    if (!r->rpc.params) {
        fprintf(stderr, "higress-ops call: the arguments are not JSON: %s\n", e.text);
        request_gone(r);
        session_end(session);
        return EXIT_USAGE;
    }
    struct job j = { s, session, r };
    loop_soon(s->loop, begin, &j);
    server_run(s);
    session_end(session);
    return print_answer(c.json, options_has(o, "json"), s->arena);
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
        printf("%s\n", catalog_list(s.mcp->catalog, era_find("2025-11-25")));
    const struct catalog_tool *t;
    for (int i = 0; !options_has(o, "json") && (t = catalog_at(s.mcp->catalog, i)); i++)
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
