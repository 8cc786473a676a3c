/* store_result.c - a member more in the result of a change, without a step of its state. */
#include "store/store_result.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/store_private.h"
#include <string.h>

static cJSON *kept_result(struct store *s, struct arena *a, const char *id, struct err *e)
{
    struct db_rows r = db_query(s->db, e, "SELECT result FROM plans WHERE id = ?", "t", id);
    const char *text = db_next(&r, e) ? db_text(&r, 0) : NULL;
    cJSON *result = text ? json_parse(a, text, strlen(text), e) : json_object(a);
    db_done(&r);
    return result;
}

static bool add_member(struct store *s, struct arena *a, const char *id, const char *member,
                       const cJSON *value, const char *who, const char *channel, bool *moved,
                       struct err *e)
{
    enum plan_state state;
    if (!store_check_id(s, id, &state, e) || state != STATE_APPLIED)
        return e->kind == ERR_NONE;
    cJSON *result = kept_result(s, a, id, e);
    if (!result)
        return false;
    json_set(a, result, member, json_clone(a, value));
    *moved = db_run(s->db, e, "UPDATE plans SET result = ? WHERE id = ?", "tt",
                    store_said(a, result), id) &&
             store_sign(s, member, id, who, channel, store_said(a, value), e);
    return *moved;
}

bool store_add_result(struct store *s, const char *id, const char *member, const cJSON *value,
                      const char *who, const char *channel, bool *moved, struct err *e)
{
    struct arena *a = arena_new();
    *moved = false;
    bool ok = store_begin(s, e);
    if (ok)
        ok = store_end(s, add_member(s, a, id, member, value, who, channel, moved, e), e);
    *moved = *moved && ok;
    arena_free(a);
    return ok;
}
