/* verify.c - does everything exist that a plan points to? The references are those of the kind
 * table; services, which have no path of their own, are looked up in one pass over their list. */
#include "config/config.h"
#include "mask/mask.h"
#include "plan/verify_private.h"
#include "rule/check.h"

/* A reference that is new with this operation. */
struct need {
    const char *path, *kind, *name;
    const struct plan_op *op;
    struct need *next;
    int port; /* 0: none is named */
    bool met, port_met;
};

struct needs {
    struct verify *v;
    struct need *services;
    bool ok;
};

/* -- what the plan itself makes ---------------------------------------------------------------- */

static void learn_targets(struct verify *v)
{
    const struct plan *p = v->p;
    v->targets = arena_array(p->arena, struct ref_target, p->count);
    for (int i = 0; i < p->count; i++)
        if (p->ops[i].verb != PLAN_DELETE)
            v->targets[i] = refs_target(p->arena, p->ops[i].kind, p->ops[i].after);
}

/* "web.static" of source web, "llm-mind.internal.dns" of provider mind. */
static bool makes_service(const struct verify *v, int i, const char *service)
{
    const struct plan_op *op = &v->p->ops[i];
    for (const enum derived *d = op->kind->parts; *d; d++)
        if (!strcmp(derived_kind(*d), "service-source"))
            return derived_is_service_of(service, derived_name(v->p->arena, *d, op->name));
    return refs_is_service(&v->targets[i], service);
}

static bool makes(const struct verify *v, int i, const char *kind, const char *name)
{
    const struct plan_op *op = &v->p->ops[i];
    if (op->verb == PLAN_DELETE)
        return false;
    if (!strcmp(op->kind->name, kind) && !strcmp(op->name, name))
        return true;
    return (!strcmp(kind, "service") && makes_service(v, i, name)) ||
           (!strcmp(kind, "route") && kind_makes_route(v->p->arena, op->kind, op->name, name));
}

static const struct plan_op *made_by(const struct verify *v, const char *kind, const char *name)
{
    for (int i = 0; i < v->p->count; i++)
        if (makes(v, i, kind, name))
            return &v->p->ops[i];
    return NULL;
}

/* Many may point to one object: it is read once. */
const cJSON *verify_object(struct verify *v, const char *kind, const char *name)
{
    struct arena *a = v->p->arena;
    const struct plan_op *op = made_by(v, kind, name);
    bool missing = false;
    if (op)
        return op->after;
    for (const struct seen *s = v->seen; s; s = s->next)
        if (!strcmp(s->kind->name, kind) && !strcmp(s->name, name))
            return s->object;
    struct seen one = { kind_find(kind), arena_strdup(a, name), NULL, v->seen };
    one.object = gateway_object(v->g, a, one.kind, name, NULL, &missing, v->cancel, v->p->err);
    if (one.object || missing) {
        v->seen = arena_make(a, struct seen);
        *v->seen = one;
    }
    return one.object;
}

/* -- references -------------------------------------------------------------------------------- */

struct same {
    const char *kind, *name;
};

static bool is_other(void *arg, const char *path, const char *kind, const char *name)
{
    const struct same *s = arg;
    (void)path;
    return strcmp(kind, s->kind) != 0 || strcmp(name, s->name) != 0;
}

static bool was_reference_there(const struct verify *v, const char *kind, const char *name)
{
    const struct plan_op *op = v->op;
    struct same s = { kind, name };
    return op->before && !kind_refs(v->p->arena, op->kind, op->scope, op->before, is_other, &s);
}

/* The console refuses every edit while these are missing, also one that does not touch them. */
static bool is_vital(const struct verify *v, const char *path, const char *kind)
{
    return !strcmp(path, "scope") ||
           (!strcmp(kind, "ai-provider") && !strcmp(v->op->kind->name, "ai-route"));
}

/* False after an error; of what is taken as it is, only a warning. */
static bool reference_missing(struct verify *v, const char *path, const char *kind,
                              const char *name)
{
    struct arena *a = v->p->arena;
    bool service = !strcmp(kind, "service");
    if (v->p->as_is) {
        plan_warn(v->p, "%s '%s': %s names the %s '%s', which is not there", v->op->kind->name,
                  v->op->name, path, kind, text_clean(a, name, 120));
        return true;
    }
    return err_set(v->p->err, ERR_ARGS, "%s '%s': %s: there is no %s '%s'; %s", v->op->kind->name,
                   v->op->name, path, kind, text_clean(a, name, 120),
                   service ? "list_resources kind service shows what there is" : "create it first");
}

/* "services[0].name" has its port beside it; "web.static:8080" in itself. */
static int reference_port(const struct verify *v, const cJSON *object, const char *path,
                          const char *name)
{
    static const char last[] = ".name";
    const char *colon = strchr(name, ':');
    size_t n = strlen(path);
    if (colon)
        return (int)strtol(colon + 1, NULL, 10);
    if (!text_ends(path, last))
        return 0;
    const char *beside = arena_printf(v->p->arena, "%.*s.port", (int)(n - (sizeof last - 1)), path);
    const cJSON *port = json_path(object, beside);
    return cJSON_IsNumber(port) ? port->valueint : 0;
}

static bool note_reference(void *arg, const char *path, const char *kind, const char *name)
{
    struct needs *n = arg;
    struct verify *v = n->v;
    struct arena *a = v->p->arena;
    bool old = was_reference_there(v, kind, name) && !is_vital(v, path, kind);
    bool service = !strcmp(kind, "service");
    int port = service ? reference_port(v, v->op->after, path, name) : 0;
    bool moved = service && port != reference_port(v, v->op->before, path, name);
    if (made_by(v, kind, name) || (old && !moved))
        return true;
    if (service) {
        struct need *one = arena_make(a, struct need);
        *one = (struct need){ .path = path,
                              .kind = kind,
                              .name = arena_strdup(a, name),
                              .op = v->op,
                              .next = n->services,
                              .port = port,
                              .met = old };
        n->services = one;
        return true;
    }
    /* A name that cannot be one at all is a name that nothing has. */
    if (verify_object(v, kind, name))
        return true;
    n->ok = v->p->err->kind == ERR_NONE && reference_missing(v, path, kind, name);
    return n->ok;
}

static bool tick_off(void *arg, const cJSON *o)
{
    struct needs *n = arg;
    const char *name = json_str(o, "name");
    bool all = true;
    for (struct need *one = n->services; one; one = one->next) {
        size_t len = strcspn(one->name, ":"); /* "web.static:8080": a port may follow */
        if (name && strlen(name) == len && !strncmp(name, one->name, len)) {
            const cJSON *port = json_get(o, "port");
            one->met = true;
            one->port_met = one->port_met || (port && port->valueint == one->port);
        }
        all = all && one->met && (one->port_met || !one->port);
    }
    return !all;
}

/* Services of Kubernetes come and go beside the gateway, which takes a route to one that is not
 * there yet. Only a manifest names them before they are: elsewhere it is a slip. */
static bool may_come(const struct need *n)
{
    size_t len = strcspn(n->name, ":");
    static const char end[] = ".svc.cluster.local";
    return n->op->where && len > sizeof end - 1 &&
           !strncmp(n->name + len - (sizeof end - 1), end, sizeof end - 1);
}

static bool check_service_listed(struct verify *v, const struct need *one)
{
    const char *name = text_clean(v->p->arena, one->name, 120);
    if (!one->met && !may_come(one))
        return reference_missing(v, one->path, "service", one->name);
    if (!one->met)
        plan_warn(v->p,
                  "%s '%s': %s: the gateway lists no service '%s'; until it does, requests get 503",
                  one->op->kind->name, one->op->name, one->path, name);
    else if (one->port && !one->port_met)
        plan_warn(v->p, "%s '%s': %s: service '%s' is not known to have the port %d",
                  one->op->kind->name, one->op->name, one->path, name, one->port);
    return true;
}

static bool services_exist(struct needs *n)
{
    struct verify *v = n->v;
    if (!n->services)
        return true;
    if (!gateway_each_kind(v->g, kind_find("service"), NULL, tick_off, n, v->cancel, v->p->err))
        return false;
    for (const struct need *one = n->services; one; one = one->next) {
        v->op = one->op;
        if (!check_service_listed(v, one))
            return false;
    }
    return true;
}

/* What the API server of a cluster refuses: of a gateway that may be one, a warning. */
static bool cluster_takes(struct verify *v)
{
    const struct plan_op *op = v->op;
    const struct config *c = gateway_config(v->g);
    enum platform at = c ? c->platform : PLATFORM_UNKNOWN;
    struct err why = { 0 };
    if (at == PLATFORM_STANDALONE ||
        check_cluster(v->p->arena, op->kind, op->before, op->after, &why))
        return true;
    if (at == PLATFORM_KUBERNETES && !v->p->as_is)
        return err_set(v->p->err, ERR_ARGS, "%s '%s': %s", op->kind->name, op->name, why.text);
    plan_warn(v->p, "%s '%s': %s%s", op->kind->name, op->name, why.text,
              at == PLATFORM_UNKNOWN ? "; whether this gateway is on Kubernetes is not configured "
                                       "(platform: standalone or kubernetes)"
                                     : "");
    return true;
}

static bool prefix_where(const struct verify *v)
{
    bool named = v->op && v->op->where && v->p->err->kind == ERR_ARGS;
    return named ? err_at(v->p->err, "%s", v->op->where) : false;
}

static bool verify_each(struct gateway *g, struct plan *p, struct cancel *c)
{
    struct verify v = { .g = g, .p = p, .cancel = c };
    struct needs n = { &v, NULL, true };
    learn_targets(&v);
    for (int i = 0; i < p->count && !p->undoes; i++) {
        v.op = &p->ops[i];
        if (v.op->verb == PLAN_DELETE)
            continue;
        kind_refs(p->arena, v.op->kind, v.op->scope, v.op->after, note_reference, &n);
        if (!n.ok || p->err->kind != ERR_NONE || !cluster_takes(&v) ||
            (!p->as_is && !verify_rules(&v)))
            return prefix_where(&v);
    }
    return services_exist(&n) || prefix_where(&v);
}

bool verify_plan(struct gateway *g, struct plan *p, struct cancel *c)
{
    if (verify_each(g, p, c))
        return true;
    mask_error(p->arena, plan_secrets(p->arena, p), p->err);
    return false;
}
