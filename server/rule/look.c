/* look.c - looks: where what they say goes to. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/derived.h"
#include "kind/kind.h"
#include "rule/check_private.h"
#include "rule/look_private.h"
#include "rule/trap_world_private.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN = 80, SENTENCE = 400, SENTENCES = 5 /* of one error */ };

void look_say(struct look *l, const char *path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    l->say(l->arg, path, text_clean(l->a, arena_vprintf(l->a, format, args), SENTENCE));
    va_end(args);
}

const char *look_name(struct look *l, const char *name)
{
    return text_clean(l->a, name ? name : "", NAME_SHOWN);
}

const char *look_place(struct look *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = text_clean(l->a, arena_vprintf(l->a, format, args), SENTENCE);
    va_end(args);
    return text;
}

static const char *join_paths(struct arena *a, const char *member, const char *path)
{
    return arena_printf(a, "%s%s%s", member, *member && *path ? "." : "", path);
}

/* -- where it stands -------------------------------------------------------------------------- */

struct standing {
    struct trap_walk *t;
    const struct trap_object *o;
    const char *member;
};

static void say_finding(void *arg, const char *path, const char *what)
{
    struct standing *s = arg;
    trap_add(s->t, s->o, join_paths(trap_arena(s->t), s->member, path), "%s", what);
}

void look_through(struct trap_walk *t, const struct trap_object *o, const cJSON *tree,
                  const char *member)
{
    const struct look_rule *rule = trap_with(t);
    struct standing s = { t, o, member };
    struct look l = { trap_arena(t), tree, &s, say_finding };
    rule->look(&l);
}

/* "chat" of route ai-route-chat.internal or ai-route-chat.fallback.internal, where that AI route
 * was read: what is wrong is said of it. */
static bool is_of_ai_route(const struct trap_walk *t, const struct trap_object *o)
{
    static const enum derived routes[] = { DERIVED_AI_FALLBACK, DERIVED_AI_ROUTE };
    struct trap_object owner;
    bool is = false;
    for (int i = 0; !strcmp(o->kind, "route") && !is && i < 2; i++) {
        const char *name = derived_from(trap_arena(t), routes[i], o->name);
        is = name && trap_lookup(trap_of(t), "ai-route", name, NULL, &owner);
    }
    return is;
}

/* A plugin instance may stand at the object that is asked about. */
static bool is_asked_about(const struct trap_world *w, const struct trap_object *o)
{
    return !w->about_kind || o->scope ||
           (!strcmp(o->kind, w->about_kind) && text_same(o->name, w->about_name));
}

void look_judge(struct trap_walk *t, const struct trap_object *o)
{
    if (is_asked_about(trap_of(t), o) && !is_of_ai_route(t, o))
        look_through(t, o, o->json, "");
}

/* -- before it is written --------------------------------------------------------------------- */

struct said {
    const struct check *c;
    const struct trap *rows;
    const cJSON *before, *after;
    const char *member;
    cJSON *old;       /* what is said of `before`, "PATH: WHAT" each */
    const char *text; /* sentences about `after`, joined */
    int count;
};

static void look_with_rows(struct said *s, const cJSON *tree,
                           void (*say)(void *arg, const char *path, const char *what))
{
    struct look l = { s->c->a, tree, s, say };
    for (const struct trap *row = s->rows; tree && row->number; row++) {
        const struct look_rule *rule = row->with;
        if (rule && rule->refused && text_has_word(row->about, s->c->k->name))
            rule->look(&l);
    }
}

static void say_old(void *arg, const char *path, const char *what)
{
    struct said *s = arg;
    json_add_str(s->c->a, s->old, arena_printf(s->c->a, "%s: %s", path, what));
}

/* What stands at a path; an annotation's name holds dots. */
static const cJSON *value_at(const cJSON *tree, const char *path)
{
    static const char custom[] = "customConfigs.";
    return text_starts(path, custom)
               ? json_get(json_get(tree, "customConfigs"), path + sizeof custom - 1)
               : json_path(tree, path);
}

/* What stands there already is no mistake of a change. */
static bool is_old(const struct said *s, const char *path, const char *what)
{
    const char *sentence = arena_printf(s->c->a, "%s: %s", path, what);
    const cJSON *x = value_at(s->before, path), *y = value_at(s->after, path), *o;
    if (!x != !y || (x && !json_equal(x, y)))
        return false;
    cJSON_ArrayForEach(o, s->old)
    {
        if (!strcmp(o->valuestring, sentence))
            return true;
    }
    return false;
}

static void say_mistake(void *arg, const char *path, const char *what)
{
    struct said *s = arg;
    const char *whole = join_paths(s->c->a, s->member, path);
    if (!is_old(s, path, what) && s->count++ < SENTENCES)
        s->text = arena_printf(s->c->a, "%s%s%s%s%s", s->text, *s->text ? "; " : "", whole,
                               *whole ? ": " : "", what);
}

bool look_passes(const struct check *c, const struct trap *rows, const cJSON *before,
                 const cJSON *after, const char *member)
{
    struct said s = { c, rows, before, after, member, json_array(c->a), "", 0 };
    look_with_rows(&s, before, say_old);
    look_with_rows(&s, after, say_mistake);
    if (s.count > SENTENCES)
        s.text = arena_printf(c->a, "%s; and %d more", s.text, s.count - SENTENCES);
    return s.count == 0 || check_no(c, "%s", s.text);
}
