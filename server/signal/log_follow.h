/* log_follow.h - lines as they are written, of every kind of source; told and judged as those that
 * are read (accesslog.h).
 *
 * It begins behind the newest line that was read of the same source for the same question, so that
 * who reads and then follows sees each line once; where nothing was read, with the next line. Files
 * may be rotated and truncated meanwhile, pods end and come, containers start again. Loki is asked
 * every second, and again for the last ten: its lines come late.
 */
#pragma once
#include "signal/accesslog.h"

/* Oldest first, within what came together. Returns when `seconds` are over or fn returned false;
 * false + e when it was cancelled or cannot be read. seen: lines, matched, note. Parks. */
bool log_follow(struct arena *a, struct log_source *from, const struct accesslog_query *q,
                double seconds, accesslog_fn *fn, void *arg, struct accesslog_seen *seen,
                struct err *e);
