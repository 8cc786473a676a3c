/* seed.h - what a fresh standalone folder holds before anybody has touched it. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct embedded;
struct err;

/* Fills an empty folder, and what every start of the console sets. Existing objects win. */
bool seed_run(struct embedded *x, struct err *e);
/* One object of the seed, to stand in for a lost one; NULL: the seed has none of that name. */
cJSON *seed_object(struct arena *a, const char *kind, const char *name);
