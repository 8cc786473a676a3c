/* mark.c - "TEXT PROOF" in a file of this user, and the lock beside it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "cmd/mark_private.h"
#include "config/config.h"
#include "store/store_search.h"
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { MARK_MAX = 256 };

struct mark mark_of(struct arena *a, const struct config *c, const char *name, const char *label)
{
    return (struct mark){ arena_printf(a, "%s/%s", c->state_dir, name), label, -1 };
}

bool mark_has_turn(struct mark *m)
{
    struct arena *a = arena_new();
    struct err e = { 0 };
    if (m->lock < 0)
        m->lock = file_open_own(arena_printf(a, "%s.lock", m->path), O_RDWR | O_CREAT, 077, &e);
    arena_free(a);
    return m->lock >= 0 && flock(m->lock, LOCK_EX | LOCK_NB) == 0;
}

static const char *proven(const struct mark *m, const struct store *s, struct arena *a,
                          const char *text)
{
    return arena_printf(a, "%s %s\n", text, store_proof(s, a, m->label, text));
}

const char *mark_read(const struct mark *m, const struct store *s, struct arena *a, bool *forged)
{
    struct err none = { 0 };
    size_t n = 0;
    const char *whole = file_read_own(a, m->path, MARK_MAX, &n, &none);
    const char *proof = whole ? strrchr(whole, ' ') : NULL;
    const char *text = proof ? arena_strndup(a, whole, (size_t)(proof - whole)) : "";
    *forged = whole && strcmp(whole, proven(m, s, a, text)) != 0;
    return whole && !*forged ? text : NULL;
}

bool mark_write(const struct mark *m, const struct store *s, struct arena *a, const char *text,
                struct err *e)
{
    const char *whole = proven(m, s, a, text);
    return file_replace_own(m->path, whole, strlen(whole), e);
}

void mark_end(struct mark *m)
{
    if (m->lock >= 0)
        close(m->lock);
    m->lock = -1;
}
