/* engine_pin.c - the pin of the state held against the process: a weaker one reads, and no more. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "store/store_pin.h"

static enum mode mode_of(const char *name)
{
    for (enum mode m = MODE_READ_ONLY; m <= MODE_AUTO; m++)
        if (name && !strcmp(name, config_mode_name(m)))
            return m;
    return MODE_READ_ONLY; /* of a later release: nothing may be weaker than what is not known */
}

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

static bool refuse(const struct engine *g, const cJSON *pin, struct err *e, const char *why)
{
    const char *by = json_str(pin, "by"), *at = json_str(pin, "at");
    return err_set(e, ERR_POLICY,
                   "the state in %s is pinned to mode %s (by %s, %s) and %s: it only reads here; "
                   "`higress-ops state show` says more, `higress-ops state pin` at a terminal "
                   "changes it",
                   g->config->state_dir, json_str(pin, "mode"), by ? by : "somebody",
                   at ? at : "once", why);
}

bool engine_pinned_out(struct engine *g, enum mode mode, struct err *e)
{
    struct arena *a = arena_new();
    struct store *s = engine_store(g, e);
    const cJSON *pin = s ? store_pin(s, a, e) : NULL;
    if (pin && mode > mode_of(json_str(pin, "mode")))
        refuse(g, pin, e,
               arena_printf(a, "this process runs in mode %s, which is weaker",
                            config_mode_name(mode)));
    for (const struct config_token *t = g->config->approvers; pin && t->name; t++)
        if (e->kind == ERR_NONE && !knows(json_get(pin, "approvers"), t))
            refuse(g, pin, e,
                   arena_printf(a,
                                "this process is configured with the approver '%.60s', whom the "
                                "pin does not know with that token",
                                t->name));
    arena_free(a);
    return e->kind != ERR_NONE;
}

enum strength engine_pinned_least(struct engine *g, enum risk risk, struct err *e)
{
    struct arena *a = arena_new();
    struct store *s = engine_store(g, e);
    const cJSON *pin = s ? store_pin(s, a, e) : NULL;
    enum strength least = channel_strength_named(
        json_str(json_get(pin, "least"), plan_risk_name(risk == DESTROY ? DESTROY : CHANGE)));
    arena_free(a);
    return least;
}

cJSON *engine_pin_wanted(struct arena *a, const struct config *c, enum mode mode, const char *by)
{
    cJSON *pin = json_object(a);
    json_set_str(a, pin, "mode", config_mode_name(mode));
    cJSON *approvers = json_set_array(a, pin, "approvers");
    for (const struct config_token *t = c->approvers; t->name; t++) {
        cJSON *one = json_add(a, approvers, json_object(a));
        json_set_str(a, one, "name", t->name);
        json_set_str(a, one, "sha256", t->sha256);
    }
    cJSON *least = json_set_object(a, pin, "least");
    for (enum risk r = CHANGE; r <= DESTROY; r++)
        json_set_str(a, least, plan_risk_name(r), channel_strength_name(channel_least(c, r)));
    json_set_str(a, pin, "by", by);
    json_set_str(a, pin, "at", when_text(a, when_now(), false));
    return pin;
}

bool engine_pin_itself(struct engine *g, struct err *e)
{
    const struct config *c = g->config;
    if (!c->approvers[0].name || c->mode == MODE_READ_ONLY)
        return true;
    struct arena *a = arena_new();
    struct store *s = engine_store(g, e);
    const cJSON *pin = s ? store_pin(s, a, e) : NULL;
    if (s && !pin && e->kind == ERR_NONE)
        store_set_pin(s, engine_pin_wanted(a, c, c->mode, "the server with its approvers"),
                      "server", "start", e);
    arena_free(a);
    return e->kind == ERR_NONE && !engine_pinned_out(g, c->mode, e);
}
