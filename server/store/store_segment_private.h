/* store_segment_private.h - what walking the audit asks about segments. Only store_private.h
 * includes this. All of it inside the caller's transaction.
 */
#pragma once
#include <stdbool.h>

struct err;
struct store;

/* The last line that retention removed; 0: none. It counts where the end of the chain, which covers
 * it, holds. */
bool store_removed_to(struct store *s, int *line, struct err *e);
/* The hash that a removed segment, of which that line is the last, ends with; "" when there is none
 * that fits its MAC. */
bool store_removed_hash(struct store *s, int line, char hash[65], struct err *e);
/* Are those from that line on, of the removed ones, which retention kept? */
bool store_kept_fit(struct store *s, int from, int to, struct err *e);
/* Is each closed segment what was written, are they without a hole from line 1 on, removed as far
 * as the setting says, and each with the lines that it says? */
bool store_segments_fit(struct store *s, struct err *e);
