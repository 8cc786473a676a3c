/* method.h - the methods a client may call, as one table, and who runs them. */
#pragma once
#include "mcp/request.h"

/* Sets r->method. False after request_fail (-32601): unknown, or not of r->era. */
bool method_known(struct request *r);
/* Answers r, now or later. r->rpc, principal and reply are set; era and client too, but for
 * `initialize`; a request of a session revision is entered in its session. */
void method_run(struct request *r);
/* A notification of a client: only `notifications/cancelled` matters. */
void method_notified(struct session *s, const struct rpc *rpc);
