/* ingress.h - what the controller makes of an Ingress, where one annotation does not say it: which
 * paths are expressions, lines of headers, weights as shares. For those who translate an Ingress
 * and those who render one. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Does the path match as an expression? Where an annotation says so; with a rewrite-target also
 * where either looks like one. */
bool ingress_is_regex(struct arena *a, const cJSON *ingress, const char *path);
/* A plain path without a type: ".*" at its end is cut, and then a slash with a star. */
const char *ingress_plain_path(struct arena *a, const char *path);
/* Lines "NAME VALUE", quotes around either taken off, as [{key, value}]. Of two lines for one name
 * the last counts; one without a value is dropped. */
cJSON *ingress_header_lines(struct arena *a, const char *text);
/* A rewrite-target as a substitution: "$1" is a group, and then every '$' stands for one. */
const char *ingress_groups(struct arena *a, const char *target);
enum { INGRESS_WEIGHT_MAX = 1000000 };
/* Weights (0 to INGRESS_WEIGHT_MAX) as percents: each but the first is cut to a whole one, and the
 * first that is not 0 gets the rest. */
void ingress_shares(long *weights, size_t n);
