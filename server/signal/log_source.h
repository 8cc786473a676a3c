/* log_source.h - where the lines of a gateway's logs are read: files of this machine, the pods of a
 * cluster, or Loki. What is said of a line is the same for all (accesslog.h).
 *
 * Files are read backwards, rotated ones too, gzip'd or not. The API of pods cannot read backwards
 * and has the current file only: the last lines of each replica come first, then all that there is,
 * 16 MiB of one replica at most, merged by the time that the node gave each line. Loki is read by
 * pages, backwards by time, for 7 days at most.
 *
 * A source keeps what it got: to read again costs nothing and sees the same lines.
 */
#pragma once
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct loop;

enum log_what { LOG_ACCESS, LOG_GATEWAY, LOG_CONTROLLER, LOG_PILOT, LOG_CONSOLE };
#define LOG_WHATS "access|gateway|controller|pilot|console"

struct log_source;
/* What the configuration of that gateway says; asks nothing yet. cancel may be NULL. */
struct log_source *log_source_new(struct arena *a, struct loop *l, const struct config *c,
                                  struct cancel *cancel);
/* One pod of the gateway, wherever logs are read else: its newest 2,000 lines. */
struct log_source *log_source_pod(struct arena *a, struct loop *l, const struct config *c,
                                  const char *pod, struct cancel *cancel);
/* One file (and its rotated ones). */
struct log_source *log_source_file(struct arena *a, const char *path);
/* Is there anything to read the access log from? */
bool log_source_there(const struct config *c);
/* "file /var/log/access.log", "pods of higress-system", "loki https://…": in a. */
const char *log_source_name(struct arena *a, const struct log_source *s, enum log_what what);
