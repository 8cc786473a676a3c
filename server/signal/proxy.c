/* proxy.c - the pages that items come from, one row each, read element by element. */
#include "signal/proxy.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "mask/mask.h"
#include "signal/proxy_private.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 2000, PATTERN_MAX = 4096 };

#define DUMP(resource) "/config_dump?resource=" resource
static const struct page_row {
    const char *what, *path, *at; /* at: the member with the elements */
    const char *part, *list;      /* the same in the whole dump */
    const char *state;
    proxy_take_fn *take;
} page_rows[] = {
    { "clusters", DUMP("dynamic_active_clusters"), "configs", "ClustersConfigDump",
      "dynamic_active_clusters", NULL, proxy_take_cluster },
    { "clusters", DUMP("dynamic_warming_clusters"), "configs", "ClustersConfigDump",
      "dynamic_warming_clusters", "warming", proxy_take_cluster },
    { "clusters", DUMP("static_clusters"), "configs", "ClustersConfigDump", "static_clusters",
      "static", proxy_take_cluster },
    { "endpoints", "/clusters?format=json", "cluster_statuses", NULL, NULL, NULL,
      proxy_take_endpoints },
    { "routes", DUMP("dynamic_route_configs"), "configs", "RoutesConfigDump",
      "dynamic_route_configs", NULL, proxy_take_routes },
    { "routes", DUMP("static_route_configs"), "configs", "RoutesConfigDump", "static_route_configs",
      "static", proxy_take_routes },
    { "listeners", DUMP("dynamic_listeners"), "configs", "ListenersConfigDump", "dynamic_listeners",
      NULL, proxy_take_listener },
    { "listeners", DUMP("static_listeners"), "configs", "ListenersConfigDump", "static_listeners",
      "static", proxy_take_listener },
    { "certificates", "/certs", "certificates", NULL, NULL, NULL, proxy_take_certificates },
    { "plugins", DUMP("ecds_filters"), "configs", "EcdsConfigDump", "ecds_filters", NULL,
      proxy_take_plugin },
    { "stats", "/stats?format=json&usedonly", "stats", NULL, NULL, NULL, proxy_take_stat },
};

/* -- a list --------------------------------------------------------------------------------- */

struct proxy_item *proxy_add(struct proxy_list *l, const char *key, const char *says)
{
    if (l->count == PROXY_ITEMS_MAX) {
        l->left_out++;
        return NULL;
    }
    l->items = arena_grow(l->arena, l->items, l->count, &l->room, sizeof *l->items);
    struct proxy_item *one = &l->items[l->count++];
    *one = (struct proxy_item){ .key = *key ? arena_strdup(l->arena, key) : "without a name",
                                .says = arena_strdup(l->arena, says),
                                .value = NAN };
    return one;
}

static int compare_items(const void *x, const void *y)
{
    const struct proxy_item *l = x, *r = y;
    int order = strcmp(l->key, r->key);
    return order ? order : strcmp(l->says, r->says);
}

/* By key; of a key that is there again, the second is "KEY #2". */
static void order_list(struct proxy_list *l)
{
    const char *key = NULL;
    int again = 1;
    if (l->count)
        qsort(l->items, (size_t)l->count, sizeof *l->items, compare_items);
    for (int i = 0; i < l->count; i++) {
        again = text_same(key, l->items[i].key) ? again + 1 : 1;
        key = l->items[i].key;
        if (again > 1)
            l->items[i].key = arena_printf(l->arena, "%s #%d", key, again);
    }
    if (l->count)
        qsort(l->items, (size_t)l->count, sizeof *l->items, compare_items);
}

static void note_update(struct proxy_list *l, const cJSON *element)
{
    const cJSON *state = json_get(element, "active_state");
    const cJSON *of = state ? state : element;
    const char *updated = json_str(of, "last_updated"), *version = json_str(of, "version_info");
    if (!version || !updated || (l->updated && strcmp(updated, l->updated) <= 0))
        return;
    l->updated = arena_strdup(l->arena, updated);
    l->version = arena_strdup(l->arena, version);
}

/* one: lives until the element was taken. */
static void take_element(struct proxy_list *l, const struct page_row *row, struct arena *one,
                         const cJSON *element)
{
    l->scratch = one;
    note_update(l, element);
    row->take(l, element, row->state);
}

/* -- pages ---------------------------------------------------------------------------------- */

struct taking {
    struct proxy_list *list;
    const struct page_row *row;
};

static bool take_streamed(void *arg, struct arena *one, const cJSON *element)
{
    const struct taking *t = arg;
    take_element(t->list, t->row, one, element);
    return true;
}

/* Each letter as itself, in any case. */
static const char *pattern_of(struct arena *a, const char *text)
{
    struct buf *b = buf_in(a, PATTERN_MAX);
    buf_str(b, "(?i)");
    for (; *text; text++)
        buf_printf(b, "%s%c", ispunct((unsigned char)*text) ? "\\" : "", *text);
    return text_percent(a, b->data);
}

bool proxy_read(struct loop *l, const struct config *c, struct arena *a, const struct replica *r,
                const char *what, const char *text, struct proxy_list *out, struct cancel *cancel,
                struct err *e)
{
    *out = (struct proxy_list){ .arena = a };
    for (size_t i = 0; i < sizeof page_rows / sizeof *page_rows; i++) {
        const struct page_row *row = &page_rows[i];
        struct taking t = { out, row };
        if (strcmp(row->what, what) != 0)
            continue;
        const char *path = row->path;
        if (text && row->take == proxy_take_stat)
            path = arena_printf(a, "%s&filter=%s", path, pattern_of(a, text));
        if (!replica_elements(l, c, r, path, row->at, take_streamed, &t, cancel, e))
            return false;
    }
    order_list(out);
    return true;
}

static void take_part(struct proxy_list *out, const struct page_row *row, const cJSON *part)
{
    const char *version = json_str(part, "version_info"); /* of a push that took something away */
    const cJSON *element;
    bool known = false;
    if (version && proxy_version_is_older(out->version, version, &known))
        out->version = arena_strdup(out->arena, version);
    cJSON_ArrayForEach(element, json_get(part, row->list))
    {
        struct arena *one = arena_new();
        take_element(out, row, one, element);
        arena_free(one);
    }
}

void proxy_take_dump(struct arena *a, const cJSON *dump, struct proxy_list *out)
{
    *out = (struct proxy_list){ .arena = a };
    for (size_t i = 0; i < sizeof page_rows / sizeof *page_rows; i++) {
        const struct page_row *row = &page_rows[i];
        const cJSON *part;
        cJSON_ArrayForEach(part, json_get(dump, "configs"))
        {
            if (row->part && text_ends(json_text(part, "@type"), row->part))
                take_part(out, row, part);
        }
    }
    order_list(out);
}

const char *proxy_clean(struct arena *a, const char *text)
{
    return text_clean(a, mask_shapes(a, text), SHOWN_MAX);
}
