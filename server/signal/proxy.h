/* proxy.h - what an Envoy runs by, as items that can be listed, and held against those of other
 * replicas.
 *
 * An item is one cluster, endpoint, route, listener, certificate, plugin or figure. What is said of
 * it is chosen here, member by member; all else of its configuration, which holds secrets (settings
 * of plugins, headers), is kept as a digest of each member: enough to say that it differs. Texts
 * are Envoy's: neither clean nor masked. Times and versions are no part of what is compared.
 */
#pragma once
#include "signal/replica.h"
#include <stdint.h>

struct buf;

#define PROXY_WHATS "clusters|endpoints|routes|listeners|certificates|plugins|stats"
enum { PROXY_ITEMS_MAX = 50000 };

struct proxy_member {
    const char *name; /* "lb_policy" */
    uint64_t digest;  /* of its value, whatever the order of members */
};

struct proxy_item {
    const char *key;  /* "outbound|80||shop.static"; a list has each once */
    const char *says; /* "STATIC, connect 10s, TLS shop.example.com" */
    const struct proxy_member *members;
    int member_count;
    double value; /* of a figure; NAN: it is none, but `says` */
};

/* Those of one replica, by key. */
struct proxy_list {
    struct arena *arena, *scratch; /* scratch: while an element is taken */
    struct proxy_item *items;
    int count, room, left_out; /* behind PROXY_ITEMS_MAX */
    const char *version;       /* of what was updated last; NULL: not known */
    const char *updated;       /* when that was: "2026-11-24T05:40:59.386Z" */
    int refused;               /* updates that Envoy refused and does not run by */
};

/* what: of PROXY_WHATS; text: figures without it are not asked for; NULL: all. False: e, and the
 * list says nothing. In a. Parks. */
bool proxy_read(struct loop *l, const struct config *c, struct arena *a, const struct replica *r,
                const char *what, const char *text, struct proxy_list *out, struct cancel *cancel,
                struct err *e);
/* The same of a page that was read: what of /config_dump is clusters, routes, listeners, plugins.
 */
void proxy_take_dump(struct arena *a, const cJSON *dump, struct proxy_list *out);

/* One key that is not the same everywhere. */
typedef void proxy_difference_fn(void *arg, const struct proxy_item *const *of, const char *key);
/* Walks lists side by side; a list of NULL was not read and takes no part. *of: one of each list,
 * NULL where it has none. Returns how many keys are the same everywhere. */
int proxy_compare(const struct proxy_list *const *lists, int count, proxy_difference_fn *fn,
                  void *arg);
/* The same for every key, alike or not. */
void proxy_walk(const struct proxy_list *const *lists, int count, proxy_difference_fn *fn,
                void *arg);
/* Writes "KEY: differs in timeout: [gw-1, gw-2] …; [gw-3] not there". */
void proxy_tell(struct arena *a, struct buf *b, const struct replicas *all,
                const struct proxy_list *const *lists, const struct proxy_item *const *of,
                const char *key);
/* Is what x runs by older than what y does? By their versions where both are of a known form,
 * pilot's "TIME/NUMBER" or a number, else by when they were updated. */
bool proxy_is_older(const struct proxy_list *x, const struct proxy_list *y);
/* A plugin whose module could not be had: the gateway runs without it. */
#define PROXY_NOT_LOADED "not loaded: an empty filter stands in its place, requests pass without it"
/* Clean, and without tokens that are known by their form. */
const char *proxy_clean(struct arena *a, const char *text);
