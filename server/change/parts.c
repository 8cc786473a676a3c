/* parts.c - reads the parts of an object of several, and compares them. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/parts_private.h"
#include "console/gateway.h"
#include "kind/kind.h"

bool parts_has(const struct kind *k)
{
    return k->parts[0] != DERIVED_NONE;
}

cJSON *parts_read(struct gateway *g, struct arena *a, const struct kind *k, const char *name)
{
    cJSON *parts = json_object(a);
    for (const enum derived *d = k->parts; *d; d++) {
        struct err e = { 0 };
        bool missing = false;
        const struct kind *as = kind_find(derived_kind(*d));
        char *made = derived_name(a, *d, name);
        cJSON *o = gateway_object(g, a, as, made, NULL, &missing, NULL, &e);
        if (!o && !missing)
            return NULL;
        if (o)
            json_set(a, parts, arena_printf(a, "%s %s", as->name, made), kind_content(a, as, o));
    }
    return parts;
}

const char *parts_moved(struct arena *a, const cJSON *was, const cJSON *now)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, now)
    {
        const cJSON *old = json_get(was, part->string);
        if (!old || !json_equal(old, part))
            return arena_printf(a, "%s is %s", part->string, old ? "changed" : "there");
    }
    cJSON_ArrayForEach(part, was)
    {
        if (!json_get(now, part->string))
            return arena_printf(a, "%s is gone", part->string);
    }
    return NULL;
}
