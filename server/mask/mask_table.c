/* mask_table.c - the tables as trees of members, made when first used, and steps through them. */
#include "base/arena.h"
#include "kind/kind.h"
#include "mask/mask_table_private.h"

/* Of a process: the tables do not change. Members of a node are sorted. */
struct mask_node {
    const char *name;
    const struct mask_row *row; /* ends here, or NULL */
    int literals;
    struct mask_node **members;
    int count, room;
    struct mask_node *any;
};

static const struct mask_row none[] = { { 0 } };
/* Of each plugin that has a table. */
static const struct mask_row every_plugin[] = {
    { "_rules_", MASK_PLUGIN, "^" },
    { "allow|global_auth|_disable_|_match_route_|_match_domain_|_match_service_|"
      "_match_route_prefix_",
      MASK_SHOW },
    { 0 },
};

static struct {
    struct arena *arena;
    struct mask_node *root[128];
    const struct mask_table *of[128];
    int count;
} made;

static struct mask_node *find_mask_member(const struct mask_node *node, const char *name)
{
    for (int low = 0, high = node->count; low < high;) {
        int middle = (low + high) / 2;
        int order = strcmp(name, node->members[middle]->name);
        if (order == 0)
            return node->members[middle];
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return NULL;
}

static struct mask_node *add_mask_member(struct mask_node *node, const char *name)
{
    struct mask_node *found = find_mask_member(node, name);
    if (found)
        return found;
    node->members =
        arena_grow(made.arena, node->members, node->count, &node->room, sizeof *node->members);
    int at = node->count++;
    for (; at > 0 && strcmp(node->members[at - 1]->name, name) > 0; at--)
        node->members[at] = node->members[at - 1];
    node->members[at] = arena_make(made.arena, struct mask_node);
    node->members[at]->name = arena_strdup(made.arena, name);
    return node->members[at];
}

static struct mask_node *add_any(struct mask_node *node)
{
    if (!node->any)
        node->any = arena_make(made.arena, struct mask_node);
    return node->any;
}

static void add_mask_path(struct mask_node *root, const char *path, const struct mask_row *row)
{
    struct mask_node *node = root;
    int literals = 0;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, ".");
        char *name = arena_strndup(made.arena, p, n);
        bool any = !strcmp(name, "*");
        node = any ? add_any(node) : add_mask_member(node, name);
        literals += !any;
        p += n + (p[n] == '.');
    }
    node->row = row;
    node->literals = literals;
}

static void add_mask_rows(struct mask_node *root, const struct mask_row *rows)
{
    for (const struct mask_row *r = rows; r->paths; r++)
        for (const char *p = r->paths; *p;) {
            size_t n = strcspn(p, "|");
            add_mask_path(root, arena_strndup(made.arena, p, n), r);
            p += n + (p[n] == '|');
        }
}

static struct mask_at table_root(const struct mask_table *t, const struct mask_row *more)
{
    struct mask_at at = { 0 };
    if (!made.arena)
        made.arena = arena_new();
    int i = 0;
    while (i < made.count && made.of[i] != t)
        i++;
    if (i == (int)(sizeof made.root / sizeof *made.root))
        return at;
    if (i == made.count) {
        made.of[i] = t;
        made.root[i] = arena_make(made.arena, struct mask_node);
        add_mask_rows(made.root[i], more);
        add_mask_rows(made.root[i], t->rows);
        made.count++;
    }
    at.at[0] = made.root[i];
    return at;
}

static const struct mask_table *find_table(const struct mask_table *tables, const char *name)
{
    for (const struct mask_table *t = tables; name && t->name; t++)
        if (!strcmp(t->name, name))
            return t;
    return NULL;
}

struct mask_at mask_at_kind(const struct kind *k)
{
    const struct mask_table *t = find_table(mask_kinds, k ? k->name : "any");
    return t ? table_root(t, none) : (struct mask_at){ 0 };
}

struct mask_at mask_at_plugin(const char *name)
{
    const struct mask_table *t = find_table(mask_plugins, name);
    t = t ? t : find_table(mask_ai_plugins, name);
    return t ? table_root(t, every_plugin) : (struct mask_at){ 0 };
}

struct mask_at mask_at_tree(const char *name)
{
    const struct mask_table *t = find_table(mask_trees, name);
    return t ? table_root(t, none) : mask_at_plugin(name);
}

static void step_to(struct mask_at *to, int *n, const struct mask_node *node, bool *own)
{
    if (!node || *n == MASK_STEPS)
        return;
    to->at[(*n)++] = node;
    if (!node->row || (to->row && node->literals < to->literals))
        return;
    to->row = node->row;
    to->literals = node->literals;
    *own = true;
}

struct mask_at mask_at_member(const struct mask_at *from, const char *member, bool *own)
{
    struct mask_at to = { .row = from->row, .literals = from->literals };
    bool exact = false;
    int n = 0;
    for (int i = 0; i < MASK_STEPS && from->at[i]; i++) {
        step_to(&to, &n, from->at[i]->any, &exact);
        step_to(&to, &n, find_mask_member(from->at[i], member), &exact);
    }
    if (own)
        *own = exact;
    return to;
}
