/* embedded.h - the embedded control plane: the Higress Console REST API over a folder.
 *
 * embedded_open gives the whole thing without sockets; embedded_handle answers one request, pure
 * but for the folder. embedded_listen (console.c) puts it on a port. One thread, no waiting inside.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct embedded;
struct err;
struct loop;
struct rest_route;
struct kstore;

/* The shared state of all handlers. */
struct embedded {
    struct arena *arena; /* ends with the control plane */
    struct kstore *store;
    bool lenient;        /* --strict-console=off: better than the real one where it is unsafe */
    double (*now)(void); /* wall clock, seconds since 1970; replaceable for tests */
};

struct embedded_header {
    const char *name, *value; /* request: lower-case names */
};

struct embedded_call {
    const char *method, *target;           /* raw, as sent */
    const struct embedded_header *headers; /* ended by { 0 } */
    const char *body;
    size_t body_len;
};

struct embedded_answer {
    int status;
    struct embedded_header headers[12]; /* content-type first; ended by { 0 } */
    const char *body;                   /* in the arena given; never NULL; not sent for HEAD */
    size_t len;
};

/* Opens DIR; an empty folder is filled like a fresh standalone. */
struct embedded *embedded_open(const char *dir, struct err *e);
void embedded_close(struct embedded *x); /* NULL is fine */
void embedded_handle(struct embedded *x, struct arena *a, const struct embedded_call *call,
                     struct embedded_answer *out);

struct embedded_options {
    const char *dir;          /* data folder */
    const char *address;      /* "127.0.0.1" */
    int port;                 /* 0: any free one */
    const char *plugins;      /* folder of further plugin files; NULL: none */
    bool lenient;             /* deviate from the real console where docs/embedded.md says so */
    const char *const *hosts; /* allowed as Host and Origin beside the loopback ones, as in
                               * net/gate.h; NULL: none; live as long as the server */
    const char *const *origins;
};
struct embedded_server;
/* Serves on the loop until embedded_stop. NULL on error. */
struct embedded_server *embedded_start(struct loop *l, const struct embedded_options *o,
                                       struct err *e);
int embedded_port(const struct embedded_server *s);
/* The control plane behind the port. */
struct embedded *embedded_plane(const struct embedded_server *s);
void embedded_stop(struct embedded_server *s); /* NULL is fine */

/* Every module's rows; the list is in embedded.c. Ended by NULL. */
extern const struct rest_route *const embedded_tables[];
