/* layout.c - which nodes a drawing has and where: routes under their first host, services by the
 * route that first leads to them, so that few lines cross. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "picture/picture_private.h"
#include <stdlib.h>
#include <string.h>

enum {
    HOSTS_MAX = 8 /* of one route beside its first */,
    FINE_SHOWN = 3 /* of a host, beside others */,
    SECTION = 32 /* pixels, before the services in one column */
};

/* -- a route as it is placed --------------------------------------------------------------- */

struct placed {
    const cJSON *json;
    const char *host;
    bool waits;
    int weight;         /* drawn first: 0; the more the later */
    int weight_of_host; /* the least of its routes' */
    double requests;    /* in the last hour */
};

enum { WEIGHT_FINE = 9 };

static bool waits(const struct layout *l, const char *kind, const char *name)
{
    return l->p->waiting && json_find_text(l->p->waiting, arena_printf(l->a, "%s %s", kind, name));
}

static const char *first_host(const cJSON *route)
{
    const cJSON *hosts = json_get(route, "hosts");
    return hosts && hosts->child ? hosts->child->valuestring : "*";
}

static bool has_within(const cJSON *list, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (text_contains_nocase(item->valuestring, text))
            return true;
    }
    return false;
}

static bool is_found(const cJSON *route, const char *text)
{
    return text_contains_nocase(json_str(route, "name"), text) ||
           text_contains_nocase(json_text(route, "match"), text) ||
           has_within(json_get(route, "hosts"), text) || has_within(json_get(route, "to"), text);
}

/* Does it lead to or from what the drawing is about? */
static bool is_drawn(const struct picture *p, const cJSON *route)
{
    if (p->find && !is_found(route, p->find))
        return false;
    if (!p->kind || !p->name)
        return true;
    if (!strcmp(p->kind, "domain"))
        return json_find_text(json_get(route, "hosts"), p->name);
    bool by_ai = !strcmp(json_str(route, "kind"), "ai-route");
    if (!strcmp(p->kind, by_ai ? "ai-provider" : "service"))
        return json_find_text(json_get(route, "to"), p->name);
    return !strcmp(json_str(route, "kind"), p->kind) && !strcmp(json_str(route, "name"), p->name);
}

static int weight_of_risk(const char *risk)
{
    static const char *const order[] = { "open", "broken", "dead", "note" };
    for (int i = 0; risk && i < 4; i++)
        if (!strcmp(order[i], risk))
            return i + 1;
    return WEIGHT_FINE;
}

static int compare_placed(const void *x, const void *y)
{
    const struct placed *p = x, *q = y;
    int order = p->weight_of_host - q->weight_of_host;
    if (!order)
        order = strcmp(p->host, q->host);
    if (!order)
        order = p->weight - q->weight;
    if (!order)
        order = (p->requests < q->requests) - (p->requests > q->requests);
    return order ? order : strcmp(json_str(p->json, "match"), json_str(q->json, "match"));
}

/* -- nodes ------------------------------------------------------------------------------- */

static int add_picture_node(struct layout *l, struct node n)
{
    n.row = l->rows[n.column]++;
    l->nodes = arena_grow(l->a, l->nodes, l->node_count, &l->node_room, sizeof *l->nodes);
    l->nodes[l->node_count] = n;
    return l->node_count++;
}

static void add_edge(struct layout *l, int from, int to)
{
    for (int i = 0; i < l->edge_count; i++)
        if (l->edges[i].from == from && l->edges[i].to == to)
            return;
    l->edges = arena_grow(l->a, l->edges, l->edge_count, &l->edge_room, sizeof *l->edges);
    l->edges[l->edge_count++] = (struct edge){ from, to };
}

static int find_node(const struct layout *l, const char *kind, const char *name)
{
    for (int i = 0; i < l->node_count; i++)
        if (l->nodes[i].kind && !strcmp(l->nodes[i].kind, kind) && !strcmp(l->nodes[i].name, name))
            return i;
    return -1;
}

static const cJSON *known_as(const cJSON *list, const char *kind, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!strcmp(json_str(item, "name"), name) && !strcmp(json_str(item, "kind"), kind))
            return item;
    }
    return NULL;
}

static int host_node(struct layout *l, const char *host)
{
    int there = find_node(l, "domain", host);
    const cJSON *known = known_as(json_get(l->p->map, "hosts"), "domain", host);
    if (there >= 0 || l->rows[COLUMN_HOST] >= PICTURE_ROWS)
        return there;
    return add_picture_node(
        l, (struct node){ .column = COLUMN_HOST,
                          .kind = "domain",
                          .name = host,
                          .label = strcmp(host, "*") ? host : picture_say(l, SAY_ANY_HOST),
                          .risk = json_str(known, "risk"),
                          .says = json_get(known, "says"),
                          .waits = waits(l, "domain", host) });
}

static const char *endpoints_of(struct layout *l, const cJSON *service)
{
    const cJSON *list = json_get(service, "endpoints");
    int n = (int)json_num(service, "endpoint_count", 0);
    if (!service)
        return picture_say(l, SAY_NOT_READ);
    if (!n)
        return picture_say(l, SAY_NO_ENDPOINT);
    const char *first = list && list->child ? list->child->valuestring : "";
    return n == 1 ? first : arena_printf(l->a, "%s +%d", first, n - 1);
}

static int service_node(struct layout *l, const char *name, bool provider)
{
    const char *kind = provider ? "ai-provider" : "service";
    int there = find_node(l, kind, name);
    const cJSON *services = json_get(l->p->map, "services");
    const cJSON *known = known_as(services, kind, name);
    if (there >= 0 || l->rows[COLUMN_SERVICE] >= PICTURE_ROWS)
        return there;
    bool missing = services && !provider && !known;
    bool empty = known && !provider && json_num(known, "endpoint_count", 0) < 1;
    return add_picture_node(
        l, (struct node){ .column = COLUMN_SERVICE,
                          .kind = kind,
                          .name = name,
                          .label = name,
                          .more = missing    ? picture_say(l, SAY_MISSING)
                                  : provider ? picture_say(l, SAY_PROVIDER)
                                             : endpoints_of(l, known),
                          .risk = missing || empty ? "missing" : json_str(known, "risk"),
                          .says = json_get(known, "says"),
                          .hour = json_get(known, "hour"),
                          .waits = waits(l, kind, name) });
}

/* Its other hosts, as far as there is room. */
static void join_other_hosts(struct layout *l, const struct placed *r, int route)
{
    const cJSON *host;
    int left = HOSTS_MAX;
    cJSON_ArrayForEach(host, json_get(r->json, "hosts"))
    {
        if (!strcmp(host->valuestring, r->host) || left-- <= 0)
            continue;
        int other = host_node(l, host->valuestring);
        if (other >= 0)
            add_edge(l, other, route);
    }
}

/* What there is no room for is one node, below the others. */
static int rest_of_services(struct layout *l)
{
    for (int i = 0; i < l->node_count; i++)
        if (l->nodes[i].column == COLUMN_SERVICE && l->nodes[i].folded)
            return i;
    return add_picture_node(l, (struct node){ .column = COLUMN_SERVICE,
                                              .label = picture_say(l, SAY_MORE_SERVICES),
                                              .folded = 1 });
}

static void add_drawn_route(struct layout *l, const struct placed *r)
{
    const char *kind = json_str(r->json, "kind"), *name = json_str(r->json, "name");
    const cJSON *to;
    int host = host_node(l, r->host);
    int route = add_picture_node(l, (struct node){ .column = COLUMN_ROUTE,
                                                   .kind = kind,
                                                   .name = name,
                                                   .label = name,
                                                   .more = json_str(r->json, "match"),
                                                   .risk = json_str(r->json, "risk"),
                                                   .says = json_get(r->json, "says"),
                                                   .hour = json_get(r->json, "hour"),
                                                   .waits = r->waits });
    l->shown++;
    if (host >= 0)
        add_edge(l, host, route);
    join_other_hosts(l, r, route);
    cJSON_ArrayForEach(to, json_get(r->json, "to"))
    {
        int service = service_node(l, to->valuestring, !strcmp(kind, "ai-route"));
        if (service < 0)
            service = rest_of_services(l);
        add_edge(l, route, service);
    }
}

/* What is folded is not hidden: the worst of it colours the node that stands for it. */
static struct node folded_node(struct layout *l, const struct placed *list, int count)
{
    const char *risk = NULL;
    int found = 0;
    for (int i = 0; i < count; i++) {
        const char *one = json_str(list[i].json, "risk");
        found += one != NULL;
        if (one && (!risk || weight_of_risk(one) < weight_of_risk(risk)))
            risk = one;
    }
    return (struct node){ .label = picture_say_count(l, SAY_MORE, count),
                          .more = found ? picture_say_count(l, SAY_SOME_FOUND, found)
                                        : picture_say(l, SAY_NOTHING_FOUND),
                          .risk = risk,
                          .folded = count };
}

static bool is_about_host(const struct layout *l)
{
    return l->p->kind && !strcmp(l->p->kind, "domain");
}

/* The routes of one host that have no node of their own. */
static void add_folded(struct layout *l, const struct placed *list, int count)
{
    int from = host_node(l, list->host);
    struct node n = folded_node(l, list, count);
    n.column = COLUMN_ROUTE;
    n.name = is_about_host(l) ? NULL : list->host;
    int node = add_picture_node(l, n);
    if (from >= 0)
        add_edge(l, from, node);
}

/* -- where they stand -------------------------------------------------------------------- */

int layout_services_top(const struct layout *l)
{
    return (l->rows[COLUMN_HOST] + l->rows[COLUMN_ROUTE]) * PICTURE_ROW + SECTION;
}

int layout_height(const struct layout *l)
{
    int rows = 1;
    if (l->p->narrow)
        return layout_services_top(l) + l->rows[COLUMN_SERVICE] * PICTURE_ROW;
    for (int i = 0; i < COLUMNS; i++)
        rows = l->rows[i] > rows ? l->rows[i] : rows;
    return rows * PICTURE_ROW;
}

/* Beside the middle of the routes that it is joined with. */
static int middle_of(const struct layout *l, int node)
{
    int sum = 0, count = 0;
    for (int i = 0; i < l->edge_count; i++) {
        int other = l->edges[i].from == node ? l->edges[i].to : l->edges[i].from;
        if (l->edges[i].from != node && l->edges[i].to != node)
            continue;
        sum += l->nodes[other].row * PICTURE_ROW;
        count++;
    }
    return count ? sum / count : l->nodes[node].row * PICTURE_ROW;
}

/* A column that is not that of routes: in the order of their middles, none above another. */
static void settle_column(struct layout *l, int column)
{
    int order[PICTURE_ROWS + 2], n = 0, end = layout_height(l);
    for (int i = 0; i < l->node_count && n < PICTURE_ROWS + 2; i++) {
        if (l->nodes[i].column != column)
            continue;
        l->nodes[i].y = middle_of(l, i);
        int k = n++;
        for (; k > 0 && l->nodes[order[k - 1]].y > l->nodes[i].y; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (int k = 1; k < n; k++) {
        int least = l->nodes[order[k - 1]].y + PICTURE_ROW;
        l->nodes[order[k]].y = l->nodes[order[k]].y < least ? least : l->nodes[order[k]].y;
    }
    for (int k = n - 1; k >= 0; k--) {
        end -= PICTURE_ROW;
        l->nodes[order[k]].y = l->nodes[order[k]].y > end ? end : l->nodes[order[k]].y;
        end = l->nodes[order[k]].y;
    }
}

/* Hosts, each with its routes, then the services. */
static void settle_one_column(struct layout *l)
{
    int y = 0, below = layout_services_top(l);
    for (int i = 0; i < l->node_count; i++) {
        int *next = l->nodes[i].column == COLUMN_SERVICE ? &below : &y;
        l->nodes[i].y = *next;
        *next += PICTURE_ROW;
    }
}

const char *layout_way(const struct layout *l, const struct node *n)
{
    const char *way = n->more, *sign = " → ";
    int node = (int)(n - l->nodes);
    for (int i = 0; n->column == COLUMN_ROUTE && i < l->edge_count; i++) {
        if (l->edges[i].from != node)
            continue;
        way = arena_printf(l->a, "%s%s%s", way ? way : "", sign, l->nodes[l->edges[i].to].label);
        sign = ", ";
    }
    return way;
}

/* -- the whole --------------------------------------------------------------------------- */

/* Hosts whose routes something is the matter with come first; list is in the order of hosts, and of
 * weights within each. */
static void weigh_hosts(struct placed *list, int n)
{
    int least = 0;
    for (int i = 0; i < n; i++) {
        if (i == 0 || strcmp(list[i].host, list[i - 1].host) != 0)
            least = list[i].weight;
        list[i].weight_of_host = least;
    }
}

static const struct placed *place_routes(struct layout *l)
{
    const cJSON *route, *all = json_get(l->p->map, "routes");
    struct placed *list = arena_array(l->a, struct placed, json_count(all) + 1);
    cJSON_ArrayForEach(route, all)
    {
        if (!is_drawn(l->p, route))
            continue;
        struct placed *r = &list[l->routes++];
        const char *name = json_str(route, "name");
        *r = (struct placed){ .json = route,
                              .host = is_about_host(l) ? l->p->name : first_host(route),
                              .requests = json_num(json_get(route, "hour"), "count", 0) };
        r->waits = waits(l, json_str(route, "kind"), name);
        r->weight = r->waits ? 0 : weight_of_risk(json_str(route, "risk"));
    }
    qsort(list, (size_t)l->routes, sizeof *list, compare_placed);
    weigh_hosts(list, l->routes);
    qsort(list, (size_t)l->routes, sizeof *list, compare_placed);
    return list;
}

static int count_placed_hosts(const struct placed *list, int n)
{
    int hosts = 0;
    for (int i = 0; i < n; i++)
        hosts += i == 0 || strcmp(list[i].host, list[i - 1].host) != 0;
    return hosts;
}

/* The end of the host's routes that begin at i. */
static int host_end(const struct layout *l, const struct placed *list, int i)
{
    const char *host = list[i].host;
    while (i < l->routes && !strcmp(list[i].host, host))
        i++;
    return i;
}

/* How many of a host's routes are worth a node where there are too many: those that something is
 * the matter with, and the busiest of the others; one at least. */
static int worth_showing(const struct placed *list, int routes)
{
    int wrong = 0, n;
    while (wrong < routes && list[wrong].weight < WEIGHT_FINE)
        wrong++;
    for (n = wrong; n < routes && n < wrong + FINE_SHOWN; n++)
        if (list[n].requests <= 0)
            break;
    return n ? n : 1;
}

/* How many of the host's routes have a node of their own: all where there is room for all. */
static int room_of_host(const struct layout *l, const struct placed *list, int share, int routes)
{
    int left = PICTURE_ROWS - l->rows[COLUMN_ROUTE] - 1, room = share < 2 ? 1 : share - 1;
    int worth = is_about_host(l) ? routes : worth_showing(list, routes);
    if (l->routes <= PICTURE_ROWS || routes <= (share < FINE_SHOWN ? share : FINE_SHOWN))
        room = routes;
    room = room > routes ? routes : room;
    if (l->routes > PICTURE_ROWS && room < routes && room > worth)
        room = worth;
    return room < left ? room : left;
}

/* Of each host as many as there is room for, and one node for the rest. */
static void fill_columns(struct layout *l)
{
    const struct placed *list = place_routes(l);
    int hosts = count_placed_hosts(list, l->routes);
    int share = hosts ? PICTURE_ROWS / hosts : 0;
    int next;
    for (int i = 0; i < l->routes; i = next) {
        next = host_end(l, list, i);
        int room = room_of_host(l, &list[i], share, next - i);
        if (room <= 0) {
            add_picture_node(l, folded_node(l, &list[i], l->routes - i)); /* among the hosts */
            return;
        }
        for (int k = i; k < i + room; k++)
            add_drawn_route(l, &list[k]);
        if (i + room < next)
            add_folded(l, &list[i + room], next - i - room);
    }
}

/* What the drawing is about has a node even if no route leads there. */
static void add_subject(struct layout *l)
{
    const struct picture *p = l->p;
    if (!p->kind || !p->name)
        return;
    if (!strcmp(p->kind, "domain"))
        host_node(l, p->name);
    else if (!strcmp(p->kind, "service") || !strcmp(p->kind, "ai-provider"))
        service_node(l, p->name, *p->kind == 'a');
}

void layout_make(struct layout *l)
{
    fill_columns(l);
    add_subject(l);
    if (l->p->narrow) {
        settle_one_column(l);
        return;
    }
    for (int i = 0; i < l->node_count; i++)
        l->nodes[i].y = l->nodes[i].row * PICTURE_ROW;
    settle_column(l, COLUMN_HOST);
    settle_column(l, COLUMN_SERVICE);
}
