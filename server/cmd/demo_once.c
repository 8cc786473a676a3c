/* demo_once.c - what `demo --once` asserts about the running whole: a change planned through MCP,
 * approved by a person on a terminal, reaches real requests. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "cmd/demo_private.h"
#include "net/loop.h"

/* A plan by a tool call, approved out of band, applied by the server that holds it. */
static bool make_change(struct demo *d, const char *tool, const cJSON *arguments, struct err *e)
{
    const cJSON *out = demo_call(d, tool, arguments, e);
    if (!out)
        return false;
    const char *id = json_str(out, "id"), *state = json_str(out, "state");
    if (!id)
        return err_set(e, ERR_PROTO, "%s answered without the id of a plan: %.300s", tool,
                       json_print(d->arena, out));
    demo_say("%s: plan %s, %s", tool, id, state ? state : "?");
    if (!demo_approve(d, id, e))
        return false;

    cJSON *ask = json_object(d->arena);
    json_set_str(d->arena, ask, "id", id);
    json_set_num(d->arena, ask, "wait", 10);
    out = demo_call(d, "get_change", ask, e);
    state = json_str(out, "state");
    if (!state || strcmp(state, "applied") != 0)
        return err_set(e, ERR_GATEWAY, "plan %s is %s after its approval, not applied", id,
                       state ? state : "lost");
    demo_say("%s: approved on a terminal and applied", tool);
    return true;
}

static bool limit_catalog(struct demo *d, struct err *e)
{
    struct arena *a = d->arena;
    cJSON *arguments = json_object(a);
    json_set_str(a, arguments, "route", "shop-catalog");
    json_set_num(a, arguments, "requests", 1);
    json_set_num(a, arguments, "burst", 1);
    if (d->envoy && demo_request(d, "/catalog", &d->cancel, NULL) != 200)
        return err_set(e, ERR_GATEWAY, "GET /catalog is not answered by 200 before the limit");
    if (!make_change(d, "tune_rate_limit", arguments, e))
        return false;
    for (int i = 0; d->envoy && i < 400; i++) {
        int status = demo_request(d, "/catalog", &d->cancel, NULL);
        if (status == 429) {
            demo_say("the real Envoy answers GET /catalog with 429 after %d requests", i + 1);
            return true;
        }
        if (!nap(d->loop, 0.05, &d->cancel, e))
            return false;
    }
    if (!d->envoy)
        return true;
    return err_set(e, ERR_GATEWAY, "400 requests after the limit was applied, none got 429");
}

static bool move_orders(struct demo *d, struct err *e)
{
    struct arena *a = d->arena;
    const char *body = "";
    if (d->envoy && (demo_request(d, "/orders", &d->cancel, &body) != 200 ||
                     !text_starts(body, "orders answers")))
        return err_set(e, ERR_GATEWAY, "GET /orders is not answered by orders: %.100s", body);

    cJSON *arguments = json_object(a), *service;
    json_set_str(a, arguments, "kind", "route");
    json_set_str(a, arguments, "name", "shop-orders");
    json_set_str(a, arguments, "action", "patch");
    cJSON *patch = json_set_object(a, arguments, "object");
    service = json_add(a, json_set_array(a, patch, "services"), json_object(a));
    json_set_str(a, service, "name", "catalog.static");
    json_set_num(a, service, "port", 80);
    if (!make_change(d, "change_resource", arguments, e))
        return false;
    for (int i = 0; d->envoy && i < 200; i++) {
        if (demo_request(d, "/orders", &d->cancel, &body) == 200 &&
            text_starts(body, "catalog answers")) {
            demo_say("real requests for /orders are answered by catalog after %d requests", i + 1);
            return true;
        }
        if (!nap(d->loop, 0.05, &d->cancel, e))
            return false;
    }
    if (!d->envoy)
        return true;
    return err_set(e, ERR_GATEWAY, "GET /orders still goes to orders after the route was changed");
}

static const char *sample_secret(const struct demo *d)
{
    const cJSON *one;
    cJSON_ArrayForEach(
        one, json_get(d->shop, "create")) if (strcmp(one->child->valuestring, "/v1/ai/providers") ==
                                              0) return json_path(one->child->next, "tokens[0]")
        ->valuestring;
    bug("the shop has no provider");
}

/* The key of the AI provider is in the data folder and must not come out through a tool. */
static bool hide_secret(struct demo *d, struct err *e)
{
    cJSON *arguments = json_object(d->arena);
    json_set_str(d->arena, arguments, "kind", "ai-provider");
    json_set_str(d->arena, arguments, "name", "assistant");
    const cJSON *out = demo_call(d, "get_resource", arguments, e);
    if (!out)
        return false;
    const char *text = json_print(d->arena, out);
    const char *mask = secret_find_mask(text);
    if (strstr(text, sample_secret(d)) || !mask)
        return err_set(e, ERR_POLICY, "get_resource shows the key of the provider 'assistant'");
    demo_say("get_resource shows the provider's key as %.*s", (int)strcspn(mask, "\""), mask);
    return true;
}

bool demo_check(struct demo *d, struct err *e)
{
    if (!d->envoy)
        demo_say("without Envoy no request shows an effect: only the changes are made");
    return hide_secret(d, e) && limit_catalog(d, e) && move_orders(d, e);
}
