/* ask.c - `ask "QUESTION"`: a question about the gateway, answered by a model that calls our tools,
 * or without one. It can plan a change, and nobody approves it here. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "call/service.h"
#include "cmd/screen_private.h"
#include "cmd/server_private.h"
#include "cmd/terminal_private.h"
#include "net/loop.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SPACE " \t\r\n"

enum { QUESTION_MAX = 64 << 10, TRANSCRIPT_MAX = 64 << 20 };

/* The outcomes of a question as exit codes. */
static const enum exit_code codes[] = {
    [0] = EXIT_FAILED,
    [AGENT_ANSWERED] = EXIT_DONE,
    [AGENT_WAITS] = EXIT_PENDING,
    [AGENT_NOTHING] = EXIT_NOTHING,
    [AGENT_FAILED] = EXIT_MODEL,
    [AGENT_LIMIT] = EXIT_LIMIT,
    [AGENT_STOPPED] = EXIT_FAILED,
    [AGENT_UNREAD] = EXIT_FAILED,
};

struct asking {
    struct server *server;
    const struct options *options;
    struct agent *agent;
    const char *question;
    struct screen screen;
    bool done;
};

static void ask_on_fiber(void *arg)
{
    struct asking *a = arg;
    if (options_has(a->options, "no-model"))
        agent_plain(a->agent, a->question);
    else
        agent_ask(a->agent, a->question);
    a->done = true;
    loop_stop(a->server->loop);
}

static void begin_ask(void *arg)
{
    fiber_start(ask_on_fiber, arg);
}

/* The first signal stops the question, so that what is known of it is still said. */
static void run_until_done(struct asking *a)
{
    loop_soon(a->server->loop, begin_ask, a);
    loop_run(a->server->loop);
    while (!a->done) {
        agent_stop(a->agent);
        loop_run(a->server->loop);
    }
}

static FILE *open_transcript(const char *path, struct err *e)
{
    int fd = file_open_own(path, O_WRONLY | O_CREAT | O_TRUNC, 077, e);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

static int fail_ask(const struct err *e, enum exit_code code)
{
    fprintf(stderr, "higress-ops ask: %s\n", e->text);
    return code;
}

static int put_question_once(struct asking *a)
{
    struct err e = { 0 };
    struct server *s = a->server;
    const char *path = options_get(a->options, "transcript");
    char who[PERSON_MAX];
    terminal_person(who);
    config_never_auto(s->config);
    screen_open(&a->screen, s->arena, options_has(a->options, "json"));
    const struct agent_options how = {
        .service = s->service,
        .kind = "ask",
        .principal = arena_strdup(s->arena, who),
        .listener = { screen_told, screen_said, &a->screen },
        .without_model = options_has(a->options, "no-model"),
    };
    a->agent = agent_new(s->arena, &how, &e);
    if (!a->agent)
        return fail_ask(&e, EXIT_CONFIG);
    if (path && !(a->screen.transcript = open_transcript(path, &e)))
        return fail_ask(&e, EXIT_FAILED);
    run_until_done(a);
    screen_close(&a->screen);
    agent_free(a->agent);
    FILE *kept = a->screen.transcript;
    bool broken = kept && ferror(kept);
    if (kept && fclose(kept) != 0)
        broken = true;
    if (broken)
        return fail_ask((err_set(&e, ERR_SYSTEM, "%s could not be written whole", path), &e),
                        EXIT_FAILED);
    return codes[a->screen.outcome];
}

/* -- the question -------------------------------------------------------------------------------
 */

/* That of the command line; "-": stdin. NULL after a message. */
static const char *question_of(const struct options *o, struct arena *a)
{
    const char *text = o->argv[0];
    if (!strcmp(text, "-")) {
        char *read = arena_alloc(a, QUESTION_MAX + 1);
        size_t n = fread(read, 1, QUESTION_MAX + 1, stdin);
        bool whole = n <= QUESTION_MAX && !memchr(read, '\0', n);
        text = whole ? arena_strndup(a, read, n) : "";
    }
    size_t n = strlen(text);
    while (n > 0 && strchr(SPACE, text[n - 1]))
        n--;
    text = arena_strndup(a, text, n);
    if (!n || n > QUESTION_MAX || !text_utf8(text, n)) {
        fprintf(stderr, "higress-ops ask: a question is 1 to %d bytes of UTF-8\n", QUESTION_MAX);
        return NULL;
    }
    return text;
}

static int ask_server(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    struct asking a = { .server = &s, .options = o, .question = question_of(o, s.arena) };
    code = a.question ? put_question_once(&a) : EXIT_USAGE;
    server_close(&s);
    return code;
}

/* -- a transcript, shown again ------------------------------------------------------------------
 */

static int replay_transcript(const struct options *o, const char *path)
{
    struct arena *a = arena_new();
    struct screen s = { 0 };
    struct err e = { 0 };
    size_t n = 0;
    char *text = file_read(a, path, TRANSCRIPT_MAX, &n, &e);
    screen_open(&s, a, options_has(o, "json"));
    for (char *line = text; line && *line && e.kind == ERR_NONE;) {
        size_t size = strcspn(line, "\n");
        const cJSON *event = json_parse(a, line, size, &e);
        if (event)
            screen_told(&s, event);
        line += size + (line[size] == '\n');
    }
    if (e.kind == ERR_NONE &&
        !agent_outcome_named(json_str(agent_report_tree(s.report), "outcome")))
        err_set(&e, ERR_ARGS, "it is no whole transcript: nothing says how it ended");
    int code = e.kind == ERR_NONE ? (int)codes[s.outcome] : EXIT_FAILED;
    if (e.kind == ERR_NONE)
        screen_close(&s);
    else
        fprintf(stderr, "higress-ops ask: %s: %s\n", path, e.text);
    arena_free(a);
    return code;
}

static int run_ask(const struct options *o)
{
    const char *path = options_get(o, "replay");
    if (!path == !o->argc) {
        fputs("higress-ops ask: give a question, or --replay FILE\n", stderr);
        return EXIT_USAGE;
    }
    return path ? replay_transcript(o, path) : ask_server(o);
}

static const struct option_row rows[] = {
    { "json", NULL, "Prints the answer with verdicts, changes, calls, tokens and cost as JSON." },
    { "no-model", NULL, "Answers by an overview, a diagnosis and a check, without a model." },
    { "transcript", "FILE", "Keeps what happened, one JSON line an event." },
    { "replay", "FILE", "Shows a transcript again, with its exit code; asks nothing." },
    { 0 },
};

const struct command cmd_ask = {
    .name = "ask",
    .args = "QUESTION",
    .about = "Answers a question about the gateway by a language model that calls the tools ('-': "
             "the question is on stdin). It can plan a change; a person approves it elsewhere.",
    .max_args = 1,
    .rows = rows,
    .config = true,
    .run = run_ask,
};
