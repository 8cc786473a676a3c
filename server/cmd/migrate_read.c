/* migrate_read.c - the texts that `higress-ops migrate` looks at: a file, standard input, or the
 * manifests of a folder and those below it, in the order of their names. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/migrate_private.h"
#include "manifest/manifest.h"
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { DEEPEST = 16, MOST_FILES = 5000, MOST_BYTES = 64 << 20 };

struct walk {
    struct manifest *m;
    int files;
    size_t bytes;
};

static bool is_manifest(const char *name)
{
    return text_ends(name, ".yaml") || text_ends(name, ".yml") || text_ends(name, ".json");
}

static bool read_manifest_file(struct walk *w, const char *path, struct err *e)
{
    size_t n;
    char *text = file_read(w->m->arena, path, MANIFEST_BYTES, &n, e);
    if (!text)
        return false;
    w->bytes += n;
    if (++w->files > MOST_FILES || w->bytes > MOST_BYTES)
        return err_set(e, ERR_ARGS, "more than %d files or %d bytes: migrate a part at a time",
                       MOST_FILES, MOST_BYTES);
    w->m->file = path;
    return manifest_add(w->m, text, n, e) || err_at(e, "%s", path);
}

static bool read_folder(struct walk *w, const char *path, int depth, struct err *e);

static bool read_entry(struct walk *w, const char *path, int depth, struct err *e)
{
    struct stat s;
    if (lstat(path, &s) != 0)
        return err_set(e, ERR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    if (S_ISDIR(s.st_mode))
        return read_folder(w, path, depth + 1, e);
    return !S_ISREG(s.st_mode) || !is_manifest(path) || read_manifest_file(w, path, e);
}

static int compare_names(const void *v, const void *w)
{
    return strcmp(*(char *const *)v, *(char *const *)w);
}

/* Names in a folder, sorted, but hidden ones; NULL + e. */
static char **list_manifest_folder(struct arena *a, const char *path, int *n, struct err *e)
{
    DIR *d = opendir(path);
    char **names = NULL;
    int room = 0;
    *n = 0;
    if (!d)
        return err_set(e, ERR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno)), NULL;
    for (struct dirent *entry; *n <= MOST_FILES && (entry = readdir(d));) {
        names = arena_grow(a, names, *n, &room, sizeof *names);
        if (entry->d_name[0] != '.')
            names[(*n)++] = arena_strdup(a, entry->d_name);
    }
    closedir(d);
    if (*n)
        qsort(names, (size_t)*n, sizeof *names, compare_names);
    return names;
}

static bool read_folder(struct walk *w, const char *path, int depth, struct err *e)
{
    int n = 0;
    if (depth > DEEPEST)
        return err_set(e, ERR_ARGS, "%s: folders are more than %d deep", path, DEEPEST);
    char **names = list_manifest_folder(w->m->arena, path, &n, e);
    if (n > MOST_FILES)
        return err_set(e, ERR_ARGS, "%s: more than %d files: migrate a part at a time", path,
                       MOST_FILES);
    for (int i = 0; names && i < n; i++)
        if (!read_entry(w, arena_printf(w->m->arena, "%s/%s", path, names[i]), depth, e))
            return false;
    return names != NULL;
}

static bool read_input(struct manifest *m, struct err *e)
{
    char *text = arena_alloc(m->arena, MANIFEST_BYTES + 2);
    size_t n = fread(text, 1, MANIFEST_BYTES + 1, stdin);
    if (ferror(stdin))
        return err_set(e, ERR_SYSTEM, "standard input cannot be read");
    text[n] = '\0';
    return manifest_add(m, text, n, e);
}

bool migrate_read(struct manifest *m, const char *path, struct err *e)
{
    struct walk w = { .m = m };
    struct stat s;
    if (!strcmp(path, "-"))
        return read_input(m, e) && manifest_finish(m, e);
    if (stat(path, &s) != 0)
        return err_set(e, ERR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    if (!(S_ISDIR(s.st_mode) ? read_folder(&w, path, 0, e) : read_manifest_file(&w, path, e)))
        return false;
    if (w.files == 0)
        return err_set(e, ERR_ARGS, "%s holds no file that ends in .yaml, .yml or .json", path);
    return manifest_finish(m, e);
}
