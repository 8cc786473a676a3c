/* accesslog_file_private.h - the files of a log: the one that is written to, and what a rotation
 * made of it, plain or gzip'd. For accesslog.c.
 *
 * A file is known by its inode, so that a cursor finds it under the name it has by then. What is
 * compressed is unpacked into memory, the last 64 MiB of it; places in it count from its beginning.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

struct log_file {
    const char *path;
    unsigned long long inode;
    double written; /* Unix seconds */
    int fd;         /* -1: not open */
    bool packed;    /* it was, and stands in memory now */
    size_t first;   /* the place of its first byte that is there */
    size_t size;    /* bytes that are there */
};

enum { LOG_FILES = 64 };
struct log_files {
    struct log_file list[LOG_FILES]; /* the log itself, then rotated ones, newest first */
    int count;
};

/* At least the log itself, which need not exist. */
struct log_files *log_files_find(struct arena *a, const char *path);
/* False with ERR_SYSTEM: it is not there, no regular file, or cannot be unpacked. */
bool log_file_open(struct arena *a, struct log_file *f, struct err *e);
void log_file_close(struct log_file *f);
