/* task.h - the extension io.modelcontextprotocol/tasks of 2026-07-28: a call that takes long is
 * answered at once with a task, goes on, and leaves its result to be fetched.
 *
 * A task is where the call's answer goes: from task_detach on it is the request's way back. It
 * belongs to a principal and stays readable for TASK_TTL_SECONDS; a running one is not forgotten.
 * The server decides which call becomes one, and only for a client that declared the extension in
 * that very request.
 */
#pragma once
#include "mcp/request.h"

struct task_table;

enum { TASK_MAX = 256, TASK_TTL_SECONDS = 3600, TASK_POLL_MS = 1000 };

/* Did the client of r declare the extension? task_declared: the error is set if not. */
bool task_offered(const struct request *r);
bool task_declared(struct request *r);
/* r's call becomes a task, and its client gets that as the answer. False when it cannot (not
 * offered, too many tasks): r goes on as it was. True when it is one already. */
bool task_detach(struct request *r);
bool task_is(const struct request *r);
/* One sentence about what it is doing. */
void task_status(struct request *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Asks the client for all of these (key -> {method, params}) and parks until each is answered.
 * NULL: cancelled. Keys must not be used twice in one task. */
const cJSON *task_ask(struct request *r, const cJSON *inputs);

/* The call does nothing but wait for a person (true), or works again. */
void task_await(struct request *r, bool awaits);

/* The methods: results as text, NULL after request_fail. */
const char *task_get(struct request *r);
const char *task_update(struct request *r);
const char *task_cancel(struct request *r);
/* Those of the ids that are tasks of r's principal, as an array; NULL: none. */
const cJSON *task_owned(struct request *r, const cJSON *ids);
/* Cancels all that run, or only what waits for a person. task_table_free: nothing may run. */
void task_end_all(struct mcp *m);
void task_end_awaiting(struct mcp *m);
void task_table_free(struct mcp *m);
