/* store_db.c - SQLite behind a few functions: loaded when first used.
 *
 * A statement that is done is reset, which gives its lock back, and kept for the next use of the
 * same text: compiling it costs more than running it. One in use is not in the pool.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"
#include "store/store_db_private.h"
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>

#define SQLITE_API_USED(X)                                                                         \
    X(sqlite3_open_v2)                                                                             \
    X(sqlite3_close)                                                                               \
    X(sqlite3_exec)                                                                                \
    X(sqlite3_errmsg)                                                                              \
    X(sqlite3_busy_timeout)                                                                        \
    X(sqlite3_sleep)                                                                               \
    X(sqlite3_prepare_v2)                                                                          \
    X(sqlite3_bind_text)                                                                           \
    X(sqlite3_bind_double)                                                                         \
    X(sqlite3_bind_int)                                                                            \
    X(sqlite3_step)                                                                                \
    X(sqlite3_column_text)                                                                         \
    X(sqlite3_column_double)                                                                       \
    X(sqlite3_column_type)                                                                         \
    X(sqlite3_column_bytes)                                                                        \
    X(sqlite3_db_config)                                                                           \
    X(sqlite3_reset)                                                                               \
    X(sqlite3_clear_bindings)                                                                      \
    X(sqlite3_sql)                                                                                 \
    X(sqlite3_finalize)                                                                            \
    X(sqlite3_changes)                                                                             \
    X(sqlite3_get_autocommit)                                                                      \
    X(sqlite3_file_control)
LIB_TABLE(sql, SQLITE_API_USED);

enum { POOL = 64, BUSY_MS = 5000, WAL_PAUSE_MS = 5 };

struct db {
    sqlite3 *handle;
    const char *path;
    sqlite3_stmt *pool[POOL]; /* reset, none in use */
    int next;                 /* the place that is given up when all are taken */
    bool wal;
    void *index; /* of the WAL: its first page, mapped by SQLite; NULL: not asked for */
};

/* A check build can be killed before each statement that writes, and after the last. */
#ifdef CHECK_BUILD
static void state_step(void)
{
    static long steps;
    const char *at = getenv("HIGRESS_OPS_STATE_STOP_AT");
    if (at && strtol(at, NULL, 10) == steps++)
        raise(SIGKILL);
}
#else
static void state_step(void)
{
}
#endif

static bool set_sqlite_error(struct db *db, struct err *e)
{
    return err_set(e, ERR_SYSTEM, "the state in %s: %s", db->path, sql.sqlite3_errmsg(db->handle));
}

static int note_journal_mode(void *arg, int n, char **values, char **names)
{
    struct db *db = arg;
    (void)names;
    db->wal = n == 1 && values[0] && !strcmp(values[0], "wal");
    return SQLITE_OK;
}

/* Of processes that open a new database at once one makes it a WAL. The others are told that it is
 * busy, and SQLite does not wait for that by itself. */
static bool use_wal(struct db *db)
{
    for (int tries = 0;; tries++) {
        int code =
            sql.sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", note_journal_mode, db, NULL);
        if ((code & 0xff) != SQLITE_BUSY || tries == BUSY_MS / WAL_PAUSE_MS)
            return code == SQLITE_OK;
        sql.sqlite3_sleep(WAL_PAUSE_MS);
    }
}

struct db *db_open(struct arena *a, const char *path, struct err *e)
{
    if (!LIB_LOAD(sql, SQLITE_API_USED, "libsqlite3.so.0", "libsqlite3-0", e))
        return NULL;
    struct db *db = arena_make(a, struct db);
    db->path = arena_strdup(a, path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool ok = sql.sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK;
    if (ok) {
        sql.sqlite3_busy_timeout(db->handle, BUSY_MS);
        sql.sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        sql.sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
        ok = use_wal(db) && sql.sqlite3_exec(db->handle,
                                             "PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; "
                                             "PRAGMA foreign_keys=OFF;",
                                             NULL, NULL, NULL) == SQLITE_OK;
    }
    if (ok)
        return db;
    set_sqlite_error(db, e);
    db_close(db);
    return NULL;
}

void db_close(struct db *db)
{
    if (!db || !db->handle)
        return;
    for (int i = 0; i < POOL; i++)
        sql.sqlite3_finalize(db->pool[i]);
    sql.sqlite3_close(db->handle);
    db->handle = NULL;
}

/* Out of the pool, or NULL. */
static sqlite3_stmt *take_pooled(struct db *db, const char *text)
{
    for (int i = 0; i < POOL; i++) {
        sqlite3_stmt *s = db->pool[i];
        if (!s || strcmp(sql.sqlite3_sql(s), text))
            continue;
        db->pool[i] = NULL;
        return s;
    }
    return NULL;
}

static void return_pooled(struct db *db, sqlite3_stmt *s)
{
    sql.sqlite3_reset(s);
    sql.sqlite3_clear_bindings(s);
    for (int i = 0; i < POOL; i++) {
        if (db->pool[i])
            continue;
        db->pool[i] = s;
        return;
    }
    sql.sqlite3_finalize(db->pool[db->next]);
    db->pool[db->next] = s;
    db->next = (db->next + 1) % POOL;
}

static void bind(sqlite3_stmt *s, const char *types, va_list args)
{
    for (int i = 0; types[i]; i++) {
        if (types[i] == 't')
            sql.sqlite3_bind_text(s, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        else if (types[i] == 'd')
            sql.sqlite3_bind_double(s, i + 1, va_arg(args, double));
        else
            sql.sqlite3_bind_int(s, i + 1, va_arg(args, int));
    }
}

static struct db_rows prepare_query(struct db *db, struct err *e, const char *text,
                                    const char *types, va_list args)
{
    struct db_rows r = { .db = db };
    sqlite3_stmt *s = take_pooled(db, text);
    r.failed = !s && sql.sqlite3_prepare_v2(db->handle, text, -1, &s, NULL) != SQLITE_OK;
    r.statement = s;
    if (r.failed)
        set_sqlite_error(db, e);
    else
        bind(s, types, args);
    return r;
}

struct db_rows db_query(struct db *db, struct err *e, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    struct db_rows r = prepare_query(db, e, text, types, args);
    va_end(args);
    return r;
}

bool db_next(struct db_rows *r, struct err *e)
{
    if (r->failed)
        return false;
    int rc = sql.sqlite3_step(r->statement);
    if (rc == SQLITE_ROW)
        return true;
    r->failed = rc != SQLITE_DONE;
    if (r->failed)
        set_sqlite_error(r->db, e);
    return false;
}

const char *db_text(struct db_rows *r, int column)
{
    return (const char *)sql.sqlite3_column_text(r->statement, column);
}

double db_real(struct db_rows *r, int column)
{
    return sql.sqlite3_column_double(r->statement, column);
}

bool db_null(struct db_rows *r, int column)
{
    return sql.sqlite3_column_type(r->statement, column) == SQLITE_NULL;
}

bool db_plain(struct db_rows *r, int column, char type)
{
    int is = sql.sqlite3_column_type(r->statement, column);
    if (is == SQLITE_NULL || type == 'd')
        return is == SQLITE_NULL || is == SQLITE_INTEGER || is == SQLITE_FLOAT;
    const char *text = is == SQLITE_TEXT ? db_text(r, column) : NULL;
    return text && (size_t)sql.sqlite3_column_bytes(r->statement, column) == strlen(text);
}

void db_done(struct db_rows *r)
{
    if (r->failed)
        sql.sqlite3_finalize(r->statement);
    else
        return_pooled(r->db, r->statement);
    r->statement = NULL;
}

bool db_run(struct db *db, struct err *e, const char *text, const char *types, ...)
{
    va_list args;
    state_step();
    va_start(args, types);
    struct db_rows r = prepare_query(db, e, text, types, args);
    va_end(args);
    while (db_next(&r, e))
        continue;
    db_done(&r);
    return !r.failed;
}

int db_changes(struct db *db)
{
    return sql.sqlite3_changes(db->handle);
}

bool db_begin(struct db *db, struct err *e)
{
    return db_run(db, e, "BEGIN IMMEDIATE", "");
}

bool db_end(struct db *db, bool ok, struct err *e)
{
    if (ok && db_run(db, e, "COMMIT", "")) {
        state_step();
        return true;
    }
    struct err ignored = { 0 };
    db_run(db, &ignored, "ROLLBACK", "");
    return false;
}

/* -- the last commit ----------------------------------------------------------------------------
 *
 * Before a commit is over its process writes what it came to into the head of the WAL's index: a
 * counter, the length of the log and its checksum, twice and under a checksum of their own. That
 * page is memory which all processes share, and by it SQLite itself decides whether what it has
 * read is still so (sqlite.org/walformat.html); asking SQLite takes and gives back a lock.
 */

enum { INDEX_PAGE = 32768, INDEX_VERSION = 3007000 }; /* as SQLite's walformat.html has them */

static void *map_index(struct db *db)
{
    sqlite3_file *f = NULL;
    if (sql.sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK ||
        !f || !f->pMethods || f->pMethods->iVersion < 2)
        return NULL;
    volatile void *page = NULL;
    return f->pMethods->xShmMap(f, 0, INDEX_PAGE, 0, &page) == SQLITE_OK ? (void *)page : NULL;
}

static void copy_index_head(const struct db *db, char out[DB_MARK_SIZE])
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    memcpy(out, db->index, DB_MARK_SIZE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool db_mark(struct db *db, struct db_mark *m)
{
    uint32_t version;
    m->known = false;
    if (!db->wal || !sql.sqlite3_get_autocommit(db->handle))
        return false;
    db->index = db->index ? db->index : map_index(db);
    if (!db->index)
        return false;
    copy_index_head(db, m->head);
    memcpy(&version, m->head, sizeof version);
    m->known =
        version == INDEX_VERSION && !memcmp(m->head, m->head + DB_MARK_SIZE / 2, DB_MARK_SIZE / 2);
    return m->known;
}

bool db_still(struct db *db, const struct db_mark *m)
{
    char now[DB_MARK_SIZE];
    if (!m->known || !db->index || !sql.sqlite3_get_autocommit(db->handle))
        return false;
    copy_index_head(db, now);
    return !memcmp(now, m->head, sizeof now);
}
