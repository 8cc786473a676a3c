/* pilot.h - what the control plane says of itself: the debug pages of pilot (port 15014) and of
 * Higress' controller (8888), of each controller pod or at the URLs of the configuration.
 *
 * Both ports listen on the pod's address, but their debug pages want a token there and none from
 * the pod itself: so pods are asked through a forwarded port. Only reads, only pages named in
 * pilot.c. Of configuration only kinds and names are kept. Source: data-plane and kubernetes facts
 * (docs/kubernetes.md says where they are from).
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct cancel;
struct config;
struct err;
struct loop;

struct pilot_means {
    struct loop *loop;
    const struct config *config;
    struct cancel *cancel;
};

enum { PILOT_PROXIES = 500, PILOT_HOSTS = 20000, PILOT_NAMES = 20000 };

/* Is it said where the control plane is? */
bool pilot_configured(const struct config *c);

/* {"controllers": [{"name": pod or URL,
 *    "version"?: "1.27.1-3f2a",
 *    "proxies"?: [{"proxy": "gw-7c9.higress-system", "version"?, "since"?: when it connected,
 *       "kinds": {"listeners": "synced"|"refused"|"unanswered", …}, "why"?: {"listeners": "…"},
 *       "sent"?: {"listeners": when}}],
 *    "services"?: N, "external"?: N of them from service sources, "hosts"?: ["shop.static", …],
 *    "converted"?: N, "configs"?: N, "lost"?: ["EnvoyFilter ns/name": converted, not at pilot],
 *    "watchers"?: [{"name","type","healthy"}],
 *    "errors"?: ["12 pushes of listeners could not be built since its start", …],
 *    "left_out"?: {"proxies": N, …},
 *    "unread"?: ["/debug/syncz: 401 …"]}],
 *  "replicas"?: ["higress-gateway-7c9", …]: gateway pods that are ready,
 *  "unread"?: ["…"]}
 * What could not be read is absent and named in `unread`; an empty list was read. NULL on ERR_GONE,
 * and ERR_ARGS where nothing is configured. Parks. */
cJSON *pilot_read(struct arena *a, const struct pilot_means *m, struct err *e);
/* The proxies alone, which takes one page a controller. */
cJSON *pilot_read_proxies(struct arena *a, const struct pilot_means *m, struct err *e);

/* -- pilot_digest.c, pure: a page, as it came, into the entry of its controller -------------- */

void pilot_take_version(struct arena *a, cJSON *controller, const char *text);
void pilot_take_syncz(struct arena *a, cJSON *controller, const cJSON *page);
void pilot_take_connections(struct arena *a, cJSON *controller, const cJSON *page);
/* After syncz: what the counters say of refusals. */
void pilot_take_metrics(struct arena *a, cJSON *controller, const char *text);
void pilot_take_push_status(struct arena *a, cJSON *controller, const cJSON *page);
void pilot_take_registryz(struct arena *a, cJSON *controller, const cJSON *page);
/* controller: what 8888 has; pilot: what 15014 has. Either NULL: not read. */
void pilot_take_configz(struct arena *a, cJSON *entry, const cJSON *controller, const cJSON *pilot);
void pilot_take_watchers(struct arena *a, cJSON *controller, const cJSON *page);
