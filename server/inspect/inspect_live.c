/* inspect_live.c - names of Envoy and of the log as objects of the map. */
#include "inspect/inspect_live.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/inspect_map.h"
#include "kind/derived.h"
#include "signal/hour.h"
#include <stdlib.h>
#include <string.h>

enum { SAY_BYTES = 400 };

/* -- objects ------------------------------------------------------------------------------ */

/* Of the console's "orders", or as Envoy says it: "shop/orders", "ai-route-chat.internal". */
static const char *object_of_route(struct arena *a, const char *route)
{
    const char *slash = strrchr(route, '/');
    const char *name = slash ? slash + 1 : route;
    const char *ai = derived_from(a, DERIVED_AI_ROUTE, name);
    const char *mcp = ai ? NULL : derived_from(a, DERIVED_MCP_ROUTE, name);
    return ai    ? arena_printf(a, "ai-route %s", ai)
           : mcp ? arena_printf(a, "mcp-server %s", mcp)
                 : arena_printf(a, "route %s", name);
}

/* A service whose source the console made for a provider is that provider. */
static const char *object_of_service(struct arena *a, const char *service)
{
    const char *dot = strrchr(service, '.');
    const char *source = dot ? arena_strndup(a, service, (size_t)(dot - service)) : service;
    const char *provider = derived_from(a, DERIVED_LLM_SOURCE, source);
    return provider ? arena_printf(a, "ai-provider %s", provider)
                    : arena_printf(a, "service %s", service);
}

/* "outbound|80||shop.static endpoint 10.0.0.1:80" -> "service shop.static". */
static const char *object_of_verdict(struct arena *a, const char *object)
{
    const char *first = arena_strndup(a, object, strcspn(object, " ,"));
    const char *rest = object + strcspn(object, " ");
    const char *service = hour_service(first);
    if (service)
        return object_of_service(a, service);
    rest += *rest == ' ';
    rest = arena_strndup(a, rest, strcspn(rest, ","));
    if (!strcmp(first, "route"))
        return object_of_route(a, rest);
    if (!strcmp(first, "service"))
        return object_of_service(a, rest);
    return !strcmp(first, "host") ? arena_printf(a, "domain %s", rest) : object;
}

/* -- nodes by object ---------------------------------------------------------------------- */

struct placed_node {
    const char *object;
    cJSON *node;
};

struct placed_nodes {
    struct placed_node *list; /* sorted */
    int count;
};

static int compare_nodes(const void *x, const void *y)
{
    return strcmp(((const struct placed_node *)x)->object, ((const struct placed_node *)y)->object);
}

static struct placed_nodes index_nodes(struct arena *a, const cJSON *map)
{
    struct placed_nodes all = { 0 };
    int room = 0;
    for (const char *const *list = inspect_map_lists; *list; list++)
        room += json_count(json_get(map, *list));
    all.list = arena_array(a, struct placed_node, room + 1);
    for (const char *const *list = inspect_map_lists; *list; list++) {
        cJSON *node;
        cJSON_ArrayForEach(node, json_get(map, *list)) all.list[all.count++] = (struct placed_node){
            arena_printf(a, "%s %s", json_text(node, "kind"), json_text(node, "name")), node
        };
    }
    if (all.count)
        qsort(all.list, (size_t)all.count, sizeof *all.list, compare_nodes);
    return all;
}

static cJSON *find_placed(const struct placed_nodes *all, const char *object)
{
    const struct placed_node key = { object, NULL };
    const struct placed_node *at =
        all->count ? bsearch(&key, all->list, (size_t)all->count, sizeof key, compare_nodes) : NULL;
    return at ? at->node : NULL;
}

/* -- verdicts ----------------------------------------------------------------------------- */

static const char *verdict_line(struct arena *a, const cJSON *v)
{
    const cJSON *evidence = json_get(v, "evidence");
    const char *fact = json_text(evidence ? evidence->child : NULL, "fact");
    double requests = json_num(v, "requests", 0);
    const char *many = requests > 0 ? arena_printf(a, " (%.0f requests)", requests) : "";
    const char *by = json_str(v, "replicas");
    return text_clean(a,
                      arena_printf(a, "%s%s%s%s: %s. %s", json_text(v, "code"), many,
                                   by ? ", by " : "", by ? by : "", fact, json_text(v, "next")),
                      SAY_BYTES);
}

/* The worse of what stands there and of what was seen. */
static void set_risk(struct arena *a, cJSON *node, const char *risk)
{
    static const char order[] = "open|broken|dead|note";
    const char *was = json_str(node, "risk");
    if (!was || text_word_place(order, risk) < text_word_place(order, was))
        json_set_str(a, node, "risk", risk);
}

static void add_verdict(struct arena *a, cJSON *map, const struct placed_nodes *nodes,
                        const cJSON *v)
{
    bool fails = json_num(v, "requests", 0) > 0 || !strcmp(json_text(v, "confidence"), "high");
    const char *risk = fails ? "broken" : "note";
    const char *object = object_of_verdict(a, json_text(v, "object"));
    cJSON *node = find_placed(nodes, object), *counts = json_get(map, "counts");
    cJSON *says = json_array(a), *line;
    if (!node) {
        const char *space = strchr(object, ' ');
        node = json_add(a, json_get(map, "others"), json_object(a));
        json_set_str(a, node, "kind",
                     space ? arena_strndup(a, object, (size_t)(space - object)) : object);
        json_set_str(a, node, "name", space ? space + 1 : "");
    }
    set_risk(a, node, risk);
    json_add_str(a, says, verdict_line(a, v));
    cJSON_ArrayForEach(line, json_get(node, "says")) json_add_str(a, says, line->valuestring);
    json_set(a, node, "says", says);
    json_set_num(a, counts, risk, json_num(counts, risk, 0) + 1);
}

void inspect_add_verdicts(struct arena *a, cJSON *map, const cJSON *diagnosis)
{
    struct placed_nodes nodes = index_nodes(a, map);
    const cJSON *v, *name, *verdicts = json_get(diagnosis, "verdicts");
    const char *missing = "";
    for (int i = json_count(verdicts) - 1; i >= 0;
         i--) { /* the likeliest stands first in the end */
        v = cJSON_GetArrayItem(verdicts, i);
        const char *code = json_text(v, "code");
        if (strcmp(code, "OK") != 0 && strcmp(code, "UNKNOWN") != 0)
            add_verdict(a, map, &nodes, v);
    }
    cJSON_ArrayForEach(name, json_get(diagnosis, "unavailable")) missing =
        arena_printf(a, "%s%s%s", missing, *missing ? ", " : "", name->valuestring);
    if (*missing)
        json_add_str(a, json_get(map, "unread"),
                     arena_printf(a, "requests were judged without: %s", missing));
    cJSON_ArrayForEach(name, json_get(diagnosis, "replicas"))
        json_add_str(a, json_get(map, "unread"), name->valuestring);
}

/* -- figures ------------------------------------------------------------------------------ */

void inspect_add_hour(struct arena *a, cJSON *map, const cJSON *hour)
{
    struct placed_nodes nodes = index_nodes(a, map);
    cJSON *traffic = json_set_object(a, map, "traffic");
    const char *from = json_str(hour, "from");
    const cJSON *one;
    if (!strcmp(json_text(hour, "source"), HOUR_BY_LOG))
        json_set_bool(a, traffic, "by_log", true);
    if (from)
        json_set_str(a, traffic, "from", from);
    cJSON_ArrayForEach(one, json_get(hour, "of"))
    {
        const char *name = one->string + strcspn(one->string, " ") + 1;
        cJSON *node =
            find_placed(&nodes, text_starts(one->string, "route ") ? object_of_route(a, name)
                                                                   : object_of_service(a, name));
        if (node)
            json_set(a, node, "hour", json_clone(a, one));
    }
}
