/* mcp_consumer.c - allow lists of MCP servers: the rule of the server's route in key-auth.internal.
 *
 * Names are added to and taken from the list; the switch of the rule stays as it is.
 */
#include "base/arena.h"
#include "base/json.h"
#include "embedded/embedded.h"
#include "embedded/kstore/kstore.h"
#include "embedded/kstore/kube.h"
#include "embedded/objects/mcp_consumer_private.h"
#include "embedded/objects/mcp_route_private.h"
#include "embedded/objects/rules_private.h"
#include "embedded/objects/wasm_private.h"
#include "embedded/rest/check.h"
#include "embedded/rest/model.h"

static const struct model_field consumers_model[] = {
    { "mcpServerName", M_STR },
    { "consumers", M_LIST, .of = model_a_string },
    { 0 },
};
static const struct model_field detail_model[] = {
    { "mcpServerName", M_STR },
    { "consumerName", M_STR },
    { 0 },
};

static bool known(struct rest_request *r, const char *server, const char *ingress)
{
    if (kstore_get(r->store, "ingresses", ingress))
        return true;
    return rest_fail(r, X_BUSINESS,
                     "No MCP-bound route is found. McpServerName=%s ExpectedRouteName=%s",
                     server ? server : "null", ingress);
}

static void mcp_consumer_list(struct rest_request *r)
{
    const char *server = rest_query(r, "mcpServerName"), *part = rest_query(r, "consumerName");
    const char *ingress = mcp_route_name(r->arena, server);
    if (!server || !*server) {
        rest_fail(r, X_JAVAX, "mcpServerName is empty");
        return;
    }
    if (!known(r, server, ingress))
        return;
    cJSON *out = json_array(r->arena);
    const cJSON *name;
    cJSON_ArrayForEach(name, json_get(rules_read_auth(r, ingress), "allowedConsumers"))
    {
        if (!cJSON_IsString(name) || (!check_blank(part) && !strstr(name->valuestring, part)))
            continue;
        cJSON *item = json_add(r->arena, out, model_new(r->arena, detail_model));
        json_set_str(r->arena, item, "mcpServerName", ingress);
        json_set_str(r->arena, item, "consumerName", name->valuestring);
    }
    rest_page(r, out);
}

/* Adds the names to the list, or takes them out of it. */
static void edit_list(struct arena *a, cJSON *allow, const cJSON *names, bool add)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, names)
    {
        cJSON *there = cJSON_IsString(name) ? json_find_text(allow, name->valuestring) : NULL;
        if (add && !there && cJSON_IsString(name))
            json_add_str(a, allow, name->valuestring);
        else if (!add && there)
            json_detach(allow, there);
    }
}

static void change_allowed(struct rest_request *r, bool add)
{
    struct arena *a = r->arena;
    const char *server = json_str(r->body, "mcpServerName");
    const char *ingress = mcp_route_name(a, server);
    const cJSON *consumers = json_get(r->body, "consumers");
    if (!known(r, server, ingress))
        return;
    if (json_count(consumers) == 0) {
        rest_empty(r, 204);
        return;
    }
    cJSON *object = wasm_internal(r, "key-auth");
    if (!object)
        return;
    struct rules_target t = { .ingress = ingress };
    cJSON *rule = rules_find(object, &t);
    const cJSON *before = json_get(rule, "config");
    cJSON *config = cJSON_IsObject(before) ? json_clone(a, before) : json_object(a);
    if (!cJSON_IsArray(json_get(config, "allow")))
        json_set_array(a, config, "allow");
    edit_list(a, json_get(config, "allow"), consumers, add);
    rules_put(a, object, &t, config, rule && !json_true(rule, "configDisable"));
    if (kube_save(r, wasm_kind, object))
        rest_empty(r, 204);
}

static void allow_more(struct rest_request *r)
{
    change_allowed(r, true);
}

static void allow_less(struct rest_request *r)
{
    change_allowed(r, false);
}

const struct rest_route mcp_consumer_rest[] = {
    { "GET", "/v1/mcpServer/consumers", mcp_consumer_list, NULL, REST_PAGED },
    { "PUT", "/v1/mcpServer/consumers", allow_more, consumers_model },
    { "DELETE", "/v1/mcpServer/consumers", allow_less, consumers_model },
    { 0 },
};
