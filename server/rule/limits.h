/* limits.h - what a rate limit becomes: the settings of the three limiting plugins.
 *
 * Pure: what is configured and what is asked give the next configuration, or a sentence why not. A
 * plugin refuses its whole configuration for one bad rule and keeps the old one, so that nothing
 * here may write a rule that it would refuse.
 */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct err;

/* ask: {"by":"header:X|param:X|cookie:X|consumer|ip","key","requests","per","redis"?,"unit"?};
 * config: the instance's configurations, or NULL. With redis, or for a configuration that has it,
 * the counts are global (cluster-key-rate-limit), else per pod (key-rate-limit). unit "tokens":
 * those of LLM answers (ai-token-ratelimit, always global); without `by` the sum of all. The result
 * is new in arena a and empty when no limit is left. NULL with ERR_ARGS. */
cJSON *limits_config(struct arena *a, const cJSON *ask, const cJSON *config, struct err *e);
