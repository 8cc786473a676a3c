/* store_impl.h - what store.c (index and writes), store_disk.c (files) and store_shape.c (what an
 * object looks like on disk) share. Nobody else includes it. */
#pragma once
#include "embedded/store.h"

#include <sys/stat.h>
#include <time.h>

struct store_kind {
    const char *plural, *api_version, *kind;
    const char *status; /* status of a new object, as JSON; NULL: none */
    /* Takes out of spec what the API server's protobuf codec does not write; NULL: nothing. */
    void (*prune)(cJSON *spec);
};
extern const struct store_kind store_kinds[]; /* ended by { 0 } */
enum { STORE_KINDS = 21 };                    /* at most */

/* Which file an object was read from: equal identities, equal content. */
struct store_file {
    unsigned long long inode;
    long long size;
    struct timespec modified;
};

struct store_object {
    struct arena *arena; /* holds this struct, too */
    const char *name;
    cJSON *tree;         /* NULL: the file cannot be read, then problem says why */
    const char *problem; /* "ingresses/a.yaml: …" */
    struct store_file file;
    struct store_object *next; /* among the retired */
};

/* Objects of one kind, sorted by name. */
struct store_list {
    struct arena *arena; /* of items */
    struct store_object **items;
    size_t count, capacity;
    size_t readable; /* how many have a tree */
    int watch;       /* inotify watch of the folder; -1: none */
};

struct store {
    struct arena *arena;
    const char *dir;
    struct store_list lists[STORE_KINDS];
    struct store_object *retired; /* replaced since the last refresh */
    unsigned long generation;
    int inotify; /* -1: not available, then every refresh looks at every file */
    int lock;
};

/* Index of a kind; aborts on one that is not in the table (a mistake in the program). */
size_t store_kind_index(const char *plural);
/* Where name is or would be; *found says which. */
size_t store_find(const struct store_list *l, const char *name, bool *found);
void store_insert(struct store *s, size_t kind, struct store_object *o);
void store_remove_at(struct store *s, size_t kind, size_t at);
struct store_object *store_object_new(const char *name);
void store_retire(struct store *s, struct store_object *o);

/* store_disk.c */
bool store_disk_open(struct store *s, struct err *e);
void store_disk_close(struct store *s);
void store_disk_refresh(struct store *s);
void store_disk_scan(struct store *s);
const char *store_disk_path(struct store *s, struct arena *a, size_t kind, const char *name);
bool store_disk_identify(const char *path, struct store_file *out);

/* store_shape.c: the object as it is stored, in arena a. */
cJSON *store_shape(struct arena *a, size_t kind, const cJSON *object, const cJSON *current,
                   const char *version);
