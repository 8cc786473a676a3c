/* file.h - files read whole within a bound, and replaced atomically. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

/* The result ends with a NUL that *n does not count. ERR_SYSTEM names path and reason; a missing
 * file sets err.status = ENOENT. */
char *file_read(struct arena *a, const char *path, size_t max, size_t *n, struct err *e);
/* Temporary file beside it, write, fsync, rename, fsync of the folder. */
bool file_replace(const char *path, const void *bytes, size_t n, unsigned mode, struct err *e);
/* The first half of file_replace: a durable file "PATH." and six characters, to be renamed to path
 * by the caller. Its name, or NULL. */
char *file_stage(struct arena *a, const char *path, const void *bytes, size_t n, unsigned mode,
                 struct err *e);
bool file_sync_folder(const char *folder, struct err *e); /* makes renames in it durable */
bool file_remove(const char *path, struct err *e);        /* unlink and fsync of the folder */
bool file_make_dir(const char *path, unsigned mode, struct err *e); /* and its parents */
