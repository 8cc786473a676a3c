/* prompt.c - lists and fills the runbooks: those of prompts/, which are in the binary,
 * and those of the configured folder. A runbook that names a tool which is switched off is not
 * offered. */
#include "mcp/prompt.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "call/catalog.h"
#include "call/runbook.h"
#include "call/service.h"
#include "config/config.h"
#include "kind/kind.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "mcp/request.h"
#include "tool.h"

enum { PROMPTS_MAX = RUNBOOKS_MAX + 16 };

struct prompt {
    const cJSON *head;                /* name, title, description, arguments */
    const struct runbook *runbook;    /* or */
    const struct coded_prompt *coded; /* made by code, */
    const struct toolset *set;        /* of that toolset */
    bool offered;
};

struct prompts {
    struct arena *arena;
    struct prompt all[PROMPTS_MAX];
    int count;
};

/* A runbook of the same name has its place. */
static void take_coded(struct arena *a, struct prompts *p, const struct coded_prompt *coded,
                       const struct toolset *set)
{
    cJSON *head = json_object(a);
    for (int i = 0; i < p->count; i++)
        if (!strcmp(json_str(p->all[i].head, "name"), coded->name))
            return;
    if (p->count == PROMPTS_MAX)
        bug("there are more than %d prompts", PROMPTS_MAX);
    json_set_str(a, head, "name", coded->name);
    json_set_str(a, head, "description", coded->about);
    cJSON *arguments = json_set_array(a, head, "arguments");
    for (const struct field *row = coded->in; row && row->type; row++) {
        cJSON *argument = json_add(a, arguments, json_object(a));
        json_set_str(a, argument, "name", row->name);
        json_set_str(a, argument, "description", row->about);
        json_set_bool(a, argument, "required", row->need == REQ);
    }
    p->all[p->count++] = (struct prompt){ .head = head, .coded = coded, .set = set };
}

/* The one rule of what --toolsets and --tools leave of the prompts: those that lead to no tool
 * which is switched off. */
static bool is_prompt_offered(const struct mcp *m, const struct prompt *p)
{
    if (p->coded)
        return catalog_offers_set(m->service->catalog, p->set);
    return runbook_offered(m->service->catalog, p->runbook);
}

static struct prompts *prompts_of(struct mcp *m)
{
    if (m->prompts)
        return m->prompts;
    struct arena *a = arena_new();
    m->prompts = arena_make(a, struct prompts);
    m->prompts->arena = a;
    const struct runbooks *books = runbooks_read(a, m->config->prompts_dir);
    for (int i = 0; i < books->count; i++)
        m->prompts->all[i] =
            (struct prompt){ .head = books->all[i].head, .runbook = &books->all[i] };
    m->prompts->count = books->count;
    for (int i = 0; m->service->toolsets[i]; i++)
        for (const struct coded_prompt *c = m->service->toolsets[i]->prompts; c && c->name; c++)
            take_coded(a, m->prompts, c, m->service->toolsets[i]);
    for (int i = 0; i < m->prompts->count; i++)
        m->prompts->all[i].offered = is_prompt_offered(m, &m->prompts->all[i]);
    return m->prompts;
}

bool prompt_reload(struct mcp *m)
{
    struct prompts *old = m->prompts;
    if (!old)
        return false;
    m->prompts = NULL;
    const struct prompts *now = prompts_of(m);
    bool same = now->count == old->count;
    for (int i = 0; same && i < now->count; i++)
        same = json_equal(now->all[i].head, old->all[i].head) &&
               now->all[i].offered == old->all[i].offered;
    arena_free(old->arena);
    return !same;
}

void prompt_free(struct mcp *m)
{
    if (m->prompts)
        arena_free(m->prompts->arena);
    m->prompts = NULL;
}

static const struct prompt *find_prompt(struct request *r, const char *name)
{
    struct prompts *p = prompts_of(r->mcp);
    for (int i = 0; name && i < p->count; i++)
        if (p->all[i].offered && !strcmp(json_str(p->all[i].head, "name"), name))
            return &p->all[i];
    request_fail(r, 200, RPC_INVALID_PARAMS, "Unknown prompt: %s",
                 name ? text_clean(r->arena, name, 80) : "(none)");
    return NULL;
}

static void copy_string(struct arena *a, cJSON *to, const cJSON *from, const char *member)
{
    const char *s = json_str(from, member);
    if (s)
        json_set_str(a, to, member, s);
}

cJSON *prompt_list(struct request *r)
{
    struct arena *a = r->arena;
    struct prompts *p = prompts_of(r->mcp);
    cJSON *result = json_object(a);
    cJSON *list = json_set_array(a, result, "prompts");
    for (int i = 0; i < p->count; i++) {
        if (!p->all[i].offered)
            continue;
        cJSON *one = json_add(a, list, json_object(a));
        copy_string(a, one, p->all[i].head, "name");
        if (r->era->titles)
            copy_string(a, one, p->all[i].head, "title");
        copy_string(a, one, p->all[i].head, "description");
        cJSON *arguments = json_set_array(a, one, "arguments");
        const cJSON *row;
        cJSON_ArrayForEach(row, json_get(p->all[i].head, "arguments"))
        {
            cJSON *argument = json_add(a, arguments, json_object(a));
            copy_string(a, argument, row, "name");
            copy_string(a, argument, row, "description");
            json_set_bool(a, argument, "required", json_true(row, "required"));
        }
    }
    return result;
}

static bool arguments_fit(struct request *r, const struct prompt *p, const cJSON *given)
{
    const cJSON *row;
    if (given && !cJSON_IsObject(given))
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: arguments must be an "
                            "object of strings");
    cJSON_ArrayForEach(row, given)
    {
        if (!cJSON_IsString(row))
            return request_fail(r, 200, RPC_INVALID_PARAMS,
                                "Invalid params: argument %.60s must be a string", row->string);
    }
    cJSON_ArrayForEach(row, json_get(p->head, "arguments"))
    {
        if (json_true(row, "required") && !json_str(given, json_str(row, "name")))
            return request_fail(r, 200, RPC_INVALID_PARAMS,
                                "Invalid params: argument %s is required", json_str(row, "name"));
    }
    return true;
}

cJSON *prompt_get(struct request *r)
{
    struct arena *a = r->arena;
    const struct prompt *p = find_prompt(r, json_str(r->rpc.params, "name"));
    const cJSON *given = json_get(r->rpc.params, "arguments");
    if (!p || !arguments_fit(r, p, given))
        return NULL;
    if (p->coded)
        return p->coded->fill(r, given);
    cJSON *result = json_object(a);
    copy_string(a, result, p->head, "description");
    cJSON *message = json_add(a, json_set_array(a, result, "messages"), json_object(a));
    json_set_str(a, message, "role", "user");
    cJSON *content = json_set_object(a, message, "content");
    json_set_str(a, content, "type", "text");
    json_set_str(a, content, "text", runbook_fill(a, p->runbook, given));
    return result;
}

const struct kind *prompt_argument_kind(struct request *r, const char *name, const char *argument)
{
    const struct prompt *p = find_prompt(r, name);
    const cJSON *rows = p ? json_get(p->head, "arguments") : NULL;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (argument && !strcmp(json_str(row, "name"), argument))
            return kind_find(json_str(row, "complete"));
    }
    return NULL;
}
