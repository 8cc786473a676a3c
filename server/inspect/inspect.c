/* inspect.c - one reading, one judgement, and the rows that answers are made of. */
#include "inspect/inspect.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "inspect/drift.h"
#include "inspect/inspect_replica.h"
#include "kind/kind.h"
#include <string.h>

enum { NAMES_SHOWN = 200 };

struct inspection *inspect_gateway(struct arena *a, const struct world_means *m, double days,
                                   struct err *e)
{
    struct inspection *i = arena_make(a, struct inspection);
    i->world = world_read(a, m, days, e);
    if (!i->world)
        return NULL;
    if (i->world->kinds == 0) {
        err_set(e, ERR_GATEWAY, "nothing of the gateway could be read; %s",
                json_count(i->world->unread) ? i->world->unread->child->valuestring : "");
        return NULL;
    }
    if (m->kind)
        trap_world_about(i->world->trap, m->kind, m->name);
    i->found = trap_find(a, i->world->trap, NULL);
    return inspect_replicas(a, m, i, e) ? i : NULL;
}

bool inspect_is_about(struct arena *a, const struct trap_finding *f, const char *kind,
                      const char *name)
{
    static const char route[] = "route:";
    const struct kind *k = kind_find(kind);
    if (!strcmp(f->kind, kind) && !strcmp(f->name, name))
        return true;
    const char *place = f->scope ? strchr(f->scope, ':') : NULL;
    if (!place || !k)
        return false;
    if (!strncmp(f->scope, kind, (size_t)(place - f->scope)) && !strcmp(place + 1, name))
        return true;
    return text_starts(f->scope, route) && kind_makes_route(a, k, name, place + 1);
}

const char *inspect_object(struct arena *a, const struct trap_finding *f)
{
    return arena_printf(a, "%s %s%s%s%s", f->kind, text_clean(a, f->name, NAMES_SHOWN),
                        f->scope ? " (" : "", f->scope ? text_clean(a, f->scope, NAMES_SHOWN) : "",
                        f->scope ? ")" : "");
}

cJSON *inspect_row(struct arena *a, const struct trap_finding *f)
{
    cJSON *row = json_object(a);
    json_set_str(a, row, "verdict", f->trap->verdict);
    json_set_str(a, row, "risk", trap_risk_name(f->trap->risk));
    json_set_str(a, row, "object", inspect_object(a, f));
    if (*f->path)
        json_set_str(a, row, "path", f->path);
    json_set_str(a, row, "says", f->text);
    json_set_str(a, row, "rule", f->trap->rule);
    json_set_str(a, row, "number", f->trap->number);
    if (f->holds)
        json_set_str(a, row, "if", f->holds);
    return row;
}

cJSON *inspect_unread(struct arena *a, const struct inspection *i)
{
    cJSON *out = json_clone(a, i->world->unread);
    for (const struct trap_unjudged *u = i->found->unjudged; u->kind; u++)
        json_add_str(a, out,
                     arena_printf(a, "%s was not read%s: %d check(s) not made (%s)", u->kind,
                                  u->part ? " whole" : "", u->count,
                                  text_clean(a, u->verdicts, NAMES_SHOWN)));
    return out;
}

static int count_of(const struct trap_findings *found, const char *verdict)
{
    int n = 0;
    for (int i = 0; i < found->count; i++)
        n += !strcmp(found->list[i].trap->verdict, verdict);
    return n;
}

/* ": 30 are the same, 2 are not, 1 was not compared (its match is not understood)" */
static const char *compared_words(struct arena *a, const struct drift *d)
{
    const cJSON *why;
    const char *reasons = NULL;
    if (!d)
        return "";
    cJSON_ArrayForEach(why, d->why)
    {
        if (!reasons)
            reasons = arena_printf(a, " (%s: %.0f", why->string, why->valuedouble);
        else if (strlen(reasons) < NAMES_SHOWN)
            reasons = arena_printf(a, "%s, %s: %.0f", reasons, why->string, why->valuedouble);
    }
    return arena_printf(a, " (the same: %d, different: %d, not compared: %d%s)", d->equal,
                        d->different, d->skipped, reasons ? arena_printf(a, "%s)", reasons) : "");
}

const char *inspect_envoy(struct arena *a, const struct inspection *i)
{
    const struct trap_world *w = i->world->trap;
    struct trap_object o = { 0 };
    int routes = 0;
    if (!trap_envoy(w) || !trap_known(w, "route"))
        return NULL;
    while (trap_next(w, "route", &o))
        routes++;
    int missing = count_of(i->found, "ENVOY_ROUTE_MISSING");
    return arena_printf(
        a,
        "of the console's %d routes Envoy has %s%s%s; routes that only Envoy has: "
        "%d; configuration that it refused: %d; plugins that it runs without: %d",
        routes, missing ? "not " : "all", missing ? arena_printf(a, "%d", missing) : "",
        compared_words(a, i->world->drift), count_of(i->found, "ENVOY_ROUTE_STALE"),
        count_of(i->found, "ENVOY_REJECTED"), count_of(i->found, "ENVOY_PLUGIN_NOT_LOADED"));
}

cJSON *inspect_counts(struct arena *a, const struct trap_findings *found)
{
    cJSON *counts = json_object(a);
    for (int i = 0; i < found->count; i++) {
        const char *risk = trap_risk_name(found->list[i].trap->risk);
        json_set_num(a, counts, risk, json_num(counts, risk, 0) + 1);
    }
    return counts;
}
