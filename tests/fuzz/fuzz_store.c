/* fuzz_store.c - a database that somebody else writes: whatever stands in a column, nothing crashes
 * and nothing that was not approved is applied.
 *
 * Input: pairs of bytes and a value. The first byte says which column of which row, the second
 * which type the value has; values end at a byte 0. Three changes are there: pending, rejected and
 * applied. Each of them is put back after the input.
 * fuzz: -runs=2000 -max_len=1024 -timeout=20 -dict=tests/fuzz/protocol.dict
 */
#include "../unit/scratch.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/lib.h"
#include "kind/kind.h"
#include "plan/plan.h"
#include "store/store_decision.h"
#include "store/store_pin.h"
#include "store/store_room.h"
#include <sqlite3.h>
#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LITE_API(X)                                                                                \
    X(sqlite3_open)                                                                                \
    X(sqlite3_exec)                                                                                \
    X(sqlite3_prepare_v2)                                                                          \
    X(sqlite3_bind_text)                                                                           \
    X(sqlite3_bind_blob)                                                                           \
    X(sqlite3_bind_int64)                                                                          \
    X(sqlite3_bind_double)                                                                         \
    X(sqlite3_step)                                                                                \
    X(sqlite3_finalize)
LIB_TABLE(lite, LITE_API);

static const char *const columns[][2] = {
    { "plans", "id" },          { "plans", "digest" },      { "plans", "state" },
    { "plans", "title" },       { "plans", "risk" },        { "plans", "tool" },
    { "plans", "who" },         { "plans", "undoes" },      { "plans", "gateway" },
    { "plans", "wish" },        { "plans", "created" },     { "plans", "updated" },
    { "plans", "expires" },     { "plans", "sealed" },      { "plans", "summary" },
    { "plans", "result" },      { "plans", "line" },        { "plans", "decided" },
    { "plans", "mac" },         { "plans", "holder" },      { "plans", "lease" },
    { "plans", "lease_until" }, { "decisions", "id" },      { "decisions", "at" },
    { "decisions", "who" },     { "decisions", "channel" }, { "decisions", "verdict" },
    { "decisions", "mac" },     { "decisions", "line" },    { "audit", "at" },
    { "audit", "event" },       { "audit", "id" },          { "audit", "who" },
    { "audit", "detail" },      { "audit", "hash" },        { "audit", "mac" },
    { "audit", "tomb" },        { "anchor", "seal" },       { "anchor", "seq" },
    { "settings", "value" },    { "settings", "name" },     { "intents", "what" },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const char *const tables[] = { "plans", "decisions", "audit", "anchor", "settings" };
enum { TABLES = sizeof tables / sizeof *tables };

static struct {
    struct arena *arena;
    struct store *store;
    sqlite3 *db;
    char dir[128], *ids[3], *digest[3];
} world;

static void must(bool held, const char *what)
{
    if (!held)
        bug("fuzz_store: %s", what);
}

static void run(const char *sql)
{
    lite.sqlite3_exec(world.db, sql, NULL, NULL, NULL);
}

static void keep(int i, const char *name)
{
    struct arena *a = world.arena;
    struct err e = { 0 };
    struct plan *p = plan_new(a, "fuzz", CHANGE, &e);
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", name);
    p->gateway = "http://g";
    p->wish = name;
    must(plan_create(p, "domain", NULL, o) && plan_close(p) &&
             store_keep(world.store, a, p, STATE_PENDING, "ann", 1e6, &world.ids[i], &e),
         e.text);
    world.digest[i] = arena_strdup(a, p->digest);
}

static void go(int i, enum plan_state from, enum plan_state to)
{
    struct err e = { 0 };
    bool moved = false;
    must(store_move(world.store, world.ids[i], from, to, "ann", "fuzz", NULL, &moved, &e) && moved,
         e.text);
}

static void begin(void)
{
    struct err e = { 0 };
    world.arena = arena_new();
    snprintf(world.dir, sizeof world.dir, "%s/fuzz-store-XXXXXX", scratch_base());
    must(mkdtemp(world.dir), "no folder");
    world.store = store_open(world.arena, world.dir, &e);
    must(world.store, e.text);
    keep(0, "a.example");
    keep(1, "b.example");
    keep(2, "c.example");
    go(1, STATE_PENDING, STATE_REJECTED);
    go(2, STATE_PENDING, STATE_APPROVED);
    go(2, STATE_APPROVED, STATE_APPLYING);
    go(2, STATE_APPLYING, STATE_APPLIED);
    must(store_set_pin(world.store, json_object(world.arena), "ann", "fuzz", &e), e.text);
    must(LIB_LOAD(lite, LITE_API, "libsqlite3.so.0", "libsqlite3-0", &e), e.text);
    lite.sqlite3_open(arena_printf(world.arena, "%s/state.db", world.dir), &world.db);
    run("PRAGMA synchronous=OFF");
    for (int i = 0; i < TABLES; i++)
        run(arena_printf(world.arena, "CREATE TABLE %s_copy AS SELECT * FROM %s", tables[i],
                         tables[i]));
}

static void put_back(void)
{
    struct arena *a = arena_new();
    run("BEGIN");
    for (int i = 0; i < TABLES; i++) {
        run(arena_printf(a, "DELETE FROM %s", tables[i]));
        run(arena_printf(a, "INSERT INTO %s SELECT * FROM %s_copy", tables[i], tables[i]));
    }
    run("COMMIT");
    arena_free(a);
}

/* One column of one row becomes that value. */
static void write_column(struct arena *a, uint8_t which, uint8_t how, const char *value, size_t n)
{
    const char *const *c = columns[which % COLUMNS];
    sqlite3_stmt *s = NULL;
    const char *sql = arena_printf(a,
                                   "UPDATE %s SET %s = ? WHERE rowid = (SELECT rowid FROM %s "
                                   "ORDER BY rowid LIMIT 1 OFFSET %d)",
                                   c[0], c[1], c[0], how >> 4 & 7);
    if (lite.sqlite3_prepare_v2(world.db, sql, -1, &s, NULL) != SQLITE_OK)
        return;
    if (how % 5 == 0)
        lite.sqlite3_bind_text(s, 1, value, (int)n, SQLITE_TRANSIENT);
    else if (how % 5 == 1)
        lite.sqlite3_bind_blob(s, 1, value, (int)n, SQLITE_TRANSIENT);
    else if (how % 5 == 2)
        lite.sqlite3_bind_int64(s, 1, strtoll(value, NULL, 10));
    else if (how % 5 == 3)
        lite.sqlite3_bind_double(s, 1, strtod(value, NULL));
    lite.sqlite3_step(s); /* else NULL */
    lite.sqlite3_finalize(s);
}

static bool seen(void *arg, const struct stored *row)
{
    struct arena *a = arg;
    must(row->tampered || (row->id && row->digest && row->summary), "a row without its parts");
    must(row->tampered || json_print(a, row->summary), "a summary that cannot be printed");
    return true;
}

static void use(struct arena *a, const char *id)
{
    struct stored row = { 0 };
    struct err e[6] = { 0 };
    struct store_decision d = { 0 };
    struct store_rejection r = { 0 };
    bool there = false, moved = false;
    bool found = store_find(world.store, a, id, &row, &e[0]);
    struct plan *p = store_plan(world.store, a, id, &e[1]);
    for (int i = 0; p && i < 3; i++)
        must(strcmp(id, world.ids[i]) != 0 || !strcmp(p->digest, world.digest[i]),
             "another plan under this id");
    must(!found || row.state != STATE_APPROVED, "nobody approved that");
    if (found)
        store_decision(world.store, a, &row, &d, &there, &e[2]);
    store_rejected(world.store, a, "http://g", "b.example", &r, &e[3]);
    store_move(world.store, id, STATE_APPROVED, STATE_APPLYING, "eve", "fuzz", NULL, &moved, &e[4]);
    must(!moved, "what nobody approved is applied");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!world.store)
        begin();
    struct arena *a = arena_new();
    struct err e[6] = { 0 };
    int lines = 0;
    for (size_t i = 0; i + 2 < size;) {
        size_t n = strnlen((const char *)data + i + 2, size - i - 2);
        write_column(a, data[i], data[i + 1], arena_strndup(a, (const char *)data + i + 2, n), n);
        i += n + 3;
    }
    store_each(world.store, 0, 0, 50, seen, a, &e[0]);
    for (int i = 0; i < 3; i++)
        use(a, world.ids[i]);
    store_audit_lines(world.store, a, json_array(a), 50, &e[1]);
    store_pin(world.store, a, &e[2]);
    store_verify(world.store, NULL, &lines, &e[3]);
    store_undecided(world.store, "ann", &e[4]);
    arena_free(a);
    put_back();
    return 0;
}
