/* route_read.c - routes of the console as rules: path, methods, predicates. */
#include "rule/route_read.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "kind/annotation.h"
#include <string.h>

/* The expression is all of the path, without ".*" behind it. */
static bool whole_path(const cJSON *route)
{
    const cJSON *one = annotation_among(json_get(route, "customConfigs"), "full-path-regex");
    return one && annotation_true(one->valuestring);
}

static void read_route_path(struct arena *a, struct route_rule *r, const cJSON *route)
{
    const cJSON *path = json_get(route, "path");
    const char *type = json_str(path, "matchType"), *value = json_str(path, "matchValue");
    bool whole = whole_path(route);

    r->written = r->path = arena_strdup(a, value && *value ? value : "/");
    r->ignores_case = cJSON_IsFalse(json_get(path, "caseSensitive"));
    if (whole || (type && strcmp(type, "REGULAR") == 0)) {
        r->type = ROUTE_REGEX;
        r->path = whole ? r->written : arena_printf(a, "%s.*", r->written);
        return;
    }
    r->type = type && strcmp(type, "EQUAL") == 0 ? ROUTE_EQUAL : ROUTE_PREFIX;
    size_t n = strlen(r->written);
    if (r->type == ROUTE_PREFIX && n > 1 && r->written[n - 1] == '/')
        r->path = arena_strndup(a, r->written, n - 1);
}

static const char *read_route_methods(struct arena *a, const cJSON *methods)
{
    struct buf *b = json_count(methods) ? buf_in(a, 1024) : NULL;
    const cJSON *m;
    cJSON_ArrayForEach(m, methods)
    {
        if (cJSON_IsString(m))
            buf_printf(b, "%s ", m->valuestring);
    }
    return b ? route_methods(a, b->data) : NULL;
}

static const struct {
    const char *type, *how;
} ways[] = { /* of one name the first counts */
             { "EQUAL", ROUTE_EXACT_VALUE },
             { "PRE", ROUTE_PREFIX_VALUE },
             { "REGULAR", ROUTE_REGEX_VALUE }
};

static bool predicates_name(const struct route_predicate *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

static size_t read_route_predicates(struct arena *a, const cJSON *all, struct route_predicate **out)
{
    const cJSON *one;
    size_t n = 0;
    if (json_count(all) == 0)
        return 0;
    struct route_predicate *list = arena_array(a, struct route_predicate, json_count(all));
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        cJSON_ArrayForEach(one, all)
        {
            const char *name = json_str(one, "key"), *type = json_str(one, "matchType");
            const char *value = json_str(one, "matchValue");
            if (!name || !*name || !value || !type || strcmp(type, ways[w].type) != 0 ||
                predicates_name(list, n, name))
                continue;
            list[n++] = (struct route_predicate){ arena_strdup(a, name), ways[w].how,
                                                  arena_strdup(a, value), NULL };
        }
    }
    route_sort_predicates(list, n);
    *out = list;
    return n;
}

void route_read(struct arena *a, const cJSON *route, struct route_rule *out)
{
    const char *name = json_str(route, "name"), *created = json_str(route, "created");

    *out = (struct route_rule){ .name = arena_strdup(a, name ? name : "?"),
                                .created = arena_strdup(a, created ? created : "") };
    read_route_path(a, out, route);
    out->methods = read_route_methods(a, json_get(route, "methods"));
    out->header_count = read_route_predicates(a, json_get(route, "headers"), &out->headers);
    out->query_count = read_route_predicates(a, json_get(route, "urlParams"), &out->queries);
}
