/* kstore_private.h - what kstore.c (index and writes), kstore_disk.c (files), kstore_txn.c and
 * kstore_journal.c (several files as one) and kstore_form.c (what an object looks like on disk)
 * share. Nobody else includes it. */
#pragma once
#include "embedded/kstore/kstore.h"

#include <sys/stat.h>
#include <time.h>

struct kstore_kind {
    const char *plural, *api_version, *kind;
    unsigned mode;      /* of its files */
    const char *status; /* status of a new object, as JSON; NULL: none */
    /* Takes out of spec what the API server's protobuf codec does not write; NULL: nothing. */
    void (*prune)(cJSON *spec);
};
extern const struct kstore_kind kstore_kinds[]; /* ended by { 0 } */
enum { KSTORE_KINDS = 21 };                     /* at most */

/* Which file an object was read from: equal identities, equal content. */
struct kstore_file {
    unsigned long long inode;
    long long size;
    struct timespec modified;
};

struct kstore_object {
    struct arena *arena; /* holds this struct, too */
    const char *name;
    cJSON *tree;         /* NULL: the file cannot be read, then problem says why */
    const char *problem; /* "ingresses/a.yaml: …" */
    struct kstore_file file;
    /* What stands in the file before and behind the object: comments, further documents. NULL:
     * nothing. */
    const char *head, *rest;
    bool in_form, looked;       /* as a write would give it; false: not, or not looked at */
    void *memo;                 /* kstore_memo */
    char *version;              /* room for the version once it was touched */
    struct kstore_object *next; /* among the retired */
};

/* Objects of one kind, sorted by name. */
struct kstore_list {
    struct arena *arena; /* of items */
    struct kstore_object **items;
    size_t count, capacity;
    int watch; /* inotify watch of the folder; -1: none */
};

/* What a transaction does to one file. */
struct kstore_change {
    struct kstore_change *next;
    size_t kind;
    const char *name, *path;
    struct kstore_object *before; /* NULL: there was none */
    struct kstore_object *after;  /* NULL: removed */
    const char *temporary;        /* file with the new text */
    /* Touched, before and after are one object: its version before; set with others too when a
     * touch came first. */
    const char *old_version;
    long long patch_at; /* the version's digits are replaced here, in place; 0: they are not */
};

struct kstore_txn {
    struct arena *arena; /* holds this struct, too */
    struct kstore_change *changes;
    int steps;    /* files to rename, remove or patch */
    bool patched; /* one of them is patched: journaled even when alone */
};

struct kstore {
    struct arena *arena;
    const char *dir;
    struct kstore_list lists[KSTORE_KINDS];
    struct kstore_list broken[KSTORE_KINDS]; /* files that cannot be read */
    struct kstore_object *retired;           /* replaced since the last refresh */
    unsigned long generation;
    int inotify; /* -1: not available, then every refresh looks at every file */
    int lock;
    struct kstore_txn *txn; /* NULL: none is open, each write is one of its own */
    int journal;            /* descriptor; -1: not opened yet */
    bool journaled;         /* the journal holds steps that are still to be done */
    long steps;             /* of the writes so far, for the tests */
};

/* Index of a kind; aborts on one that is not in the table (a mistake in the program). */
size_t kstore_kind_index(const char *plural);
/* Where name is or would be; *found says which. */
size_t kstore_find(const struct kstore_list *l, const char *name, bool *found);
/* Readable or not; NULL: there is none. */
struct kstore_object *kstore_lookup(const struct kstore *s, size_t kind, const char *name);
/* Takes the place of what has its name. */
void kstore_insert(struct kstore *s, size_t kind, struct kstore_object *o);
void kstore_remove(struct kstore *s, size_t kind, const char *name);          /* missing is fine */
struct kstore_object *kstore_object_new(const char *name, const cJSON *tree); /* is copied */
void kstore_retire(struct kstore *s, struct kstore_object *o);

void kstore_unretire(struct kstore *s, struct kstore_object *o);

/* kstore_txn.c */
/* Notes in the open transaction that name is to become `after` (NULL: nothing). Call it before the
 * index changes. */
struct kstore_change *kstore_note(struct kstore *s, size_t kind, const char *name,
                                  struct kstore_object *after);
void kstore_note_touch(struct kstore *s, size_t kind, struct kstore_object *o, const char *version);
void kstore_step(struct kstore *s); /* a check build dies here when told to */

/* kstore_journal.c */
bool kstore_journal_write(struct kstore *s, const struct kstore_change *changes, struct err *e);
void kstore_journal_clear(struct kstore *s);
/* At the start: finishes what a dead process left. */
bool kstore_journal_recover(struct kstore *s, struct err *e);
/* Finishes what this process could not finish; true when there is nothing. */
bool kstore_journal_finish(struct kstore *s, struct err *e);
void kstore_journal_close(struct kstore *s);

/* kstore_disk.c */
bool kstore_disk_open(struct kstore *s, struct err *e);
void kstore_disk_close(struct kstore *s);
void kstore_disk_refresh(struct kstore *s);
void kstore_disk_scan(struct kstore *s);
const char *kstore_disk_path(struct kstore *s, struct arena *a, size_t kind, const char *name);
void kstore_disk_make(struct kstore *s, size_t kind); /* the kind's folder, if it is not there */
bool kstore_disk_identify(const char *path, struct kstore_file *out);
bool kstore_disk_same(const struct kstore_file *x, const struct kstore_file *y);
bool kstore_disk_sync(struct kstore *s, size_t kind, struct err *e); /* the kind's folder */

/* kstore_text.c */
/* Sets head and rest of the object that was read from text (at its ends in arena a). */
void kstore_text_split(struct arena *a, struct kstore_object *o, const char *text, size_t len);
/* The file's new text. */
char *kstore_text_print(struct arena *a, const struct kstore_object *o);
unsigned kstore_text_line_of_name(const char *text, const char *name); /* 1: not found */

/* Where the digits of metadata.resourceVersion stand in the file of an object of ours; 0: not found
 * as `version`, or someone may have changed it. */
long long kstore_text_find_version(const char *path, const char *version);
/* Replaces them there, durably; true as well when they are the new ones already. */
bool kstore_text_patch(const char *path, long long at, const char *old, const char *now,
                       struct err *e);

/* kstore_word.c: the commonest names and values become the one copy of them that clones share. */
void kstore_share_words(cJSON *tree);

/* kstore_form.c: the object as it is stored, in arena a. */
cJSON *kstore_stored(struct arena *a, size_t kind, const cJSON *object, const cJSON *current,
                     const char *version);
/* Would storing it again change nothing but its version? The order of members does not count, nor
 * that it does not say when it was made. */
bool kstore_is_stored_form(size_t kind, const cJSON *tree);
