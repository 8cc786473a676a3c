/* ask.h - questions to the person behind the client: may this plan be applied?
 *
 * Session revisions: a server request on the way back of the pending call; the fiber parks until
 * the answer, a cancellation, or CALLER_PATIENCE_SECONDS. 2026-07-28: the call ends with
 * `input_required` and a sealed state; the client calls again with the answer and the state, and
 * the tool runs again from the top. The state is bound to tool, arguments, principal, plan and an
 * expiry; one plan id is decided once by the store, so that a state cannot be used twice. A client
 * that takes only URLs gets that of the page where people decide; that it was opened decides
 * nothing.
 */
#pragma once
#include "approve/approve.h"
#include "mcp/request.h"

struct ask_wait;

enum { ASK_STATE_SECONDS = 600 };

struct question {
    struct request *request;
    const char *tool;
    const cJSON *args;
    struct shown retry; /* what a valid retry answers; id NULL: no retry */
    const cJSON *retry_answer;
    const char *input_required; /* result text */
};

/* Reads requestState and inputResponses of a call. False after request_fail: a state that is not
 * ours, expired, or for another call. */
bool ask_begin(struct question *q);
/* May the plan be applied? *shown: what the answer is about. Parks. */
enum asked ask_person(struct question *q, const struct ask_about *about, struct shown *shown);
/* The person has decided at the page, whose URL the client of q was given. */
void ask_done(const struct question *q, const char *id);

/* Any request to the client of a session revision. ASK_YES: *answer is its result; ASK_LATER: an
 * error, or nothing in time. Parks. */
enum asked ask_client(struct request *r, const char *method, cJSON *params, const cJSON **answer);

/* A response of the client to one of our requests; false when it answers none. */
bool ask_answer(struct session *s, const struct rpc *rpc);
/* The session ends: the question is over. */
void ask_abandon(struct ask_wait *w);
