/* trace.c - events of the areas that are on. */
#include "base/trace.h"
#include "base/arena.h"
#include "base/fiber.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

unsigned trace_on;

enum { MESSAGE_BYTES = 2048 };

void trace_open(const char *const *areas)
{
    trace_on = 0;
    for (; *areas; areas++) {
        int place = text_word_place(TRACE_AREAS, *areas);
        unsigned bit = place > 0 ? 1u << (place - 1) : 0;
        trace_on |= bit > TRACE_ALL ? TRACE_ALL : bit;
    }
}

static void write_trace(const char *event, unsigned long call, const char *message)
{
    struct arena *a = arena_new();
    log_write("trace", event, call, secret_scrub(a, message));
    arena_free(a);
}

void trace_event(enum trace_area area, const char *format, ...)
{
    static const char *const names[] = {
        [TRACE_FETCH] = "fetch", [TRACE_CALL] = "call", [TRACE_CHANGE] = "change",
        [TRACE_FIBER] = "fiber", [TRACE_HTTP] = "http", [TRACE_WS] = "ws"
    };
    char message[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_trace(names[area], fiber_call(), message);
}

static void put_fiber(void *arg, const struct fiber_view *f)
{
    const double *now = arg;
    char message[MESSAGE_BYTES], what[400];
    if (f->tool)
        snprintf(what, sizeof what, "%.100s by %.250s", f->tool, f->who);
    else
        snprintf(what, sizeof what, "%s", f->call ? "part of the call" : "work of the server");
    if (f->verb)
        snprintf(message, sizeof message, "%s: waits for %s%s%.1000s since %.3f s", what, f->verb,
                 f->object ? " " : "", f->object ? f->object : "", *now - f->since);
    else
        snprintf(message, sizeof message, "%s: runs", what);
    write_trace("fiber", f->call, message);
}

void trace_fibers(void)
{
    double now = fiber_clock();
    char message[64];
    fiber_each(put_fiber, &now);
    snprintf(message, sizeof message, "%d fibers", fiber_count());
    write_trace("state", 0, message);
}
