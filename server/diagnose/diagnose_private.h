/* diagnose_private.h - what the files of the diagnosis share among themselves, and nobody else
 * needs.
 *
 * Everything made here lives in the facts' arena.
 */
#pragma once
#include "diagnose/diagnose_facts.h"

void facts_read_routes(struct facts *f);
void facts_read_rows(struct facts *f); /* after routes and clusters: it counts into them */
/* Is the cluster one that the target leads to? True for all without a target. */
bool facts_cluster_wanted(const struct facts *f, const struct fact_cluster *c);
bool facts_route_wanted(const struct facts *f, const struct fact_route *r);
/* The cluster is in the route's action, alone or weighted. */
bool facts_route_leads(const struct fact_route *r, const char *cluster);

enum { FINDING_EVIDENCE = 6 };

struct finding {
    const char *code, *next, *object;
    const char *source[FINDING_EVIDENCE], *fact[FINDING_EVIDENCE];
    int evidence;
    int rows;           /* failing rows it explains */
    int rank;           /* among findings for the same rows: higher is nearer to the cause */
    bool recovered;     /* newer requests of the same kind went well */
    bool covered;       /* a nearer cause was found for the same rows */
    const char *covers; /* codes "A|B" that are symptoms of this one on the same object */
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
/* One finding for each symptom and cluster (or route, or host name where there is neither). */
void findings_from_rows(struct facts *f, struct findings *all);
/* Facts of other sources that speak for a row's symptom. */
void support_add(struct facts *f, struct finding *x, const struct fact_row *r);
/* The rules for clusters, routes and the gateway as a whole. */
void findings_from_clusters(struct facts *f, struct findings *all);
void findings_from_gateway(struct facts *f, struct findings *all);
