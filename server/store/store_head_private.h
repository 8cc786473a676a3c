/* store_head_private.h - what stands around every write: the transaction, the schema it is made
 * under, and the head that hears of it. Only store_private.h includes this.
 */
#pragma once
#include <stdbool.h>

struct err;
struct store;

/* A transaction that writes; refused where the schema is not ours. store_end: committed, the head
 * hears of the line that it chained. */
bool store_begin(struct store *s, struct err *e);
bool store_end(struct store *s, bool ok, struct err *e);
/* The same where the tables are still to be made. */
bool store_begin_new(struct store *s, struct err *e);

/* -- store_schema.c ------------------------------------------------------------------------ */

/* Makes the tables; old: out of those of the first release. */
bool store_make_tables(struct store *s, bool old, struct err *e);
/* The tables of version 2, seen to be exactly those, become today's. */
bool store_remake_tables(struct store *s, struct err *e);
/* Those of version 3, seen to be exactly those, get the ones that came after. */
bool store_add_tables(struct store *s, int from, struct err *e);
/* Is the schema exactly ours? False: ERR_SYSTEM names what is not. Inside a transaction. */
bool store_schema_holds(struct store *s, struct err *e);

/* -- store_head.c: DIR/state.head, how far the chain had come -------------------------------- */

/* Reads it, unless nobody has touched it since. Asked before a transaction that only reads begins,
 * or inside one that writes: others may commit and move it at any time. False: it cannot be read,
 * or is not ours. */
bool store_head_look(struct store *s, struct err *e);
void store_head_forget(struct store *s); /* the next look reads it, whatever it is by then */
bool store_head_begin(struct store *s, struct err *e); /* makes it, at line 0 */
/* Does the database hold the line that store_head_look saw? */
bool store_head_holds(struct store *s, struct err *e);
void store_head_advance(struct store *s);
