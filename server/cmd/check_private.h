/* check_private.h - the half of `higress-ops check` that reads a gateway. */
#pragma once

struct options;

int check_gateway(const struct options *o); /* the exit code */
