/* kstore_txn.c - a transaction: the writes of one request, on disk all or none.
 *
 * A write changes the index at once and is noted here as what was and what is now. kstore_commit
 * makes the disk follow: (1) each new text as a temporary file, (2) the journal, when there is more
 * than one step (kstore_journal.c), (3) renames and removals, (4) the folders, (5) the journal is
 * emptied. What goes wrong before (2) is done takes the whole transaction back, in memory too.
 * kstore_step is called between any two steps; a check build can be stopped at each.
 */
#include "embedded/kstore/kstore_private.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#ifdef CHECK_BUILD
void kstore_step(struct kstore *s)
{
    const char *at = getenv("HIGRESS_OPS_STORE_STOP_AT");
    if (at && strtol(at, NULL, 10) == s->steps)
        raise(SIGKILL);
    s->steps++;
}
#else
void kstore_step(struct kstore *s)
{
    (void)s;
}
#endif

void kstore_begin(struct kstore *s)
{
    struct arena *a = arena_new();
    s->txn = arena_make(a, struct kstore_txn);
    s->txn->arena = a;
}

static void end_txn(struct kstore *s)
{
    struct arena *a = s->txn->arena;
    s->txn = NULL;
    arena_free(a);
}

static struct kstore_change *change_of(struct kstore *s, size_t kind, const char *name)
{
    for (struct kstore_change *c = s->txn->changes; c; c = c->next)
        if (c->kind == kind && strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

struct kstore_change *kstore_note(struct kstore *s, size_t kind, const char *name,
                                  struct kstore_object *after)
{
    struct kstore_change *c = change_of(s, kind, name);
    if (!c) {
        struct arena *a = s->txn->arena;
        c = arena_make(a, struct kstore_change);
        c->kind = kind;
        c->name = arena_strdup(a, name);
        c->path = kstore_disk_path(s, a, kind, name);
        c->before = kstore_lookup(s, kind, name);
        c->next = s->txn->changes;
        s->txn->changes = c;
    }
    c->after = after;
    return c;
}

void kstore_note_touch(struct kstore *s, size_t kind, struct kstore_object *o, const char *version)
{
    struct kstore_change *c = kstore_note(s, kind, o->name, o);
    if (c->before == o && !c->old_version)
        c->old_version = arena_strdup(s->txn->arena, version);
}

static cJSON *version_of(const struct kstore_object *o)
{
    return json_get(json_get(o->tree, "metadata"), "resourceVersion");
}

/* A version of as many digits as before is replaced in place; true when that will do. */
static bool can_patch(struct kstore *s, struct kstore_change *c)
{
    if (c->before != c->after || !c->after)
        return false;
    if (strlen(c->old_version) == strlen(version_of(c->after)->valuestring))
        c->patch_at = kstore_text_find_version(c->path, c->old_version);
    s->txn->patched = s->txn->patched || c->patch_at > 0;
    return c->patch_at > 0;
}

/* Nobody else may have changed the file since it was read. */
static bool is_as_known(const struct kstore_change *c, struct err *e)
{
    struct kstore_file now;
    bool there = kstore_disk_identify(c->path, &now);
    if (c->before ? there && kstore_disk_same(&now, &c->before->file) : !there)
        return true;
    return err_set(e, ERR_SYSTEM,
                   "%s was changed by someone else at this moment, nothing was written: try again",
                   c->path);
}

static bool prepare_change(struct kstore *s, struct kstore_change *c, struct err *e)
{
    struct arena *a = s->txn->arena;
    if (!c->before && !c->after) /* made and removed by one request */
        return true;
    if (!is_as_known(c, e))
        return false;
    s->txn->steps++;
    if (!c->after || can_patch(s, c))
        return true;
    if (s->lists[c->kind].watch < 0)
        kstore_disk_make(s, c->kind);
    const char *text = kstore_text_print(a, c->after);
    c->temporary = file_stage(a, c->path, text, strlen(text), kstore_kinds[c->kind].mode, e);
    kstore_step(s);
    return c->temporary != NULL;
}

static bool prepare_all(struct kstore *s, struct err *e)
{
    bool touched[KSTORE_KINDS] = { false };
    for (struct kstore_change *c = s->txn->changes; c; c = c->next) {
        if (!prepare_change(s, c, e))
            return false;
        touched[c->kind] = touched[c->kind] || c->temporary;
    }
    /* The journal speaks of the temporary files, so they must be found after a power cut. */
    for (size_t kind = 0; s->txn->steps > 1 && kstore_kinds[kind].plural; kind++)
        if (touched[kind] && !kstore_disk_sync(s, kind, e))
            return false;
    return true;
}

static bool perform_change(struct kstore *s, struct kstore_change *c, struct err *e)
{
    bool done = true;
    if (c->patch_at > 0 && !kstore_text_patch(c->path, c->patch_at, c->old_version,
                                              version_of(c->after)->valuestring, e))
        return false;
    if (c->temporary)
        done = rename(c->temporary, c->path) == 0;
    else if (c->before && !c->after)
        done = unlink(c->path) == 0 || errno == ENOENT;
    if (!done)
        return err_set(e, ERR_SYSTEM, "cannot write %s: %s", c->path, strerror(errno));
    if (c->after)
        kstore_disk_identify(c->path, &c->after->file);
    kstore_step(s);
    return true;
}

static bool perform_all(struct kstore *s, struct err *e)
{
    bool touched[KSTORE_KINDS] = { false };
    for (struct kstore_change *c = s->txn->changes; c; c = c->next) {
        if (!perform_change(s, c, e))
            return false;
        touched[c->kind] = touched[c->kind] || !c->patch_at;
    }
    for (size_t kind = 0; kstore_kinds[kind].plural; kind++)
        if (touched[kind] && !kstore_disk_sync(s, kind, e))
            return false;
    kstore_step(s);
    return true;
}

static void take_back(struct kstore *s)
{
    for (struct kstore_change *c = s->txn->changes; c; c = c->next) {
        if (c->temporary)
            unlink(c->temporary);
        if (c->old_version) /* its buffer is long enough */
            memcpy(c->before->version, c->old_version, strlen(c->old_version) + 1);
        if (c->before && c->before == c->after)
            continue;
        kstore_remove(s, c->kind, c->name);
        if (!c->before)
            continue;
        kstore_unretire(s, c->before);
        kstore_insert(s, c->kind, c->before);
    }
}

bool kstore_commit(struct kstore *s, struct err *e)
{
    if (!s->txn->changes) {
        end_txn(s);
        return true;
    }
    /* A journal that an earlier transaction could not work off comes first. */
    bool journaled =
        prepare_all(s, e) && kstore_journal_finish(s, e) &&
        ((s->txn->steps < 2 && !s->txn->patched) || kstore_journal_write(s, s->txn->changes, e));
    kstore_step(s);
    bool done = journaled && perform_all(s, e);
    if (done)
        kstore_journal_clear(s);
    else if (!s->journaled)
        take_back(s);
    else
        err_at(e, "all is in memory, the rest of the files follows before the next write");
    end_txn(s);
    return done;
}
