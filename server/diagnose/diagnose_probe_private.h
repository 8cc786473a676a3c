/* diagnose_probe_private.h - knocks at the endpoints that a diagnosis is about.
 *
 * At most 64 probes, side by side, two seconds each; parks until all are back.
 */
#pragma once
#include "diagnose/diagnose_facts.h"

/* [{cluster, address, tls, result, detail}]; which endpoints: of the target's clusters, and without
 * a target of those clusters that look troubled. */
cJSON *diagnose_probe(struct arena *a, const struct diagnose_means *m, const struct facts *f);
