/* api_table.c - the paths of /api, what each takes and gives, and the codes of problems. A new path
 * is a row; /api/openapi.json shows it. */
#include "web/api_private.h"

#define STATES                                                                                     \
    "draft|pending|approved|applying|applied|failed|unknown|void|rejected|cancelled|expired"

static const struct field list_query[] = {
    { "state", STR, OPT, "In that state.", .one_of = STATES },
    { "risk", STR, OPT, "Of that risk.", .one_of = "change|destroy" },
    { "gateway", STR, OPT, "For that gateway, as a change names it.", .min = 1, .max = 1024 },
    { "object", STR, OPT, "Touches it: `orders`, `route shop-*`.", .min = 1, .max = 300 },
    { "actor", STR, OPT, "Part of the name of who asked or decided.", .min = 1, .max = 256 },
    { "since", STR, OPT, "Newest step not before: `2h`, `3d`, or a time.", .min = 2, .max = 40 },
    { "limit", INT, OPT, "Changes on a page.", .min = 1, .max = 100, .otherwise = "20" },
    { "cursor", STR, OPT, "`next` of the page before.", .min = 1, .max = 200 },
    { 0 },
};
static const struct field show_query[] = {
    { "part", INT, OPT, "Counted from 0.", .max = 100000 },
    { "seen", STR, OPT, "What came with the part before.", .min = 1, .max = 4096 },
    { "wait", NUM, OPT,
      "Seconds to wait until nothing is under way any more, or, with If-None-Match, until it is "
      "another.",
      .max = API_WAIT_MOST },
    { 0 },
};

/* -- bodies ------------------------------------------------------------------------------ */

static const struct field approve_body[] = {
    { "plan", STR, REQ, "`read.plan`: digest of the plan.", .min = 8, .max = 128 },
    { "rendering", STR, REQ, "`read.rendering`: digest of all that was shown.", .min = 8,
      .max = 128 },
    { "seen", STR, REQ, "`read.seen`: proof that every part was served.", .min = 1, .max = 4096 },
    { "word", STR, OPT, "`read.word`, where there is one.", .min = 1, .max = 64 },
    { "comment", STR, OPT, "Why; kept with the decision.", .max = 1000 },
    { 0 },
};
static const struct field reject_body[] = {
    { "plan", STR, REQ, "`read.plan`: digest of the plan.", .min = 8, .max = 128 },
    { "rendering", STR, REQ, "`read.rendering`: digest of all that was shown.", .min = 8,
      .max = 128 },
    { "comment", STR, OPT, "Why; kept with the decision.", .max = 1000 },
    { 0 },
};
static const struct field undo_body[] = {
    { "if_used", STR, OPT, "What is done where something uses what would be deleted.",
      .one_of = "cascade|force" },
    { 0 },
};

/* -- answers ----------------------------------------------------------------------------- */

static const struct field decision_rows[] = {
    { "verdict", STR, REQ, "What they said.", .one_of = "approved|rejected" },
    { "who", STR, REQ, "Who." },
    { "channel", STR, REQ, "By which channel." },
    { "at", STR, REQ, "When." },
    { "comment", STR, OPT, "Why." },
    { "note", STR, OPT, "What is to be known about it." },
    { 0 },
};
static const struct field approval_rows[] = {
    { "who", STR, REQ, "Who." },
    { "channel", STR, REQ, "By which channel." },
    { "at", STR, REQ, "When." },
    { 0 },
};
static const struct field an_approval = { "approval", OBJ, OPT, NULL, .of = approval_rows };

#define HEAD                                                                                       \
    { "id", STR, REQ, "Its id." }, { "state", STR, REQ, "Where it stands." },                      \
        { "title", STR, REQ, "What it does, in words." },                                          \
    {                                                                                              \
        "risk", STR, REQ, "How risky it is."                                                       \
    }

static const struct field listed_rows[] = {
    HEAD,
    { "owner", STR, OPT, "Who asked for it." },
    { "gateway", STR, OPT, "Which gateway it is for, where there are several." },
    { "created", STR, REQ, "When it was planned." },
    { "decision", OBJ, OPT, "Who decided.", .of = decision_rows },
    { 0 },
};
static const struct field a_listed = { "change", OBJ, OPT, NULL, .of = listed_rows };
static const struct field list_answer[] = {
    { "changes", LIST, REQ, "Newest first.", .of = &a_listed },
    { "next", STR, OPT, "Cursor of the next page; absent: this is the last." },
    { "looked_back_to", STR, OPT, "There may be older ones: go on with `next`." },
    { 0 },
};

static const struct field operation_rows[] = {
    { "n", INT, REQ, "Its place in the plan, from 1." },
    { "verb", STR, REQ, "What is done." },
    { "kind", STR, REQ, "To an object of this kind." },
    { "name", STR, REQ, "Its name." },
    { "scope", STR, OPT, "Where it holds." },
    { "lines", LIST, REQ, "Every value that changes, before and after.", .of = &a_string },
    { 0 },
};
static const struct field an_operation = { "operation", OBJ, OPT, NULL, .of = operation_rows };
static const struct field read_rows[] = {
    { "plan", STR, REQ, "Digest of the plan." },
    { "rendering", STR, REQ, "Digest of all that was shown." },
    { "seen", STR, REQ, "Proof that every part was served to this approver." },
    { "word", STR, OPT, "To be said to approve what destroys." },
    { 0 },
};
static const struct field you_rows[] = {
    { "may_approve", BOOL, REQ, "Would a yes of this token be taken now?" },
    { "why", STR, OPT, "Why not." },
    { 0 },
};
static const struct field change_answer[] = {
    HEAD,
    { "owner", STR, OPT, "Who asked for it." },
    { "gateway", STR, OPT, "The gateway that it is for." },
    { "created", STR, REQ, "When it was planned." },
    { "expires", STR, OPT, "When it expires undecided." },
    { "warnings", LIST, REQ, "What else would come of it.", .of = &a_string },
    { "policy", STR, OPT, "What the policy says of it." },
    { "needs", STR, OPT, "Who must agree." },
    { "missing", INT, OPT, "How many people must still approve." },
    { "approvals", LIST, OPT, "Who has agreed so far, of several.", .of = &an_approval },
    { "decision", OBJ, OPT, "Who decided.", .of = decision_rows },
    { "you", OBJ, OPT, "For an approver, while it is undecided.", .of = you_rows },
    { "result", OBJ, OPT, "What applying it came to.", .flags = FIELD_OPEN },
    { "guard", OBJ, OPT, "What watches it, and how that went.", .flags = FIELD_OPEN },
    { "operations", LIST, REQ, "Those of this part.", .of = &an_operation },
    { "part", INT, REQ, "Which part this is, from 0." },
    { "parts", INT, REQ, "How many there are." },
    { "next", STR, OPT, "Path of the next part; absent: this is the last." },
    { "read", OBJ, OPT, "With the last part, for an approver: what a decision names.",
      .of = read_rows },
    { 0 },
};
static const struct field decided_answer[] = {
    HEAD,
    { "created", STR, REQ, "When it was planned." },
    { "missing", INT, OPT, "How many people must still approve." },
    { "approvals", LIST, OPT, "Who has agreed so far, of several.", .of = &an_approval },
    { "decision", OBJ, OPT, "Who decided.", .of = decision_rows },
    { "result", OBJ, OPT, "What applying it came to.", .flags = FIELD_OPEN },
    { 0 },
};
static const struct field policy_answer[] = {
    { "id", STR, REQ, "Of the change." },
    { "requester", STR, REQ, "Who asked for it." },
    { "says", STR, REQ, "What the policy says now.", .one_of = "deny|dry_run|ask|auto" },
    { "rule", STR, REQ, "Which rule says so, or `mode`." },
    { "why", STR, REQ, "The same in a sentence." },
    { "needs", STR, OPT, "Who must agree." },
    { "in_shadow", STR, OPT, "What rules in shadow would say." },
    { "objects", LIST, REQ, "The same for each object.", .of = &a_string },
    { "approvals", LIST, OPT, "Who has agreed so far, of several.", .of = &an_approval },
    { 0 },
};
static const struct field planned_answer[] = {
    { "id", STR, REQ, "Of the change that takes it back: decided like any other." },
    { "state", STR, OPT, "Where it stands." },
    { 0 },
};

/* -- paths ------------------------------------------------------------------------------- */

const struct api_row api_rows[] = {
    { "GET", "/api/changes", "listChanges", "Changes, newest first.", API_READERS,
      .tool = "list_changes", .status = 200, .tags = API_IF_NONE, .query = list_query,
      .answer = list_answer, .handle = api_list },
    { "GET", "/api/changes/{id}", "getChange",
      "One change, whole, in parts: what it does value by value, warnings, who must still decide, "
      "what became of it.",
      API_READERS, .tool = "get_change", .status = 200, .tags = API_IF_NONE, .query = show_query,
      .answer = change_answer, .handle = api_show },
    { "GET", "/api/changes/{id}/policy", "explainChange",
      "Which rule of the policy holds for it, and why.", API_READERS, .tool = "get_change",
      .status = 200, .tags = API_IF_NONE, .answer = policy_answer, .handle = api_policy },
    { "POST", "/api/changes/{id}/approve", "approveChange",
      "Approves what was read, and applies it when nobody else must agree.", API_APPROVERS,
      .status = 200, .tags = API_IF_MATCH, .body = approve_body, .answer = decided_answer,
      .handle = api_approve },
    { "POST", "/api/changes/{id}/reject", "rejectChange", "Rejects what was read.", API_APPROVERS,
      .status = 200, .tags = API_IF_MATCH, .body = reject_body, .answer = decided_answer,
      .handle = api_reject },
    { "POST", "/api/changes/{id}/undo", "undoChange",
      "Plans what takes it back: a change of its own, which goes through the same gate.",
      API_APPROVERS, .status = 201, .body = undo_body, .answer = planned_answer,
      .handle = api_undo },
    { "GET", "/api/openapi.json", "getDocument", "This document.", API_ANYBODY, .status = 200,
      .tags = API_IF_NONE, .handle = api_document },
    { 0 },
};

const struct api_code api_codes[] = {
    { "bad_request", 400, "The request is not as the document says." },
    { "unauthorized", 401, "The token is not known here, or there is none." },
    { "forbidden", 403, "This Host, Origin or kind of token may not do that here." },
    { "refused", 403, "The policy, the person's role or the channel does not allow it." },
    { "switched_off", 403, "The configuration does not offer that to clients." },
    { "not_found", 404, "There is no such path, or no such change." },
    { "method_not_allowed", 405, "The path is there, not with that method." },
    { "decided", 409, "The change is not undecided any more." },
    { "expired", 409, "Nobody decided the change in time." },
    { "drifted", 409, "The gateway had moved on: nothing was written. Plan it again." },
    { "moved", 409, "What is decided about is not what was read. Read it again." },
    { "not_shown", 409, "Not every part of the change was served to this approver." },
    { "word", 409, "It destroys: the word that came with it is missing or another." },
    { "not_planned", 409, "What takes it back could not be planned." },
    { "changed", 412, "The change is not as If-Match says any more." },
    { "too_large", 413, "The body is larger than any that is taken." },
    { "media_type", 415, "The body must be application/json." },
    { "slow_down", 429, "Too many wrong tokens came from there. See Retry-After." },
    { "internal", 500, "Something of this server's own went wrong." },
    { "gateway", 502, "The gateway refused, or did not answer." },
    { "unknown_outcome", 502, "The write may or may not have happened." },
    { "unavailable", 503, "Not now. See Retry-After." },
    { "busy", 503, "Too many requests wait. See Retry-After." },
    { 0 },
};
