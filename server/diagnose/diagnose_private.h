/* diagnose_private.h - what the files of the diagnosis share among themselves, and nobody else
 * needs.
 *
 * Everything made here lives in the facts' arena.
 */
#pragma once
#include "diagnose/diagnose_facts.h"

void facts_read_routes(struct facts *f);
void facts_read_rows(struct facts *f); /* after routes and clusters: it counts into them */
/* Marks clusters and routes that belong to the target; again when there are more of them. */
void facts_choose(struct facts *f);
/* Does it belong to the target? True for all without one. */
bool facts_row_wanted(const struct facts *f, const struct fact_row *r);
/* Is a certificate for that name one that requests of the target are shown? */
bool facts_name_wanted(const struct facts *f, const char *name);
bool facts_target_found(const struct facts *f); /* does Envoy know it? */
int facts_port_of(const char *place); /* "10.0.0.7:443", "[::1]:443", "web.static:81"; 0: none */
bool facts_target_is(const struct facts *f, const char *kind);
/* The ports at which the service is known, where the one asked about is none of them; else NULL. */
const char *facts_other_ports(const struct facts *f);
/* What the target is and what it takes, a sentence each: ["…"]. */
cJSON *facts_about(struct facts *f);
int facts_distinct_routes(const struct facts *f); /* by name: http and https hold the same ones */
/* The cluster is in the route's action, alone or weighted. */
bool facts_route_leads(const struct fact_route *r, const char *cluster);

enum { FINDING_EVIDENCE = 6, FINDING_PATHS = 3 };

struct finding {
    const char *code, *next, *object;
    const char *source[FINDING_EVIDENCE], *fact[FINDING_EVIDENCE];
    int evidence;
    int rows;         /* failing rows it explains */
    int rank;         /* among findings for the same rows: higher is nearer to the cause */
    bool sure;        /* a test says that it is no chance */
    bool old;         /* of counters since start alone */
    bool recovered;   /* newer requests of the same kind went well */
    bool noise;       /* beside a gateway that works it is no incident */
    bool broke;       /* what worked earlier in the log does not any more */
    int broken_paths; /* rows of such, counted to three */
    const char *paths[FINDING_PATHS]; /* of requests that no route took */
    int path_count;
    const char *seen_by; /* "1 of 3: gw-2", where not all replicas saw it; NULL: all did */
    bool covered;        /* a nearer cause was found for the same rows */
    const char *covers;  /* codes "A|B" that are symptoms of this one on the same object */
    const struct fact_cluster *cluster; /* or NULL */
};

/* False when the evidence is full. */
bool finding_add(struct arena *a, struct finding *x, const char *source, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What a probe found: "refused, …", "not probed: …". */
const char *finding_probe_words(struct arena *a, const cJSON *probe);

struct findings {
    struct finding list[64];
    int count;
};
struct finding *findings_new(struct findings *all, const char *code, const char *object,
                             const char *next); /* NULL when full */
/* Requests that no route took, by the route that comes nearest. Marks them as explained. */
void findings_from_lost(struct facts *f, struct findings *all);
/* One finding for each symptom and cluster (or route, or host name where there is neither). */
void findings_from_rows(struct facts *f, struct findings *all);
/* Facts of other sources that speak for a row's symptom. */
void support_add(struct facts *f, struct finding *x, const struct fact_row *r);
/* Endpoints that stand out among their cluster's. Marks the rows that they explain. */
void findings_from_endpoints(struct facts *f, struct findings *all);
/* "CLUSTER endpoint ADDRESS", or another address behind what was said before. */
const char *endpoint_object(struct arena *a, const char *before, const struct fact_cluster *c,
                            const struct fact_host *h);
/* Marks the rows of that trouble there as explained; how many. */
int endpoint_explain(struct facts *f, const struct fact_host *h, enum fact_trouble trouble);
/* The setting of the gateway behind the symptom, and its present value. */
void setting_tell(struct facts *f, struct finding *x, const struct fact_row *r);
/* The rules for clusters, routes and the gateway as a whole. */
void findings_from_clusters(struct facts *f, struct findings *all);
void findings_from_gateway(struct facts *f, struct findings *all);
void findings_from_shadows(struct facts *f, struct findings *all);
void findings_from_redirects(struct facts *f, struct findings *all); /* that lead to themselves */
/* What Envoy refused; last, since it looks whether something is left for it to explain. */
void findings_from_config(struct facts *f, struct findings *all);
/* Was a request lost for want of a route or a cluster that somebody configured? */
bool facts_lost_by_config(const struct facts *f);
/* All of these: nearest causes first, what they explain is no symptom of anything else. */
struct findings *findings_of(struct facts *f);
/* Of several replicas: what each of them says by itself, and who says so where not all do. */
void findings_join_replicas(struct facts *f, struct findings *all);
/* Replicas that are not ready, run by older configuration, or without a plugin. */
void findings_from_replicas(struct facts *f, struct findings *all);
/* It goes wrong now, as far as can be seen. */
bool finding_is_current(const struct facts *f, const struct finding *x);
/* What went wrong once and is over. */
void facts_add_history(struct facts *f, const char *text);
