/* pilot.c - who the controllers are, and GETs on their pages. A page to be read is one row of
 * `pages`. */
#include "signal/pilot.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "kube/higress.h"
#include "mask/mask.h"
#include "net/fetch.h"
#include <stddef.h>

enum { MOST_BYTES = 48 << 20, MOST_CONTROLLERS = 8, REASON_BYTES = 200, NAME_BYTES = 253 };

enum pilot_port { PILOT_DEBUG = 15014, CONTROLLER_DEBUG = 8888 };

/* One process of the control plane, while its pages are read. */
struct asked_controller {
    struct arena *a;
    const struct pilot_means *m;
    const char *pod; /* NULL: at the URLs of the configuration */
    cJSON *entry;
    const cJSON *converted, *configs; /* configz of both ports */
    int silent;                       /* the port where a page was waited for in vain; 0: none */
    bool gone;
};

/* What is done with a page: one of text, tree and kept. */
static const struct debug_page {
    enum pilot_port port;
    const char *path;
    void (*text)(struct arena *a, cJSON *entry, const char *text);
    void (*tree)(struct arena *a, cJSON *entry, const cJSON *page);
    size_t kept;   /* where in struct asked_controller the tree goes; 0: nowhere */
    bool may_lack; /* 404 and 409 say that this release has none */
    bool proxies;  /* read where only proxies are asked for */
    bool list;     /* it is one; empty, it may be null */
} pages[] = {
    { PILOT_DEBUG, "/debug/syncz", .tree = pilot_take_syncz, .proxies = true, .list = true },
    { PILOT_DEBUG, "/debug/connections", .tree = pilot_take_connections, .may_lack = true },
    { PILOT_DEBUG, "/metrics", .text = pilot_take_metrics, .proxies = true },
    { PILOT_DEBUG, "/version", .text = pilot_take_version, .may_lack = true },
    { PILOT_DEBUG, "/debug/push_status", .tree = pilot_take_push_status, .may_lack = true },
    { PILOT_DEBUG, "/debug/registryz", .tree = pilot_take_registryz, .list = true },
    { PILOT_DEBUG, "/debug/configz", .kept = offsetof(struct asked_controller, configs),
      .list = true },
    { CONTROLLER_DEBUG, "/debug/configz", .kept = offsetof(struct asked_controller, converted),
      .list = true },
    { CONTROLLER_DEBUG, "/registry/watcherStatus", .tree = pilot_take_watchers, .may_lack = true },
    { 0 },
};

bool pilot_configured(const struct config *c)
{
    return c && (c->kube.higress || c->control.pilot || c->control.controller);
}

/* -- one page ---------------------------------------------------------------------------------- */

static const char *page_base(const struct config *c, enum pilot_port port)
{
    return port == PILOT_DEBUG ? c->control.pilot : c->control.controller;
}

static bool fetch_debug_page(struct asked_controller *x, struct arena *a,
                             const struct debug_page *p, struct fetch_answer *out, struct err *e)
{
    const struct config *c = x->m->config;
    const struct kube_pod_at *at =
        x->pod ? kube_higress_pod_at(c->kube.higress, x->a, x->pod, (int)p->port) : NULL;
    struct fetch_request r = {
        .to = TO_CONTROLLER,
        .method = "GET",
        .url = arena_printf(x->a, "%s%s", at ? at->url : page_base(c, p->port), p->path),
        .via = at ? &at->via : NULL,
        .timeout = c->timeout > 0 ? c->timeout : 10,
        .connect_timeout = 2,
        .max_body = MOST_BYTES,
        .cancel = x->m->cancel,
    };
    return fetch(x->m->loop, a, &r, out, e);
}

static void note_unread_page(struct asked_controller *x, const struct debug_page *p,
                             const char *why)
{
    cJSON *list = json_get(x->entry, "unread");
    list = list ? list : json_set_array(x->a, x->entry, "unread");
    json_add_str(x->a, list,
                 arena_printf(x->a, "%s (port %d): %s", p->path, (int)p->port,
                              text_clean(x->a, mask_shapes(x->a, why), REASON_BYTES)));
}

static const char *refusal_words(struct asked_controller *x, const struct fetch_answer *out)
{
    if (out->status == 401 || out->status == 403)
        return arena_printf(x->a,
                            "answered %d: from another host it wants a token of audience istio-ca; "
                            "through the pod (kubernetes settings) it wants none",
                            out->status);
    return arena_printf(x->a, "answered %d: %.1000s", out->status, out->body);
}

static void take_debug_page(struct asked_controller *x, struct arena *a, const struct debug_page *p,
                            const struct fetch_answer *out, struct err *e)
{
    const cJSON *tree = p->text ? NULL : json_parse(a, out->body, out->len, e);
    if (tree && p->list && !cJSON_IsArray(tree) && !cJSON_IsNull(tree))
        err_set(e, ERR_PROTO, "it is no list");
    if (e->kind != ERR_NONE)
        return;
    if (p->kept)
        *(const cJSON **)((char *)x + p->kept) = tree;
    else if (p->tree)
        p->tree(x->a, x->entry, tree);
    else
        p->text(x->a, x->entry, out->body);
}

/* A page that is not kept ends with what is taken of it. */
static void read_debug_page(struct asked_controller *x, const struct debug_page *p)
{
    struct arena *own = arena_new();
    struct arena *a = p->kept ? x->a : own;
    struct fetch_answer out = { 0 };
    struct err e = { 0 };
    if (fetch_debug_page(x, a, p, &out, &e)) {
        if (out.status == 200)
            take_debug_page(x, a, p, &out, &e);
        else if (!p->may_lack || (out.status != 404 && out.status != 409))
            note_unread_page(x, p, refusal_words(x, &out));
    }
    x->gone = x->gone || e.kind == ERR_GONE;
    x->silent = out.cause == FETCH_TIMEOUT ? (int)p->port : x->silent;
    if (e.kind != ERR_NONE)
        note_unread_page(x, p, e.text);
    arena_free(own);
}

/* -- all of them ------------------------------------------------------------------------------- */

static void read_controller(struct asked_controller *x, cJSON *out, bool proxies)
{
    const struct config *c = x->m->config;
    x->entry = json_add(x->a, json_get(out, "controllers"), json_object(x->a));
    json_set_str(x->a, x->entry, "name",
                 x->pod             ? text_clean(x->a, x->pod, NAME_BYTES)
                 : c->control.pilot ? c->control.pilot
                                    : c->control.controller);
    for (const struct debug_page *p = pages; p->path && !x->gone; p++) {
        bool there = x->pod || page_base(c, p->port);
        if (!there || (proxies && !p->proxies))
            continue;
        if (x->silent == (int)p->port)
            note_unread_page(x, p, "not asked for, since a page of that port did not come in time");
        else
            read_debug_page(x, p);
    }
    if (x->converted || x->configs)
        pilot_take_configz(x->a, x->entry, x->converted, x->configs);
}

static void note_no_pods(struct arena *a, cJSON *out, const struct err *why, struct err *e)
{
    cJSON *list = json_get(out, "unread");
    json_add_str(a, list ? list : json_set_array(a, out, "unread"),
                 text_clean(a, why->text, REASON_BYTES));
    if (why->kind == ERR_GONE)
        err_set(e, ERR_GONE, "%s", why->text);
}

static void read_controller_pods(struct arena *a, const struct pilot_means *m, cJSON *out,
                                 bool proxies, struct err *e)
{
    struct err why = { 0 };
    const struct kube_pod *pod =
        kube_higress_pods(m->config->kube.higress, m->loop, a, KUBE_CONTROLLER, m->cancel, &why);
    int n = 0;
    if (!pod)
        note_no_pods(a, out, &why, e);
    for (; pod && pod->name && e->kind == ERR_NONE; pod++) {
        struct asked_controller x = { .a = a, .m = m, .pod = pod->name };
        if (n++ >= MOST_CONTROLLERS)
            continue;
        read_controller(&x, out, proxies);
        if (!pod->ready)
            json_set_str(a, x.entry, "phase", text_clean(a, pod->phase, NAME_BYTES));
        if (x.gone)
            err_set(e, ERR_GONE, "reading the control plane was cancelled");
    }
    if (n > MOST_CONTROLLERS)
        json_set_num(a, json_set_object(a, out, "left_out"), "controllers", n - MOST_CONTROLLERS);
}

/* Those that are to be connected. */
static void read_gateway_pods(struct arena *a, const struct pilot_means *m, cJSON *out,
                              struct err *e)
{
    struct err why = { 0 };
    const struct kube_pod *pod =
        kube_higress_pods(m->config->kube.higress, m->loop, a, KUBE_GATEWAY, m->cancel, &why);
    cJSON *names = json_array(a);
    if (!pod)
        note_no_pods(a, out, &why, e);
    for (; pod && pod->name; pod++)
        if (pod->ready)
            json_add_str(a, names, text_clean(a, pod->name, NAME_BYTES));
    if (json_count(names) > 0)
        json_set(a, out, "replicas", names);
}

static cJSON *read_control_plane(struct arena *a, const struct pilot_means *m, bool proxies,
                                 struct err *e)
{
    const struct config *c = m->config;
    cJSON *out = json_object(a);
    struct asked_controller x = { .a = a, .m = m };
    if (!pilot_configured(c)) {
        err_set(e, ERR_ARGS,
                "it is not configured where the control plane is (kubernetes, or pilot.url)");
        return NULL;
    }
    json_set_array(a, out, "controllers");
    if (c->control.pilot || c->control.controller)
        read_controller(&x, out, proxies);
    else
        read_controller_pods(a, m, out, proxies, e);
    if (c->kube.higress && !proxies && e->kind == ERR_NONE)
        read_gateway_pods(a, m, out, e);
    if (x.gone)
        err_set(e, ERR_GONE, "reading the control plane was cancelled");
    return e->kind == ERR_NONE ? out : NULL;
}

cJSON *pilot_read(struct arena *a, const struct pilot_means *m, struct err *e)
{
    return read_control_plane(a, m, false, e);
}

cJSON *pilot_read_proxies(struct arena *a, const struct pilot_means *m, struct err *e)
{
    return read_control_plane(a, m, true, e);
}
