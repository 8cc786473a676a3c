/* store_scrub.c - what earlier releases stored and today's mask would hide: found, and sealed.
 *
 * Which values are secret is asked of the mask, plan by plan: a leaf of the sealed objects that it
 * hides. The picture of a plan is made anew; a result loses the values; an audit line that has one,
 * or another picture of its plan than today's, becomes a tombstone: the detail is sealed with the
 * key, the hash stays, a MAC stands for what is there now. Runs once for each STORE_SCRUB_NOW, and
 * when somebody asks.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"
#include "gateway/mask.h"
#include "gateway/plan.h"
#include "gateway/store_inside.h"

enum { SHORTEST = 8, VALUES_MAX = 4096, TEXT_MAX = 64 * 1024 * 1024 };

struct scrub {
    struct store *store;
    struct arena *arena; /* of the values */
    const char **values;
    int count, room;
    struct store_scrubbed *did;
};

/* -- which values ---------------------------------------------------------------------------------
 */

static void add_value(struct scrub *x, const char *text, size_t n)
{
    if (n < SHORTEST || x->count >= VALUES_MAX)
        return;
    const char *value = arena_strndup(x->arena, text, n);
    if (secret_is_mask(value))
        return;
    for (int i = 0; i < x->count; i++)
        if (!strcmp(x->values[i], value))
            return;
    x->values = arena_grow(x->arena, x->values, x->count, &x->room, sizeof *x->values);
    x->values[x->count++] = value;
}

/* What differs between a text and its masked form, if that is one value. */
static void compare_texts(struct scrub *x, const char *text, const char *masked)
{
    size_t n = strlen(text), m = strlen(masked), head = 0, tail = 0;
    while (head < n && head < m && text[head] == masked[head])
        head++;
    while (tail < n - head && tail < m - head && text[n - 1 - tail] == masked[m - 1 - tail])
        tail++;
    if (secret_is_mask(masked))
        add_value(x, text, n);
    else if (head + tail < n)
        add_value(x, text + head, n - head - tail);
}

static void compare_trees(struct scrub *x, const cJSON *o, const cJSON *masked)
{
    if (cJSON_IsString(o) && cJSON_IsString(masked))
        compare_texts(x, o->valuestring, masked->valuestring);
    const cJSON *m = masked ? masked->child : NULL;
    for (const cJSON *c = o ? o->child : NULL; c && m; c = c->next, m = m->next)
        compare_trees(x, c, m);
}

static void collect(struct scrub *x, const struct plan *p)
{
    for (int i = 0; i < p->count; i++) {
        const struct plan_op *op = &p->ops[i];
        compare_trees(x, op->before, mask_object(p->arena, op->kind, op->before));
        compare_trees(x, op->after, mask_object(p->arena, op->kind, op->after));
    }
}

/* -- taking them out ------------------------------------------------------------------------------
 */

static char *without(struct arena *a, char *text, const char *value)
{
    char *at = strstr(text, value);
    if (!at)
        return text;
    struct buf *b = buf_in(a, TEXT_MAX);
    const char *from = text, *mask = secret_mask(a, value);
    for (; at; from = at + strlen(value), at = strstr(from, value)) {
        buf_add(b, from, (size_t)(at - from));
        buf_str(b, mask);
    }
    buf_str(b, from);
    return b->data;
}

/* The tree with its string leaves without the values; *found: some had one. */
static cJSON *cleaned(const struct scrub *x, struct arena *a, const cJSON *o, bool *found)
{
    if (cJSON_IsString(o)) {
        char *text = o->valuestring;
        for (int i = 0; i < x->count; i++)
            text = without(a, text, x->values[i]);
        *found = *found || text != o->valuestring;
        return json_string(a, text);
    }
    if (!cJSON_IsObject(o) && !cJSON_IsArray(o))
        return json_clone(a, o);
    cJSON *out = cJSON_IsObject(o) ? json_object(a) : json_array(a);
    const cJSON *c;
    cJSON_ArrayForEach(c, o)
    {
        cJSON *one = cleaned(x, a, c, found);
        if (cJSON_IsObject(o))
            json_set(a, out, c->string, one);
        else
            json_add(a, out, one);
    }
    return out;
}

/* The JSON text without the values; what is no JSON goes whole. NULL in, NULL out. */
static char *clean_text(const struct scrub *x, struct arena *a, const char *text)
{
    struct err not_json = { 0 };
    bool found = false;
    if (!text)
        return NULL;
    const cJSON *o = json_parse(a, text, strlen(text), &not_json);
    if (!o)
        return arena_strdup(a, "{\"text\":\"(what was stored here cannot be read)\"}");
    const cJSON *out = cleaned(x, a, o, &found);
    return found ? json_print(a, out) : arena_strdup(a, text);
}

/* -- changes --------------------------------------------------------------------------------------
 */

struct picture {
    char *id, *title, *summary, *result;
    struct plan *plan; /* NULL: it cannot be opened */
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

static bool same(const char *x, const char *y)
{
    return x == y || (x && y && !strcmp(x, y));
}

static bool clean_change(struct scrub *x, struct arena *a, const struct picture *p, struct err *e)
{
    const char *shown = p->plan ? json_print(a, plan_show(a, p->plan, false)) : p->summary;
    const char *summary = clean_text(x, a, shown), *result = clean_text(x, a, p->result);
    char *title = p->title;
    for (int i = 0; title && i < x->count; i++)
        title = without(a, title, x->values[i]);
    x->did->changes_seen++;
    if (same(summary, p->summary) && same(result, p->result) && same(title, p->title))
        return true;
    x->did->changes++;
    return db_run(x->store->db, e,
                  "UPDATE plans SET title = ?, summary = ?, result = ? WHERE id = ?", "tttt", title,
                  summary, result, p->id) &&
           store_sign(x->store, "sealed anew", p->id, "scrub", "scrub", NULL, e);
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
            collect(x, p.plan);
        snprintf(id, sizeof id, "%s", more ? p.id : "");
        arena_free(a);
    }
    return ok && e->kind == ERR_NONE;
}

/* -- the audit ------------------------------------------------------------------------------------
 */

/* Today's picture of the change that a line proposed, or NULL. */
static char *picture_of(struct scrub *x, struct arena *a, const char *id, struct err *e)
{
    struct db_rows r = db_query(x->store->db, e, "SELECT summary FROM plans WHERE id = ?", "t", id);
    char *text = db_next(&r, e) ? arena_strdup(a, db_text(&r, 0)) : NULL;
    db_done(&r);
    return text;
}

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

static bool clean_line(struct scrub *x, struct arena *a, int seq, const char *event, const char *id,
                       const char *detail, struct err *e)
{
    bool proposed = event && id && !strcmp(event, "proposed");
    const char *right = proposed ? picture_of(x, a, id, e) : NULL;
    right = right ? right : clean_text(x, a, detail);
    return e->kind == ERR_NONE && (same(right, detail) || bury(x, a, seq, detail, e));
}

static bool each_line(struct scrub *x, int until, struct err *e)
{
    bool ok = true;
    for (int seq = 1; ok && seq <= until; seq++) {
        struct arena *a = arena_new();
        struct db_rows r = db_query(x->store->db, e,
                                    "SELECT event, id, detail FROM audit WHERE seq = ? AND "
                                    "detail IS NOT NULL AND tomb IS NULL",
                                    "i", seq);
        bool there = db_next(&r, e);
        const char *event = there ? arena_strdup(a, db_text(&r, 0)) : NULL;
        const char *id = there ? arena_strdup(a, db_text(&r, 1)) : NULL;
        const char *detail = there ? arena_strdup(a, db_text(&r, 2)) : NULL;
        db_done(&r);
        x->did->lines_seen += there;
        ok = e->kind == ERR_NONE && (!detail || clean_line(x, a, seq, event, id, detail, e));
        arena_free(a);
    }
    return ok;
}

/* -- the whole ------------------------------------------------------------------------------------
 */

static bool say(struct scrub *x, struct err *e)
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

static bool scrub_all(struct scrub *x, struct err *e)
{
    int last = 0, lines = 0;
    return store_last(x->store, x->arena, &last, e) && store_head_holds(x->store, e) &&
           store_whole(x->store, 1, &lines, e) && each_change(x, false, e) &&
           each_change(x, true, e) && each_line(x, last, e) && say(x, e);
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
