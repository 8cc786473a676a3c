/* call_manifest.c - tool.h's change_manifest: a manifest described as one plan. */
#include "base/err.h"
#include "call/call_private.h"
#include "call/change.h"
#include "config/config.h"
#include "kind/kind.h"
#include "manifest/manifest.h"
#include "plan/plan.h"

const char *call_secret(void *arg, const char *from, const char *name, struct err *e)
{
    struct call *c = arg;
    cJSON *ref = json_object(c->arena);
    if (!strcmp(from, "secret")) {
        err_set(e, ERR_ARGS, "${secret:%.80s}: only import --secrets FILE knows it", name);
        return NULL;
    }
    json_set_str(c->arena, ref, from, name);
    return config_secret(c->service->config, c->arena, ref, e);
}

bool change_manifest(struct call *c, struct plan *p, const cJSON *given)
{
    struct manifest *m = manifest_new(c->arena);
    m->whole_secrets = true; /* who calls may not be who may read them */
    const char *text = cJSON_IsString(given) ? given->valuestring : NULL;
    bool read =
        text ? manifest_read(m, text, strlen(text), &c->err) : manifest_take(m, given, &c->err);
    for (int i = 0; i < m->count; i++)
        call_hide(c, m->list[i].kind->name, m->list[i].object);
    manifest_resolve(m, call_secret, c);
    return read && manifest_plan(c->gateway, p, m, false, c->cancel);
}
