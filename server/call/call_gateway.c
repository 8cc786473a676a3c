/* call_gateway.c - tool.h's reads: thin wrappers that give a call's gateway, arena, cancellation
 * and error to the functions of gateway/. */
#include "base/err.h"
#include "call/call_private.h"
#include "call/read.h"
#include "call/signal.h"
#include "console/gateway.h"
#include "diagnose/diagnose.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/describe.h"
#include "signal/accesslog.h"
#include "signal/envoy.h"

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

bool log_each(struct call *c, const struct log_query *q, gw_each_fn *fn, void *arg)
{
    const char *path = c->config->access_log;
    if (!path)
        return fail(c, "no access log is configured: start higress-ops with --access-log PATH");
    struct each e = { .call = c, .fn = fn, .arg = arg };
    struct accesslog_query query = {
        .route = q->route,
        .host = q->host,
        .path_prefix = q->path_prefix,
        .flag = q->flag,
        .text = q->text,
        .status_class = q->status_class,
        .since = q->since,
        .limit = q->limit,
        .max_scan = q->max_scan,
    };
    return accesslog_read(c->arena, path, &query, pass_on, &e, NULL, &c->err);
}

const cJSON *envoy_admin(struct call *c, const char *path)
{
    return envoy_page(c->service->loop, c->config, c->arena, path, c->cancel, &c->err);
}

const cJSON *diagnose(struct call *c, const char *kind, const char *name)
{
    const struct diagnose_target target = { kind, name };
    const struct diagnose_means means = {
        .loop = c->service->loop,
        .gateway = c->gateway,
        .config = c->config,
        .cancel = c->cancel,
        .told = call_told,
        .arg = c,
    };
    cJSON *answer = diagnose_run(c->arena, &means, &target, &c->err);
    if (answer && kind)
        call_add_configured(c, answer, kind, name);
    return answer;
}

const char *secret_ref(struct call *c, const cJSON *ref)
{
    return config_secret(c->service->config, c->arena, ref, &c->err);
}
