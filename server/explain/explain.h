/* explain.h - what happens to one request, told from the console's objects alone: no traffic, no
 * Envoy, nothing is read or written here.
 *
 * Give it the domains and the routes (the console's list holds those of AI routes and MCP servers),
 * sort once, then choose for any number of requests. explain_effect and explain_plugins say what
 * the chosen route does, from its object and from the plugin instances that could act. The order
 * and the predicates are rule/route_order.h's and rule/route_match.h's.
 *
 * The console does not tell when a route was created (a member "created" is read where one does).
 * Where only that decides between routes that both take the request, the choice says so.
 */
#pragma once
#include "rule/route_match.h"
#include <cjson/cJSON.h>

struct arena;
struct err;
struct explain;

struct explain *explain_new(struct arena *a);
void explain_add_domain(struct explain *x, const cJSON *domain);
void explain_add_route(struct explain *x, const cJSON *route); /* what is needed is copied */
void explain_sort(struct explain *x);                          /* once, behind the last route */

enum { EXPLAIN_NEAR = 5, EXPLAIN_ALSO = 3 };

struct explain_choice {
    const char *virtual_host; /* that answers; NULL: no domain is for this host */
    const char *plain_host;   /* HTTPS was asked for, and this nearer one has none; else NULL */
    const char *route;        /* NULL: none takes it */
    const char *base;         /* of a canary by header or cookie: the route that it stands before */
    int place, of;            /* of the route among those of the virtual host; 0: none */
    bool https, forces_https;

    /* Tried before it (all, where none takes it): the nearest, best first, and how many lost by
     * what. Where one takes it, another path is no near miss. */
    struct explain_near {
        const struct route_rule *rule;
        struct route_miss miss;
        int place;
    } near[EXPLAIN_NEAR];
    int near_count, lost[ROUTE_FAULTS];
    /* Behind it, and would take it, too; ties: so many of them could as well be first. */
    struct explain_also {
        const char *route, *virtual_host;
        int place;
    } also[EXPLAIN_ALSO], hidden[EXPLAIN_ALSO]; /* hidden: of virtual hosts that are not asked */
    int also_count, ties, hidden_count;
    const char *same; /* takes exactly the same requests and is dead, or alive where time says so */
    /* "/" of this virtual host is redirected before any route is tried: where to, by whom. */
    const char *app_root, *app_root_of;
    int baseless; /* canaries of the gateway that stand before no route, and are ignored */
    const struct explain_rule *rule;
};

/* From what a client sends; a: of the answer. */
void explain_choose(struct explain *x, struct arena *a, const struct route_request *request,
                    struct explain_choice *out);

/* "route", "order", "hidden", …: which route, and why not another. */
cJSON *explain_order(struct arena *a, const struct explain_choice *c);
/* Adds what the route does: "redirect" or "upstream", "timeout", "retries", "limits", "notes".
 * route: as the console has it, not masked; base: the canary's, else NULL. */
void explain_effect(struct arena *a, cJSON *answer, const struct explain_choice *c,
                    const struct route_request *request, const cJSON *route, const cJSON *base);

void explain_add_note(struct arena *a, cJSON *answer, const char *text);

/* -- where it goes -------------------------------------------------------------------------------
 */
/* The endpoints of "services", from the console's services, then from its service sources, which
 * know ports; then once the end: a service that neither has is said to be missing. */
void explain_add_service(struct arena *a, cJSON *answer, const cJSON *service);
void explain_add_source(struct arena *a, cJSON *answer, const cJSON *source);
void explain_end_services(struct arena *a, cJSON *answer);

/* -- plugins -------------------------------------------------------------------------------------
 */
struct explain_plugins;
struct explain_plugins *explain_plugins_new(struct arena *a);
/* An instance that could act on the request; scope: "global", "domain:x", "route:x", "service:x".
 * Of one plugin the service's wins, then the route's, a domain's, the global one. */
void explain_add_instance(struct explain_plugins *p, const char *scope, const cJSON *instance);
/* What the console keeps for itself: key-auth of a route, ai-proxy of an AI route. */
void explain_add_internal(struct explain_plugins *p, const char *plugin, const char *scope,
                          const char *does);
/* key-auth, as the route's consumers switch it on. */
void explain_add_consumers(struct explain_plugins *p, const char *scope, const cJSON *consumers);
int explain_plugins_count(const struct explain_plugins *p);
void explain_add_plugin(struct explain_plugins *p, const cJSON *plugin); /* phase and priority */
/* [{"plugin": "key-auth", "from": "route:a", "not": ["global"]}], in the order in which they act.
 */
cJSON *explain_plugins_answer(struct explain_plugins *p);
/* Do instances of a domain act on requests for this host? */
bool explain_domain_acts(const char *domain, const char *host);

/* The whole in words, one fact a line. */
char *explain_text(struct arena *a, const cJSON *answer);
