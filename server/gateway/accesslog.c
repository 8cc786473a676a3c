/* accesslog.c - reads a log file from its end: blocks, lines, literal tests, then whole filters.
 *
 * The literals of a query are looked for in the block first (memmem); a block without them costs no
 * more than that. Only lines that pass the literals are parsed.
 */
#include "gateway/accesslog.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "gateway/diagnose_facts.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, MAX_LINE = 256 * 1024, SCRATCH_LINES = 128, LATE = 900 };

struct scan {
    struct arena *arena;   /* of the answer */
    struct arena *scratch; /* of lines looked at; renewed now and then */
    int in_scratch;
    const struct accesslog_query *q;
    const char *literals[5]; /* all must be in a line */
    accesslog_fn *fn;
    void *arg;
    struct accesslog_seen seen;
    int limit;
    bool done;
};

static void add_literal(struct scan *s, const char *format, const char *value)
{
    int i = 0;

    while (s->literals[i])
        i++;
    s->literals[i] = arena_printf(s->arena, format, value);
}

/* A route may be named without its namespace: then only the name itself is literal. */
static void make_literals(struct scan *s)
{
    const struct accesslog_query *q = s->q;

    if (q->text)
        add_literal(s, "%s", q->text);
    if (q->route)
        add_literal(s, "%s\"", q->route);
    if (q->path_prefix)
        add_literal(s, "%s", q->path_prefix);
    if (q->flag) {
        char *flag = arena_strdup(s->arena, q->flag);
        for (char *p = flag; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        add_literal(s, "%s", flag);
    }
}

/* The class of the status, before anything is parsed. */
static bool class_fits(int status_class, const char *line, size_t n)
{
    static const char key[] = "\"response_code\":";
    const char *at = status_class ? memmem(line, n, key, sizeof key - 1) : NULL;

    if (!at)
        return true;
    at += sizeof key - 1;
    at += *at == '"' || *at == ' ';
    return *at == '0' + status_class;
}

static bool has_literals(const struct scan *s, const char *text, size_t n)
{
    for (int i = 0; s->literals[i]; i++)
        if (!memmem(text, n, s->literals[i], strlen(s->literals[i])))
            return false;
    return true;
}

static const char *value_of(const cJSON *row, const char *key)
{
    const char *s = json_str(row, key);

    return s ? s : "-";
}

static bool has_flag(const char *flags, const char *flag)
{
    size_t n = strlen(flag);

    for (const char *p = flags; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && !strncasecmp(p, flag, n))
            return true;
    return false;
}

static bool host_is(const char *authority, const char *host)
{
    size_t n = strcspn(authority, ":"), m = strcspn(host, ":");

    return n == m && !strncasecmp(authority, host, n);
}

static bool row_fits(const struct accesslog_query *q, const cJSON *row)
{
    const char *code = value_of(row, "response_code");

    if (q->route && !facts_same_name(value_of(row, "route_name"), q->route))
        return false;
    if (q->host && !host_is(value_of(row, "authority"), q->host))
        return false;
    if (q->path_prefix && !text_starts(value_of(row, "path"), q->path_prefix))
        return false;
    if (q->flag && !has_flag(value_of(row, "response_flags"), q->flag))
        return false;
    return !q->status_class || code[0] == '0' + q->status_class;
}

/* Lines are written when requests end, so a little older start does not end the scan. */
static bool too_old(struct scan *s, const cJSON *row)
{
    double at = s->q->since > 0 ? when_parse(value_of(row, "start_time")) : 0;

    if (at > 0 && at < s->q->since - LATE)
        s->done = true;
    return at > 0 && at < s->q->since;
}

/* Log text that is no access line is told only when somebody searches for its words. */
static cJSON *raw_row(struct scan *s, const char *line, size_t n)
{
    const struct accesslog_query *q = s->q;
    cJSON *row;

    if (!q->text || q->route || q->host || q->path_prefix || q->flag || q->status_class)
        return NULL;
    row = json_object(s->scratch);
    json_set_str(s->scratch, row, "raw",
                 text_clean(s->scratch, arena_strndup(s->scratch, line, n), 512));
    return row;
}

static void take_line(struct scan *s, const char *line, size_t n)
{
    cJSON *row;

    if (n == 0 || !has_literals(s, line, n) || !class_fits(s->q->status_class, line, n))
        return;
    if (++s->in_scratch >= SCRATCH_LINES) {
        arena_free(s->scratch);
        s->scratch = arena_new();
        s->in_scratch = 0;
    }
    row = accesslog_parse(s->scratch, line, n);
    if (row ? !row_fits(s->q, row) || too_old(s, row) : !(row = raw_row(s, line, n)))
        return;
    s->seen.matched++;
    if (!s->fn(s->arg, json_clone(s->arena, row)) || s->seen.matched >= s->limit)
        s->done = true;
}

/* The lines of [text, text+n) from the last to the second; how much of the first is left over. */
static size_t take_block(struct scan *s, const char *text, size_t n)
{
    const char *first = memchr(text, '\n', n);

    if (first && !has_literals(s, text, n)) /* the unfinished first line stays anyway */
        return (size_t)(first - text);
    while (!s->done) {
        const char *nl = memrchr(text, '\n', n);
        if (!nl)
            break;
        take_line(s, nl + 1, n - (size_t)(nl - text) - 1);
        n = (size_t)(nl - text);
    }
    return n;
}

static bool scan_file(struct scan *s, int fd, size_t size, size_t max_scan, struct err *e)
{
    char *buf = arena_alloc(s->arena, BLOCK + MAX_LINE + 1);
    size_t carry = 0, pos = size;

    while (pos > 0 && !s->done && s->seen.scanned < max_scan) {
        size_t n = pos < BLOCK ? pos : BLOCK;
        if (pread(fd, buf + BLOCK - n, n, (off_t)(pos - n)) != (ssize_t)n)
            return err_set(e, ERR_SYSTEM, "the access log changed while it was read: %s",
                           errno ? strerror(errno) : "it became shorter");
        pos -= n;
        s->seen.scanned += n;
        char *text = buf + BLOCK - n;
        size_t left = take_block(s, text, n + carry);
        carry = left < MAX_LINE ? left : 0; /* a longer line is none of ours */
        memmove(buf + BLOCK, text, carry);
        if (pos == 0 && !s->done)
            take_line(s, buf + BLOCK, carry);
    }
    s->seen.cut = pos > 0 && !s->done;
    return true;
}

bool accesslog_read(struct arena *a, const char *path, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg, struct accesslog_seen *seen, struct err *e)
{
    struct scan s = { .arena = a, .scratch = arena_new(), .q = q, .fn = fn, .arg = arg };
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
    make_literals(&s);
    ok = scan_file(&s, fd, (size_t)st.st_size, q->max_scan ? q->max_scan : (size_t)64 << 20, e);
    close(fd);
    arena_free(s.scratch);
    if (seen)
        *seen = s.seen;
    return ok;
}
