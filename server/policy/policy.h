/* policy.h - who may do what, where and how: the only place that decides it.
 *
 * It is handed a wish as data and looks nothing up; others ask it and do as it says. Modes, risks
 * and channels today. Errors are ERR_POLICY and say what would help.
 */
#pragma once
#include "base/risk.h"
#include "config/channel.h"
#include "config/config.h"

struct err;

enum policy {
    POLICY_DENY = 0, /* not listed, and refused */
    POLICY_DRAFT,    /* plans only */
    POLICY_ASK,      /* a person decides */
    POLICY_GO,       /* at once */
};

/* What somebody wants to do. */
struct wish {
    enum mode mode; /* of the gateway it is about; of the process where it is about none */
    enum risk risk;
    bool dry_run;        /* no more than a plan is wanted */
    bool rejected;       /* a person has rejected the same before */
    const char *tool;    /* that is called; NULL: a plan that is made already */
    const char *gateway; /* its name, where there are several that differ; NULL: there are not */
    bool off;            /* the configuration does not offer the tool */
};

enum policy policy_of(const struct wish *w);
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
};

/* Is that channel enough? */
bool policy_takes(const struct consent *c, struct err *e);
/* May `who` do that with a change of owner's by a client ("approve", "apply", "cancel")? Only the
 * owner may. */
bool policy_owns(const char *id, const char *owner, const char *who, const char *what,
                 struct err *e);
