/* command.c - what can be typed without a model: a row each, or a tool by its name with KEY=VALUE.
 * Nothing that is typed decides over a change.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/service.h"
#include "chat/bot_private.h"
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"
enum { HELP_MAX = 8 << 10, TOKEN_SHOWN = 60 };

static const struct command_row {
    const char *name, *tool, *args; /* args: those that may stand without KEY= */
    const char *usage, *about;
} rows[] = {
    { "overview", "gateway_overview", NULL, "", "what the gateway has, and how it is" },
    { "diagnose", "diagnose", NULL, "[NAME]", "why something fails; without a name, what does" },
    { "routes", "list_routes", NULL, "[path=/pay]", "routes, by what they take" },
    { "check", "check_config", NULL, "", "what is wrong in the configuration" },
    { "logs", "tail_logs", NULL, "[route=NAME]", "the newest lines of the access log" },
    { "traffic", "analyze_traffic", NULL, "", "requests by what they have in common" },
    { "limit", "tune_rate_limit", "route|requests", "ROUTE N [per=minute]",
      "plans a rate limit of a route" },
    { "changes", "list_changes", NULL, "[object=NAME]", "changes, newest first" },
    { "change", "get_change", "id", "ID", "one change" },
    { "undo", "undo_change", "id", "ID", "plans the reverse of a change" },
};
enum { ROWS = sizeof rows / sizeof *rows };

static const struct command_row *command_row_named(const char *name)
{
    for (int i = 0; i < ROWS; i++)
        if (text_equal_nocase(rows[i].name, name))
            return &rows[i];
    return NULL;
}

const char *command_help(struct arena *a, bool model)
{
    struct buf *b = buf_in(a, HELP_MAX);
    for (int i = 0; i < ROWS; i++)
        buf_printf(b, "%s %s: %s\n", rows[i].name, rows[i].usage, rows[i].about);
    buf_str(b, "TOOL KEY=VALUE…: any other tool by its name\n");
    buf_str(b, model
                   ? "Anything else is a question.\n"
                   : "Any other sentence is looked up among the gateway's names and diagnosed.\n");
    buf_str(b, "A change waits as a card: it is approved by its button, never by text.");
    return b->data;
}

/* -- one value -----------------------------------------------------------------------------------
 */

static const struct field *argument_named(const struct field *in, const char *name, size_t n)
{
    for (; in->name; in++)
        if (strlen(in->name) == n && !strncmp(in->name, name, n))
            return in;
    return NULL;
}

static cJSON *comma_texts(struct arena *a, const char *text)
{
    cJSON *list = json_array(a);
    while (*text) {
        size_t n = strcspn(text, ",");
        json_add(a, list, json_stringn(a, text, n));
        text += n + (text[n] == ',');
    }
    return list;
}

/* As its field has it; as text where it is not of that type, for the check of the call to say so.
 */
static cJSON *typed_value(struct arena *a, const struct field *f, const char *text)
{
    char *end;
    double n = strtod(text, &end);
    if ((f->type == INT || f->type == NUM) && *text && !*end)
        return json_number(a, n);
    if (f->type == BOOL && (!strcmp(text, "true") || !strcmp(text, "false")))
        return json_bool(a, !strcmp(text, "true"));
    if (f->type == LIST)
        return comma_texts(a, text);
    return json_string(a, text);
}

/* -- a line ---------------------------------------------------------------------------------------
 */

struct line_read {
    struct arena *arena;
    const struct field *in;
    const char *places; /* of what stands without KEY= */
    cJSON *args;
    const char *why; /* it is wrong */
    bool words;      /* it is a sentence */
};

static void take_token(struct line_read *l, const char *token)
{
    const char *equals = strchr(token, '=');
    char place[TEXT_WORD];
    const struct field *f;
    if (equals && equals > token) {
        f = argument_named(l->in, token, (size_t)(equals - token));
        if (!f) {
            l->why = arena_printf(l->arena,
                                  "'%s': there is no such argument here; help lists what "
                                  "there is.",
                                  text_clean(l->arena, token, TOKEN_SHOWN));
            return;
        }
        json_set(l->arena, l->args, f->name, typed_value(l->arena, f, equals + 1));
        return;
    }
    f = text_word_next(&l->places, place) ? argument_named(l->in, place, strlen(place)) : NULL;
    l->words = l->words || !f;
    if (f)
        json_set(l->arena, l->args, f->name, typed_value(l->arena, f, token));
}

/* The next word of a line; NULL: there is none. */
static const char *next_word(struct arena *a, const char **line)
{
    *line += strspn(*line, BLANKS);
    size_t n = strcspn(*line, BLANKS);
    const char *token = n ? arena_strndup(a, *line, n) : NULL;
    *line += n;
    return token;
}

static bool is_decision_word(const char *word)
{
    return text_equal_nocase(word, "approve") || text_equal_nocase(word, "reject");
}

static enum chat_said read_arguments(struct arena *a, const struct catalog_tool *t,
                                     const char *places, const char *rest, struct chat_command *out,
                                     const char **why)
{
    struct line_read l = { a, t->in, places, json_object(a), NULL, false };
    const char *token;
    while (!l.why && (token = next_word(a, &rest)))
        take_token(&l, token);
    *out = (struct chat_command){ .tool = t->tool->name, .args = l.args };
    *why = l.why;
    return l.words ? SAID_WORDS : l.why ? SAID_WRONG : SAID_COMMAND;
}

enum chat_said command_read(struct arena *a, const struct service *s, const char *text,
                            struct chat_command *out, const char **why)
{
    const char *rest = text, *first = next_word(a, &rest);
    *out = (struct chat_command){ 0 };
    rest += strspn(rest, BLANKS);
    if (!first || (text_equal_nocase(first, "help") && !*rest))
        return SAID_COMMAND;
    if (is_decision_word(first)) {
        *why = "A change is approved or rejected by the button of its card, at the page or at a "
               "terminal; never by text.";
        return SAID_WRONG;
    }
    const struct command_row *row = command_row_named(first);
    const struct catalog_tool *t = catalog_find(s->catalog, row ? row->tool : first);
    if (!t)
        return SAID_WORDS;
    bool names = row && !strcmp(row->name, "diagnose") && *rest && !strpbrk(rest, BLANKS "=");
    if (!names)
        return read_arguments(a, t, row ? row->args : NULL, rest, out, why);
    *out = (struct chat_command){ .tool = t->tool->name, .about = rest };
    return SAID_COMMAND;
}
