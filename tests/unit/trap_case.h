/* trap_case.h - a case of a trap: a world in which it is, and the same world in which it is not.
 *
 * A world is JSON text: {"version":"2.2.4","route":[…],"plugin-instance":[{"scope","object"}]}; a
 * kind that it does not name was not read, one named in "partial":[…] not whole. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "check.h"
#include "kind/kind.h"
#include "rule/trap.h"
#include <stdio.h>
#include <string.h>

struct trap_case {
    const char *number, *verdict;
    const char *trapped; /* world */
    const char *object;  /* name of the object found */
    const char *words;   /* in the line of the finding */
    const char *well;    /* world without it */
};

static inline struct trap_world *case_world(struct arena *a, const char *text)
{
    struct err e = { 0 };
    const cJSON *tree = json_parse(a, text, strlen(text), &e), *list, *kind;
    struct trap_world *w = trap_world_new(a);
    if (!tree)
        fail_msg("%s: %s", text, e.text);
    trap_world_version(w, json_str(tree, "version"));
    cJSON_ArrayForEach(list, tree)
    {
        bool whole = true;
        cJSON_ArrayForEach(kind, json_get(tree, "partial")) whole =
            whole && strcmp(kind->valuestring, list->string) != 0;
        if (kind_find(list->string))
            trap_world_set(w, list->string, list, whole);
    }
    return w;
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

static inline void case_try(const struct trap_case *c)
{
    struct arena *a = arena_new();
    const struct trap_findings *all = trap_find(a, case_world(a, c->trapped), NULL);
    const struct trap_finding *f = case_finding(all, c->verdict, 0);
    if (!f)
        fail_msg("%s %s: not found in %s", c->number, c->verdict, c->trapped);
    assert_string_equal(f->trap->number, c->number);
    assert_string_equal(f->name, c->object);
    if (!strstr(trap_line(a, f), c->words))
        fail_msg("%s: '%s' does not say '%s'", c->number, trap_line(a, f), c->words);
    f = case_finding(trap_find(a, case_world(a, c->well), NULL), c->verdict, 0);
    if (f)
        fail_msg("%s: found where all is well: %s", c->number, trap_line(a, f));
    arena_free(a);
}

/* Each row of a table has a case. */
static inline void case_all_tried(const struct trap *rows, const struct trap_case *cases, int count)
{
    for (const struct trap *row = rows; row->number; row++) {
        int i = 0;
        while (i < count && strcmp(cases[i].verdict, row->verdict) != 0)
            i++;
        if (i == count)
            fail_msg("%s %s has no case", row->number, row->verdict);
    }
}
