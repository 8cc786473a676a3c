/* normalize.c - YAML text and the allow list of MCP servers, made what the console has to be told.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "plan/normalize_private.h"
#include "plan/plan.h"

static bool text_edited(const struct plan *p, const cJSON *before, const cJSON *after)
{
    const char *text = json_str(after, "rawConfigurations");
    const char *old = json_str(before, "rawConfigurations");
    if (!text || !*text || (p->exact && json_get(after, "configurations")))
        return false;
    return !old || strcmp(text, old) != 0;
}

static bool tree_edited(const cJSON *before, const cJSON *after)
{
    const cJSON *tree = json_get(after, "configurations");
    const cJSON *was = json_get(before, "configurations");
    return tree && !cJSON_IsNull(tree) && !(was && json_equal(tree, was));
}

/* The YAML text of a plugin instance wins if it was edited; only the tree is sent, because the
 * console would prefer the tree whatever the text says. */
static bool normalize_plugin_yaml(struct plan *p, const cJSON *before, cJSON *after)
{
    const char *text = json_str(after, "rawConfigurations");
    if (text_edited(p, before, after)) {
        cJSON *parsed = yaml_parse(p->arena, text, strlen(text), p->err);
        if (!parsed)
            return err_at(p->err, "rawConfigurations");
        if (tree_edited(before, after) && !json_equal(parsed, json_get(after, "configurations")))
            return err_set(p->err, ERR_ARGS,
                           "give configurations or rawConfigurations, not both changed");
        json_set(p->arena, after, "configurations", parsed);
    }
    json_remove(after, "rawConfigurations");
    return true;
}

/* Reading shows an allow list that nobody set as {type: null, …}; sent like that the console
 * answers 500 after it wrote the route. Left out, it keeps what is there. */
static void normalize_allow_list(struct plan *p, cJSON *after)
{
    cJSON *auth = json_get(after, "consumerAuthInfo");
    if (!cJSON_IsObject(auth) || json_str(auth, "type"))
        return;
    if (json_true(auth, "enable") || json_count(json_get(auth, "allowedConsumers")) > 0)
        json_set_str(p->arena, auth, "type", "key-auth");
    else
        json_remove(after, "consumerAuthInfo");
}

bool normalize_object(struct plan *p, const struct plan_op *op, cJSON *after)
{
    if (op->kind->flags & KIND_SCOPED)
        return normalize_plugin_yaml(p, op->before, after);
    if (!strcmp(op->kind->name, "mcp-server"))
        normalize_allow_list(p, after);
    return true;
}
