/* check_private.h - the half of `higress-ops check` that reads a gateway. */
#pragma once
#include <stdbool.h>

struct config;
struct options;

int check_gateway(const struct options *o); /* the exit code */
/* Prints what is found of the cluster that this gateway is on; nothing where it is on none. False:
 * it cannot be operated so. */
bool check_cluster_of(const struct config *c);
