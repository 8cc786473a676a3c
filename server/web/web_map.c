/* web_map.c - /: the gateway as a map, or one object of it with what it holds and who uses it. */
#include "base/arena.h"
#include "base/fiber.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/map.h"
#include "call/object.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "console/gateway.h"
#include "inspect/inspect_map.h"
#include "picture/picture.h"
#include "web/visit_private.h"

enum { HISTORY_SHOWN = 10 };

/* A request for it, which waits until it is read. */
struct map_visit {
    struct arena *arena;
    struct web *web;
    struct http_exchange *x;                  /* NULL: the browser has gone */
    const char *gateway, *kind, *name, *find; /* as asked for; NULL: the only one, the whole */
    cJSON *object, *map;                      /* what was read; NULL: it could not, */
    struct err err;                           /* why */
    struct cancel cancel;
};

/* The nodes of the map that are about the object; all of them where there is none. */
static cJSON *shown_nodes(const struct visit *v, const cJSON *map, const char *kind,
                          const char *name)
{
    cJSON *out = json_object(v->arena);
    const cJSON *node;
    for (const char *const *l = inspect_map_lists; *l; l++) {
        cJSON *list = json_set_array(v->arena, out, *l);
        cJSON_ArrayForEach(node, json_get(map, *l))
        {
            if (json_get(node, "says") &&
                (!kind || !name ||
                 (!strcmp(json_str(node, "name"), name) && !strcmp(json_str(node, "kind"), kind))))
                json_add(v->arena, list, json_clone(v->arena, node));
        }
    }
    return out;
}

/* Where it is not on the map, it may be an object all the same: a consumer, a certificate. */
static const cJSON *object_asked(const struct map_visit *m)
{
    return m->object && json_get(m->object, "object") ? m->object : NULL;
}

static void show_map(struct visit *v, const struct map_visit *m)
{
    struct err e = { 0 };
    const struct config *config = NULL;
    const struct gateway *g = service_gateway(v->web->mcp->service, m->gateway, &config, &e);
    const char *const *several = visit_gateways(v);
    const char *gateway = several && config ? config->name : NULL;
    struct picture picture = {
        .map = m->map,
        .waiting = map_waiting(v->arena, visit_engine(v), gateway, json_get(m->map, "unread")),
        .kind = m->kind,
        .name = m->name,
        .find = m->find,
        .links = true,
        .gateway = gateway,
        .chinese = v->viewer.tongue == TONGUE_CHINESE,
    };
    const char *svg = picture_svg(v->arena, &picture);
    picture.narrow = true;
    const struct page_map page = {
        .svg = svg,
        .narrow = picture_svg(v->arena, &picture),
        .map = m->map,
        .address = g ? gateway_url(g) : "",
        .gateway = gateway,
        .gateways = several,
        .kind = m->kind,
        .name = m->name,
        .find = m->find,
        .drawn = !m->kind || inspect_on_map(m->map, m->kind, m->name),
        .object = object_asked(m),
        .shown = shown_nodes(v, m->map, m->kind, m->name),
        .history = m->kind ? visit_history(v, m->kind, m->name, gateway, HISTORY_SHOWN) : NULL,
    };
    visit_page(v->x, page.drawn || page.object ? 200 : 404, page_map(&v->viewer, &page));
}

static void show_unread_map(struct visit *v, const struct map_visit *m)
{
    const char *why = m->err.kind == ERR_NONE ? "It was not read." : m->err.text;
    const struct page_map page = { .failed = secret_scrub(v->arena, why),
                                   .gateway = m->gateway,
                                   .gateways = visit_gateways(v) };
    visit_page(v->x, m->err.kind == ERR_ARGS ? 404 : 502, page_map(&v->viewer, &page));
}

static void map_gone(struct http_exchange *x)
{
    struct map_visit *m = x->user;
    m->x = NULL;
    cancel_fire(&m->cancel);
}

/* What the object holds is read anew, the map may be some seconds old. */
static void read_map(struct map_visit *m)
{
    struct service *s = m->web->mcp->service;
    const struct config *config;
    struct err e = { 0 };
    struct gateway *g = m->kind ? service_gateway(s, m->gateway, &config, &e) : NULL;
    if (g)
        m->object = object_shown(g, m->arena, m->kind, m->name, &m->cancel, &e);
    m->map = json_clone(m->arena, map_kept(s, m->gateway, &m->cancel, &m->err));
    if (m->map && g && e.kind != ERR_NONE)
        json_add_str(m->arena, json_get(m->map, "unread"), secret_scrub(m->arena, e.text));
}

static void open_map(void *arg)
{
    struct map_visit *m = arg;
    struct visit v;
    m->gateway = arena_strdup(m->arena, visit_asked(m->x, "gateway"));
    m->kind = arena_strdup(m->arena, visit_asked(m->x, "kind"));
    m->name = arena_strdup(m->arena, visit_asked(m->x, "name"));
    m->find = arena_strdup(m->arena, visit_asked(m->x, "find"));
    if (!m->kind || !m->name)
        m->kind = m->name = NULL;
    read_map(m);
    if (m->x)
        m->x->on_gone = NULL;
    if (m->x && visit_opens(&v, m->web, m->x)) {
        if (m->map)
            show_map(&v, m);
        else
            show_unread_map(&v, m);
    }
    arena_free(m->arena);
}

void web_home(struct web *w, struct http_exchange *x)
{
    struct visit v;
    if (!visit_opens(&v, w, x))
        return;
    struct arena *a = arena_new();
    struct map_visit *m = arena_make(a, struct map_visit);
    *m = (struct map_visit){ .arena = a, .web = w, .x = x };
    x->user = m;
    x->on_gone = map_gone;
    fiber_start(open_map, m);
}
