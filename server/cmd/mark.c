/* mark.c - a line of text in a file of this user, and the lock beside it. */
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "cmd/mark_private.h"
#include "config/config.h"
#include "store/store_search.h"
#include <fcntl.h>
#include <stdlib.h>
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

static const char *text_of_place(const struct mark *m, const struct store *s, struct arena *a,
                                 struct mark_place p)
{
    const char *text =
        p.lost > 0 ? arena_printf(a, "%d %.0f", p.seq, p.lost) : arena_printf(a, "%d", p.seq);
    return arena_printf(a, "%s %s\n", text, store_proof(s, a, m->label, text));
}

/* What it says is believed when it is, to the letter, what would be written for that. */
bool mark_read(const struct mark *m, const struct store *s, struct mark_place *p, bool *forged)
{
    struct arena *a = arena_new();
    struct err none = { 0 };
    size_t n = 0;
    const char *text = file_read_own(a, m->path, MARK_MAX, &n, &none);
    char *end = NULL;
    *p = (struct mark_place){ .seq = text ? (int)strtol(text, &end, 10) : 0 };
    if (text && *end == ' ' && strspn(end + 1, "0123456789") == strcspn(end + 1, " "))
        p->lost = strtod(end + 1, NULL);
    *forged = text && strcmp(text, text_of_place(m, s, a, *p)) != 0;
    arena_free(a);
    if (*forged)
        *p = (struct mark_place){ 0 };
    return text && !*forged;
}

bool mark_write(const struct mark *m, const struct store *s, struct mark_place p, struct err *e)
{
    struct arena *a = arena_new();
    const char *text = text_of_place(m, s, a, p);
    bool ok = file_replace_own(m->path, text, strlen(text), e);
    arena_free(a);
    return ok;
}

void mark_end(struct mark *m)
{
    if (m->lock >= 0)
        close(m->lock);
    m->lock = -1;
}
