/* check_shared_private.h - rules that more than one kind has. Only check_*.c include this. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct check;

bool check_hosts(const struct check *c);    /* domains[] */
bool check_services(const struct check *c); /* weights */
bool check_auth(const struct check *c);     /* authConfig */
bool check_annotations(const struct check *c);
bool check_header_lines(const struct check *c);
bool check_retries(const struct check *c); /* proxyNextUpstream */
bool check_path_begins(const struct check *c, const char *member);
bool check_predicates(const struct check *c, const char *member);
/* Is it an expression that RE2 takes, small enough for a gateway? behind: what the gateway adds. */
bool check_expression(const struct check *c, const char *where, const char *expression,
                      const char *behind);
/* The same of {matchType, matchValue}; one that is not REGULAR fits. */
bool check_predicate(const struct check *c, const cJSON *predicate, const char *where,
                     const char *behind);
#define REGEX_REST_OF_PATH ".*" /* behind the expression of a path */
/* Settings of key-rate-limit, cluster-key-rate-limit and ai-token-ratelimit (data plane's own
 * rules: one bad rule makes the plugin keep the old settings). */
bool check_limits(const struct check *c, const char *plugin, const char *where);
