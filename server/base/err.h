/* err.h - what went wrong: a kind (how the reader must react) and a sentence (what, which object,
 * what to do next).
 *
 * A `struct err *` is the last parameter of a function that can fail. It is untouched on success.
 * The first error wins: err_set on a set error does nothing. Libraries set errors; they do not log.
 */
#pragma once
#include <stdbool.h>

enum err_kind {
    ERR_NONE = 0,
    ERR_ARGS,    /* called wrongly: names the field, what was given, what is allowed */
    ERR_POLICY,  /* not allowed, declined, or needs approval */
    ERR_GATEWAY, /* the gateway answered no: its own words, status, object */
    ERR_NET,     /* no answer: refused, TLS, timeout */
    ERR_GONE,    /* cancelled, or the client left */
    ERR_PROTO,   /* malformed or unknown protocol request */
    ERR_UNKNOWN, /* a write may or may not have happened */
    ERR_SYSTEM,  /* our own files, memory or libraries */
};

struct err {
    enum err_kind kind;
    int status; /* HTTP status behind ERR_GATEWAY, JSON-RPC code behind ERR_PROTO, else 0 */
    char text[1024];
    char path[160]; /* of the member it is about, "gateways[1].url"; empty: about none, or about all
                     */
};

/* Always return false, so that `return err_set(…)` is one line. */
bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
bool err_status(struct err *e, enum err_kind kind, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));
/* Prefixes context: "while reading route 'x': …". No effect on an unset error. */
bool err_at(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
/* Says which member of what was given the error is about: prefixes it, and keeps it in e->path. */
bool err_about(struct err *e, const char *path) __attribute__((cold));
#ifdef __clang_analyzer__ /* which does not see into err.c that they return false */
#define err_set(...) (err_set(__VA_ARGS__), false)
#define err_status(...) (err_status(__VA_ARGS__), false)
#define err_at(...) (err_at(__VA_ARGS__), false)
#define err_about(...) (err_about(__VA_ARGS__), false)
#endif
void err_clear(struct err *e);
const char *err_kind_name(enum err_kind kind); /* "args", "policy", … */

/* Our own invariant broke: logs and aborts. */
/* A mistake in the program that harms nobody but its own answer: logged once, the process goes on.
 */
void bug_survived(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
_Noreturn void bug(const char *format, ...) __attribute__((format(printf, 1, 2), cold));
