/* store_fact.h - small durable values of the server's own: when something ran last, what was
 * reported last.
 *
 * A fact is JSON under a name, each row under its MAC: one that was edited is refused (ERR_SYSTEM).
 * It writes no line of audit and proves nothing about its age: an older copy of a whole row is
 * believed, so nothing may depend on one that a person's approval would be needed for. At most
 * STORE_FACTS names are kept; the one that was not written for longest gives way.
 */
#pragma once
#include <cjson/cJSON.h>
#include <stdbool.h>

struct arena;
struct err;
struct store;

enum { STORE_FACTS = 1000, FACT_NAME_MAX = 200, FACT_MAX = 16 << 10 /* bytes */ };

/* NULL: there is none (e is not set), or e. */
cJSON *store_fact(struct store *s, struct arena *a, const char *name, struct err *e);
/* value NULL: takes it away. Durable when it returns. ERR_ARGS: too long. */
bool store_put_fact(struct store *s, const char *name, const cJSON *value, struct err *e);
/* The same, where the fact still is `was` (NULL: where there is none): of several processes that
 * try at once one succeeds. *done false: it was another. */
bool store_claim_fact(struct store *s, const char *name, const cJSON *was, const cJSON *value,
                      bool *done, struct err *e);
