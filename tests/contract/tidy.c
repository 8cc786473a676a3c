/* tidy.c - see tidy.h. */
#include "tidy.h"

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "wire.h"

/* In the order in which nothing is in use any more. */
static const struct {
    const char *list, *member;
} kinds[] = {
    { "/v1/ai/routes", "name" },        { "/v1/mcpServer", "name" },
    { "/v1/routes", "name" },           { "/v1/domains", "name" },
    { "/v1/tls-certificates", "name" }, { "/v1/consumers", "name" },
    { "/v1/ai/providers", "name" },     { "/v1/service-sources", "name" },
    { "/v1/proxy-servers", "name" },    { "/v1/global/plugin-instances", "pluginName" },
    { "/v1/wasm-plugins", "name" },
};

static cJSON *call(const struct tidy *t, struct arena *a, const char *method, const char *path)
{
    const char *pair = base64_encode(a, t->user, strlen(t->user));
    struct embedded_header headers[] = { { "authorization", arena_printf(a, "Basic %s", pair) },
                                         { 0 } };
    struct embedded_call c = { method, path, headers, "", 0 };
    struct embedded_answer answer;
    struct err e = { 0 };
    if (!wire_call(t->loop, a, t->url, &c, &answer, &e))
        return NULL;
    return json_parse(a, answer.body, answer.len, NULL);
}

/* What to delete for a name of a list: the routes of AI routes and MCP servers go with these. NULL:
 * nothing. */
static const char *target_of(struct arena *a, const char *list, const char *name)
{
    static const char *const owners[][2] = { { "ai-route-", "/v1/ai/routes" },
                                             { "mcp-server-", "/v1/mcpServer" } };
    if (!text_ends(name, ".internal"))
        return arena_printf(a, "%s/%s", list, text_percent(a, name));
    size_t n = strlen(name) - strlen(".internal");
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        size_t skip = strlen(owners[i][0]);
        if (text_starts(name, owners[i][0]) && n > skip)
            return arena_printf(a, "%s/%s", owners[i][1],
                                text_percent(a, arena_strndup(a, name + skip, n - skip)));
    }
    return NULL;
}

void tidy_remember(struct tidy *t, struct arena *a)
{
    t->kept = json_object(a);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cJSON *names = json_set_object(a, t->kept, kinds[i].list);
        const cJSON *item;
        cJSON_ArrayForEach(item, json_get(call(t, a, "GET", kinds[i].list), "data"))
        {
            if (json_str(item, kinds[i].member))
                json_set_bool(a, names, json_str(item, kinds[i].member), true);
        }
    }
}

void tidy_run(const struct tidy *t)
{
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const cJSON *names = json_get(t->kept, kinds[i].list), *item;
        cJSON_ArrayForEach(item, json_get(call(t, a, "GET", kinds[i].list), "data"))
        {
            const char *name = json_str(item, kinds[i].member);
            const char *target = name && *name ? target_of(a, kinds[i].list, name) : NULL;
            if (target && !json_get(names, name))
                call(t, a, "DELETE", target);
        }
    }
    arena_free(a);
}
