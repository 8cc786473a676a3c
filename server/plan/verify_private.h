/* verify_private.h - what verify.c and verify_rules.c share. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "console/gateway.h"
#include "kind/kind.h"
#include "plan/plan.h"
#include "plan/refs.h"
#include "plan/verify.h"

/* What was asked of the gateway. */
struct seen {
    const struct kind *kind;
    const char *name;
    const cJSON *object; /* NULL: not there */
    struct seen *next;
};

struct verify {
    struct gateway *g;
    struct plan *p;
    struct cancel *cancel;
    const struct plan_op *op;   /* the one under way */
    struct ref_target *targets; /* how others name what each operation makes */
    struct seen *seen;
};

/* The object as the plan leaves it, or as it is; NULL: there is none, or v->p->err is set. */
const cJSON *verify_object(struct verify *v, const char *kind, const char *name);
/* Does the gateway's Envoy take expressions as large as those of v->op? */
bool verify_regex(struct verify *v);
/* The rules that need the gateway, for v->op. */
bool verify_rules(struct verify *v);
