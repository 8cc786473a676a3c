/* report.c - the events of one question as one object, for programs. */
#include "agent/agent.h"
#include "base/arena.h"
#include "base/json.h"
#include <string.h>

struct agent_report {
    struct arena *arena;
    cJSON *tree, *verdicts, *changes, *calls;
};

struct agent_report *agent_report_new(struct arena *a)
{
    struct agent_report *r = arena_make(a, struct agent_report);
    *r = (struct agent_report){ .arena = a, .tree = json_object(a) };
    r->verdicts = json_set_array(a, r->tree, "verdicts");
    r->changes = json_set_array(a, r->tree, "changes");
    r->calls = json_set_array(a, r->tree, "calls");
    return r;
}

static void report_member(struct agent_report *r, const cJSON *event, const char *member)
{
    const cJSON *o = json_get(event, member);
    if (o)
        json_set(r->arena, r->tree, member, json_clone(r->arena, o));
}

static cJSON *reported_call(const struct agent_report *r, double n)
{
    cJSON *call;
    cJSON_ArrayForEach(call, r->calls) if (json_num(call, "n", 0) == n) return call;
    return NULL;
}

/* The newest state of each change. */
static void report_change(struct agent_report *r, const cJSON *change)
{
    cJSON *had = json_find(r->changes, "id", json_str(change, "id"));
    if (had)
        json_set_str(r->arena, had, "state", json_str(change, "state"));
    else
        json_add(r->arena, r->changes, json_clone(r->arena, change));
}

static void report_result(struct agent_report *r, const cJSON *event)
{
    static const char *const members[] = { "outcome", "seconds", "bytes" };
    cJSON *call = reported_call(r, json_num(event, "n", 0));
    const cJSON *v, *change = json_get(event, "change");
    for (size_t i = 0; call && i < sizeof members / sizeof *members; i++)
        if (json_get(event, members[i]))
            json_set(r->arena, call, members[i], json_clone(r->arena, json_get(event, members[i])));
    cJSON_ArrayForEach(v, json_get(event, "verdicts"))
        json_add(r->arena, r->verdicts, json_clone(r->arena, v));
    if (json_str(change, "id") && json_str(change, "state"))
        report_change(r, change);
}

static void report_call(struct agent_report *r, const cJSON *event)
{
    cJSON *call = json_add(r->arena, r->calls, json_clone(r->arena, event));
    json_remove(call, "event");
}

void agent_report_take(struct agent_report *r, const cJSON *event)
{
    static const char *const ending[] = { "outcome", "answer", "error", "model",
                                          "steps",   "tokens", "cost",  "seconds" };
    const char *name = json_str(event, "event");
    if (!name)
        return;
    if (!strcmp(name, "call"))
        report_call(r, event);
    else if (!strcmp(name, "result"))
        report_result(r, event);
    else if (!strcmp(name, "question") && json_str(event, "text"))
        json_set_str(r->arena, r->tree, "question", json_str(event, "text"));
    for (size_t i = 0; !strcmp(name, "end") && i < sizeof ending / sizeof *ending; i++)
        report_member(r, event, ending[i]);
}

cJSON *agent_report_tree(const struct agent_report *r)
{
    return r->tree;
}
