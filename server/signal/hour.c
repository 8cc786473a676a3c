/* hour.c - one pass over the access log; each request counts for its route and for its service. */
#include "signal/hour.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "signal/accesslog.h"
#include "signal/figures_private.h"
#include "signal/traffic.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS = 20000, PLACES = 65536 };

/* -- the shape ---------------------------------------------------------------------------- */

cJSON *hour_new(struct arena *a, const char *source)
{
    cJSON *hour = json_object(a);
    json_set_str(a, hour, "source", source);
    json_set_object(a, hour, "of");
    return hour;
}

static void add_slot(struct arena *a, cJSON *slots, double count, double errors, double slow)
{
    cJSON *slot = json_add(a, slots, json_array(a));
    if (count <= 0)
        return;
    json_add(a, slot, json_number(a, round(count)));
    json_add(a, slot, json_number(a, round(errors)));
    if (slow >= 0)
        json_add(a, slot, json_number(a, round(slow)));
}

void hour_add(struct arena *a, cJSON *hour, const char *object, const struct hour_plot *plot)
{
    double count = 0, errors = 0;
    for (int i = 0; i < HOUR_SLOTS; i++) {
        count += plot->count[i];
        errors += plot->errors[i];
    }
    if (count <= 0)
        return;
    cJSON *one = json_put(json_get(hour, "of"), arena_strdup(a, object), json_object(a));
    json_set_num(a, one, "count", round(count));
    if (errors > 0)
        json_set_num(a, one, "errors", round(errors));
    if (plot->p99 >= 0)
        json_set_num(a, one, "p99", round(plot->p99));
    cJSON *slots = json_set_array(a, one, "slots");
    for (int i = 0; i < HOUR_SLOTS; i++)
        add_slot(a, slots, plot->count[i], plot->errors[i], plot->slow[i]);
}

const char *hour_service(const char *cluster)
{
    const char *host = strrchr(cluster, '|');
    return text_starts(cluster, "outbound|") && host[1] ? host + 1 : NULL;
}

/* -- counted ------------------------------------------------------------------------------ */

struct tallied {
    const char *object;
    struct hour_plot plot;
    struct figures took[HOUR_SLOTS];
};

struct tallying {
    struct arena *a;
    double from;
    struct tallied **table;
    int count;
};

/* NULL: there is no room for another one. */
static struct tallied *find_tallied(struct tallying *t, const char *kind, const char *name)
{
    char object[256];
    size_t n = (size_t)snprintf(object, sizeof object, "%s %s", kind, name);
    size_t at = text_hash(object, n < sizeof object ? n : sizeof object - 1) % PLACES;
    while (t->table[at] && strcmp(t->table[at]->object, object) != 0)
        at = (at + 1) % PLACES;
    if (!t->table[at] && t->count < OBJECTS) {
        t->table[at] = arena_make(t->a, struct tallied);
        t->table[at]->object = arena_strdup(t->a, object);
        t->count++;
    }
    return t->table[at];
}

static void tally_request(struct tallying *t, const char *kind, const char *name, int slot,
                          const cJSON *row)
{
    struct tallied *one = find_tallied(t, kind, name);
    const char *duration = json_text(row, "duration");
    if (!one)
        return;
    one->plot.count[slot]++;
    one->plot.errors[slot] += traffic_is_error(row);
    if (*duration >= '0' && *duration <= '9')
        figures_add(t->a, &one->took[slot], strtod(duration, NULL));
}

static bool tally_hour_line(void *arg, const cJSON *row)
{
    struct tallying *t = arg;
    const char *route = json_text(row, "route_name"), *slash = strrchr(route, '/');
    const char *service = hour_service(json_text(row, "upstream_cluster"));
    int slot = (int)((when_parse(json_text(row, "start_time")) - t->from) / HOUR_SLOT);
    if (slot < 0 || slot >= HOUR_SLOTS)
        return true;
    if (*route && strcmp(route, "-") != 0)
        tally_request(t, "route", slash ? slash + 1 : route, slot, row);
    if (service)
        tally_request(t, "service", service, slot, row);
    return true;
}

/* The slowest of a hundred, of each slot and of all. */
static void judge_speed(struct arena *a, struct tallied *one)
{
    struct figures all = { 0 };
    for (int i = 0; i < HOUR_SLOTS; i++) {
        struct figures *took = &one->took[i];
        for (int k = 0; k < took->count; k++)
            figures_add(a, &all, took->list[k]);
        figures_sort(took);
        one->plot.slow[i] = took->count ? figures_percentile(took, 99) : -1;
    }
    figures_sort(&all);
    one->plot.p99 = all.count ? figures_percentile(&all, 99) : -1;
}

cJSON *hour_read(struct arena *a, const char *access_log, double now, struct err *e)
{
    static const char *const looked_at[] = { "duration", "upstream_cluster", NULL };
    struct arena *working = arena_new();
    struct tallying t = { .a = working,
                          .from = now - HOUR,
                          .table = arena_array(working, struct tallied *, PLACES) };
    const struct accesslog_query q = {
        .lines = ACCESSLOG_SOUND, .since = t.from, .limit = INT_MAX, .only = looked_at
    };
    struct accesslog_seen seen = { 0 };
    cJSON *hour = NULL;
    if (accesslog_read(working, log_source_file(working, access_log), &q, tally_hour_line, &t,
                       &seen, e))
        hour = hour_new(a, HOUR_BY_LOG);
    if (hour && seen.cut && when_parse(seen.oldest) > t.from)
        json_set_str(a, hour, "from", seen.oldest);
    for (int i = 0; hour && i < PLACES; i++) {
        if (!t.table[i])
            continue;
        judge_speed(working, t.table[i]);
        hour_add(a, hour, t.table[i]->object, &t.table[i]->plot);
    }
    arena_free(working);
    return hour;
}
