/* drift.c - pairs the routes of the console with those of Envoy, by name and host, and compares
 * each part of them. */
#include "inspect/drift.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/objects/expected.h"
#include "inspect/served_private.h"
#include "rule/trap.h"
#include <stdlib.h>
#include <string.h>

enum { SAID = 3 /* parts of one route */, MOST = 1000 /* routes said to differ */, SHOWN = 120 };

/* A route of Envoy at one host. */
struct held {
    const char *name, *host, *table;
    const cJSON *route;
    int at;
};

/* A route that both have. */
struct pair {
    const char *name;
    const cJSON *route; /* of the console */
    const char *skipped, *says;
    int said, told; /* told: of its hosts so many */
};

struct drifting {
    struct arena *a;
    struct arena *scratch; /* of one host's comparison */
    const struct trap_world *world;
    struct held *held;
    int held_count, held_room;
    struct pair *pairs;
    int pair_count, pair_room;
    struct expected *expected;
};

/* -- what Envoy holds ------------------------------------------------------------------------- */

static const char *host_of(struct arena *a, const char *domain)
{
    const char *colon = *domain == '[' ? NULL : strchr(domain, ':');
    return text_lower(a, domain, colon ? (size_t)(colon - domain) : strlen(domain));
}

static void hold_routes(struct drifting *d, const char *table, const char *host,
                        const cJSON *routes)
{
    const cJSON *route;
    cJSON_ArrayForEach(route, routes)
    {
        const char *name = json_str(route, "name");
        if (!name)
            continue;
        d->held = arena_grow(d->a, d->held, d->held_count, &d->held_room, sizeof *d->held);
        d->held[d->held_count] = (struct held){ name, host, table, route, d->held_count };
        d->held_count++;
    }
}

/* "shop.example" and "shop.example:*" are one host. */
static void hold_hosts(struct drifting *d, const cJSON *table)
{
    const char *name = json_str(table, "name");
    const cJSON *virtual, *domain;
    cJSON_ArrayForEach(virtual, json_get(table, "virtual_hosts"))
    {
        const char *before = "";
        cJSON_ArrayForEach(domain, json_get(virtual, "domains"))
        {
            if (!cJSON_IsString(domain))
                continue;
            const char *host = host_of(d->a, domain->valuestring);
            if (strcmp(host, before) != 0)
                hold_routes(d, name ? name : "", host, json_get(virtual, "routes"));
            before = host;
        }
    }
}

static int by_held(const void *x, const void *y)
{
    const struct held *p = x, *q = y;
    int order = strcmp(p->name, q->name);
    order = order ? order : strcmp(p->host, q->host);
    order = order ? order : strcmp(p->table, q->table);
    return order ? order : p->at - q->at;
}

static void hold_dump(struct drifting *d)
{
    const cJSON *part, *entry;
    cJSON_ArrayForEach(part, json_get(trap_envoy(d->world), "configs"))
    {
        cJSON_ArrayForEach(entry, json_get(part, "dynamic_route_configs"))
            hold_hosts(d, json_get(entry, "route_config"));
    }
    if (d->held_count > 1)
        qsort(d->held, (size_t)d->held_count, sizeof *d->held, by_held);
}

/* The first that is not before it; host NULL: of that name. */
static int first_held(const struct drifting *d, const char *name, const char *host)
{
    int low = 0, high = d->held_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(d->held[middle].name, name);
        order = order || !host ? order : strcmp(d->held[middle].host, host);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_held(const struct drifting *d, int at, const char *name, const char *host)
{
    return d->held && at < d->held_count && !strcmp(d->held[at].name, name) &&
           (!host || !strcmp(d->held[at].host, host));
}

/* -- what is said ----------------------------------------------------------------------------- */

static void skip_pair(struct pair *p, const char *why)
{
    p->skipped = p->skipped ? p->skipped : why;
}

/* What the console did not make it may not show whole: then nothing is said to differ. */
static bool is_shown_whole(const struct pair *p, const struct served_part *part)
{
    bool foreign = json_true(p->route, "readonly");
    bool hosts = json_count(json_get(p->route, "domains")) > 1; /* read-only for that alone */
    return !foreign || (hosts && part && part != served_parts);
}

static void pair_differs(struct drifting *d, struct pair *p, const struct served_part *part,
                         const char *host, const char *what)
{
    if (!is_shown_whole(p, part)) {
        skip_pair(p, "not made by the console, which may not show it whole");
        return;
    }
    if (p->says && strstr(p->says, what))
        return;
    if (p->said == 0)
        p->says = arena_printf(d->a, "is another one in Envoy, at %s: %s",
                               text_clean(d->a, host, SHOWN), what);
    else if (p->said < SAID)
        p->says = arena_printf(d->a, "%s; %s", p->says, what);
    p->said++;
}

/* -- one host --------------------------------------------------------------------------------- */

/* Plain HTTP is sent on to HTTPS: what happens there, the redirect does not say. */
static bool sends_to_https(const cJSON *route, const char *table)
{
    const cJSON *to = json_get(route, "redirect");
    const char *scheme = json_str(to, "scheme_redirect");
    return scheme && !strcmp(scheme, "https") && !json_get(to, "host_redirect") &&
           !json_get(to, "path_redirect") && text_starts(table, "https");
}

static void compare_routes(struct drifting *d, struct pair *p, const cJSON *expected,
                           const struct held *there)
{
    if (json_get(expected, "direct_response")) {
        skip_pair(p, "its services cannot be read");
        return;
    }
    for (const struct served_part *part = served_parts; part->name; part++) {
        const cJSON *ours = part->read(d->scratch, expected);
        const cJSON *theirs = part->read(d->scratch, there->route);
        if (!ours || !theirs) {
            skip_pair(p, arena_printf(d->a, "its %s is not understood", part->name));
            return;
        }
        if (part != served_parts && sends_to_https(expected, there->table)) {
            skip_pair(p, "it is behind HTTPS, to which the console sends all");
            return;
        }
        bool differs = !json_equal(ours, theirs);
        if (differs)
            pair_differs(d, p, part, there->host, part->say(d->a, ours, theirs));
        if (differs && part->decides)
            return;
    }
}

/* One table's entries of the route at that host, from `at`; where they end. */
static int compare_table(struct drifting *d, struct pair *p, const struct xds_told *told, int at)
{
    const char *table = d->held[at].table;
    const cJSON *expected = told->routes->child;
    int end = at, before = p->said;
    while (is_held(d, end, told->name, told->host) && !strcmp(d->held[end].table, table))
        end++;
    for (int i = at; i < end && expected && p->said == before; i++, expected = expected->next)
        compare_routes(d, p, expected, &d->held[i]);
    if (end - at != json_count(told->routes) && p->said == before && !p->skipped)
        pair_differs(d, p, served_parts, told->host,
                     arena_printf(d->a, "Envoy has %d entries of it, the console makes %d",
                                  end - at, json_count(told->routes)));
    return end;
}

static int by_pair_name(const void *x, const void *y)
{
    const struct pair *p = x, *q = y;
    return strcmp(p->name, q->name);
}

static struct pair *pair_of(const struct drifting *d, const char *name)
{
    const struct pair key = { .name = name };
    return d->pair_count ? bsearch(&key, d->pairs, (size_t)d->pair_count, sizeof key, by_pair_name)
                         : NULL;
}

static void compare_host(void *arg, const struct xds_told *told)
{
    struct drifting *d = arg;
    struct pair *p = pair_of(d, told->name);
    if (!p)
        return;
    p->told++;
    if (told->unrendered)
        skip_pair(p, arena_printf(d->a, "it has %s", text_clean(d->a, told->unrendered, SHOWN)));
    int at = first_held(d, told->name, told->host);
    if (!p->skipped && !is_held(d, at, told->name, told->host))
        skip_pair(p, DRIFT_OTHER_HOSTS);
    d->scratch = arena_new();
    while (!p->skipped && is_held(d, at, told->name, told->host))
        at = compare_table(d, p, told, at);
    arena_free(d->scratch);
}

/* -- pairs ------------------------------------------------------------------------------------ */

static bool forces_https(const struct drifting *d, const cJSON *route)
{
    const cJSON *name, *domains = json_get(route, "domains");
    struct trap_object o;
    cJSON_ArrayForEach(name, domains)
    {
        const char *mode =
            cJSON_IsString(name) && trap_lookup(d->world, "domain", name->valuestring, NULL, &o)
                ? json_str(o.json, "enableHttps")
                : NULL;
        if (mode && !strcmp(mode, "force"))
            return true;
    }
    return false;
}

/* The route with the ports of its services; NULL: one is not known. */
static const cJSON *with_ports(const struct drifting *d, const cJSON *route)
{
    cJSON *copy = NULL, *s;
    const cJSON *service;
    struct trap_object o;
    int i = 0;
    cJSON_ArrayForEach(service, json_get(route, "services"))
    {
        i++;
        if (cJSON_IsNumber(json_get(service, "port")))
            continue;
        const char *name = json_str(service, "name");
        if (!name || !trap_lookup(d->world, "service", name, NULL, &o) || !json_get(o.json, "port"))
            return NULL;
        copy = copy ? copy : json_clone(d->a, route);
        s = cJSON_GetArrayItem(json_get(copy, "services"), i - 1);
        json_set_num(d->a, s, "port", json_num(o.json, "port", 0));
    }
    return copy ? copy : route;
}

static bool stands_as_canary(const cJSON *route)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_get(route, "customConfigs"))
    {
        if (text_ends(m->string, "/canary") && cJSON_IsString(m) && !strcmp(m->valuestring, "true"))
            return true;
    }
    return false;
}

static void pair_up(struct drifting *d)
{
    for (struct trap_object o = { 0 }; trap_next(d->world, "route", &o);) {
        bool both = is_held(d, first_held(d, o.name, NULL), o.name, NULL);
        if (!both && !stands_as_canary(o.json))
            continue;
        const cJSON *route = with_ports(d, o.json);
        bool known = route && expected_add_route(d->expected, route, forces_https(d, o.json));
        if (!both)
            continue;
        d->pairs = arena_grow(d->a, d->pairs, d->pair_count, &d->pair_room, sizeof *d->pairs);
        d->pairs[d->pair_count++] = (struct pair){
            .name = o.name,
            .route = o.json,
            .skipped = !route   ? "the port of its service is not known"
                       : !known ? "it holds what this console does not write"
                                : NULL,
        };
    }
    if (d->pair_count > 1)
        qsort(d->pairs, (size_t)d->pair_count, sizeof *d->pairs, by_pair_name);
}

static bool route_has_domain(const cJSON *route, const char *host)
{
    const cJSON *name, *domains = json_get(route, "domains");
    cJSON_ArrayForEach(name, domains)
    {
        if (cJSON_IsString(name) && text_equal_nocase(name->valuestring, host))
            return true;
    }
    return json_count(domains) == 0 && !strcmp(host, "*");
}

/* A host that only Envoy has it at. */
static void look_at_hosts(struct drifting *d, struct pair *p)
{
    for (int i = first_held(d, p->name, NULL); is_held(d, i, p->name, NULL); i++)
        if (!p->said && !route_has_domain(p->route, d->held[i].host))
            pair_differs(d, p, NULL, d->held[i].host, "it is at this host in Envoy only");
}

/* -- the sum ---------------------------------------------------------------------------------- */

static void count_pair(struct drifting *d, struct drift *out, struct pair *p, cJSON *differences)
{
    if (!p->told && !p->skipped)
        skip_pair(p, "another route takes the same requests");
    if (p->said) {
        out->different++;
        if (out->different <= MOST) {
            cJSON *o = json_add(d->a, differences, json_object(d->a));
            json_set_str(d->a, o, "name", p->name);
            json_set_str(d->a, o, "says", p->says);
        }
    } else if (p->skipped) {
        cJSON *why = (cJSON *)out->why;
        out->skipped++;
        json_set_num(d->a, why, p->skipped, json_num(why, p->skipped, 0) + 1);
    } else {
        out->equal++;
    }
}

struct drift *drift_find(struct arena *a, struct trap_world *w)
{
    return drift_find_each(a, w, NULL, NULL);
}

struct drift *drift_find_each(struct arena *a, struct trap_world *w, drift_told_fn *told, void *arg)
{
    struct drifting d = { .a = a, .expected = expected_new(a) };
    if (!trap_envoy(w) || !trap_known(w, "route"))
        return NULL;
    d.world = trap_world_index(a, w);
    struct drift *out = arena_make(a, struct drift);
    cJSON *differences = json_array(a);
    out->why = json_object(a);
    hold_dump(&d);
    pair_up(&d);
    expected_each(d.expected, compare_host, &d);
    for (int i = 0; i < d.pair_count; i++) {
        look_at_hosts(&d, &d.pairs[i]);
        count_pair(&d, out, &d.pairs[i], differences);
        if (told)
            told(arg, d.pairs[i].name, d.pairs[i].said ? d.pairs[i].says : NULL,
                 d.pairs[i].skipped);
    }
    trap_world_differences(w, differences);
    return out;
}

/* -- the other way round ---------------------------------------------------------------------- */

struct dumped {
    struct arena *a;
    cJSON *hosts;
};

static void dump_host(void *arg, const struct xds_told *told)
{
    struct dumped *d = arg;
    cJSON *host = json_add(d->a, d->hosts, json_object(d->a));
    json_add_str(d->a, json_set_array(d->a, host, "domains"), told->host);
    json_set(d->a, host, "routes", json_clone(d->a, told->routes));
}

cJSON *drift_dump_of(struct arena *a, cJSON *dynamic_route_configs)
{
    cJSON *dump = json_object(a);
    cJSON *part = json_add(a, json_set_array(a, dump, "configs"), json_object(a));
    json_set_str(a, part, "@type", "type.googleapis.com/envoy.admin.v3.RoutesConfigDump");
    json_set(a, part, "dynamic_route_configs", dynamic_route_configs);
    return dump;
}

cJSON *drift_dump(struct arena *a, const struct trap_world *w)
{
    struct drifting d = { .a = a, .expected = expected_new(a) };
    struct dumped out = { a, json_array(a) };
    d.world = trap_world_index(a, w);
    for (struct trap_object o = { 0 }; trap_next(d.world, "route", &o);) {
        const cJSON *route = with_ports(&d, o.json);
        if (route)
            expected_add_route(d.expected, route, forces_https(&d, o.json));
    }
    expected_each(d.expected, dump_host, &out);
    cJSON *list = json_array(a), *entry = json_add(a, list, json_object(a));
    json_set(a, json_set_object(a, entry, "route_config"), "virtual_hosts", out.hosts);
    return drift_dump_of(a, list);
}
