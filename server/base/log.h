/* log.h - one JSON line per event on stderr (or a file), never on stdout.
 *
 * {"ts":"2026-…Z","level":"info","event":"fetch","msg":"…"}; control characters are escaped.
 * Only main, cmd, mcp and embedded log; lower layers set a struct err.
 */
#pragma once

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

/* By its name in lower case; LOG_WARN when there is none of that name. */
enum log_level log_level_named(const char *name);
void log_open(enum log_level least, int fd); /* default: LOG_WARN, fd 2 */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One such line, whatever is left out; call: its id, 0: none. What log_event and trace.h end in. */
void log_write(const char *level, const char *event, unsigned long call, const char *message);
