/* chaos.h - a console that behaves badly, random work on it, and a judge who knows the truth.
 *
 * The console is the embedded control plane, in this process, behind a port that breaks on purpose
 * (bad_console.c). The work is made by deed.c and goes through the real change engine. verdict.c
 * holds what the engine claims against what the control plane has, asked without the port.
 * All chance comes from one seed a world, so a run can be repeated.
 */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "change/engine.h"
#include "embedded/embedded.h"
#include "kind/kind.h"
#include "plan/plan.h"

struct loop;

struct chance {
    unsigned long long state;
};
unsigned chance_below(struct chance *c, unsigned n); /* 0 … n-1 */
bool chance_of(struct chance *c, unsigned percent);

/* What may happen to one request. AFTER: the console had done what was asked. */
enum fault {
    FAULT_NONE = 0,
    FAULT_LATENCY,
    FAULT_RESET_BEFORE,
    FAULT_RESET_AFTER,
    FAULT_CLOSE_BEFORE,
    FAULT_CLOSE_AFTER,
    FAULT_TRUNCATED,  /* less than Content-Length, then the end */
    FAULT_CUT_JSON,   /* whole by HTTP, half by JSON */
    FAULT_500_BEFORE, /* in the console's envelope */
    FAULT_500_AFTER,
    FAULT_409_BEFORE,
    FAULT_409_AFTER,
    FAULT_4XX_AFTER,
    FAULT_PROXY_BEFORE, /* 502, 503, 504 with a page */
    FAULT_PROXY_AFTER,
    FAULT_HTML_BEFORE, /* 200 with a page */
    FAULT_HTML_AFTER,
    FAULT_ENVELOPE_BEFORE, /* 200 with JSON of a wrong shape */
    FAULT_ENVELOPE_AFTER,
    FAULT_LIE,         /* an answer of success, and nothing was done */
    FAULT_HANG_BEFORE, /* no answer within the client's patience */
    FAULT_HANG_AFTER,
    FAULT_LATE, /* no answer, and it is done when the client has long given up */
    FAULTS,
};
const char *fault_name(enum fault f);
bool fault_is_before(enum fault f); /* the console is not asked */
enum fault fault_draw(struct chance *c, unsigned rate, bool write);
/* What the client is told instead of `out`, which may be empty. */
void fault_bend(enum fault f, struct chance *c, struct arena *a, const char *method,
                const char *body, struct embedded_answer *out);

struct bad_console;
/* Serves dir (empty: filled) on a port of its own; nothing breaks yet. */
struct bad_console *bad_console_start(struct loop *l, const char *dir, unsigned long long seed,
                                      struct err *e);
void bad_console_stop(struct bad_console *b);
int bad_console_port(const struct bad_console *b);
/* rate: percent of requests that break; g: who reads what is not one GET. */
void bad_console_break(struct bad_console *b, unsigned rate, struct gateway *g);
/* What is still on its way to be done is done now. */
void bad_console_settle(struct bad_console *b);
/* How often each fault was made, and of the last requests since the last call which ones. */
const unsigned long *bad_console_counts(const struct bad_console *b);
const char *bad_console_faults(struct bad_console *b, struct arena *a);
/* Bit f: fault f was made since the last call of this. */
unsigned bad_console_seen(struct bad_console *b);
/* The truth: the same console asked without the port; kinds that are not one GET are read by g,
 * which is the client itself, while nothing breaks. NULL: not there. */
cJSON *bad_console_object(struct bad_console *b, struct arena *a, const struct kind *k,
                          const char *name, const char *scope);
/* Somebody else's request, without the port. */
int bad_console_ask(struct bad_console *b, struct arena *a, const char *method, const char *target,
                    const char *body, struct embedded_answer *out);
/* Names of a kind's objects, one a line, sorted; NULL: the list could not be read. */
const char *bad_console_names(struct bad_console *b, struct arena *a, const struct kind *k,
                              bool truth);
unsigned long bad_console_generation(const struct bad_console *b);

/* Certificates to choose from, made in dir by openssl. */
bool deed_prepare(struct arena *a, const char *dir);
/* A plan of one to three operations on objects that may or may not be there. NULL: e says why none
 * could be made (the console could not be read, or the object is refused). *lie: reading itself
 * said something untrue. */
struct plan *deed_make(struct bad_console *b, struct gateway *g, struct arena *a, struct chance *c,
                       const char **lie, struct err *e);

/* What an apply came to, held against what was there before and is now. NULL: true. */
struct scene {
    struct bad_console *console;
    struct arena *arena;
    const struct plan *plan;
    cJSON *before[PLAN_MAX_OPS]; /* the truth right before the apply */
    unsigned long generation;    /* then */
};
void scene_set(struct scene *s);
const char *verdict_on(const struct scene *s, const cJSON *shown);
