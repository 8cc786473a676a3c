/* test_mask_table.c - the tables of secrets are whole: each member that a plugin's schema or a
 * kind's field table knows has a row, and so has each line of the reference beside the repository.
 */
#include "base/asset.h"
#include "base/field.h"
#include "base/text.h"
#include "base/yaml.h"
#include "check.h"
#include "check_arena.h"
#include "kind/kind.h"
#include "mask/mask_table_private.h"
#include "mask/mask_word_private.h"

static int missing;

static struct mask_at down(struct mask_at at, const char *path)
{
    while (*path) {
        size_t n = strcspn(path, ".");
        at = mask_at_member(&at, arena_strndup(a, path, n), NULL);
        path += n + (path[n] == '.');
    }
    return at;
}

/* A row for it, or for what it holds where that has any name. */
static void must_know(const char *table, const struct mask_at *at, const char *path)
{
    if (at->row || mask_at_member(at, "any", NULL).row || mask_at_member(at, "key", NULL).row)
        return;
    printf("%s: no row says whether %s is secret\n", table, path);
    missing++;
}

static bool leads_away(const struct mask_at *at)
{
    return at->row && (at->row->rule == MASK_TREE || at->row->rule == MASK_PLUGIN ||
                       at->row->rule == MASK_SCHEMA);
}

static void walk_schema(const char *table, struct mask_at at, const cJSON *schema, const char *path)
{
    while (cJSON_IsObject(json_get(schema, "items")))
        schema = json_get(schema, "items");
    const cJSON *properties = json_get(schema, "properties"), *m;
    if (leads_away(&at)) {
        if (at.row->rule == MASK_SCHEMA || json_count(properties) == 0)
            return;
        at = mask_at_tree(at.row->with);
    }
    if (json_count(properties) == 0 && *path)
        must_know(table, &at, path);
    cJSON_ArrayForEach(m, properties)
    {
        struct mask_at below = mask_at_member(&at, m->string, NULL);
        walk_schema(table, below, m, arena_printf(a, "%s%s%s", path, *path ? "." : "", m->string));
    }
}

static void test_plugins(void **state)
{
    (void)state;
    int count = 0;
    missing = 0;
    for (const struct asset *f = assets; f->path; f++) {
        if (strncmp(f->path, "server/embedded/plugins/", 24) != 0)
            continue;
        struct err e = { 0 };
        cJSON *plugin = yaml_parse(a, f->data, asset_size(f), &e);
        const char *own = json_str(plugin, "name");
        assert_non_null(own);
        struct mask_at at = mask_at_plugin(own);
        if (!at.at[0])
            printf("%s: the plugin has no table\n", own), missing++;
        else
            walk_schema(own, at, json_get(plugin, "schema"), "");
        count++;
    }
    printf("%d plugins\n", count);
    assert_true(count > 40);
    assert_int_equal(missing, 0);
}

/* The members of an object or of the objects of a list. */
static const struct field *members_of(const struct field *f)
{
    if (f->type == LIST)
        return f->of && f->of->type == OBJ ? f->of->of : NULL;
    return f->type == OBJ ? f->of : NULL;
}

static void must_hide(const char *table, const struct field *f, const struct mask_at *at,
                      const char *path)
{
    bool hides = at->row && at->row->rule == MASK_HIDE;
    if (!(f->flags & FIELD_SECRET) || hides)
        return;
    printf("%s: %s is FIELD_SECRET, the row does not hide it\n", table, path);
    missing++;
}

static void walk_fields(const char *table, struct mask_at at, const struct field *rows,
                        const char *path)
{
    for (const struct field *f = rows; f && f->type; f++) {
        struct mask_at below = mask_at_member(&at, f->name, NULL);
        const char *here = arena_printf(a, "%s%s%s", path, *path ? "." : "", f->name);
        const struct field *of = members_of(f);
        if (of && !leads_away(&below))
            walk_fields(table, below, of, here);
        else
            must_know(table, &below, here);
        must_hide(table, f, &below, here);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    missing = 0;
    for (const struct kind *k = kinds; k->name; k++)
        walk_fields(k->name, mask_at_kind(k), k->fields, "");
    assert_int_equal(missing, 0);
}

/* Words are taken from what is harmless only. */
static void test_words(void **state)
{
    (void)state;
    for (const struct mask_word_row *r = mask_word_rows; r->kind; r++) {
        char path[TEXT_WORD];
        for (const char *rest = r->paths; text_word_next(&rest, path);) {
            struct mask_at at = down(mask_at_kind(kind_find(r->kind)), path);
            if (!at.row || at.row->rule != MASK_SHOW)
                fail_msg("%s: %s is no harmless member", r->kind, path);
        }
    }
}

static void sorted(const struct mask_table *tables)
{
    for (; tables->name && tables[1].name; tables++)
        if (strcmp(tables->name, tables[1].name) >= 0)
            fail_msg("%s does not stand before %s", tables->name, tables[1].name);
}

static void test_order(void **state)
{
    (void)state;
    sorted(mask_kinds), sorted(mask_trees), sorted(mask_plugins), sorted(mask_ai_plugins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plugins),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
