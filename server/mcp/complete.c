/* complete.c - ranks names by how they go with what was typed: those that begin with it, then those
 * in which a word does, then those that hold it; each group by length and alphabet. Only the best
 * are kept, so that 100,000 names cost no memory. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "call/service.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "mcp/complete_private.h"
#include "mcp/mcp.h"
#include "mcp/prompt.h"
#include "mcp/resource.h"

enum { VALUE_MAX = 320 };

struct value {
    int rank;
    char text[VALUE_MAX];
};

struct resource_completion {
    struct request *request;
    const struct kind *kind; /* of a prompt's argument */
    const struct resource_provider *provider;
    const char *uri, *variable, *typed;
    const cJSON *given;
    struct value *best[RESOURCE_VALUES_MAX]; /* sorted */
    int count, total;
};

/* 0: begins with it, 1: a word of it does, 2: holds it, -1: none of these. */
static int match_rank(const char *value, const char *typed)
{
    size_t n = strlen(typed);
    int rank = -1;
    for (const char *s = value; *s || s == value; s++) {
        if (strncasecmp(s, typed, n) != 0)
            continue;
        if (s == value)
            return 0;
        bool word =
            !((s[-1] >= '0' && s[-1] <= '9') || ((s[-1] | 32) >= 'a' && (s[-1] | 32) <= 'z'));
        rank = word ? 1 : rank < 0 ? 2 : rank;
        if (word || !*s)
            break;
    }
    return rank;
}

static int compare(const struct value *x, const struct value *y)
{
    size_t nx = strlen(x->text);
    size_t ny = strlen(y->text);
    if (x->rank != y->rank)
        return x->rank - y->rank;
    return nx != ny ? (nx < ny ? -1 : 1) : strcmp(x->text, y->text);
}

void resource_suggest(struct resource_completion *c, const char *text)
{
    struct value one = { .rank = match_rank(text, c->typed) };
    if (one.rank < 0 || strlen(text) >= sizeof one.text)
        return;
    memcpy(one.text, text, strlen(text) + 1);
    c->total++;
    int at = c->count;
    while (at > 0 && compare(&one, c->best[at - 1]) < 0)
        at--;
    if (at == RESOURCE_VALUES_MAX)
        return;
    bool full = c->count == RESOURCE_VALUES_MAX;
    struct value *slot = full ? c->best[c->count - 1] : arena_make(c->request->arena, struct value);
    c->count += !full;
    memmove(&c->best[at + 1], &c->best[at], sizeof *c->best * (size_t)(c->count - 1 - at));
    *slot = one;
    c->best[at] = slot;
}

const char *resource_given(const struct resource_completion *c, const char *variable)
{
    return json_str(c->given, variable);
}

static bool suggest_name(void *arg, const cJSON *o)
{
    struct resource_completion *c = arg;
    const char *name = kind_name_of(c->kind, o);
    if (name && kind_exists(c->kind, o))
        resource_suggest(c, name);
    return true;
}

static void answer_completion(struct resource_completion *c)
{
    struct arena *a = c->request->arena;
    cJSON *result = json_object(a);
    cJSON *completion = json_set_object(a, result, "completion");
    cJSON *values = json_set_array(a, completion, "values");
    for (int i = 0; i < c->count; i++)
        json_add_str(a, values, text_clean(a, c->best[i]->text, VALUE_MAX));
    json_set_num(a, completion, "total", c->total);
    json_set_bool(a, completion, "hasMore", c->total > c->count);
    request_result(c->request, request_envelope(c->request, result));
}

/* A gateway that does not answer gives no names, and neither does a client that has its share of
 * work under way: completion is a help, not a promise. */
static void complete_main(void *arg)
{
    struct resource_completion *c = arg;
    struct request *r = c->request;
    struct err ignored = { 0 };
    if (request_busy(r) || !resource_is_admitted(r, &ignored))
        ; /* no names */
    else if (c->kind && r->mcp->service->gateway && resource_names_shown(r->mcp, c->kind))
        gateway_each_kind(r->mcp->service->gateway, c->kind,
                          c->kind->flags & KIND_SCOPED ? "global" : NULL, suggest_name, c,
                          &r->cancel, &ignored);
    else if (c->provider && c->provider->complete)
        c->provider->complete(r, c->uri, c->variable, c);
    if (r->gone)
        request_gone(r);
    else
        answer_completion(c);
}

/* What the reference is about. False after request_fail. */
static bool take_reference(struct resource_completion *c, const cJSON *ref)
{
    struct request *r = c->request;
    const char *type = json_str(ref, "type");
    if (type && !strcmp(type, "ref/prompt")) {
        c->kind = prompt_argument_kind(r, json_str(ref, "name"), c->variable);
        return r->err.kind == ERR_NONE;
    }
    if (!type || strcmp(type, "ref/resource"))
        return request_fail(r, 200, RPC_INVALID_PARAMS,
                            "Invalid params: ref.type must be ref/prompt or ref/resource");
    c->uri = json_str(ref, "uri");
    c->provider = c->uri ? resource_provider_of(r->mcp, c->uri) : NULL;
    return c->provider || request_fail(r, 200, RPC_INVALID_PARAMS,
                                       "Invalid params: ref.uri is not a template of this server");
}

void complete_argument(struct request *r)
{
    const cJSON *argument = json_get(r->rpc.params, "argument");
    struct resource_completion *c = arena_make(r->arena, struct resource_completion);
    *c = (struct resource_completion){
        .request = r,
        .variable = json_str(argument, "name"),
        .typed = json_str(argument, "value"),
        .given = json_get(json_get(r->rpc.params, "context"), "arguments"),
    };
    if (!c->variable || !c->typed)
        request_fail(r, 200, RPC_INVALID_PARAMS,
                     "Invalid params: argument.name and argument.value must be strings");
    if (r->err.kind != ERR_NONE || !take_reference(c, json_get(r->rpc.params, "ref"))) {
        request_error(r);
        return;
    }
    fiber_start(complete_main, c);
}
