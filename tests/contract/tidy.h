/* tidy.h - takes what a recording made out of a console whose folder is elsewhere, by its API. */
#pragma once
#include <cjson/cJSON.h>

struct arena;
struct err;
struct loop;

struct tidy {
    struct loop *loop;
    const char *url, *user; /* "NAME:PASSWORD" */
    cJSON *kept;            /* what was there before anything was replayed */
};

void tidy_remember(struct tidy *t, struct arena *a);
void tidy_run(const struct tidy *t); /* deletes whatever is not in kept */
