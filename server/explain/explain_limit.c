/* explain_limit.c - what a limiting plugin's settings allow, in words: "header x-api-key *: 10 a
 * second". The two forms are those of the plugins: one limit_by_… at the top, or a list of them. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "explain/explain_private.h"
#include "kind/kind.h"
#include "mask/mask.h"
#include <string.h>

enum { SAID = 4, SHOWN = 60 };

static const char by[] = "limit_by_";

struct words {
    struct arena *a;
    const char *text;
    int count;
};

static void say_limit(struct words *w, const char *one)
{
    if (w->count++ < SAID)
        w->text = w->text ? arena_printf(w->a, "%s; %s", w->text, one) : one;
}

/* "10 a second" of {"query_per_second": 10}; NULL: it names no period. */
static const char *rate_of(struct arena *a, const cJSON *o)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, json_members(o))
    {
        bool tokens = text_starts(m->string, "token_per_");
        if (cJSON_IsNumber(m) && (tokens || text_starts(m->string, "query_per_")))
            /* both beginnings are as long */
            return arena_printf(a, "%.0f%s a %s", m->valuedouble, tokens ? " tokens" : "",
                                text_clean(a, m->string + strlen("token_per_"), SHOWN));
    }
    return NULL;
}

/* One item: what it counts by, and its keys. */
static void say_item(struct words *w, const cJSON *item)
{
    const cJSON *m, *key;
    const char *what = "", *of = "";
    cJSON_ArrayForEach(m, json_members(item))
    {
        if (!text_starts(m->string, by))
            continue;
        what = text_clean(w->a, m->string + sizeof by - 1, SHOWN);
        of = cJSON_IsString(m) ? m->valuestring : "";
    }
    cJSON_ArrayForEach(key, json_get(item, "limit_keys"))
    {
        const char *name = json_str(key, "key"), *rate = rate_of(w->a, key);
        if (rate)
            say_limit(w, arena_printf(w->a, "%s %s%s%s: %s", what, text_clean(w->a, of, SHOWN),
                                      *of ? " " : "", text_clean(w->a, name ? name : "?", SHOWN),
                                      rate));
    }
}

const char *explain_limit_of(struct arena *a, const cJSON *instance)
{
    const cJSON *shown = mask_object(a, kind_find("plugin-instance"), instance);
    const cJSON *config = json_get(shown, "configurations"), *item;
    const char *all = rate_of(a, json_get(config, "global_threshold"));
    struct words w = { .a = a };
    if (all)
        say_limit(&w, arena_printf(a, "all: %s", all));
    say_item(&w, config);
    cJSON_ArrayForEach(item, json_get(config, "rule_items")) say_item(&w, item);
    if (w.count > SAID)
        return arena_printf(a, "%s; and %d more", w.text, w.count - SAID);
    return w.text;
}
