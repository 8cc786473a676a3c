/* tool_call.h - tools/call: a client of the protocol as the caller of a tool (call/caller.h). */
#pragma once
#include "approve/approve.h"
#include "call/caller.h"
#include "mcp/ask.h"

struct loop_timer;

struct tool_call {
    struct caller caller; /* first */
    struct channel form;
    struct request *request;
    struct question question;
    struct loop_timer *patience; /* NULL: its client knows no tasks */
};

/* Answers r; runs until the first wait at once. */
void tool_call_start(struct request *r);
