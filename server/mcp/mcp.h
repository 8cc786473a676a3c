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
struct catalog;
struct config;
struct err;
struct engine;
struct gateway;
struct listener;
struct loop;
struct prompts;
struct session_table;
struct shares;
struct task_table;
struct toolset;
struct watch;

struct mcp_options {
    struct loop *loop;
    const struct config *config;
    const struct toolset *const *toolsets; /* ended by NULL */
    struct gateway *gateway;               /* may be NULL: local tools only */
    struct gateway *const *gateways;       /* in the order of config->gateways; NULL: that one */
    struct engine *engine; /* NULL: opened by the first call that needs it; stopped by mcp_free */
};

struct mcp {
    struct arena *arena; /* lives with the process */
    struct loop *loop;
    const struct config *config;
    struct gateway *gateway; /* the one that is meant where none is named */
    struct gateway *const *gateways;
    struct engine *engine; /* opened by the first call that needs it: call_engine() */
    const struct toolset *const *toolsets;
    struct catalog *catalog;
    struct prompts *prompts; /* read by the first prompts/list */
    struct session_table *sessions;
    struct listener *listeners;
    const char *local_page;   /* where this process serves the page /change; NULL: not to be told */
    struct watch *watch;      /* NULL until the first subscription */
    struct task_table *tasks; /* NULL until the first */
    struct shares *shares;    /* mcp/share_private.h; NULL until the first request */
    int requests;             /* in flight, all peers */
    void (*quiet)(void *arg); /* NULL, or called when the last request has ended */
    void *quiet_arg;
    uint8_t state_key[32];
    bool has_state_key;
};

/* Tables of tools that contradict themselves are a bug: it aborts. */
struct mcp *mcp_new(const struct mcp_options *o);
/* The gateway of that name and its configuration; NULL: the one that is meant where none is named.
 * NULL + e. */
struct gateway *mcp_gateway(const struct mcp *m, const char *name, const struct config **config,
                            struct err *e);
/* Where a person decides about that change in a browser; NULL: nowhere. */
const char *mcp_page(const struct mcp *m, struct arena *a, const char *id);
/* The change engine, opened by the first that needs it. */
struct engine *mcp_engine(struct mcp *m);
/* The configuration has changed: offers the tools and prompts it names now, and says so. */
void mcp_reload(struct mcp *m);
/* Cancels what runs, whoever asked for it; the fibers end in later turns of the loop. */
void mcp_end_sessions(struct mcp *m);
/* Frees it, engine included; nothing may run any more, and the loop must still exist. */
void mcp_free(struct mcp *m);
