/* store_scrub.c - what earlier releases stored and today's mask would hide: found, and sealed.
 *
 * Which values are secret is asked of the mask, plan by plan. A picture of a plan that has one is
 * made anew; a result loses it; an audit line that has one becomes a tombstone: the detail is
 * sealed with the key, the hash stays, a MAC stands for what is there now. Values of eight bytes
 * and more are looked for everywhere, shorter ones where their own plan is spoken of. Runs once for
 * each STORE_SCRUB_NOW, and when somebody asks.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "mask/mask.h"
#include "plan/plan.h"
#include "store/store_private.h"

struct scrub {
    struct store *store;
    struct arena *arena;
    struct secret_set *all; /* of all plans */
    struct store_scrubbed *did;
};

/* -- texts ----------------------------------------------------------------------------------------
 */

/* The tree with its strings clean; *found: some were not. own: of the plan that is spoken of. */
static cJSON *cleaned(const struct scrub *x, struct arena *a, const struct secret_set *own,
                      const cJSON *o, bool *found)
{
    if (cJSON_IsString(o)) {
        const char *text = own ? mask_quoting(a, own, o->valuestring) : o->valuestring;
        text = mask_shapes(a, secret_scrub_with(a, x->all, text));
        *found = *found || strcmp(text, o->valuestring) != 0;
        return json_string(a, text);
    }
    if (!cJSON_IsObject(o) && !cJSON_IsArray(o))
        return json_clone(a, o);
    cJSON *out = cJSON_IsObject(o) ? json_object(a) : json_array(a);
    const cJSON *c;
    cJSON_ArrayForEach(c, o)
    {
        cJSON *one = cleaned(x, a, own, c, found);
        if (cJSON_IsObject(o))
            json_set(a, out, c->string, one);
        else
            json_add(a, out, one);
    }
    return out;
}

/* The JSON text without secrets, the very same where it has none; what is no JSON goes whole. */
static const char *clean_text(const struct scrub *x, struct arena *a, const struct secret_set *own,
                              const char *text)
{
    struct err not_json = { 0 };
    bool found = false;
    if (!text)
        return NULL;
    const cJSON *o = json_parse(a, text, strlen(text), &not_json);
    if (!o)
        return "{\"text\":\"(what was stored here cannot be read)\"}";
    const cJSON *out = cleaned(x, a, own, o, &found);
    return found ? json_print(a, out) : text;
}

/* -- changes --------------------------------------------------------------------------------------
 */

struct picture {
    char *id, *title, *summary, *result;
    struct plan *plan; /* NULL: it cannot be opened */
    bool applied;
};

/* The change after that id that nobody tampered with; false: no more. */
static bool next_change(struct scrub *x, struct arena *a, const char *after, struct picture *p,
                        struct err *e)
{
    struct db_rows r =
        db_query(x->store->db, e,
                 "SELECT " STORE_PLAN_COLUMNS " FROM plans WHERE id > ? ORDER BY id", "t", after);
    bool found = false;
    while (!found && db_next(&r, e)) {
        struct err why = { 0 };
        found = store_check(x->store, &r, false, &why);
        if (!found)
            continue;
        size_t n = 0;
        p->id = arena_strdup(a, db_text(&r, 0));
        p->applied = store_state_of(db_text(&r, 2)) == STATE_APPLIED;
        p->title = arena_strdup(a, db_text(&r, 3));
        p->summary = arena_strdup(a, db_text(&r, 14));
        p->result = arena_strdup(a, db_text(&r, 15));
        char *packed = crypto_open(a, x->store->key, p->id, db_text(&r, 13), &n);
        const cJSON *o = packed ? json_parse(a, packed, n, &why) : NULL;
        p->plan = o ? plan_unpack(a, o, &why) : NULL;
    }
    db_done(&r);
    return found;
}

/* By names as they are shown now. */
static bool touch_again(struct scrub *x, struct arena *a, const struct picture *p,
                        const struct secret_set *own, struct err *e)
{
    return !p->plan || (db_run(x->store->db, e, "DELETE FROM touches WHERE id = ?", "t", p->id) &&
                        store_touch(x->store, a, p->id, p->plan, own, e));
}

static bool clean_change(struct scrub *x, struct arena *a, const struct picture *p, struct err *e)
{
    const struct secret_set *own = p->plan ? plan_secrets(a, p->plan) : NULL;
    const char *summary = clean_text(x, a, own, p->summary);
    const char *result = clean_text(x, a, own, p->result);
    const char *title = p->title ? secret_scrub_with(a, x->all, p->title) : NULL;
    x->did->changes_seen++;
    if (summary == p->summary && result == p->result && (!title || !strcmp(title, p->title)))
        return true;
    x->did->changes++;
    if (summary != p->summary && p->plan)
        summary = clean_text(x, a, own, json_print(a, plan_show(a, p->plan, false)));
    return touch_again(x, a, p, own, e) &&
           db_run(x->store->db, e,
                  "UPDATE plans SET title = ?, summary = ?, result = ? WHERE id = ?", "tttt", title,
                  summary, result, p->id) &&
           store_sign(x->store, "sealed anew", p->id, "scrub", "scrub", NULL, e);
}

/* What a plan hides; what the gateway itself showed of it are no secrets. */
static void collect_hidden_words(struct scrub *x, const struct picture *p)
{
    for (int i = 0; i < p->plan->count; i++) {
        const struct plan_op *op = &p->plan->ops[i];
        mask_words(op->kind, op->before);
        if (p->applied)
            mask_words(op->kind, op->after);
    }
    for (int i = 0; i < p->plan->count; i++) {
        const struct plan_op *op = &p->plan->ops[i];
        mask_collect(p->plan->arena, op->kind, op->before, x->all);
        mask_collect(p->plan->arena, op->kind, op->after, x->all);
    }
}

/* Twice over all: a value of one change may stand in another's result. */
static bool each_change(struct scrub *x, bool clean, struct err *e)
{
    char id[80] = "";
    bool ok = true;
    for (bool more = true; ok && more;) {
        struct arena *a = arena_new();
        struct picture p = { 0 };
        more = next_change(x, a, id, &p, e);
        if (more && clean)
            ok = clean_change(x, a, &p, e);
        else if (more && p.plan)
            collect_hidden_words(x, &p);
        snprintf(id, sizeof id, "%s", more ? p.id : "");
        arena_free(a);
    }
    return ok && e->kind == ERR_NONE;
}

/* -- the audit ------------------------------------------------------------------------------------
 */

static bool bury(struct scrub *x, struct arena *a, int seq, const char *detail, struct err *e)
{
    struct store *s = x->store;
    cJSON *o = json_object(a);
    json_set_str(a, o, "tombstone",
                 "what stood here holds a value that must not be read; the line keeps its hash");
    json_set_str(a, o, "sealed", crypto_seal(a, s->key, "audit", detail, strlen(detail)));
    if (!db_run(s->db, e, "UPDATE audit SET detail = ?, tomb = '' WHERE seq = ?", "ti",
                json_print(a, o), seq))
        return false;
    struct db_rows r =
        db_query(s->db, e, "SELECT " STORE_LINE_COLUMNS " FROM audit WHERE seq = ?", "i", seq);
    const char *tomb = db_next(&r, e) ? store_tomb(s, a, &r) : NULL;
    db_done(&r);
    x->did->lines++;
    return tomb && db_run(s->db, e, "UPDATE audit SET tomb = ? WHERE seq = ?", "ti", tomb, seq);
}

static bool clean_line(struct scrub *x, struct arena *a, int seq, const char *id,
                       const char *detail, struct err *e)
{
    struct err why = { 0 };
    const struct plan *p = id ? store_plan(x->store, a, id, &why) : NULL;
    return clean_text(x, a, p ? plan_secrets(a, p) : NULL, detail) == detail ||
           bury(x, a, seq, detail, e);
}

static bool each_line(struct scrub *x, int until, struct err *e)
{
    bool ok = true;
    for (int seq = 1; ok && seq <= until; seq++) {
        struct arena *a = arena_new();
        struct db_rows r = db_query(x->store->db, e,
                                    "SELECT id, detail FROM audit WHERE seq = ? AND "
                                    "detail IS NOT NULL AND tomb IS NULL",
                                    "i", seq);
        bool there = db_next(&r, e);
        const char *id = there ? arena_strdup(a, db_text(&r, 0)) : NULL;
        const char *detail = there ? arena_strdup(a, db_text(&r, 1)) : NULL;
        db_done(&r);
        x->did->lines_seen += there;
        ok = e->kind == ERR_NONE && (!detail || clean_line(x, a, seq, id, detail, e));
        arena_free(a);
    }
    return ok;
}

/* -- the whole ------------------------------------------------------------------------------------
 */

static bool note_scrubbed(struct scrub *x, struct err *e)
{
    cJSON *o = json_object(x->arena);
    json_set_num(x->arena, o, "changes", x->did->changes);
    json_set_num(x->arena, o, "lines", x->did->lines);
    return store_put_setting(x->store, "scrub", arena_printf(x->arena, "%d", STORE_SCRUB_NOW),
                             &(struct setting_said){ .event = "scrubbed",
                                                     .who = "scrub",
                                                     .channel = "scrub",
                                                     .detail = json_print(x->arena, o) },
                             e);
}

static bool count_tombstones(struct scrub *x, struct err *e)
{
    struct db_rows r =
        db_query(x->store->db, e, "SELECT count(*) FROM audit WHERE tomb IS NOT NULL", "");
    x->did->tombstones = db_next(&r, e) ? (int)db_real(&r, 0) : 0;
    db_done(&r);
    return !r.failed;
}

static bool scrub_all(struct scrub *x, struct err *e)
{
    int last = 0, lines = 0;
    return store_last(x->store, x->arena, &last, e) && store_head_holds(x->store, e) &&
           store_whole(x->store, 1, &lines, e) && each_change(x, false, e) &&
           each_change(x, true, e) && each_line(x, last, e) && count_tombstones(x, e) &&
           note_scrubbed(x, e);
}

/* Nor may the old bytes stay in pages that are free now, or in the log. While another process reads
 * this waits for the next time. */
static void wipe(struct store *s)
{
    struct err busy = { 0 };
    db_run(s->db, &busy, "VACUUM", "");
    db_run(s->db, &busy, "PRAGMA wal_checkpoint(TRUNCATE)", "");
}

bool store_scrub(struct store *s, struct store_scrubbed *did, struct err *e)
{
    struct scrub x = { .store = s, .arena = arena_new(), .did = did };
    x.all = secret_set_new(x.arena);
    *did = (struct store_scrubbed){ 0 };
    bool ok = db_run(s->db, e, "PRAGMA secure_delete = ON", "") && store_begin(s, e);
    if (ok)
        ok = store_end(s, scrub_all(&x, e), e);
    if (ok && did->changes + did->lines > 0)
        wipe(s);
    struct err still_on = { 0 }; /* harmless */
    db_run(s->db, &still_on, "PRAGMA secure_delete = OFF", "");
    arena_free(x.arena);
    return ok;
}

bool store_scrub_once(struct store *s, struct err *e)
{
    struct arena *a = arena_new();
    struct store_scrubbed did;
    struct err why = { 0 };
    const char *was = store_value(s, a, "scrub", e);
    bool done = was && strtol(was, NULL, 10) >= STORE_SCRUB_NOW;
    /* What is broken is named when it is used; it must not keep the rest from being used. */
    if (!done && e->kind == ERR_NONE)
        store_scrub(s, &did, &why);
    arena_free(a);
    return e->kind == ERR_NONE;
}
