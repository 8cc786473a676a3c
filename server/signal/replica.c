/* replica.c - the replicas of a gateway found, and their pages read side by side. */
#include "signal/replica.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "config/config.h"
#include "kube/higress.h"
#include "net/beside.h"
#include <string.h>

enum { ADMIN_PORT = 15000, NAME_MAX_BYTES = 253, PHASE_MAX_BYTES = 40, WHY_MAX_BYTES = 400 };

/* -- which there are ------------------------------------------------------------------------- */

static const struct replicas *replicas_of(struct arena *a, const struct replica *list, int count)
{
    struct replicas *all = arena_make(a, struct replicas);
    *all = (struct replicas){ list, count };
    return all;
}

/* One that is configured by the URL of its admin interface. */
static struct replica replica_at(const char *url, const struct config *c)
{
    return (struct replica){ .envoy = { url, c->envoy_via, strstr(url, "://") + 3 },
                             .ready = true,
                             .runs = true };
}

static const struct replicas *replicas_configured(const struct config *c, struct arena *a)
{
    const char *const only[] = { c->envoy_admin, NULL };
    const char *const *urls = c->envoy_admins && c->envoy_admins[0] ? c->envoy_admins : only;
    struct replica *list = NULL;
    int count = 0, room = 0;
    for (; urls[count]; count++) {
        list = arena_grow(a, list, count, &room, sizeof *list);
        list[count] = replica_at(urls[count], c);
    }
    return replicas_of(a, list, count);
}

static struct replica replica_in(struct arena *a, struct kube_higress *h,
                                 const struct kube_pod *pod)
{
    const char *name = text_clean(a, pod->name, NAME_MAX_BYTES);
    const struct kube_pod_at *at = kube_higress_pod_at(h, a, pod->name, ADMIN_PORT);
    return (struct replica){ .envoy = { at->url, &at->via, name },
                             .way = &at->way,
                             .pod = true,
                             .ready = pod->ready,
                             .runs = pod->runs,
                             .phase = text_clean(a, pod->phase, PHASE_MAX_BYTES),
                             .restarts = pod->restarts,
                             .why = pod->why ? text_clean(a, pod->why, WHY_MAX_BYTES) : NULL };
}

const struct replicas *replicas_find(struct loop *l, const struct config *c, struct arena *a,
                                     struct cancel *cancel, struct err *e)
{
    int count = 0;
    if (!c->envoy_admin) {
        err_set(e, ERR_ARGS, "no address of Envoy's admin interface is configured");
        return NULL;
    }
    if (!c->envoy_via)
        return replicas_configured(c, a);
    const struct kube_pod *pods = kube_higress_pods(c->kube.higress, l, a, KUBE_GATEWAY, cancel, e);
    while (pods && pods[count].name)
        count++;
    struct replica *list = arena_array(a, struct replica, count + 1);
    for (int i = 0; i < count; i++)
        list[i] = replica_in(a, c->kube.higress, &pods[i]);
    return pods ? replicas_of(a, list, count) : NULL;
}

/* -- their pages ----------------------------------------------------------------------------- */

static bool may_be_asked(const struct replica *r, struct err *e)
{
    return r->runs || err_set(e, ERR_NET, "%s does not run, it is %s%s%s", r->envoy.name, r->phase,
                              r->why ? ": " : "", r->why ? r->why : "");
}

cJSON *replica_page(struct loop *l, const struct config *c, struct arena *a,
                    const struct replica *r, const char *path, struct cancel *cancel, struct err *e)
{
    return may_be_asked(r, e) ? envoy_page_of(l, c, a, &r->envoy, path, cancel, e) : NULL;
}

bool replica_elements(struct loop *l, const struct config *c, const struct replica *r,
                      const char *path, const char *at, envoy_element_fn *fn, void *arg,
                      struct cancel *cancel, struct err *e)
{
    return may_be_asked(r, e) && envoy_each_of(l, c, &r->envoy, path, at, fn, arg, cancel, e);
}

struct pages_of_all {
    struct loop *loop;
    const struct config *config;
    struct arena *arena;
    const struct replicas *all;
    const char *path;
    struct replica_page *list;
    bool gone;
};

static void read_page_of_one(void *arg, int i, struct cancel *cancel)
{
    struct pages_of_all *p = arg;
    struct err e = { 0 };
    struct replica_page *one = &p->list[i];
    one->page = replica_page(p->loop, p->config, p->arena, &p->all->list[i], p->path, cancel, &e);
    one->error = one->page ? NULL : arena_strdup(p->arena, e.text);
    p->gone = p->gone || e.kind == ERR_GONE;
}

const struct replica_page *replica_pages(struct loop *l, const struct config *c, struct arena *a,
                                         const struct replicas *all, const char *path,
                                         struct cancel *cancel, struct err *e)
{
    struct pages_of_all p = { .loop = l,
                              .config = c,
                              .arena = a,
                              .all = all,
                              .path = path,
                              .list = arena_array(a, struct replica_page, all->count) };
    beside_each(l, all->count, REPLICAS_AT_ONCE, read_page_of_one, &p, cancel);
    if (!p.gone)
        return p.list;
    err_set(e, ERR_GONE, "the call was cancelled");
    return NULL;
}
