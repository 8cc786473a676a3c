/* store_fact.c - the table of facts. */
#include "store/store_fact.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "store/store_private.h"

#define FACT "name, at, value"
#define FACT_TYPES "tdt"
enum { FACT_VALUE = 2, FACT_MAC = 3 };

static const char label[] = "fact";

/* As it stands there, if it is whole. */
static char *kept_fact(struct store *s, struct arena *a, const char *name, struct err *e)
{
    struct db_rows r =
        db_query(s->db, e, "SELECT " FACT ", mac FROM facts WHERE name = ?", "t", name);
    bool there = db_next(&r, e);
    char *text = NULL;
    if (there && !store_mac_same(db_text(&r, FACT_MAC), store_mac(s, a, label, &r, FACT_TYPES)))
        err_set(e, ERR_SYSTEM, "what the state keeps as '%.100s' was tampered with", name);
    else if (there)
        text = arena_strdup(a, db_text(&r, FACT_VALUE));
    db_done(&r);
    return text;
}

cJSON *store_fact(struct store *s, struct arena *a, const char *name, struct err *e)
{
    char *text = kept_fact(s, a, name, e);
    return text ? json_parse(a, text, strlen(text), e) : NULL;
}

static bool write_fact(struct store *s, const char *name, const char *text, struct err *e)
{
    if (!text)
        return db_run(s->db, e, "DELETE FROM facts WHERE name = ?", "t", name);
    return db_run(s->db, e,
                  "DELETE FROM facts WHERE name IN (SELECT name FROM facts WHERE name <> ? ORDER "
                  "BY at DESC LIMIT -1 OFFSET ?)",
                  "ti", name, STORE_FACTS - 1) &&
           db_run(s->db, e, "INSERT OR REPLACE INTO facts (name, at, value) VALUES (?, ?, ?)",
                  "tdt", name, when_now(), text) &&
           store_sign_row(s, label, FACT_TYPES, "SELECT " FACT " FROM facts WHERE name = ?",
                          "UPDATE facts SET mac = ? WHERE name = ?", name, e);
}

static bool is_fact_short(const char *name, const char *text, struct err *e)
{
    return (strlen(name) <= FACT_NAME_MAX && (!text || strlen(text) <= FACT_MAX)) ||
           err_set(e, ERR_ARGS, "'%.100s' is too long to be kept", name);
}

bool store_put_fact(struct store *s, const char *name, const cJSON *value, struct err *e)
{
    struct arena *a = arena_new();
    const char *text = value ? json_canonical(a, value) : NULL;
    bool ok = is_fact_short(name, text, e) && store_begin(s, e);
    if (ok)
        ok = store_end(s, write_fact(s, name, text, e), e);
    arena_free(a);
    return ok;
}

bool store_claim_fact(struct store *s, const char *name, const cJSON *was, const cJSON *value,
                      bool *done, struct err *e)
{
    struct arena *a = arena_new();
    const char *text = value ? json_canonical(a, value) : NULL;
    const char *wanted = was ? json_canonical(a, was) : NULL;
    *done = false;
    bool ok = is_fact_short(name, text, e) && store_begin(s, e);
    if (ok) {
        bool same = text_same(kept_fact(s, a, name, e), wanted) && e->kind == ERR_NONE;
        ok = store_end(s, e->kind == ERR_NONE && (!same || write_fact(s, name, text, e)), e);
        *done = ok && same;
    }
    arena_free(a);
    return ok;
}
