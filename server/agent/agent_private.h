/* agent_private.h - the agent from within: one question, its steps, the calls of a step. */
#pragma once
#include "agent/agent.h"
#include "agent/model_private.h"
#include "base/fiber.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/service.h"
#include "config/config.h"

struct kept;
struct runbooks;

enum { AT_ONCE = 8 /* reads */, MARKER = 12, BYTES_A_TOKEN = 3 /* about, where nobody says */ };

/* One call of the model, or of the person. */
struct agent_call {
    struct caller caller; /* first */
    struct agent *agent;
    struct cancel cancel;
    struct arena *arena; /* of the call */
    const char *id, *name;
    const char *given; /* arguments, as text */
    const cJSON *args;
    const struct catalog_tool *tool; /* NULL: one of our own, or none */
    int n;                           /* of the question */
    bool ended, failed;
    bool quoted; /* text is, or is our own */
    double began;
    const char *text; /* what it said, in the step's arena */
};

struct agent {
    struct arena *arena;
    struct agent_options options;
    struct service *service;
    const struct config_model *config;
    struct model model;
    struct history *history;
    struct kept *kept;
    const struct runbooks *runbooks;
    char marker[2 * MARKER + 1];
    bool marked; /* the model was told it */

    /* of the question that is being answered */
    struct cancel cancel, woken;
    struct arena *step; /* of one request and its calls */
    struct agent_call *calls;
    int call_count, running, called;
    double began;
    int steps;
    struct usage used;
    bool guessed;   /* some reply came without its tokens, or broke off */
    cJSON *waiting; /* {"ID": true}: changes that wait for a decision, as was last seen */
    bool diagnosed, found, audit_failed;
    const char *limit; /* that was reached, in words */
    const char *answer;
    size_t counted; /* bytes of the history when its tokens were known */
    struct usage last;
    struct buf *unsaid; /* the beginning of a word */
    cJSON *seen;        /* {"TOOL ARGUMENTS": times} */
    cJSON *read;        /* ["TOOL"]: whose text the model has read in this conversation */
};

/* -- agent.c ---------------------------------------------------------------------------------- */

void agent_begin(struct agent *g, const char *question); /* all that is of one question is new */
void agent_begin_step(struct agent *g);
void agent_end_step(struct agent *g);
/* Tells the end of it. e: what went wrong. */
enum agent_outcome agent_end(struct agent *g, const struct err *e);

/* -- event.c: what is told ---------------------------------------------------------------- */

cJSON *event_new(struct agent *g, const char *name);
void event_tell(struct agent *g, const cJSON *event);
void event_notice(struct agent *g, const char *text);
void event_said(void *agent, const char *text, size_t n); /* a piece of a reply */
void event_said_all(struct agent *g);                     /* its end */

/* -- tools.c: what the model may call ------------------------------------------------------ */

cJSON *tools_offered(struct agent *g);
/* One that is answered here: *text; false: there is no such tool. failed is set where it failed. */
bool tools_own(struct agent *g, struct agent_call *c);

/* -- agent_call.c: the calls of a step ----------------------------------------------------- */

/* Runs all of g->calls: reads side by side, changes one by one. Each has a text then. Parks. */
void agent_run_calls(struct agent *g);
void agent_audit_calls(struct agent *g);

/* -- kept.c: what is too long for one message ------------------------------------------------ */

struct kept *kept_new(struct arena *a);
void kept_free(struct kept *k);
/* The text, quoted; beyond max bytes its beginning, and how the rest is read. */
const char *kept_quote(struct agent *g, struct arena *a, const char *text);
/* A page of what was kept. NULL: there is none of that id. */
const char *kept_page(struct agent *g, struct arena *a, const char *id, double offset);

/* -- cost.c ---------------------------------------------------------------------------------- */

/* One reply; where it does not say its tokens, they are guessed from the bytes both said. */
void cost_add(struct agent *g, const struct usage *u, size_t said, size_t replied);
void cost_lose(struct agent *g, const struct usage *u); /* one that broke off */
double cost_tokens(const struct agent *g);
/* In the configured currency; false: it is unknown, *why says why. */
bool cost_money(const struct agent *g, double *money, const char **why);
const char *cost_limit(struct agent *g); /* a limit that is reached, in words; NULL: none */
void cost_tell(const struct agent *g, struct arena *a, cJSON *event);
double cost_left(const struct agent *g);                  /* seconds */
double cost_seconds(const struct agent *g, double since); /* in milliseconds, for an event */
