/* chat.c - `chat`: questions at a terminal, one after the other. What the model plans is shown to
 * the person who sits there, and approved by the prompt of `approve` or not at all. */
#include "agent/agent.h"
#include "approve/approve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "call/service.h"
#include "cmd/line_private.h"
#include "cmd/screen_private.h"
#include "cmd/server_private.h"
#include "cmd/verb_private.h"
#include "net/loop.h"
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct chat {
    struct server *server;
    struct verb verb; /* the person, for the prompt of `approve` */
    struct verb_question question;
    struct channel terminal;
    struct agent *agent;
    struct arena *arena; /* of one line */
    struct screen screen;
    const char *line;
    bool busy, interrupted, over;
    char applied[64]; /* the newest change that was applied here */
};

/* -- the person -----------------------------------------------------------------------------------
 */

static void note_interrupt(void *arg, int signum)
{
    struct chat *c = arg;
    (void)signum;
    c->interrupted = true;
}

static void ignore_signal(int signum)
{
    (void)signum;
}

/* Ctrl-C at the question decides nothing: without this, reading would go on. */
static enum asked ask_here(struct channel *terminal, const struct ask_about *about,
                           struct shown *shown, struct err *e)
{
    struct chat *c = terminal->arg;
    struct sigaction quiet = { .sa_handler = ignore_signal }, was;
    struct channel prompt;
    verb_terminal(&c->question, &prompt);
    sigaction(SIGINT, &quiet, &was);
    tcflush(STDIN_FILENO, TCIFLUSH); /* what was typed to a question of the model's is no answer */
    enum asked said = prompt.ask(&prompt, about, shown, e);
    sigaction(SIGINT, &was, NULL);
    return said;
}

/* -- what is told ---------------------------------------------------------------------------------
 */

static void hear_agent(void *arg, const cJSON *event)
{
    struct chat *c = arg;
    const cJSON *change = json_get(event, "change");
    const char *state = json_str(change, "state"), *id = json_str(change, "id");
    if (state && id && !strcmp(state, "applied"))
        snprintf(c->applied, sizeof c->applied, "%s", id);
    screen_told(&c->screen, event);
}

static void hear_words(void *arg, const char *text)
{
    struct chat *c = arg;
    screen_said(&c->screen, text);
}

/* -- lines that begin with a slash ---------------------------------------------------------------
 */

static void chat_tool(struct chat *c, const char *tool, const char *argument, const char *value)
{
    cJSON *args = json_object(c->arena);
    if (argument)
        json_set_str(c->arena, args, argument, value);
    const char *text = agent_tool(c->agent, tool, args);
    printf("%s\n", text ? text : "stopped");
}

static void chat_changes(struct chat *c, const char *id)
{
    if (*id)
        chat_tool(c, "get_change", "id", id);
    else
        chat_tool(c, "list_changes", NULL, NULL);
}

static void chat_undo(struct chat *c, const char *id)
{
    id = *id ? id : c->applied;
    if (*id)
        chat_tool(c, "undo_change", "id", id);
    else
        puts("nothing was applied in this chat; /undo ID undoes another change");
}

static void chat_approve(struct chat *c, const char *id)
{
    if (*id)
        chat_tool(c, "apply_change", "id", id);
    else
        puts("say which: /approve ID");
}

static void chat_quit(struct chat *c, const char *rest)
{
    (void)rest;
    c->over = true;
}

static void chat_help(struct chat *c, const char *rest);

static const struct {
    const char *name, *args, *about;
    void (*run)(struct chat *c, const char *rest);
} commands[] = {
    { "/changes", "[ID]", "lists the changes, or shows one", chat_changes },
    { "/approve", "ID", "shows a change that waits, and asks whether it is applied", chat_approve },
    { "/undo", "[ID]", "plans the reverse of a change, of the newest one here, and asks",
      chat_undo },
    { "/help", "", "this list", chat_help },
    { "/quit", "", "ends the chat, as Ctrl-D does", chat_quit },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void chat_help(struct chat *c, const char *rest)
{
    (void)c;
    (void)rest;
    for (int i = 0; i < COMMANDS; i++)
        printf("%-9s %-5s %s\n", commands[i].name, commands[i].args, commands[i].about);
    puts("Anything else is a question. Ctrl-C stops what is being done.");
}

static void run_command(struct chat *c, const char *line)
{
    size_t n = strcspn(line, " ");
    const char *rest = line + n + strspn(line + n, " ");
    for (int i = 0; i < COMMANDS; i++)
        if (strlen(commands[i].name) == n && !strncmp(commands[i].name, line, n)) {
            commands[i].run(c, text_clean(c->arena, rest, 80));
            return;
        }
    puts("there is no such command; /help lists them");
}

/* -- one line -------------------------------------------------------------------------------------
 */

static void answer_on_fiber(void *arg)
{
    struct chat *c = arg;
    if (*c->line == '/') {
        run_command(c, c->line);
    } else {
        agent_ask(c->agent, c->line);
        screen_close(&c->screen);
    }
    c->busy = false;
    loop_stop(c->server->loop);
}

static void begin_line(void *arg)
{
    fiber_start(answer_on_fiber, arg);
}

static void answer_line(struct chat *c, const char *line)
{
    c->arena = arena_new();
    c->line = arena_strdup(c->arena, line);
    c->busy = true;
    c->interrupted = false;
    screen_open(&c->screen, c->arena, false);
    loop_soon(c->server->loop, begin_line, c);
    while (c->busy) {
        loop_run(c->server->loop);
        if (!c->busy)
            break;
        agent_stop(c->agent); /* Ctrl-C stops this, SIGTERM all of it */
        c->over = c->over || !c->interrupted;
    }
    fflush(stdout);
    arena_free(c->arena);
}

static void talk_until_quit(struct chat *c)
{
    struct line *line = line_new(c->server->arena, c->server->loop, "higress> ");
    const char *text;
    while (!c->over) {
        c->interrupted = false;
        enum line_end end = line_read(line, &text);
        if (end == LINE_CLOSED || (end == LINE_STOPPED && !c->interrupted))
            break;
        if (end == LINE_STOPPED)
            continue;
        text += strspn(text, " \t");
        if (!text_utf8(text, strlen(text)))
            puts("that line is not UTF-8");
        else if (*text)
            answer_line(c, text);
    }
    line_free(line);
}

/* -- the chat -------------------------------------------------------------------------------------
 */

static int open_chat(struct chat *c, const struct options *o)
{
    struct server *s = c->server;
    struct err e = { 0 };
    config_never_auto(s->config);
    c->verb = (struct verb){
        .options = o, .arena = s->arena, .config = s->config, .gateway = s->gateway
    };
    terminal_person(c->verb.who);
    c->verb.engine = service_engine(s->service);
    c->question = (struct verb_question){ &c->verb, true, "Apply this change to the gateway?" };
    c->terminal = (struct channel){ CHANNEL_TERMINAL, c->verb.who, APPROVE_UNBOUNDED, ask_here, c };
    const struct agent_options how = {
        .service = s->service,
        .kind = "chat",
        .principal = c->verb.who,
        .channel = &c->terminal,
        .listener = { hear_agent, hear_words, c },
    };
    c->agent = agent_new(s->arena, &how, &e);
    if (!c->agent) {
        fprintf(stderr, "higress-ops chat: %s\n", e.text);
        return EXIT_CONFIG;
    }
    loop_signal(s->loop, SIGINT, note_interrupt, c);
    talk_until_quit(c);
    agent_free(c->agent);
    return EXIT_DONE;
}

static int run_chat(const struct options *o)
{
    struct server s;
    int code = EXIT_DONE;
    if (!server_open(&s, o, &code))
        return code;
    struct chat *c = arena_make(s.arena, struct chat);
    c->server = &s;
    code = open_chat(c, o);
    server_close(&s);
    return code;
}

const struct command cmd_chat = {
    .name = "chat",
    .about = "Questions and answers at a terminal, as ask; what the model plans is approved there "
             "by its person, or not at all. /help lists what else can be typed.",
    .config = true,
    .run = run_chat,
};
