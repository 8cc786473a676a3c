/* web_map.c - /: the gateway as a map. It is read by inspect/ and kept for a while, so that people
 * who look at it and at its objects do not read it again and again; one reading at a time. */
#include "base/arena.h"
#include "base/fiber.h"
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
    cJSON *map, *traffic;
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
    m->traffic = inspect_traffic(m->arena, config->access_log, &e);
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

/* ["route orders"]: what changes that wait would act on. */
static cJSON *waiting_objects(const struct visit *v)
{
    struct err e = { 0 };
    const struct engine_query q = { .state = "pending", .limit = WAITING_LOOKED_AT };
    const cJSON *list = engine_list(visit_engine(v), v->arena, &q, &e), *c, *op;
    cJSON *objects = json_array(v->arena);
    cJSON_ArrayForEach(c, json_get(list, "changes"))
    {
        struct err ignored = { 0 };
        const cJSON *one =
            engine_show(visit_engine(v), v->arena, json_str(c, "id"), false, &ignored);
        cJSON_ArrayForEach(op, json_get(one, "operations"))
        {
            const char *kind = json_str(op, "kind"), *name = json_str(op, "name");
            if (kind && name)
                json_add_str(v->arena, objects, arena_printf(v->arena, "%s %s", kind, name));
        }
    }
    return objects;
}

static cJSON *history_of_object(const struct visit *v, const char *kind, const char *name)
{
    struct err e = { 0 };
    if (!name || strpbrk(name, "*?[\\"))
        return NULL;
    const struct engine_query q = { .object = arena_printf(v->arena, "%s %s", kind, name),
                                    .limit = HISTORY_SHOWN };
    return visit_scrubbed(v, engine_list(visit_engine(v), v->arena, &q, &e));
}

/* The nodes of the map that are about the object; all of them where there is none. */
static cJSON *shown_nodes(const struct visit *v, const cJSON *map, const char *kind,
                          const char *name)
{
    static const char *const lists[] = { "routes", "services", "hosts" };
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
    const char *kind = visit_asked(v->x, "kind"), *name = visit_asked(v->x, "name");
    kind = kind && name ? kind : NULL;
    const struct picture picture = { .map = visit_scrubbed(v, json_clone(v->arena, m->map)),
                                     .waiting = waiting_objects(v),
                                     .traffic = m->traffic,
                                     .kind = kind,
                                     .name = name,
                                     .links = true };
    struct err e = { 0 };
    const struct config *config = NULL;
    struct gateway *g = service_gateway(v->web->mcp->service, m->gateway, &config, &e);
    const struct page_map page = { .svg = picture_svg(v->arena, &picture),
                                   .gateway = g ? gateway_url(g) : "",
                                   .kind = kind,
                                   .name = kind ? name : NULL,
                                   .shown = shown_nodes(v, picture.map, kind, kind ? name : NULL),
                                   .counts = json_get(m->map, "counts"),
                                   .unread = json_get(picture.map, "unread"),
                                   .history = kind ? history_of_object(v, kind, name) : NULL,
                                   .traffic = m->traffic != NULL };
    visit_page(v->x, 200, page_map(&v->viewer, &page));
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
            visit_note(&v, 502, "Gateway", there ? m->web->map->failed : "It was not read.");
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
