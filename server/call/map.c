/* map.c - puts together what several rooms know of the gateway, and keeps it for a while. */
#include "call/map.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/when.h"
#include "call/counting.h"
#include "call/service.h"
#include "change/engine.h"
#include "config/config.h"
#include "diagnose/diagnose.h"
#include "inspect/inspect_live.h"
#include "inspect/inspect_map.h"
#include "net/loop.h"
#include "signal/hour.h"
#include "signal/log_source.h"

enum { KEEP_SECONDS = 20, CERTIFICATE_DAYS = 30, WAITING_LOOKED_AT = 40 };
static const double READ_LOOK = 0.05; /* seconds */

/* -- reading ----------------------------------------------------------------------------- */

static void add_unread(struct arena *a, cJSON *map, const char *what, const struct err *e)
{
    json_add_str(a, json_get(map, "unread"), arena_printf(a, "%s: %s", what, e->text));
}

/* By what is there: without a log and an Envoy nothing is known of requests. */
static void put_verdicts_on(struct arena *a, cJSON *map, const struct map_means *m)
{
    const struct diagnose_target all = { NULL, NULL };
    const struct diagnose_means means = {
        .loop = m->loop, .gateway = m->gateway, .config = m->config, .cancel = m->cancel
    };
    struct err e = { 0 };
    if (!log_source_there(m->config) && !m->config->envoy_admin)
        return;
    const cJSON *diagnosis = diagnose_run(a, &means, &all, &e);
    if (diagnosis)
        inspect_add_verdicts(a, map, diagnosis);
    else
        add_unread(a, map, "what requests meet was not judged", &e);
}

static void add_traffic(struct arena *a, cJSON *map, const struct map_means *m)
{
    struct err e = { 0 };
    const char *log = m->config->access_log;
    const cJSON *hour = log          ? hour_read(a, log, when_now(), &e)
                        : m->service ? counting_hour(m->service, m->config, a, m->cancel, &e)
                                     : NULL;
    if (hour)
        inspect_add_hour(a, map, hour);
    else if (e.kind != ERR_NONE)
        add_unread(a, map, "the traffic of the last hour was not read", &e);
}

cJSON *map_read(struct arena *a, const struct map_means *m, struct err *e)
{
    const struct world_means means = {
        .loop = m->loop, .gateway = m->gateway, .config = m->config, .cancel = m->cancel
    };
    const struct inspection *i = inspect_gateway(a, &means, CERTIFICATE_DAYS, e);
    if (!i)
        return NULL;
    cJSON *map = inspect_map(a, i);
    put_verdicts_on(a, map, m);
    add_traffic(a, map, m);
    secret_scrub_tree(a, NULL, map);
    return map;
}

/* -- kept -------------------------------------------------------------------------------- */

/* What was read last. */
struct kept_map {
    struct arena *arena;
    const char *gateway; /* its name; NULL: the only one */
    cJSON *map;          /* NULL: it could not be read, */
    struct err err;      /* why */
    double at;
};

static bool is_fresh(const struct service *s, const char *gateway)
{
    const struct kept_map *k = s->map;
    return k && text_same(k->gateway, gateway) && loop_now(s->loop) - k->at < KEEP_SECONDS;
}

void map_forget(struct service *s)
{
    if (s->map)
        arena_free(s->map->arena);
    s->map = NULL;
}

void map_stop(struct service *s)
{
    if (s->map_read)
        cancel_fire(s->map_read);
}

static void read_kept(struct service *s, struct kept_map *k, struct cancel *cancel)
{
    struct map_means m = { .loop = s->loop, .service = s, .cancel = cancel };
    m.gateway = service_gateway(s, k->gateway, &m.config, &k->err);
    if (m.gateway)
        k->map = map_read(k->arena, &m, &k->err);
    else if (k->err.kind == ERR_NONE)
        err_set(&k->err, ERR_ARGS, "no gateway is configured");
}

/* s->map is that of the gateway. False + e: it was cancelled. */
static bool have_map(struct service *s, const char *gateway, struct cancel *cancel, struct err *e)
{
    while (s->map_read)
        if (!nap_for(s->loop, READ_LOOK, "the map, read for another", NULL, cancel, e))
            return false;
    if (is_fresh(s, gateway))
        return true;
    struct arena *a = arena_new();
    struct kept_map *k = arena_make(a, struct kept_map);
    *k = (struct kept_map){ .arena = a, .gateway = arena_strdup(a, gateway) };
    s->map_read = cancel;
    read_kept(s, k, cancel);
    s->map_read = NULL;
    k->at = loop_now(s->loop);
    if (k->err.kind == ERR_GONE) {
        *e = k->err;
        arena_free(a);
        return false;
    }
    map_forget(s);
    s->map = k;
    return true;
}

const cJSON *map_kept(struct service *s, const char *gateway, struct cancel *cancel, struct err *e)
{
    if (!have_map(s, gateway, cancel, e))
        return NULL;
    if (!s->map->map)
        *e = s->map->err;
    return s->map->map;
}

/* -- what waits -------------------------------------------------------------------------- */

static void add_objects(struct arena *a, struct engine *g, cJSON *objects, const char *id,
                        struct err *e)
{
    const cJSON *op, *one = engine_show(g, a, id, false, e);
    cJSON_ArrayForEach(op, json_get(one, "operations"))
    {
        const char *kind = json_str(op, "kind"), *name = json_str(op, "name");
        if (kind && name)
            json_add_str(a, objects, arena_printf(a, "%s %s", kind, name));
    }
}

cJSON *map_waiting(struct arena *a, struct engine *g, const char *gateway, cJSON *unread)
{
    struct err e = { 0 };
    const struct engine_query q = { .state = "pending",
                                    .gateway = gateway,
                                    .limit = WAITING_LOOKED_AT };
    const cJSON *list = engine_has_state(g) ? engine_list(g, a, &q, &e) : NULL, *c;
    cJSON *objects = json_array(a);
    cJSON_ArrayForEach(c, json_get(list, "changes"))
    {
        if (text_same(json_str(c, "gateway"), gateway))
            add_objects(a, g, objects, json_str(c, "id"), &e);
    }
    if (e.kind != ERR_NONE)
        json_add_str(a, unread, arena_printf(a, "which changes wait was not read: %s", e.text));
    else if (json_str(list, "next"))
        json_add_str(a, unread,
                     arena_printf(a, "of the changes that wait the newest %d are marked",
                                  WAITING_LOOKED_AT));
    return objects;
}
