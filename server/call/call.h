/* call.h - the call, as a tool's handler sees it: its arguments, its errors, its progress. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

struct call;

struct arena *arena(struct call *c);
/* Arguments: validated before the handler ran, so these cannot fail. Asking for an undeclared name
 * is a bug and aborts. Absent optional ones give NULL / `otherwise`. */
const char *arg_str(struct call *c, const char *name);
double arg_num(struct call *c, const char *name, double otherwise);
bool arg_bool(struct call *c, const char *name);
const cJSON *arg_json(struct call *c, const char *name);

/* What went wrong, to which object, what to do next. ERR_ARGS. Returns false (or use fail_null). */
bool fail(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
#define fail_null(c, ...) (fail((c), __VA_ARGS__), NULL)
bool failed(const struct call *c);
const char *fail_text(const struct call *c);
/* Forgets an error, for reads whose failure is itself an answer. */
void fail_forget(struct call *c);
void progress(struct call *c, double done, double total, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Lines as they come, for who hears of progress: twenty a second, forty at once; more are left out.
 * may_tell_line() says whether the next one is told (and takes its turn), tell_line() tells it. */
bool may_tell_line(struct call *c);
void tell_line(struct call *c, const char *text);
bool cancelled(const struct call *c);

/* A secret argument by reference: {"env":"NAME"} or {"file":"/path"} on the server's side, as far
 * as the configuration allows them; learnt by the scrubber. NULL after fail(). */
const char *secret_ref(struct call *c, const cJSON *ref);
