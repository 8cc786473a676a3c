/* accesslog_file.c - rotated files: "access.log.1", "access.log.2.gz", "access.log-20261128.gz". */
#include "base/arena.h"
#include "base/err.h"
#include "base/lib.h"
#include "base/text.h"
#include "signal/accesslog_file_private.h"
#include "signal/log_source_private.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
    f->packed = true;
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
    f->packed = false;
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

/* -- one behind the other ------------------------------------------------------------------------
 */

struct files_reader {
    struct log_reader reader;
    struct log_source *source;
    struct arena *arena;
    const struct accesslog_query *q;
    struct log_files *all;
    int next;     /* to be opened */
    size_t place; /* where in it reading begins */
};

#define FILE_END ((size_t)-1 >> 1)

/* Where a cursor says to go on. False: the file is gone. */
static bool find_cursor(struct files_reader *r, const char *cursor, struct err *e)
{
    char *end = NULL;
    unsigned long long inode = strtoull(cursor, &end, 10);
    size_t place = end && *end == '.' ? (size_t)strtoull(end + 1, &end, 10) : 0;

    for (int i = 0; end && !*end && i < r->all->count; i++) {
        if (r->all->list[i].inode != inode)
            continue;
        r->next = i;
        r->place = place;
        return true;
    }
    return err_set(e, ERR_ARGS,
                   "the file that cursor %s is about is not there any more (rotated, packed or "
                   "deleted): begin anew without it",
                   text_clean(r->arena, cursor, 60));
}

static bool next_file(struct log_reader *reader, struct log_part *out, struct err *e)
{
    struct files_reader *r = (struct files_reader *)reader;

    if (r->next == 0 && r->q->cursor && !find_cursor(r, r->q->cursor, e))
        return false;
    struct log_file *f = &r->all->list[r->next];
    if (!log_file_open(r->arena, f, e))
        return false;
    size_t end = r->place < f->first ? 0 : r->place - f->first;
    *out = (struct log_part){ .fd = f->fd,
                              .first = f->first,
                              .size = f->size,
                              .end = end < f->size ? end : f->size,
                              .cheap = !f->packed,
                              .id = f->inode };
    if (r->next++ == 0) {
        r->source->read_file = f->inode;
        r->source->read_to = f->size;
    }
    r->place = FILE_END;
    return true;
}

static void close_file(struct log_reader *reader, struct log_part *p)
{
    struct files_reader *r = (struct files_reader *)reader;

    log_file_close(&r->all->list[r->next - 1]);
    p->fd = -1;
}

/* A rotated file that ended before `since` holds nothing of interest. */
static bool more_files(const struct log_reader *reader)
{
    const struct files_reader *r = (const struct files_reader *)reader;

    return r->next < r->all->count && !r->q->newest_file &&
           r->all->list[r->next].written >= r->q->since;
}

/* Older lines of this file, or a whole older one. */
static void tell_files_left(const struct log_reader *reader, const struct log_part *p,
                            size_t resume, bool too_old, struct accesslog_seen *seen)
{
    const struct files_reader *r = (const struct files_reader *)reader;
    bool older = r->next < r->all->count && !r->q->newest_file;

    if (too_old || (resume == 0 && !older))
        return;
    seen->cut = true;
    seen->left = p->first + resume;
    snprintf(seen->cursor, sizeof seen->cursor, "%llu.%zu",
             resume ? p->id : r->all->list[r->next].inode, resume ? p->first + resume : FILE_END);
}

struct log_reader *log_files_reader(struct log_source *s, struct arena *a, const char *path,
                                    const struct accesslog_query *q)
{
    static const struct log_reader_ops ops = { next_file, close_file, more_files, tell_files_left };
    struct files_reader *r = arena_make(a, struct files_reader);

    *r = (struct files_reader){ .reader = { &ops },
                                .source = s,
                                .arena = a,
                                .q = q,
                                .all = log_files_find(a, path),
                                .place = FILE_END };
    return &r->reader;
}
