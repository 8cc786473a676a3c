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
 * What a parse costs can thus tell of one thing: a token in the middle of a text that is shown
 * (an agent, a path) and is known by its form alone.
 */
#include "signal/accesslog.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "signal/accesslog_file_private.h"
#include "signal/accesslog_line_private.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, MAX_LINE = 256 * 1024, SCRATCH_LINES = 128, LATE = 900, LOOK_AT = 64 };
enum { SAMPLES = 8, SAMPLE = 16 * 1024, SAMPLE_LINES = 8, SAMPLED = 1024 * 1024 };

enum { MAX_LITERALS = 5 };

struct scan {
    struct arena *arena;   /* of the answer */
    struct arena *scratch; /* of lines looked at; renewed now and then */
    int in_scratch;
    const struct accesslog_query *q;
    const char *literals[MAX_LITERALS]; /* each is in every plain line that matches */
    const char *flag;                   /* of the query, in capitals */
    bool some, wanted[LOG_KEYS];        /* rows need only the wanted keys */
    bool counts; /* every line is looked at, so that counting them tells of no guess */
    accesslog_fn *fn;
    void *arg;
    struct accesslog_seen seen;
    int limit;
    bool done;
    size_t resume; /* once done: where the lines begin that were not looked at end */
    bool too_old;  /* done because older lines are of no interest */
    struct log_formats *formats;
    bool at_end;    /* nothing but the end of the file was seen */
    bool line_lost; /* the line under way is too long for one of ours */
};

/* -- lines that cannot match ---------------------------------------------------------------------
 */
/* The longest part of a filter that a plain line holds as it is, if what it shows holds the filter:
 * not what masking, cleaning and escapes put in place of something else. */
static void add_literal(struct scan *s, const char *filter)
{
    const char *longest = "";
    size_t size = 0;
    int i = 0;

    for (const char *p = filter; p && *p;) {
        size_t n = 0;
        while (p[n] > ' ' && p[n] < 0x7f && !strchr("*\"\\", p[n]))
            n++;
        if (n > size) {
            longest = p;
            size = n;
        }
        p += n ? n : 1;
    }
    while (s->literals[i])
        i++;
    if (size > 0)
        s->literals[i] = arena_strndup(s->arena, longest, size);
}

static void make_literals(struct scan *s)
{
    const struct accesslog_query *q = s->q;

    if (q->flag) {
        char *flag = arena_strdup(s->arena, q->flag);
        for (char *p = flag; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        s->flag = flag;
    }
    if (q->lines == ACCESSLOG_FORGED)
        return;
    s->counts = !q->text && !q->route && !q->path_prefix && !q->flag && !q->status_class;
    add_literal(s, q->text);
    add_literal(s, q->route); /* which may be named without its namespace */
    add_literal(s, q->path_prefix);
    add_literal(s, s->flag);
}

/* Does the line hold a status of another class only? */
static bool class_differs(int status_class, const char *line, size_t n)
{
    static const char key[] = "\"response_code\":\"";
    const char *at = status_class ? memmem(line, n, key, sizeof key - 1) : NULL;

    if (!at)
        return false;
    for (const char *end = line + n; at; at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) {
        at += sizeof key - 1;
        if (at < end && *at == '0' + status_class)
            return false;
    }
    return true;
}

static bool has_literals(const struct scan *s, const char *text, size_t n)
{
    for (int i = 0; i < MAX_LITERALS && s->literals[i]; i++)
        if (!memmem(text, n, s->literals[i], strlen(s->literals[i])))
            return false;
    return true;
}

/* plain: the whole block is. The line ends before a byte that may be read. */
static bool cannot_match(const struct scan *s, char *line, size_t n, bool plain)
{
    if (has_literals(s, line, n) && !class_differs(s->q->status_class, line, n))
        return false;
    return plain || log_blank(line, n);
}

/* -- one line ------------------------------------------------------------------------------------
 */
/* Lines are written when requests end, so a little older start does not end the scan. */
static bool too_old(struct scan *s, const char *start)
{
    double at = s->q->since > 0 ? when_parse(start) : 0;

    if (at > 0 && at < s->q->since - LATE)
        s->done = s->too_old = true;
    return at > 0 && at < s->q->since;
}

/* A line that is no record can answer only a question that asks for nothing a record has. The
 * gateway's own words are told when somebody searches for them. */
static bool wants_raw(const struct accesslog_query *q, bool words)
{
    return (q->text || !words) && q->lines == ACCESSLOG_ALL && !q->route && !q->host &&
           !q->path_prefix && !q->flag && !q->status_class;
}

/* A sound line that does not fit, as the gateway's own values in it say; so does one where forged
 * ones are wanted, which by its age may end the scan. Most lines need no record to tell. */
static bool passes_by(struct scan *s, const struct log_fields *f)
{
    const struct accesslog_query *q = s->q;

    const char *route = log_field(s->scratch, f, "route_name");
    const char *flags = log_field(s->scratch, f, "response_flags");
    const char *code = log_field(s->scratch, f, "response_code");
    const char *start = log_field(s->scratch, f, "start_time");
    if (!route || !flags || !code || !start)
        return false;
    if (!log_outcome_fits(q, route, flags, code))
        return true;
    if (q->lines != ACCESSLOG_FORGED || q->host || q->path_prefix || q->text)
        return false;
    too_old(s, start);
    return true;
}

static const cJSON *read_line(struct scan *s, const char *line, size_t n)
{
    const cJSON *row = log_record(s->scratch, line, n);
    bool words = !row && log_is_words(line, n);
    if (row)
        return json_true(row, "forged")
                   ? row
                   : log_canonical(s->scratch, log_doubt(s->scratch, s->formats, row));
    if (!words && s->counts && !s->seen.raw++)
        s->seen.line = json_str(log_raw(s->arena, line, n), "raw");
    return wants_raw(s->q, words) ? log_raw(s->scratch, line, n) : NULL;
}

/* A record cut short by the end of the file is still being written. */
static bool unfinished(struct scan *s, const char *line, size_t n)
{
    bool newest = s->at_end;

    s->at_end = false;
    return n == 0 || (newest && line[0] == '{' && line[n - 1] != '}');
}

/* The time of a forged line proves nothing. */
static bool is_wanted(struct scan *s, const cJSON *row)
{
    bool forged = json_true(row, "forged");

    if (!row || !log_row_fits(s->q, row) || (!forged && too_old(s, log_value(row, "start_time"))))
        return false;
    return s->q->lines == ACCESSLOG_ALL || forged == (s->q->lines == ACCESSLOG_FORGED);
}

/* place: where the line begins in its file. */
static void take_line(struct scan *s, char *line, size_t n, bool plain, size_t place)
{
    size_t end = place + n, from = log_leading(line, n);

    line += from;
    n -= from;
    if (unfinished(s, line, n))
        return;
    s->seen.lines++;
    if (cannot_match(s, line, n, plain))
        return;
    if (++s->in_scratch >= SCRATCH_LINES) {
        arena_free(s->scratch);
        s->scratch = arena_new();
        s->in_scratch = 0;
    }
    struct log_fields fields;
    bool usual = log_take_fields(line, n, &fields);
    if (usual && passes_by(s, &fields))
        return;
    const cJSON *row = usual && s->some ? log_record_of(s->scratch, &fields, s->wanted) : NULL;
    row = row ? row : read_line(s, line, n);
    if (!is_wanted(s, row))
        return;
    if (!s->fn(s->arg, s->q->only ? row : json_clone(s->arena, row))) {
        s->resume = end; /* it was not taken */
        s->done = true;
        return;
    }
    s->resume = place;
    s->done = ++s->seen.matched >= s->limit;
}

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

    return log_take_fields(line, n, &f) && f.size[log_key_place("ai_log", 6, 0)] <= 1;
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
        s->literals[0] = NULL;
}

/* The newest lines may all be one client's: so some of a longer stretch are looked at first. Not of
 * the whole file, for an operator may have changed the format. */
static void sample_formats(struct scan *s, const struct log_file *f)
{
    size_t size = f->size;
    char *buf = arena_alloc(s->arena, SAMPLE + 2);
    size_t stretch = size < SAMPLED ? size : SAMPLED;

    buf[0] = '\n'; /* before the first line */
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = size - stretch + stretch / SAMPLES * i, to = at == 0;
        ssize_t n = pread(f->fd, buf + to, SAMPLE, (off_t)at);
        const char *end = n > 0 ? memrchr(buf + to, '\n', (size_t)n) : NULL; /* whole lines only */
        if (!end)
            continue;
        log_blank(buf, (size_t)(end - buf));
        look_at_format(s, buf, (size_t)(end - buf), SAMPLE_LINES);
    }
}

/* The text begins with a line break. */
static int count_log_lines(const char *text, size_t n)
{
    const char *end = text + n;
    int lines = 0;

    for (const char *nl = text; nl && nl + 1 < end;
         nl = memchr(nl + 1, '\n', (size_t)(end - nl - 1)))
        lines++;
    return lines;
}

/* The lines of [text, text+n) from the last to the second; how much of the first is left over.
 * place: where the text begins in its file. */
static size_t take_block(struct scan *s, char *text, size_t n, size_t place)
{
    bool plain = log_blank(text, n);

    n = skip_lost(s, text, n);
    if (s->at_end)
        look_at_format(s, text, n, LOOK_AT);
    const char *first = memchr(text, '\n', n);
    if (first && plain && !has_literals(s, first, n - (size_t)(first - text))) {
        s->at_end = false;
        s->seen.lines += count_log_lines(first, n - (size_t)(first - text));
        return (size_t)(first - text); /* the unfinished first line stays anyway */
    }
    while (!s->done) {
        char *nl = memrchr(text, '\n', n);
        if (!nl)
            break;
        take_line(s, nl + 1, n - (size_t)(nl - text) - 1, plain, place + (size_t)(nl + 1 - text));
        n = (size_t)(nl - text);
    }
    return n;
}

static bool read_block(struct scan *s, int fd, char *to, size_t n, size_t pos, struct err *e)
{
    errno = 0;
    if (pread(fd, to, n, (off_t)pos) != (ssize_t)n)
        return err_set(e, ERR_SYSTEM, "the access log changed while it was read: %s",
                       errno ? strerror(errno) : "it became shorter");
    s->seen.scanned += n;
    return true;
}

/* One block before pos, with what is left of the one behind it; returns what is left of it. */
static size_t scan_block(struct scan *s, const struct log_file *f, char *buf, size_t *pos,
                         size_t carry, struct err *e)
{
    size_t n = *pos < BLOCK ? *pos : BLOCK;
    char *text = buf + BLOCK - n;

    if (!read_block(s, f->fd, text, n, *pos - n, e))
        return 0;
    *pos -= n;
    size_t left = take_block(s, text, n + carry, *pos);
    s->line_lost = s->line_lost || left >= MAX_LINE; /* a longer line is none of ours */
    left = s->line_lost ? 0 : left;
    memmove(buf + BLOCK, text, left);
    return left;
}

/* Backwards from `size`. Sets resume where older lines of the file are left. */
static bool scan_file(struct scan *s, const struct log_file *f, size_t size, size_t max_scan,
                      struct err *e)
{
    char *buf = arena_alloc(s->arena, BLOCK + MAX_LINE + 1);
    size_t carry = 0, pos = size;

    while (pos > 0 && !s->done && s->seen.scanned < max_scan) {
        carry = scan_block(s, f, buf, &pos, carry, e);
        if (e->kind != ERR_NONE)
            return false;
    }
    if (pos == 0 && size > 0 && !s->done && !s->line_lost)
        take_line(s, buf + BLOCK, carry, false, 0);
    s->resume = s->done ? s->resume : pos > 0 ? pos + carry : 0;
    return true;
}

/* -- several files -------------------------------------------------------------------------------
 */
/* The time of the first record behind a place. */
static void tell_oldest(struct scan *s, const struct log_file *f, size_t place)
{
    char *buf = arena_alloc(s->arena, BLOCK + 1);
    ssize_t n = pread(f->fd, buf, BLOCK, (off_t)place);
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

/* Nothing older is to be looked at behind this file. */
static bool is_last(const struct scan *s, const struct log_files *all, int file, size_t max_scan)
{
    if (s->done || s->resume > 0 || s->seen.scanned >= max_scan)
        return true;
    return file + 1 == all->count || s->q->newest_file || all->list[file + 1].written < s->q->since;
}

/* Where a cursor says to go on: the file, and the place in it. False: the file is gone. */
static bool find_cursor(const struct log_files *all, const char *cursor, int *file, size_t *place)
{
    char *end = NULL;
    unsigned long long inode = strtoull(cursor, &end, 10);

    *place = end && *end == '.' ? (size_t)strtoull(end + 1, &end, 10) : 0;
    for (*file = 0; end && !*end && *file < all->count; ++*file)
        if (all->list[*file].inode == inode)
            return true;
    return false;
}

/* What is left to look at: older lines of this file, or a whole older one. */
static void tell_rest(struct scan *s, const struct log_files *all, int file)
{
    const struct log_file *f = &all->list[file];
    bool older = file + 1 < all->count && !s->q->newest_file;

    tell_oldest(s, f, s->resume);
    if (s->too_old || (s->resume == 0 && !older))
        return;
    s->seen.cut = true;
    s->seen.left = f->first + s->resume;
    snprintf(s->seen.cursor, sizeof s->seen.cursor, "%llu.%zu",
             s->resume ? f->inode : all->list[file + 1].inode,
             s->resume ? f->first + s->resume : (size_t)-1 >> 1);
}

/* The file from a place on backwards; a rotated one that ended before `since` holds nothing. */
static bool scan_one(struct scan *s, struct log_file *f, size_t place, size_t max_scan,
                     struct err *e)
{
    size_t size;

    if (!log_file_open(s->arena, f, e))
        return false;
    size = place < f->first ? 0 : place - f->first < f->size ? place - f->first : f->size;
    s->at_end = true;
    s->line_lost = false;
    sample_formats(s, f);
    return scan_file(s, f, size, max_scan, e);
}

static bool scan_all(struct scan *s, struct log_files *all, size_t max_scan, struct err *e)
{
    size_t place = (size_t)-1 >> 1;
    int i = 0;

    if (s->q->cursor && !find_cursor(all, s->q->cursor, &i, &place))
        return err_set(e, ERR_ARGS,
                       "the file that cursor %s is about is not there any more (rotated, packed or "
                       "deleted): begin anew without it",
                       text_clean(s->arena, s->q->cursor, 60));
    for (;; i++, place = (size_t)-1 >> 1) {
        struct log_file *f = &all->list[i];
        bool ok = scan_one(s, f, place, max_scan, e);
        bool last = is_last(s, all, i, max_scan);
        if (ok && last)
            tell_rest(s, all, i);
        log_file_close(f);
        if (!ok || last)
            return ok;
    }
}

bool accesslog_read(struct arena *a, const char *path, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg, struct accesslog_seen *seen, struct err *e)
{
    struct scan s = { .arena = a, .scratch = arena_new(), .q = q, .fn = fn, .arg = arg };
    bool ok;

    s.limit = q->limit > 0 ? q->limit : 100;
    s.formats = arena_make(a, struct log_formats);
    make_literals(&s);
    s.some = log_choose_keys(q, s.wanted);
    ok = scan_all(&s, log_files_find(a, path), q->max_scan ? q->max_scan : (size_t)64 << 20, e);
    arena_free(s.scratch);
    if (seen)
        *seen = s.seen;
    return ok;
}
