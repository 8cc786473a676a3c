/* check_arena.h - an arena for each test, and JSON written by hand in it. Include after check.h. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new();
    secret_init("test", 4);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static __attribute__((noinline, unused)) cJSON *json(const char *text)
{
    struct err e = { 0 };
    cJSON *o = json_parse(a, text, strlen(text), &e);
    if (!o)
        fail_msg("%s in %s", e.text, text);
    return o;
}
