/* engine_pin.c - the pin of the state held against the process: a weaker one reads, and no more. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "console/gateway.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "store/store_pin.h"

static bool knows(const cJSON *approvers, const struct config_token *who)
{
    const cJSON *x;
    cJSON_ArrayForEach(x, approvers)
    {
        const char *name = json_str(x, "name"), *sha256 = json_str(x, "sha256");
        if (name && sha256 && !strcmp(name, who->name) && !strcmp(sha256, who->sha256))
            return true;
    }
    return false;
}

static bool refuse_pinned(const struct engine *g, const cJSON *pin, const char *mode, struct err *e,
                          const char *why)
{
    const char *by = json_str(pin, "by"), *at = json_str(pin, "at");
    return err_set(e, ERR_POLICY,
                   "the state in %s is pinned to mode %s (by %s, %s) and %s: it only reads here; "
                   "`higress-ops state show` says more, `higress-ops state pin` at a terminal "
                   "changes it",
                   g->config->state_dir, mode, by ? by : "somebody", at ? at : "once", why);
}

/* What holds for one gateway: the pin itself and that of the gateway; where the pin knows only
 * others, those of all of them, so that another name for one is no way round. */
static void each_pin(const cJSON *pin, const char *url, void (*fn)(void *arg, const cJSON *one),
                     void *arg)
{
    const cJSON *x, *own = NULL, *all = json_get(pin, "gateways");
    cJSON_ArrayForEach(x, all)
    {
        const char *named = json_str(x, "url");
        if (named && url && !strcmp(named, url))
            own = x;
    }
    fn(arg, own ? own : pin);
    for (x = own || !all ? NULL : all->child; x; x = x->next)
        fn(arg, x);
}

static void take_strictest(void *arg, const cJSON *one)
{
    enum mode *least = arg;
    *least = policy_stricter(*least, policy_mode_named(json_str(one, "mode")));
}

static bool has_policy(const struct config *c)
{
    return c->rules && c->rules->mode == RULES_ENFORCE;
}

/* What a process may not be without, where the pin has it. NULL: it has all that. */
static const char *lacks(const struct config *c, const cJSON *pin)
{
    if (json_true(pin, "policy") && !has_policy(c))
        return "this process enforces no policy (policy.file)";
    return json_true(pin, "people") && !c->people ? "this process knows no people" : NULL;
}

bool engine_pinned_out(struct engine *g, const char *url, enum mode mode, struct err *e)
{
    struct arena *a = arena_new();
    struct store *s = engine_store(g, e);
    const cJSON *pin = s ? store_pin(s, a, e) : NULL;
    enum mode most = POLICY_WEAKEST;
    if (pin)
        each_pin(pin, url, take_strictest, &most);
    if (policy_stricter(mode, most) != mode)
        refuse_pinned(g, pin, config_mode_name(most), e,
                      arena_printf(a, "this process runs in mode %s, which is weaker",
                                   config_mode_name(mode)));
    const char *missing = lacks(g->config, pin);
    if (missing && e->kind == ERR_NONE)
        refuse_pinned(g, pin, config_mode_name(most), e, missing);
    for (const struct config_token *t = g->config->approvers; pin && t->name; t++)
        if (e->kind == ERR_NONE && !knows(json_get(pin, "approvers"), t))
            refuse_pinned(
                g, pin, config_mode_name(most), e,
                arena_printf(a,
                             "this process is configured with the approver '%.60s', whom the "
                             "pin does not know with that token",
                             t->name));
    arena_free(a);
    return e->kind != ERR_NONE;
}

struct least {
    const char *risk;
    enum strength is;
};

static void take_strongest(void *arg, const cJSON *one)
{
    struct least *l = arg;
    enum strength s = channel_strength_named(json_str(json_get(one, "least"), l->risk));
    l->is = s > l->is ? s : l->is;
}

enum strength engine_pinned_least(struct engine *g, const char *url, enum risk risk, struct err *e)
{
    struct arena *a = arena_new();
    struct store *s = engine_store(g, e);
    const cJSON *pin = s ? store_pin(s, a, e) : NULL;
    struct least l = { risk_name(risk == CHANGE ? CHANGE : DESTROY), STRENGTH_NONE };
    if (pin)
        each_pin(pin, url, take_strongest, &l);
    arena_free(a);
    return l.is;
}

/* What one configuration says: its mode, and the least channels. */
static void add_pins(struct arena *a, cJSON *o, const struct config *c)
{
    json_set_str(a, o, "mode", config_mode_name(c->mode));
    cJSON *least = json_set_object(a, o, "least");
    for (enum risk r = CHANGE; r <= DESTROY; r++)
        json_set_str(a, least, risk_name(r), channel_strength_name(policy_least(c, r)));
}

cJSON *engine_pin_wanted(const struct engine *g, struct arena *a, const char *by)
{
    cJSON *pin = json_object(a);
    add_pins(a, pin, g->config);
    cJSON *approvers = json_set_array(a, pin, "approvers");
    for (const struct config_token *t = g->config->approvers; t->name; t++) {
        cJSON *one = json_add(a, approvers, json_object(a));
        json_set_str(a, one, "name", t->name);
        json_set_str(a, one, "sha256", t->sha256);
    }
    cJSON *gateways = json_set_array(a, pin, "gateways");
    for (int i = 0; config_several(g->config) && i < g->count; i++) {
        cJSON *one = json_add(a, gateways, json_object(a));
        json_set_str(a, one, "url", gateway_url(g->at[i].gateway));
        add_pins(a, one, g->at[i].config);
    }
    json_set_bool(a, pin, "policy", has_policy(g->config));
    if (has_policy(g->config))
        json_set_str(a, pin, "policy_digest", engine_policy(g));
    json_set_bool(a, pin, "people", g->config->people != NULL);
    json_set_num(a, pin, "audit_keep_days", g->config->audit.keep_days);
    json_set_str(a, pin, "by", by);
    json_set_str(a, pin, "at", when_text(a, when_now(), false));
    return pin;
}

bool engine_pin_itself(struct engine *g, struct err *e)
{
    const struct config *c = g->config;
    if (!c->approvers[0].name || !policy_plans(c->mode))
        return true;
    struct arena *a = arena_new();
    struct store *s = engine_store(g, e);
    const cJSON *pin = s ? store_pin(s, a, e) : NULL;
    if (s && !pin && e->kind == ERR_NONE)
        store_set_pin(s, engine_pin_wanted(g, a, "the server with its approvers"), "server",
                      "start", e);
    arena_free(a);
    for (int i = 0; i < g->count && e->kind == ERR_NONE; i++)
        engine_pinned_out(g, gateway_url(g->at[i].gateway), g->at[i].config->mode, e);
    return e->kind == ERR_NONE;
}
