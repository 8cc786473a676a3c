/* trap_odd.h - worlds of cases with each node in turn made something else: a gateway's answers are
 * what others wrote, and no trap may trust their shape. */
#pragma once
#include "trap_case.h"

#ifdef CHECK_BUILD
enum { ODD_WAYS = 5 }; /* under the sanitizers each node is made each of them */
#else
enum { ODD_WAYS = 1 };
#endif

/* Puts other in the place of node; node keeps its name. */
static inline void odd_swap(struct arena *a, cJSON *node, const char *other)
{
    struct err e = { 0 };
    const cJSON *value = json_parse(a, other, strlen(other), &e);
    node->type = value->type;
    node->child = value->child;
    node->valuestring = value->valuestring;
    node->valuedouble = value->valuedouble;
}

/* The n-th node below root, in order; NULL after the last. */
static inline cJSON *odd_node(cJSON *root, int *n)
{
    for (cJSON *c = root->child; c; c = c->next) {
        if ((*n)-- == 0)
            return c;
        cJSON *below = odd_node(c, n);
        if (below)
            return below;
    }
    return NULL;
}

/* The world with its instances written out, as they are read. */
static inline cJSON *odd_whole(struct arena *a, const cJSON *world)
{
    cJSON *whole = json_clone(a, world), *list = json_array(a);
    const cJSON *row;
    cJSON_ArrayForEach(row, json_get(world, "instances"))
    {
        cJSON *o = json_object(a);
        json_set(a, o, "pluginName", json_clone(a, row->child->next));
        json_set_bool(a, o, "enabled", true);
        json_set(a, o, "configurations", json_clone(a, row->child->next->next));
        trap_wrap(a, list, row->child->valuestring, o);
    }
    json_remove(whole, "instances");
    json_set(a, whole, "plugin-instance", list);
    return whole;
}

static inline void odd_world(const cJSON *world)
{
    static const char *const others[] = { "null", "7", "\"\"", "[\"a\",[],{}]", "{\"a\":[1]}" };
    bool more = true;
    for (int n = 0; more; n++)
        for (size_t i = 0; i < ODD_WAYS && more; i++) {
            struct arena *a = arena_new();
            int at = n;
            cJSON *copy = odd_whole(a, world), *node = odd_node(copy, &at);
            more = node != NULL;
            if (node) {
                odd_swap(a, node, others[(i + (size_t)n) % (sizeof others / sizeof *others)]);
                trap_find(a, case_tree(a, copy), NULL);
            }
            arena_free(a);
        }
}

/* Every `trapped` world of a file. */
static inline void odd_file(const char *path)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    size_t len = 0;
    char *text = file_read(a, path, 1 << 20, &len, &e);
    const cJSON *c;
    cJSON_ArrayForEach(c, yaml_parse(a, text, len, &e)) odd_world(json_get(c, "trapped"));
    arena_free(a);
}
