/* sse.c - one line at a time; an empty line closes the event. */
#include "net/sse.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

struct sse {
    sse_fn *fn;
    void *arg;
    struct buf *line, *data;
    char event[64];
    bool has_data;
    bool after_cr; /* an LF now belongs to the end of line before it */
    bool begun;    /* past a byte order mark */
};

struct sse *sse_new(struct arena *a, size_t max, sse_fn *fn, void *arg)
{
    struct sse *s = arena_make(a, struct sse);
    *s = (struct sse){ .fn = fn, .arg = arg, .line = buf_in(a, max + 64), .data = buf_in(a, max) };
    return s;
}

static void close_sse_event(struct sse *s)
{
    if (s->data->len) /* by the standard, an event without data is none */
        s->fn(s->arg, s->event, s->data->data, s->data->len);
    buf_reset(s->data);
    s->event[0] = '\0';
    s->has_data = false;
}

static void take_sse_field(struct sse *s, const char *name, size_t n, const char *value)
{
    if (n == 4 && !memcmp(name, "data", 4)) {
        if (s->has_data)
            buf_char(s->data, '\n');
        buf_str(s->data, value);
        s->has_data = true;
    } else if (n == 5 && !memcmp(name, "event", 5)) {
        snprintf(s->event, sizeof s->event, "%s", value);
    }
}

static void take_sse_line(struct sse *s)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *line = s->line->data;
    if (!s->begun && text_starts(line, mark))
        line += sizeof mark - 1;
    s->begun = true;
    size_t n = strcspn(line, ":");
    const char *value = line[n] ? line + n + 1 : line + n;
    if (!*line)
        close_sse_event(s);
    else if (n > 0)
        take_sse_field(s, line, n, *value == ' ' ? value + 1 : value);
    buf_reset(s->line);
}

static bool fits_so_far(const struct sse *s)
{
    return !s->line->over && !s->data->over;
}

bool sse_feed(struct sse *s, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && fits_so_far(s);) {
        if (s->after_cr && bytes[i] == '\n')
            i++;
        s->after_cr = false;
        size_t end = i;
        while (end < n && bytes[end] != '\r' && bytes[end] != '\n')
            end++;
        buf_add(s->line, bytes + i, end - i);
        if (end < n && fits_so_far(s)) {
            s->after_cr = bytes[end] == '\r';
            take_sse_line(s);
        }
        i = end + 1;
    }
    return fits_so_far(s);
}

void sse_end(struct sse *s)
{
    if (s->line->len && fits_so_far(s))
        take_sse_line(s);
    if (fits_so_far(s))
        close_sse_event(s);
}
