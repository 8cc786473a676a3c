/* trap.c - the world as lists, the walk over the table of traps, and what was found.
 *
 * A new file of traps is one extern and one line in trap_tables; what a row may do is in trap.h.
 */
#include "rule/trap.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "rule/trap_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct trap *const trap_tables[] = { trap_auth_rows,
                                           trap_login_rows,
                                           trap_limit_rows,
                                           trap_guard_rows,
                                           trap_provider_rows,
                                           trap_ai_rows,
                                           trap_plugin_rows,
                                           trap_change_rows,
                                           trap_route_rows,
                                           trap_object_rows,
                                           trap_envoy_rows,
                                           trap_mcp_text_rows,
                                           trap_mcp_rows,
                                           trap_mcp_server_rows,
                                           trap_mcp_reach_rows,
                                           trap_refusal_rows,
                                           trap_annotation_rows,
                                           trap_annotation_route_rows,
                                           trap_annotation_canary_rows,
                                           trap_annotation_host_rows,
                                           NULL };

/* -- the world -------------------------------------------------------------------------------- */

enum { WORLD_KINDS = 24, VALUE_SHOWN = 80, SENTENCE = 600 };

/* An object by its place and name. */
struct world_entry {
    const char *scope, *name; /* "" for none */
    const cJSON *at;
};

struct world_list {
    const cJSON *objects; /* NULL: not read */
    bool whole;
    struct world_entry *index; /* sorted; NULL: lists are walked */
    int count;
};

struct trap_world {
    struct world_list lists[WORLD_KINDS]; /* by the kind's place in kinds[] */
    const char *version;
    double now, days;
    cJSON *schemas; /* by plugin */
    const cJSON *envoy;
    struct arena *arena;
};

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

static struct world_list list_of(const struct trap_world *w, const char *kind)
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
static cJSON *own_list(struct trap_world *w, const char *kind)
{
    struct world_list list = list_of(w, kind);
    if (!list.objects)
        trap_world_set(w, kind, json_array(w->arena), false);
    return (cJSON *)list_of(w, kind).objects;
}

void trap_world_apply(struct trap_world *w, const char *kind, const char *name, const char *scope,
                      const cJSON *object)
{
    const struct kind *k = kind_find(kind);
    struct trap_object old;
    if (!k || k - kinds >= WORLD_KINDS)
        return;
    cJSON *list = own_list(w, kind);
    while (trap_lookup(w, kind, name, scope, &old))
        json_detach(list, (cJSON *)old.at);
    if (object && (k->flags & KIND_SCOPED))
        trap_wrap(w->arena, list, scope, object);
    else if (object)
        json_add(w->arena, list, json_clone(w->arena, object));
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
    struct world_list list = list_of(w, kind);
    return list.objects && list.whole;
}

bool trap_next(const struct trap_world *w, const char *kind, struct trap_object *o)
{
    const struct kind *k = kind_find(kind);
    const cJSON *objects = list_of(w, kind).objects;
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

static bool same(const char *x, const char *y)
{
    return x == y || (x && y && !strcmp(x, y));
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

/* The same lists, found by name without a walk over all: 100,000 routes are asked for each other.
 */
static struct trap_world indexed(struct arena *a, const struct trap_world *w)
{
    struct trap_world own = *w;
    for (int i = 0; kinds[i].name && i < WORLD_KINDS; i++) {
        struct world_list *list = &own.lists[i];
        int n = json_count(list->objects);
        list->index = list->objects ? arena_array(a, struct world_entry, n + 1) : NULL;
        list->count = 0;
        for (struct trap_object o = { 0 }; list->index && trap_next(w, kinds[i].name, &o);)
            list->index[list->count++] = entry_of(&o);
        if (list->count > 1)
            qsort(list->index, (size_t)list->count, sizeof *list->index, by_entry);
    }
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

static bool take_entry(const struct kind *k, const struct world_entry *e, struct trap_object *o)
{
    bool scoped = k->flags & KIND_SCOPED;
    *o = (struct trap_object){ k->name, e->name, scoped ? e->scope : NULL,
                               scoped ? json_get(e->at, "object") : e->at, e->at };
    return true;
}

bool trap_next_of(const struct trap_world *w, const char *kind, const char *name, const char *scope,
                  struct trap_object *o)
{
    const struct kind *k = kind_find(kind);
    struct world_list list = list_of(w, kind);
    if (!k || !list.index) {
        while (trap_next(w, kind, o))
            if ((!name || same(o->name, name)) && same(o->scope, scope))
                return true;
        return false;
    }
    struct world_entry wanted = { scope ? scope : "", name ? name : "", NULL };
    if (o->at)
        wanted = entry_of(o);
    int i = first_from(&list, &wanted);
    i += o->at != NULL;
    if (i >= list.count || strcmp(list.index[i].scope, scope ? scope : "") != 0 ||
        (name && strcmp(list.index[i].name, name) != 0))
        return false;
    return take_entry(k, &list.index[i], o);
}

bool trap_lookup(const struct trap_world *w, const char *kind, const char *name, const char *scope,
                 struct trap_object *o)
{
    *o = (struct trap_object){ 0 };
    return trap_next_of(w, kind, name, scope, o);
}

/* -- versions --------------------------------------------------------------------------------- */

/* -1, 0, 1; numbers between dots, what follows them is not compared. */
static int version_compare(const char *x, const char *y)
{
    for (int i = 0; i < 3; i++) {
        char *x_end, *y_end;
        long n = strtol(x, &x_end, 10), m = strtol(y, &y_end, 10);
        if (n != m)
            return n < m ? -1 : 1;
        x = *x_end == '.' ? x_end + 1 : x_end;
        y = *y_end == '.' ? y_end + 1 : y_end;
    }
    return 0;
}

/* Does the trap hold for this gateway? */
static bool in_version(const struct trap_world *w, const struct trap *trap)
{
    return !w->version || ((!trap->from || version_compare(w->version, trap->from) >= 0) &&
                           (!trap->until || version_compare(w->version, trap->until) < 0));
}

static const char *condition(struct arena *a, const struct trap_world *w, const struct trap *trap)
{
    if (w->version || (!trap->from && !trap->until))
        return NULL;
    if (trap->from && trap->until)
        return arena_printf(a, "if this gateway is at least %s and older than %s", trap->from,
                            trap->until);
    return trap->from ? arena_printf(a, "if this gateway is at least %s", trap->from)
                      : arena_printf(a, "if this gateway is older than %s", trap->until);
}

/* -- a walk ----------------------------------------------------------------------------------- */

struct trap_walk {
    struct arena *arena;
    const struct trap_world *world;
    const struct trap *trap;
    struct trap_findings *out;
    const char *holds;
    int room, of_this;
};

const struct trap_world *trap_of(const struct trap_walk *t)
{
    return t->world;
}

struct arena *trap_arena(const struct trap_walk *t)
{
    return t->arena;
}

const void *trap_with(const struct trap_walk *t)
{
    return t->trap->with;
}

const cJSON *trap_settings(const struct trap_object *o)
{
    static const cJSON none = { .type = cJSON_Object };
    const cJSON *settings = json_get(o->json, "configurations");
    return cJSON_IsObject(settings) ? settings : &none;
}

bool trap_enabled(const struct trap_object *o)
{
    return !cJSON_IsFalse(json_get(o->json, "enabled"));
}

const char *trap_name(const struct trap_walk *t, const char *name)
{
    return text_clean(t->arena, name ? name : "", VALUE_SHOWN);
}

const char *trap_value(const struct trap_walk *t, const struct trap_object *o, const char *path,
                       const char *member)
{
    const cJSON *shown = json_path(mask_object(t->arena, kind_find(o->kind), o->json), path);
    if (member)
        shown = json_get(shown, member);
    if (!shown)
        return "(absent)";
    const char *text = cJSON_IsString(shown) ? shown->valuestring : json_print(t->arena, shown);
    return text_clean(t->arena, text, VALUE_SHOWN);
}

void trap_add(struct trap_walk *t, const struct trap_object *o, const char *path,
              const char *format, ...)
{
    struct trap_findings *out = t->out;
    if (t->of_this++ >= TRAP_EACH || out->count >= TRAP_FINDINGS) {
        out->left_out++;
        return;
    }
    char text[SENTENCE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out->list = arena_grow(t->arena, out->list, out->count, &t->room, sizeof *out->list);
    out->list[out->count++] = (struct trap_finding){
        .trap = t->trap,
        .kind = o->kind,
        .name = arena_strdup(t->arena, o->name),
        .scope = arena_strdup(t->arena, o->scope),
        .path = text_clean(t->arena, path, VALUE_SHOWN * 2),
        .text = text_clean(t->arena, text, sizeof text),
        .holds = t->holds,
    };
}

static void cannot_judge(struct trap_walk *t, const char *kind)
{
    const int room = sizeof t->out->unjudged / sizeof *t->out->unjudged - 1;
    int i = 0;
    while (i < room && t->out->unjudged[i].kind && strcmp(t->out->unjudged[i].kind, kind) != 0)
        i++;
    struct trap_unjudged *u = &t->out->unjudged[i];
    if (i == room)
        return;
    u->kind = u->kind ? u->kind : arena_strdup(t->arena, kind);
    u->part = list_of(t->world, kind).objects != NULL;
    u->verdicts = u->count++ ? arena_printf(t->arena, "%s, %s", u->verdicts, t->trap->verdict)
                             : t->trap->verdict;
}

/* Is all known that the trap needs? One that judges object by object judges what was read. */
static bool judgeable(struct trap_walk *t)
{
    char word[KIND_WORD];
    for (const char *rest = t->trap->beside; kind_next(&rest, word);)
        if (!trap_known(t->world, word)) {
            cannot_judge(t, word);
            return false;
        }
    if (t->trap->envoy && !t->world->envoy)
        cannot_judge(t, "Envoy");
    if (t->trap->envoy)
        return t->world->envoy;
    int read = 0, unread = 0;
    for (const char *rest = t->trap->about; kind_next(&rest, word);) {
        bool is = list_of(t->world, word).objects;
        read += is;
        unread += !is;
        if (!is)
            cannot_judge(t, word);
    }
    return t->trap->judge ? read > 0 : unread == 0;
}

static void judge_each(struct trap_walk *t)
{
    const struct trap *trap = t->trap;
    char word[KIND_WORD];
    for (const char *rest = trap->about; kind_next(&rest, word);)
        for (struct trap_object o = { 0 }; trap_next(t->world, word, &o);)
            if (!o.scope || !trap->plugins || (trap_enabled(&o) && kind_has(trap->plugins, o.name)))
                trap->judge(t, &o);
}

/* Is one of the kinds among those that the trap judges or looks at? */
static bool touched(const struct trap *trap, const char *kinds_changed)
{
    char word[KIND_WORD];
    for (const char *rest = kinds_changed; kind_next(&rest, word);)
        if (kind_has(trap->about, word) || kind_has(trap->beside, word))
            return true;
    return !kinds_changed;
}

static void run(struct trap_walk *t, const struct trap *trap)
{
    t->trap = trap;
    t->of_this = 0;
    t->holds = condition(t->arena, t->world, trap);
    if (!in_version(t->world, trap) || !judgeable(t))
        return;
    if (trap->judge)
        judge_each(t);
    else
        trap->find(t);
}

struct trap_findings *trap_find(struct arena *a, const struct trap_world *w, const char *touches)
{
    struct trap_findings *out = arena_make(a, struct trap_findings);
    const struct trap_world world = indexed(a, w);
    struct trap_walk t = { .arena = a, .world = &world, .out = out };
    for (enum trap_risk risk = TRAP_OPEN; risk <= TRAP_NOTE; risk++)
        for (size_t i = 0; trap_tables[i]; i++)
            for (const struct trap *trap = trap_tables[i]; trap->number; trap++)
                if (trap->risk == risk && touched(trap, touches))
                    run(&t, trap);
    return out;
}

struct trap_findings *trap_of_object(struct arena *a, const struct trap_findings *all,
                                     const char *kind, const char *name, const char *scope)
{
    struct trap_findings *own = arena_make(a, struct trap_findings);
    *own = *all;
    own->count = 0;
    own->list = arena_array(a, struct trap_finding, all->count + 1);
    for (int i = 0; i < all->count; i++)
        if (same(all->list[i].kind, kind) && same(all->list[i].name, name) &&
            same(all->list[i].scope, scope))
            own->list[own->count++] = all->list[i];
    return own;
}

const char *trap_risk_name(enum trap_risk r)
{
    static const char *const names[] = { "open", "broken", "dead", "note" };
    return names[r];
}

char *trap_line(struct arena *a, const struct trap_finding *f)
{
    const char *scope = f->scope ? arena_printf(a, " (%s)", text_clean(a, f->scope, 200)) : "";
    return arena_printf(a, "%s %s %s %s%s%s%s: %s%s%s%s", trap_risk_name(f->trap->risk),
                        f->trap->verdict, f->kind, text_clean(a, f->name, 200), scope,
                        *f->path ? ", " : "", f->path, f->text, f->holds ? " (" : "",
                        f->holds ? f->holds : "", f->holds ? ")" : "");
}
