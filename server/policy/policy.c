/* policy.c - the decision: modes and risks, rules and freezes laid over them, what a channel is
 * worth, and whose a change is. */
#include "policy/policy.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "policy/people.h"
#include "policy/rules.h"
#include <string.h>

const char *policy_name(enum policy p)
{
    static const char *const names[] = { "deny", "dry_run", "ask", "auto" };
    return names[p];
}

static const enum policy table[][DESTROY + 1] = {
    [MODE_READ_ONLY] = { [READ] = POLICY_GO, [CHANGE] = POLICY_DENY, [DESTROY] = POLICY_DENY },
    [MODE_DRY_RUN] = { [READ] = POLICY_GO, [CHANGE] = POLICY_DRAFT, [DESTROY] = POLICY_DRAFT },
    [MODE_APPROVE] = { [READ] = POLICY_GO, [CHANGE] = POLICY_ASK, [DESTROY] = POLICY_ASK },
    [MODE_AUTO] = { [READ] = POLICY_GO, [CHANGE] = POLICY_GO, [DESTROY] = POLICY_ASK },
};

/* What the mode alone says: the ceiling. */
static struct ruling rule_of_mode(const struct wish *w)
{
    enum policy says = table[w->mode][w->risk];
    if (says > POLICY_DRAFT && w->dry_run && w->risk != READ)
        says = POLICY_DRAFT;
    /* What a person rejected goes to a person again, whatever the mode. */
    if (w->rejected && says == POLICY_GO && w->risk != READ)
        says = POLICY_ASK;
    return (struct ruling){ .says = says, .object = -1, .count = 1 };
}

/* -- rules --------------------------------------------------------------------------------- */

/* A freeze stands before all rules but those that say that they are about it. */
static bool is_of_now(const struct rule *r, const struct wish *w)
{
    return !w->freeze || cJSON_IsTrue(json_get(r->when, "frozen"));
}

static const struct rule *first_rule(const struct wish *w, int object)
{
    for (int i = 0; i < w->rules->count; i++)
        if (w->rules->rules[i].never && rules_hold(&w->rules->rules[i], w, object))
            return &w->rules->rules[i];
    for (int i = 0; i < w->rules->count; i++)
        if (is_of_now(&w->rules->rules[i], w) && rules_hold(&w->rules->rules[i], w, object))
            return &w->rules->rules[i];
    return NULL;
}

static struct ruling ruling_of(const struct rule *rule, int object)
{
    struct ruling r = rule->asks;
    r.says = rule->says;
    r.rule = rule->name;
    r.object = object;
    return r;
}

/* What the rules and a freeze say of one object; GO where they say nothing. */
static struct ruling rule_of_rules(const struct wish *w, int object)
{
    const struct rule *rule = w->rules ? first_rule(w, object) : NULL;
    if (rule)
        return ruling_of(rule, object);
    if (w->freeze && w->risk != READ)
        return (
            struct ruling){ .says = POLICY_DRAFT, .rule = "freeze", .object = object, .count = 1 };
    return (struct ruling){ .says = POLICY_GO, .object = -1, .count = 1 };
}

/* No channel is left that both take: nothing will do. */
static void narrow_bits(unsigned *is, unsigned to, enum policy *says)
{
    if (*is && to && !(*is & to))
        *says = POLICY_DENY;
    *is = *is && to ? *is & to : *is | to;
}

/* Both hold: the stricter answer, and of two that ask what each wants of those who decide. */
static struct ruling strictest_of_both(struct ruling x, struct ruling y)
{
    bool second = y.says < x.says || (y.says == x.says && !x.rule);
    struct ruling r = second ? y : x;
    const struct ruling *other = second ? &x : &y;
    if (x.says != POLICY_ASK || y.says != POLICY_ASK)
        return r;
    narrow_bits(&r.channels, other->channels, &r.says);
    narrow_bits(&r.roles, other->roles, &r.says);
    r.at_odds = r.says == POLICY_DENY ? other->rule : NULL;
    r.count = other->count > r.count ? other->count : r.count;
    r.not_requester = r.not_requester || other->not_requester;
    return r;
}

/* Only of rules in force; of others, what they would say. */
static bool in_force(const struct wish *w)
{
    return !w->rules || w->rules->mode == RULES_ENFORCE;
}

static bool asks_same(const struct ruling *x, const struct ruling *y)
{
    return x->says == y->says && (x->says != POLICY_ASK ||
                                  (x->channels == y->channels && x->roles == y->roles &&
                                   x->count == y->count && x->not_requester == y->not_requester));
}

/* A change whose objects are not known yet: only its mode says anything. */
static bool is_only_called(const struct wish *w)
{
    return w->risk != READ && w->count == 0;
}

static struct ruling rule_of_all(const struct wish *w)
{
    struct ruling r = rule_of_mode(w);
    if (r.says == POLICY_DENY || is_only_called(w))
        return r;
    if (w->count == 0)
        return strictest_of_both(r, rule_of_rules(w, -1));
    for (int i = 0; i < w->count; i++)
        r = strictest_of_both(r, rule_of_rules(w, i));
    return r;
}

struct ruling policy_rule_object(const struct wish *w, int object)
{
    return strictest_of_both(rule_of_mode(w), rule_of_rules(w, object));
}

struct ruling policy_rule(const struct wish *w)
{
    if (in_force(w))
        return rule_of_all(w);
    struct wish without = *w;
    without.rules = NULL;
    struct ruling is = rule_of_all(&without);
    if (w->rules->mode == RULES_OFF)
        return is;
    struct ruling would = rule_of_all(w);
    is.shadowed = !asks_same(&is, &would);
    is.would = would.says;
    is.would_rule = would.rule;
    return is;
}

enum policy policy_of(const struct wish *w)
{
    return policy_rule(w).says;
}

/* -- in words ------------------------------------------------------------------------------ */

static const char *for_object(struct arena *a, const struct wish *w, int object)
{
    if (object < 0 || object >= w->count)
        return "";
    const struct wish_object *o = &w->objects[object];
    return arena_printf(a, " for %s '%s'%s%s", o->kind, o->name, o->scope ? " at " : "",
                        o->scope ? o->scope : "");
}

const char *policy_why(struct arena *a, const struct wish *w, const struct ruling *r)
{
    if (!r->rule)
        return arena_printf(a, "mode %s says %s", config_mode_name(w->mode), policy_name(r->says));
    if (w->freeze && !strcmp(r->rule, "freeze"))
        return arena_printf(a,
                            "changes are frozen until %s by %s: %s; higress-ops freeze --lift at a "
                            "terminal ends it",
                            when_text(a, w->freeze->until, false), w->freeze->by,
                            w->freeze->reason);
    if (r->at_odds)
        return arena_printf(a,
                            "rules '%s' and '%s' of the policy have no channel or no role in "
                            "common; make a change for each",
                            r->rule, r->at_odds);
    return arena_printf(a, "rule '%s' of the policy says %s%s", r->rule, policy_name(r->says),
                        for_object(a, w, r->object));
}

static const char *listed_channels(struct arena *a, unsigned channels)
{
    const char *text = NULL;
    for (int i = CHANNEL_FORM_HTTP; i <= CHANNEL_TERMINAL; i++)
        if (channels & (1u << i))
            text = arena_printf(a, "%s%s%s", text ? text : "", text ? " or " : "",
                                channel_word((enum channel_kind)i));
    return text;
}

const char *policy_needs(struct arena *a, const struct ruling *r)
{
    const char *where = listed_channels(a, r->channels);
    return arena_printf(a, "%d %s%s%s%s%s%s", r->count, r->count == 1 ? "person" : "people",
                        r->roles ? " with the role " : "",
                        r->roles ? people_roles_text(a, r->roles) : "",
                        r->not_requester ? " who did not ask for it" : "", where ? ", by " : "",
                        where ? where : "");
}

bool policy_admits(const struct wish *w, struct err *e)
{
    const char *mode = config_mode_name(w->mode);
    if (w->off)
        return err_set(e, ERR_POLICY,
                       "%s is switched off here: whoever runs this server named the tools it "
                       "offers (--toolsets, --tools); tools/list shows them",
                       w->tool);
    const struct ruling r = policy_rule(w);
    if (r.says != POLICY_DENY)
        return true;
    if (r.rule)
        return err_set(e, ERR_POLICY, "%s is refused by rule '%s' of the policy", w->tool, r.rule);
    if (!w->gateway)
        return err_set(e, ERR_POLICY,
                       "%s changes the gateway and this server runs in mode %s; whoever runs it "
                       "can start it with --mode approve",
                       w->tool, mode);
    return err_set(e, ERR_POLICY,
                   "%s changes the gateway and '%s' is operated in mode %s; whoever runs this "
                   "server can allow more for it",
                   w->tool, w->gateway, mode);
}

bool policy_plans(enum mode mode)
{
    return table[mode][CHANGE] != POLICY_DENY;
}

bool policy_applies(enum mode mode)
{
    return table[mode][CHANGE] > POLICY_DRAFT;
}

bool policy_changes(enum risk risk)
{
    return risk != READ;
}

/* -- modes held against each other --------------------------------------------------------- */

enum mode policy_mode_named(const char *name)
{
    for (enum mode m = MODE_READ_ONLY; m <= MODE_AUTO; m++)
        if (name && !strcmp(name, config_mode_name(m)))
            return m;
    return MODE_READ_ONLY; /* of a later release: nothing may be weaker than what is not known */
}

enum mode policy_never_auto(enum mode mode)
{
    return mode == MODE_AUTO ? MODE_APPROVE : mode;
}

enum mode policy_stricter(enum mode x, enum mode y)
{
    return x < y ? x : y;
}

/* -- consent ------------------------------------------------------------------------------- */

/* Can somebody decide elsewhere than in the client that asks: at the page, or in a chat? */
static bool has_approvers(const struct config *c)
{
    if (c->approvers && c->approvers[0].name)
        return true;
    for (const struct config_person *p = c->people; p && p->name; p++)
        if (p->roles & (ROLE_APPROVER | ROLE_ADMIN) && (p->passphrase || *p->oidc || *p->chat))
            return true;
    return false;
}

enum strength policy_least(const struct config *c, enum risk risk)
{
    bool destroys = risk != READ && risk != CHANGE; /* what is not known counts as the worst */
    bool approvers = has_approvers(c);
    enum strength least = destroys ? c->approval_destroy : c->approval_change;
    if (least == STRENGTH_NONE && approvers)
        least = destroys ? STRENGTH_PERSON : STRENGTH_STDIO_FORM;
    if (least < STRENGTH_HTTP_FORM)
        least = STRENGTH_HTTP_FORM;
    if (destroys && approvers && least < STRENGTH_STDIO_FORM)
        least = STRENGTH_STDIO_FORM;
    return least;
}

static bool is_enough(const struct consent *c, struct err *e)
{
    enum strength has = channel_strength(c->by);
    enum strength least = c->pinned > c->least ? c->pinned : c->least;
    bool destroys = c->risk == DESTROY;
    if (c->rejected && has < STRENGTH_PERSON)
        return err_set(
            e, ERR_POLICY,
            "%s: only a person at the page /change or at a terminal (higress-ops approve "
            "%s) can approve it now",
            c->rejected, c->id);
    if (has >= least)
        return true;
    if (least == STRENGTH_PASSKEY)
        return err_set(e, ERR_POLICY,
                       "%s does not approve what is of risk %s here (approval.%s: passkey): a "
                       "person does, with a key of theirs at the page /changes/%s (higress-ops "
                       "passkey enroll)",
                       channel_name(c->by), risk_name(c->risk), destroys ? "destroy" : "change",
                       c->id);
    return err_set(
        e, ERR_POLICY,
        "%s does not approve what is of risk %s here (approval.%s: %s): a person decides "
        "%sat the page /change or at a terminal (higress-ops approve %s)",
        channel_name(c->by), risk_name(c->risk), destroys ? "destroy" : "change",
        channel_strength_name(least), least < STRENGTH_PERSON ? "over stdio, " : "", c->id);
}

/* Two-person rules compare people, not names; of a name that several share nobody can say. */
static bool is_somebody_else(const struct consent *c, struct err *e)
{
    switch (people_same(c->config, c->owner, c->by, c->who)) {
    case SAME_PERSON:
        return err_set(e, ERR_POLICY,
                       "'%.100s' asked for change %s, and rule '%s' of the policy wants somebody "
                       "else to approve it",
                       people_name(c->config, c->by, c->who), c->id, c->ruling->rule);
    case SAME_MAYBE:
        return err_set(e, ERR_POLICY,
                       "change %s was asked for by '%.60s', a name that several share, and rule "
                       "'%s' of the policy wants somebody else to approve it: nobody can be seen "
                       "to be; let clients ask under names of their own",
                       c->id, c->owner, c->ruling->rule);
    default:
        return true;
    }
}

static bool rule_takes(const struct consent *c, struct err *e)
{
    const struct ruling *r = c->ruling;
    struct arena *a = arena_new();
    if (r->channels && !(r->channels & (1u << c->by)))
        err_set(e, ERR_POLICY, "%s does not approve change %s: rule '%s' of the policy wants %s",
                channel_name(c->by), c->id, r->rule, policy_needs(a, r));
    else if (r->roles && !(r->roles & people_roles(c->config, c->by, c->who)))
        err_set(e, ERR_POLICY,
                "'%.100s' does not approve change %s: rule '%s' of the policy wants %s",
                people_name(c->config, c->by, c->who), c->id, r->rule, policy_needs(a, r));
    arena_free(a);
    return e->kind == ERR_NONE && (!r->not_requester || is_somebody_else(c, e));
}

bool policy_takes(const struct consent *c, struct err *e)
{
    return is_enough(c, e) && (!c->ruling || rule_takes(c, e));
}

bool policy_owns(const char *id, const char *owner, const char *who, const char *what,
                 struct err *e)
{
    const char *is = owner ? owner : "";
    return !strcmp(is, who) ||
           err_set(e, ERR_POLICY,
                   "change %s was asked for by '%s', not by '%s': only '%s' can %s it, or a person "
                   "decides at the page /change or at a terminal (higress-ops approve %s)",
                   id, is, who, is, what, id);
}
