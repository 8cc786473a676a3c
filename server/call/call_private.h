/* call_private.h - what a call is made of.
 *
 * A call runs on its own fiber: check the arguments, ask the policy, run the tool, mask, answer.
 * struct call is what the functions of call.h, read.h, … work on; it lives in its caller's arena.
 */
#pragma once
#include "base/fiber.h"
#include "call/call.h"
#include "call/caller.h"
#include "call/catalog.h"
#include "call/service.h"
#include "tool.h"

struct engine;
struct log_source;

struct call {
    struct service *service;
    struct caller *caller;
    struct arena *arena;
    struct cancel *cancel;
    const struct catalog_tool *entry;
    const cJSON *args; /* an object, validated */
    struct secret_set
        *secrets;            /* of the arguments: no answer but this call's is scrubbed of them */
    struct gateway *gateway; /* that the call is about, which remembers its lists; NULL: none */
    const struct config *config;
    struct log_source *log; /* of the gateway; NULL: nothing was read of it yet */
    struct err err;
    bool dry_run;
    const struct call_voice *voice;   /* of an answer about changes; NULL: the tool's own */
    double progressed, next_progress; /* last value told; when the next may be */
    double line_turns, line_at; /* lines that may be told, as of when; at 0: none was told yet */
    int lines_told;
    bool has_steps;         /* it tells of steps out of a total */
    unsigned repeats_moved; /* repeat.c: when it began */
};

/* What an object that a client gave hides joins the call's secrets. */
void call_hide(struct call *c, const char *kind, const cJSON *o);

/* A secret on the server's side, as far as the configuration allows it (mask_secret_fn; arg: the
 * call). */
const char *call_secret(void *arg, const char *from, const char *name, struct err *e);

/* How an answer is put: its words, and its data beside them. A client that draws plans for its
 * person gets the whole answer instead of the data. */
struct call_voice {
    const char *(*say)(struct arena *a, const cJSON *answer);
    cJSON *(*facts)(struct arena *a, const cJSON *answer);
};
extern const struct call_voice call_of_change, call_of_changes; /* call_facts.c */

/* How traffic() names a route: "AI route chat" for ai-route-chat.internal, which nobody but Envoy
 * calls so. */
const char *traffic_route_name(struct arena *a, const char *route);

/* Warnings by what is seen of the gateway now (call_foresee.c); parks. */
void call_foresee(struct call *c, struct plan *p);

/* The change engine, opened by the first call that needs it. NULL with c->err. */
struct engine *call_engine(struct call *c);
/* Tells the client: arg is the call. */
/* What is configured wrong at an object, as lines: the member "configured" of an answer. */
void call_add_configured(struct call *c, cJSON *answer, const char *kind, const char *name);
void call_told(void *arg, int done, int total, const char *what);
/* plan -> propose -> ask -> apply, as mode and client allow. NULL with c->err, or with
 * a question that the caller must answer first. */
const cJSON *call_change(struct call *c);
/* Asks for a stored plan and applies it. Same results. */
const cJSON *call_decide(struct call *c, const char *id);
