/* tools.c - what the model may call: the catalog's tools of this mode, and two of our own, which
 * touch nothing but this conversation and the runbooks. */
#include "agent/agent_private.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "call/runbook.h"
#include "policy/policy.h"
#include "tool.h"
#include <string.h>

enum { SCHEMA_MAX = 64 << 10, NAMES_MAX = 8 << 10 };

static const struct field of_result[] = {
    { "id", STR, REQ, "As the answer names it: r0.", .min = 2, .max = 16 },
    { "offset", INT, REQ, "Bytes to skip.", .max = 1e9 },
    { 0 },
};
static const struct field of_runbook[] = {
    { "name", STR, REQ, NULL, .min = 1, .max = 64 },
    { 0 },
};

static void offer_tool(struct arena *a, cJSON *list, const char *name, const char *about,
                       const struct field *in)
{
    struct buf *schema = buf_in(a, SCHEMA_MAX);
    field_schema(schema, in, false);
    cJSON *one = json_add(a, list, json_object(a));
    json_set_str(a, one, "name", name);
    json_set_str(a, one, "description", about);
    json_set(a, one, "schema", json_parse(a, schema->data, schema->len, &(struct err){ 0 }));
}

static bool is_runbook_offered(struct agent *g, int i)
{
    return runbook_offered(g->service->catalog, &g->runbooks->all[i]);
}

/* "Procedures: diagnose-upstream (Find out …), …". */
static const char *about_runbooks(struct agent *g)
{
    struct buf *b = buf_in(g->arena, NAMES_MAX);
    buf_str(b, "A procedure, step by step:");
    for (int i = 0; i < g->runbooks->count; i++) {
        const cJSON *head = g->runbooks->all[i].head;
        const char *title = json_str(head, "title");
        if (is_runbook_offered(g, i))
            buf_printf(b, " %s (%s)", json_str(head, "name"),
                       title ? title : json_str(head, "description"));
    }
    return b->data;
}

cJSON *tools_offered(struct agent *g)
{
    struct arena *a = g->arena;
    cJSON *list = json_array(a);
    const struct catalog_tool *t;
    for (int i = 0; (t = catalog_at(g->service->catalog, i)); i++)
        if (t->listed && !(g->options.reads_only && policy_changes(t->tool->risk)))
            offer_tool(a, list, t->tool->name, t->tool->about, t->in);
    offer_tool(a, list, "read_result", "Reads on in an answer that was cut.", of_result);
    offer_tool(a, list, "read_runbook", about_runbooks(g), of_runbook);
    return list;
}

static const char *runbook_named(struct agent *g, const char *name)
{
    for (int i = 0; i < g->runbooks->count; i++)
        if (is_runbook_offered(g, i) && !strcmp(json_str(g->runbooks->all[i].head, "name"), name))
            return runbook_fill(g->step, &g->runbooks->all[i], NULL);
    return NULL;
}

bool tools_own(struct agent *g, struct agent_call *c)
{
    struct err e = { 0 };
    bool result = !strcmp(c->name, "read_result");
    if (!result && strcmp(c->name, "read_runbook") != 0)
        return false;
    c->failed = true;
    if (!field_check(result ? of_result : of_runbook, c->args, &e)) {
        c->text = arena_strdup(g->step, e.text);
        return true;
    }
    c->text = result
                  ? kept_page(g, g->step, json_str(c->args, "id"), json_num(c->args, "offset", 0))
                  : runbook_named(g, json_str(c->args, "name"));
    c->failed = !c->text;
    c->quoted = true;
    if (c->failed)
        c->text =
            result ? "there is no answer of that id, or no longer" : "there is no such runbook";
    return true;
}
