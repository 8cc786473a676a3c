/* provider.h - the settings of AI providers, as ai-proxy and the console take them: each member's
 * type, and what a type of provider cannot be without. Pure; one table for the write path, for what
 * stands in a gateway and for what is said about a provider. */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;

/* The first member of rawConfigs of a wrong type, as a sentence about `*member`; NULL: none. A
 * member that no table knows is no mistake. */
const char *provider_type_fault(struct arena *a, const cJSON *raw, const char **member);
/* What ai-proxy refuses in a provider (the console's object): no key, a missing setting, failover
 * without a way back; and the first of these. *path: the member. NULL: nothing. */
const char *provider_key_fault(const cJSON *provider, const char **path);
const char *provider_setting_fault(struct arena *a, const cJSON *provider, const char **path);
const char *provider_failover_fault(const cJSON *provider, const char **path);
const char *provider_fault(struct arena *a, const cJSON *provider, const char **path);
/* Members that are in old documents and that nothing reads, "subPath|authHeaderKey". */
extern const char *const provider_unread;
/* Capabilities that ai-proxy knows; others are dropped. */
bool provider_capability(const char *name);
