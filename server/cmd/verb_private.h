/* verb_private.h - a command that a person runs at a terminal and that may decide over changes:
 * approve, reject, changes, undo, audit, state, export, import. It runs on a loop, with a gateway
 * and an engine. */
#pragma once
#include "cmd/terminal_private.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

struct arena;
struct channel;
struct config;
struct engine;
struct err;
struct gateway;
struct options;
struct store;

struct verb {
    const struct options *options;
    struct arena *arena;
    struct config *config;
    struct gateway *gateway;
    struct engine *engine;
    char who[PERSON_MAX];
    int (*run)(struct verb *v);
    bool recovers; /* looks first at changes whose process died while applying */
    int code;
};

/* Runs the command and gives its exit code. recovers: looks first at changes whose process died. */
int verb_start(const struct options *o, bool recovers, int (*run)(struct verb *v));
/* Runs the action that the first argument names ("verify" of `audit verify`), on the open state;
 * actions end with { 0 }. Gives the exit code. */
struct verb_action {
    const char *name;
    int (*run)(struct verb *v, struct store *s);
    bool stateless; /* it needs no state, and gets none */
};
int verb_act(struct verb *v, const struct verb_action *actions);
int verb_failed(const struct verb *v, const struct err *e); /* says it on stderr; the exit code */
const char *verb_clean(struct verb *v, const cJSON *o, const char *member); /* "" when absent */
void verb_print(struct verb *v, const cJSON *change, FILE *to);
/* Asks for the passphrase of the state, if it has one; a wrong one is audited. False: e says why.
 */
bool verb_passphrase(struct verb *v, struct err *e);
/* A setting of the state is to be changed: may this person, do they say yes, do they know the
 * passphrase? *code is set when not. */
bool verb_agreed(struct verb *v, const char *shown, const char *question, int *code);
int verb_no_terminal(const struct verb *v); /* says that none is there; the exit code */
/* The decision that is asked of who sits at the terminal: to apply (yes), or to reject. */
struct verb_question {
    struct verb *verb;
    bool yes;
    const char *question;
};
/* The terminal as a channel: shows all of a change, asks, and for the passphrase of the state. q
 * lasts as long as the channel. */
void verb_terminal(struct verb_question *q, struct channel *out);
/* Shows all of the change, asks the question on the terminal (with the word to type), decides; yes:
 * applies. Never from a pipe. */
int verb_decide(struct verb *v, const char *change, bool yes, const char *question);
