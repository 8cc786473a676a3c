/* plan_show.c - plans closed, shown to people and models (masked), packed for the store and
 * unpacked.
 *
 * The digest is made of what a person approves and what will be sent: a reader of an old plan
 * recomputes it, so a changed byte in the store is noticed.
 */
#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "kind/diff.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include "plan/effect_private.h"
#include "plan/plan.h"

/* Of a plan of many operations each is shown in fewer lines, and the last ones are counted. */
enum { DIFF_LINES = 24, FEW = 20, FEW_LINES = 6, MANY = 100, MANY_LINES = 1, SHOWN = 200 };

const char *plan_op_kind(const struct plan_op *op)
{
    return op->kind->name;
}

const char *plan_verb_name(enum plan_verb v)
{
    static const char *const names[] = { "", "create", "put", "delete" };
    return names[v];
}

/* What else is agreed to with it. */
static void set_terms(struct arena *a, cJSON *o, const struct plan *p)
{
    if (p->guard)
        json_set(a, o, "guard", json_clone(a, p->guard));
    if (p->schedule)
        json_set(a, o, "schedule", json_clone(a, p->schedule));
}

static cJSON *plan_summary_head(struct arena *a, const struct plan *p)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "tool", p->tool);
    json_set_str(a, o, "title", p->title);
    json_set_str(a, o, "risk", risk_name(p->risk));
    json_set_str(a, o, "undoes", p->undoes);
    json_set_str(a, o, "gateway", p->gateway);
    set_terms(a, o, p);
    cJSON *warnings = json_set_array(a, o, "warnings");
    for (int i = 0; i < p->warning_count; i++)
        json_add_str(a, warnings, p->warnings[i]);
    return o;
}

static cJSON *op_head(struct arena *a, const struct plan_op *op)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "verb", plan_verb_name(op->verb));
    json_set_str(a, o, "kind", op->kind->name);
    json_set_str(a, o, "name", op->name);
    if (op->scope)
        json_set_str(a, o, "scope", op->scope);
    json_set_str(a, o, "base", op->base);
    return o;
}

static char *digest(struct plan *p)
{
    struct arena *a = p->arena;
    cJSON *o = plan_summary_head(a, p);
    cJSON *ops = json_set_array(a, o, "operations");
    for (int i = 0; i < p->count; i++) {
        cJSON *op = op_head(a, &p->ops[i]);
        if (p->ops[i].after)
            json_set(a, op, "after", kind_content(a, p->ops[i].kind, p->ops[i].after));
        json_add(a, ops, op);
    }
    char *text = json_canonical(a, o);
    return crypto_sha256_hex(a, text, strlen(text));
}

/* What operation i wants its object to be; nothing of what is there, so that the same wish on
 * another day is the same. A create and an update to the same content are one. */
static char *wish_of(struct arena *a, const struct plan_op *op)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "kind", op->kind->name);
    json_set_str(a, o, "name", op->name);
    json_set_str(a, o, "scope", op->scope);
    cJSON *after = kind_content(a, op->kind, op->after);
    if (after && kind_version_of(op->kind, op->after))
        json_remove(after, "version");
    if (after)
        json_set(a, o, "after", after);
    char *text = json_canonical(a, o);
    return crypto_sha256_hex(a, text, strlen(text));
}

static int compare_texts(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Also sets that of each operation. */
static char *wish(const struct plan *p)
{
    struct arena *a = p->arena;
    const char **all = arena_array(a, const char *, p->count);
    for (int i = 0; i < p->count; i++)
        all[i] = p->ops[i].wish = wish_of(a, &p->ops[i]);
    qsort(all, (size_t)p->count, sizeof *all, compare_texts);
    cJSON *o = json_array(a);
    json_add_str(a, o, p->gateway ? p->gateway : "");
    for (int i = 0; i < p->count; i++)
        json_add_str(a, o, all[i]);
    char *text = json_print(a, o);
    return crypto_sha256_hex(a, text, strlen(text));
}

bool plan_close(struct plan *p)
{
    if (p->err->kind != ERR_NONE)
        return false;
    if (p->count == 0)
        return err_set(p->err, ERR_ARGS, "the plan holds no operation");
    if (!p->title)
        effect_title(p);
    p->digest = digest(p);
    p->wish = wish(p);
    p->closed = true;
    return true;
}

static cJSON *show_op(struct arena *a, const struct plan_op *op, int lines, bool whole)
{
    cJSON *o = op_head(a, op);
    cJSON *before = mask_object(a, op->kind, kind_content(a, op->kind, op->before));
    cJSON *after = mask_object(a, op->kind, kind_content(a, op->kind, op->after));
    json_set(a, o, "diff", diff_lines(a, before, after, lines));
    if (whole && before)
        json_set(a, o, "before", before);
    if (whole && after)
        json_set(a, o, "after", after);
    return o;
}

cJSON *plan_show(struct arena *a, const struct plan *p, bool whole)
{
    cJSON *o = json_object(a);
    json_set_str(a, o, "title", p->title);
    json_set_str(a, o, "risk", risk_name(p->risk));
    json_set_str(a, o, "digest", p->digest);
    json_set_str(a, o, "gateway", p->gateway);
    if (p->undoes)
        json_set_str(a, o, "undoes", p->undoes);
    set_terms(a, o, p);
    cJSON *ops = json_set_array(a, o, "operations");
    int lines = p->count <= FEW ? DIFF_LINES : p->count <= MANY ? FEW_LINES : MANY_LINES;
    for (int i = 0; i < p->count && i < SHOWN; i++)
        json_add(a, ops, show_op(a, &p->ops[i], lines, whole && p->count <= FEW));
    if (p->count > SHOWN)
        json_set_num(a, o, "more_operations", p->count - SHOWN);
    cJSON *warnings = json_set_array(a, o, "warnings");
    for (int i = 0; i < p->warning_count && i < PLAN_WARNINGS_SHOWN; i++)
        json_add_str(a, warnings, p->warnings[i]);
    if (p->warning_count > PLAN_WARNINGS_SHOWN)
        json_add_str(a, warnings,
                     arena_printf(a, "… and %d more", p->warning_count - PLAN_WARNINGS_SHOWN));
    return o;
}

cJSON *plan_pack(struct arena *a, const struct plan *p)
{
    cJSON *o = plan_summary_head(a, p);
    json_set_str(a, o, "digest", p->digest);
    if (p->share >= 0)
        json_set_num(a, o, "share", p->share);
    if (p->policy)
        json_set_str(a, o, "policy", p->policy);
    cJSON *ops = json_set_array(a, o, "operations");
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        cJSON *x = json_add(a, ops, op_head(a, op));
        if (op->before)
            json_set(a, x, "before", json_clone(a, op->before));
        if (op->after)
            json_set(a, x, "after", json_clone(a, op->after));
    }
    return o;
}

static enum risk risk_of(const char *name)
{
    for (enum risk r = READ; r <= DESTROY; r++)
        if (name && !strcmp(name, risk_name(r)))
            return r;
    return RISK_UNSET;
}

static enum plan_verb verb_of(const char *name)
{
    for (enum plan_verb v = PLAN_CREATE; v <= PLAN_DELETE; v++)
        if (name && !strcmp(name, plan_verb_name(v)))
            return v;
    return 0;
}

static bool unpack_op(struct plan *p, const cJSON *x)
{
    struct plan_op *op = plan_room(p);
    op->verb = verb_of(json_str(x, "verb"));
    op->kind = kind_find(json_str(x, "kind"));
    op->name = arena_strdup(p->arena, json_str(x, "name"));
    op->scope = arena_strdup(p->arena, json_str(x, "scope"));
    op->before = json_clone(p->arena, json_get(x, "before"));
    op->after = json_clone(p->arena, json_get(x, "after"));
    if (!op->verb || !op->kind || !op->name)
        return false;
    op->base = kind_hash(p->arena, op->kind, op->before);
    p->count++;
    return true;
}

struct plan *plan_unpack(struct arena *a, const cJSON *packed, struct err *e)
{
    const char *was = json_str(packed, "digest");
    struct plan *p = plan_new(a, json_str(packed, "tool"), risk_of(json_str(packed, "risk")), e);
    p->title = arena_strdup(a, json_str(packed, "title"));
    p->undoes = arena_strdup(a, json_str(packed, "undoes"));
    p->gateway = arena_strdup(a, json_str(packed, "gateway"));
    p->share = json_num(packed, "share", -1);
    p->policy = arena_strdup(a, json_str(packed, "policy"));
    p->guard = json_clone(a, json_get(packed, "guard"));
    p->schedule = json_clone(a, json_get(packed, "schedule"));
    const cJSON *x;
    cJSON_ArrayForEach(x, json_get(packed, "warnings"))
    {
        if (cJSON_IsString(x) && p->warning_count < PLAN_MAX_WARNINGS)
            p->warnings[p->warning_count++] = arena_strdup(a, x->valuestring);
    }
    bool whole = true;
    cJSON_ArrayForEach(x, json_get(packed, "operations"))
    {
        whole = whole && p->count < PLAN_MAX_OPS && unpack_op(p, x);
    }
    if (whole && was && p->title && plan_close(p) && !strcmp(was, p->digest))
        return p;
    err_set(e, ERR_SYSTEM,
            "the stored plan does not fit its digest: it was tampered with or is "
            "damaged; nothing is written, make the plan again");
    return NULL;
}
