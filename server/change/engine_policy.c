/* engine_policy.c - a plan put before the policy: the wish gathered as data, and what follows from
 * the answer. Whatever is asked of people is counted here. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "change/engine_private.h"
#include "kind/kind.h"
#include "policy/people.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "store/store_outside.h"
#include "store/store_pin.h"

/* -- the wish -------------------------------------------------------------------------------- */

static const struct wish_object *wish_objects_of_plan(struct arena *a, const struct plan *p)
{
    struct wish_object *out = arena_array(a, struct wish_object, p->count + 1);
    for (int i = 0; i < p->count; i++)
        out[i] = (struct wish_object){ p->ops[i].kind->name, p->ops[i].name, p->ops[i].scope };
    return out;
}

/* Routes that the plan is plainly about; of what may be used by others it is not known. */
static double routes_of_plan(const struct plan *p)
{
    for (int i = 0; i < p->count; i++)
        if (!plan_op_route(&p->ops[i]))
            return SIZE_UNKNOWN;
    return p->count;
}

/* The freeze of that gateway, or of all, that ends last. NULL: none, or + e. */
static const struct freeze *freeze_of(struct engine *g, struct arena *a, const char *url,
                                      struct err *e)
{
    struct freeze *last = NULL;
    const cJSON *list = store_freezes(g->store, a, e), *f;
    cJSON_ArrayForEach(f, list)
    {
        const char *of = json_str(f, "gateway"), *reason = json_str(f, "reason");
        double until = json_num(f, "until", 0);
        if ((of && url && strcmp(of, url) != 0) || until <= when_now() ||
            (last && until <= last->until))
            continue;
        const char *by = json_str(f, "by");
        last = last ? last : arena_make(a, struct freeze);
        *last = (struct freeze){ reason ? reason : "", by ? by : "", until };
    }
    return last;
}

bool engine_judge(struct engine *g, struct arena *a, const struct plan *p,
                  const struct engine_asked *about, struct wish *w, struct err *e)
{
    const struct engine_at *at = p->gateway ? engine_at(g, p->gateway) : NULL;
    const struct config *c = at ? at->config : g->config;
    *w = (struct wish){
        .mode = p->asks ? policy_never_auto(c->mode) : c->mode,
        .risk = p->risk,
        .dry_run = about->dry_run,
        .tool = p->tool,
        .gateway = c->name,
        .rules = g->config->rules,
        .url = p->gateway,
        .requester = people_name(g->config, CHANNEL_NONE, about->owner),
        .roles = people_roles(g->config, CHANNEL_NONE, about->owner),
        .by = about->by,
        .objects = wish_objects_of_plan(a, p),
        .count = p->count,
        .size = { p->count, routes_of_plan(p), p->share },
        .undoes = p->undoes && !store_is_edit(p->undoes), /* of a change of ours */
        .now = when_now(),
        .freeze = freeze_of(g, a, p->gateway, e),
    };
    w->age = about->created > 0 ? w->now - about->created : 0;
    return e->kind == ERR_NONE;
}

bool engine_rule_kept(struct engine *g, struct arena *a, const struct stored *row,
                      const struct plan *p, enum channel_kind by, struct wish *w, struct ruling *r,
                      struct err *e)
{
    const struct engine_asked about = { row->owner, row->created, by, false };
    if (!engine_judge(g, a, p, &about, w, e))
        return false;
    *r = policy_rule(w);
    return true;
}

bool engine_may_ask(struct engine *g, struct arena *a, const struct stored *row, const char *who,
                    struct err *e)
{
    struct wish w;
    struct ruling r;
    const struct plan *p = store_plan(g->store, a, row->id, e);
    if (!p || !people_may(g->config, DEED_PROPOSE, CHANNEL_NONE, who, e) ||
        !engine_rule_kept(g, a, row, p, CHANNEL_NONE, &w, &r, e))
        return false;
    return r.says >= POLICY_ASK || err_set(e, ERR_POLICY, "change %s is not put before anybody: %s",
                                           row->id, policy_why(a, &w, &r));
}

void engine_note_shadow(struct engine *g, const char *id, const char *who, const struct ruling *r)
{
    struct err ignored = { 0 };
    if (!r->shadowed)
        return;
    struct arena *a = arena_new();
    cJSON *o = json_object(a);
    json_set_str(a, o, "would", policy_name(r->would));
    json_set_str(a, o, "rule", r->would_rule ? r->would_rule : "mode");
    json_set_str(a, o, "is", policy_name(r->says));
    store_audit(g->store, "policy in shadow", id, who, "policy", o, &ignored);
    arena_free(a);
}

/* -- which policy it is ------------------------------------------------------------------------ */

const char *engine_policy(const struct engine *g)
{
    const struct rules *r = g->config->rules;
    return r && r->mode != RULES_OFF ? r->digest : "";
}

const char *engine_other_policy(const struct engine *g, struct arena *a, const struct plan *p)
{
    const char *now = engine_policy(g);
    if (!p->policy || !strcmp(p->policy, now))
        return NULL;
    return arena_printf(a,
                        "the policy is not the one that it was planned under: it was %.12s and is "
                        "%.12s (sha256)",
                        *p->policy ? p->policy : "none", *now ? now : "none");
}

const char *engine_policy_moved(struct engine *g, struct arena *a, const char *id)
{
    struct err unread = { 0 }; /* whoever shows the change says so */
    struct store *s = engine_store(g, &unread);
    const struct plan *p = s ? store_plan(s, a, id, &unread) : NULL;
    return p ? engine_other_policy(g, a, p) : NULL;
}

void engine_note_policy(struct engine *g)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    const char *now = engine_policy(g);
    struct store *s = *now || g->policy[0] ? engine_store(g, &e) : NULL;
    const cJSON *pin = s ? store_pin(s, a, &e) : NULL;
    const char *was = g->policy[0] ? g->policy : json_str(pin, "policy_digest");
    if (s && was && strcmp(was, now) != 0) {
        cJSON *o = json_object(a);
        json_set_str(a, o, "was", was);
        json_set_str(a, o, "is", *now ? now : "none");
        store_audit(s, "policy edited", NULL, store_owner(s), g->policy[0] ? "reload" : "start", o,
                    &e);
    }
    snprintf(g->policy, sizeof g->policy, "%s", *now ? now : "none");
    arena_free(a);
}

/* -- people who agree ------------------------------------------------------------------------ */

/* Two of them are one person by name, or by the table. */
static bool is_same_as_earlier(const struct engine *g, const struct store_decision *all, int i)
{
    const struct store_decision *d = &all[i];
    for (int k = 0; k < i; k++)
        if (people_same(g->config, all[k].who, channel_named(d->channel), d->who) != SAME_NOT)
            return true;
    return false;
}

int engine_count_people(const struct engine *g, const struct store_decision *all, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        n += !is_same_as_earlier(g, all, i);
    return n;
}

bool engine_agreed_already(const struct engine *g, const struct store_decision *all, int count,
                           enum channel_kind by, const char *who)
{
    for (int i = 0; i < count; i++)
        if (people_same(g->config, all[i].who, by, who) == SAME_PERSON)
            return true;
    return false;
}

int engine_missing(struct engine *g, const char *id, struct err *e)
{
    struct arena *a = arena_new();
    struct stored row = { 0 };
    struct wish w;
    struct ruling r;
    struct store_decision *all = NULL;
    struct store *s = engine_store(g, e);
    bool there = s && store_find(s, a, id, &row, e);
    const struct plan *p = there && engine_undecided(&row) ? store_plan(s, a, row.id, e) : NULL;
    int n = p ? store_agreed(s, a, &row, &all, e) : 0, missing = 0;
    if (p && e->kind == ERR_NONE && engine_rule_kept(g, a, &row, p, CHANNEL_NONE, &w, &r, e))
        missing = r.count - engine_count_people(g, all, n);
    arena_free(a);
    return missing > 0 ? missing : p ? 1 : 0;
}

/* -- said ------------------------------------------------------------------------------------ */

static void set_policy_moved(const struct engine *g, struct arena *a, cJSON *o,
                             const struct plan *p)
{
    const char *moved = engine_other_policy(g, a, p);
    if (moved)
        json_set_str(a, o, "policy_moved", moved);
}

static void set_approvals(struct engine *g, struct arena *a, cJSON *o, const struct stored *row,
                          const struct ruling *r, struct err *e)
{
    struct store_decision *all = NULL;
    int n = store_agreed(g->store, a, row, &all, e);
    cJSON *list = n > 0 ? json_set_array(a, o, "approvals") : NULL;
    for (int i = 0; i < n; i++) {
        cJSON *one = json_add(a, list, json_object(a));
        json_set_str(a, one, "who", all[i].who);
        json_set_str(a, one, "channel", all[i].channel);
        json_set_str(a, one, "at", when_text(a, all[i].at, false));
    }
    if (engine_undecided(row) && r->says == POLICY_ASK && r->rule)
        json_set_str(a, o, "needs", policy_needs(a, r));
}

bool engine_set_policy(struct engine *g, struct arena *a, cJSON *o, const struct stored *row,
                       struct err *e)
{
    struct wish w;
    struct err unread = { 0 }; /* that it cannot be opened is said where it is shown whole */
    const struct plan *p = engine_undecided(row) ? store_plan(g->store, a, row->id, &unread) : NULL;
    struct ruling r = { .says = POLICY_GO };
    if (p && engine_rule_kept(g, a, row, p, CHANNEL_NONE, &w, &r, e)) {
        if (r.rule)
            json_set_str(a, o, "policy", policy_why(a, &w, &r));
        set_policy_moved(g, a, o, p);
    }
    if (e->kind == ERR_NONE)
        set_approvals(g, a, o, row, &r, e);
    return e->kind == ERR_NONE;
}

cJSON *engine_explain(struct engine *g, struct arena *a, const char *id, struct err *e)
{
    struct stored row = { 0 };
    struct wish w;
    struct ruling all;
    struct store *s = engine_store(g, e);
    const struct plan *p = s && store_find(s, a, id, &row, e) ? store_plan(s, a, row.id, e) : NULL;
    if (!p || !engine_rule_kept(g, a, &row, p, CHANNEL_NONE, &w, &all, e))
        return NULL;
    cJSON *o = json_object(a), *list = json_set_array(a, o, "objects");
    json_set_str(a, o, "id", row.id);
    json_set_str(a, o, "requester", w.requester);
    json_set_str(a, o, "says", policy_name(all.says));
    json_set_str(a, o, "rule", all.rule ? all.rule : "mode");
    json_set_str(a, o, "why", policy_why(a, &w, &all));
    set_policy_moved(g, a, o, p);
    if (all.says == POLICY_ASK)
        json_set_str(a, o, "needs", policy_needs(a, &all));
    if (all.shadowed)
        json_set_str(a, o, "in_shadow",
                     arena_printf(a, "%s by %s", policy_name(all.would),
                                  all.would_rule ? all.would_rule : "mode"));
    for (int i = 0; i < w.count; i++) {
        const struct ruling one = policy_rule_object(&w, i);
        json_add_str(a, list,
                     arena_printf(a, "%s %s: %s", w.objects[i].kind, w.objects[i].name,
                                  policy_why(a, &w, &one)));
    }
    set_approvals(g, a, o, &row, &all, e);
    return e->kind == ERR_NONE ? o : NULL;
}
