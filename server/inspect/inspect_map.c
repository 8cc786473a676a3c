/* inspect_map.c - objects of the world as nodes; a finding is looked up by the object it is about,
 * which for a plugin is the route, host or service that it stands at. */
#include "inspect/inspect_map.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

enum { SAYS_MAX = 8, ENDPOINTS_MAX = 8, SAY_BYTES = 400 };

const char *const inspect_map_lists[] = { "routes", "services", "hosts", "others", NULL };

struct about {
    const char *object; /* "route orders" */
    const struct trap_finding *finding;
    bool on_map; /* its object has a node */
};

struct mapping {
    struct arena *a;
    const struct trap_world *world;
    struct about *about; /* sorted by object; worse ones first */
    int count;
};

/* -- findings ---------------------------------------------------------------------------- */

static int compare_about(const void *x, const void *y)
{
    const struct about *p = x, *q = y;
    int order = strcmp(p->object, q->object);
    return order ? order : (int)p->finding->trap->risk - (int)q->finding->trap->risk;
}

/* "route:orders" of a plugin is the route. */
static const char *object_of_finding(struct arena *a, const struct trap_finding *f)
{
    const char *place = f->scope ? strchr(f->scope, ':') : NULL;
    if (place)
        return arena_printf(a, "%.*s %s", (int)(place - f->scope), f->scope, place + 1);
    return arena_printf(a, "%s %s", f->kind, f->name);
}

static void index_findings(struct mapping *m, const struct trap_findings *found)
{
    m->about = arena_array(m->a, struct about, found->count + 1);
    for (int i = 0; i < found->count; i++)
        m->about[m->count++] =
            (struct about){ object_of_finding(m->a, &found->list[i]), &found->list[i], false };
    qsort(m->about, (size_t)m->count, sizeof *m->about, compare_about);
}

/* The first of the object's. */
static int first_about(const struct mapping *m, const char *object)
{
    int low = 0, high = m->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (strcmp(m->about[middle].object, object) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_about_object(const struct mapping *m, int i, const char *object)
{
    return i < m->count && !strcmp(m->about[i].object, object);
}

/* Those of one object, from its first on. */
static void set_findings(struct mapping *m, cJSON *node, int from)
{
    const char *object = m->about[from].object;
    cJSON *says = json_set_array(m->a, node, "says");
    int i = from;
    json_set_str(m->a, node, "risk", trap_risk_name(m->about[from].finding->trap->risk));
    for (; is_about_object(m, i, object); i++) {
        const struct trap_finding *f = m->about[i].finding;
        m->about[i].on_map = true;
        if (i < from + SAYS_MAX)
            json_add_str(m->a, says,
                         arena_printf(m->a, "%s: %s", f->trap->verdict,
                                      text_clean(m->a, f->text, SAY_BYTES)));
    }
    if (i > from + SAYS_MAX)
        json_add_str(m->a, says, arena_printf(m->a, "and %d more", i - from - SAYS_MAX));
}

/* -- nodes ------------------------------------------------------------------------------- */

static cJSON *new_node(struct mapping *m, cJSON *list, const char *kind, const char *name)
{
    cJSON *node = json_add(m->a, list, json_object(m->a));
    json_set_str(m->a, node, "kind", kind);
    json_set_str(m->a, node, "name", name);
    const char *object = arena_printf(m->a, "%s %s", kind, name);
    int first = first_about(m, object);
    if (is_about_object(m, first, object))
        set_findings(m, node, first);
    return node;
}

static const char *match_of(struct mapping *m, const cJSON *route)
{
    const cJSON *path = json_get(route, json_get(route, "path") ? "path" : "pathPredicate");
    const char *type = json_str(path, "matchType"), *value = json_str(path, "matchValue");
    if (!value)
        return "/*";
    return arena_printf(m->a, "%s%s%s", type && !strcmp(type, "REGULAR") ? "~ " : "", value,
                        type && !strcmp(type, "PRE") ? "*" : "");
}

static void add_texts(struct mapping *m, cJSON *node, const char *member, const cJSON *list,
                      const char *of)
{
    cJSON *out = json_set_array(m->a, node, member);
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *text = of ? json_str(item, of) : cJSON_GetStringValue(item);
        if (text)
            json_add_str(m->a, out, text);
    }
}

static void add_routes(struct mapping *m, cJSON *out, const char *kind, const char *to,
                       const char *of)
{
    struct trap_object o = { 0 };
    while (trap_next(m->world, kind, &o)) {
        cJSON *node = new_node(m, out, kind, o.name);
        add_texts(m, node, "hosts", json_get(o.json, "domains"), NULL);
        if (!json_get(node, "hosts")->child)
            json_add_str(m->a, json_get(node, "hosts"), "*");
        json_set_str(m->a, node, "match", match_of(m, o.json));
        add_texts(m, node, "to", json_get(o.json, to), of);
    }
}

/* A service is listed once for each port: its endpoints are those of all. */
static void map_services(struct mapping *m, cJSON *out)
{
    struct trap_object o = { 0 }, provider = { 0 };
    const cJSON *endpoint;
    cJSON *node = NULL;
    while (trap_next(m->world, "service", &o)) {
        if (!node || strcmp(json_str(node, "name"), o.name) != 0) {
            node = new_node(m, out, "service", o.name);
            json_set_array(m->a, node, "endpoints");
        }
        cJSON *list = json_get(node, "endpoints");
        cJSON_ArrayForEach(endpoint, json_get(o.json, "endpoints"))
        {
            if (cJSON_IsString(endpoint) && json_count(list) < ENDPOINTS_MAX &&
                !json_find_text(list, endpoint->valuestring))
                json_add_str(m->a, list, endpoint->valuestring);
        }
        double n = json_num(node, "endpoint_count", 0),
               of = json_count(json_get(o.json, "endpoints"));
        json_set_num(m->a, node, "endpoint_count", of > n ? of : n);
    }
    while (trap_next(m->world, "ai-provider", &provider))
        new_node(m, out, "ai-provider", provider.name);
}

/* What was found about objects that have no node: plugins, consumers, certificates, … */
static void add_others(struct mapping *m, cJSON *out)
{
    for (int i = 0; i < m->count; i++) {
        const struct trap_finding *f = m->about[i].finding;
        if (m->about[i].on_map)
            continue;
        cJSON *node = json_add(m->a, out, json_object(m->a));
        json_set_str(m->a, node, "kind", f->kind);
        json_set_str(m->a, node, "name", f->name);
        set_findings(m, node, i);
    }
}

cJSON *inspect_map(struct arena *a, const struct inspection *i)
{
    struct mapping m = { .a = a, .world = i->world->trap };
    struct trap_object o = { 0 };
    cJSON *map = json_object(a);
    index_findings(&m, i->found);
    cJSON *routes = json_set_array(a, map, "routes");
    add_routes(&m, routes, "route", "services", "name");
    add_routes(&m, routes, "ai-route", "upstreams", "provider");
    if (trap_known(m.world, "service"))
        map_services(&m, json_set_array(a, map, "services"));
    cJSON *hosts = json_set_array(a, map, "hosts");
    while (trap_next(m.world, "domain", &o))
        new_node(&m, hosts, "domain", o.name);
    add_others(&m, json_set_array(a, map, "others"));
    if (!trap_known(m.world, "route"))
        json_set_bool(a, map, "routes_unread", true);
    json_set(a, map, "unread", inspect_unread(a, i));
    json_set(a, map, "counts", inspect_counts(a, i->found));
    return map;
}

/* -- looked up --------------------------------------------------------------------------- */

bool inspect_on_map(const cJSON *map, const char *kind, const char *name)
{
    const char *member = !strcmp(kind, "domain") ? "hosts" : "to";
    const cJSON *node;
    for (const char *const *list = inspect_map_lists; *list; list++)
        cJSON_ArrayForEach(node, json_get(map, *list))
        {
            if (!strcmp(json_str(node, "name"), name) && !strcmp(json_str(node, "kind"), kind))
                return true;
        }
    if (strcmp(kind, "domain") != 0 && strcmp(kind, "service") != 0 &&
        strcmp(kind, "ai-provider") != 0)
        return false;
    cJSON_ArrayForEach(node, json_get(map, "routes"))
    {
        if (json_find_text(json_get(node, member), name))
            return true;
    }
    return false;
}
