/* diagnose.c - what is wrong, why, and what to do next. The rules are in diagnose/. */
#include "call/signal.h"
#include "tool.h"

extern const struct toolset toolset_diagnose;

enum { TEXT_MAX = 3000, FACTS = 3 };

static const struct field in[] = {
    { "route", STR, OPT, NULL, .complete = "route" },
    { "service", STR, OPT, "Instead of a route.", .complete = "service" },
    { 0 },
};

static const struct field out[] = {
    { "verdicts", LIST, REQ, NULL },
    { "configured", LIST, OPT, NULL },
    { "unavailable", LIST, OPT, NULL },
    { 0 },
};

static const cJSON *run(struct call *c)
{
    const char *route = arg_str(c, "route");
    const char *service = arg_str(c, "service");

    if (route && service)
        return fail_null(c, "give either route or service, not both");
    return diagnose(c, route ? "route" : service ? "service" : NULL, route ? route : service);
}

static const char *or_empty(const cJSON *o, const char *member)
{
    const char *s = json_str(o, member);
    return s ? s : "";
}

static void say_verdict(struct buf *b, const cJSON *v)
{
    const cJSON *fact;
    int n = 0;

    buf_printf(b, "%s (%s) %s\n", or_empty(v, "code"), or_empty(v, "confidence"),
               or_empty(v, "object"));
    cJSON_ArrayForEach(fact, json_get(v, "evidence"))
    {
        if (n++ < FACTS)
            buf_printf(b, "  %s: %s\n", or_empty(fact, "source"), or_empty(fact, "fact"));
    }
    buf_printf(b, "  next: %s\n", or_empty(v, "next"));
}

static char *say(struct call *c, const cJSON *answer)
{
    struct buf *b = buf_in(arena(c), TEXT_MAX);
    const cJSON *v;

    cJSON_ArrayForEach(v, json_get(answer, "verdicts")) say_verdict(b, v);
    cJSON_ArrayForEach(v, json_get(answer, "configured"))
        buf_printf(b, "configured: %s\n", v->valuestring);
    if (json_get(answer, "note"))
        buf_printf(b, "note: %s\n", or_empty(answer, "note"));
    return b->data;
}

static const struct tool tools[] = {
    {
        .name = "diagnose",
        .title = "Diagnose",
        .about = "Finds out why requests fail, from the route to Envoy and its access log; returns "
                 "ranked causes with evidence and the next step.",
        .risk = READ,
        .in = in,
        .out = out,
        .read = run,
        .local = true,
        .say = say,
    },
    { 0 },
};

const struct toolset toolset_diagnose = {
    .name = "diagnose",
    .about = "What is wrong and why.",
    .tools = tools,
};
