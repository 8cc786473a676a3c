/* dispatch.h - from a raw request to the handler's row and back: paths, methods, bodies, login. */
#pragma once

struct rest_request;

/* Answers r (method, call and the raw target are set) by the row of embedded_tables that fits. */
void dispatch_run(struct rest_request *r);
