/* trap.c - the walk over the table of traps, and what was found.
 *
 * A new file of traps is one extern and one line in trap_tables; what a row may do is in trap.h.
 */
#include "rule/trap.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "rule/control.h"
#include "rule/trap_private.h"
#include "rule/trap_world_private.h"
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
                                           trap_source_rows,
                                           trap_envoy_rows,
                                           trap_control_rows,
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

enum { VALUE_SHOWN = 80, SENTENCE = 600 };

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
    const cJSON *faults; /* of the control plane; NULL: no trap has asked yet */
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

const cJSON *trap_control_faults(struct trap_walk *t)
{
    const struct trap_world *w = t->world;
    const struct control_facts facts = {
        .control = w->control,
        .sources =
            trap_known(w, "service-source") ? trap_world_list(w, "service-source").objects : NULL,
    };
    if (!t->faults)
        t->faults = control_faults(t->arena, &facts);
    return t->faults;
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
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(t->arena, format, args);
    va_end(args);
    out->list = arena_grow(t->arena, out->list, out->count, &t->room, sizeof *out->list);
    out->list[out->count++] = (struct trap_finding){
        .trap = t->trap,
        .kind = o->kind,
        .name = arena_strdup(t->arena, o->name),
        .scope = arena_strdup(t->arena, o->scope),
        .path = text_clean(t->arena, path, VALUE_SHOWN * 2),
        .text = text_clean(t->arena, text, SENTENCE),
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
    u->part = trap_world_list(t->world, kind).objects != NULL;
    u->verdicts = u->count++ ? arena_printf(t->arena, "%s, %s", u->verdicts, t->trap->verdict)
                             : t->trap->verdict;
}

/* Is all known that the trap needs? One that judges object by object judges what was read. */
static bool judgeable(struct trap_walk *t)
{
    char word[TEXT_WORD];
    for (const char *rest = t->trap->beside; text_word_next(&rest, word);)
        if (!trap_known(t->world, word)) {
            cannot_judge(t, word);
            return false;
        }
    if (t->trap->envoy && !t->world->envoy)
        cannot_judge(t, "Envoy");
    if (t->trap->envoy)
        return t->world->envoy;
    if (t->trap->control)
        return t->world->control;
    int read = 0, unread = 0;
    for (const char *rest = t->trap->about; text_word_next(&rest, word);) {
        bool is = trap_world_list(t->world, word).objects;
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
    char word[TEXT_WORD];
    for (const char *rest = trap->about; text_word_next(&rest, word);)
        for (struct trap_object o = { 0 }; trap_next(t->world, word, &o);)
            if (!o.scope || !trap->plugins ||
                (trap_enabled(&o) && text_has_word(trap->plugins, o.name)))
                trap->judge(t, &o);
}

/* Is one of the kinds among those that the trap judges or looks at? */
static bool touched(const struct trap *trap, const char *kinds_changed)
{
    char word[TEXT_WORD];
    for (const char *rest = kinds_changed; text_word_next(&rest, word);)
        if (text_has_word(trap->about, word) || text_has_word(trap->beside, word))
            return true;
    return !kinds_changed;
}

static void trap_run(struct trap_walk *t, const struct trap *trap)
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

/* envoy: only traps that are judged on its dump. */
static struct trap_findings *find_by_risk(struct arena *a, const struct trap_world *w,
                                          const char *touches, bool envoy)
{
    struct trap_findings *out = arena_make(a, struct trap_findings);
    const struct trap_world world = trap_world_indexed(a, w);
    struct trap_walk t = { .arena = a, .world = &world, .out = out };
    for (enum trap_risk risk = TRAP_OPEN; risk <= TRAP_NOTE; risk++)
        for (size_t i = 0; trap_tables[i]; i++)
            for (const struct trap *trap = trap_tables[i]; trap->number; trap++)
                if (trap->risk == risk && touched(trap, touches) && (!envoy || trap->envoy))
                    trap_run(&t, trap);
    return out;
}

struct trap_findings *trap_find(struct arena *a, const struct trap_world *w, const char *touches)
{
    return find_by_risk(a, w, touches, false);
}

struct trap_findings *trap_find_envoy(struct arena *a, const struct trap_world *w)
{
    return find_by_risk(a, w, NULL, true);
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
