/* store_db_private.h - SQLite behind a few functions. Only store*.c includes this.
 *
 * `types` names the parameters that follow: t text (NULL allowed), d double, i int. Errors are
 * ERR_SYSTEM with SQLite's words. A query must be ended by db_done, whatever happened.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct db;
struct err;

struct db_rows {
    struct db *db;
    void *statement;
    bool failed;
};

/* Write-ahead log, synchronous=FULL, waits up to 5 s for another process; triggers and views do
 * nothing. Closed by db_close. */
struct db *db_open(struct arena *a, const char *path, struct err *e);
void db_close(struct db *db);
bool db_run(struct db *db, struct err *e, const char *sql, const char *types, ...);
int db_changes(struct db *db);               /* rows that the last db_run changed */
bool db_begin(struct db *db, struct err *e); /* BEGIN IMMEDIATE */
/* Commits when ok, else rolls back; returns whether it is committed. */
bool db_end(struct db *db, bool ok, struct err *e);

struct db_rows db_query(struct db *db, struct err *e, const char *sql, const char *types, ...);
bool db_next(struct db_rows *r, struct err *e);     /* false: no more, or an error (r->failed) */
const char *db_text(struct db_rows *r, int column); /* until the next db_next; NULL for NULL */
double db_real(struct db_rows *r, int column);
bool db_null(struct db_rows *r, int column);
/* Is it stored as what it is read as? t: text that ends where it ends for C, d: a number; or NULL.
 * Anything else reads like the one and compares unlike it. */
bool db_plain(struct db_rows *r, int column, char type);
void db_done(struct db_rows *r);

/* How far the commits of all processes had come. While it stands still a query gives what it gave;
 * looking costs no call of the system. Not known inside a transaction of ours. What was read
 * between db_mark and a db_still that says yes is of that mark. */
enum { DB_MARK_SIZE = 96 };
struct db_mark {
    bool known;
    char head[DB_MARK_SIZE];
};
bool db_mark(struct db *db, struct db_mark *m); /* false: not known */
bool db_still(struct db *db, const struct db_mark *m);
