/* explain_plugin.c - which instance of each plugin acts on a request, and in which order they act.
 *
 * Of one plugin the first rule that fits decides and nothing is merged; the console writes the
 * rules of services first, then those of routes, then those of domains, each by name. A disabled
 * instance is no rule: the next one counts. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 100, NO_PHASE = 3 };

struct acting {
    const char *plugin, *scope, *does;
    int rank;      /* of the scope */
    cJSON *others; /* scopes of instances that do not act */
    int phase;
    double priority;
    bool known;
};

struct explain_plugins {
    struct arena *a;
    struct acting **list;
    int count, room;
};

struct explain_plugins *explain_plugins_new(struct arena *a)
{
    struct explain_plugins *p = arena_make(a, struct explain_plugins);
    p->a = a;
    return p;
}

static int scope_rank(const char *scope)
{
    static const char *const order[] = { "service:", "route:", "domain:" };
    int i = 0;
    while (i < 3 && !text_starts(scope, order[i]))
        i++;
    return i;
}

static bool is_before(const char *scope, const struct acting *other)
{
    int rank = scope_rank(scope);
    return rank != other->rank ? rank < other->rank : strcmp(scope, other->scope) < 0;
}

static struct acting *acting_plugin(struct explain_plugins *p, const char *plugin)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->list[i]->plugin, plugin) == 0)
            return p->list[i];
    p->list = arena_grow(p->a, p->list, p->count, &p->room, sizeof(void *));
    struct acting *x = p->list[p->count++] = arena_make(p->a, struct acting);
    *x = (struct acting){ .plugin = arena_strdup(p->a, plugin),
                          .others = json_array(p->a),
                          .phase = NO_PHASE };
    return x;
}

void explain_add_internal(struct explain_plugins *p, const char *plugin, const char *scope,
                          const char *does)
{
    struct acting *x = acting_plugin(p, plugin);
    const char *loser = x->scope;
    if (x->scope && !is_before(scope, x)) {
        json_add_str(p->a, x->others, text_clean(p->a, scope, SHOWN));
        return;
    }
    if (loser)
        json_add_str(p->a, x->others, text_clean(p->a, loser, SHOWN));
    x->scope = arena_strdup(p->a, scope);
    x->rank = scope_rank(scope);
    x->does = arena_strdup(p->a, does);
}

void explain_add_consumers(struct explain_plugins *p, const char *scope, const cJSON *consumers)
{
    enum { NAMED = 5 };
    const char *all = "lets nobody in: no consumer is allowed";
    const cJSON *one;
    int n = 0;
    cJSON_ArrayForEach(one, consumers)
    {
        if (!cJSON_IsString(one) || n++ >= NAMED)
            continue;
        all = n == 1 ? arena_printf(p->a, "lets in %s", one->valuestring)
                     : arena_printf(p->a, "%s, %s", all, one->valuestring);
    }
    if (n > NAMED)
        all = arena_printf(p->a, "%s and %d more", all, n - NAMED);
    explain_add_internal(p, "key-auth", scope, text_clean(p->a, all, 3 * SHOWN));
}

/* A global instance of these says who there is; what has no rule of its own is not looked at. */
static bool needs_rule(const char *plugin)
{
    static const char *const family[] = { "key-auth", "basic-auth", "hmac-auth", "jwt-auth",
                                          "oauth" };
    for (size_t i = 0; i < sizeof family / sizeof *family; i++)
        if (strcmp(plugin, family[i]) == 0)
            return true;
    return false;
}

void explain_add_instance(struct explain_plugins *p, const char *scope, const cJSON *instance)
{
    const char *plugin = json_str(instance, "pluginName");
    if (!plugin || cJSON_IsFalse(json_get(instance, "enabled")))
        return;
    bool asks = needs_rule(plugin) && strcmp(scope, "global") == 0;
    explain_add_internal(p, plugin, scope,
                         asks ? "only where it has no rules at all, or global_auth is true"
                              : explain_limit_of(p->a, instance));
}

int explain_plugins_count(const struct explain_plugins *p)
{
    return p->count;
}

void explain_add_plugin(struct explain_plugins *p, const cJSON *plugin)
{
    static const char *const phases[] = { "AUTHN", "AUTHZ", "STATS" };
    const char *name = json_str(plugin, "name"), *phase = json_str(plugin, "phase");
    for (int i = 0; name && i < p->count; i++) {
        struct acting *x = p->list[i];
        if (strcmp(x->plugin, name) != 0)
            continue;
        x->known = true;
        x->priority = json_num(plugin, "priority", 0);
        for (int k = 0; phase && k < NO_PHASE; k++)
            if (strcmp(phases[k], phase) == 0)
                x->phase = k;
    }
}

/* By phase; the higher priority first. */
static int by_turn(const void *v, const void *w)
{
    const struct acting *p = *(struct acting *const *)v, *q = *(struct acting *const *)w;
    int order = q->known - p->known;
    order = order ? order : p->phase - q->phase;
    order = order ? order : (p->priority < q->priority) - (p->priority > q->priority);
    return order ? order : strcmp(p->plugin, q->plugin);
}

cJSON *explain_plugins_answer(struct explain_plugins *p)
{
    cJSON *all = json_array(p->a);
    if (p->count)
        qsort(p->list, (size_t)p->count, sizeof(void *), by_turn);
    for (int i = 0; i < p->count; i++) {
        const struct acting *x = p->list[i];
        cJSON *row = json_add(p->a, all, json_object(p->a));
        json_set_str(p->a, row, "plugin", text_clean(p->a, x->plugin, SHOWN));
        json_set_str(p->a, row, "from", text_clean(p->a, x->scope, SHOWN));
        if (x->does)
            json_set_str(p->a, row, "does", x->does);
        if (json_count(x->others))
            json_set(p->a, row, "not", x->others);
    }
    return all;
}

bool explain_domain_acts(const char *domain, const char *host)
{
    size_t n = strlen(domain), m = strlen(host);
    if (domain[0] != '*')
        return strcmp(domain, host) == 0;
    return m >= n - 1 && strcmp(host + m - (n - 1), domain + 1) == 0;
}
