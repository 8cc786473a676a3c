/* refs_cut.c - a user without its references to an object that goes, or with them pointed to its
 * new name. */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/kind.h"
#include "plan/refs_private.h"

/* Whole percents that sum to 100, in the old proportion; the first takes what rounding leaves. */
static void balance(struct arena *a, const cJSON *list)
{
    double sum = 0, given = 0;
    int n = json_count(list);
    cJSON *item;
    cJSON_ArrayForEach(item, list) sum += json_num(item, "weight", 0);
    if (n == 0 || sum == 100)
        return;
    cJSON_ArrayForEach(item, list)
    {
        double old = json_num(item, "weight", 0);
        double fresh = (double)(int)(sum > 0 ? old * 100 / sum : 100.0 / n);
        json_set_num(a, item, "weight", fresh);
        given += fresh;
    }
    json_set_num(a, list->child, "weight", json_num(list->child, "weight", 0) + 100 - given);
}

static int drop_elements(const struct ref_row *row, const struct ref_target *t, cJSON *list)
{
    int dropped = 0;
    cJSON *next;
    for (cJSON *item = list ? list->child : NULL; item; item = next) {
        next = item->next;
        if (!refs_match(row, t, row->member ? json_get(item, row->member) : item))
            continue;
        json_detach(list, item);
        dropped++;
    }
    return dropped;
}

static bool cut_list(struct arena *a, const struct ref_row *row, const struct ref_target *t,
                     cJSON *user, bool *gone, struct err *e)
{
    cJSON *list = json_path(user, row->list);
    if (drop_elements(row, t, list) == 0)
        return true;
    if (list->child) {
        if (row->weighted)
            balance(a, list);
        return true;
    }
    if (row->cut == CUT_LAST_ASKS)
        return err_set(e, ERR_ARGS,
                       "%s '%s': %s would be empty; say first who may call it, or switch its "
                       "authentication off",
                       row->from, text_clean(a, json_str(user, "name"), 80), row->list);
    if (row->cut == CUT_FALLBACK)
        json_set_bool(a, json_get(user, "fallbackConfig"), "enabled", false);
    else
        *gone = true;
    return true;
}

static void cut_member(struct arena *a, const struct ref_row *row, cJSON *user, bool *gone)
{
    if (row->cut == CUT_OWNER) {
        *gone = true;
        return;
    }
    json_remove(user, row->member); /* no such row has a dot */
    if (row->cut == CUT_CERTIFICATE)
        json_set_str(a, user, "enableHttps", "off");
}

cJSON *refs_cut(struct arena *a, const struct kind *user_kind, const cJSON *user,
                const struct kind *k, const cJSON *object, bool *gone, struct err *e)
{
    struct ref_target t = refs_target(a, k, object);
    cJSON *left = json_clone(a, user);
    *gone = !strcmp(user_kind->name, "plugin-instance");
    for (const struct ref_row *row = ref_rows; row->from; row++) {
        if (strcmp(row->from, user_kind->name) != 0)
            continue;
        if (row->list && !cut_list(a, row, &t, left, gone, e))
            return NULL;
        if (!row->list && refs_match(row, &t, json_path(left, row->member)))
            cut_member(a, row, left, gone);
    }
    return left;
}

/* -- renamed ---------------------------------------------------------------------------------- */

static void point(struct arena *a, const struct ref_row *row, const struct ref_target *t,
                  cJSON *value, const char *to)
{
    if (!refs_match(row, t, value))
        return;
    const char *rest = row->form == REF_SERVICE ? value->valuestring + strlen(t->name) : "";
    value->valuestring = arena_printf(a, "%s%s", to, rest);
}

cJSON *refs_point(struct arena *a, const struct kind *user_kind, const cJSON *user,
                  const struct kind *k, const cJSON *object, const char *to)
{
    struct ref_target t = refs_target(a, k, object);
    cJSON *fresh = json_clone(a, user), *item;
    for (const struct ref_row *row = ref_rows; row->from; row++) {
        if (strcmp(row->from, user_kind->name) != 0)
            continue;
        const cJSON *list = row->list ? json_path(fresh, row->list) : NULL;
        if (!row->list)
            point(a, row, &t, json_path(fresh, row->member), to);
        cJSON_ArrayForEach(item, list)
        {
            point(a, row, &t, row->member ? json_get(item, row->member) : item, to);
        }
    }
    return fresh;
}
