/* call_gateway.c - tool.h's reads: thin wrappers that give a call's gateway, arena, cancellation
 * and error to the functions of gateway/. */
#include "base/err.h"
#include "base/when.h"
#include "call/call_private.h"
#include "call/object.h"
#include "call/read.h"
#include "call/signal.h"
#include "change/engine.h"
#include "change/outside.h"
#include "console/gateway.h"
#include "diagnose/diagnose.h"
#include "kind/annotation.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/describe.h"
#include "signal/accesslog.h"
#include "signal/envoy.h"
#include "signal/traffic.h"
#include "store/store.h"
#include <unistd.h>

static const struct kind *kind_of(struct call *c, const char *name)
{
    const struct kind *k = kind_find(name);
    if (!k)
        fail(c, "there is no kind '%s'; kinds are %s", text_clean(c->arena, name, 60),
             kind_names());
    return k;
}

const cJSON *gw_get(struct call *c, const char *kind, const char *name, const char *scope,
                    enum missing m)
{
    const struct kind *k = kind_of(c, kind);
    bool missing = false;
    if (!k)
        return NULL;
    return gateway_object(c->gateway, c->arena, k, name, scope,
                          m == MISSING_IS_NULL ? &missing : NULL, c->cancel, &c->err);
}

enum { TELL_EVERY = 1000 };

struct each {
    struct call *call;
    int count;
    gw_each_fn *fn;
    void *arg;
};

static bool pass_on(void *arg, const cJSON *o)
{
    struct each *e = arg;
    /* The console says how many there are only at the end: until then there is no honest total. */
    if (++e->count % TELL_EVERY == 0 && !e->call->has_steps)
        progress(e->call, e->count, 0, "%d read", e->count);
    return e->fn(e->call, e->arg, o);
}

bool gw_each(struct call *c, const char *kind, const char *scope, gw_each_fn *fn, void *arg)
{
    const struct kind *k = kind_of(c, kind);
    struct each e = { .call = c, .fn = fn, .arg = arg };
    bool ok = k && gateway_each_kind(c->gateway, k, scope, pass_on, &e, c->cancel, &c->err);
    if (ok && e.count > TELL_EVERY && !c->has_steps)
        progress(c, e.count, e.count, "all %d read", e.count);
    return ok;
}

/* -- plugin instances of all scopes ------------------------------------------------------ */

struct instances {
    struct call *call;
    gw_instance_fn *fn;
    gw_gap_fn *gap;
    void *arg;
};

static bool pass_instance(void *arg, const char *scope, const cJSON *o)
{
    struct instances *x = arg;
    return x->fn(x->call, x->arg, scope, o);
}

static void pass_gap(void *arg, const char *scope)
{
    struct instances *x = arg;
    if (x->gap)
        x->gap(x->arg, scope);
}

static void tell_scopes(void *arg, int done, int total)
{
    struct instances *x = arg;
    progress(x->call, done, total, "plugin instances of %d places", total);
}

bool gw_each_instance(struct call *c, int max, gw_instance_fn *fn, gw_gap_fn *gap, void *arg,
                      const char **gaps)
{
    struct instances x = { c, fn, gap, arg };
    const struct gateway_instances how = {
        .fn = pass_instance, .gap = pass_gap, .told = tell_scopes, .arg = &x, .scopes_max = max
    };
    struct gateway_gaps g;
    *gaps = NULL;
    if (!gateway_each_instance(c->gateway, &how, &g, c->cancel, &c->err))
        return false;
    if (g.count)
        *gaps = arena_printf(c->arena, "plugin instances of %d places could not be read, first %s",
                             g.count, text_clean(c->arena, g.first, sizeof g.first));
    return true;
}

const char *gw_annotation(const cJSON *route, const char *name)
{
    const cJSON *taken = annotation_among(json_get(route, "customConfigs"), name);
    return taken ? taken->valuestring : NULL;
}

bool gw_annotation_true(const cJSON *route, const char *name)
{
    return annotation_true(gw_annotation(route, name));
}

cJSON *gw_users(struct call *c, const char *kind, const cJSON *o)
{
    return object_users(c->gateway, c->arena, kind_find(kind), o, c->cancel, &c->err);
}

const cJSON *gw_path(struct call *c, const char *path, enum missing m)
{
    bool missing = false;
    return gateway_get(c->gateway, c->arena, path, m == MISSING_IS_NULL ? &missing : NULL,
                       c->cancel, &c->err);
}

const cJSON *gw_masked(struct call *c, const char *kind, const cJSON *o)
{
    return mask_object(c->arena, kind_find(kind), o);
}

const char *gw_kind_only(const char *kind)
{
    const struct kind *k = kind_find(kind);
    return k && (k->flags & KIND_SINGLE) ? k->name : NULL;
}

const char *gw_kind_key(const char *kind)
{
    const struct kind *k = kind_find(kind);
    return k ? k->key : NULL;
}

const char *gw_name_of(const char *kind, const cJSON *o)
{
    const struct kind *k = kind_find(kind);
    return k ? kind_name_of(k, o) : NULL;
}

const cJSON *gw_describe(struct call *c, const char *kind, const char *plugin)
{
    const struct kind *k = kind_of(c, kind);
    if (!k || !plugin)
        return k ? describe_kind(c->arena, k) : NULL;
    char *path = kind_object_path(c->arena, kind_find("wasm-plugin"), plugin, NULL, &c->err);
    const cJSON *answer =
        path ? gw_path(c, arena_printf(c->arena, "%s/config", path), MISSING_IS_NULL) : NULL;
    if (!answer && !failed(c))
        fail(c, "there is no plugin '%s'; list_resources kind wasm-plugin shows them",
             text_clean(c->arena, plugin, 80));
    return answer ? describe_plugin(c->arena, plugin, answer) : NULL;
}

/* -- the data plane ---------------------------------------------------------------------- */

const cJSON *envoy_admin(struct call *c, const char *path)
{
    return envoy_page(c->service->loop, c->config, c->arena, path, c->cancel, &c->err);
}

enum { CHANGES_TOLD = 10 };

/* Is there a state at all? Looking must not make one. */
static bool has_state(const struct call *c)
{
    const char *folder = c->service->config->state_dir;
    return folder && access(arena_printf(c->arena, "%s/state.db", folder), F_OK) == 0;
}

/* [{id, title, at}]: the plans applied last, for the time line of a diagnosis. */
static const cJSON *applied_of_late(struct call *c)
{
    struct err ignored = { 0 };
    struct engine *g = has_state(c) ? call_engine(c) : NULL;
    const struct engine_query q = { .state = store_state_name(STATE_APPLIED),
                                    .limit = CHANGES_TOLD };
    const cJSON *list = g ? engine_list(g, c->arena, &q, &ignored) : NULL;
    cJSON *out = json_array(c->arena);
    const cJSON *row;
    cJSON_ArrayForEach(row, json_get(list, "changes"))
    {
        const char *at = json_str(row, "applied");
        if (!at)
            continue;
        cJSON *o = json_add(c->arena, out, json_object(c->arena));
        json_set_str(c->arena, o, "id", json_str(row, "id"));
        json_set_str(c->arena, o, "title", json_str(row, "title"));
        json_set_str(c->arena, o, "at", at);
    }
    return out;
}

static int newest_at_first(const void *x, const void *y)
{
    const char *p = json_text(*(const cJSON *const *)x, "at");
    return strcmp(json_text(*(const cJSON *const *)y, "at"), p);
}

/* The same with what others edited on this gateway: {id, title, at, since}. */
static const cJSON *changed_of_late(struct call *c)
{
    struct err ignored = { 0 };
    const cJSON *applied = applied_of_late(c), *row;
    const struct outside_query q = { .limit = CHANGES_TOLD,
                                     .gateway = config_several(c->service->config) ? c->config->name
                                                                                   : NULL };
    const cJSON *list =
        has_state(c) ? engine_outside(call_engine(c), c->arena, &q, &ignored) : NULL;
    const cJSON **all = arena_array(c->arena, const cJSON *, 2 * CHANGES_TOLD);
    int n = 0;
    cJSON_ArrayForEach(row, applied) all[n++] = row;
    cJSON_ArrayForEach(row, json_get(list, "changes"))
    {
        cJSON *o = json_object(c->arena);
        json_set_str(c->arena, o, "id", json_str(row, "id"));
        json_set_str(c->arena, o, "title", json_str(row, "title"));
        json_set_str(c->arena, o, "at", json_str(row, "created"));
        json_set_str(c->arena, o, "since", json_str(row, "since"));
        all[n++] = o;
    }
    if (n)
        qsort(all, (size_t)n, sizeof *all, newest_at_first);
    cJSON *out = json_array(c->arena);
    for (int i = 0; i < n; i++)
        json_add(c->arena, out, json_clone(c->arena, all[i]));
    return out;
}

const cJSON *diagnose_since(struct call *c, const char *kind, const char *name, const char *since,
                            bool compare)
{
    const struct diagnose_target target = { kind, name };
    const struct diagnose_means means = {
        .loop = c->service->loop,
        .gateway = c->gateway,
        .config = c->config,
        .cancel = c->cancel,
        .told = call_told,
        .arg = c,
        .since = since,
        .compare = compare,
        .changes = changed_of_late(c),
    };
    cJSON *answer = diagnose_run(c->arena, &means, &target, &c->err);
    if (answer && kind)
        call_add_configured(c, answer, kind, name);
    return answer;
}

const cJSON *diagnose(struct call *c, const char *kind, const char *name)
{
    return diagnose_since(c, kind, name, NULL, false);
}

const char *secret_ref(struct call *c, const cJSON *ref)
{
    return config_secret(c->service->config, c->arena, ref, &c->err);
}
