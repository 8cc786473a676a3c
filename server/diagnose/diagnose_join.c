/* diagnose_join.c - the pages of several Envoys as one: counters of clusters and of endpoints are
 * added up, since a service's requests are spread over all of them. What a replica says of itself
 * (health, updates, configuration) is the first one's: diagnose_replica.c judges each by its own.
 */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "signal/envoy.h"
#include <stdlib.h>
#include <string.h>

/* -- counters of clusters -------------------------------------------------------------------- */

struct counted_stat {
    const char *name;
    double value;
    int place; /* in the order of pages */
};

struct counted_stats {
    struct counted_stat *list;
    int count, room;
};

static int by_name_and_place(const void *x, const void *y)
{
    const struct counted_stat *l = x, *r = y;
    int order = strcmp(l->name, r->name);
    return order ? order : l->place - r->place;
}

static bool is_added_up(const char *name)
{
    return text_starts(name, "cluster.") && !strstr(name, ".update_");
}

static void take_counted_stats(struct arena *a, struct counted_stats *all, const cJSON *page)
{
    bool first = all->count == 0;
    const cJSON *stat;
    cJSON_ArrayForEach(stat, json_get(page, "stats"))
    {
        const char *name = json_str(stat, "name");
        if (!name || (!first && !is_added_up(name)))
            continue;
        all->list = arena_grow(a, all->list, all->count, &all->room, sizeof *all->list);
        all->list[all->count] =
            (struct counted_stat){ name, json_num(stat, "value", 0), all->count };
        all->count++;
    }
}

static int by_stat_place(const void *x, const void *y)
{
    return ((const struct counted_stat *)x)->place - ((const struct counted_stat *)y)->place;
}

/* Each name once, where it stood first. */
static void add_up(struct counted_stats *all)
{
    int n = 0;
    if (!all->count)
        return;
    qsort(all->list, (size_t)all->count, sizeof *all->list, by_name_and_place);
    for (int i = 0; i < all->count; i++) {
        if (n && !strcmp(all->list[n - 1].name, all->list[i].name))
            all->list[n - 1].value += all->list[i].value;
        else
            all->list[n++] = all->list[i];
    }
    all->count = n;
    qsort(all->list, (size_t)n, sizeof *all->list, by_stat_place);
}

/* What the first page says of itself stays as it is. */
static const cJSON *sum_of_stats(struct arena *a, const cJSON *const *pages, int count)
{
    struct counted_stats all = { 0 };
    const cJSON *only = NULL;
    int read = 0;
    for (int i = 0; i < count; i++) {
        read += pages[i] != NULL;
        only = pages[i] ? pages[i] : only;
    }
    if (read <= 1)
        return only;
    cJSON *sum = json_object(a), *list = json_set_array(a, sum, "stats");
    for (int i = 0; i < count; i++)
        take_counted_stats(a, &all, pages[i]);
    add_up(&all);
    for (int i = 0; i < all.count; i++) {
        cJSON *stat = json_add(a, list, json_object(a));
        json_set_str(a, stat, "name", all.list[i].name);
        json_set_num(a, stat, "value", all.list[i].value);
    }
    return sum;
}

/* -- counters of endpoints ------------------------------------------------------------------- */

/* The host of that address; NULL: it has none. */
static cJSON *find_host(const cJSON *cluster, const cJSON *host)
{
    cJSON *one;
    cJSON_ArrayForEach(one, json_get(cluster, "host_statuses"))
    {
        if (json_equal(json_get(one, "address"), json_get(host, "address")))
            return one;
    }
    return NULL;
}

static void add_host_counters(struct arena *a, cJSON *to, const cJSON *host)
{
    cJSON *stats = json_get(to, "stats");
    const cJSON *stat;
    cJSON_ArrayForEach(stat, json_get(host, "stats"))
    {
        cJSON *own = json_find(stats, "name", json_text(stat, "name"));
        if (own && envoy_stat(stat) > 0)
            json_set_num(a, own, "value", envoy_stat(own) + envoy_stat(stat));
    }
}

static void add_clusters(struct arena *a, cJSON *to, const cJSON *page)
{
    cJSON *list = json_get(to, "cluster_statuses");
    const cJSON *status, *host;
    cJSON_ArrayForEach(status, json_get(page, "cluster_statuses"))
    {
        const cJSON *own = json_find(list, "name", json_text(status, "name"));
        cJSON_ArrayForEach(host, json_get(status, "host_statuses"))
        {
            cJSON *there = find_host(own, host);
            if (there)
                add_host_counters(a, there, host);
        }
    }
}

/* -- all of it ------------------------------------------------------------------------------- */

void diagnose_join(struct arena *a, const struct diagnose_replica *replicas, int count,
                   struct diagnose_signals *s)
{
    int first = 0;
    const cJSON **now = arena_array(a, const cJSON *, count),
                **before = arena_array(a, const cJSON *, count);
    while (first < count - 1 && replicas[first].error)
        first++;
    const struct diagnose_replica *r = &replicas[first];
    s->config = r->config;
    s->certs = r->certs;
    s->listeners = r->listeners;
    s->server = r->server;
    cJSON *sum = NULL;
    for (int i = first; i < count; i++) {
        now[i] = replicas[i].stats;
        before[i] = replicas[i].stats_before;
        if (i == first || !r->clusters || !replicas[i].clusters)
            continue;
        sum = sum ? sum : json_clone(a, r->clusters);
        add_clusters(a, sum, replicas[i].clusters);
    }
    s->clusters = sum ? sum : r->clusters;
    s->stats = sum_of_stats(a, now, count);
    s->stats_before = sum_of_stats(a, before, count);
}
