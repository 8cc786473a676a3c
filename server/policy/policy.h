/* policy.h - who may do what, where and how: the only place that decides it.
 *
 * It is handed a wish as data and looks nothing up; others ask it and do as it says. The mode is
 * the ceiling; the rules of the policy file (rules.h) and a freeze only narrow it. Errors are
 * ERR_POLICY, name the rule, and say what would help.
 */
#pragma once
#include "base/risk.h"
#include "config/channel.h"
#include "config/config.h"

struct arena;
struct err;
struct rules;

enum policy {
    POLICY_DENY = 0, /* not listed, and refused */
    POLICY_DRAFT,    /* plans only */
    POLICY_ASK,      /* a person decides */
    POLICY_GO,       /* at once */
};
const char *policy_name(enum policy p); /* "deny", "dry_run", "ask", "auto" */

/* How much a change touches; what is not known is SIZE_UNKNOWN, and counts as all. */
#define SIZE_UNKNOWN (-1.0)
struct wish_size {
    double objects, routes, share; /* share: of recent requests, in per cent */
};
struct wish_object {
    const char *kind, *name, *scope; /* scope: "route:pay" of a plugin's instance, or NULL */
};
/* Nothing is applied to a gateway, or to any, until it ends (store/store_pin.h). */
struct freeze {
    const char *reason, *by;
    double until;
};

/* What somebody wants to do. */
struct wish {
    enum mode mode; /* of the gateway it is about; of the process where it is about none */
    enum risk risk;
    bool dry_run;        /* no more than a plan is wanted */
    bool rejected;       /* a person has rejected the same before */
    const char *tool;    /* that is called, or that made the plan */
    const char *gateway; /* its name, where there are several that differ; NULL: there are not */
    bool off;            /* the configuration does not offer the tool */
    /* From here on of interest to rules only. */
    const struct rules *rules; /* NULL: none */
    const char *url;           /* of the gateway */
    const char *requester;     /* the person, or the name where the table does not know them */
    unsigned roles;            /* of them */
    enum channel_kind by;      /* by which it is decided now; CHANNEL_NONE: it is not yet */
    const struct wish_object *objects;
    int count; /* of objects; 0: not known yet, and rules about changes do not count */
    struct wish_size size;
    bool undoes;                 /* it takes back a change */
    double now, age;             /* Unix seconds; seconds since it was planned */
    const struct freeze *freeze; /* in force; NULL: none */
};

/* What is decided, and by what. */
struct ruling {
    enum policy says;
    const char *rule;  /* that decided; "freeze"; NULL: the mode */
    int object;        /* the place of the object on which it fell; -1: on none */
    unsigned channels; /* of an ask: bits (1 << enum channel_kind) of those that will do; 0: any */
    unsigned roles;    /* any of which a decider has; 0: any that may decide */
    int count;         /* people who must agree */
    bool not_requester;
    const char
        *at_odds; /* of a deny: the rule with which it leaves nobody or no channel; or NULL */
    /* Of rules in shadow: what they would have said, where that is another thing. */
    bool shadowed;
    enum policy would;
    const char *would_rule;
};

/* Decides over the whole: for each object on its own, and the strictest counts, so that nothing is
 * let through by being put together with something else. */
struct ruling policy_rule(const struct wish *w);
struct ruling policy_rule_object(const struct wish *w, int object); /* of one; -1: of none */
enum policy policy_of(const struct wish *w);
/* "rule 'x' says deny for route 'pay'"; "mode approve says ask". */
const char *policy_why(struct arena *a, const struct wish *w, const struct ruling *r);
/* "2 people with the role approver who did not ask for it, at page or terminal". */
const char *policy_needs(struct arena *a, const struct ruling *r);
/* May the tool be called? False: e says why not. */
bool policy_admits(const struct wish *w, struct err *e);
/* Does the mode let changes be planned, and applied? */
bool policy_plans(enum mode mode);
bool policy_applies(enum mode mode);
/* Is what has that risk for those only who may change things? */
bool policy_changes(enum risk risk);

/* The mode of that name, as it is held against a process: what is not known is the strictest. */
#define POLICY_WEAKEST MODE_AUTO
enum mode policy_mode_named(const char *name);
/* The mode as it counts for what a person must always decide. */
enum mode policy_never_auto(enum mode mode);
enum mode policy_stricter(enum mode x, enum mode y);

/* The least channel that the configuration takes for a decision over that risk on the gateway of c.
 * Where there are approvers, a form over HTTP never lets anything be destroyed, whatever is
 * configured. */
enum strength policy_least(const struct config *c, enum risk risk);

/* What somebody would say yes to. */
struct consent {
    const char *id; /* of the change */
    enum risk risk;
    enum channel_kind by;
    enum strength least, pinned; /* policy_least, and what the state is pinned to */
    const char *rejected; /* who rejected the same wish before, in a sentence; NULL: nobody */
    const struct config *config; /* whose table of people counts; NULL: that does not matter */
    const char *owner, *who;     /* asked for it; says yes */
    const struct ruling *ruling; /* over the wish; NULL: modes alone */
};

/* Is that channel enough, and that person one who may? */
bool policy_takes(const struct consent *c, struct err *e);
/* May `who` do that with a change of owner's by a client ("approve", "apply", "cancel")? Only the
 * owner may. */
bool policy_owns(const char *id, const char *owner, const char *who, const char *what,
                 struct err *e);
