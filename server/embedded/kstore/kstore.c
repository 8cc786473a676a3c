/* kstore.c - the index of objects in memory, and the writes.
 *
 * Each object owns an arena; a list of a kind is an array sorted by name. A write shapes the object
 * (kstore_form.c), notes it in the transaction (kstore_txn.c; one of its own when none is open)
 * and swaps the object in the index; what it replaced is kept until the next refresh, so that
 * borrowed trees survive a request.
 */
#include "embedded/kstore/kstore.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "embedded/kstore/kstore_private.h"

enum { LONGEST_VERSION = 20 };
enum { LONGEST_NAME = 255 - sizeof ".yaml.tmp" + 1 };

size_t kstore_kind_index(const char *plural)
{
    for (size_t i = 0; kstore_kinds[i].plural; i++)
        if (strcmp(kstore_kinds[i].plural, plural) == 0)
            return i;
    bug("store: unknown kind '%s'", plural);
}

size_t kstore_find(const struct kstore_list *l, const char *name, bool *found)
{
    size_t low = 0, high = l->count;
    *found = false;
    if (high && strcmp(l->items[high - 1]->name, name) < 0)
        return high; /* as each file of a first load */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(l->items[middle]->name, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct kstore_object *kstore_object_new(const char *name, const cJSON *tree)
{
    struct arena *a =
        arena_sized(sizeof(struct kstore_object) + strlen(name) + 64 + json_clone_size(tree));
    struct kstore_object *o = arena_make(a, struct kstore_object);
    o->arena = a;
    o->name = arena_strdup(a, name);
    o->tree = json_clone(a, tree);
    return o;
}

void kstore_retire(struct kstore *s, struct kstore_object *o)
{
    o->next = s->retired;
    s->retired = o;
}

void kstore_unretire(struct kstore *s, struct kstore_object *o)
{
    struct kstore_object **at = &s->retired;
    while (*at && *at != o)
        at = &(*at)->next;
    if (*at)
        *at = o->next;
}

static void free_retired(struct kstore *s)
{
    struct kstore_object *o = s->retired;
    s->retired = NULL;
    while (o) {
        struct kstore_object *next = o->next;
        arena_free(o->arena);
        o = next;
    }
}

static void grow(struct kstore_list *l)
{
    if (l->count < l->capacity)
        return;
    size_t capacity = l->capacity ? l->capacity * 2 : 16;
    struct arena *a = arena_new();
    struct kstore_object **items = arena_array(a, struct kstore_object *, capacity);
    if (l->count)
        memcpy(items, l->items, l->count * sizeof *items);
    arena_free(l->arena);
    l->arena = a;
    l->items = items;
    l->capacity = capacity;
}

static void remove_from(struct kstore *s, struct kstore_list *l, const char *name)
{
    bool found;
    size_t at = kstore_find(l, name, &found);
    if (!found)
        return;
    kstore_retire(s, l->items[at]);
    l->count--;
    memmove(l->items + at, l->items + at + 1, (l->count - at) * sizeof *l->items);
    s->generation++;
}

void kstore_remove(struct kstore *s, size_t kind, const char *name)
{
    remove_from(s, &s->lists[kind], name);
    remove_from(s, &s->broken[kind], name);
}

void kstore_insert(struct kstore *s, size_t kind, struct kstore_object *o)
{
    struct kstore_list *l = o->tree ? &s->lists[kind] : &s->broken[kind];
    bool found;
    kstore_remove(s, kind, o->name);
    size_t at = kstore_find(l, o->name, &found);
    grow(l);
    memmove(l->items + at + 1, l->items + at, (l->count - at) * sizeof *l->items);
    l->items[at] = o;
    l->count++;
    s->generation++;
}

struct kstore_object *kstore_lookup(const struct kstore *s, size_t kind, const char *name)
{
    const struct kstore_list *const lists[] = { &s->lists[kind], &s->broken[kind] };
    for (int i = 0; name && i < 2; i++) {
        bool found;
        size_t at = kstore_find(lists[i], name, &found);
        if (found)
            return lists[i]->items[at];
    }
    return NULL;
}

static void free_list(struct kstore_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        arena_free(l->items[i]->arena);
    arena_free(l->arena);
}

struct kstore *kstore_open(const char *dir, struct err *e)
{
    struct arena *a = arena_new();
    struct kstore *s = arena_make(a, struct kstore);
    s->arena = a;
    s->dir = arena_strdup(a, dir);
    s->inotify = s->lock = s->journal = -1;
    for (size_t i = 0; i < KSTORE_KINDS; i++)
        s->lists[i].watch = -1;
    if (kstore_disk_open(s, e))
        return s;
    kstore_close(s);
    return NULL;
}

void kstore_close(struct kstore *s)
{
    if (!s)
        return;
    kstore_disk_close(s);
    free_retired(s);
    for (size_t i = 0; i < KSTORE_KINDS; i++) {
        free_list(&s->lists[i]);
        free_list(&s->broken[i]);
    }
    arena_free(s->arena);
}

bool kstore_refresh(struct kstore *s)
{
    unsigned long before = s->generation;
    free_retired(s);
    kstore_disk_refresh(s);
    return s->generation != before;
}

unsigned long kstore_generation(const struct kstore *s)
{
    return s->generation;
}

const cJSON *kstore_get(const struct kstore *s, const char *kind, const char *name)
{
    struct kstore_object *o = kstore_lookup(s, kstore_kind_index(kind), name);
    return o ? o->tree : NULL;
}

size_t kstore_count(const struct kstore *s, const char *kind)
{
    return s->lists[kstore_kind_index(kind)].count;
}

const cJSON *kstore_at(const struct kstore *s, const char *kind, size_t i)
{
    const struct kstore_list *l = &s->lists[kstore_kind_index(kind)];
    return i < l->count ? l->items[i]->tree : NULL;
}

const char *kstore_problem(const struct kstore *s, size_t i)
{
    for (size_t kind = 0; kstore_kinds[kind].plural; kind++) {
        const struct kstore_list *l = &s->broken[kind];
        if (i < l->count)
            return l->items[i]->problem;
        i -= l->count;
    }
    return NULL;
}

/* The words of the standalone API server for names that make no file. */
static bool check_name(struct kstore *s, size_t kind, const char *name, struct err *e)
{
    const char *plural = kstore_kinds[kind].plural;
    if (strchr(name, '/'))
        return err_set(e, ERR_SYSTEM, "open %s/%s/%s.yaml.tmp: no such file or directory", s->dir,
                       plural, name);
    if (strlen(name) > LONGEST_NAME)
        return err_set(e, ERR_SYSTEM, "open %s/%s/%s.yaml.tmp: file name too long", s->dir, plural,
                       name);
    struct kstore_object *o = kstore_lookup(s, kind, name);
    if (o && !o->tree)
        return err_set(e, ERR_SYSTEM, "the file in the way cannot be read, repair or remove it: %s",
                       o->problem);
    return true;
}

/* The object of that name becomes `after` (NULL: nothing). */
static enum kstore_result change_object(struct kstore *s, size_t kind, const char *name,
                                        struct kstore_object *after, struct err *e)
{
    bool alone = !s->txn;
    if (alone)
        kstore_begin(s);
    kstore_note(s, kind, name, after);
    if (after)
        kstore_insert(s, kind, after);
    else
        kstore_remove(s, kind, name);
    return !alone || kstore_commit(s, e) ? KSTORE_OK : KSTORE_FAILED;
}

static enum kstore_result write_object(struct kstore *s, size_t kind, const cJSON *object,
                                       const cJSON *current, unsigned step, struct err *e)
{
    const char *name = json_str(json_get(object, "metadata"), "name");
    const char *old = json_str(json_get(current, "metadata"), "resourceVersion");
    struct arena *scratch = arena_new();
    unsigned long long version = old ? strtoull(old, NULL, 10) + step : 1;
    cJSON *shaped =
        kstore_stored(scratch, kind, object, current, arena_printf(scratch, "%llu", version));
    kstore_share_words(shaped);
    struct kstore_object *o = kstore_object_new(name, shaped);
    o->in_form = true;
    arena_free(scratch);
    const struct kstore_object *now = kstore_lookup(s, kind, name);
    if (now) {
        o->head = arena_strdup(o->arena, now->head);
        o->rest = arena_strdup(o->arena, now->rest);
    }
    return change_object(s, kind, o->name, o, e);
}

enum kstore_result kstore_create(struct kstore *s, const char *kind, const cJSON *object,
                                 struct err *e)
{
    size_t k = kstore_kind_index(kind);
    const char *name = json_str(json_get(object, "metadata"), "name");
    if (!check_name(s, k, name, e))
        return KSTORE_FAILED;
    if (kstore_lookup(s, k, name))
        return KSTORE_EXISTS;
    return write_object(s, k, object, NULL, 1, e);
}

enum kstore_result kstore_replace(struct kstore *s, const char *kind, const cJSON *object,
                                  struct err *e)
{
    size_t k = kstore_kind_index(kind);
    const cJSON *metadata = json_get(object, "metadata");
    const char *name = json_str(metadata, "name"), *wanted = json_str(metadata, "resourceVersion");
    struct kstore_object *o = kstore_lookup(s, k, name);
    if (!o)
        return KSTORE_MISSING;
    if (!check_name(s, k, name, e))
        return KSTORE_FAILED;
    const char *current = json_str(json_get(o->tree, "metadata"), "resourceVersion");
    if (wanted && *wanted && strcmp(wanted, current ? current : "") != 0)
        return KSTORE_CONFLICT;
    return write_object(s, k, object, o->tree, 1, e);
}

enum kstore_result kstore_replace_many(struct kstore *s, const char *kind, const cJSON *object,
                                       unsigned writes, struct err *e)
{
    size_t k = kstore_kind_index(kind);
    const char *name = json_str(json_get(object, "metadata"), "name");
    struct kstore_object *o = kstore_lookup(s, k, name);
    if (!o)
        return KSTORE_MISSING;
    return check_name(s, k, name, e) ? write_object(s, k, object, o->tree, writes, e)
                                     : KSTORE_FAILED;
}

void **kstore_memo(const struct kstore *s, const char *kind, const char *name, struct arena **a)
{
    struct kstore_object *o = kstore_lookup(s, kstore_kind_index(kind), name);
    if (!o || !o->tree)
        return NULL;
    *a = o->arena;
    return &o->memo;
}

void **kstore_memo_at(const struct kstore *s, const char *kind, size_t i, struct arena **a)
{
    struct kstore_object *o = s->lists[kstore_kind_index(kind)].items[i];
    *a = o->arena;
    return &o->memo;
}

static bool is_in_stored_form(struct kstore_object *o, size_t kind)
{
    if (!o->in_form && !o->looked)
        o->in_form = kstore_is_stored_form(kind, o->tree);
    o->looked = true;
    return o->in_form;
}

bool kstore_touch(struct kstore *s, const char *kind, const char *name, struct err *e)
{
    size_t k = kstore_kind_index(kind);
    struct kstore_object *o = kstore_lookup(s, k, name);
    if (!o || !o->tree || !is_in_stored_form(o, k))
        return false;
    cJSON *version = json_get(json_get(o->tree, "metadata"), "resourceVersion");
    if (!cJSON_IsString(version) || strlen(version->valuestring) >= LONGEST_VERSION)
        return false;
    bool alone = !s->txn;
    if (alone)
        kstore_begin(s);
    kstore_note_touch(s, k, o, version->valuestring);
    unsigned long long next = strtoull(version->valuestring, NULL, 10) + 1;
    if (!o->version)
        o->version = arena_alloc(o->arena, LONGEST_VERSION + 1);
    snprintf(o->version, LONGEST_VERSION + 1, "%llu", next);
    version->valuestring = o->version;
    s->generation++;
    return !alone || kstore_commit(s, e);
}

enum kstore_result kstore_delete(struct kstore *s, const char *kind, const char *name,
                                 struct err *e)
{
    size_t k = kstore_kind_index(kind);
    if (!kstore_lookup(s, k, name))
        return KSTORE_MISSING;
    if (!check_name(s, k, name, e))
        return KSTORE_FAILED;
    return change_object(s, k, name, NULL, e);
}
