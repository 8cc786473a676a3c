/* web_map.c - /: the gateway as a map. It is read by inspect/ and kept for a while, so that people
 * who look at it and at its objects do not read it again and again; one reading at a time. */
#include "base/arena.h"
#include "base/fiber.h"
#include "base/secret.h"
#include "base/text.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "console/gateway.h"
#include "inspect/inspect_map.h"
#include "net/loop.h"
#include "picture/picture.h"
#include "web/visit_private.h"

enum { KEEP_SECONDS = 20, WAITING_LOOKED_AT = 40, HISTORY_SHOWN = 10, CERTIFICATE_DAYS = 30 };
static const double READ_LOOK = 0.05; /* seconds */

/* What was read last. */
struct map {
    struct arena *arena;
    const char *gateway; /* its name; NULL: the only one */
    cJSON *map;
    double at;
    const char *failed; /* why it could not be read; NULL: it was */
};

/* A request for it, which waits until it is read. */
struct map_visit {
    struct arena *arena;
    struct web *web;
    struct http_exchange *x; /* NULL: the browser has gone */
    struct cancel cancel;
};

/* -- reading ----------------------------------------------------------------------------- */

static bool is_same_gateway(const struct map *m, const char *name)
{
    return m && (m->gateway && name ? !strcmp(m->gateway, name) : m->gateway == name);
}

static bool is_fresh(const struct web *w, const char *name)
{
    return is_same_gateway(w->map, name) && loop_now(w->mcp->loop) - w->map->at < KEEP_SECONDS;
}

/* Parks. */
static void read_map(struct web *w, struct map *m, const char *name, struct cancel *c)
{
    struct err e = { 0 };
    const struct config *config = NULL;
    struct gateway *g = service_gateway(w->mcp->service, name, &config, &e);
    const struct world_means means = {
        .loop = w->mcp->loop, .gateway = g, .config = config, .cancel = c
    };
    const struct inspection *i = g ? inspect_gateway(m->arena, &means, CERTIFICATE_DAYS, &e) : NULL;
    if (!i) {
        m->failed = arena_strdup(m->arena, e.text);
        return;
    }
    m->map = inspect_map(m->arena, i);
    inspect_add_traffic(m->arena, m->map, config->access_log);
}

/* w->map is that of the gateway. Parks; false: it was cancelled. */
static bool have_map(struct web *w, const char *name, struct cancel *c)
{
    struct err e = { 0 };
    while (w->map_read)
        if (!nap_for(w->mcp->loop, READ_LOOK, "the map, read for another", NULL, c, &e))
            return false;
    if (is_fresh(w, name))
        return true;
    struct arena *a = arena_new();
    struct map *m = arena_make(a, struct map);
    m->arena = a;
    m->gateway = arena_strdup(a, name);
    w->map_read = c;
    read_map(w, m, name, c);
    w->map_read = NULL;
    m->at = loop_now(w->mcp->loop);
    if (c->fired) {
        arena_free(a);
        return false;
    }
    web_map_forget(w);
    w->map = m;
    return true;
}

void web_map_forget(struct web *w)
{
    if (w->map)
        arena_free(w->map->arena);
    w->map = NULL;
}

void web_map_stop(struct web *w)
{
    if (w->map_read)
        cancel_fire(w->map_read);
}

/* -- the page ---------------------------------------------------------------------------- */

static void add_objects(const struct visit *v, cJSON *objects, const char *id, struct err *e)
{
    const cJSON *op, *one = engine_show(visit_engine(v), v->arena, id, false, e);
    cJSON_ArrayForEach(op, json_get(one, "operations"))
    {
        const char *kind = json_str(op, "kind"), *name = json_str(op, "name");
        if (kind && name)
            json_add_str(v->arena, objects, arena_printf(v->arena, "%s %s", kind, name));
    }
}

/* ["route orders"]: what changes that wait would act on, at that gateway. What is not known of them
 * is a line of unread. */
static cJSON *waiting_objects(const struct visit *v, const char *gateway, cJSON *unread)
{
    struct err e = { 0 };
    const struct engine_query q = { .state = "pending",
                                    .gateway = gateway,
                                    .limit = WAITING_LOOKED_AT };
    const cJSON *list = engine_list(visit_engine(v), v->arena, &q, &e), *c;
    cJSON *objects = json_array(v->arena);
    cJSON_ArrayForEach(c, json_get(list, "changes"))
    {
        if (visit_is_of_gateway(c, gateway))
            add_objects(v, objects, json_str(c, "id"), &e);
    }
    if (e.kind != ERR_NONE)
        json_add_str(v->arena, unread,
                     arena_printf(v->arena, "which changes wait was not read: %s", e.text));
    else if (json_str(list, "next"))
        json_add_str(v->arena, unread,
                     arena_printf(v->arena, "of the changes that wait the newest %d are marked",
                                  WAITING_LOOKED_AT));
    return objects;
}

/* The nodes of the map that are about the object; all of them where there is none. */
static cJSON *shown_nodes(const struct visit *v, const cJSON *map, const char *kind,
                          const char *name)
{
    static const char *const lists[] = { "routes", "services", "hosts", "others" };
    cJSON *out = json_object(v->arena);
    const cJSON *node;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        cJSON *list = json_set_array(v->arena, out, lists[i]);
        cJSON_ArrayForEach(node, json_get(map, lists[i]))
        {
            if (json_get(node, "says") && (!name || (!strcmp(json_str(node, "name"), name) &&
                                                     !strcmp(json_str(node, "kind"), kind))))
                json_add(v->arena, list, json_clone(v->arena, node));
        }
    }
    return out;
}

static void show_map(struct visit *v, const struct map *m)
{
    struct err e = { 0 };
    const struct config *config = NULL;
    const struct gateway *g = service_gateway(v->web->mcp->service, m->gateway, &config, &e);
    const char *const *several = visit_gateways(v);
    const char *gateway = several && config ? config->name : NULL;
    const char *kind = visit_asked(v->x, "kind"), *name = visit_asked(v->x, "name");
    kind = kind && name ? kind : NULL;
    cJSON *map = visit_scrubbed(v, json_clone(v->arena, m->map));
    const struct picture picture = {
        .map = map,
        .waiting = waiting_objects(v, gateway, json_get(map, "unread")),
        .traffic = json_get(map, "traffic"),
        .kind = kind,
        .name = kind ? name : NULL,
        .links = true,
        .gateway = gateway,
    };
    const struct page_map page = {
        .svg = picture_svg(v->arena, &picture),
        .map = map,
        .address = g ? gateway_url(g) : "",
        .gateway = gateway,
        .gateways = several,
        .kind = kind,
        .name = picture.name,
        .there = !kind || inspect_on_map(map, kind, name),
        .shown = shown_nodes(v, map, kind, picture.name),
        .history = kind ? visit_history(v, kind, name, gateway, HISTORY_SHOWN) : NULL,
    };
    visit_page(v->x, page.there ? 200 : 404, page_map(&v->viewer, &page));
}

static void show_unread_map(struct visit *v, const char *gateway, const char *why)
{
    const struct page_map page = { .failed = secret_scrub(v->arena, why),
                                   .gateway = gateway,
                                   .gateways = visit_gateways(v) };
    visit_page(v->x, 502, page_map(&v->viewer, &page));
}

static void map_gone(struct http_exchange *x)
{
    struct map_visit *m = x->user;
    m->x = NULL;
    cancel_fire(&m->cancel);
}

static void open_map(void *arg)
{
    struct map_visit *m = arg;
    struct visit v;
    const char *name = arena_strdup(m->arena, visit_asked(m->x, "gateway"));
    bool there = have_map(m->web, name, &m->cancel);
    if (m->x)
        m->x->on_gone = NULL;
    if (m->x && visit_opens(&v, m->web, m->x)) {
        if (there && !m->web->map->failed)
            show_map(&v, m->web->map);
        else
            show_unread_map(&v, name, there ? m->web->map->failed : "It was not read.");
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
