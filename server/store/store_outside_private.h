/* store_outside_private.h - what store_outside.c and store_edit.c share. */
#pragma once
#include "store/store_outside.h"
#include "store/store_private.h"

bool store_watched_tampered(const char *what, struct err *e); /* ERR_SYSTEM; false */
/* Keeps an edit under a new id with its line of audit, inside the caller's transaction; the oldest
 * go. */
bool store_keep_edit(struct store *s, struct arena *a, struct store_edit *x, struct err *e);
/* Is what each gateway was seen to hold as it was left? Inside a transaction. */
bool store_watched_fit(struct store *s, struct err *e);
/* Is each of the newest edits there that the audit tells of, and what was written? */
bool store_edits_fit(struct store *s, struct err *e);
