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

/* What is not asked for by name and may be anything: hidden files, links, devices. */
static int is_shown(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static bool read_file(struct walk *w, const char *path, struct err *e)
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
    return !S_ISREG(s.st_mode) || !is_manifest(path) || read_file(w, path, e);
}

static bool read_folder(struct walk *w, const char *path, int depth, struct err *e)
{
    struct dirent **list = NULL;
    bool ok = true;
    if (depth > DEEPEST)
        return err_set(e, ERR_ARGS, "%s: folders are more than %d deep", path, DEEPEST);
    int n = scandir(path, &list, is_shown, alphasort);
    if (n < 0)
        return err_set(e, ERR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *below = arena_printf(w->m->arena, "%s/%s", path, list[i]->d_name);
        ok = ok && read_entry(w, below, depth, e);
        free(list[i]);
    }
    free(list);
    return ok;
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
    if (!(S_ISDIR(s.st_mode) ? read_folder(&w, path, 0, e) : read_file(&w, path, e)))
        return false;
    if (w.files == 0)
        return err_set(e, ERR_ARGS, "%s holds no file that ends in .yaml, .yml or .json", path);
    return manifest_finish(m, e);
}
