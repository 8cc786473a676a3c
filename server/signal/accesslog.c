/* accesslog.c - reads a log file from its end: blocks, lines, literal tests, then whole filters.
 *
 * No search learns what is hidden. Filters are judged on masked records only. The bytes of the file
 * serve for one thing: to leave out lines that cannot match, and that never shows:
 * - what stands behind an equals sign is overwritten as soon as it was read (log_blank), before
 *   anything is compared with it; so no work done, and no time taken, depends on it;
 * - a line is left out only if it is plain, which means that whatever a record of it shows, except
 *   "***", stands in it as it is, and if it lacks something that a match would show. It would not
 *   have matched, so rows, counts and the end of the scan are those of a scan without the test;
 * - a line in Higress' format is left out by values that the gateway alone writes, which are shown;
 * - where the format has fields that are hidden whole (cookies, headers that an operator added), no
 *   line is left out, since a guess that hits one would take the time of a parse.
 * Where a reading ends, which is told, goes by what is shown too (log_scan_line).
 * What a parse costs can thus tell of one thing: a token in the middle of a text that is shown
 * (an agent, a path) and is known by its form alone.
 */
#include "signal/accesslog.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fiber.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "net/loop.h"
#include "signal/accesslog_scan_private.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024, LOOK_AT = 64, SKIPPED_COST = 64 };
static const double others_wait = 0.01; /* seconds */
enum { SAMPLES = 8, SAMPLE = 16 * 1024, SAMPLE_LINES = 8, SAMPLED = 1024 * 1024 };

/* Behind the beginning of a line too long, the lines before it begin. */
static size_t skip_lost(struct scan *s, const char *text, size_t n)
{
    const char *nl = s->line_lost ? memrchr(text, '\n', n) : NULL;

    if (!s->line_lost)
        return n;
    s->line_lost = !nl;
    return nl ? (size_t)(nl - text) : 0;
}

/* Higress' format, whole, of a request without AI: it hides no field, and needs not be learnt. */
static bool is_usual(const char *line, size_t n)
{
    struct log_fields f;

    return log_take_fields(line, n, &f) && f.size[LOG_AI_LOG] <= 1;
}

/* Some lines, the last ones of the text, say how the log is written, and whether it has fields that
 * are hidden whole. */
static void look_at_format(struct scan *s, const char *text, size_t n, int lines)
{
    bool hides = false;
    char *nl;

    for (int i = 0; i < lines && (nl = memrchr(text, '\n', n)); i++) {
        size_t size = n - (size_t)(nl - text) - 1;
        bool usual = is_usual(nl + 1, size);
        const cJSON *row = usual ? NULL : log_record(s->scratch, nl + 1, size);
        bool known = usual || row || log_is_words(nl + 1, size);
        s->seen.known += known && size > 0;
        s->seen.unknown += !known && size > 0;
        if (row)
            log_learn(s->arena, s->formats, row);
        hides = hides || (row && log_hides_fields(row));
        n = (size_t)(nl - text);
    }
    if (hides)
        log_scan_skip_none(s);
}

/* The newest lines may all be one client's: so some of a longer stretch are looked at first. Not of
 * the whole file, for an operator may have changed the format. */
static void sample_formats(struct scan *s, const struct log_part *f)
{
    size_t size = f->size;
    char *buf = s->sample = s->sample ? s->sample : arena_alloc(s->arena, SAMPLE + 2);
    size_t stretch = size < SAMPLED ? size : SAMPLED;

    buf[0] = '\n'; /* before the first line */
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = size - stretch + stretch / SAMPLES * i, to = at == 0;
        long n = log_part_read(f, buf + to, SAMPLE, at);
        const char *end = n > 0 ? memrchr(buf + to, '\n', (size_t)n) : NULL; /* whole lines only */
        if (!end)
            continue;
        log_blank(buf, (size_t)(end - buf));
        look_at_format(s, buf, (size_t)(end - buf), SAMPLE_LINES);
    }
}

/* The lines of [text, text+n) from the last to the second; how much of the first is left over.
 * place: where the text begins in its file. */
static size_t take_block(struct scan *s, char *text, size_t n, size_t place)
{
    int breaks;
    size_t all = n;
    bool plain = log_blank_counting(text, n, &breaks);

    n = skip_lost(s, text, n);
    if (s->at_end)
        look_at_format(s, text, n, LOOK_AT);
    const char *first = memchr(text, '\n', n);
    if (first && plain && !log_scan_has_literals(s, first, n - (size_t)(first - text))) {
        s->at_end = false;
        s->seen.lines += breaks - (n < all) - (text[n - 1] == '\n');
        log_scan_age(s, first, n - (size_t)(first - text), place + (size_t)(first + 1 - text));
        return (size_t)(first - text); /* the unfinished first line stays anyway */
    }
    while (!s->done) {
        char *nl = memrchr(text, '\n', n);
        if (!nl)
            break;
        log_scan_line(s, nl + 1, n - (size_t)(nl - text) - 1, plain,
                      place + (size_t)(nl + 1 - text));
        n = (size_t)(nl - text);
    }
    return n;
}

static bool read_block(struct scan *s, const struct log_part *f, char *to, size_t n, size_t pos,
                       struct err *e)
{
    errno = 0;
    if (log_part_read(f, to, n, pos) != (long)n)
        return err_set(e, ERR_SYSTEM, "the access log changed while it was read: %s",
                       errno ? strerror(errno) : "it became shorter");
    s->seen.scanned += n;
    s->spent += s->skips && f->cheap ? n / SKIPPED_COST : n;
    return true;
}

/* Whatever else the process does goes on while a long file is read. */
static bool let_others_run(struct scan *s, struct err *e)
{
    struct loop *l = s->from->loop;

    if (!l || !fiber_self() || loop_now(l) - s->began < others_wait)
        return true;
    bool ok = nap_for(l, 0, "other work while it reads", "the access log", s->from->cancel, e);
    s->began = loop_now(l);
    return ok;
}

/* One block before pos, with what is left of the one behind it; returns what is left of it. */
static size_t scan_block(struct scan *s, const struct log_part *f, char *buf, size_t *pos,
                         size_t carry, struct err *e)
{
    size_t n = *pos < BLOCK ? *pos : BLOCK;
    char *text = buf + BLOCK - n;

    if (!read_block(s, f, text, n, *pos - n, e))
        return 0;
    *pos -= n;
    size_t left = take_block(s, text, n + carry, *pos);
    s->line_lost = s->line_lost || left >= LOG_LINE_MAX; /* a longer line is none of ours */
    left = s->line_lost ? 0 : left;
    memmove(buf + BLOCK, text, left);
    return left;
}

/* Sets resume where older lines of the file are left. */
static bool scan_part(struct scan *s, const struct log_part *f, size_t max_scan, struct err *e)
{
    char *buf = s->block;
    size_t carry = 0, pos = f->end;

    while (pos > 0 && !s->done && s->spent < max_scan) {
        carry = scan_block(s, f, buf, &pos, carry, e);
        if (e->kind != ERR_NONE || !let_others_run(s, e))
            return false;
    }
    if (pos == 0 && f->end > 0 && !s->done && !s->line_lost)
        log_scan_line(s, buf + BLOCK, carry, false, 0);
    s->resume = s->done ? s->resume : pos > 0 ? pos + carry : 0;
    return true;
}

/* -- several parts -------------------------------------------------------------------------------
 */
/* The time of the first record behind a place. */
static void tell_oldest(struct scan *s, const struct log_part *f, size_t place)
{
    char *buf = arena_alloc(s->arena, BLOCK + 1);
    long n = log_part_read(f, buf, BLOCK, place);
    char *at = buf, *nl;

    if (n <= 0)
        return;
    log_blank(buf, (size_t)n - 1);
    for (; (nl = memchr(at, '\n', (size_t)n - (size_t)(at - buf))); at = nl + 1) {
        const cJSON *row = log_record(s->scratch, at, (size_t)(nl - at));
        const char *start = json_str(log_canonical(s->scratch, row), "start_time");
        if (!start || when_parse(start) <= 0)
            continue;
        snprintf(s->seen.oldest, sizeof s->seen.oldest, "%s", start);
        return;
    }
}

/* The part from its end of interest backwards. */
static bool scan_one(struct scan *s, const struct log_part *p, size_t max_scan, struct err *e)
{
    s->part = p;
    s->at_end = true;
    s->line_lost = false;
    sample_formats(s, p);
    return scan_part(s, p, max_scan, e);
}

static bool scan_all(struct scan *s, struct log_reader *r, size_t max_scan, struct err *e)
{
    struct log_part part;
    bool ok = true, last = false;

    while (!last && r->ops->next(r, &part, e)) {
        ok = scan_one(s, &part, max_scan, e);
        last = !ok || s->done || s->resume > 0 || s->spent >= max_scan || !r->ops->more(r);
        if (ok && last) {
            tell_oldest(s, &part, s->resume);
            r->ops->rest(r, &part, s->resume, s->too_old, &s->seen);
        }
        r->ops->close(r, &part);
    }
    return e->kind == ERR_NONE;
}

bool accesslog_read(struct arena *a, struct log_source *from, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg, struct accesslog_seen *seen, struct err *e)
{
    struct scan s;
    struct err why = { 0 };

    log_scan_begin(&s, a, q, fn, arg);
    s.from = from;
    s.block = arena_alloc(a, BLOCK + LOG_LINE_MAX + 1);
    s.began = from->loop ? loop_now(from->loop) : 0;
    struct log_reader *r = log_reader_new(from, a, q, &why);
    if (r)
        scan_all(&s, r, q->max_scan ? q->max_scan : (size_t)64 << 20, &why);
    arena_free(s.scratch);
    if (seen)
        *seen = s.seen;
    return why.kind == ERR_NONE || err_set(e, why.kind, "%s", why.text);
}

void log_judge_learn(struct log_judge *j, const struct log_part *p)
{
    sample_formats(&j->scan, p);
}
