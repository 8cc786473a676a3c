/* plan.h - a change as data: operations with before and after, a title, warnings, a risk, and an id
 * that is a digest of all that.
 *
 * Tools describe with the functions of tool.h (declared there and here alike); mistakes go to
 * p->err and make every later call fail. After plan_close nothing changes any more. Two plans of
 * equal content have equal digests, so a handler that runs again proves it would do the same.
 * Everything lives in p->arena. before and after are whole objects with their secrets; only
 * plan_show output may leave the process.
 */
#pragma once
#include "plan/draft.h"
#include <stdbool.h>

struct arena;
struct err;
struct gateway;
struct kind;

/* Of the warnings an answer shows the first 16; a person who decides sees all. One more than the
 * last says only that there were more. */
enum { PLAN_MAX_OPS = 2000, PLAN_MAX_WARNINGS = 256, PLAN_WARNINGS_SHOWN = 16 };
enum plan_verb { PLAN_CREATE = 1, PLAN_PUT, PLAN_DELETE };

struct plan_op {
    enum plan_verb verb;
    const struct kind *kind;
    const char *name, *scope; /* scope: NULL unless the kind is scoped */
    const cJSON *before;      /* NULL: a create */
    const cJSON *after;       /* NULL: a delete */
    const char *base;         /* kind_hash of before; "absent" for a create */
    const char *renamed;      /* of a delete: the new name of what another operation creates */
    const char *wish;         /* digest of what is wanted of the object; after plan_close */
    const char *where;        /* "document 2 (line 14)" of the manifest that wants it, or NULL */
};

struct plan {
    struct arena *arena;
    struct err *err;
    const char *tool;     /* which tool made it; "" when none */
    const char *gateway;  /* URL of the gateway it is for; set by the engine */
    struct gateway *view; /* through which what surrounds it is read; NULL: its gateway */
    const char *undoes;   /* id of the plan this one reverses, or NULL */
    const char *title;
    const char *where; /* of the operations that are added now */
    const char *(*secret)(void *arg, const char *from, const char *name, struct err *e);
    void *secret_arg; /* what references to secrets stand for (mask_fill); NULL: none are known */
    enum risk risk;
    struct plan_op *ops;
    int count, room;
    const char *warnings[PLAN_MAX_WARNINGS];
    int warning_count;
    const char *if_used; /* "cascade", "force" or NULL: what to do about the users of what goes */
    bool as_is;          /* what a rule is against is taken with a warning: a gateway held it */
    bool exact;          /* `after` is what once was there: what it leaves out was not there */
    bool asks;           /* a person decides it, also where the mode would let it through: for
                            callers that read texts of others. Beside the digest */
    bool closed;
    double share; /* of the last hour's requests, what its routes took, in per cent; -1: not known.
                     Beside the digest: it moves from minute to minute */
    const char *policy;    /* digest of the policy under which it was planned, "": there was none,
                              NULL: not known. Beside the digest as well */
    const cJSON *guard;    /* how it is watched once it stands (guard/spec.h), or NULL */
    const cJSON *schedule; /* when it is applied (schedule.h), or NULL: at once */
    const char *digest;    /* 64 hex digits, after plan_close */
    const char *wish; /* digest of what is wanted of which objects of which gateway, whatever is
                         there, and whoever says so in which words and order */
};

struct plan *plan_new(struct arena *a, const char *tool, enum risk risk, struct err *e);
/* The object is as wanted, but parts of it may not be: the write is sent all the same. */
bool plan_again(struct plan *p, const char *kind, const char *name, const cJSON *now);
/* The object is not there, but parts of it are: the delete is sent all the same. */
bool plan_remove_parts(struct plan *p, const char *kind, const char *name);
/* The operation on that object, or NULL. The place of the next one, which counts once p->count
 * does.
 */
struct plan_op *plan_find(const struct plan *p, const struct kind *k, const char *name,
                          const char *scope);
struct plan_op *plan_room(struct plan *p);

/* No operation is an error (ERR_ARGS). Sets title if none was given, and the digest. */
bool plan_close(struct plan *p);
/* The route, or AI route, that the operation is plainly about; NULL: it may touch others, too. */
const char *plan_op_route(const struct plan_op *op);
const char *plan_op_kind(const struct plan_op *op); /* "route" */
const char *plan_verb_name(enum plan_verb v);       /* "create", "put", "delete" */

/* For answers and people: {"title","risk","digest","operations":[{"verb","kind","name","scope",
 * "base","diff":[…]}],"more_operations"?,"warnings":[…]}. Secrets masked, at most about 24 lines of
 * diff an operation, fewer where there are many; `whole` adds masked before and after (up to 20
 * operations). Not for a person who decides: rendering.h. */
cJSON *plan_show(struct arena *a, const struct plan *p, bool whole);
/* What the plan's objects hide, as they are and as they will be: for texts that may quote it. */
struct secret_set;
struct secret_set *plan_secrets(struct arena *a, const struct plan *p);
/* The whole plan with its secrets, for the sealed copy in the store; and back (digest checked). */
cJSON *plan_pack(struct arena *a, const struct plan *p);
struct plan *plan_unpack(struct arena *a, const cJSON *packed, struct err *e);
