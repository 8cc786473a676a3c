/* shape.c - types, bounds, needed and unknown members, by the rows of kind_field*.c. */
#include "base/arena.h"
#include "base/field.h"
#include "base/json.h"
#include "kind/kind.h"
#include "rule/check_fields_private.h"

static void drop_nulls(cJSON *node)
{
    cJSON *next;
    for (cJSON *c = node->child; c; c = next) {
        next = c->next;
        if (cJSON_IsNull(c) && cJSON_IsObject(node))
            json_detach(node, c);
        else
            drop_nulls(c);
    }
}

static const struct field *field_named(const struct field *rows, const char *name)
{
    for (; rows && rows->type; rows++)
        if (!strcmp(rows->name, name))
            return rows;
    return NULL;
}

/* Had the object such a member, at this place or, in a list, in any element? Null counts: the
 * console writes every member it knows. */
static bool had_member(const cJSON *before, const char *name)
{
    if (!cJSON_IsArray(before))
        return json_get(before, name) != NULL;
    for (const cJSON *c = before->child; c; c = c->next)
        if (json_get(c, name))
            return true;
    return false;
}

/* Takes out of a tree of objects and lists what the rows do not know and the object had. */
static void drop_known(const struct field *rows, const cJSON *before, cJSON *node)
{
    cJSON *next;
    for (cJSON *c = node->child; c; c = next) {
        next = c->next;
        if (cJSON_IsArray(node)) {
            drop_known(rows, before, c);
            continue;
        }
        const struct field *row = field_named(rows, c->string);
        if (!row && had_member(before, c->string)) {
            json_detach(node, c);
        } else if (row && row->of) {
            const struct field *of = row->type == LIST ? row->of->of : row->of;
            if (of)
                drop_known(of, json_get(before, c->string), c);
        }
    }
}

/* Is this row to be judged? What the gateway makes and what stays as it is are not; they go. But
 * the console takes no write at all of an object whose needed parts are not whole. */
static bool judged(const struct field *row, const cJSON *before, const cJSON *after, cJSON *copy)
{
    const cJSON *was = json_get(before, row->name), *is = json_get(after, row->name);
    bool same = was && is && json_equal(was, is);
    bool vital = row->need == REQ && (row->type == OBJ || row->type == LIST || !is);
    if (!(row->flags & FIELD_MADE) && (!same || vital))
        return true;
    json_remove(copy, row->name);
    return false;
}

bool check_fields(struct arena *a, const struct kind *k, const cJSON *before, const cJSON *after,
                  struct err *e)
{
    cJSON *copy = json_clone(a, after);
    size_t n = 0, kept = 0;
    drop_nulls(copy);
    drop_known(k->fields, before, copy);
    while (k->fields[n].type)
        n++;
    struct field *rows = arena_array(a, struct field, n + 1);
    for (size_t i = 0; i < n; i++)
        if (judged(&k->fields[i], before, after, copy))
            memcpy(&rows[kept++], &k->fields[i], sizeof *rows);
    return field_check(rows, copy, e);
}

static bool fields_fit(const struct field *rows, const cJSON *object);

static bool row_fits(const struct field *row, const cJSON *v)
{
    const cJSON *item;
    if (cJSON_IsNull(v) || !row->of)
        return cJSON_IsNull(v) || field_type_fits(row->type, v);
    if (row->type == OBJ)
        return field_type_fits(OBJ, v) && fields_fit(row->of, v);
    cJSON_ArrayForEach(item, v)
    {
        bool fits = field_type_fits(row->of->type, item) &&
                    (row->of->type != OBJ || !row->of->of || fields_fit(row->of->of, item));
        if (!fits)
            return false;
    }
    return field_type_fits(row->type, v);
}

static bool fields_fit(const struct field *rows, const cJSON *object)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, object)
    {
        const struct field *row = field_named(rows, m->string);
        if (row && !row_fits(row, m))
            return false;
    }
    return true;
}

bool check_fields_typed(const struct kind *k, const cJSON *object)
{
    return cJSON_IsObject(object) && fields_fit(k->fields, object);
}
