/* kstore_disk.c - the store's files: lock, first load, and what others change meanwhile.
 *
 * Changes are told by inotify, whose queue is read before each answer; a file whose inode, size and
 * time are those we know is left alone (our own writes). When inotify is missing or has overflowed,
 * every file is looked at instead.
 */
#include "embedded/kstore/kstore_private.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    LARGEST_FILE = 16 << 20,
    /* Not IN_MODIFY: who writes in place is not done before he closes. */
    WATCHED = IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF,
};

const char *kstore_disk_path(struct kstore *s, struct arena *a, size_t kind, const char *name)
{
    return arena_printf(a, "%s/%s/%s.yaml", s->dir, kstore_kinds[kind].plural, name);
}

static struct kstore_file identity(const struct stat *st)
{
    return (struct kstore_file){ st->st_ino, st->st_size, st->st_mtim };
}

bool kstore_disk_identify(const char *path, struct kstore_file *out)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    *out = identity(&st);
    return true;
}

bool kstore_disk_same(const struct kstore_file *x, const struct kstore_file *y)
{
    return x->inode == y->inode && x->size == y->size && x->modified.tv_sec == y->modified.tv_sec &&
           x->modified.tv_nsec == y->modified.tv_nsec;
}

static bool is_known(const struct kstore_file *file, const struct stat *st)
{
    const struct kstore_file now = identity(st);
    return kstore_disk_same(file, &now);
}

/* The name of a file decides, and everything lives in one namespace. */
static cJSON *complete_metadata(struct arena *a, cJSON *tree, const char *name)
{
    cJSON *metadata = json_get(tree, "metadata");
    if (!cJSON_IsObject(metadata))
        metadata = json_set_object(a, tree, "metadata");
    json_set_str(a, metadata, "name", name);
    json_set_str(a, metadata, "namespace", "higress-system");
    json_remove(metadata, "managedFields"); /* often half of the text, and never read */
    const cJSON *version = json_get(metadata, "resourceVersion");
    if (cJSON_IsNumber(version))
        json_set_str(a, metadata, "resourceVersion", json_print(a, version));
    return tree;
}

/* The file says that it is an object which another file is: which of them counts is not for us to
 * guess. (Under a name that no file has, it is the object that its own name says.) */
static bool is_identity_taken(struct kstore *s, struct arena *a, size_t kind, const char *name,
                              const cJSON *tree, const char *text, struct err *e)
{
    const char *given = json_str(json_get(tree, "metadata"), "name");
    struct kstore_file file;
    if (!given || strcmp(given, name) == 0 || strchr(given, '/') ||
        !kstore_disk_identify(kstore_disk_path(s, a, kind, given), &file))
        return false;
    err_set(e, ERR_ARGS, "line %u: the name '%s' is that of %s/%s.yaml already: rename one of them",
            kstore_text_line_of_name(text, given), given, kstore_kinds[kind].plural, given);
    return true;
}

/* Who holds the version from before a hand edit must learn of it: the version moves, unless the
 * editor moved it. The file stays as he left it. */
static void move_version(struct kstore_object *o, const struct kstore_object *before)
{
    if (!o->tree || !before || !before->tree || json_equal(o->tree, before->tree))
        return;
    cJSON *metadata = json_get(o->tree, "metadata");
    const char *old = json_str(json_get(before->tree, "metadata"), "resourceVersion");
    const char *new = json_str(metadata, "resourceVersion");
    if (old && (!new || strcmp(old, new) == 0))
        json_set_str(o->arena, metadata, "resourceVersion",
                     arena_printf(o->arena, "%llu", strtoull(old, NULL, 10) + 1));
}

/* fd: of its file, which is closed; -1: it could not be opened, as errno says. */
static struct kstore_object *load_object_file(struct kstore *s, size_t kind, const char *name,
                                              int fd, const struct kstore_file *file)
{
    struct arena *scratch = arena_new();
    struct err e = { 0 };
    size_t len = 0;
    const char *path = kstore_disk_path(s, scratch, kind, name);
    const char *text = fd >= 0 ? file_read_open(scratch, fd, path, LARGEST_FILE, &len, &e) : NULL;
    if (fd < 0)
        err_set(&e, ERR_SYSTEM, "cannot open '%s': %s", path, strerror(errno));
    cJSON *tree = text ? yaml_parse(scratch, text, len, &e) : NULL;
    if (tree && !cJSON_IsObject(tree))
        err_set(&e, ERR_ARGS, "line 1: it holds no object");
    bool good = cJSON_IsObject(tree) && !is_identity_taken(s, scratch, kind, name, tree, text, &e);
    if (good)
        kstore_share_words(complete_metadata(scratch, tree, name));
    struct kstore_object *o = kstore_object_new(name, good ? tree : NULL);
    o->file = *file;
    if (good) {
        kstore_text_split(o->arena, o, text, len);
    } else {
        const char *why = text_clean(scratch, e.kind ? e.text : "it is empty", 300);
        o->problem = arena_printf(o->arena, "%s/%s.yaml: %s", kstore_kinds[kind].plural, name, why);
    }
    arena_free(scratch);
    return o;
}

/* Takes in what one file of the kind's folder is now. */
static void reload(struct kstore *s, size_t kind, int folder, const char *name)
{
    char file_name[NAME_MAX + sizeof ".yaml"];
    struct stat st;
    const struct kstore_object *o = kstore_lookup(s, kind, name);
    snprintf(file_name, sizeof file_name, "%s.yaml", name);
    if (o && fstatat(folder, file_name, &st, 0) == 0 && is_known(&o->file, &st))
        return;
    int fd = openat(folder, file_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 ? fstat(fd, &st) != 0 : fstatat(folder, file_name, &st, 0) != 0) {
        kstore_remove(s, kind, name);
        return;
    }
    const struct kstore_file file = identity(&st);
    struct kstore_object *now = load_object_file(s, kind, name, fd, &file);
    if (now->problem && !(o && o->problem && !strcmp(o->problem, now->problem)))
        log_event(LOG_WARN, "file", "%s", now->problem);
    move_version(now, o);
    kstore_insert(s, kind, now);
}

/* "a.yaml" → "a" in arena a; NULL for any other file. */
static char *file_object_name(struct arena *a, const char *file)
{
    size_t len = strlen(file);
    return text_ends(file, ".yaml") ? arena_strndup(a, file, len - 5) : NULL;
}

static int open_folder(struct kstore *s, size_t kind)
{
    struct arena *scratch = arena_new();
    int fd = open(arena_printf(scratch, "%s/%s", s->dir, kstore_kinds[kind].plural),
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    arena_free(scratch);
    return fd;
}

static int compare_file_names(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* Sorted names of a kind's files. */
static char **names_on_disk(struct kstore *s, size_t kind, struct arena *a, size_t *count)
{
    size_t n = 0, capacity = 64;
    char **names = arena_array(a, char *, capacity);
    DIR *d = opendir(arena_printf(a, "%s/%s", s->dir, kstore_kinds[kind].plural));
    for (struct dirent *entry; d && (entry = readdir(d));) {
        char *name = file_object_name(a, entry->d_name);
        if (!name)
            continue;
        if (n == capacity) {
            char **more = arena_array(a, char *, capacity * 2);
            memcpy(more, names, n * sizeof *names);
            names = more;
            capacity *= 2;
        }
        names[n++] = name;
    }
    if (d)
        closedir(d);
    qsort(names, n, sizeof *names, compare_file_names);
    *count = n;
    return names;
}

static void drop_absent(struct kstore *s, size_t kind, const struct kstore_list *l, char **names,
                        size_t count)
{
    for (size_t i = l->count; i-- > 0;) {
        const char *name = l->items[i]->name;
        if (!bsearch(&name, names, count, sizeof *names, compare_file_names))
            kstore_remove(s, kind, name);
    }
}

/* Names come in ascending order, so that a first load inserts at the end of the list. */
static void scan_kind(struct kstore *s, size_t kind)
{
    struct arena *scratch = arena_new();
    size_t count;
    char **names = names_on_disk(s, kind, scratch, &count);
    drop_absent(s, kind, &s->lists[kind], names, count);
    drop_absent(s, kind, &s->broken[kind], names, count);
    int folder = open_folder(s, kind);
    for (size_t i = 0; i < count; i++)
        reload(s, kind, folder, names[i]);
    if (folder >= 0)
        close(folder);
    arena_free(scratch);
}

static void watch_kind(struct kstore *s, size_t kind)
{
    struct arena *scratch = arena_new();
    const char *path = arena_printf(scratch, "%s/%s", s->dir, kstore_kinds[kind].plural);
    if (s->inotify >= 0)
        s->lists[kind].watch = inotify_add_watch(s->inotify, path, WATCHED);
    arena_free(scratch);
}

void kstore_disk_make(struct kstore *s, size_t kind)
{
    struct arena *scratch = arena_new();
    file_make_dir(arena_printf(scratch, "%s/%s", s->dir, kstore_kinds[kind].plural), 0700, NULL);
    arena_free(scratch);
}

bool kstore_disk_sync(struct kstore *s, size_t kind, struct err *e)
{
    struct arena *scratch = arena_new();
    bool synced =
        file_sync_folder(arena_printf(scratch, "%s/%s", s->dir, kstore_kinds[kind].plural), e);
    arena_free(scratch);
    return synced;
}

/* A folder that was removed, and is back. */
static void watch_again(struct kstore *s)
{
    for (size_t kind = 0; s->inotify >= 0 && kstore_kinds[kind].plural; kind++) {
        if (s->lists[kind].watch >= 0)
            continue;
        watch_kind(s, kind);
        if (s->lists[kind].watch >= 0)
            scan_kind(s, kind);
    }
}

void kstore_disk_scan(struct kstore *s)
{
    for (size_t kind = 0; kstore_kinds[kind].plural; kind++) {
        if (s->lists[kind].watch < 0)
            watch_kind(s, kind);
        scan_kind(s, kind);
    }
}

/* Just made by open(): its content is yet to come, and the event of its closing. A link is whole.
 */
static bool is_unwritten(struct kstore *s, size_t kind, const char *name)
{
    struct arena *scratch = arena_new();
    struct kstore_file file;
    bool empty =
        kstore_disk_identify(kstore_disk_path(s, scratch, kind, name), &file) && file.size == 0;
    arena_free(scratch);
    return empty;
}

static void reload_one(struct kstore *s, size_t kind, const char *name)
{
    int folder = open_folder(s, kind);
    reload(s, kind, folder, name);
    if (folder >= 0)
        close(folder);
}

static void take_event(struct kstore *s, const struct inotify_event *event, bool *rescan)
{
    if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) {
        for (size_t kind = 0; kstore_kinds[kind].plural; kind++)
            if (s->lists[kind].watch == event->wd)
                s->lists[kind].watch = -1;
        *rescan = true;
        return;
    }
    struct arena *scratch = arena_new();
    char *name = event->len ? file_object_name(scratch, event->name) : NULL;
    for (size_t kind = 0; name && kstore_kinds[kind].plural; kind++)
        if (s->lists[kind].watch == event->wd &&
            !(event->mask & IN_CREATE && is_unwritten(s, kind, name)))
            reload_one(s, kind, name);
    arena_free(scratch);
}

void kstore_disk_refresh(struct kstore *s)
{
    _Alignas(struct inotify_event) char bytes[4096];
    bool rescan = s->inotify < 0;
    ssize_t n;
    while (s->inotify >= 0 && (n = read(s->inotify, bytes, sizeof bytes)) > 0) {
        const char *p = bytes;
        while (p < bytes + n) {
            const struct inotify_event *event = (const void *)p;
            take_event(s, event, &rescan);
            p += sizeof *event + event->len;
        }
    }
    watch_again(s);
    if (rescan)
        kstore_disk_scan(s);
}

static bool take_lock(struct kstore *s, struct err *e)
{
    const char *path = arena_printf(s->arena, "%s/.higress-ops.lock", s->dir);
    char pid[32] = "";
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (s->lock < 0)
        return err_set(e, ERR_SYSTEM, "cannot write into the data folder %s: %s", s->dir,
                       strerror(errno));
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(s->lock, pid, sizeof pid - 1, 0);
        pid[n > 0 ? n : 0] = '\0';
        return err_set(e, ERR_SYSTEM,
                       "the data folder %s is in use by process %s: stop that one, or name another "
                       "folder with --data",
                       s->dir, *pid ? pid : "(unknown)");
    }
    int n = snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (ftruncate(s->lock, 0) != 0 || pwrite(s->lock, pid, (size_t)n, 0) != n)
        return err_set(e, ERR_SYSTEM, "cannot write %s: %s", path, strerror(errno));
    return true;
}

/* Temporary files of file_replace that a sudden death left: "a.yaml." and six characters. We hold
 * the lock, so nobody is writing them. */
static void remove_temporary(struct kstore *s, size_t kind)
{
    struct arena *scratch = arena_new();
    const char *dir = arena_printf(scratch, "%s/%s", s->dir, kstore_kinds[kind].plural);
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        size_t len = strlen(entry->d_name);
        if (len > 12 && memcmp(entry->d_name + len - 12, ".yaml.", 6) == 0)
            unlink(arena_printf(scratch, "%s/%s", dir, entry->d_name));
    }
    if (d)
        closedir(d);
    arena_free(scratch);
}

bool kstore_disk_open(struct kstore *s, struct err *e)
{
    if (!file_make_dir(s->dir, 0755, e) || !take_lock(s, e) || !kstore_journal_recover(s, e))
        return false;
    for (size_t kind = 0; kstore_kinds[kind].plural; kind++) {
        const char *path = arena_printf(s->arena, "%s/%s", s->dir, kstore_kinds[kind].plural);
        if (!file_make_dir(path, 0700, e))
            return false;
        remove_temporary(s, kind);
    }
    s->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    kstore_disk_scan(s);
    return true;
}

void kstore_disk_close(struct kstore *s)
{
    kstore_journal_close(s);
    if (s->inotify >= 0)
        close(s->inotify);
    if (s->lock >= 0)
        close(s->lock);
}
