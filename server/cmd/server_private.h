/* server_private.h - what the commands that serve tools share: configuration, loop, gateways, and
 * the protocol where it is spoken. */
#pragma once
#include "cmd/cmd.h"
#include "cmd/terminal_private.h"
#include "config/config.h"
#include <stdbool.h>

struct arena;
struct config;
struct gateway;
struct loop;
struct mcp;
struct service;
struct ship_spans;
struct web;
struct webhook;

struct server {
    struct arena *arena;
    const struct options *options;
    struct config *config;
    struct loop *loop;
    struct gateway *gateway; /* the one that is meant; NULL: none configured */
    struct gateway *gateways[CONFIG_GATEWAYS_MAX]; /* as config->gateways */
    struct service *service;
    struct mcp *mcp;          /* NULL: until server_speak */
    struct ship *ship;        /* NULL: lines of the audit are not sent anywhere */
    struct ship_spans *spans; /* NULL: traces are not sent anywhere */
    struct webhook *webhook;  /* tells others of changes, where that is configured */
    struct web *web;          /* NULL: none listens */
    struct bots *bots;        /* NULL: no chats are served */
    char who[PERSON_MAX];     /* the person who started it, where there is a table of people */
    struct rotate *rotate;    /* closes segments of the audit, and removes those of age */
};

/* False after a message on stderr; *code is the exit code. */
bool server_open(struct server *s, const struct options *o, int *code);
/* From now on it answers MCP, over the transports that are given it. */
void server_speak(struct server *s);
/* The change engine: recovery of what a dead process left, the watcher for decisions. */
void server_engine(struct server *s);
/* Until loop_stop, SIGTERM or SIGINT. SIGHUP reads the configuration again: what config_reload
 * takes over counts from then on; one that is wrong is logged and changes nothing. */
void server_run(struct server *s);
/* A twentieth of a second of the loop. */
void server_turn(struct server *s);
void server_close(struct server *s);
