/* listen.h - subscriptions/listen of 2026-07-28: a request that stays open and carries
 * notifications about what the client asked for, and nothing else, until the client leaves or the
 * server ends.
 *
 * The first message acknowledges what will be sent. Each notification names the request's id, with
 * its JSON type, as subscriptionId. Session revisions are told elsewhere (mcp/session.h).
 */
#pragma once
#include "mcp/request.h"

struct listener;

enum { LISTEN_MAX = 1024, LISTEN_MAX_EACH = 128 /* of one owner */, LISTEN_MAX_URIS = 256 };
enum listen_list { LISTEN_TOOLS = 1, LISTEN_PROMPTS = 2, LISTEN_RESOURCES = 4 };

/* Is r one of them? */
bool listen_is(const struct request *r);
/* Answers r at its end. */
void listen_start(struct request *r);
/* A list is another one now. */
void listen_changed(struct mcp *m, enum listen_list what);
/* The content of a resource is another one now. */
void listen_updated(struct mcp *m, const char *uri);
/* A task of that principal has another state; detail: its DetailedTask. */
void listen_task(struct mcp *m, const char *principal, const char *id, const cJSON *detail);
/* Ends all, each with its result, in later turns of the loop. */
void listen_end_all(struct mcp *m);
