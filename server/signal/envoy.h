/* envoy.h - pages of Envoy's admin interface. Only reads, only those named here.
 *
 * The admin interface has no access control and can end the process, so the path is checked against
 * a list and the method is always GET. A gateway may have several Envoys: see replica.h.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct err;
struct fetch_via;
struct loop;

/* One Envoy. */
struct envoy_at {
    const char *url;             /* URL; NULL: none is configured */
    const struct fetch_via *via; /* NULL: directly */
    const char *name;            /* in errors; NULL: the only one */
};

/* path with its query ("/clusters?format=json"). JSON as a tree, text as a JSON string; NULL:
 * ERR_ARGS (not configured, page not allowed), ERR_NET (no answer), ERR_GATEWAY (status other than
 * 200, kept for /ready, whose 503 is an answer). Parks. */
cJSON *envoy_page_of(struct loop *l, const struct config *c, struct arena *a,
                     const struct envoy_at *at, const char *path, struct cancel *cancel,
                     struct err *e);
/* Of the Envoy that is configured, or of a pod that is ready. */
cJSON *envoy_page(struct loop *l, const struct config *c, struct arena *a, const char *path,
                  struct cancel *cancel, struct err *e);

/* one: ends behind the call. Must not park. False: no more are wanted. */
typedef bool envoy_element_fn(void *arg, struct arena *one, const cJSON *element);
/* The elements of the page's member `at` ("cluster_statuses"), one by one as they arrive; nothing
 * else stays. False as envoy_page_of, also when the page is cut short. Parks. */
bool envoy_each_of(struct loop *l, const struct config *c, const struct envoy_at *of,
                   const char *path, const char *at, envoy_element_fn *fn, void *arg,
                   struct cancel *cancel, struct err *e);

/* The value of an element of "stats": a number, or one in words. */
double envoy_stat(const cJSON *stat);
/* The same of that name, of an element of "host_statuses" (/clusters?format=json); 0: it has none.
 */
double envoy_host_stat(const cJSON *host, const char *name);

/* The value of a runtime key (/runtime); `otherwise` where the key is not set. Parks. NAN + e: it
 * could not be read. */
double envoy_runtime(struct loop *l, const struct config *c, struct arena *a, const char *key,
                     double otherwise, struct cancel *cancel, struct err *e);
