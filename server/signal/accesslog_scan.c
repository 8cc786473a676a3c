/* accesslog_scan.c - what becomes of a line: literal tests, then whole filters; and lines as they
 * come. What no search may learn: accesslog.c.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "signal/accesslog_scan_private.h"
#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

enum { SCRATCH_LINES = 128, LATE = 900 };

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

/* What is in every line of Higress' format leaves none of them out. */
static bool stands_in_format(const char *literal)
{
    bool there = !literal[1] && strchr("{\":,}-", *literal);

    for (int i = 0; i < LOG_KEYS; i++) {
        size_t size;
        there = there || strstr(log_key(i, &size), literal);
    }
    return there;
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
    if (q->lines == ACCESSLOG_FORGED || q->what != LOG_ACCESS) /* whose rows say more than lines */
        return;
    s->counts = !q->text && !q->route && !q->path_prefix && !q->flag && !q->status_class;
    add_literal(s, q->text);
    add_literal(s, q->route); /* which may be named without its namespace */
    add_literal(s, q->path_prefix);
    add_literal(s, s->flag);
    s->skips = s->literals[0] && !q->max_scan && !stands_in_format(s->literals[0]);
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

bool log_scan_has_literals(const struct scan *s, const char *text, size_t n)
{
    for (int i = 0; i < LOG_LITERALS && s->literals[i]; i++)
        if (!memmem(text, n, s->literals[i], strlen(s->literals[i])))
            return false;
    return true;
}

/* The line is plain. */
static bool cannot_match(const struct scan *s, const char *line, size_t n)
{
    return !log_scan_has_literals(s, line, n) || class_differs(s->q->status_class, line, n);
}

void log_scan_skip_none(struct scan *s)
{
    s->literals[0] = NULL;
    s->skips = false;
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

void log_scan_age(struct scan *s, const char *lines, size_t n, size_t place)
{
    const char *nl = s->q->since > 0 && s->q->what == LOG_ACCESS ? memrchr(lines, '\n', n) : NULL;
    struct log_fields f;

    if (!nl || !log_take_fields(nl + 1, n - (size_t)(nl + 1 - lines), &f))
        return;
    struct arena *one = arena_new();
    const char *start = log_field(one, &f, LOG_START_TIME);
    if (start && too_old(s, start) && s->done)
        s->resume = place;
    arena_free(one);
}

/* -- what a search may cost ----------------------------------------------------------------------
 * Where lines are left out by what they lack, max_scan is of lines that were looked at closer, and
 * of other bytes a 64th counts. Where a reading ends is told; so what counts may depend on nothing
 * that is hidden: a plain line counts if what is shown of it holds what was searched for.
 */
static bool member_has(const cJSON *m, const char *literal)
{
    const cJSON *in;

    if (strstr(m->string, literal) || (cJSON_IsString(m) && strstr(m->valuestring, literal)))
        return true;
    cJSON_ArrayForEach(in, m) if (member_has(in, literal)) return true;
    return false;
}

static bool shows_literals(const struct scan *s, const cJSON *row)
{
    for (int i = 0; i < LOG_LITERALS && s->literals[i]; i++) {
        const cJSON *m = row ? row->child : NULL;
        while (m && !member_has(m, s->literals[i]))
            m = m->next;
        if (!m)
            return false;
    }
    return true;
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

    const char *route = log_field(s->scratch, f, LOG_ROUTE_NAME);
    const char *flags = log_field(s->scratch, f, LOG_RESPONSE_FLAGS);
    const char *code = log_field(s->scratch, f, LOG_RESPONSE_CODE);
    const char *start = log_field(s->scratch, f, LOG_START_TIME);
    if (!route || !flags || !code || !start)
        return false;
    if (!log_outcome_fits(q, route, flags, code))
        return true;
    if (q->lines != ACCESSLOG_FORGED || q->host || q->path_prefix || q->text)
        return false;
    too_old(s, start);
    return true;
}

static const cJSON *read_line(struct scan *s, const char *line, size_t n, size_t place)
{
    if (s->q->what != LOG_ACCESS) {
        const struct log_mark *mark = log_part_mark(s->part, place);
        return log_words(s->scratch, line, n, mark ? mark->ns : 0);
    }
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

/* NULL: it does not fit, or is no record. */
static const cJSON *row_of_line(struct scan *s, const char *line, size_t n, size_t place)
{
    struct log_fields fields;
    bool usual = s->q->what == LOG_ACCESS && log_take_fields(line, n, &fields);

    if (usual && s->by_outcome && passes_by(s, &fields))
        return NULL;
    const cJSON *row = usual && s->some ? log_record_of(s->scratch, &fields, s->wanted) : NULL;
    return row ? row : read_line(s, line, n, place);
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

    const char *time = s->q->what == LOG_ACCESS ? "start_time" : "time";
    if (!row || !log_row_fits(s->q, row) || (!forged && too_old(s, log_value(row, time))))
        return false;
    return s->q->lines == ACCESSLOG_ALL || forged == (s->q->lines == ACCESSLOG_FORGED);
}

/* Behind the filters, and whatever the line itself says. */
static void tell_replica(struct scan *s, const cJSON *row, size_t place)
{
    const struct log_mark *mark = log_part_mark(s->part, place);

    if (mark && s->part->replicas && s->part->replicas[mark->replica])
        json_set_str(s->scratch, (cJSON *)(uintptr_t)row, "replica",
                     s->part->replicas[mark->replica]);
}

static void renew_scratch(struct scan *s)
{
    if (++s->in_scratch < SCRATCH_LINES)
        return;
    arena_free(s->scratch);
    s->scratch = arena_new();
    s->in_scratch = 0;
}

/* place: where the line begins in its part. */
void log_scan_line(struct scan *s, char *line, size_t n, bool plain, size_t place)
{
    size_t end = place + n, from = log_leading(line, n);

    line += from;
    n -= from;
    if (unfinished(s, line, n))
        return;
    s->seen.lines++;
    plain = plain || log_blank(line, n);
    if (plain && cannot_match(s, line, n))
        return;
    renew_scratch(s);
    const cJSON *row = row_of_line(s, line, n, place);
    if (s->skips && (!plain || shows_literals(s, row)))
        s->spent += n;
    if (!is_wanted(s, row))
        return;
    tell_replica(s, row, place);
    if (!s->fn(s->arg, s->passes ? row : json_clone(s->arena, row))) {
        s->resume = end; /* it was not taken */
        s->done = true;
        return;
    }
    s->resume = place;
    s->done = ++s->seen.matched >= s->limit;
}

void log_scan_begin(struct scan *s, struct arena *a, const struct accesslog_query *q,
                    accesslog_fn *fn, void *arg)
{
    *s = (struct scan){ .arena = a, .scratch = arena_new(), .q = q, .fn = fn, .arg = arg };
    s->limit = q->limit > 0 ? q->limit : 100;
    s->formats = arena_make(a, struct log_formats);
    s->passes = q->only;
    make_literals(s);
    s->some = log_choose_keys(q, s->wanted);
    s->by_outcome = q->route || q->flag || q->status_class || q->lines == ACCESSLOG_FORGED;
}

/* -- lines as they come --------------------------------------------------------------------------
 */

struct log_judge *log_judge_new(struct arena *a, const struct accesslog_query *q, accesslog_fn *fn,
                                void *arg)
{
    struct log_judge *j = arena_make(a, struct log_judge);

    log_scan_begin(&j->scan, a, q, fn, arg);
    j->scan.limit = INT_MAX;
    j->scan.passes = true;
    return j;
}

bool log_judge_part(struct log_judge *j, const struct log_part *p)
{
    struct scan *s = &j->scan;
    if (!p->size)
        return !s->done;
    struct arena *one = arena_new();
    char *text = arena_strndup(one, p->text, p->size), *end = text + p->size, *at = text, *nl;

    s->part = p;
    for (; !s->done && (nl = memchr(at, '\n', (size_t)(end - at))); at = nl + 1) {
        size_t n = (size_t)(nl - at);
        if (n < LOG_LINE_MAX)
            log_scan_line(s, at, n, log_blank(at, n), (size_t)(at - text));
    }
    arena_free(one);
    return !s->done;
}

void log_judge_seen(struct log_judge *j, struct accesslog_seen *seen)
{
    *seen = j->scan.seen;
    arena_free(j->scan.scratch);
}
