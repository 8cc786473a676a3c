/* trap_case.h - a case of a trap: a world in which it is, and the same world in which it is not.
 *
 * Cases stand in tests/traps/NAME.yaml. A world is an object: {version, now, route:
 * […], plugin-instance: [{scope, object}] or instances: [[scope, plugin, settings, enabled?]],
 * schemas: {plugin: schema}}; a kind that it does not name was not read, one in partial: […] not
 * whole. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/when.h"
#include "base/yaml.h"
#include "check.h"
#include "kind/kind.h"
#include "rule/trap.h"
#include <stdio.h>
#include <string.h>

struct trap_case {
    const char *number, *verdict;
    const char *object; /* name of the object found */
    const char *words;  /* in the line of the finding */
};

static inline void case_instances(struct arena *a, struct trap_world *w, const cJSON *rows)
{
    cJSON *list = json_array(a);
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const cJSON *plugin = row->child->next, *settings = plugin->next;
        cJSON *o = json_object(a);
        json_set_str(a, o, "pluginName", plugin->valuestring);
        json_set_bool(a, o, "enabled", !cJSON_IsFalse(settings->next));
        json_set(a, o, "configurations", json_clone(a, settings));
        trap_wrap(a, list, row->child->valuestring, o);
    }
    if (rows)
        trap_world_set(w, "plugin-instance", list, true);
}

static inline struct trap_world *case_tree(struct arena *a, const cJSON *tree)
{
    const cJSON *list, *m;
    struct trap_world *w = trap_world_new(a);
    trap_world_version(w, json_str(tree, "version"));
    trap_world_time(w, when_parse(json_str(tree, "now")), 30);
    case_instances(a, w, json_get(tree, "instances"));
    cJSON_ArrayForEach(m, json_get(tree, "schemas")) trap_world_schema(w, m->string, m);
    cJSON_ArrayForEach(list, tree)
    {
        bool whole = true;
        cJSON_ArrayForEach(m, json_get(tree, "partial")) whole =
            whole && strcmp(m->valuestring, list->string) != 0;
        if (kind_find(list->string))
            trap_world_set(w, list->string, list, whole);
    }
    return w;
}

static inline struct trap_world *case_world(struct arena *a, const char *text)
{
    struct err e = { 0 };
    const cJSON *tree = yaml_parse(a, text, strlen(text), &e);
    if (!tree)
        fail_msg("%s: %s", text, e.text);
    return case_tree(a, tree);
}

/* The n-th finding of a verdict, or NULL. */
static inline const struct trap_finding *case_finding(const struct trap_findings *all,
                                                      const char *verdict, int n)
{
    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->list[i].trap->verdict, verdict) && n-- == 0)
            return &all->list[i];
    return NULL;
}

static inline void case_judge(struct arena *a, const struct trap_case *c,
                              const struct trap_world *trapped, const struct trap_world *well)
{
    const struct trap_findings *all = trap_find(a, trapped, NULL);
    const struct trap_finding *f = case_finding(all, c->verdict, 0);
    if (!f)
        fail_msg("%s %s: not found", c->number, c->verdict);
    assert_string_equal(f->trap->number, c->number);
    assert_string_equal(f->name, c->object);
    if (!strstr(trap_line(a, f), c->words))
        fail_msg("%s: '%s' does not say '%s'", c->number, trap_line(a, f), c->words);
    f = case_finding(trap_find(a, well, NULL), c->verdict, 0);
    if (f)
        fail_msg("%s: found where all is well: %s", c->number, trap_line(a, f));
}

/* -- cases of a file, each a test by its number ------------------------------------------------ */

static inline void case_of_file(void **state)
{
    const cJSON *tree = *state;
    struct arena *a = arena_new();
    struct trap_case c = { json_str(tree, "number"), json_str(tree, "verdict"),
                           json_str(tree, "object"), json_str(tree, "says") };
    case_judge(a, &c, case_tree(a, json_get(tree, "trapped")),
               case_tree(a, json_get(tree, "well")));
    arena_free(a);
}

static inline void case_unreadable(void **state)
{
    (void)state;
    fail_msg("its cases cannot be read");
}

/* Appends the cases of a file to tests; the new count. a must outlive the tests. */
static inline size_t case_file(struct arena *a, const char *path, struct CMUnitTest *tests,
                               size_t count, size_t room)
{
    struct err e = { 0 };
    size_t n = 0;
    char *text = file_read(a, path, 1 << 20, &n, &e);
    cJSON *all = text ? yaml_parse(a, text, n, &e) : NULL, *c;
    if (!all)
        tests[count++] = (struct CMUnitTest){ .name = arena_printf(a, "%s: %s", path, e.text),
                                              .test_func = case_unreadable };
    cJSON_ArrayForEach(c, all)
    {
        if (count == room)
            bug("%s holds more cases than there is room for", path);
        tests[count++] =
            (struct CMUnitTest){ .name = arena_printf(a, "%s %s", json_str(c, "number"),
                                                      json_str(c, "verdict")),
                                 .test_func = case_of_file,
                                 .initial_state = c };
    }
    return count;
}

/* Is there a case of that verdict among the tests? */
static inline bool case_is(const struct CMUnitTest *tests, size_t count, const struct trap *row)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = tests[i].name;
        size_t n = strlen(row->number);
        if (!strncmp(name, row->number, n) && name[n] == ' ' && !strcmp(name + n + 1, row->verdict))
            return true;
    }
    return false;
}
