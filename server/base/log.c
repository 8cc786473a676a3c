/* log.c - one JSON line an event, written by one write(). It allocates nothing, so that it still
 * works when memory has run out; a message over 2 KiB is cut. */
#include "base/log.h"
#include "base/utf8.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static struct {
    enum log_level least;
    int fd;
} the_log = { .least = LOG_WARN, .fd = 2 };

static const char *const names[] = { "debug", "info", "warn", "error", "off" };

enum log_level log_level_named(const char *name)
{
    for (int i = 0; i <= LOG_OFF; i++)
        if (!strcmp(names[i], name))
            return (enum log_level)i;
    return LOG_WARN;
}

void log_open(enum log_level least, int fd)
{
    the_log.least = least;
    the_log.fd = fd;
}

struct line {
    char text[4096];
    size_t n;
};

static void append_to_line(struct line *l, const char *bytes, size_t n)
{
    if (n > sizeof l->text - l->n)
        return;
    memcpy(l->text + l->n, bytes, n);
    l->n += n;
}

static void put_str(struct line *l, const char *s)
{
    append_to_line(l, s, strlen(s));
}

/* Escaped; stops while there is still room to close the line. */
static void put_escaped(struct line *l, const char *s)
{
    for (size_t left = strlen(s); left && l->n < sizeof l->text - 16;) {
        size_t size = utf8_size(s, left);
        unsigned char c = (unsigned char)*s;
        char escape[8];
        if (!size) {
            put_str(l, UTF8_REPLACEMENT);
            size = 1;
        } else if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
            snprintf(escape, sizeof escape, "\\u%04x", c);
            put_str(l, escape);
        } else {
            append_to_line(l, s, size);
        }
        s += size;
        left -= size;
    }
}

static void put_time(struct line *l)
{
    struct timespec now;
    struct tm utc;
    char text[64];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    append_to_line(l, text, n);
    snprintf(text, sizeof text, ".%03ldZ", now.tv_nsec / 1000000);
    put_str(l, text);
}

void log_write(const char *level, const char *event, unsigned long call, const char *message)
{
    struct line line = { .n = 0 };
    char id[40];
    put_str(&line, "{\"ts\":\"");
    put_time(&line);
    put_str(&line, "\",\"level\":\"");
    put_str(&line, level);
    put_str(&line, "\",\"event\":\"");
    put_escaped(&line, event);
    if (call) {
        snprintf(id, sizeof id, "\",\"call\":\"%lu", call);
        put_str(&line, id);
    }
    put_str(&line, "\",\"msg\":\"");
    put_escaped(&line, message);
    put_str(&line, "\"}\n");
    ssize_t written = write(the_log.fd, line.text, line.n);
    (void)written; /* there is nobody left to tell */
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (level < the_log.least || level >= LOG_OFF)
        return;
    char message[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    log_write(names[level], event, 0, message);
}
