/* provider.c - LLM providers: the key comes from the server's side or inline, and is masked either
 * way. */
#include "call/read.h"
#include "plan/draft.h"
#include "tool.h"
#include <string.h>

extern const struct toolset toolset_provider;

static const struct field ref[] = {
    { "env", STR, OPT, NULL },
    { "file", STR, OPT, NULL },
    { 0 },
};

static const struct field in[] = {
    { "name", STR, REQ, NULL },
    { "type", STR, OPT, "openai, qwen, claude, …" },
    { "secret_ref", OBJ, OPT, "Where the server finds the key.", .of = ref },
    { "key", STR, OPT, "Better: secret_ref.", .min = 1, .max = 8192,
      .flags = FIELD_SECRET | FIELD_BRIEF },
    { "settings", OBJ, OPT, "Its rawConfigs." },
    { "replace", BOOL, OPT, "Of one that is there: rotates its key, sets settings." },
    { 0 },
};

static const struct field out[] = {
    { "id", STR, REQ, NULL },
    { "state", STR, OPT, NULL },
    { 0 },
};

static bool provider_key(struct call *c, const char **key)
{
    const cJSON *where = arg_json(c, "secret_ref");

    *key = arg_str(c, "key");
    if (where && *key)
        return fail(c, "give either secret_ref or key, not both");
    if (where)
        *key = secret_ref(c, where);
    return !failed(c);
}

/* What is not asked for stays as it is; of another vendor nothing does but the protocol. */
static cJSON *provider_of(struct call *c, const cJSON *before, const char *key)
{
    const char *was = json_str(before, "type"), *type = arg_str(c, "type");
    const char *protocol = json_str(before, "protocol");
    bool same = was && (!type || !strcmp(was, type));
    cJSON *o = same ? json_clone(arena(c), before) : json_object(arena(c));
    const cJSON *settings = arg_json(c, "settings");

    json_set_str(arena(c), o, "name", arg_str(c, "name"));
    json_set_str(arena(c), o, "type", type ? type : was);
    json_set_str(arena(c), o, "protocol", protocol ? protocol : "openai/v1");
    if (key)
        json_add_str(arena(c), json_set_array(arena(c), o, "tokens"), key);
    if (settings)
        json_set(arena(c), o, "rawConfigs", json_clone(arena(c), settings));
    else if (!same)
        json_set_object(arena(c), o, "rawConfigs");
    return o;
}

/* A replaced provider keeps its key when none is given, but never for another vendor. */
static bool settle_key(struct call *c, const cJSON *before, const char *key)
{
    const char *type = json_str(before, "type"), *asked = arg_str(c, "type");
    bool keeps = json_count(json_get(before, "tokens")) > 0;

    if (key)
        return true;
    if (keeps && asked && (!type || strcmp(type, asked)))
        return fail(c,
                    "key: the one that is there belongs to type %s and would be sent to %s; give "
                    "secret_ref or key",
                    type ? text_clean(arena(c), type, 40) : "?", asked);
    return true;
}

static bool add_provider(struct call *c, struct plan *p)
{
    const char *name = arg_str(c, "name");
    const char *key;

    if (strchr(name, '/'))
        return fail(c, "name: '%s' holds a '/', which a provider's name must not",
                    text_clean(arena(c), name, 80));
    if (!provider_key(c, &key))
        return false;
    const cJSON *before = gw_get(c, "ai-provider", name, NULL, MISSING_IS_NULL);
    if (failed(c))
        return false;
    if (before && !arg_bool(c, "replace"))
        return fail(c,
                    "provider '%s' exists already; pass replace: true to overwrite it, or "
                    "change_resource to patch it",
                    name);
    if (!before && !arg_str(c, "type"))
        return fail(c, "type: is required, which vendor's API is it?");
    if (!settle_key(c, before, key))
        return false;
    if (before)
        return plan_put(p, "ai-provider", name, NULL, before, provider_of(c, before, key));
    return plan_create(p, "ai-provider", NULL, provider_of(c, NULL, key));
}

static const struct tool tools[] = {
    {
        .name = "add_provider",
        .title = "Add an AI provider",
        .about = "Adds an LLM provider that AI routes can use.",
        .risk = CHANGE,
        .in = in,
        .out = out,
        .plan = add_provider,
    },
    { 0 },
};

const struct toolset toolset_provider = {
    .name = "provider",
    .about = "LLM providers.",
    .tools = tools,
};
