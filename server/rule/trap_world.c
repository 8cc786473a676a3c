/* trap_world.c - the world of traps: what was read of a gateway, as lists by kind, and an index of
 * them while it is judged. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "rule/trap_world_private.h"
#include <stdlib.h>
#include <string.h>

struct trap_world *trap_world_new(struct arena *a)
{
    struct trap_world *w = arena_make(a, struct trap_world);
    w->arena = a;
    w->schemas = json_object(a);
    return w;
}

void trap_world_time(struct trap_world *w, double now, double days)
{
    w->now = now;
    w->days = days;
}

void trap_world_envoy(struct trap_world *w, const cJSON *config_dump)
{
    w->envoy = config_dump;
}

const cJSON *trap_envoy(const struct trap_world *w)
{
    return w->envoy;
}

void trap_world_control(struct trap_world *w, const cJSON *control)
{
    w->control = control;
}

void trap_world_differences(struct trap_world *w, const cJSON *differences)
{
    w->differences = differences;
}

const cJSON *trap_differences(const struct trap_world *w)
{
    return w->differences;
}

double trap_now(const struct trap_world *w)
{
    return w->now;
}

double trap_days(const struct trap_world *w)
{
    return w->days;
}

void trap_world_schema(struct trap_world *w, const char *plugin, const cJSON *schema)
{
    json_set(w->arena, w->schemas, plugin, json_clone(w->arena, schema));
}

const cJSON *trap_schema(const struct trap_world *w, const char *plugin)
{
    return json_get(w->schemas, plugin);
}

struct world_list trap_world_list(const struct trap_world *w, const char *kind)
{
    const struct kind *k = kind_find(kind);
    return k && k - kinds < WORLD_KINDS ? w->lists[k - kinds] : (struct world_list){ 0 };
}

void trap_world_set(struct trap_world *w, const char *kind, const cJSON *objects, bool whole)
{
    const struct kind *k = kind_find(kind);
    if (k && k - kinds < WORLD_KINDS)
        w->lists[k - kinds] = (struct world_list){ objects, whole };
}

void trap_world_doubt(struct trap_world *w, const char *kind)
{
    const struct kind *k = kind_find(kind);
    if (k && k - kinds < WORLD_KINDS)
        w->lists[k - kinds].whole = false;
}

/* A list of the world's own, whose nodes are those that were read. */
static cJSON *world_list_of_own(struct trap_world *w, const char *kind)
{
    struct world_list list = trap_world_list(w, kind);
    if (!list.objects)
        trap_world_set(w, kind, json_array(w->arena), false);
    return (cJSON *)trap_world_list(w, kind).objects;
}

void trap_world_apply(struct trap_world *w, const char *kind, const char *name, const char *scope,
                      const cJSON *object)
{
    const struct kind *k = kind_find(kind);
    struct trap_object old;
    if (!k || k - kinds >= WORLD_KINDS)
        return;
    cJSON *list = world_list_of_own(w, kind);
    while (trap_lookup(w, kind, name, scope, &old))
        json_detach(list, (cJSON *)old.at);
    if (object && (k->flags & KIND_SCOPED))
        trap_wrap(w->arena, list, scope, object);
    else if (object)
        json_add(w->arena, list, json_clone(w->arena, object));
}

void trap_world_about(struct trap_world *w, const char *kind, const char *name)
{
    w->about_kind = arena_strdup(w->arena, kind);
    w->about_name = arena_strdup(w->arena, name);
}

void trap_world_version(struct trap_world *w, const char *version)
{
    w->version = arena_strdup(w->arena, version);
}

void trap_wrap(struct arena *a, cJSON *instances, const char *scope, const cJSON *object)
{
    cJSON *wrapped = json_add(a, instances, json_object(a));
    json_set_str(a, wrapped, "scope", scope);
    json_set(a, wrapped, "object", json_clone(a, object));
}

bool trap_known(const struct trap_world *w, const char *kind)
{
    struct world_list list = trap_world_list(w, kind);
    return list.objects && list.whole;
}

bool trap_next(const struct trap_world *w, const char *kind, struct trap_object *o)
{
    const struct kind *k = kind_find(kind);
    const cJSON *objects = trap_world_list(w, kind).objects;
    const cJSON *at = o->at ? o->at->next : objects ? objects->child : NULL;
    if (!k || !at)
        return false;
    bool scoped = k->flags & KIND_SCOPED;
    const cJSON *json = scoped ? json_get(at, "object") : at;
    const char *name = kind_name_of(k, json);
    *o = (struct trap_object){ k->name, name ? name : "", scoped ? json_str(at, "scope") : NULL,
                               json, at };
    return true;
}

static int by_entry(const void *x, const void *y)
{
    const struct world_entry *p = x, *q = y;
    int order = strcmp(p->scope, q->scope);
    order = order ? order : strcmp(p->name, q->name);
    return order ? order : (p->at > q->at) - (p->at < q->at);
}

static struct world_entry entry_of(const struct trap_object *o)
{
    return (struct world_entry){ o->scope ? o->scope : "", o->name, o->at };
}

static int by_host_and_path(const void *x, const void *y)
{
    const struct trap_place *p = x, *q = y;
    int order = strcmp(p->host, q->host);
    return order ? order : strcmp(p->path, q->path);
}

static int compare_trap_places(const void *x, const void *y)
{
    const struct trap_place *p = x, *q = y;
    int order = by_host_and_path(x, y);
    return order ? order : p->order - q->order;
}

/* Routes by host and path: each canary is asked for its base. */
static void index_places(struct arena *a, struct trap_world *w)
{
    int room = 0, order = 0;
    w->places = NULL;
    w->place_count = 0;
    for (struct trap_object o = { 0 }; trap_next(w, "route", &o); order++) {
        const char *path = json_str(json_get(o.json, "path"), "matchValue");
        const cJSON *hosts = json_get(o.json, "domains"), *host = hosts ? hosts->child : NULL;
        do {
            const char *name = cJSON_GetStringValue(host);
            w->places = arena_grow(a, w->places, w->place_count, &room, sizeof *w->places);
            w->places[w->place_count++] =
                (struct trap_place){ name ? name : "", path ? path : "", o, order };
            host = host ? host->next : NULL;
        } while (host);
    }
    if (w->place_count > 1)
        qsort(w->places, (size_t)w->place_count, sizeof *w->places, compare_trap_places);
}

const struct trap_place *trap_places(const struct trap_world *w, const char *host, const char *path,
                                     int *n)
{
    const struct trap_place wanted = { .host = host, .path = path, .order = -1 };
    int low = 0, high = w->place_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (compare_trap_places(&w->places[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (*n = 0; low + *n < w->place_count; ++*n)
        if (by_host_and_path(&w->places[low + *n], &wanted) != 0)
            break;
    return w->places + low;
}

/* The same lists, found by name without a walk over all: 100,000 routes are asked for each other.
 */
struct trap_world trap_world_indexed(struct arena *a, const struct trap_world *w)
{
    struct trap_world own = *w;
    for (int i = 0; i < WORLD_KINDS && kinds[i].name; i++) {
        struct world_list *list = &own.lists[i];
        int n = json_count(list->objects);
        list->index = list->objects ? arena_array(a, struct world_entry, n + 1) : NULL;
        list->count = 0;
        for (struct trap_object o = { 0 }; list->index && trap_next(w, kinds[i].name, &o);)
            list->index[list->count++] = entry_of(&o);
        if (list->count > 1)
            qsort(list->index, (size_t)list->count, sizeof *list->index, by_entry);
    }
    index_places(a, &own);
    return own;
}

const struct trap_world *trap_world_index(struct arena *a, const struct trap_world *w)
{
    struct trap_world *own = arena_make(a, struct trap_world);
    *own = trap_world_indexed(a, w);
    return own;
}

/* The first entry that is not before the wanted one. */
static int first_from(const struct world_list *list, const struct world_entry *wanted)
{
    int low = 0, high = list->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (by_entry(&list->index[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of one name (NULL: any) at one scope; without an index. */
static bool walk_to(const struct trap_world *w, const char *kind, const char *name,
                    const char *scope, struct trap_object *o)
{
    while (trap_next(w, kind, o))
        if ((!name || text_same(o->name, name)) && text_same(o->scope, scope))
            return true;
    return false;
}

static bool entry_fits(const struct world_entry *e, const char *name, const char *scope)
{
    return !strcmp(e->scope, scope ? scope : "") && (!name || !strcmp(e->name, name));
}

bool trap_next_of(const struct trap_world *w, const char *kind, const char *name, const char *scope,
                  struct trap_object *o)
{
    const struct kind *k = kind_find(kind);
    struct world_list list = trap_world_list(w, kind);
    if (!k || !list.index)
        return walk_to(w, kind, name, scope, o);
    struct world_entry wanted = { scope ? scope : "", name ? name : "", NULL };
    if (o->at)
        wanted = entry_of(o);
    int i = first_from(&list, &wanted) + (o->at != NULL);
    if (i >= list.count || !entry_fits(&list.index[i], name, scope))
        return false;
    const struct world_entry *e = &list.index[i];
    bool scoped = k->flags & KIND_SCOPED;
    *o = (struct trap_object){ k->name, e->name, scoped ? e->scope : NULL,
                               scoped ? json_get(e->at, "object") : e->at, e->at };
    return true;
}

bool trap_lookup(const struct trap_world *w, const char *kind, const char *name, const char *scope,
                 struct trap_object *o)
{
    *o = (struct trap_object){ 0 };
    return trap_next_of(w, kind, name, scope, o);
}
