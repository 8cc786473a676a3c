/* xds_header.c - headers that a route adds, sets and takes out. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "embedded/xds/xds_private.h"
#include "kind/ingress.h"
#include "rule/route_match.h"

static const char *escape_percent(struct arena *a, const char *value)
{
    char *safe = arena_alloc(a, 2 * strlen(value) + 1), *out = safe;
    for (; *value; value++) {
        *out++ = *value;
        if (*value == '%')
            *out++ = '%';
    }
    *out = '\0';
    return safe;
}

/* Higress hands values on as they are: Envoy's variables are theirs, too. One that it would refuse
 * all routes for stands here with its '%' doubled. */
static const char *header_value(struct xds *x, const struct xds_rule *r, const char *key,
                                const char *value)
{
    if (route_header_is_format(value))
        return value;
    xds_note(x, "ingress", xds_object_name(r->ingress),
             "the value of its header %s has a %% that Envoy refuses, with every route of the "
             "gateway: %%%% is rendered instead",
             key);
    return escape_percent(x->a, value);
}

static void add_header_lines(struct xds *x, const struct xds_rule *r, const char *text,
                             const char *how, cJSON *to)
{
    const cJSON *line;
    cJSON_ArrayForEach(line, ingress_header_lines(x->a, text))
    {
        cJSON *item = json_add(x->a, to, json_object(x->a));
        cJSON *header = json_set_object(x->a, item, "header");
        const char *key = json_str(line, "key");
        json_set_str(x->a, header, "key", key);
        json_set_str(x->a, header, "value", header_value(x, r, key, json_str(line, "value")));
        json_set_str(x->a, item, "append_action", how);
    }
}

/* A Host that is set goes to the service as it is, instead of a header. */
static void move_host(struct xds *x, cJSON *list, cJSON *route)
{
    cJSON *next, *action = json_get(route, "route");
    for (cJSON *item = list->child; item; item = next) {
        next = item->next;
        const cJSON *header = json_get(item, "header");
        const char *key = json_str(header, "key"), *how = json_str(item, "append_action");
        bool host = text_equal_nocase(key, "host") || strcmp(key, ":authority") == 0;
        if (!host || strcmp(how, "OVERWRITE_IF_EXISTS_OR_ADD") != 0)
            continue;
        if (action)
            json_set_str(x->a, action, "host_rewrite_literal", json_str(header, "value"));
        json_detach(list, item);
    }
}

static void add_side(struct xds *x, const struct xds_rule *r, const char *side, cJSON *route)
{
    struct arena *a = x->a;
    const char *key = arena_printf(a, "%s-header-control-add", side);
    const char *add = xds_annotation(x, r->policies, key);
    key = arena_printf(a, "%s-header-control-update", side);
    const char *update = xds_annotation(x, r->policies, key);
    key = arena_printf(a, "%s-header-control-remove", side);
    const char *removed = xds_annotation(x, r->policies, key);

    cJSON *list = json_array(a);
    if (add)
        add_header_lines(x, r, add, "APPEND_IF_EXISTS_OR_ADD", list);
    if (update)
        add_header_lines(x, r, update, "OVERWRITE_IF_EXISTS_OR_ADD", list);
    if (strcmp(side, "request") == 0)
        move_host(x, list, route);
    if (json_count(list))
        json_set(a, route, arena_printf(a, "%s_headers_to_add", side), list);
    if (!removed)
        return;
    list = json_set_array(a, route, arena_printf(a, "%s_headers_to_remove", side));
    char **name = annotation_items(a, removed, ",");
    for (size_t i = 0; name[i]; i++)
        json_add_str(a, list, name[i]);
}

void xds_headers(struct xds *x, const struct xds_rule *r, cJSON *route)
{
    add_side(x, r, "request", route);
    add_side(x, r, "response", route);
}
