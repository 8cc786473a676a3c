/* socket_private.h - a platform's socket as its row and the loop of all (socket.c) see it. */
#pragma once
#include "base/fiber.h"
#include "chat/platform_private.h"
#include "chat/socket.h"
#include "net/ws.h"

struct chat_line;

/* What is to become of the connection, or of the whole line. */
enum chat_fate {
    LINK_STANDS = 0,
    LINK_LEAVES,  /* the platform will end it: the next one is opened at once, this is read on */
    LINK_REFUSED, /* it will not be otherwise soon: the next attempt is a long while off */
    LINK_OVER,    /* none may follow */
};

/* One connection. */
struct chat_link {
    struct chat_account *account;
    struct chat_line *line;
    struct ws *ws;
    struct cancel stop; /* of the fiber that reads it: one that waits is woken by it, no more */
    struct fiber *reader;
    double beat;    /* seconds between two beats; the row's at first */
    double silence; /* seconds without a byte, after which it is dead; the row's at first */
    enum chat_fate fate;
    int service;    /* Feishu's number of it */
    int unanswered; /* beats, where the row counts them */
};

struct chat_socket {
    const char *title; /* in errors: "Slack's Socket Mode" */
    double beat, silence;
    size_t max_message;
    /* Has the account what it needs? */
    bool (*wanted)(const struct chat_account *c);
    /* Parks: the address to connect to. NULL: e; link->fate may be LINK_REFUSED. */
    const char *(*find)(struct chat_link *k, struct arena *a, struct err *e);
    /* It is open: what is said first. NULL: nothing. */
    bool (*greet)(struct chat_link *k, struct arena *a, struct err *e);
    /* A message. False: the connection is of no use any more, and e says why. */
    bool (*take)(struct chat_link *k, struct arena *a, const struct ws_message *m, struct err *e);
    /* Every `beat` seconds; the same. */
    bool (*beats)(struct chat_link *k, struct arena *a, struct err *e);
    void (*ended)(struct chat_link *k); /* it is gone; NULL: nothing to do */
};

/* -- for rows -- */

/* What the row keeps from one connection to the next: zeroed at first, ends with the account. */
void *link_kept(struct chat_link *k, size_t size);
/* The platform has let us in. */
void link_is_up(struct chat_link *k);
/* As text; false: e. */
bool link_send(struct chat_link *k, struct arena *a, const cJSON *frame, struct err *e);
/* Hands events on, or logs what was not understood: that ends no connection. */
void link_hear(struct chat_link *k, bool read, const struct chat_taken *taken, const struct err *e);
bool link_ping(struct chat_link *k, struct arena *a, struct err *e); /* a ping of WebSockets */
/* How long the platform wants us to wait: at most `spread` seconds before the first attempt that
 * follows, `every` before others. */
void link_ask_patience(struct chat_link *k, double spread, double every);
/* May the address be connected to? wss, or where the account's API is plain (tests), ws. */
bool link_may_connect(const struct chat_account *c, const char *url);
/* A JSON object, or NULL: it is none, which is logged. */
const cJSON *link_parse(struct chat_link *k, struct arena *a, const char *text, size_t n);
