/* plain.c - a question answered without a model: what it names is looked up among the names that
 * the gateway has, and diagnosed; beside it an overview and what is wrong in the configuration. */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "net/loop.h"
#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

enum {
    TARGETS = 3,
    WORDS = 64, /* of a question */
    PART = 4,   /* letters, for a word to be part of a name */
    ANSWER_MAX = 256 << 10
};

/* What diagnose looks at: its argument, and the kind whose names it takes. */
static const struct {
    const char *argument, *kind;
} diagnosed[] = {
    { "route", "route" },     { "ai_route", "ai-route" }, { "mcp_server", "mcp-server" },
    { "service", "service" }, { "domain", "domain" },
};
enum { KINDS = sizeof diagnosed / sizeof *diagnosed };

struct target {
    const char *argument, *name;
    int fit; /* the better, the higher; 0: none */
};

struct search {
    struct arena *arena;
    const char *words[WORDS];
    int word_count;
    const char *path;             /* of a request, in the question; "": none */
    int kind;                     /* whose names come */
    int unread;                   /* kinds whose names could not be read */
    struct err why;               /* of the first of them */
    struct target found[TARGETS]; /* the best first */
};

static void split_words(struct search *s, const char *question)
{
    while (*question && s->word_count < WORDS) {
        size_t n = strspn(question, LETTERS);
        size_t end = n;
        while (end > 0 && strchr(".-", question[end - 1])) /* the end of a sentence */
            end--;
        if (end > 0)
            s->words[s->word_count++] = arena_strndup(s->arena, question, end);
        question += n + (question[n] != '\0');
    }
}

/* "order" in "shop-orders": where a part of the name begins. */
static bool begins_part(const char *word, const char *name)
{
    size_t n = strlen(word);
    for (const char *at = name; *at; at++)
        if ((at == name || strchr("-._", at[-1])) && strncasecmp(at, word, n) == 0)
            return true;
    return false;
}

/* 3: the word is the name; 2: but for an ending that says less; 1: a part of it begins so. The word
 * for a kind names the kind: "the checkout route" is not about another route "ai-route-x". */
static int name_fit(const char *word, const char *name)
{
    size_t n = strlen(word), whole = strlen(name);
    if (text_equal_nocase(word, name))
        return 3;
    if (n >= PART && !kind_find(word) && begins_part(word, name))
        return strncasecmp(name, word, n) == 0 && name[n] == '.' ? 2 : 1;
    /* "payments" for route "payment" */
    return whole >= PART && strncasecmp(word, name, whole) == 0 && n <= whole + 2 ? 2 : 0;
}

/* "/pay/7" of "https://shop.example.com/pay/7 fails", with what follows. */
static const char *path_in(const char *question)
{
    const char *scheme = strstr(question, "://");
    const char *path = strchr(scheme ? scheme + strlen("://") : question, '/');
    return path ? path : "";
}

/* Does the route take that path, as far as its beginning tells? */
static bool names_path_of(const cJSON *route, const char *path)
{
    const char *taken = json_str(json_get(route, "path"), "matchValue");
    size_t n = taken ? strlen(taken) : 0;
    while (n > 0 && taken[n - 1] == '/')
        n--;
    return n > 1 && strncmp(taken, path, n) == 0 &&
           (path[n] == '.' || strspn(path + n, LETTERS) == 0);
}

static bool take_candidate(void *arg, const cJSON *o)
{
    struct search *s = arg;
    const char *name = json_str(o, "name");
    struct target t = { diagnosed[s->kind].argument, name, names_path_of(o, s->path) ? 3 : 0 };
    for (int i = 0; name && i < s->word_count; i++) {
        int fit = name_fit(s->words[i], name);
        t.fit = fit > t.fit ? fit : t.fit;
    }
    for (int i = 0; i < TARGETS && t.fit; i++) {
        if (t.fit <= s->found[i].fit)
            continue;
        struct target worse = s->found[i];
        t.name = arena_strdup(s->arena, t.name);
        s->found[i] = t;
        t = worse;
    }
    return true;
}

/* Only the best of what was found: one exact name makes the rest chance. */
static int find_targets(struct agent *g, struct search *s)
{
    const struct config *ignored;
    struct err none = { 0 };
    struct gateway *gateway = service_gateway(g->service, g->options.gateway, &ignored, &none);
    for (s->kind = 0; gateway && s->kind < KINDS; s->kind++) {
        struct err why = { 0 };
        if (gateway_each_kind(gateway, kind_find(diagnosed[s->kind].kind), NULL, take_candidate, s,
                              &g->cancel, &why) ||
            why.status == 404) /* this gateway knows no such kind */
            continue;
        s->why = s->unread++ ? s->why : why;
    }
    int n = 0;
    while (n < TARGETS && s->found[n].fit && s->found[n].fit == s->found[0].fit)
        n++;
    return n;
}

/* One call, made by us; its arena has ended. */
static const struct agent_call *call_alone(struct agent *g, const char *tool, const cJSON *args)
{
    struct agent_call *c = arena_make(g->step, struct agent_call);
    *c = (struct agent_call){ .agent = g,
                              .arena = arena_new(),
                              .name = tool,
                              .given = json_print(g->step, args),
                              .quoted = true,
                              .n = ++g->called };
    g->calls = c;
    g->call_count = 1;
    agent_run_calls(g);
    arena_free(c->arena);
    return c;
}

static const char *run_plain(struct agent *g, const char *tool, const char *argument,
                             const char *value)
{
    cJSON *args = json_object(g->step);
    if (argument)
        json_set_str(g->step, args, argument, value);
    return event_words(g->step, call_alone(g, tool, args)->text);
}

static void say_section(struct buf *b, const char *title, const char *text)
{
    buf_printf(b, "%s%s\n%s", b->len ? "\n\n" : "", title, text);
}

/* What the text names, diagnosed; e: nothing could be looked up. */
static void say_what_is_named(struct agent *g, struct buf *b, const char *text, struct err *e)
{
    struct search s = { .arena = g->step, .path = path_in(text) };
    split_words(&s, text);
    int n = find_targets(g, &s);
    if (s.unread == KINDS)
        *e = s.why;
    if (s.unread)
        say_section(b, "Not all names could be looked up:", event_words(g->step, s.why.text));
    if (!n)
        say_section(b,
                    s.unread ? "Whatever fails (no name was found that the question could mean):"
                             : "Whatever fails (the question names nothing that the gateway has):",
                    run_plain(g, "diagnose", NULL, NULL));
    for (int i = 0; i < n; i++) {
        const struct target *t = &s.found[i];
        say_section(b, arena_printf(g->step, "%s %s:", t->argument, t->name),
                    run_plain(g, "diagnose", t->argument, t->name));
    }
}

enum agent_outcome agent_plain(struct agent *g, const char *question)
{
    agent_begin(g, question);
    struct err e = { 0 };
    struct buf *b = buf_in(g->arena, ANSWER_MAX);
    say_what_is_named(g, b, question, &e);
    say_section(b, "The gateway:", run_plain(g, "gateway_overview", NULL, NULL));
    say_section(
        b, "What is broken in the configuration:", run_plain(g, "check_config", "risk", "broken"));
    g->answer = event_words(g->arena, b->data);
    return agent_end(g, &e);
}

static void begin_alone(struct agent *g)
{
    agent_begin_step(g);
    g->cancel = (struct cancel){ 0 };
    g->began = loop_now(g->service->loop);
    g->seen = json_object(g->arena);
    g->waiting = json_object(g->arena);
}

const char *agent_diagnose(struct agent *g, const char *about)
{
    struct err e = { 0 };
    begin_alone(g);
    struct buf *b = buf_in(g->arena, ANSWER_MAX);
    say_what_is_named(g, b, about, &e);
    const char *text = g->cancel.fired ? NULL : event_words(g->arena, b->data);
    agent_end_step(g);
    return text;
}

const char *agent_tool(struct agent *g, const char *tool, const cJSON *args)
{
    begin_alone(g);
    const struct agent_call *c = call_alone(g, tool, args);
    const char *text = c->cancel.fired ? NULL : event_words(g->arena, c->text);
    agent_end_step(g);
    return text;
}
