/* file.h - files read whole within a bound, and replaced atomically. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

/* The result ends with a NUL that *n does not count. ERR_SYSTEM names path and reason; a missing
 * file sets err.status = ENOENT. */
char *file_read(struct arena *a, const char *path, size_t max, size_t *n, struct err *e);
/* The same of a descriptor, which is closed; path is for messages. */
char *file_read_open(struct arena *a, int fd, const char *path, size_t max, size_t *n,
                     struct err *e);
/* A file that others must not have had their hands in: a regular file (no link, FIFO or device is
 * followed or waited for) of this user with one name, and none of the mode bits `never`. flags as
 * for open(2); a file that is made gets 0600. The descriptor, or -1 with ERR_SYSTEM that says what
 * is wrong with it (err.status as for file_read). */
int file_open_own(const char *path, int flags, unsigned never, struct err *e);
/* Is that such a file, or nothing at all? It is not opened. */
bool file_check_own(const char *path, struct err *e);
/* file_read of such a file that nobody else may read or write. */
char *file_read_own(struct arena *a, const char *path, size_t max, size_t *n, struct err *e);
/* file_read of a secret that somebody else may have put there: a regular file of this user or of
 * root that only its owner may write. Links are followed: that is how such files are mounted. */
char *file_read_secret(struct arena *a, const char *path, size_t max, size_t *n, struct err *e);
/* file_replace with 0600, where there is nothing yet or a plain file of this user: never through a
 * link, and never in the place of a FIFO or a device. */
bool file_replace_own(const char *path, const void *bytes, size_t n, struct err *e);
/* A folder of this user that is no link, 0700 from now on; made with its parents if need be. */
bool file_make_own_dir(const char *path, struct err *e);
/* Temporary file beside it, write, fsync, rename, fsync of the folder. */
bool file_replace(const char *path, const void *bytes, size_t n, unsigned mode, struct err *e);
/* The first half of file_replace: a durable file "PATH." and six characters, to be renamed to path
 * by the caller. Its name, or NULL. */
char *file_stage(struct arena *a, const char *path, const void *bytes, size_t n, unsigned mode,
                 struct err *e);
bool file_sync_folder(const char *folder, struct err *e); /* makes renames in it durable */
bool file_remove(const char *path, struct err *e);        /* unlink and fsync of the folder */
bool file_make_dir(const char *path, unsigned mode, struct err *e); /* and its parents */
