/* socket.h - how a platform's events come in without an endpoint: a connection that we open and
 * keep.
 *
 * socket.c is the loop of all: find out where, connect, greet, read, answer, keep alive, and again
 * with growing pauses. A platform is one const row of functions, in a file socket_NAME.c. What a
 * frame holds becomes events by the platform's own file (NAME_read) and goes to chat_hear, which
 * passes over what came before: all platforms deliver a second time what was not answered.
 *
 * A connection that the platform is going to end is followed by the next one before it ends; until
 * then both are read. Tickets in addresses are in no error, log or trace.
 */
#pragma once
#include <stdbool.h>

struct chat_account;
struct chat_socket;

extern const struct chat_socket socket_slack, socket_dingtalk, socket_feishu, socket_wecom;

/* Begins, where the platform has a socket and the account what that needs; a second time: nothing.
 * chat_lost and chat_back say how it goes. */
void chat_line_start(struct chat_account *c);
/* Ends soon, while the loop turns. */
void chat_line_stop(struct chat_account *c);
