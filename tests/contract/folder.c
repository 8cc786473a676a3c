/* folder.c - snapshots of a data folder by inode, size and time; changed files are parsed. */
#include "contract.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

struct seen {
    struct seen *next;
    const char *name; /* "ingresses/a.yaml" */
    struct stat stat;
    cJSON *object;
    char *text, *text_before; /* text_before: what it was one change ago; NULL: not there */
    bool present;
};

struct folder {
    struct arena *arena;
    const char *dir;
    struct seen *files;
};

static struct seen *find(struct folder *f, const char *name)
{
    for (struct seen *s = f->files; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    struct seen *s = arena_make(f->arena, struct seen);
    s->name = arena_strdup(f->arena, name);
    s->next = f->files;
    f->files = s;
    return s;
}

static bool same(const struct stat *x, const struct stat *y)
{
    return x->st_ino == y->st_ino && x->st_size == y->st_size &&
           x->st_mtim.tv_sec == y->st_mtim.tv_sec && x->st_mtim.tv_nsec == y->st_mtim.tv_nsec;
}

static void look_at(struct folder *f, struct arena *a, const char *name, cJSON *changes)
{
    const char *path = arena_printf(a, "%s/%s", f->dir, name);
    struct stat now;
    struct seen *s = find(f, name);
    size_t len;
    if (stat(path, &now) != 0)
        return;
    s->present = true;
    if (s->object && same(&s->stat, &now))
        return;
    char *text = file_read(a, path, 16 << 20, &len, NULL);
    cJSON *object = text ? yaml_parse(f->arena, text, len, NULL) : NULL;
    if (!object)
        object = json_string(f->arena, "unreadable");
    if (changes && (!s->object || !json_equal(object, s->object)))
        json_set(a, changes, name, json_clone(a, object));
    s->text_before = s->text;
    s->text = arena_strdup(f->arena, text);
    s->object = object;
    s->stat = now;
}

static void look_at_kind(struct folder *f, struct arena *a, const char *kind, cJSON *changes)
{
    DIR *d = opendir(arena_printf(a, "%s/%s", f->dir, kind));
    for (struct dirent *e; d && (e = readdir(d));)
        if (text_ends(e->d_name, ".yaml"))
            look_at(f, a, arena_printf(a, "%s/%s", kind, e->d_name), changes);
    if (d)
        closedir(d);
}

static void look(struct folder *f, struct arena *a, cJSON *changes)
{
    for (struct seen *s = f->files; s; s = s->next)
        s->present = false;
    DIR *d = opendir(f->dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            look_at_kind(f, a, e->d_name, changes);
    if (d)
        closedir(d);
    for (struct seen *s = f->files; s; s = s->next) {
        if (s->present || !s->object)
            continue;
        s->object = NULL;
        s->text_before = s->text;
        s->text = NULL;
        if (changes)
            json_set(a, changes, s->name, json_null(a));
    }
}

/* text NULL: no file. */
static void write_file(struct folder *f, struct arena *a, const char *name, const char *text)
{
    const char *path = arena_printf(a, "%s/%s", f->dir, name);
    if (text)
        file_replace(path, text, strlen(text), 0644, NULL);
    else
        unlink(path);
}

void folder_correct(struct folder *f, struct arena *a, const cJSON *changes, const cJSON *wanted)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, changes)
    {
        if (!json_get(wanted, item->string))
            write_file(f, a, item->string, find(f, item->string)->text_before);
    }
    cJSON_ArrayForEach(item, wanted)
        write_file(f, a, item->string, cJSON_IsString(item) ? item->valuestring : NULL);
    look(f, a, NULL);
}

struct folder *folder_open(struct arena *a, const char *dir)
{
    struct folder *f = arena_make(a, struct folder);
    f->arena = a;
    f->dir = arena_strdup(a, dir);
    look(f, a, NULL);
    return f;
}

cJSON *folder_changes(struct folder *f, struct arena *a)
{
    cJSON *changes = json_object(a);
    look(f, a, changes);
    return changes;
}

static bool copy_kind(struct arena *a, const char *from, const char *to)
{
    bool good = file_make_dir(to, 0755, NULL);
    DIR *d = opendir(from);
    for (struct dirent *e; good && d && (e = readdir(d));) {
        size_t len;
        if (!text_ends(e->d_name, ".yaml"))
            continue;
        char *text = file_read(a, arena_printf(a, "%s/%s", from, e->d_name), 16 << 20, &len, NULL);
        good = text && file_replace(arena_printf(a, "%s/%s", to, e->d_name), text, len, 0644, NULL);
    }
    if (d)
        closedir(d);
    return good && d;
}

bool folder_copy(const char *from, const char *to)
{
    struct arena *a = arena_new();
    DIR *d = opendir(from);
    bool good = d != NULL;
    for (struct dirent *e; good && (e = readdir(d));)
        if (e->d_name[0] != '.')
            good = copy_kind(a, arena_printf(a, "%s/%s", from, e->d_name),
                             arena_printf(a, "%s/%s", to, e->d_name));
    if (d)
        closedir(d);
    arena_free(a);
    return good;
}

/* The folders of kinds, emptied. */
static void empty_kinds(struct arena *a, const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        DIR *kind = e->d_name[0] != '.' ? opendir(arena_printf(a, "%s/%s", dir, e->d_name)) : NULL;
        for (struct dirent *file; kind && (file = readdir(kind));)
            if (text_ends(file->d_name, ".yaml"))
                unlink(arena_printf(a, "%s/%s/%s", dir, e->d_name, file->d_name));
        if (kind)
            closedir(kind);
    }
    if (d)
        closedir(d);
}

bool folder_reset(const char *from, const char *to)
{
    struct arena *a = arena_new();
    empty_kinds(a, to);
    arena_free(a);
    return folder_copy(from, to);
}

void folder_remove(const char *dir)
{
    struct arena *a = arena_new();
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        const char *path = arena_printf(a, "%s/%s", dir, e->d_name);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlink(path) != 0)
            folder_remove(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
    arena_free(a);
}
