/* describe.c - lines of fields and rules. docs/resources.md is made of the same answer. */
#include "plan/describe.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/field.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kind/kind.h"
#include "plan/verify.h"
#include "rule/check.h"
#include "rule/schema.h"

enum { LINE_MAX = 600 };

static const char *const type_names[] = {
    [STR] = "string", [INT] = "integer", [NUM] = "number", [BOOL] = "boolean",
    [OBJ] = "object", [LIST] = "list",   [ANY] = "any",
};

/* Bounds, in the words of the type. */
static void print_bounds(struct buf *b, const struct field *row)
{
    if (row->type == BOOL || row->type == OBJ || row->type == ANY || (!row->min && !row->max))
        return;
    if (row->type == INT || row->type == NUM)
        buf_printf(b, " %.15g..%.15g", row->min, row->max);
    else if (row->max != 0)
        buf_printf(b, " of %.15g..%.15g %s", row->min, row->max,
                   row->type == STR ? "bytes" : "items");
    else
        buf_printf(b, " of at least %.15g", row->min);
}

static void describe_field(struct arena *a, const struct field *row, const char *path, cJSON *lines)
{
    struct buf *b = buf_in(a, LINE_MAX);
    buf_printf(b, "%s: %s", path, type_names[row->type]);
    if (row->type == LIST && row->of && !row->of->of)
        buf_printf(b, " of %ss", type_names[row->of->type]);
    print_bounds(b, row);
    if (row->one_of)
        buf_printf(b, " %s", row->one_of);
    if (row->otherwise)
        buf_printf(b, ", default %s", row->otherwise);
    buf_str(b, row->need == REQ ? ", required" : "");
    buf_str(b, row->flags & FIELD_MADE ? ", read-only" : "");
    buf_str(b, row->flags & FIELD_SECRET ? ", secret" : "");
    if (row->about)
        buf_printf(b, ". %s", row->about);
    json_add_str(a, lines, b->data);
}

static void lines_of(struct arena *a, const struct field *rows, const char *prefix, cJSON *lines)
{
    for (const struct field *row = rows; row && row->type; row++) {
        bool list = row->type == LIST;
        char *path = arena_printf(a, "%s%s%s", prefix, *prefix ? "." : "", row->name);
        describe_field(a, row, path, lines);
        if (row->type == OBJ && row->of)
            lines_of(a, row->of, path, lines);
        else if (list && row->of && row->of->of)
            lines_of(a, row->of->of, arena_printf(a, "%s[]", path), lines);
    }
}

static const char *actions(const struct kind *k)
{
    if (k->flags & KIND_READ_ONLY)
        return "none";
    return k->flags & KIND_FIXED ? "patch|replace" : "create|patch|replace|delete";
}

/* What the kind's row says beyond its fields. */
static void row_rules(struct arena *a, const struct kind *k, cJSON *rules)
{
    char word[TEXT_WORD];
    if (k->flags & KIND_SCOPED)
        json_add_str(a, rules, "scope: global, domain:NAME, route:NAME or service:NAME.");
    for (const char *rest = k->needs; text_word_next(&rest, word);)
        json_add_str(a, rules, arena_printf(a, "A change must bring %s: it is never shown.", word));
    for (const char *rest = k->carry; text_word_next(&rest, word);)
        json_add_str(a, rules, arena_printf(a, "%s is kept when a replace leaves it out.", word));
    for (const char *rest = k->refs; text_word_next(&rest, word);) {
        size_t n = strcspn(word, ">");
        json_add_str(a, rules,
                     arena_printf(a, "%.*s names an existing %s.", (int)n, word,
                                  word[n] ? word + n + 1 : ""));
    }
    if (k->guarded)
        json_add_str(a, rules,
                     arena_printf(a, "Names that end in %s are not written.", k->guarded));
    if (k->kept)
        json_add_str(a, rules, arena_printf(a, "Not deleted: %s.", k->kept));
    if (k->lasts)
        json_add_str(a, rules, arena_printf(a, "Not deleted where %s.", k->lasts));
    if (k->loss)
        json_add_str(a, rules, k->loss);
}

static cJSON *rules_of(struct arena *a, const struct kind *k)
{
    cJSON *rules = json_array(a);
    const char *says;
    for (int n = 0; (says = check_says(a, k, n)); n++)
        json_add_str(a, rules, says);
    for (int n = 0; (says = verify_says(k, n)); n++)
        json_add_str(a, rules, says);
    row_rules(a, k, rules);
    return rules;
}

cJSON *describe_kind(struct arena *a, const struct kind *k)
{
    struct err e = { 0 };
    cJSON *o = json_object(a), *example = json_parse(a, k->example, strlen(k->example), &e);
    json_set_str(a, o, "kind", k->name);
    json_set_str(a, o, "about", k->about);
    json_set_str(a, o, "actions", actions(k));
    lines_of(a, k->fields, "", json_set_array(a, o, "fields"));
    json_set(a, o, "rules", rules_of(a, k));
    if (!example)
        bug("the example of %s is no JSON", k->name);
    json_set(a, o, "example", example);
    return o;
}

/* The example of a schema is YAML text, or an object. */
static cJSON *example_of(struct arena *a, const cJSON *answer)
{
    const cJSON *schema = json_get(answer, "schema");
    const char *text = json_str(json_get(schema, "extensions"), "x-example-raw");
    struct err ignored = { 0 };
    cJSON *tree = text ? yaml_parse(a, text, strlen(text), &ignored) : NULL;
    if (tree)
        return tree;
    const cJSON *example = json_get(schema, "example");
    return cJSON_IsObject(example) ? json_clone(a, example) : json_object(a);
}

cJSON *describe_plugin(struct arena *a, const char *plugin, const cJSON *answer)
{
    cJSON *o = json_object(a);
    const cJSON *schema = schema_of(answer);
    json_set_str(a, o, "kind", "plugin-instance");
    json_set_str(a, o, "about", arena_printf(a, "configurations of the plugin %s", plugin));
    json_set_str(a, o, "actions", actions(kind_find("plugin-instance")));
    cJSON *lines = json_set_array(a, o, "fields");
    if (schema)
        schema_lines(a, schema, lines);
    json_set_array(a, o, "rules");
    json_set(a, o, "example", example_of(a, answer));
    return o;
}
