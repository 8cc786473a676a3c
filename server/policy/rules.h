/* rules.h - the rules of a policy file, read and checked as a whole; policy.h decides by them.
 *
 * A file that is wrong anywhere gives no rules at all (ERR_ARGS: file, line, member, reason):
 * members and values that are not known, empty lists, rules that contradict themselves or are never
 * reached. Lives in the arena given. docs/policy.md says what may stand in it.
 */
#pragma once
#include "policy/policy.h"
#include <cjson/cJSON.h>
#include <stddef.h>

enum rules_mode { RULES_OFF = 1, RULES_SHADOW, RULES_ENFORCE };
#define RULES_MODES "off|shadow|enforce"

struct rule {
    const char *name;
    int line;
    const cJSON *when; /* checked: each member is a predicate, all must hold; NULL: always */
    enum policy says;
    bool never;         /* a deny that no other rule lifts, wherever it stands */
    struct ruling asks; /* of an ask: who and how many */
};

struct rules {
    const char *path;
    const char *digest; /* SHA-256 of the file's text: which policy it is */
    enum rules_mode mode;
    const struct rule *rules;
    int count;
    const cJSON *cases; /* wishes with what is expected of them; NULL: none */
};

/* What the program knows: patterns that fit none of a list are misspelt. NULL: not looked at. */
struct rules_words {
    const char *plans, *reads; /* "a|b|c": what makes plans, tools that only read */
    const char *kinds;
};

/* The file that the configuration names (policy.file). NULL and e unset: it names none. */
const struct rules *rules_read(struct arena *a, const struct config *c,
                               const struct rules_words *words, struct err *e);
const struct rules *rules_parse(struct arena *a, const struct config *c,
                                const struct rules_words *words, const char *path, const char *yaml,
                                size_t n, struct err *e);
/* Does all that the rule names hold for that object of the wish (-1: none)? */
bool rules_hold(const struct rule *r, const struct wish *w, int object);
/* Runs the cases of the file: tell hears each. Gives how many failed; -1 + e. */
typedef void rules_case_fn(void *arg, const char *name, bool passed, const char *text);
int rules_test(struct arena *a, const struct config *c, const struct rules *r, rules_case_fn *tell,
               void *arg, struct err *e);
