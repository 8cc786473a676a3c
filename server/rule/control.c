/* control.c - faults of the control plane: one function a fault, in the list at the end. */
#include "rule/control.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kind/derived.h"
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MOST = 60, NAMES_TOLD = 5, TOLD_BYTES = 500 };

struct control_run {
    struct arena *a;
    const struct control_facts *f;
    cJSON *out;
};

static void add_fault(struct control_run *r, const char *code, const char *kind, const char *name,
                      const char *fact, const char *next)
{
    if (json_count(r->out) == FAULTS_MOST)
        return;
    cJSON *o = json_add(r->a, r->out, json_object(r->a));
    json_set_str(r->a, o, "code", code);
    json_set_str(r->a, o, "kind", kind);
    json_set_str(r->a, o, "name", name);
    json_set_str(r->a, o, "fact", text_clean(r->a, fact, TOLD_BYTES));
    json_set_str(r->a, o, "next", next);
}

/* "a, b, c and 4 more" */
static const char *some_names(struct arena *a, const cJSON *list)
{
    const char *told = "";
    const cJSON *name;
    int n = 0;
    cJSON_ArrayForEach(name, list)
    {
        if (n++ < NAMES_TOLD && cJSON_IsString(name))
            told = arena_printf(a, "%s%s%s", told, n > 1 ? ", " : "", name->valuestring);
    }
    return n > NAMES_TOLD ? arena_printf(a, "%s and %d more", told, n - NAMES_TOLD) : told;
}

/* -- the registry ------------------------------------------------------------------------------ */

static int compare_hosts(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Names of sources whose service the registry does not have. */
static cJSON *sources_without(struct control_run *r, const cJSON *hosts, int *sure)
{
    const char **known = arena_array(r->a, const char *, json_count(hosts) + 1);
    cJSON *missing = json_array(r->a);
    const cJSON *source, *host;
    size_t n = 0;
    *sure = 0;
    cJSON_ArrayForEach(host, hosts) known[n++] = host->valuestring;
    qsort(known, n, sizeof *known, compare_hosts);
    cJSON_ArrayForEach(source, r->f->sources)
    {
        const char *name = json_str(source, "name");
        const char *service =
            name ? derived_service_of(r->a, json_text(source, "type"), name) : NULL;
        *sure += service != NULL;
        if (service && !bsearch(&service, known, n, sizeof *known, compare_hosts))
            json_add_str(r->a, missing, name);
    }
    return missing;
}

static void registry_faults(struct control_run *r, const cJSON *controller)
{
    static const char lost[] =
        "Look at the controller's log (container higress-core) for the McpBridge, and whether it "
        "reads the namespace and API server that the console writes to; restart it when it does.";
    const cJSON *hosts = json_get(controller, "hosts");
    const char *name = json_text(controller, "name");
    int sure = 0;
    if (!hosts || json_path(controller, "left_out.hosts"))
        return;
    const cJSON *missing = sources_without(r, hosts, &sure);
    double services = json_num(controller, "services", 0);
    if (services == 0 || (sure > 0 && json_count(missing) == sure)) {
        add_fault(r, CONTROL_REGISTRY_LOST, "controller", name,
                  arena_printf(r->a,
                               "registryz has %.0f services, of %d service sources of the console "
                               "none: what routes lead to gets lost with the next push, until then "
                               "Envoy keeps the endpoints it has",
                               services, sure),
                  lost);
        return;
    }
    const cJSON *one;
    cJSON_ArrayForEach(one, missing) add_fault(
        r, CONTROL_SOURCE_UNKNOWN, "service-source", one->valuestring,
        arena_printf(r->a, "its service is not among the %.0f in registryz of %s", services, name),
        "The controller has not converted it: see its log; a domain or port that it "
        "does not take is skipped.");
}

static void watcher_faults(struct control_run *r, const cJSON *controller)
{
    const cJSON *w;
    cJSON_ArrayForEach(w, json_get(controller, "watchers"))
    {
        if (!json_true(w, "healthy"))
            add_fault(r, CONTROL_REGISTRY_UNHEALTHY, "service-source", json_text(w, "name"),
                      arena_printf(r->a,
                                   "the controller %s does not reach this registry (%s): services "
                                   "and endpoints of it stay as they were or get lost",
                                   json_text(controller, "name"), json_text(w, "type")),
                      "Check the address, port and login of the source, and that the controller's "
                      "pod reaches it.");
    }
}

static void lost_faults(struct control_run *r, const cJSON *controller)
{
    const cJSON *lost = json_get(controller, "lost");
    double more = json_num(json_get(controller, "left_out"), "lost", 0);
    if (json_count(lost) > 0)
        add_fault(r, CONTROL_CONFIG_LOST, "controller", json_text(controller, "name"),
                  arena_printf(r->a,
                               "%.0f objects that the controller converted have not arrived at "
                               "pilot: %s",
                               json_count(lost) + more, some_names(r->a, lost)),
                  "They arrive within a second; where they do not, see the logs of both containers "
                  "for the stream on port 15051.");
}

static void push_faults(struct control_run *r, const cJSON *controller)
{
    const cJSON *errors = json_get(controller, "errors");
    if (json_count(errors) > 0)
        add_fault(r, CONTROL_PUSH_ERRORS, "controller", json_text(controller, "name"),
                  some_names(r->a, errors),
                  "The log of container discovery says which object it was.");
}

/* -- proxies ----------------------------------------------------------------------------------- */

static const char *kinds_in(struct arena *a, const cJSON *proxy, const char *state)
{
    const cJSON *k;
    const char *told = "";
    cJSON_ArrayForEach(k, json_members(json_get(proxy, "kinds")))
    {
        const char *why = json_str(json_get(proxy, "why"), k->string);
        const char *sent = json_str(json_get(proxy, "sent"), k->string);
        /* Endpoints come all the time: without the time of sending they are under way. */
        bool passing = !strcmp(k->string, "endpoints") && !strcmp(state, "unanswered") && !sent;
        if (!cJSON_IsString(k) || strcmp(k->valuestring, state) != 0 || passing)
            continue;
        told = arena_printf(a, "%s%s%s%s%s%s%s", told, *told ? ", " : "", k->string,
                            sent ? " sent at " : "", sent ? sent : "", why ? ": " : "",
                            why ? why : "");
    }
    return told;
}

static void proxy_faults(struct control_run *r, const cJSON *controller)
{
    const cJSON *proxy;
    int all = json_count(json_get(controller, "proxies")), refusing = 0;
    cJSON_ArrayForEach(proxy, json_get(controller, "proxies")) refusing +=
        *kinds_in(r->a, proxy, "refused") != '\0';
    cJSON_ArrayForEach(proxy, json_get(controller, "proxies"))
    {
        const char *refused = kinds_in(r->a, proxy, "refused");
        const char *unanswered = kinds_in(r->a, proxy, "unanswered");
        if (*refused)
            add_fault(r, CONTROL_REFUSED, "replica", json_text(proxy, "proxy"),
                      arena_printf(r->a,
                                   "it refused the configuration of %s, and runs on an older one "
                                   "(%d of %d gateways of %s refuse)",
                                   refused, refusing, all, json_text(controller, "name")),
                      "Undo or correct the object that the reason names; its own page "
                      "/config_dump (error_state) and its log have the reason, too.");
        if (*unanswered)
            add_fault(r, CONTROL_UNANSWERED, "replica", json_text(proxy, "proxy"),
                      arena_printf(r->a,
                                   "it has not answered what %s sent it of %s: on its way, or "
                                   "refused",
                                   json_text(controller, "name"), unanswered),
                      "Look again within a minute: what is still unanswered then was refused, or "
                      "its connection hangs.");
    }
}

bool control_is_replica(const char *proxy, const char *replica)
{
    size_t n = strlen(replica);
    return !strncmp(proxy, replica, n) && (proxy[n] == '.' || proxy[n] == '\0');
}

/* The newest connection of that replica, as syncz has it. */
static const cJSON *find_connected(const cJSON *control, const char *replica)
{
    const cJSON *controller, *proxy, *found = NULL;
    cJSON_ArrayForEach(controller, json_get(control, "controllers"))
    {
        cJSON_ArrayForEach(proxy, json_get(controller, "proxies"))
        {
            bool is = control_is_replica(json_text(proxy, "proxy"), replica);
            if (is && (!found || strcmp(json_text(found, "since"), json_text(proxy, "since")) < 0))
                found = proxy;
        }
    }
    return found;
}

/* Was syncz of every controller read, whole? */
static bool proxies_known(const cJSON *control)
{
    const cJSON *controller, *all = json_get(control, "controllers");
    bool known = json_count(all) > 0 && !json_get(control, "left_out");
    cJSON_ArrayForEach(controller, all) known =
        known && json_get(controller, "proxies") && !json_path(controller, "left_out.proxies");
    return known;
}

static void connection_faults(struct control_run *r)
{
    static const char next[] =
        "Its log says why (discovery address, certificates, network policy); it serves its last "
        "configuration, and a restart of it would serve none.";
    const cJSON *replica, *controller;
    int proxies = 0;
    if (!proxies_known(r->f->control))
        return;
    cJSON_ArrayForEach(controller, json_get(r->f->control, "controllers")) proxies +=
        json_count(json_get(controller, "proxies"));
    const cJSON *replicas = json_get(r->f->control, "replicas");
    if (!replicas && proxies == 0)
        add_fault(r, CONTROL_NOT_CONNECTED, "replica", "any",
                  "no gateway is connected to the control plane: no change arrives", next);
    cJSON_ArrayForEach(replica, replicas)
    {
        if (!find_connected(r->f->control, replica->valuestring))
            add_fault(r, CONTROL_NOT_CONNECTED, "replica", replica->valuestring,
                      "it is connected to no controller (in nobody's syncz): no change arrives",
                      next);
    }
}

const char *control_replica_words(struct arena *a, const cJSON *control, const char *replica)
{
    const cJSON *proxy = find_connected(control, replica);
    if (!proxy)
        return proxies_known(control) ? NULL : "";
    const char *refused = kinds_in(a, proxy, "refused");
    const char *unanswered = kinds_in(a, proxy, "unanswered");
    return arena_printf(a, "%s%s%s%s%s", *refused ? "refused " : "", refused,
                        *refused && *unanswered ? "; " : "", *unanswered ? "has not answered " : "",
                        unanswered);
}

/* -- versions ---------------------------------------------------------------------------------- */

/* "1.27" of "1.27.1-3f2a"; NULL: no number. */
static const char *release_of(struct arena *a, const char *version)
{
    char *end = NULL;
    long major = version ? strtol(version, &end, 10) : 0;
    return version && end != version && *end == '.'
               ? arena_printf(a, "%ld.%ld", major, strtol(end + 1, NULL, 10))
               : NULL;
}

static void note_version(struct control_run *r, cJSON *releases, cJSON *told, const cJSON *who,
                         const char *name)
{
    const char *version = json_str(who, "version"), *release = release_of(r->a, version);
    if (!release || json_get(releases, release))
        return;
    json_set_bool(r->a, releases, release, true);
    json_add_str(r->a, told, arena_printf(r->a, "%s of %s", version, json_text(who, name)));
}

static void version_faults(struct control_run *r)
{
    cJSON *releases = json_object(r->a), *told = json_array(r->a);
    const cJSON *controller, *proxy;
    cJSON_ArrayForEach(controller, json_get(r->f->control, "controllers"))
    {
        note_version(r, releases, told, controller, "name");
        cJSON_ArrayForEach(proxy, json_get(controller, "proxies"))
            note_version(r, releases, told, proxy, "proxy");
    }
    if (json_count(releases) > 1)
        add_fault(r, CONTROL_VERSIONS, "controller", "and gateways",
                  arena_printf(r->a, "the releases of pilot and gateways differ: %s",
                               some_names(r->a, told)),
                  "One release may refuse what another one sends: finish the upgrade (helm), or "
                  "restart what is left of the older one.");
}

/* -- all --------------------------------------------------------------------------------------- */

cJSON *control_faults(struct arena *a, const struct control_facts *f)
{
    static void (*const each[])(struct control_run *,
                                const cJSON *) = { registry_faults, watcher_faults, lost_faults,
                                                   proxy_faults, push_faults };
    struct control_run r = { a, f, json_array(a) };
    const cJSON *controller;
    cJSON_ArrayForEach(controller, json_get(f->control, "controllers"))
    {
        for (size_t i = 0; i < sizeof each / sizeof *each; i++)
            each[i](&r, controller);
    }
    connection_faults(&r);
    version_faults(&r);
    return r.out;
}
