/* diagnose.c - what is wrong, why, and what to do next. The rules are in diagnose/. */
#include "call/signal.h"
#include "tool.h"

extern const struct toolset toolset_diagnose;

enum { TEXT_MAX = 3000, FACTS = 3 };

static const struct field in[] = {
    { "route", STR, OPT, NULL, .complete = "route" },
    { "service", STR, OPT, NULL, .complete = "service" },
    { "ai_route", STR, OPT, NULL, .complete = "ai-route" },
    { "mcp_server", STR, OPT, NULL, .complete = "mcp-server" },
    { "domain", STR, OPT, NULL, .complete = "domain" },
    { "since", STR, OPT, "30m or a time." },
    { "compare", BOOL, OPT, "With as long before." },
    { 0 },
};

static const struct field out[] = {
    { "verdicts", LIST, REQ, NULL },
    { "configured", LIST, OPT, NULL },
    { "unavailable", LIST, OPT, NULL },
    { 0 },
};

static const struct {
    const char *argument, *kind;
} targets[] = {
    { "route", "route" },           { "service", "service" }, { "ai_route", "ai-route" },
    { "mcp_server", "mcp-server" }, { "domain", "domain" },
};

static const cJSON *run_diagnose(struct call *c)
{
    const char *kind = NULL, *name = NULL;

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const char *one = arg_str(c, targets[i].argument);
        if (one && name)
            return fail_null(c,
                             "name one object (route, service, ai_route, mcp_server, domain), not "
                             "both; without any, whatever fails is looked at");
        kind = one ? targets[i].kind : kind;
        name = one ? one : name;
    }
    return diagnose_since(c, kind, name, arg_str(c, "since"), arg_bool(c, "compare"));
}

static void say_verdict(struct buf *b, const cJSON *v)
{
    const cJSON *fact;
    int n = 0;

    buf_printf(b, "%s (%s) %s", json_text(v, "code"), json_text(v, "confidence"),
               json_text(v, "object"));
    if (json_get(v, "replicas"))
        buf_printf(b, ", by %s", json_text(v, "replicas"));
    if (json_get(v, "requests"))
        buf_printf(b, ", %.0f requests", json_num(v, "requests", 0));
    buf_char(b, '\n');
    cJSON_ArrayForEach(fact, json_get(v, "evidence"))
    {
        if (n++ < FACTS)
            buf_printf(b, "  %s: %s\n", json_text(fact, "source"), json_text(fact, "fact"));
    }
    buf_printf(b, "  next: %s\n", json_text(v, "next"));
}

static void say_answer_lines(struct buf *b, const cJSON *answer, const char *member,
                             const char *word)
{
    const cJSON *line;

    cJSON_ArrayForEach(line, json_get(answer, member)) if (cJSON_IsString(line))
        buf_printf(b, "%s: %s\n", word, line->valuestring);
}

static void say_line(struct buf *b, const cJSON *answer, const char *member)
{
    if (json_get(answer, member))
        buf_printf(b, "%s: %s\n", member, json_text(answer, member));
}

static void say_unavailable(struct buf *b, const cJSON *answer)
{
    const cJSON *name;
    const char *before = "not available: ";

    cJSON_ArrayForEach(name, json_get(answer, "unavailable"))
    {
        buf_printf(b, "%s%s", before, name->valuestring);
        before = ", ";
    }
    if (json_count(json_get(answer, "unavailable")) > 0)
        buf_char(b, '\n');
}

static char *say_diagnosis(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), TEXT_MAX);
    const cJSON *v;

    say_answer_lines(b, answer, "about", json_text(answer, "target"));
    cJSON_ArrayForEach(v, json_get(answer, "verdicts")) say_verdict(b, v);
    cJSON_ArrayForEach(v, json_get(answer, "configured"))
        buf_printf(b, "configured: %s\n", v->valuestring);
    say_answer_lines(b, answer, "compared", "compared");
    say_answer_lines(b, answer, "timeline", "applied");
    say_line(b, answer, "noise");
    say_line(b, answer, "elsewhere");
    say_answer_lines(b, answer, "history", "over");
    say_line(b, answer, "note");
    say_unavailable(b, answer);
    say_answer_lines(b, answer, "replicas", "replicas");
    return b->data;
}

/* Evidence as [source, value]; what to do next is for readers of the text. */
static const cJSON *diagnosis_facts(struct call *c, const cJSON *answer)
{
    cJSON *o = json_clone(arena(c), answer), *v;
    const cJSON *e;

    cJSON_ArrayForEach(v, json_get(o, "verdicts"))
    {
        cJSON *pairs = json_array(arena(c));
        cJSON_ArrayForEach(e, json_get(v, "evidence"))
        {
            cJSON *pair = json_add(arena(c), pairs, json_array(arena(c)));
            json_add_str(arena(c), pair, json_text(e, "source"));
            json_add_str(arena(c), pair, json_text(e, "fact"));
        }
        json_set(arena(c), v, "evidence", pairs);
        json_remove(v, "next");
    }
    return o;
}

static const struct tool tools[] = {
    {
        .name = "diagnose",
        .title = "Diagnose",
        .about = "Finds out why requests fail, from route to Envoy and access log: ranked causes, "
                 "evidence, the next step.",
        .risk = READ,
        .fleeting = true,
        .on_map = true,
        .in = in,
        .out = out,
        .read = run_diagnose,
        .local = true,
        .of_each = true,
        .say = say_diagnosis,
        .facts = diagnosis_facts,
    },
    { 0 },
};

const struct toolset toolset_diagnose = {
    .name = "diagnose",
    .about = "What is wrong and why.",
    .tools = tools,
};
