/* ask.h - questions to the person behind the client: may this plan be applied?
 *
 * Session revisions: a server request on the way back of the pending call; the fiber parks until
 * the answer, a cancellation, or ASK_SECONDS. 2026-07-28: the call ends with `input_required` and a
 * sealed state; the client calls again with the answer and the state, and the tool runs again from
 * the top. The state is bound to tool, arguments, principal, plan and an expiry; one plan id is
 * decided once by the store, so that a state cannot be used twice.
 * A client that takes only URLs gets that of the page where people decide; that it was opened
 * decides nothing.
 * What destroys is approved by typing a word made for this one question: only the form shows it,
 * and no result, resource or log does.
 */
#pragma once
#include "mcp/request.h"

struct ask_wait;

enum { ASK_SECONDS = 50, ASK_STATE_SECONDS = 600 };

enum asked {
    ASK_YES = 1,
    ASK_NO,     /* declined, or the form says reject */
    ASK_LATER,  /* cancelled, no answer in time, or an answer that does not say yes or no */
    ASK_CANNOT, /* the client did not declare elicitation, or cannot be reached */
    ASK_RETRY,  /* the call must end with q->input_required */
    ASK_GONE,   /* the call was cancelled */
    ASK_PAGE,   /* the person is at the page: the decision comes from there, or does not */
};

/* What the person has before them. */
struct shown {
    const char *id, *plan, *rendering; /* of the change; digests */
    const char *word;                  /* that must be typed; NULL: none */
};

struct question {
    struct request *request;
    const char *tool;
    const cJSON *args;
    struct shown retry; /* what a valid retry answers; id NULL: no retry */
    struct shown shown; /* what was answered, after ASK_YES and ASK_NO */
    const cJSON *retry_answer;
    const char *input_required; /* result text */
};

/* Reads requestState and inputResponses of a call. False after request_fail: a state that is not
 * ours, expired, or for another call. */
bool ask_begin(struct question *q);
struct ask_about {
    const char *id, *plan, *rendering;
    const char *title;
    const char *form; /* the whole of it, for a form; NULL: none may be shown */
    bool typed;       /* a word must be typed to approve */
    const char *page; /* mcp_page */
};
/* May the plan be applied? Parks. */
enum asked ask_person(struct question *q, const struct ask_about *about);
/* The person has decided at the page, whose URL the client of q was given. */
void ask_done(const struct question *q, const char *id);

/* Any request to the client of a session revision. ASK_YES: *answer is its result; ASK_LATER: an
 * error, or nothing in time. Parks. */
enum asked ask_client(struct request *r, const char *method, cJSON *params, const cJSON **answer);

/* A response of the client to one of our requests; false when it answers none. */
bool ask_answer(struct session *s, const struct rpc *rpc);
/* The session ends: the question is over. */
void ask_abandon(struct ask_wait *w);
