/* mask_walk_private.h - the walk over an object that hides its secrets; for mask*.c only. */
#pragma once
#include "mask/mask_table_private.h"
#include <cjson/cJSON.h>

struct secret_set;

struct mask_walk {
    struct arena *arena;
    struct secret_set *found; /* values that were hidden; may be NULL */
    bool learns;              /* the process knows them from now on */
    bool strict;              /* unknown texts are hidden, whatever the gateway shows */
    int depth;                /* of trees in texts */
};
/* What a value hangs under: the member's name, the nearest objects outwards. */
struct mask_place {
    const char *name;
    const cJSON *object;
    const struct mask_place *up;
    const char *plugin; /* whose settings these are */
};

struct kind;
/* A copy that says its content once: the YAML text of a plugin's settings goes where their tree is
 * there, too. */
cJSON *mask_bare(struct arena *a, const struct kind *k, const cJSON *o);
/* As mask_object, but with unknown texts hidden whatever the gateway shows. */
cJSON *mask_strictly(struct arena *a, const struct kind *k, const cJSON *o);
/* The children of a node, in place. */
void mask_children(struct mask_walk *w, const struct mask_at *at, cJSON *node,
                   const struct mask_place *up);
/* One text or number by a rule that does not lead into a tree (mask_leaf.c). */
void mask_leaf(struct mask_walk *w, const struct mask_at *at, cJSON *leaf,
               const struct mask_place *up);
void mask_hide(struct mask_walk *w, cJSON *leaf);                   /* whole */
void mask_show(struct mask_walk *w, cJSON *leaf, const char *text); /* what is left of it */
/* A JSON Schema, or an API document's part: examples by the property's name (mask_schema.c). */
void mask_schema(struct mask_walk *w, cJSON *node, const char *property);
/* The tree in a text; NULL: it is none. *json: print it as JSON again. */
cJSON *mask_text_tree(struct arena *a, const char *text, bool *json);
