/* log_source.c - which source the configuration names, and what was got of it, kept as chains of
 * parts: one for each question that was asked. A new source is a log_get_fn and a row of `sources`.
 */
#include "base/arena.h"
#include "base/fiber.h"
#include "base/text.h"
#include "base/when.h"
#include "config/config.h"
#include "kube/higress.h"
#include "signal/log_source_private.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- parts ---------------------------------------------------------------------------------------
 */

long log_part_read(const struct log_part *p, char *to, size_t n, size_t at)
{
    if (!p->text)
        return pread(p->fd, to, n, (off_t)at);
    size_t there = at < p->size ? p->size - at : 0;
    n = n < there ? n : there;
    memcpy(to, p->text + at, n);
    return (long)n;
}

const struct log_mark *log_part_mark(const struct log_part *p, size_t at)
{
    int low = 0, high = p->lines - 1;

    if (!p->marks || high < 0)
        return NULL;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (p->marks[middle].at <= at)
            low = middle;
        else
            high = middle - 1;
    }
    return &p->marks[low];
}

/* -- cursors -------------------------------------------------------------------------------------
 */

void log_moment_write(struct log_moment m, char out[48])
{
    snprintf(out, 48, "t%lld.%d", m.ns, m.equal);
}

bool log_moment_read(const char *text, struct log_moment *out)
{
    char *end = NULL;

    if (!text || *text != 't')
        return false;
    errno = 0;
    out->ns = strtoll(text + 1, &end, 10);
    bool ok = end != text + 1 && *end == '.' && end[1] && out->ns > 0 && errno == 0;
    out->equal = ok ? (int)strtol(end + 1, &end, 10) : 0;
    return ok && !*end && out->equal >= 0;
}

/* -- one reading of lines with times -------------------------------------------------------------
 */

struct chain_reader {
    struct log_reader reader;
    struct log_source *source;
    struct log_chain *chain;
    log_get_fn *get;
    int next; /* part */
};

/* The moment before the first line that begins at a place of the part or behind it. */
static struct log_moment moment_at(const struct log_part *p, size_t at)
{
    struct log_moment m = { 0 };
    int low = 0, high = p->lines;

    while (low < high) {
        int middle = (low + high) / 2;
        if (p->marks[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    m.ns = p->marks[low < p->lines ? low : p->lines - 1].ns;
    for (; low < p->lines && p->marks[low].ns == m.ns; low++)
        m.equal++;
    return m;
}

/* A part whose times are all one goes on with what was seen of that time before. */
static struct log_moment older_than(struct log_moment before, const struct log_part *p)
{
    struct log_moment m = moment_at(p, 0);

    if (m.ns == before.ns)
        m.equal += before.equal;
    return m;
}

static bool get_part(struct chain_reader *r, struct err *e)
{
    struct log_chain *c = r->chain;
    struct log_part part = { .fd = -1 };

    if (!r->get(r->source, c, &part, e))
        return false;
    if (part.lines)
        c->before = older_than(c->before, &part);
    c->parts = arena_grow(r->source->arena, c->parts, c->count, &c->room, sizeof *c->parts);
    c->parts[c->count++] = part;
    return true;
}

static bool next_part(struct log_reader *reader, struct log_part *out, struct err *e)
{
    struct chain_reader *r = (struct chain_reader *)reader;

    if (r->next == r->chain->count && (r->chain->ended || !get_part(r, e)))
        return false;
    *out = r->chain->parts[r->next++];
    return true;
}

static void close_part(struct log_reader *reader, struct log_part *p)
{
    (void)reader, (void)p;
}

static bool more_parts(const struct log_reader *reader)
{
    const struct chain_reader *r = (const struct chain_reader *)reader;

    return r->next < r->chain->count || !r->chain->ended;
}

/* Lines of a time before which some replicas' may be missing are no answer to "since when". */
static void tell_reached(struct arena *a, const struct log_chain *c, struct accesslog_seen *seen)
{
    seen->note = c->note;
    if (c->reached > 0 && when_parse(seen->oldest) < c->reached) {
        seen->cut = true;
        snprintf(seen->oldest, sizeof seen->oldest, "%s", when_text(a, c->reached, true));
    }
}

static void tell_parts_left(const struct log_reader *reader, const struct log_part *p,
                            size_t resume, bool too_old, struct accesslog_seen *seen)
{
    const struct chain_reader *r = (const struct chain_reader *)reader;
    struct arena *a = r->source->arena;

    if (p->lines && !*seen->oldest)
        snprintf(seen->oldest, sizeof seen->oldest, "%s",
                 when_text(a, (double)moment_at(p, resume).ns / 1e9, true));
    seen->note = r->chain->note;
    if (too_old)
        return;
    if (resume == 0 && !more_parts(reader)) {
        tell_reached(a, r->chain, seen);
        return;
    }
    seen->cut = true;
    seen->left = resume;
    struct log_moment left = p->lines ? moment_at(p, resume) : r->chain->before;
    if (resume == 0 && r->next == r->chain->count)
        left = r->chain->before;
    log_moment_write(left, seen->cursor);
}

/* -- which one -----------------------------------------------------------------------------------
 */

struct log_source *log_source_new(struct arena *a, struct loop *l, const struct config *c,
                                  struct cancel *cancel)
{
    struct log_source *s = arena_make(a, struct log_source);

    *s = (struct log_source){ .arena = a, .loop = l, .config = c, .cancel = cancel };
    if (!cancel)
        s->cancel = arena_alloc(a, sizeof(struct cancel));
    return s;
}

struct log_source *log_source_pod(struct arena *a, struct loop *l, const struct config *c,
                                  const char *pod, struct cancel *cancel)
{
    struct log_source *s = log_source_new(a, l, c, cancel);

    s->pod = pod;
    return s;
}

struct log_source *log_source_file(struct arena *a, const char *path)
{
    struct log_source *s = arena_make(a, struct log_source);

    s->arena = a;
    s->path = path;
    return s;
}

bool log_source_there(const struct config *c)
{
    return config_logs_from(c) != LOGS_NOWHERE;
}

enum logs_from log_source_from(const struct log_source *s)
{
    if (s->pod)
        return LOGS_PODS;
    return s->path ? LOGS_FILE : config_logs_from(s->config);
}

const char *log_file_of(const struct log_source *s, enum log_what what, struct err *e)
{
    static const char *const names[] = { "envoy.access_log", "logs.gateway", "logs.controller",
                                         "logs.pilot", "logs.console" };
    const struct config *c = s->config;
    if (s->path)
        return s->path;
    const char *const paths[] = { c->access_log, c->logs.gateway ? c->logs.gateway : c->access_log,
                                  c->logs.controller, c->logs.pilot, c->logs.console };
    if (!paths[what])
        err_set(e, ERR_ARGS, "no file of that log is configured: %s says where it is", names[what]);
    return paths[what];
}

const char *log_source_name(struct arena *a, const struct log_source *s, enum log_what what)
{
    struct err ignored = { 0 };
    const char *file = log_source_from(s) == LOGS_FILE ? log_file_of(s, what, &ignored) : NULL;

    switch (log_source_from(s)) {
    case LOGS_FILE:
        return arena_printf(a, "file %s", file ? file : "(none)");
    case LOGS_PODS:
        return arena_printf(a, "pods of %s",
                            kube_higress_access(s->config->kube.higress)->namespace);
    case LOGS_LOKI:
        return arena_printf(a, "loki %s", s->config->logs.loki.url);
    default:
        return "(none)";
    }
}

static struct log_chain *chain_of(struct log_source *s, const struct accesslog_query *q,
                                  struct err *e)
{
    struct log_moment before = LOG_MOMENT_NOW;

    if (q->cursor && !log_moment_read(q->cursor, &before)) {
        err_set(e, ERR_ARGS, "cursor %s is none of this log's: begin anew without it",
                text_clean(s->arena, q->cursor, 60));
        return NULL;
    }
    for (struct log_chain *c = s->chains; c; c = c->next)
        if (c->what == q->what && c->previous == q->previous && c->since == q->since &&
            text_same(c->from, q->cursor))
            return c;
    struct log_chain *c = arena_make(s->arena, struct log_chain);
    *c = (struct log_chain){ .next = s->chains,
                             .what = q->what,
                             .previous = q->previous,
                             .since = q->since,
                             .from = arena_strdup(s->arena, q->cursor),
                             .all = !s->pod && (q->cursor || q->previous || q->limit > 10000),
                             .before = before };
    s->chains = c;
    return c;
}

static struct log_reader *chain_reader(struct log_source *s, struct arena *a,
                                       const struct accesslog_query *q, log_get_fn *get,
                                       struct err *e)
{
    static const struct log_reader_ops ops = { next_part, close_part, more_parts, tell_parts_left };
    struct log_chain *c = chain_of(s, q, e);
    struct chain_reader *r = arena_make(a, struct chain_reader);

    *r = (struct chain_reader){ { &ops }, s, c, get, 0 };
    return c ? &r->reader : NULL;
}

struct log_reader *log_reader_new(struct log_source *s, struct arena *a,
                                  const struct accesslog_query *q, struct err *e)
{
    enum logs_from from = log_source_from(s);
    const char *path = from == LOGS_FILE ? log_file_of(s, q->what, e) : NULL;

    if (from == LOGS_PODS && s->config->kube.higress)
        return chain_reader(s, a, q, log_pods_get, e);
    if (from == LOGS_LOKI)
        return chain_reader(s, a, q, log_loki_get, e);
    if (from == LOGS_FILE && q->previous) {
        err_set(e, ERR_ARGS, "`previous` is of pods: a file's rotated ones are read anyway");
        return NULL;
    }
    if (from == LOGS_FILE)
        return path ? log_files_reader(s, a, path, q) : NULL;
    err_set(e, ERR_ARGS,
            "no access log is configured: start higress-ops with --access-log PATH, or name "
            "kubernetes or logs.loki in the configuration");
    return NULL;
}

bool log_newest_part(struct log_source *s, struct arena *a, const struct accesslog_query *q,
                     struct log_part *out, struct err *e)
{
    struct log_reader *r = log_reader_new(s, a, q, e);

    *out = (struct log_part){ .fd = -1 };
    return r && (r->ops->next(r, out, e) || e->kind == ERR_NONE);
}
