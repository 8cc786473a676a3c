/* mask.c - the walk over an object, and what is asked of it.
 *
 * It goes down the object and the table together. Where a row says that a text is a tree, the tree
 * is parsed, walked with its own table and printed again.
 */
#include "mask/mask.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "mask/mask_walk_private.h"

enum { DEEPEST = 4 };

/* Behind the fingerprint of a text that should be a tree and is none. */
static const char unparsed[] = " (no YAML or JSON: hidden whole)";

cJSON *mask_text_tree(struct arena *a, const char *text, bool *json)
{
    struct err ignored = { 0 };
    const char *p = text + strspn(text, " \t\r\n");
    *json = *p == '{' || *p == '[';
    cJSON *tree = *json ? json_parse(a, text, strlen(text), &ignored) : NULL;
    if (tree)
        return tree;
    *json = false;
    tree = yaml_parse(a, text, strlen(text), &ignored);
    return cJSON_IsObject(tree) || cJSON_IsArray(tree) ? tree : NULL;
}

/* Comments and further documents are no part of the tree: with them the text is printed anew. */
static bool is_only_tree(const char *text)
{
    return !strchr(text, '#') && !strstr(text, "---");
}

static void walk_tree(struct mask_walk *w, const struct mask_at *at, cJSON *tree,
                      const struct mask_place *up)
{
    const struct mask_row *row = at->row;
    if (row && row->rule == MASK_SCHEMA)
        mask_schema(w, tree, up->name);
    else
        mask_children(w, at, tree, up);
}

static bool was_unparsed(struct arena *a, const char *text)
{
    size_t n = strlen(text), more = strlen(unparsed);
    return n > more && text_ends(text, unparsed) &&
           secret_is_mask(arena_strndup(a, text, n - more));
}

/* Hides what is secret in the tree that a text is. */
typedef void tree_fn(struct mask_walk *w, const struct mask_at *at, cJSON *tree,
                     const struct mask_place *up);

static void walk_text(struct mask_walk *w, tree_fn *walk, const struct mask_at *at, cJSON *leaf,
                      const struct mask_place *up)
{
    bool json;
    const char *text = leaf->valuestring;
    if (!text[strspn(text, " \t\r\n")] || secret_is_mask(text) || was_unparsed(w->arena, text))
        return;
    cJSON *tree = w->depth < DEEPEST ? mask_text_tree(w->arena, text, &json) : NULL;
    if (!tree) {
        mask_hide(w, leaf);
        if (secret_is_mask(leaf->valuestring))
            mask_show(w, leaf, arena_printf(w->arena, "%s%s", leaf->valuestring, unparsed));
        return;
    }
    cJSON *was = json_clone(w->arena, tree);
    w->depth++;
    walk(w, at, tree, up);
    w->depth--;
    if (!json_equal(was, tree) || !is_only_tree(text))
        leaf->valuestring = json ? json_print(w->arena, tree) : yaml_print(w->arena, tree);
}

/* The private members of keys; all else in a set of keys is public. */
static void walk_keys(struct mask_walk *w, const struct mask_at *at, cJSON *node,
                      const struct mask_place *up)
{
    static const char *const hidden[] = { "k", "d", "p", "q", "dp", "dq", "qi" };
    for (cJSON *c = node->child; c; c = c->next) {
        bool secret = c->string && !strcmp(c->string, "oth");
        for (size_t i = 0; c->string && i < sizeof hidden / sizeof *hidden; i++)
            secret = secret || !strcmp(c->string, hidden[i]);
        if (secret && !c->child)
            mask_hide(w, c);
        else if (secret)
            mask_children(w, &(struct mask_at){ .row = &(struct mask_row){ "", MASK_HIDE, NULL } },
                          c, &(struct mask_place){ .name = c->string });
        else if (cJSON_IsString(c) && !c->string)
            walk_text(w, walk_keys, at, c, up);
        else
            walk_keys(w, at, c, up);
    }
}

static bool leads_into(enum mask_rule rule)
{
    return rule == MASK_TREE || rule == MASK_PLUGIN || rule == MASK_SCHEMA;
}

/* The table of the tree that a row leads into. */
static struct mask_at inside(const struct mask_at *at, struct mask_place *up)
{
    const struct mask_row *row = at->row;
    if (row->rule == MASK_SCHEMA)
        return *at;
    if (row->rule == MASK_TREE)
        return mask_at_tree(row->with);
    bool same = !strcmp(row->with, "^"); /* rules of a plugin look like its settings */
    up->plugin = same ? up->plugin : json_str(up->object, row->with);
    struct mask_at plugin = mask_at_plugin(up->plugin);
    return plugin.at[0] ? plugin : mask_at_tree(up->plugin ? up->plugin : "");
}

static void mask_node_at(struct mask_walk *w, const struct mask_at *at, bool own, cJSON *node,
                         struct mask_place *up)
{
    enum mask_rule rule = at->row ? at->row->rule : MASK_UNKNOWN;
    bool leaf = !cJSON_IsObject(node) && !cJSON_IsArray(node);
    if (rule == MASK_JWKS && cJSON_IsString(node)) {
        walk_text(w, walk_keys, at, node, up);
    } else if (rule == MASK_JWKS) {
        walk_keys(w, at, node, up);
    } else if (own && leads_into(rule) && !(leaf && !cJSON_IsString(node))) {
        struct mask_at sub = inside(at, up);
        if (leaf)
            walk_text(w, walk_tree, &sub, node, up);
        else
            walk_tree(w, &sub, node, up);
    } else if (leaf) {
        mask_leaf(w, at, node, up);
    } else {
        mask_children(w, at, node, up);
    }
}

/* Below a harmless member that should hold no object, names decide. */
static void expect_secret(struct mask_at *at, bool own, const char *member)
{
    static const struct mask_row hidden = { "", MASK_HIDE, NULL };
    if (!own && at->row && at->row->rule == MASK_SHOW && mask_name_is_secret(member))
        at->row = &hidden;
}

/* A member may be named by a secret. */
static char *shown_name(struct mask_walk *w, const struct mask_at *at, const char *name)
{
    enum mask_rule rule = at->row ? at->row->rule : MASK_UNKNOWN;
    bool made_up = rule == MASK_UNKNOWN || rule == MASK_HIDE || rule == MASK_KEY;
    if (made_up && !secret_is_mask(name) && mask_weigh(MASK_SHOW, "", name) == MASK_HIDE)
        return secret_mask(w->arena, name);
    return mask_shapes(w->arena, name);
}

void mask_children(struct mask_walk *w, const struct mask_at *at, cJSON *node,
                   const struct mask_place *up)
{
    bool object = cJSON_IsObject(node);
    for (cJSON *c = node->child; c; c = c->next) {
        struct mask_place here = *up;
        struct mask_at below = *at;
        bool own = !object && at->row && leads_into(at->row->rule); /* a list of trees */
        if (object) {
            here = (struct mask_place){ c->string, node, up, up->plugin };
            below = mask_at_member(at, c->string, &own);
            expect_secret(&below, own, c->string);
        }
        mask_node_at(w, &below, own, c, &here);
        if (!object || strlen(c->string) < 9)
            continue;
        here.name = shown_name(w, &below, c->string);
        if (strcmp(here.name, c->string) != 0) /* what it is called now may hide it, too */
            mask_node_at(w, &below, own, c, &here);
        c->string = (char *)here.name;
    }
}

cJSON *mask_bare(struct arena *a, const struct kind *k, const cJSON *o)
{
    cJSON *copy = json_clone(a, o);
    bool twice = (!k || (k->flags & KIND_SCOPED)) && json_str(o, "rawConfigurations") &&
                 json_count(json_get(o, "configurations")) > 0;
    if (twice)
        json_remove(copy, "rawConfigurations");
    return copy;
}

static void mask_whole_object(struct mask_walk *w, const struct kind *k, cJSON *o)
{
    struct mask_at at = mask_at_kind(k);
    struct mask_place top = { .name = "" };
    if (cJSON_IsObject(o) || cJSON_IsArray(o))
        mask_children(w, &at, o, &top);
    else
        mask_leaf(w, &at, o, &top);
}

cJSON *mask_collect(struct arena *a, const struct kind *k, const cJSON *o, struct secret_set *found)
{
    if (!o)
        return NULL;
    cJSON *copy = mask_bare(a, k, o);
    struct mask_walk w = { .arena = a, .found = found };
    mask_whole_object(&w, k, copy);
    return copy;
}

cJSON *mask_object(struct arena *a, const struct kind *k, const cJSON *o)
{
    return mask_collect(a, k, o, NULL);
}

cJSON *mask_strictly(struct arena *a, const struct kind *k, const cJSON *o)
{
    cJSON *copy = json_clone(a, o);
    struct mask_walk w = { .arena = a, .strict = true };
    mask_whole_object(&w, k, copy);
    return copy;
}

void mask_learn(const struct kind *k, const cJSON *o)
{
    struct mask_walk w = { .arena = arena_new(), .learns = true };
    mask_whole_object(&w, k, mask_bare(w.arena, k, o));
    arena_free(w.arena);
}

bool mask_is_clean(const struct kind *k, const cJSON *shown)
{
    struct arena *a = arena_new();
    bool clean = !shown || json_equal(mask_object(a, k, shown), shown);
    arena_free(a);
    return clean;
}

char *mask_quoting(struct arena *a, const struct secret_set *set, const char *text)
{
    if (secret_quotes_short(set, text))
        return arena_strdup(a,
                            "the reason is not shown, because it quotes a secret that is shorter "
                            "than 8 characters; use a longer secret, and the reason will be");
    return secret_scrub_with(a, set, text);
}

void mask_error(struct arena *a, const struct secret_set *set, struct err *e)
{
    if (e->kind != ERR_NONE)
        snprintf(e->text, sizeof e->text, "%s", mask_quoting(a, set, e->text));
}
