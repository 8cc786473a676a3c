/* catalog.c - builds the list of tools out of the const tables, once. */
#include "call/catalog.h"
#include "base/arena.h"
#include "base/err.h"
#include "policy/policy.h"

enum { MAX_NAME = 40 };

struct catalog {
    struct arena *arena;
    struct catalog_tool *tools; /* in the order of the toolsets */
    int count;
};

static const struct field dry_run = {
    "dry_run",
    BOOL,
    OPT,
    NULL,
};
/* What is agreed to beside the change; change/ reads them and says what is right. They are
 * described once: a model pays for each word. */
static const struct field terms[] = {
    { "guard", OBJ, OPT, "{for: 5m, revert_if: [5xx > 2 %, no traffic]}", .flags = FIELD_OPEN },
    { "schedule", OBJ, OPT, "{at, until}", .flags = FIELD_OPEN },
};
static const struct field nothing[] = { { 0 } };

static int field_count(const struct field *rows)
{
    int n = 0;
    while (rows && rows[n].name)
        n++;
    return n;
}

static const struct field *with_more(struct arena *a, const struct tool *t,
                                     const struct field *gateway)
{
    int n = field_count(t->in);
    struct field *rows = arena_array(a, struct field, n + 5);
    if (t->in && n)
        memcpy(rows, t->in, sizeof *rows * (size_t)n);
    if (t->plan)
        rows[n++] = dry_run;
    for (size_t i = 0; t->takes_terms && i < sizeof terms / sizeof *terms; i++) {
        rows[n++] = terms[i];
        if (t->takes_terms == TERMS_AS_ELSEWHERE)
            rows[n - 1].about = NULL;
    }
    if (gateway)
        rows[n] = *gateway;
    return rows;
}

/* The names of the protocol's own test tools are given, and longer. */
static bool good_name(const struct tool *t)
{
    size_t n = strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && n <= (t->whole ? 64 : MAX_NAME) && !t->name[n];
}

static bool check_tool(const struct catalog *c, const struct tool *t, struct err *e)
{
    int ways = (t->get != NULL) + (t->read != NULL) + (t->plan != NULL);
    if (!good_name(t))
        return err_set(e, ERR_SYSTEM, "tool name '%s' is not [a-z0-9_]{1,40}", t->name);
    if (catalog_find(c, t->name))
        return err_set(e, ERR_SYSTEM, "two tools are called '%s'", t->name);
    if (t->risk == RISK_UNSET || ways != 1 || !t->title || !t->about)
        return err_set(e, ERR_SYSTEM,
                       "tool '%s' needs a title, an about, a risk and one of get, read, plan",
                       t->name);
    return true;
}

/* -- which are offered ------------------------------------------------------------------- */

static bool in(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

bool catalog_narrow(struct catalog *c, const struct config *k)
{
    bool changed = false;
    bool all = !k->toolsets[0] && !k->tools[0];
    for (int i = 0; i < c->count; i++) {
        struct catalog_tool *t = &c->tools[i];
        t->off = !all && !in(k->toolsets, t->set->name) && !in(k->tools, t->tool->name);
        const struct wish w = { .mode = k->mode, .risk = t->tool->risk };
        bool listed = !t->off && policy_of(&w) != POLICY_DENY;
        changed = changed || listed != t->listed;
        t->listed = listed;
    }
    return changed;
}

static bool is_known_name(const struct toolset *const *sets, bool tool, const char *name)
{
    for (; *sets; sets++) {
        if (!tool && !strcmp((*sets)->name, name))
            return true;
        for (const struct tool *t = (*sets)->tools; tool && t->name; t++)
            if (!strcmp(t->name, name))
                return true;
    }
    return false;
}

static bool unknown_set(const struct toolset *const *sets, const char *name, struct err *e)
{
    char all[512] = "";
    for (size_t n = 0; *sets && n < sizeof all - 64; sets++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", (*sets)->name);
    return err_set(e, ERR_ARGS, "toolsets: there is no toolset '%.60s'; there are %s", name, all);
}

bool catalog_names(const struct toolset *const *sets, const struct config *k, struct err *e)
{
    for (const char *const *n = k->tools; *n; n++)
        if (!is_known_name(sets, true, *n))
            return err_set(e, ERR_ARGS, "tools: there is no tool '%.60s' (see higress-ops tools)",
                           *n);
    for (const char *const *n = k->toolsets; *n; n++)
        if (!is_known_name(sets, false, *n))
            return unknown_set(sets, *n, e);
    return true;
}

/* gateway: the argument that names one, where there are several. */
static void add_catalog_tool(struct catalog *c, const struct toolset *set, const struct tool *t,
                             const struct field *gateway)
{
    bool asks = gateway && (!t->local || t->of_each) && !t->bound && !t->schema;
    struct catalog_tool *x = &c->tools[c->count++];
    *x = (struct catalog_tool){ .tool = t, .set = set, .asks_gateway = asks };
    x->in = t->in ? t->in : nothing;
    if (t->plan || asks)
        x->in = with_more(c->arena, t, asks ? gateway : NULL);
}

struct catalog *catalog_new(struct arena *a, const struct toolset *const *sets,
                            const struct config *k, struct err *e)
{
    struct catalog *c = arena_make(a, struct catalog);
    int total = 0;
    c->arena = a;
    for (int s = 0; sets[s]; s++)
        for (const struct tool *t = sets[s]->tools; t->name; t++)
            total++;
    c->tools = arena_array(a, struct catalog_tool, total + 1);
    struct field gateway = { "gateway", STR, OPT, NULL };
    if (config_several(k)) {
        gateway.one_of = config_names(a, k, "|");
        gateway.otherwise = arena_printf(a, "\"%s\"", k->name);
    }
    for (int s = 0; sets[s]; s++) {
        for (const struct tool *t = sets[s]->tools; t->name; t++) {
            if (!check_tool(c, t, e))
                return NULL;
            add_catalog_tool(c, sets[s], t, config_several(k) ? &gateway : NULL);
        }
    }
    catalog_narrow(c, k);
    return c;
}

const struct catalog_tool *catalog_find(const struct catalog *c, const char *name)
{
    for (int i = 0; i < c->count; i++)
        if (*c->tools[i].tool->name == *name && !strcmp(c->tools[i].tool->name, name))
            return &c->tools[i];
    return NULL;
}

bool catalog_offers(const struct catalog *c, const char *tool)
{
    const struct catalog_tool *t = catalog_find(c, tool);
    return t && !t->off;
}

bool catalog_offers_set(const struct catalog *c, const struct toolset *set)
{
    bool any = !set->tools || !set->tools->name;
    for (int i = 0; !any && i < c->count; i++)
        any = c->tools[i].set == set && !c->tools[i].off;
    return any;
}

bool catalog_offers_plans(const struct catalog *c)
{
    bool any = false;
    for (int i = 0; !any && i < c->count; i++)
        any = c->tools[i].tool->plan && !c->tools[i].off;
    return any;
}

const struct catalog_tool *catalog_at(const struct catalog *c, int i)
{
    return i < c->count ? &c->tools[i] : NULL;
}
