/* caller.h - who calls a tool, and what can be done with them while it runs.
 *
 * The request of an MCP client, the command line, a test, an agent's loop, a chat: each embeds a
 * struct caller in an object of its own and starts calls with it. That object lasts until `done`;
 * a call knows nothing else of where it came from.
 */
#pragma once
#include "base/log.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct caller;
struct cancel;
struct catalog_tool;
struct channel;
struct service;
struct shown;

/* Until a person has decided, for callers that wait for it. */
enum { CALLER_PATIENCE_SECONDS = 50 };

/* What became of a call. */
struct call_end {
    cJSON *answer;    /* masked, for the caller to keep; NULL: it failed, or it asked a question */
    const char *text; /* what is said of the answer, or what went wrong; NULL: nothing */
    cJSON *facts; /* the data of the answer, without what text says beside it; NULL: all of it */
};

/* All but `done` may be NULL: that cannot be done. */
struct caller_ops {
    const char *kind; /* "mcp", "command line": for those who read traces */
    /* The last that is heard of the call: its arena may end here. */
    void (*done)(struct caller *c, const struct call_end *end);
    /* Who holds too much for another call to begin, in words; NULL: it may. */
    const char *(*busy)(struct caller *c);
    void (*progress)(struct caller *c, double done, double total, const char *text);
    /* A call of that tool ended, and how. */
    void (*log)(struct caller *c, enum log_level level, const char *tool, const char *how);
    /* A person decides elsewhere, and the call does nothing but wait for that; status: a sentence
     * that says so. False: this caller wants an answer now. rejoin: the call works again. */
    bool (*detach)(struct caller *c, const char *status);
    void (*rejoin)(struct caller *c);
    /* The person has decided at the page to which the channel had sent them. */
    void (*decided)(struct caller *c, const char *id);
};

struct caller {
    const struct caller_ops *ops;
    struct arena *arena; /* of the call */
    struct cancel *cancel;
    const char *principal;   /* who: owns what it proposes */
    const char *traceparent; /* of the span that it calls in (W3C), as sent; NULL: none */
    struct channel *channel; /* how its person is asked; NULL: nobody can be */
    /* The question of an earlier run of this very call, to which it brings the answer: it is about
     * that change, and only while the plan is still the same. NULL: none. */
    const struct shown *earlier;
    bool never_auto; /* what it plans waits for a person in mode auto, too */
    bool hears_progress;
    bool shows_plans; /* to its person, by itself: it must have the plan as an answer, at once */
};

/* Calls t on a fiber; runs until the first wait at once. args: not checked yet; NULL: none. */
void call_start(struct service *s, struct caller *caller, const struct catalog_tool *t,
                const cJSON *args);
