/* history_private.h - what was said so far: the person's words, the model's messages as they came,
 * and an answer to each of its calls. Only grows, so that a prompt cache may know its beginning;
 * where the model's window is near, old answers of tools become stubs, many at once.
 */
#pragma once
#include "agent/api_private.h"

enum turn_kind { TURN_PERSON = 1, TURN_MODEL, TURN_RESULTS };

struct result {
    const char *id, *name; /* of the call */
    const char *text;      /* quoted */
    bool failed;
};

struct turn {
    enum turn_kind kind;
    const char *text;     /* TURN_PERSON */
    const cJSON *message; /* TURN_MODEL */
    struct result *results;
    int count;
};

struct history {
    struct arena *arena;
    const char *rules;
    const cJSON *tools; /* [{name, description, schema}] */
    struct turn *turns;
    int count, room;
    size_t bytes; /* of all texts */
};

struct history *history_new(struct arena *a, const char *rules, const cJSON *tools);
void history_add_person(struct history *h, const char *text);
void history_add_model(struct history *h, const cJSON *message); /* a copy is kept */
/* Texts are copied. */
void history_add_results(struct history *h, const struct result *results, int count);
/* Answers of tools but the newest ones become stubs. False: there was nothing left to cut. */
bool history_cut(struct history *h);
