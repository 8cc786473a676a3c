/* served_private.h - an Envoy route part by part, so that two can be held against each other.
 *
 * A part is read into a form in which members that say the same are spelt the same: defaults
 * written out, older spellings turned into today's. What is not known there is not understood. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

struct served_part {
    const char *name; /* "timeout" */
    /* NULL: it holds what is not understood. */
    cJSON *(*read)(struct arena *a, const cJSON *route);
    /* What differs, no secret among it; both of the form that read gives. */
    const char *(*say)(struct arena *a, const cJSON *console, const cJSON *envoy);
    bool decides; /* where it differs those behind it say nothing */
};

/* The match first; ended by { 0 }. */
extern const struct served_part served_parts[];

/* For the files of parts. */
const char *served_shown(struct arena *a, const char *text); /* NULL stays NULL */
const char *served_or_none(const char *text);
const cJSON *served_action(const cJSON *route);

/* served_policy.c, as members of a part. */
cJSON *served_read_retries(struct arena *a, const cJSON *route);
cJSON *served_read_rate_limit(struct arena *a, const cJSON *route);
cJSON *served_read_addresses(struct arena *a, const cJSON *route);
cJSON *served_read_cors(struct arena *a, const cJSON *route);
const char *served_say_retries(struct arena *a, const cJSON *console, const cJSON *envoy);
const char *served_say_rate_limit(struct arena *a, const cJSON *console, const cJSON *envoy);
const char *served_say_addresses(struct arena *a, const cJSON *console, const cJSON *envoy);
const char *served_say_cors(struct arena *a, const cJSON *console, const cJSON *envoy);
