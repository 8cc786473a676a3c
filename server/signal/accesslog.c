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
#include "signal/accesslog_line_private.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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
    accesslog_fn *fn;
    void *arg;
    struct accesslog_seen seen;
    int limit;
    bool done;
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

/* -- filters -------------------------------------------------------------------------------------
 */
static const char *value_of(const cJSON *row, const char *key)
{
    const char *s = json_str(row, key);

    return s ? s : "-";
}

static bool has_flag(const char *flags, const char *flag)
{
    size_t n = strlen(flag);

    for (const char *p = flags; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && !strncmp(p, flag, n))
            return true;
    return false;
}

static bool host_is(const char *authority, const char *host)
{
    size_t n = strcspn(authority, ":"), m = strcspn(host, ":");

    return n == m && !strncasecmp(authority, host, n);
}

static bool has_text(const cJSON *row, const char *text)
{
    const cJSON *m, *in;

    cJSON_ArrayForEach(m, row)
    {
        if (cJSON_IsString(m) && strstr(m->valuestring, text))
            return true;
        cJSON_ArrayForEach(in,
                           m) if (cJSON_IsString(in) && strstr(in->valuestring, text)) return true;
    }
    return false;
}

bool accesslog_route_is(const char *route, const char *wanted)
{
    const char *slash = strrchr(route, '/');

    return !strcmp(route, wanted) || (slash && !strcmp(slash + 1, wanted));
}

/* The filters on what the gateway alone writes. */
static bool outcome_fits(const struct scan *s, const char *route, const char *flags,
                         const char *code)
{
    const struct accesslog_query *q = s->q;

    return (!q->route || accesslog_route_is(route, q->route)) &&
           (!s->flag || has_flag(flags, s->flag)) &&
           (!q->status_class || code[0] == '0' + q->status_class);
}

static bool row_fits(const struct scan *s, const cJSON *row)
{
    const struct accesslog_query *q = s->q;

    if (!outcome_fits(s, value_of(row, "route_name"), value_of(row, "response_flags"),
                      value_of(row, "response_code")))
        return false;
    if (q->host && !host_is(value_of(row, "authority"), q->host))
        return false;
    if (q->path_prefix && !text_starts(value_of(row, "path"), q->path_prefix))
        return false;
    return !q->text || has_text(row, q->text);
}

/* Lines are written when requests end, so a little older start does not end the scan. */
static bool too_old(struct scan *s, const char *start)
{
    double at = s->q->since > 0 ? when_parse(start) : 0;

    if (at > 0 && at < s->q->since - LATE)
        s->done = true;
    return at > 0 && at < s->q->since;
}

/* Log text that is no access line is told only when somebody searches for its words. */
static bool wants_raw(const struct accesslog_query *q)
{
    return q->text && q->lines == ACCESSLOG_ALL && !q->route && !q->host && !q->path_prefix &&
           !q->flag && !q->status_class;
}

/* A sound line that does not fit, as the gateway's own values in it say; so does one where forged
 * ones are wanted, which by its age may end the scan. Most lines need no record to tell. */
static bool passes_by(struct scan *s, const char *line, size_t n)
{
    const struct accesslog_query *q = s->q;
    struct log_fields f;

    if (!log_take_fields(line, n, &f))
        return false;
    const char *route = log_field(s->scratch, &f, "route_name");
    const char *flags = log_field(s->scratch, &f, "response_flags");
    const char *code = log_field(s->scratch, &f, "response_code");
    const char *start = log_field(s->scratch, &f, "start_time");
    if (!route || !flags || !code || !start)
        return false;
    if (!outcome_fits(s, route, flags, code))
        return true;
    if (q->lines != ACCESSLOG_FORGED || q->host || q->path_prefix || q->text)
        return false;
    too_old(s, start);
    return true;
}

static const cJSON *read_line(struct scan *s, const char *line, size_t n)
{
    const cJSON *row = log_record(s->scratch, line, n);
    if (row)
        return json_true(row, "forged") ? row : log_doubt(s->scratch, s->formats, row);
    return wants_raw(s->q) ? log_raw(s->scratch, line, n) : NULL;
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

    if (!row || !row_fits(s, row) || (!forged && too_old(s, value_of(row, "start_time"))))
        return false;
    return s->q->lines == ACCESSLOG_ALL || forged == (s->q->lines == ACCESSLOG_FORGED);
}

static void take_line(struct scan *s, char *line, size_t n, bool plain)
{
    if (unfinished(s, line, n) || cannot_match(s, line, n, plain))
        return;
    if (++s->in_scratch >= SCRATCH_LINES) {
        arena_free(s->scratch);
        s->scratch = arena_new();
        s->in_scratch = 0;
    }
    if (passes_by(s, line, n))
        return;
    const cJSON *row = read_line(s, line, n);
    if (!is_wanted(s, row))
        return;
    s->seen.matched++;
    if (!s->fn(s->arg, json_clone(s->arena, row)) || s->seen.matched >= s->limit)
        s->done = true;
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
        const cJSON *row = is_usual(nl + 1, size) ? NULL : log_record(s->scratch, nl + 1, size);
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
static void sample_formats(struct scan *s, int fd, size_t size)
{
    char *buf = arena_alloc(s->arena, SAMPLE + 2);
    size_t stretch = size < SAMPLED ? size : SAMPLED;

    buf[0] = '\n'; /* before the first line */
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = size - stretch + stretch / SAMPLES * i, to = at == 0;
        ssize_t n = pread(fd, buf + to, SAMPLE, (off_t)at);
        const char *end = n > 0 ? memrchr(buf + to, '\n', (size_t)n) : NULL; /* whole lines only */
        if (!end)
            continue;
        log_blank(buf, (size_t)(end - buf));
        look_at_format(s, buf, (size_t)(end - buf), SAMPLE_LINES);
    }
}

/* The lines of [text, text+n) from the last to the second; how much of the first is left over. */
static size_t take_block(struct scan *s, char *text, size_t n)
{
    bool plain = log_blank(text, n);

    n = skip_lost(s, text, n);
    if (s->at_end)
        look_at_format(s, text, n, LOOK_AT);
    const char *first = memchr(text, '\n', n);
    if (first && plain && !has_literals(s, first, n - (size_t)(first - text))) {
        s->at_end = false;
        return (size_t)(first - text); /* the unfinished first line stays anyway */
    }
    while (!s->done) {
        char *nl = memrchr(text, '\n', n);
        if (!nl)
            break;
        take_line(s, nl + 1, n - (size_t)(nl - text) - 1, plain);
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

static bool scan_file(struct scan *s, int fd, size_t size, size_t max_scan, struct err *e)
{
    char *buf = arena_alloc(s->arena, BLOCK + MAX_LINE + 1);
    size_t carry = 0, pos = size;

    while (pos > 0 && !s->done && s->seen.scanned < max_scan) {
        size_t n = pos < BLOCK ? pos : BLOCK;
        pos -= n;
        if (!read_block(s, fd, buf + BLOCK - n, n, pos, e))
            return false;
        char *text = buf + BLOCK - n;
        size_t left = take_block(s, text, n + carry);
        s->line_lost = s->line_lost || left >= MAX_LINE; /* a longer line is none of ours */
        carry = s->line_lost ? 0 : left;
        memmove(buf + BLOCK, text, carry);
        if (pos == 0 && !s->done && !s->line_lost)
            take_line(s, buf + BLOCK, carry, false);
    }
    s->seen.cut = pos > 0 && !s->done;
    return true;
}

bool accesslog_read(struct arena *a, const char *path, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg, struct accesslog_seen *seen, struct err *e)
{
    struct scan s = {
        .arena = a, .scratch = arena_new(), .q = q, .fn = fn, .arg = arg, .at_end = true
    };
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool ok;

    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        err_set(e, ERR_SYSTEM, "the access log %s cannot be read: %s", path,
                fd < 0 ? strerror(errno) : "it is not a regular file");
        if (fd >= 0)
            close(fd);
        arena_free(s.scratch);
        return false;
    }
    s.limit = q->limit > 0 ? q->limit : 100;
    s.formats = arena_make(a, struct log_formats);
    make_literals(&s);
    sample_formats(&s, fd, (size_t)st.st_size);
    ok = scan_file(&s, fd, (size_t)st.st_size, q->max_scan ? q->max_scan : (size_t)64 << 20, e);
    close(fd);
    arena_free(s.scratch);
    if (seen)
        *seen = s.seen;
    return ok;
}
