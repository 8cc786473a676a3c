/* stores.h - a state folder of its own for each test of the store, and a hand that changes the
 * database behind the store's back. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/lib.h"
#include "check.h"
#include "plan/plan.h"
#include "scratch.h"
#include "store/store_decision.h"
#include "store/store_room.h"
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *a;
static struct store *s;
static char dir[128];

static int setup(void **state)
{
    (void)state;
    struct err e = { 0 };
    a = arena_new();
    snprintf(dir, sizeof dir, "%s/higress-ops-store-XXXXXX", scratch_base());
    s = mkdtemp(dir) ? store_open(a, dir, &e) : NULL;
    return s ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    store_close(s);
    arena_free(a);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

static __attribute__((noinline, unused)) char *keep(const char *name, enum plan_state state,
                                                    double ttl)
{
    struct err e = { 0 };
    char *id = NULL;
    struct plan *p = plan_new(a, "test", CHANGE, &e);
    cJSON *o = json_object(a);
    json_set_str(a, o, "name", name);
    json_set_str(a, o, "type", "http");
    json_set_str(a, o, "serverAddress", "10.0.0.1");
    json_set_num(a, o, "serverPort", 3128);
    p->gateway = "http://g";
    p->wish = arena_printf(a, "wish of %s", name);
    if (!plan_create(p, "proxy-server", NULL, o) || !plan_close(p) ||
        !store_keep(s, a, p, state, "ann", ttl, &id, &e))
        fail_msg("%s", e.text);
    return id;
}

static __attribute__((noinline, unused)) bool move(const char *id, enum plan_state from,
                                                   enum plan_state to)
{
    struct err e = { 0 };
    bool moved = false;
    if (!store_move(s, id, from, to, "ann", "test", NULL, &moved, &e))
        fail_msg("%s", e.text);
    return moved;
}

#define LITE_API(X) X(sqlite3_open) X(sqlite3_exec) X(sqlite3_close)
LIB_TABLE(lite, LITE_API);

/* Changes the database behind the store's back. */
static __attribute__((unused)) void sql(const char *text)
{
    struct err e = { 0 };
    sqlite3 *db = NULL;
    assert_true(LIB_LOAD(lite, LITE_API, "libsqlite3.so.0", "libsqlite3-0", &e));
    assert_int_equal(lite.sqlite3_open(arena_printf(a, "%s/state.db", dir), &db), SQLITE_OK);
    assert_int_equal(lite.sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    lite.sqlite3_close(db);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
