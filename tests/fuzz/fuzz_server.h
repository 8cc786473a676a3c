/* fuzz_server.h - the default configuration, for the targets that need a protocol server. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"

static inline const struct config *fuzz_config(void)
{
    static struct arena *a; /* for ever */
    static const struct config *config;
    struct err e = { 0 };
    a = a ? a : arena_new();
    if (!config)
        config = config_parse(a, "fuzz", "{}", 2, &e);
    if (!config)
        bug("fuzz: %s", e.text);
    return config;
}
