/* mcp.h - the protocol server: one a process, whatever the transports. For the files of mcp/ only;
 * commands use mcp_new and hand the result to a transport (mcp/stdio.h, web/web.h).
 *
 * Nothing here touches the gateway, the store or a lazily loaded library before a call needs it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config;
struct listener;
struct loop;
struct loop_timer;
struct prompts;
struct service;
struct session_table;
struct shares;
struct task_table;
struct tool_lists;
struct watch;

struct mcp {
    struct arena *arena; /* lives with the process */
    struct service *service;
    struct loop *loop; /* of the service, as the next */
    const struct config *config;
    struct tool_lists *tool_lists; /* printed by the first tools/list */
    struct prompts *prompts;       /* read by the first prompts/list */
    struct session_table *sessions;
    struct listener *listeners;
    struct watch *watch;      /* NULL until the first subscription */
    struct task_table *tasks; /* NULL until the first */
    struct shares *shares;    /* mcp/share_private.h; NULL until the first request */
    int requests;             /* in flight, all peers … */
    int most_requests;        /* … and the most at once since memory was given back */
    struct loop_timer *calm;  /* gives it back; NULL: there were few, or they are under way */
    void (*quiet)(void *arg); /* NULL, or called when the last request has ended */
    void *quiet_arg;
    uint8_t state_key[32];
    bool has_state_key;
};

struct mcp *mcp_new(struct service *s);
/* The configuration has changed: offers the tools and prompts it names now, and says so. */
void mcp_reload(struct mcp *m);
/* How much is held just now: tool calls, sessions, event streams, tasks, subscriptions. */
struct mcp_held {
    int calls, sessions, streams, tasks, watches;
};
struct mcp_held mcp_held(const struct mcp *m);
/* A request begins; one has ended. */
void mcp_request_begins(struct mcp *m);
void mcp_request_ended(struct mcp *m);
/* Cancels what runs, whoever asked for it; the fibers end in later turns of the loop. */
void mcp_end_sessions(struct mcp *m);
/* Frees it, not the service; nothing may run any more, and the loop must still exist. */
void mcp_free(struct mcp *m);
