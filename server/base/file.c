/* file.c - files read whole within a bound, and replaced so that a reader or a crash sees the old
 * bytes or the new ones, never a mixture. */
#include "base/file.h"
#include "base/arena.h"
#include "base/err.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_error(struct err *e, const char *what, const char *path)
{
    int reason = errno;
    return err_status(e, ERR_SYSTEM, reason, "%s '%s': %s", what, path, strerror(reason));
}

/* Up to n bytes from the start; -1 on error. */
static ssize_t read_up_to(int fd, char *to, size_t n)
{
    size_t used = 0;
    while (used < n) {
        ssize_t got = pread(fd, to + used, n - used, (off_t)used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* The whole file as long as it is now, or max + 1 bytes of it. Files of /proc report size 0: a read
 * that fills its room is then repeated with twice as much. */
static char *read_descriptor(struct arena *a, int fd, size_t max, size_t *n)
{
    struct stat st;
    size_t size = fstat(fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0;
    size_t room = size ? size : 4096;
    for (;;) {
        if (room > max)
            room = max + 1;
        char *text = arena_alloc(a, room + 1);
        ssize_t got = read_up_to(fd, text, room);
        if (got < 0)
            return NULL;
        *n = (size_t)got;
        text[got] = 0;
        if (size || *n < room || room > max)
            return text;
        room *= 2;
    }
}

char *file_read_open(struct arena *a, int fd, const char *path, size_t max, size_t *n,
                     struct err *e)
{
    size_t used = 0;
    char *text = read_descriptor(a, fd, max, &used);
    if (!text)
        file_error(e, "cannot read", path);
    close(fd);
    if (text && used > max) {
        err_status(e, ERR_SYSTEM, EFBIG, "'%s' is larger than the %zu bytes allowed here", path,
                   max);
        return NULL;
    }
    if (n)
        *n = used;
    return text;
}

char *file_read(struct arena *a, const char *path, size_t max, size_t *n, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return file_read_open(a, fd, path, max, n, e);
    file_error(e, "cannot open", path);
    return NULL;
}

/* What is wrong with it, or NULL. */
static const char *not_own(const struct stat *st, unsigned never)
{
    if (S_ISLNK(st->st_mode))
        return "is a link, which is not followed here";
    if (!S_ISREG(st->st_mode))
        return "is no regular file";
    if (st->st_uid != geteuid())
        return "belongs to another user";
    if (st->st_nlink > 1)
        return "has a second name (a hard link)";
    return st->st_mode & never ? "is open to others: its mode must be 0600" : NULL;
}

bool file_check_own(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT || file_error(e, "cannot look at", path);
    const char *wrong = not_own(&st, 0);
    return !wrong || err_status(e, ERR_SYSTEM, EPERM, "'%s' %s", path, wrong);
}

int file_open_own(const char *path, int flags, unsigned never, struct err *e)
{
    int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ELOOP) {
        err_status(e, ERR_SYSTEM, ELOOP, "'%s' is a link, which is not followed here", path);
        return -1;
    }
    if (fd < 0) {
        file_error(e, "cannot open", path);
        return -1;
    }
    struct stat st;
    const char *wrong = fstat(fd, &st) == 0 ? not_own(&st, never) : "cannot be looked at";
    if (!wrong)
        return fd;
    close(fd);
    err_status(e, ERR_SYSTEM, EPERM, "'%s' %s", path, wrong);
    return -1;
}

char *file_read_own(struct arena *a, const char *path, size_t max, size_t *n, struct err *e)
{
    int fd = file_open_own(path, O_RDONLY, 077, e);
    return fd < 0 ? NULL : file_read_open(a, fd, path, max, n, e);
}

char *file_read_secret(struct arena *a, const char *path, size_t max, size_t *n, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        file_error(e, "cannot open", path);
        return NULL;
    }
    const char *wrong = !S_ISREG(st.st_mode)                       ? "is no regular file"
                        : st.st_uid != geteuid() && st.st_uid != 0 ? "belongs to another user"
                        : st.st_mode & 022                         ? "can be written by others"
                                                                   : NULL;
    if (!wrong)
        return file_read_open(a, fd, path, max, n, e);
    close(fd);
    err_status(e, ERR_SYSTEM, EPERM, "'%s' %s", path, wrong);
    return NULL;
}

bool file_make_own_dir(const char *path, struct err *e)
{
    struct stat st;
    if (!file_make_dir(path, 0700, e))
        return false;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return err_set(e, ERR_SYSTEM, "'%s' is a link, which is not followed here: name the folder",
                       path);
    if (fd < 0)
        return file_error(e, "cannot open the folder", path);
    bool ours = fstat(fd, &st) == 0 && st.st_uid == geteuid();
    bool closed = ours && ((st.st_mode & 07777) == 0700 || fchmod(fd, 0700) == 0);
    close(fd);
    return closed || err_set(e, ERR_SYSTEM, "the folder '%s' must belong to this user alone", path);
}

/* The folder a path lies in. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (!slash)
        snprintf(folder, PATH_MAX, ".");
    else
        snprintf(folder, PATH_MAX, "%.*s", n ? (int)n : 1, path);
}

bool file_sync_folder(const char *folder, struct err *e)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return file_error(e, "cannot open the folder", folder);
    bool synced = fsync(fd) == 0 || errno == EINVAL; /* EINVAL: a file system that has no sync */
    if (!synced)
        file_error(e, "cannot sync the folder", folder);
    close(fd);
    return synced;
}

/* A rename or unlink is durable once the folder is. */
static bool sync_folder(const char *path, struct err *e)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    return file_sync_folder(folder, e);
}

static bool write_descriptor(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

static bool write_synced(int fd, const void *bytes, size_t n, unsigned mode)
{
    bool done = fchmod(fd, mode) == 0 && write_descriptor(fd, bytes, n) && fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 && done)
        return false;
    errno = reason;
    return done;
}

char *file_stage(struct arena *a, const char *path, const void *bytes, size_t n, unsigned mode,
                 struct err *e)
{
    char *temporary = arena_printf(a, "%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        file_error(e, "cannot create a file beside", path);
        return NULL;
    }
    if (write_synced(fd, bytes, n, mode))
        return temporary;
    file_error(e, "cannot write", path);
    unlink(temporary);
    return NULL;
}

bool file_replace(const char *path, const void *bytes, size_t n, unsigned mode, struct err *e)
{
    struct arena *scratch = arena_new();
    const char *temporary = file_stage(scratch, path, bytes, n, mode, e);
    bool done = temporary && rename(temporary, path) == 0;
    if (temporary && !done) {
        file_error(e, "cannot write", path);
        unlink(temporary);
    }
    arena_free(scratch);
    return done && sync_folder(path, e);
}

bool file_replace_own(const char *path, const void *bytes, size_t n, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) == 0) {
        const char *wrong = S_ISLNK(st.st_mode)      ? "is a link, which is not followed here"
                            : !S_ISREG(st.st_mode)   ? "is no regular file"
                            : st.st_uid != geteuid() ? "belongs to another user"
                                                     : NULL;
        if (wrong)
            return err_set(e, ERR_SYSTEM, "'%s' %s; nothing was written", path, wrong);
    }
    return file_replace(path, bytes, n, 0600, e);
}

bool file_remove(const char *path, struct err *e)
{
    if (unlink(path) != 0)
        return file_error(e, "cannot remove", path);
    return sync_folder(path, e);
}

static bool make_one(const char *path, unsigned mode)
{
    struct stat st;
    if (mkdir(path, mode) == 0)
        return true;
    if (errno != EEXIST || stat(path, &st) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(st.st_mode);
}

bool file_make_dir(const char *path, unsigned mode, struct err *e)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return file_error(e, "cannot create the folder", path);
    }
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (!make_one(part, 0755))
            return file_error(e, "cannot create the folder", part);
    }
    return make_one(path, mode) ? true : file_error(e, "cannot create the folder", path);
}
