/* envoy.h - a real Envoy as a child process, fed from a data folder.
 *
 * Starts the executable on loopback, renders the data folder for it (xds.h) and again within a
 * moment of every change below that folder, whoever made it. A change that cannot be rendered (a
 * file that is no YAML) leaves the last good configuration in place and is told through `tell`.
 * The child ends with us, whatever way we end.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct envoy;
struct err;
struct loop;

struct envoy_options {
    const char *executable;
    const char *data;   /* data folder, in the layout of Higress standalone */
    const char *folder; /* for its configuration, access.log and envoy.log; made when missing */
    int port;           /* requests */
    int admin_port;
    /* What a person should know: a sentence. May be NULL. Main stack. */
    void (*tell)(void *arg, const char *sentence);
    void *arg;
};

/* HIGRESS_OPS_ENVOY, else the one that tests/setup/envoy.sh installs, else `envoy` on the path;
 * NULL when there is none. */
const char *envoy_find(struct arena *a);

/* Returns once the child runs; it serves a few tenths of a second later (GET /ready on its admin
 * interface). */
struct envoy *envoy_start(struct loop *l, const struct envoy_options *o, struct err *e);
/* Notes of the last rendering (xds.h); valid until the next one. */
const cJSON *envoy_notes(const struct envoy *v);
bool envoy_runs(const struct envoy *v);
void envoy_stop(struct envoy *v); /* NULL is fine; waits for its end */
