/* mask_table_private.h - the tables of secrets, one for each kind, plugin and tree in a text;
 * looked up one member at a time.
 *
 * A row gives several paths ("a.b|c.d") one rule. Lists are transparent: "tokens" is the list and
 * each of its elements. "*" is any member; what a row says counts for all below it until another
 * row says more. The row with more literal members wins.
 */
#pragma once
#include "mask/mask_rule.h"

struct kind;

struct mask_row {
    const char *paths; /* NULL: the end */
    enum mask_rule rule;
    const char *with; /* MASK_NAMED, MASK_PLUGIN: the sibling ("?key": it names a parameter);
                         MASK_TREE: the table */
};
struct mask_table {
    const char *name; /* NULL: the end */
    const struct mask_row *rows;
};
/* Kinds, trees inside of them, plugins. Each sorted by name. */
extern const struct mask_table mask_kinds[], mask_trees[], mask_plugins[], mask_ai_plugins[];

/* Where a walk is in a table. By value. */
enum { MASK_STEPS = 4 };
struct mask_node;
struct mask_at {
    const struct mask_node *at[MASK_STEPS]; /* all that still fit; NULL behind the last */
    const struct mask_row *row;             /* what counts here; NULL: nothing is known */
    int literals;                           /* of that row */
};
struct mask_at mask_at_kind(const struct kind *k); /* k NULL: names decide */
struct mask_at mask_at_tree(const char *name);
struct mask_at mask_at_plugin(const char *name); /* NULL, or no table has it: nothing is known */
/* One member down. *own (optional): a row ends exactly there. */
struct mask_at mask_at_member(const struct mask_at *from, const char *member, bool *own);
