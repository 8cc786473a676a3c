/* err.c - sentences about what went wrong. */
#include "base/err.h"
#include "base/log.h"
#include <stdarg.h>

/* Here they are defined, so what err.h tells the analyzer about their calls is not wanted. */
#undef err_set
#undef err_status
#undef err_at
#undef err_about

static bool set_first_error(struct err *e, enum err_kind kind, int status, const char *format,
                            va_list args)
{
    if (!e || e->kind != ERR_NONE)
        return false;
    e->kind = kind;
    e->status = status;
    vsnprintf(e->text, sizeof e->text, format, args);
    return false;
}

bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_first_error(e, kind, 0, format, args);
    va_end(args);
    return false;
}

bool err_status(struct err *e, enum err_kind kind, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_first_error(e, kind, status, format, args);
    va_end(args);
    return false;
}

bool err_at(struct err *e, const char *format, ...)
{
    if (!e || e->kind == ERR_NONE)
        return false;
    char before[sizeof e->text];
    memcpy(before, e->text, sizeof before);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n;
    if (used < sizeof e->text)
        snprintf(e->text + used, sizeof e->text - used, ": %s", before);
    return false;
}

bool err_about(struct err *e, const char *path)
{
    if (e && e->kind != ERR_NONE)
        snprintf(e->path, sizeof e->path, "%s", path);
    return err_at(e, "%s", path);
}

void err_clear(struct err *e)
{
    if (e)
        *e = (struct err){ 0 };
}

const char *err_kind_name(enum err_kind kind)
{
    static const char *const names[] = {
        [ERR_NONE] = "none",       [ERR_ARGS] = "args",       [ERR_POLICY] = "policy",
        [ERR_GATEWAY] = "gateway", [ERR_NET] = "net",         [ERR_GONE] = "gone",
        [ERR_PROTO] = "proto",     [ERR_UNKNOWN] = "unknown", [ERR_SYSTEM] = "system",
    };
    return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "none";
}

void bug(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_event(LOG_ERROR, "bug", "%s", text);
    abort();
}

void bug_survived(const char *format, ...)
{
    static bool said;
    char text[200];
    if (said)
        return;
    said = true;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_event(LOG_ERROR, "bug", "%s", text);
}
