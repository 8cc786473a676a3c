/* inspect_plan.c - the traps of a gateway before a plan and after it, and the difference.
 *
 * Only kinds that the plan's traps look at are read, and few places: a plan is not kept waiting.
 * What an object alone shows is judged whatever could be read. */
#include "inspect/inspect_plan.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "inspect/world.h"
#include "kind/kind.h"
#include "plan/plan.h"
#include "plan/refs.h"
#include "rule/trap.h"
#include <string.h>

enum { PLACES = 160, SECONDS = 2, SENTENCE = 360 };
static const size_t BYTES = (size_t)16 << 20;

/* What verify.h and the rules of the write path say, with better words for a change. */
static const char said_already[] =
    "ROUTE_SERVICE_MISSING|HOST_NOT_COVERED|CONSUMER_SAME_KEY|LIMIT_REDIS_MISSING|LIMIT_REFUSED|"
    "RULE_BROKEN|ALLOWED_CONSUMER_MISSING|AI_ROUTE_PROVIDER_MISSING|PLUGIN_MEMBER_UNKNOWN|"
    "PLUGIN_VALUE_TYPE";

/* -- which kinds ------------------------------------------------------------------------------ */

static const char *add_word(struct arena *a, const char *list, const char *word)
{
    if (text_has_word(list, word))
        return list;
    return list ? arena_printf(a, "%s|%s", list, word) : arena_strdup(a, word);
}

static const char *kinds_of(const struct plan *p)
{
    const char *list = NULL;
    for (int i = 0; i < p->count; i++)
        list = add_word(p->arena, list, p->ops[i].kind->name);
    return list;
}

/* Those and what their traps look at beside. */
static const char *kinds_read(const struct plan *p, const char *changed)
{
    const char *list = NULL;
    char word[TEXT_WORD];
    for (size_t i = 0; trap_tables[i]; i++)
        for (const struct trap *t = trap_tables[i]; t->number; t++) {
            bool touched = false;
            for (const char *rest = changed; text_word_next(&rest, word);)
                touched =
                    touched || text_has_word(t->about, word) || text_has_word(t->beside, word);
            for (const char *rest = touched && !t->envoy ? t->beside : NULL;
                 text_word_next(&rest, word);)
                list = add_word(p->arena, list, word);
        }
    return list;
}

/* -- the world after -------------------------------------------------------------------------- */

/* The services of a source come and go with it. */
static void apply_services(const struct plan *p, struct trap_world *w, const struct plan_op *op)
{
    const cJSON *object = op->after ? op->after : op->before;
    const char *type = json_str(object, "type");
    if (strcmp(op->kind->name, "service-source") != 0 || !object)
        return;
    const struct ref_target t = refs_target(p->arena, op->kind, object);
    if (!t.service || !type) {
        trap_world_doubt(w, "service");
        return;
    }
    cJSON *service = json_object(p->arena);
    json_set_str(p->arena, service, "name", t.service);
    json_set_num(p->arena, service, "port",
                 strcmp(type, "static") ? json_num(object, "port", 0) : 80);
    trap_world_apply(w, "service", t.service, NULL, op->after ? service : NULL);
}

static void apply_plan_to_world(const struct plan *p, struct trap_world *w)
{
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        trap_world_apply(w, op->kind->name, op->name, op->scope, op->after);
        apply_services(p, w, op);
        if (!strcmp(op->kind->name, "ai-provider"))
            trap_world_doubt(w, "service");
    }
}

/* -- the difference --------------------------------------------------------------------------- */

static bool stood_before(const struct trap_findings *before, const struct trap_finding *f)
{
    for (int i = 0; i < before->count; i++) {
        const struct trap_finding *b = &before->list[i];
        if (b->trap == f->trap && text_same(b->name, f->name) && text_same(b->scope, f->scope) &&
            text_same(b->path, f->path) && text_same(b->text, f->text))
            return true;
    }
    return false;
}

static void warn_of_new_findings(struct plan *p, const struct trap_findings *before,
                                 const struct trap_findings *after)
{
    for (int i = 0; i < after->count; i++) {
        const struct trap_finding *f = &after->list[i];
        if (f->trap->risk < TRAP_NOTE && !text_has_word(said_already, f->trap->verdict) &&
            !stood_before(before, f))
            plan_warn(p, "%s", text_clean(p->arena, trap_line(p->arena, f), SENTENCE));
    }
}

void inspect_plan(struct gateway *g, struct plan *p)
{
    struct err e = { 0 };
    const char *changed = kinds_of(p), *read = kinds_read(p, changed);
    const struct world_means means = {
        .loop = gateway_loop(g), .gateway = g, .places = PLACES, .seconds = SECONDS, .bytes = BYTES
    };
    bool about_places =
        text_has_word(changed, "plugin-instance") || text_has_word(changed, "consumer");
    const cJSON *m;
    if (p->undoes || p->count == 0)
        return;
    struct world *w = world_read_kinds(p->arena, &means, read ? read : "", &e);
    if (!w)
        return;
    /* What is changed is known, whether its list was read or not. */
    for (int i = 0; i < p->count; i++)
        if (p->ops[i].before)
            trap_world_apply(w->trap, p->ops[i].kind->name, p->ops[i].name, p->ops[i].scope,
                             p->ops[i].before);
    const struct trap_findings *before = trap_find(p->arena, w->trap, changed);
    apply_plan_to_world(p, w->trap);
    warn_of_new_findings(p, before, trap_find(p->arena, w->trap, changed));
    cJSON_ArrayForEach(m, w->unread)
    {
        bool bound = text_starts(m->valuestring, WORLD_PLACES_LEFT);
        if (about_places || !bound)
            plan_warn(p, "not judged: %s%s", bound ? "" : "could not read ",
                      text_clean(p->arena, m->valuestring, SENTENCE));
    }
}
