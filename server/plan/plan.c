/* plan.c - a change as data: what tools describe, made safe, and the digest over it.
 *
 * Every operation passes `complete_operation`, the one place where an object about to be sent is
 * made whole: name, masked secrets, members that a write would lose, members the console would obey
 * against the URL. How plans are shown and stored is plan_show.c.
 */
#include "plan/plan.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/normalize_private.h"
#include "rule/check.h"
#include <stdarg.h>

enum { MOST_TEXT = 512 }; /* bytes of a title or a warning */

struct plan *plan_new(struct arena *a, const char *tool, enum risk risk, struct err *e)
{
    struct plan *p = arena_make(a, struct plan);
    p->arena = a;
    p->tool = arena_strdup(a, tool ? tool : "");
    p->risk = risk;
    p->err = e;
    return p;
}

void plan_warn(struct plan *p, const char *format, ...)
{
    static const char more[] = "there are more warnings than are kept";
    if (p->warning_count == PLAN_MAX_WARNINGS) {
        p->warnings[PLAN_MAX_WARNINGS - 1] = more;
        return;
    }
    va_list args;
    va_start(args, format);
    const char *text = text_clean(p->arena, arena_vprintf(p->arena, format, args), MOST_TEXT);
    va_end(args);
    for (int i = 0; i < p->warning_count; i++)
        if (!strcmp(p->warnings[i], text))
            return;
    p->warnings[p->warning_count++] = text;
}

void plan_title(struct plan *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    p->title = text_clean(p->arena, arena_vprintf(p->arena, format, args), MOST_TEXT);
    va_end(args);
}

void plan_risk(struct plan *p, enum risk at_least)
{
    if (p->risk < at_least)
        p->risk = at_least;
}

struct plan_op *plan_room(struct plan *p)
{
    p->ops = arena_grow(p->arena, p->ops, p->count, &p->room, sizeof *p->ops);
    return &p->ops[p->count];
}

struct plan_op *plan_find(const struct plan *p, const struct kind *k, const char *name,
                          const char *scope)
{
    for (int i = 0; i < p->count; i++) {
        struct plan_op *o = &p->ops[i];
        if (o->kind == k && !strcmp(o->name, name) &&
            !strcmp(o->scope ? o->scope : "", scope ? scope : ""))
            return o;
    }
    return NULL;
}

static bool guarded_by(const char *list, const char *name)
{
    char word[TEXT_WORD];
    for (const char *rest = list; text_word_next(&rest, word);)
        if (*word == '.' ? text_ends(name, word) : !strcmp(name, word))
            return true;
    return false;
}

static bool may_be_written(struct plan *p, enum plan_verb verb, const struct kind *k)
{
    if (k->flags & KIND_READ_ONLY)
        return err_set(p->err, ERR_ARGS, "a %s can only be read", k->name);
    if ((k->flags & KIND_FIXED) && verb != PLAN_PUT)
        return err_set(p->err, ERR_ARGS,
                       "%s is always there: it is neither created nor deleted; patch or replace it",
                       k->name);
    return p->count < PLAN_MAX_OPS ||
           err_set(p->err, ERR_ARGS, "a plan holds at most %d operations", PLAN_MAX_OPS);
}

/* Starts an operation: the kind, whether it may be written, the name. NULL after an error. */
static struct plan_op *start_operation(struct plan *p, enum plan_verb verb, const char *kind,
                                       const char *name, const char *scope)
{
    if (p->err->kind != ERR_NONE)
        return NULL;
    if (p->closed)
        bug("an operation is added to a closed plan");
    const struct kind *k = kind_find(kind);
    if (!k)
        return err_set(p->err, ERR_ARGS, "kind: '%s' is unknown, must be one of %s", kind,
                       kind_names()),
               NULL;
    if (!may_be_written(p, verb, k) || !kind_object_path(p->arena, k, name, scope, p->err))
        return NULL;
    if (guarded_by(k->guarded, name) || (verb == PLAN_DELETE && guarded_by(k->kept, name)))
        return err_set(p->err, ERR_ARGS,
                       "%s '%s' belongs to the console itself and is not changed directly", k->name,
                       name),
               NULL;
    struct plan_op *op = plan_room(p);
    *op = (struct plan_op){ .verb = verb, .kind = k, .name = arena_strdup(p->arena, name) };
    op->where = p->where;
    op->scope = (k->flags & KIND_SCOPED) ? arena_strdup(p->arena, scope) : NULL;
    return op;
}

static void carry_over(struct plan *p, const struct plan_op *op, cJSON *after)
{
    char word[TEXT_WORD];
    for (const char *rest = p->exact ? NULL : op->kind->carry; text_word_next(&rest, word);) {
        const cJSON *now = json_get(op->before, word), *next = json_get(after, word);
        if (!now || cJSON_IsNull(now) || (next && !cJSON_IsNull(next)))
            continue;
        json_set(p->arena, after, word, json_clone(p->arena, now));
        plan_warn(p, "%s is kept as it is: it was left out, and a write without it would reset it",
                  word);
    }
}

struct secret_set *plan_secrets(struct arena *a, const struct plan *p)
{
    struct secret_set *found = secret_set_new(a);
    for (int i = 0; i < p->count; i++) {
        mask_collect(a, p->ops[i].kind, p->ops[i].before, found);
        mask_collect(a, p->ops[i].kind, p->ops[i].after, found);
    }
    return found;
}

/* The rules; what they only doubt, or are against in an object that a gateway held, is a warning.
 */
static bool passes(struct plan *p, const struct plan_op *op)
{
    struct err why = { 0 };
    bool ok = check_object(p->arena, op->kind, op->before, op->after, &why);
    if (!ok) {
        struct secret_set *secrets = secret_set_new(p->arena);
        mask_collect(p->arena, op->kind, op->before, secrets);
        mask_collect(p->arena, op->kind, op->after, secrets);
        mask_error(p->arena, secrets, &why);
    }
    if (!ok && !p->as_is)
        return err_set(p->err, why.kind, "%s '%s': %s", op->kind->name, op->name, why.text);
    if (!ok)
        plan_warn(p, "%s '%s' is taken as it is, although %s", op->kind->name, op->name, why.text);
    const char *doubt;
    for (int n = 0; (doubt = check_doubt(p->arena, op->kind, op->before, op->after, n)); n++)
        plan_warn(p, "%s", doubt);
    return true;
}

/* Makes the object to be sent whole and right. */
static bool complete_operation(struct plan *p, struct plan_op *op, const cJSON *given)
{
    struct arena *a = p->arena;
    if (!cJSON_IsObject(given))
        return err_set(p->err, ERR_ARGS, "a %s must be a JSON object", op->kind->name);
    cJSON *after = json_clone(a, given);
    const char *named = json_str(after, op->kind->key);
    if (named && *named && strcmp(named, op->name) != 0)
        return err_set(p->err, ERR_ARGS, "%s: '%s' is not '%s'; an object cannot be renamed",
                       op->kind->key, text_clean(a, named, 80), op->name);
    json_set_str(a, after, op->kind->key, op->name);
    kind_strip(op->kind, after);
    if (!mask_fill(a, op->kind, after, p->secret, p->secret_arg, p->err))
        return err_at(p->err, "%s '%s'", op->kind->name, op->name);
    if (!normalize_object(p, op, after))
        return false;
    if (!mask_restore(a, op->kind, op->before, after, p->err))
        return false;
    carry_over(p, op, after);
    const char *version = op->before ? kind_version_of(op->kind, op->before) : NULL;
    if (version)
        json_set_str(a, after, "version", version);
    else
        json_remove(after, "version");
    op->after = after;
    return passes(p, op);
}

static bool finish(struct plan *p, struct plan_op *op)
{
    if (plan_find(p, op->kind, op->name, op->scope))
        return err_set(p->err, ERR_ARGS, "%s '%s' is changed twice in one plan", op->kind->name,
                       op->name);
    op->base = kind_hash(p->arena, op->kind, op->before);
    p->count++;
    plan_risk(p, op->verb == PLAN_DELETE ? DESTROY : CHANGE);
    return true;
}

bool plan_create(struct plan *p, const char *kind, const char *scope, const cJSON *after)
{
    const struct kind *k = kind_find(kind);
    const char *name = k ? kind_name_of(k, after) : NULL;
    struct plan_op *op = start_operation(p, PLAN_CREATE, kind, name, scope);
    return op && complete_operation(p, op, after) && finish(p, op);
}

/* Another name is another object: it is made, and the old one deleted. Who uses the old one is
 * looked up and pointed to the new one by refs_guard. */
static bool rename_to(struct plan *p, const struct kind *k, const char *name, const cJSON *before,
                      const cJSON *after)
{
    cJSON *fresh = json_clone(p->arena, after);
    const char *to = kind_name_of(k, fresh);
    if (k->flags & (KIND_SCOPED | KIND_FIXED))
        return err_set(p->err, ERR_ARGS, "%s: a %s cannot be renamed", k->key, k->name);
    if (!strcmp(k->name, "consumer"))
        return err_set(p->err, ERR_ARGS,
                       "%s: a consumer cannot be renamed, because a credential belongs to one at a "
                       "time; create the other one with a credential of its own",
                       k->key);
    if (!mask_restore(p->arena, k, before, fresh, p->err) ||
        !plan_create(p, k->name, NULL, fresh) || !plan_remove(p, k->name, name, NULL, before))
        return false;
    p->ops[p->count - 1].renamed = arena_strdup(p->arena, to);
    plan_title(p, "Rename %s %s to %s", k->name, name, to);
    return true;
}

bool plan_put(struct plan *p, const char *kind, const char *name, const char *scope,
              const cJSON *before, const cJSON *after)
{
    struct plan_op *op = start_operation(p, PLAN_PUT, kind, name, scope);
    if (!op)
        return false;
    const char *named = kind_name_of(op->kind, after);
    if (named && *named && strcmp(named, name) != 0 && kind_exists(op->kind, before) && !p->exact)
        return rename_to(p, op->kind, name, before, after);
    if (!kind_exists(op->kind, before))
        return err_set(p->err, ERR_ARGS, "%s '%s' does not exist; create it instead", kind, name);
    op->before = json_clone(p->arena, before);
    if (!complete_operation(p, op, after))
        return false;
    cJSON *x = kind_content(p->arena, op->kind, op->before);
    if (json_equal(x, kind_content(p->arena, op->kind, op->after)))
        return err_set(p->err, ERR_ARGS, "%s '%s' already looks like that: nothing to change", kind,
                       name);
    return finish(p, op);
}

bool plan_remove(struct plan *p, const char *kind, const char *name, const char *scope,
                 const cJSON *before)
{
    struct plan_op *op = start_operation(p, PLAN_DELETE, kind, name, scope);
    if (!op)
        return false;
    if (!kind_exists(op->kind, before))
        return err_set(p->err, ERR_ARGS, "%s '%s' does not exist: nothing to delete", kind, name);
    op->before = json_clone(p->arena, before);
    if (op->kind->lasts && json_true(before, op->kind->lasts))
        return err_set(p->err, ERR_ARGS, "%s '%s' is %s and cannot be deleted", kind, name,
                       op->kind->lasts);
    if (op->kind->loss)
        plan_warn(p, "%s", op->kind->loss);
    return finish(p, op);
}

bool plan_again(struct plan *p, const char *kind, const char *name, const cJSON *now)
{
    struct plan_op *op = start_operation(p, PLAN_PUT, kind, name, NULL);
    if (!op)
        return false;
    op->before = json_clone(p->arena, now);
    plan_warn(p, "%s '%s' is written again as it is, because parts of it may not be as it says",
              op->kind->name, op->name);
    return complete_operation(p, op, now) && finish(p, op);
}

bool plan_remove_parts(struct plan *p, const char *kind, const char *name)
{
    struct plan_op *op = start_operation(p, PLAN_DELETE, kind, name, NULL);
    if (!op)
        return false;
    plan_warn(p, "%s '%s' itself is not there; its delete takes away the parts that are",
              op->kind->name, op->name);
    return finish(p, op);
}
