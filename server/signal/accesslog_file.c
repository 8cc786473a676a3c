/* accesslog_file.c - rotated files: "access.log.1", "access.log.2.gz", "access.log-20261128.gz". */
#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"
#include "base/text.h"
#include "signal/accesslog_file_private.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define ZLIB_USED(X) X(inflateInit2_) X(inflate) X(inflateReset) X(inflateEnd)
LIB_TABLE(zlib, ZLIB_USED);

enum { CHUNK = 64 * 1024, KEPT = 64 << 20, GZIP_WINDOW = 15 + 16 };
static const size_t most_unpacked = (size_t)2 << 30;

/* -- which files ---------------------------------------------------------------------------------
 */
/* Behind the log's name: a number or a date, perhaps .gz. */
static bool is_rotated(const char *tail)
{
    size_t n = strspn(tail, ".-");

    if (n != 1 || !isdigit((unsigned char)tail[1]))
        return false;
    n = 1 + strspn(tail + 1, "0123456789-_T:");
    return !tail[n] || !strcmp(tail + n, ".gz");
}

static bool stat_log_file(struct log_file *f, const char *path)
{
    struct stat st;

    *f = (struct log_file){ .path = path, .fd = -1 };
    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return false;
    f->inode = (unsigned long long)st.st_ino;
    f->written = (double)st.st_mtim.tv_sec;
    return true;
}

static int compare_files_newest(const void *x, const void *y)
{
    const struct log_file *a = x, *b = y;

    return a->written != b->written ? (a->written < b->written) - (a->written > b->written)
                                    : strcmp(a->path, b->path);
}

static void add_rotated(struct arena *a, struct log_files *all, const char *folder,
                        const char *name)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;
    size_t n = strlen(name);

    while (d && (entry = readdir(d)) && all->count < LOG_FILES) {
        if (strncmp(entry->d_name, name, n) != 0 || !is_rotated(entry->d_name + n))
            continue;
        if (stat_log_file(&all->list[all->count], arena_printf(a, "%s/%s", folder, entry->d_name)))
            all->count++;
    }
    if (d)
        closedir(d);
}

struct log_files *log_files_find(struct arena *a, const char *path)
{
    struct log_files *all = arena_make(a, struct log_files);
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? arena_strndup(a, path, (size_t)(slash - path)) : ".";

    stat_log_file(&all->list[all->count++], path);
    add_rotated(a, all, *folder ? folder : "/", slash ? slash + 1 : path);
    qsort(all->list + 1, (size_t)all->count - 1, sizeof *all->list, compare_files_newest);
    return all;
}

/* -- what is packed ------------------------------------------------------------------------------
 */
/* The last bytes of a file under way, in memory. */
struct tail {
    int fd;
    size_t first, size;
    unsigned char buf[CHUNK], in[CHUNK / 4], out[CHUNK / 2];
};

/* Keeps what is newer: the older half goes. */
static bool drop_older(struct tail *t)
{
    for (size_t at = 0; at < KEPT; at += CHUNK)
        if (pread(t->fd, t->buf, CHUNK, (off_t)(t->size - KEPT + at)) != CHUNK ||
            pwrite(t->fd, t->buf, CHUNK, (off_t)at) != CHUNK)
            return false;
    t->first += t->size - KEPT;
    t->size = KEPT;
    return !ftruncate(t->fd, KEPT);
}

static bool add_bytes(struct tail *t, const unsigned char *bytes, size_t n)
{
    if (pwrite(t->fd, bytes, n, (off_t)t->size) != (ssize_t)n)
        return false;
    t->size += n;
    return t->size < 2 * (size_t)KEPT || drop_older(t);
}

/* All members of the file; a file cut short gives what it holds. */
static bool unpack(z_stream *z, int fd, struct tail *t)
{
    ssize_t n;

    while (t->first + t->size < most_unpacked && (n = read(fd, t->in, sizeof t->in)) > 0) {
        z->next_in = t->in;
        z->avail_in = (unsigned)n;
        do {
            z->next_out = t->out;
            z->avail_out = sizeof t->out;
            int told = zlib.inflate(z, Z_NO_FLUSH);
            if (!add_bytes(t, t->out, sizeof t->out - z->avail_out))
                return false;
            if (told == Z_STREAM_END && zlib.inflateReset(z) != Z_OK)
                return false;
            if (told != Z_OK && told != Z_STREAM_END && told != Z_BUF_ERROR)
                return t->size > 0;
        } while (z->avail_in > 0 || z->avail_out == 0);
    }
    return true;
}

static bool replace_by_unpacked(struct arena *a, struct log_file *f, struct err *e)
{
    struct tail *t = arena_make(a, struct tail);
    z_stream z = { 0 };
    bool ok;

    if (!LIB_LOAD(zlib, ZLIB_USED, "libz.so.1", "zlib1g", e))
        return false;
    t->fd = memfd_create("access-log", MFD_CLOEXEC);
    ok = t->fd >= 0 && zlib.inflateInit2_(&z, GZIP_WINDOW, ZLIB_VERSION, sizeof z) == Z_OK;
    if (ok) {
        ok = unpack(&z, f->fd, t);
        zlib.inflateEnd(&z);
    }
    close(f->fd);
    f->fd = t->fd;
    f->first = t->first;
    f->size = t->size;
    return ok || err_set(e, ERR_SYSTEM, "the log %s cannot be unpacked", f->path);
}

/* -- one file ------------------------------------------------------------------------------------
 */
bool log_file_open(struct arena *a, struct log_file *f, struct err *e)
{
    unsigned char magic[2] = { 0 };
    struct stat st;

    f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) || !S_ISREG(st.st_mode)) {
        err_set(e, ERR_SYSTEM, "the access log %s cannot be read: %s", f->path,
                f->fd < 0 ? strerror(errno) : "it is not a regular file");
        log_file_close(f);
        return false;
    }
    f->inode = (unsigned long long)st.st_ino;
    f->first = 0;
    f->size = (size_t)st.st_size;
    if (pread(f->fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b &&
        !replace_by_unpacked(a, f, e)) {
        log_file_close(f);
        return false;
    }
    return true;
}

void log_file_close(struct log_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}
