/* decide_private.h - one person, one change: shown part by part, then decided, by whichever
 * request.
 *
 * Behind the forms of the pages and behind POST /change. A yes is taken with the proof that every
 * part was served to that person (seen_private.h); approve/ decides, the engine applies. A decision
 * outlives its exchange: it is carried out also when the browser has gone.
 */
#pragma once
#include "base/err.h"
#include "base/fiber.h"
#include "base/field.h"
#include "base/json.h"
#include "config/channel.h"

struct arena;
struct engine;

struct http_exchange;
struct sources;

struct decision {
    struct arena *arena;
    struct engine *engine;
    struct http_exchange *x; /* NULL: nobody waits for the answer */
    const char *who, *what, *id;
    enum channel_kind by;    /* what a yes of theirs comes with */
    const cJSON *asked;      /* by decide_asked */
    struct sources *sources; /* where refusals are noted */
    struct cancel cancel;
    struct err err;
    /* The last that is heard of it: frees the arena. o: of engine_show; NULL: err says why not. */
    void (*answer)(struct decision *d, cJSON *o);
};

/* {"do","id"?,"part"?,"seen"?,"digest"?,"rendering"?,"word"?,"comment"?} */
extern const struct field decide_asked[];
/* engine_show, with one part of the change in place of its summary ("operations", "part", "parts"),
 * what lets its reader go on ("seen") or decide ("digest", "rendering", "word"?). NULL: d->err. */
cJSON *decide_show(struct decision *d);
/* d->what is "approve" or "reject". Answers now or later. */
void decide(struct decision *d);
/* The status of an answer that is that kind of error. */
int decide_status(enum err_kind kind);
