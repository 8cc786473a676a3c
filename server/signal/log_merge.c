/* log_merge.c - lines of several replicas in the order of their times. */
#include "base/arena.h"
#include "signal/log_source_private.h"
#include <ctype.h>
#include <string.h>

/* -- times ---------------------------------------------------------------------------------------
 */

static int digits(const char *s, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]))
            return -1;
        value = value * 10 + s[i] - '0';
    }
    return value;
}

/* Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's days_from_civil). */
static long long days_of(int year, int month, int day)
{
    year -= month <= 2;
    long long era = year / 400, of_era = year - era * 400;
    long long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z" or "+08:00" behind a time, in seconds. False: neither. */
static bool read_zone(const char **at, const char *end, int *seconds)
{
    const char *s = *at;

    if (s < end && *s == 'Z') {
        *seconds = 0;
        *at = s + 1;
        return true;
    }
    if (end - s < 6 || (*s != '+' && *s != '-') || s[3] != ':')
        return false;
    int hours = digits(s + 1, 2), minutes = digits(s + 4, 2);
    *seconds = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    *at = s + 6;
    return hours >= 0 && minutes >= 0;
}

enum { STAMP_HEAD = 19 };  /* 2026-11-30T09:00:00 */
enum { LAST_YEAR = 2261 }; /* whose nanoseconds a long long holds */

/* Unix seconds of that many bytes, without a zone; -1: no time. */
static long long head_seconds(const char *s)
{
    const struct {
        int at, digits, least, most;
    } parts[] = { { 0, 4, 1970, LAST_YEAR }, { 5, 2, 1, 12 },  { 8, 2, 1, 31 },
                  { 11, 2, 0, 23 },          { 14, 2, 0, 59 }, { 17, 2, 0, 60 } };
    int v[6];

    if (s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':')
        return -1;
    for (int i = 0; i < 6; i++) {
        v[i] = digits(s + parts[i].at, parts[i].digits);
        if (v[i] < parts[i].least || v[i] > parts[i].most)
            return -1;
    }
    return days_of(v[0], v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5];
}

long long log_stamp(const char *s, const char *end, size_t *n)
{
    long long ns = 0, scale = 100000000;
    int zone = 0;

    long long seconds = end - s > STAMP_HEAD ? head_seconds(s) : -1;
    if (seconds < 0)
        return 0;
    const char *at = s + STAMP_HEAD;
    if (*at == '.')
        for (at++; at < end && isdigit((unsigned char)*at); at++, scale /= 10)
            ns += (*at - '0') * scale;
    if (!read_zone(&at, end, &zone))
        return 0;
    *n = (size_t)(at - s);
    return (seconds - zone) * 1000000000 + ns;
}

/* -- streams -------------------------------------------------------------------------------------
 */

/* The line that comes next of a stream. */
struct head {
    const char *line, *end; /* without its time and its break; NULL: there is none */
    long long ns;
    const char *rest, *stop;
};

/* A line without a time goes with the one before it; one that a limit cut short is none. */
static void next_line(struct head *h)
{
    const char *s = h->rest;
    const char *nl = s < h->stop ? memchr(s, '\n', (size_t)(h->stop - s)) : NULL;
    size_t n = 0;

    h->line = NULL;
    if (!nl)
        return;
    long long ns = log_stamp(s, nl, &n);
    if (ns && s[n] == ' ')
        n++;
    h->ns = ns ? ns : h->ns;
    h->line = s + (ns ? n : 0);
    h->end = nl;
    h->rest = nl + 1;
}

static int oldest_head(const struct head *heads, int count)
{
    int found = -1;

    for (int i = 0; i < count; i++)
        if (heads[i].line && (found < 0 || heads[i].ns < heads[found].ns))
            found = i;
    return found;
}

struct merging {
    struct arena *arena;
    struct log_part *out;
    struct log_mark *marks;
    int room;
    char *text;
};

static void put_merged_line(struct merging *m, const struct head *h, unsigned replica)
{
    struct log_part *out = m->out;
    size_t n = (size_t)(h->end - h->line);

    if (!m->marks || out->lines == m->room)
        m->marks = arena_grow(m->arena, m->marks, out->lines, &m->room, sizeof *m->marks);
    m->marks[out->lines++] =
        (struct log_mark){ .ns = h->ns, .at = (unsigned)out->size, .replica = replica };
    memcpy(m->text + out->size, h->line, n);
    m->text[out->size + n] = '\n';
    out->size += n + 1;
}

/* Without the lines that were seen already. */
static void drop_newer(struct log_part *p, struct log_moment before)
{
    int equal = before.equal;

    while (p->marks && p->lines &&
           (p->marks[p->lines - 1].ns > before.ns ||
            (p->marks[p->lines - 1].ns == before.ns && equal-- > 0)))
        p->size = p->marks[--p->lines].at;
}

/* What every stream that was cut reaches back to. */
static long long common_reach(const struct head *heads, const struct log_stream *streams, int count)
{
    long long floor = 0;

    for (int i = 0; i < count; i++)
        if (streams[i].cut && heads[i].line && heads[i].ns > floor)
            floor = heads[i].ns;
    return floor;
}

void log_merge(struct arena *a, const struct log_stream *streams, int count,
               struct log_moment before, bool whole, struct log_part *out)
{
    struct head *heads = arena_array(a, struct head, count + 1);
    const char **replicas = arena_array(a, const char *, count + 1);
    struct merging m = { .arena = a, .out = out };
    size_t size = 0;
    int next;

    *out = (struct log_part){ .fd = -1 };
    for (int i = 0; i < count; i++) {
        heads[i] =
            (struct head){ .rest = streams[i].text, .stop = streams[i].text + streams[i].size };
        next_line(&heads[i]);
        replicas[i] = streams[i].replica;
        out->replicas = streams[i].replica ? replicas : out->replicas;
        size += streams[i].size + 1;
    }
    m.text = arena_alloc(a, size + 1);
    long long floor = whole ? 0 : common_reach(heads, streams, count);
    while ((next = oldest_head(heads, count)) >= 0) {
        if (heads[next].ns >= floor)
            put_merged_line(&m, &heads[next], (unsigned)next);
        next_line(&heads[next]);
    }
    out->text = m.text;
    out->marks = m.marks;
    drop_newer(out, before);
    out->end = out->size;
}
