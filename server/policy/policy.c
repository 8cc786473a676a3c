/* policy.c - the table of modes and risks, what a channel is worth, and whose a change is. */
#include "policy/policy.h"
#include "base/err.h"
#include <string.h>

static const enum policy table[][DESTROY + 1] = {
    [MODE_READ_ONLY] = { [READ] = POLICY_GO, [CHANGE] = POLICY_DENY, [DESTROY] = POLICY_DENY },
    [MODE_DRY_RUN] = { [READ] = POLICY_GO, [CHANGE] = POLICY_DRAFT, [DESTROY] = POLICY_DRAFT },
    [MODE_APPROVE] = { [READ] = POLICY_GO, [CHANGE] = POLICY_ASK, [DESTROY] = POLICY_ASK },
    [MODE_AUTO] = { [READ] = POLICY_GO, [CHANGE] = POLICY_GO, [DESTROY] = POLICY_ASK },
};

enum policy policy_of(const struct wish *w)
{
    enum policy says = table[w->mode][w->risk];
    if (says == POLICY_DENY || w->risk == READ)
        return says;
    if (w->dry_run)
        return POLICY_DRAFT;
    /* What a person rejected goes to a person again, whatever the mode. */
    return w->rejected && says == POLICY_GO ? POLICY_ASK : says;
}

bool policy_admits(const struct wish *w, struct err *e)
{
    const char *mode = config_mode_name(w->mode);
    if (w->off)
        return err_set(e, ERR_POLICY,
                       "%s is switched off here: whoever runs this server named the tools it "
                       "offers (--toolsets, --tools); tools/list shows them",
                       w->tool);
    if (policy_of(w) != POLICY_DENY)
        return true;
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

enum mode policy_stricter(enum mode x, enum mode y)
{
    return x < y ? x : y;
}

/* -- consent ------------------------------------------------------------------------------- */

enum strength policy_least(const struct config *c, enum risk risk)
{
    bool destroys = risk != READ && risk != CHANGE; /* what is not known counts as the worst */
    bool approvers = c->approvers && c->approvers[0].name;
    enum strength least = destroys ? c->approval_destroy : c->approval_change;
    if (least == STRENGTH_NONE && approvers)
        least = destroys ? STRENGTH_PERSON : STRENGTH_STDIO_FORM;
    if (least < STRENGTH_HTTP_FORM)
        least = STRENGTH_HTTP_FORM;
    if (destroys && approvers && least < STRENGTH_STDIO_FORM)
        least = STRENGTH_STDIO_FORM;
    return least;
}

bool policy_takes(const struct consent *c, struct err *e)
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
