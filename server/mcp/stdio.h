/* stdio.h - MCP over lines: one client, one session, both eras told apart per message. (net/stdio.h
 * moves the bytes.) */
#pragma once
struct mcp;
struct pipe;

/* Serves descriptors 0 and 1. At EOF, or when the client is gone, what is under way may finish for
 * PIPE_GRACE_SECONDS; then ended(arg) is called once. */
enum { PIPE_GRACE_SECONDS = 20 };
struct pipe *pipe_open(struct mcp *m, void (*ended)(void *arg), void *arg);
void pipe_close(struct pipe *p);
