/* mask_schema.c - JSON Schema and API documents: a default or example is a secret where its
 * property is one. */
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "mask/mask.h"
#include "mask/mask_walk_private.h"

static bool is_in_words(const char *const *words, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], s))
            return true;
    return false;
}
#define ONE_OF(words, s) is_in_words(words, sizeof(words) / sizeof *(words), s)

/* Members whose members are named by properties, parameters, headers. */
static const char *const holders[] = { "properties", "patternProperties", "definitions", "$defs",
                                       "headers",    "parameters",        "schemas" };
static const char *const values[] = { "const", "enum", "default", "example", "examples", "value" };
static const char *const prose[] = { "description", "title", "summary", "pattern" };

static void by_property(struct mask_walk *w, cJSON *node, const char *property)
{
    enum mask_rule rule = mask_header_rule(property);
    const char *text = cJSON_IsString(node) ? node->valuestring : NULL;
    struct mask_row row = { "", mask_weigh(rule, property, text), NULL };
    if (mask_query_is_secret(property))
        row.rule = MASK_HIDE;
    struct mask_at at = { .row = &row };
    struct mask_place place = { .name = property };
    if (node->child)
        mask_children(w, &at, node, &place);
    else
        mask_leaf(w, &at, node, &place);
}

static void hide_all(struct mask_walk *w, cJSON *node)
{
    struct mask_place place = { .name = node->string ? node->string : "" };
    if (node->child)
        mask_children(w, &(struct mask_at){ 0 }, node, &place);
    else
        mask_leaf(w, &(struct mask_at){ 0 }, node, &place);
}

static void leaf(struct mask_walk *w, cJSON *c, const char *name)
{
    if (!cJSON_IsString(c))
        return;
    bool url = text_ends(name, "rl") || !strcmp(name, "$ref");
    const char *s = c->valuestring;
    mask_show(w, c,
              ONE_OF(prose, name) ? mask_text(w->arena, s)
              : url               ? mask_url(w->arena, s)
                                  : mask_shapes(w->arena, s));
}

static void mask_schema_node(struct mask_walk *w, cJSON *node, const char *property, bool holder);

static void walk_member(struct mask_walk *w, cJSON *c, const char *property)
{
    if (text_starts(c->string, "x-"))
        hide_all(w, c);
    else if (ONE_OF(values, c->string))
        by_property(w, c, property);
    else if (c->child)
        mask_schema_node(w, c, property, ONE_OF(holders, c->string));
    else
        leaf(w, c, c->string);
}

/* holder: the members are named by what they hold. */
static void mask_schema_node(struct mask_walk *w, cJSON *node, const char *property, bool holder)
{
    const char *own = json_str(node, "name");
    property = own && !holder ? own : property;
    for (cJSON *c = node->child; c; c = c->next) {
        const char *name = c->string ? c->string : "";
        if (c->string && !holder)
            walk_member(w, c, property);
        else if (c->child)
            mask_schema_node(w, c, holder ? name : property, false);
        else
            leaf(w, c, name);
    }
}

void mask_schema(struct mask_walk *w, cJSON *node, const char *property)
{
    mask_schema_node(w, node, property, ONE_OF(holders, property));
}
