/* world.c - reads the lists of a gateway into the world of traps. A kind that traps look at is a
 * word of `all`. */
#include "inspect/world.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "console/gateway.h"
#include "inspect/drift.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "net/loop.h"
#include "rule/schema.h"
#include "rule/trap.h"
#include "signal/pilot.h"
#include "signal/replica.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char all[] = "domain|service-source|proxy-server|service|route|ai-provider|ai-route|"
                          "consumer|tls-certificate|mcp-server|higress-config|plugin-instance";

enum {
    OBJECTS_MAX = 200000,
    SERVERS_MAX = 200,
    SCHEMAS_MAX = 500,
    REASON = 200,
    PLACE_SECONDS = 30
};
static const size_t BYTES_MAX = (size_t)160 << 20;

struct reading {
    struct arena *a;
    const struct world_means *m;
    struct world *world;
    const struct kind *kind;
    const char *scope;
    cJSON *list;      /* of the kind under way */
    size_t bytes;     /* of all */
    bool full;        /* a bound was met */
    cJSON *instances; /* {"scope","object"} of all places */
    bool gone;
};

static void note_unread(struct reading *r, const char *what, const char *why)
{
    json_add_str(r->a, r->world->unread,
                 arena_printf(r->a, "%s: %s", what, text_clean(r->a, why, REASON)));
}

/* -- lists ------------------------------------------------------------------------------------ */

static bool has_room(struct reading *r, const cJSON *o)
{
    size_t most = r->m->bytes ? r->m->bytes : BYTES_MAX;
    r->bytes += json_clone_size(o);
    r->world->objects++;
    r->full = r->full || r->bytes > most || r->world->objects > OBJECTS_MAX;
    return !r->full;
}

static bool take_world_object(void *arg, const cJSON *o)
{
    struct reading *r = arg;
    if (!has_room(r, o))
        return false;
    mask_learn(r->kind, o);
    json_add(r->a, r->list, json_clone(r->a, o));
    return true;
}

/* Is it whole? */
static bool read_world_list(struct reading *r)
{
    struct err e = { 0 };
    bool ok =
        gateway_each_kind(r->m->gateway, r->kind, NULL, take_world_object, r, r->m->cancel, &e);
    r->gone = r->gone || e.kind == ERR_GONE;
    if (!ok)
        note_unread(r, r->kind->name, e.text);
    else if (r->full)
        note_unread(r, r->kind->name, "there are more objects than are looked at");
    return ok && !r->full;
}

/* Lists that leave members out: each object is asked for. */
static bool read_objects(struct reading *r)
{
    cJSON *whole = json_array(r->a);
    const cJSON *o;
    int n = 0;
    cJSON_ArrayForEach(o, r->list)
    {
        struct err e = { 0 };
        bool missing = false;
        const char *name = kind_name_of(r->kind, o);
        const cJSON *own = name && n++ < SERVERS_MAX
                               ? gateway_object(r->m->gateway, r->a, r->kind, name, NULL, &missing,
                                                r->m->cancel, &e)
                               : NULL;
        r->gone = r->gone || e.kind == ERR_GONE;
        if (own)
            mask_learn(r->kind, own);
        if (!own && !missing)
            note_unread(r, arena_printf(r->a, "%s %s", r->kind->name, name ? name : "?"),
                        e.kind ? e.text : "there are more than are looked at");
        json_add(r->a, whole, json_clone(r->a, own ? own : o));
    }
    r->list = whole;
    return true;
}

static void read_world_kind(struct reading *r, const char *name)
{
    r->kind = kind_find(name);
    r->list = json_array(r->a);
    bool whole = !r->full && read_world_list(r);
    bool some = whole || json_count(r->list) > 0;
    r->world->kinds += some && !(r->kind->flags & KIND_SINGLE);
    if (some && (r->kind->flags & KIND_THIN_LIST))
        whole = read_objects(r) && whole;
    if (some)
        trap_world_set(r->world->trap, name, r->list, whole);
}

/* -- plugin instances ------------------------------------------------------------------------- */

static bool take_world_instance(void *arg, const cJSON *o)
{
    struct reading *r = arg;
    if (!has_room(r, o))
        return false;
    mask_learn(r->kind, o);
    trap_wrap(r->a, r->instances, r->scope, o);
    return true;
}

static void add_scopes(struct reading *r, const char *kind, cJSON *scopes)
{
    const char *last = "";
    for (struct trap_object o = { 0 }; trap_next(r->world->trap, kind, &o); last = o.name) {
        const char *place = arena_printf(r->a, "%s:%s", kind, o.name);
        bool again = !strcmp(last, o.name); /* a service has an entry for each port */
        if (*o.name && !again && !(r->m->near && !strcmp(r->m->near, place)))
            json_add_str(r->a, scopes, place);
    }
}

static bool read_world_scope(struct reading *r, const char *scope)
{
    struct err e = { 0 };
    r->scope = scope;
    if (gateway_instances_at(r->m->gateway, scope, take_world_instance, r, r->m->cancel, &e))
        return !r->full;
    r->gone = r->gone || e.kind == ERR_GONE;
    note_unread(r, arena_printf(r->a, "plugin-instance at %s", text_clean(r->a, scope, 80)),
                e.text);
    return false;
}

static bool read_scopes(struct reading *r, const cJSON *scopes)
{
    const cJSON *s;
    double end = loop_now(r->m->loop) + (r->m->seconds > 0 ? r->m->seconds : PLACE_SECONDS);
    bool whole = true;
    int done = 0, failures = 0, most = r->m->places ? r->m->places : WORLD_PLACES;
    cJSON_ArrayForEach(s, scopes)
    {
        if (done == most || loop_now(r->m->loop) > end || failures > 4 || r->gone)
            break;
        bool ok = read_world_scope(r, s->valuestring);
        failures += !ok;
        whole = whole && ok;
        done++;
    }
    int left = json_count(scopes) - done;
    if (left > 0)
        json_add_str(r->a, r->world->unread,
                     arena_printf(r->a, WORLD_PLACES_LEFT "%d of %d places were not asked", left,
                                  json_count(scopes)));
    return whole && left == 0;
}

static void read_instances(struct reading *r)
{
    cJSON *scopes = json_array(r->a);
    json_add_str(r->a, scopes, "global");
    if (r->m->near)
        json_add_str(r->a, scopes, r->m->near);
    for (const char *const *kind = kind_scopes; *kind; kind++)
        add_scopes(r, *kind, scopes);
    r->kind = kind_find("plugin-instance");
    bool known = trap_known(r->world->trap, "route") && trap_known(r->world->trap, "domain") &&
                 trap_known(r->world->trap, "service");
    bool whole = read_scopes(r, scopes) && known;
    trap_world_set(r->world->trap, "plugin-instance", r->instances, whole);
}

/* -- the rest --------------------------------------------------------------------------------- */

static void read_schemas(struct reading *r)
{
    cJSON *asked = json_object(r->a);
    int count = 0;
    for (struct trap_object o = { 0 }; trap_next(r->world->trap, "plugin-instance", &o);) {
        struct err e = { 0 };
        bool missing = false;
        if (json_get(asked, o.name) || r->gone)
            continue;
        if (count++ == SCHEMAS_MAX) {
            note_unread(r, "schemas", "there are more plugins than are asked for");
            break;
        }
        json_set_bool(r->a, asked, o.name, true);
        char *path = kind_object_path(r->a, kind_find("wasm-plugin"), o.name, NULL, &e);
        const cJSON *answer =
            path ? gateway_get(r->m->gateway, r->a, arena_printf(r->a, "%s/config", path), &missing,
                               r->m->cancel, &e)
                 : NULL;
        const cJSON *schema = schema_of(answer);
        if (schema)
            trap_world_schema(r->world->trap, o.name, schema);
        if (e.kind)
            note_unread(r, arena_printf(r->a, "schema of %s", o.name), e.text);
    }
}

static void read_gateway_version(struct reading *r)
{
    struct err e = { 0 };
    const cJSON *info = gateway_get(r->m->gateway, r->a, "/system/info", NULL, r->m->cancel, &e);
    const char *version = json_str(info, "version");
    r->gone = r->gone || e.kind == ERR_GONE;
    version = version && *version == 'v' ? version + 1 : version;
    if (version && isdigit((unsigned char)*version))
        trap_world_version(r->world->trap, version);
}

/* NULL: it cannot be read, which is said. */
static const cJSON *dump_of_replica(struct reading *r, const struct replica *replica)
{
    struct err e = { 0 };
    const cJSON *dump =
        replica_page(r->m->loop, r->m->config, r->a, replica, "/config_dump", r->m->cancel, &e);
    r->gone = r->gone || e.kind == ERR_GONE;
    if (dump && !cJSON_IsObject(dump))
        err_set(&e, ERR_GATEWAY, "its /config_dump is no object");
    if (e.kind)
        note_unread(r, "Envoy", e.text);
    return e.kind ? NULL : dump;
}

/* Of the first replica that can be read. */
static const cJSON *first_dump(struct reading *r, const struct replicas *found)
{
    const cJSON *dump = NULL;
    for (int i = 0; i < found->count && i < WORLD_REPLICAS && !dump && !r->gone; i++) {
        dump = dump_of_replica(r, &found->list[i]);
        r->world->first_replica = i;
    }
    if (found->count > WORLD_REPLICAS)
        note_unread(r, "Envoy",
                    arena_printf(r->a, "%d replicas more were not looked at",
                                 found->count - WORLD_REPLICAS));
    return dump;
}

static void read_config_dump(struct reading *r)
{
    struct err e = { 0 };
    if (!r->m->config || !r->m->config->envoy_admin)
        return;
    const struct replicas *found = replicas_find(r->m->loop, r->m->config, r->a, r->m->cancel, &e);
    const cJSON *dump = found ? first_dump(r, found) : NULL;
    r->world->replicas = found;
    r->gone = r->gone || e.kind == ERR_GONE;
    if (!found)
        note_unread(r, "Envoy", e.text);
    if (dump)
        trap_world_envoy(r->world->trap, dump);
}

static void read_control(struct reading *r)
{
    struct err e = { 0 };
    const struct pilot_means means = { r->m->loop, r->m->config, r->m->cancel };
    const cJSON *controller, *line;
    if (r->gone || !pilot_configured(r->m->config))
        return;
    const cJSON *control = pilot_read(r->a, &means, &e);
    r->gone = r->gone || e.kind == ERR_GONE;
    if (control)
        trap_world_control(r->world->trap, control);
    cJSON_ArrayForEach(line, json_get(control, "unread"))
        note_unread(r, "control plane", line->valuestring);
    cJSON_ArrayForEach(controller, json_get(control, "controllers"))
    {
        cJSON_ArrayForEach(line, json_get(controller, "unread"))
            note_unread(r, json_text(controller, "name"), line->valuestring);
    }
}

static void tell_reading(const struct reading *r, int done, int total, const char *step)
{
    if (r->m->told)
        r->m->told(r->m->arg, done, total, step);
}

static bool read_world_kinds(struct reading *r, const char *kinds_wanted, struct err *e)
{
    char word[TEXT_WORD];
    int done = 0, total = 0;
    for (const char *rest = all; text_word_next(&rest, word);)
        total += text_has_word(kinds_wanted, word);
    for (const char *rest = all; text_word_next(&rest, word) && !r->gone;) {
        if (!text_has_word(kinds_wanted, word))
            continue;
        tell_reading(r, done++, total, word);
        if (!strcmp(word, "plugin-instance"))
            read_instances(r);
        else
            read_world_kind(r, word);
    }
    tell_reading(r, total, total, "the verdict");
    return !r->gone || err_set(e, ERR_GONE, "the check was cancelled");
}

static struct reading begin_reading(struct arena *a, const struct world_means *m)
{
    struct reading r = { .a = a, .m = m, .world = arena_make(a, struct world) };
    r.world->trap = trap_world_new(a);
    r.world->unread = json_array(a);
    r.instances = json_array(a);
    return r;
}

struct world *world_read(struct arena *a, const struct world_means *m, double days, struct err *e)
{
    struct reading r = begin_reading(a, m);
    trap_world_time(r.world->trap, when_now(), days);
    read_gateway_version(&r);
    if (r.gone || !read_world_kinds(&r, all, e))
        return r.gone && !e->kind ? (err_set(e, ERR_GONE, "the check was cancelled"), NULL) : NULL;
    read_schemas(&r);
    read_config_dump(&r);
    read_control(&r);
    r.world->drift = drift_find(a, r.world->trap);
    return r.world;
}

struct world *world_read_kinds(struct arena *a, const struct world_means *m,
                               const char *kinds_wanted, struct err *e)
{
    struct reading r = begin_reading(a, m);
    read_gateway_version(&r);
    if (text_has_word(kinds_wanted, "plugin-instance")) /* they are found at the places of others */
        kinds_wanted = arena_printf(a, "%s|route|domain|service", kinds_wanted);
    return read_world_kinds(&r, kinds_wanted, e) ? r.world : NULL;
}
