/* fuzz_server.h - a configuration without a gateway, for the targets that need a protocol server.
 */
#pragma once
#include "gateway/config.h"

static const char *const fuzz_none[] = { NULL };
static const struct config_token fuzz_tokens[] = { { 0 } };
static const struct config fuzz_config = { .mode = MODE_APPROVE,
                                           .toolsets = fuzz_none,
                                           .tools = fuzz_none,
                                           .tokens = fuzz_tokens,
                                           .origins = fuzz_none,
                                           .hosts = fuzz_none,
                                           .secret_envs = fuzz_none,
                                           .secret_dirs = fuzz_none,
                                           .plan_ttl = 60,
                                           .max_calls = 64,
                                           .answer_bytes = 4096 };
