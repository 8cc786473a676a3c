/* screen.c - one function an event. Texts are made harmless here again: a transcript may come from
 * anywhere. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/screen_private.h"
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 160, LINE_MAX_SHOWN = 400 };

void screen_open(struct screen *s, struct arena *a, bool json)
{
    s->arena = a;
    s->report = agent_report_new(a);
    s->json = json;
    s->streams = !json && isatty(STDOUT_FILENO);
    s->steps = !json && (s->streams || isatty(STDERR_FILENO));
    s->outcome = AGENT_FAILED;
}

static const char *line_of(const struct screen *s, const cJSON *event, const char *member)
{
    const char *text = json_str(event, member);
    return text ? text_clean(s->arena, text, LINE_MAX_SHOWN) : "";
}

static void break_line(struct screen *s)
{
    if (s->in_line)
        putchar('\n');
    s->in_line = false;
    fflush(stdout);
}

static void show_words(struct screen *s, const char *text)
{
    text = agent_words(s->arena, text);
    if (!*text)
        return;
    fputs(text, stdout);
    s->in_line = !text_ends(text, "\n");
    fflush(stdout);
}

static void show_call(struct screen *s, const cJSON *event)
{
    const cJSON *args = json_get(event, "arguments");
    const char *text = args ? json_print(s->arena, args) : "";
    fprintf(stderr, "> %s %s\n", line_of(s, event, "tool"),
            strcmp(text, "{}") != 0 ? text_clean(s->arena, text, ARGUMENTS_MAX) : "");
}

static void show_progress(struct screen *s, const cJSON *event)
{
    fprintf(stderr, "  … %s\n", line_of(s, event, "text"));
}

static void show_result(struct screen *s, const cJSON *event)
{
    fprintf(stderr, "  %s, %.1f s, %.0f bytes%s%s\n", line_of(s, event, "outcome"),
            json_num(event, "seconds", 0), json_num(event, "bytes", 0),
            json_get(event, "change") ? ", change " : "",
            line_of(s, json_get(event, "change"), "id"));
}

static void show_reply(struct screen *s, const cJSON *event)
{
    if (!s->spoke)
        show_words(s, json_str(event, "text"));
    s->spoke = false;
}

static void show_again(struct screen *s, const cJSON *event)
{
    fprintf(stderr, "(asked again in %.1f s: %s)\n", json_num(event, "seconds", 0),
            line_of(s, event, "why"));
    s->spoke = false;
}

static void show_notice(struct screen *s, const cJSON *event)
{
    fprintf(stderr, "(%s)\n", line_of(s, event, "text"));
}

static const struct {
    const char *name;
    void (*show)(struct screen *s, const cJSON *event);
} shown[] = {
    { "call", show_call },   { "progress", show_progress }, { "result", show_result },
    { "again", show_again }, { "notice", show_notice },
};

void screen_told(void *screen, const cJSON *event)
{
    struct screen *s = screen;
    const char *name = json_str(event, "event");
    if (!name)
        return;
    agent_report_take(s->report, event);
    if (s->transcript)
        fprintf(s->transcript, "%s\n", json_print(s->arena, event));
    if (!strcmp(name, "end"))
        s->outcome = agent_outcome_named(json_str(event, "outcome"));
    if (!strcmp(name, "reply") && s->streams)
        show_reply(s, event);
    for (size_t i = 0; s->steps && i < sizeof shown / sizeof *shown; i++) {
        if (strcmp(shown[i].name, name) != 0)
            continue;
        break_line(s);
        shown[i].show(s, event);
    }
}

void screen_said(void *screen, const char *text)
{
    struct screen *s = screen;
    if (!s->streams)
        return;
    show_words(s, text);
    s->spoke = true;
}

/* -- at the end -----------------------------------------------------------------------------------
 */

/* What is so whatever the model said of it. */
static void show_report_changes(struct screen *s, const cJSON *report)
{
    const cJSON *c;
    cJSON_ArrayForEach(c, json_get(report, "changes"))
    {
        const char *id = line_of(s, c, "id"), *state = line_of(s, c, "state");
        printf("change %s %s: %s\n", id, state, line_of(s, c, "title"));
        if (!strcmp(state, "pending"))
            printf("  a person decides: higress-ops approve %s\n", id);
    }
}

static void show_report_cost(struct screen *s, const cJSON *report)
{
    const cJSON *tokens = json_get(report, "tokens"), *cost = json_get(report, "cost");
    if (!json_str(report, "model"))
        return;
    fprintf(stderr, "(%.0f steps, %s%.0f tokens in, %.0f out", json_num(report, "steps", 0),
            json_true(tokens, "estimated") ? "about " : "", json_num(tokens, "input", 0),
            json_num(tokens, "output", 0));
    if (json_str(cost, "currency"))
        fprintf(stderr, ", %.4f %s)\n", json_num(cost, "amount", 0), line_of(s, cost, "currency"));
    else
        fprintf(stderr, ", cost unknown: %s)\n", line_of(s, cost, "unknown"));
}

void screen_close(struct screen *s)
{
    cJSON *report = agent_report_tree(s->report);
    const char *error = line_of(s, report, "error");
    break_line(s);
    if (s->json) {
        const char *text = json_print(s->arena, report);
        puts(text_clean(s->arena, text, 3 * strlen(text))); /* one line */
        return;
    }
    if (!s->streams && json_str(report, "answer"))
        show_words(s, json_str(report, "answer"));
    break_line(s);
    show_report_changes(s, report);
    fflush(stdout);
    if (*error)
        fprintf(stderr, "%s: %s\n", agent_outcome_name(s->outcome), error);
    if (s->steps)
        show_report_cost(s, report);
}
